#pragma once

#include "base/err.h"
#include "plan/plan.h"

/*
 * Tasks of one line each, as people write them down:
 *
 *	# a comment
 *	[tdd] Keep findings in src/store.c  $3
 *	- Show them on the page; update docs/page.md  after: 1  agent: claude
 *	[analysis] Compare three search libraries  done: one is named, with reasons
 *
 * In front: a mode in brackets, an estimate.  Behind, in any order: an estimate, `after:`
 * with numbers of tasks or ids of phases, `agent:`, and last `done:` with the criterion.
 */
struct task_line {
	unsigned line;       /* in the file, from 1 */
	char *text;          /* the task without its attributes, well-formed Markdown */
	char *focus;         /* its beginning, as the name of the phase */
	char *id;            /* of the phase: 1A, 1B ... */
	enum exec_mode mode; /* EXEC_NONE when not said */
	bool is_analysis;
	char *estimate; /* "$5" or "$3-6" as in a plan; NULL when not said */
	char *agent;    /* NULL when not said */
	char *done;     /* NULL when not said */
	size_t *after;  /* positions of tasks above this one */
	size_t n_after, cap_after;
};

struct task_lines {
	struct task_line *item;
	size_t n, cap;
};

#define TASK_LINES_MAX       10000u
#define TASK_LINES_MAX_BYTES (4u * 1024 * 1024)

/*
 * Reads N bytes at TEXT; NAME is for messages ("tasks.txt").  0; or -1 with ERR_INPUT
 * "tasks.txt:3: ..." for the first line that is wrong, and nothing in LINES.  Control
 * characters, HTML comments, text that is not UTF-8, lines over 2000 bytes and more than
 * TASK_LINES_MAX tasks are wrong.  No task at all is ERR_INPUT as well.
 */
NODISCARD int task_lines_read(const char *name, const char *text, size_t n,
    struct task_lines *lines, struct err *err);
void task_lines_clear(struct task_lines *lines);
