#pragma once

#include <json-c/json.h>

/*
 * Where a session stands on its way, as "[x] table  [~] Gate 2  [>] work 1/3, attempt 2  [ ]
 * review  [ ] landed" (SPEC R-166): x is over, > under way, ~ passed by a setting or waived, R
 * planned anew.  PLAN and SESSION are of the server's status.  The caller frees it.
 */
char *stages_line(const struct json_object *plan, const struct json_object *session);
