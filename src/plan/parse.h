#pragma once

#include "plan/plan.h"

#define PLAN_MAX_BYTES  (64u * 1024 * 1024)
#define PLAN_MAX_LINES  (10u * 1024 * 1024) /* each costs memory, empty or not */
#define PLAN_MAX_PHASES 100000u

/*
 * Parses a master plan (SPEC 2.13, DESIGN section 4, CONTRACTS 4) from N_BYTES at TEXT.
 *
 * PATH is only for messages; it is copied.  Problems that leave a readable plan go to
 * LINTS (codes L01.. for structure, the SPEC section 9 codes where one fits); the caller
 * owns the list's array (lint_list_clear), its strings die with the plan.
 *
 * Returns a plan the caller frees with plan_free(); or NULL with ERR_INPUT when the bytes
 * are no text (NUL, not UTF-8: the byte offset is in the message) or too large.  A file
 * without phases is still a plan (with lint L01): nothing here recurses on input.
 */
struct plan *plan_parse(const char *path, const char *text, size_t n_bytes,
    struct lint_list *lints, struct err *err);

/* Reads PATH (at most PLAN_MAX_BYTES) and parses it.  Fails as plan_parse and file_read. */
struct plan *plan_load(const char *path, struct lint_list *lints, struct err *err);

void lint_list_clear(struct lint_list *lints);

/* Appends a lint whose message and fix are printf-formatted into the plan's arena. */
void lint_add(struct plan *plan, struct lint_list *lints, const char *code, char level,
    const char *rule, const char *phase_id, struct place at, const char *fix,
    const char *fmt, ...) PRINTF(9, 10);
