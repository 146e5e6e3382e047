#pragma once

#include "plan/plan.h"
#include "plan/verdict.h"

#include <json-c/json.h>
#include <stdbool.h>
#include <stdio.h>

/*
 * JSON written as it is made, for answers too large to be built first: a plan of ten
 * thousand phases has millions of pairs.  The outer value's members and the elements of
 * its arrays get a line each.
 *
 * KEY is NULL inside an array.  Whoever opens closes; OUT is borrowed.
 */
struct json_out {
	FILE *out;
	int depth;
	bool is_first; /* nothing stands in the innermost value yet */
};

void json_out_init(struct json_out *json, FILE *out);
void json_out_open(struct json_out *json, const char *key, char bracket); /* { or [ */
void json_out_close(struct json_out *json, char bracket);                 /* } or ] */

/* NULL gives null; bytes that are no UTF-8 become U+FFFD. */
void json_out_str(struct json_out *json, const char *key, const char *s);
void json_out_int(struct json_out *json, const char *key, long long value);

/* A chance, with four digits behind the point. */
void json_out_chance(struct json_out *json, const char *key, double value);

/* Writes VALUE (NULL gives null) and releases it. */
void json_out_value(struct json_out *json, const char *key, json_object *value);

/* Writes the members of PAIR into the open object (CONTRACTS 5). */
void json_out_pair(
    struct json_out *json, const struct plan *plan, const struct pair *pair);

/* Writes the array KEY of the pairs of VERDICTS; with SPARE_PARALLEL without those. */
void json_out_pairs(struct json_out *json, const char *key, const struct plan *plan,
    const struct verdicts *verdicts, bool spare_parallel);
