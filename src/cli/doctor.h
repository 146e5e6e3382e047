#pragma once

#include "cli/screen.h"
#include "engine/survey.h"

#include <json-c/json.h>
#include <stdbool.h>

/* The second half of `divisi doctor`: what a survey found, shown and mended. */

/* One line per class that sums up what fits, and one for each item that does not. */
void doctor_print(const struct screen *screen, const struct survey *survey, bool all);

/* All items as an array.  The caller owns it. */
json_object *doctor_json(const struct survey *survey);

/*
 * Reads the journal of HOME from end to end.  Is it damaged, what can be read of it is saved
 * beside it, and WHY of SURVEY, which has no journal then, ends in the commands that go on.
 */
void doctor_check_journal(const char *home, struct survey *survey);

/* False when there is a journal and it cannot be read: then only files were looked at. */
bool doctor_has_journal(const struct survey *survey);
size_t doctor_count_odd(const struct survey *survey);
size_t doctor_count_mends(const struct survey *survey);

/*
 * Prints what mending would do, one line for each, or that there is nothing to mend; and
 * what a person does about a journal that is not whole.
 */
void doctor_print_plan(const struct screen *screen, const struct survey *survey);

/*
 * Has the server do what SURVEY says can be mended, and what no server can start with done
 * here, after which SURVEY has it no longer to mend.  DONE, an array that the caller owns, receives {"id", "did"} or {"id", "failed"}.
 * -1 with ERR when nothing could be asked for; what was done is in DONE.
 */
NODISCARD int doctor_mend(
    struct repo *repo, struct survey *survey, json_object *done, struct err *err);
void doctor_print_done(const struct screen *screen, const json_object *done);
