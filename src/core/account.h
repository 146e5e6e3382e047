#pragma once

#include "core/core.h"

/*
 * Accounts: what agents are paid from, and what meets rate limits.  By default one per agent
 * of the catalogue.  A limit pauses every launch on its account, and nothing else.
 */
#define ACCOUNT_PAUSE_MS (60 * 1000)      /* when nobody says until when */
#define ACCOUNT_CALM_MS  (60 * 60 * 1000) /* after which it is a minute again */
#define ACCOUNT_PAUSE_MOST_MS \
	(8LL * 24 * 60 * 60 * 1000) /* a weekly limit, and a day */
#define ACCOUNT_RESUMES_MOST 12     /* then a person looks why it meets limits */

/* The account of S, or NULL when nothing is known about it. */
const struct account *core_account(const struct core *core, const char *name);
/* Until when no run of S is launched, Unix ms; 0 when its account is not paused. */
int64_t session_paused_until(const struct core *core, const struct session *s);
