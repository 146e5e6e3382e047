#pragma once

/* Reviews that nobody has to ask for. */

/*
 * The act "review-start": the reviewers that a session needs now get their plan and their table,
 * which a person approves.  Done again it goes on where it was.
 */
struct task;
void review_offer(struct task *task);
