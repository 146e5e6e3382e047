#pragma once

#include "plan/batch.h"
#include "plan/plan.h"
#include "plan/verdict.h"
#include "policy/dispatch.h"

#include <json-c/json.h>

/*
 * The machine-readable shapes (CONTRACTS 5).  Each function returns a new object that the
 * caller owns; bytes that are no UTF-8 become U+FFFD, so that the output is always JSON.
 */
json_object *json_str(const char *s);         /* NULL gives null */
json_object *json_str_or_null(const char *s); /* "" gives null too */
json_object *json_cents(long low, long mid, long high);

json_object *json_phase(const struct phase *phase);
json_object *json_trace(const struct pair *pair);

/* LEVEL is 'E' or 'W' as it counts for the verb that prints. */
json_object *json_lint(const struct lint *lint, const char *file, char level);
json_object *json_session(const struct dispatch_row *row);
json_object *json_err(const struct err *err);

/* The ids of N phases. */
json_object *json_ids(const struct plan *plan, const int *position, size_t n);

/* Prints OBJECT and a newline on standard output and releases it. */
void json_print(json_object *object);
