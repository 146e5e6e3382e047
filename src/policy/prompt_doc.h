#pragma once

#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * A prompt text taken apart line by line (METHOD section 4), for prompt_lint.c only.
 * Spans point into the text; line 0 means that the part is not there.
 */
struct prompt_part {
	struct span value;
	unsigned line, column;
};

struct prompt_doc {
	struct span text;
	struct prompt_part head[3]; /* the first three lines that are not blank */
	struct prompt_part launch_from, mode, launch_as, worktree, deliverable;
	struct prompt_part test_command;
	unsigned context_line, tasks_line, criteria_line, constraints_line;
	size_t n_context; /* essential bullets: conditional ones do not count */
	struct prompt_part prior_session, findings; /* conditional Context bullets */
	size_t n_tasks, n_criteria;
	struct prompt_part misnumbered; /* the first task whose number is not next */
};

/* A Markdown link inside one line. */
struct prompt_link {
	struct span text, target;
	size_t n_bytes; /* of the whole link, from its bracket */
};

/* Takes TEXT apart; never fails, linear in its length. */
void prompt_doc_read(struct prompt_doc *doc, struct span text);

/* True when a link starts at the first byte of AT and ends in AT. */
bool prompt_link_at(struct span at, struct prompt_link *link);

/* The first link in WITHIN that is not in a code span. */
bool prompt_link_find(struct span within, struct prompt_link *link);

/* URL as it stands in a link: blanks and round brackets encoded.  The caller frees it. */
char *prompt_url(const char *url);

/* Length of an issue id such as CIA-387 at the start of AT, or 0. */
size_t prompt_issue_id_len(struct span at);

/* True when VALUE is nothing but a `{placeholder}`, or nothing at all. */
bool prompt_is_unfilled(struct span value);
