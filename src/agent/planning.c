#include "agent/planning.h"

#include "agent/agent.h"
#include "base/mem.h"

#include <string.h>

char *
planning_prompt(const char *prompt)
{
	return xasprintf(
	    "Plan mode: present your plan and end your turn. Change nothing "
	    "before the plan is approved; you are told when it is.\n\n%s",
	    prompt);
}

char *
planning_allowed(const char *words)
{
	return xasprintf(
	    "Your plan is approved. Carry it out now.%s%s", words[0] ? " " : "", words);
}

char *
planning_declined(const char *words)
{
	return xasprintf(
	    "Your plan is declined%s%s. Present another and end your turn; "
	    "still change nothing.",
	    words[0] ? ": " : "", words);
}

char *
planning_words(const char *step, const char *words)
{
	if (strcmp(step, AGENT_PLAN_ALLOWED) == 0)
		return planning_allowed(words);
	if (strcmp(step, AGENT_PLAN_DECLINED) == 0)
		return planning_declined(words);
	if (strcmp(step, AGENT_DECLINED) == 0)
		return xasprintf("What you asked for was declined%s%s. Go on with your "
				 "task without it; do not try it another way.",
		    words[0] ? ": " : "", words);
	return NULL;
}
