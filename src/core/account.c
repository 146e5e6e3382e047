#include "core/account.h"

#include "core/internal.h"
#include "core/money.h"

#include <string.h>

/* Rate limits: one event pauses the account until its reset (DESIGN 7, J-27). */

void
account_clear(struct account *a)
{
	free(a->name);
	free(a->why);
	free(a->by);
}

const struct account *
core_account(const struct core *core, const char *name)
{
	for (size_t i = 0; i < core->n_accounts; i++) {
		if (strcmp(core->account[i].name, name) == 0)
			return &core->account[i];
	}
	return NULL;
}

int64_t
session_paused_until(const struct core *core, const struct session *s)
{
	const struct account *a = core_account(core, s->account);

	return a ? a->paused_until : 0;
}

static struct account *
account_of(struct core *core, const char *name)
{
	struct account *a;

	for (size_t i = 0; i < core->n_accounts; i++) {
		if (strcmp(core->account[i].name, name) == 0)
			return &core->account[i];
	}
	GROW(core->account, core->n_accounts, core->cap_accounts);
	a = &core->account[core->n_accounts++];
	*a = (struct account){ .name = xstrdup(name) };
	a->why = xstrdup("");
	a->by = xstrdup("");
	return a;
}

int
account_set_cap(struct core *core, const char *name, int64_t cents, struct err *err)
{
	for (size_t i = 0; i < core->n_sessions; i++) {
		if (name[0] && strcmp(core->session[i].account, name) == 0) {
			account_of(core, name)->cap = cents;
			return 0;
		}
	}
	err_set(
	    err, ERR_NOT_FOUND, "no session is paid from the account '%.60s'", name);
	return err_fix(err, "divisi cost lists the accounts");
}

static void
pause_until(
    struct account *a, int64_t until, int64_t now, const char *why, const char *by)
{
	if (until > now + ACCOUNT_PAUSE_MOST_MS)
		until = now + ACCOUNT_PAUSE_MOST_MS;
	if (until <= now || until <= a->paused_until)
		return;
	a->paused_until = until;
	a->n_pauses++;
	core_set(&a->why, why);
	core_set(&a->by, by);
}

/* Who does not say until when is believed for a minute, then for two, four ... */
static int64_t
guess_until(struct account *a, int64_t now)
{
	if (a->paused_until > now)
		return a->paused_until;
	if (a->ended_at > 0 && now - a->ended_at > ACCOUNT_CALM_MS)
		a->n_unknown = 0;
	a->n_unknown += a->n_unknown < 6;
	return now + ((int64_t)ACCOUNT_PAUSE_MS << (a->n_unknown - 1));
}

int
step_agent_limit(
    struct core *core, const struct happening *h, struct acts *acts, struct err *err)
{
	struct session *s = session_current(core, h, err);
	int64_t until = fields_number(&h->fields, "until", 0);
	struct account *a;

	if (!s)
		return -1;
	session_heard(s, h, acts);
	core_set(&s->last_text, fields_text(&h->fields, "text"));
	a = account_of(core, s->account);
	if (until <= 0)
		until = guess_until(a, h->at);
	pause_until(a, until, h->at, fields_text(&h->fields, "text"), s->id);
	if (a->paused_until > h->at) {
		s->hit_limit = true;
		s->can_resume = fields_number(&h->fields, "resumable", 0) != 0;
	}
	return 0;
}

/* Another server of this person met the limit. */
int
step_account_paused(
    struct core *core, const struct happening *h, struct acts *acts, struct err *err)
{
	const char *name = fields_text(&h->fields, "account");

	(void)acts;
	if (name[0] == '\0')
		return err_set(err, ERR_INPUT, "which account?");
	pause_until(account_of(core, name), fields_number(&h->fields, "until", 0),
	    h->at, fields_text(&h->fields, "text"), "another repository");
	return 0;
}

/*
 * Its agent gave up because of the limit: no approach failed.  It is parked, and goes
 * on by itself after the reset.  False when that is not why it ended.
 */
bool
account_parks(struct core *core, struct session *s, int64_t now, struct acts *acts)
{
	const struct account *a = core_account(core, s->account);

	if (!s->hit_limit || !session_is_live(s->state) || !a ||
	    a->paused_until <= now || session_is_held(s) ||
	    s->n_limited >= ACCOUNT_RESUMES_MOST ||
	    money_spent(core, s, now) >= money_ceiling(core, s) ||
	    !core_move(s, ON_PARK, now, acts))
		return false;
	s->waits_for_account = true;
	s->n_limited++;
	free(s->reason);
	s->reason = xasprintf("its account %s met a limit; it goes on by itself: %s",
	    s->account, a->why[0] ? a->why : "no reason given");
	session_close_asks(s, false);
	owe_stop(s, acts);
	owe_inspect(s, "parked", acts);
	owe_write_back(core, s->plan_id, acts);
	return true;
}

void
flow_accounts(struct core *core, int64_t now)
{
	for (size_t i = 0; i < core->n_accounts; i++) {
		struct account *a = &core->account[i];

		if (a->paused_until == 0 || a->paused_until > now)
			continue;
		a->ended_at = a->paused_until;
		a->paused_until = 0;
		core_set(&a->why, "");
	}
}

/* May S go on by itself now: its account is free again, and its old process is gone? */
bool
account_resumes(const struct core *core, const struct session *s, int64_t now)
{
	char why[256];

	return s->waits_for_account && s->state == SESSION_PARKED && !s->run_open &&
	       !s->is_tree_gone && !session_paused_until(core, s) &&
	       money_spent(core, s, now) < money_ceiling(core, s) &&
	       money_fits(core, s, money_ceiling(core, s), now, why, sizeof(why));
}

void
accounts_dump(const struct core *core, FILE *f)
{
	for (size_t i = 0; i < core->n_accounts; i++) {
		const struct account *a = &core->account[i];

		fprintf(f, "account %s %lld %lld %d %d %lld|%s|%s\n", a->name,
		    (long long)a->paused_until, (long long)a->ended_at, a->n_pauses,
		    a->n_unknown, (long long)a->cap, a->why, a->by);
	}
}
