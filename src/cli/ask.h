#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

/* Questions to the person at the terminal. */

/* True when both standard input and output are one. */
bool ask_possible(void);

/*
 * Shows PROMPT and waits for one of KEYS, of which the first is what Enter means.  Returns
 * the key; or -1 with ERR_HUMAN when the person ends it (Ctrl-C, Ctrl-D, q).
 */
int ask_key(const char *prompt, const char *keys, struct err *err);

/*
 * The key that is pressed within MS, without being shown; 0 when none is, -1 when the person
 * ends it (Ctrl-C, Ctrl-D) or there is no terminal.
 */
int ask_key_within(int ms);

/* Keys that were typed before now answer nothing: they were meant for something else. */
void ask_forget_typed(void);

/* A line without its newline; NULL with ERR_HUMAN at the end of input.  Caller frees. */
char *ask_text(const char *prompt, struct err *err);
