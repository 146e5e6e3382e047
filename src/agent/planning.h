#pragma once

/*
 * What agents without a plan protocol of their own are told under Plan (S-37): to present
 * it and end the turn, and what came of it.  Each is freed by the caller.  Private to this
 * room.
 */
char *planning_prompt(const char *prompt);
char *planning_allowed(const char *words);
char *planning_declined(const char *words);

/* The words of the steps AGENT_PLAN_ALLOWED, AGENT_PLAN_DECLINED, AGENT_DECLINED; or NULL. */
char *planning_words(const char *step, const char *words);
