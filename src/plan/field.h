#pragma once

#include "plan/plan.h"
#include "plan/source.h"

/* How the values of a plan file are read. */

/* A value trimmed, without blanked comments; `\|` of a table cell becomes `|`. */
char *field_text(struct arena *arena, struct span value, bool is_cell);

/* As field_text, and when VALUE starts with a code span only what stands in it. */
char *field_code(struct arena *arena, struct span value, bool is_cell);

/* True for "none", "-", an ellipsis and the like; *IS_SAID when it is a word for none. */
bool field_is_nothing(struct span value, bool *is_said);

/* Takes the next item off REST at commas outside code spans, braces and parentheses. */
bool field_next(struct span *rest, struct span *item);

/* Where values are read from. */
struct field_env {
	struct arena *arena;
	const struct source *source;
	bool is_cell;
};

/* Reads links and bare ids.  The array is in the arena; returns how many there are. */
size_t field_issues(
    const struct field_env *env, struct span value, struct issue_ref **refs);

/*
 * Adds the items of VALUE to LIST (its array is the caller's to free) and returns true
 * when VALUE declares something, be it an explicit "none".  Renames without a target get
 * an empty TO.
 */
bool field_touches(const struct field_env *env, enum touch touch, struct span value,
    struct touch_list *list);

/* Adds what VALUE names as dependencies, still as written, to LIST. */
void field_depends(
    const struct field_env *env, struct span value, struct text_list *list);

/* "2" or "Batch 2" into *NUMBER; false, and *NUMBER as it was, for anything else. */
bool field_batch(struct span value, int *number);
