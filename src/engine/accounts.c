#include "engine/internal.h"

#include "base/hash.h"
#include "core/account.h"

#include <string.h>
#include <unistd.h>

/*
 * An account belongs to a person, not to a repository: a limit that one server meets holds
 * for all of theirs (CONTRACTS 1, Peers).  accounts/NAME.pause in their state directory says
 * until when, under a lock; whoever launches looks there first.
 */
#define PAUSE_BYTES 600

/* Names come from configuration: the file is called by a hash of them. */
static char *
pause_path(const char *account, const char *suffix)
{
	AUTO_FREE char *state = file_state_dir();
	char sha[HASH_HEX_SIZE];

	hash_sha256(account, strlen(account), sha);
	return xasprintf("%s/accounts/%.16s.%s", state, sha, suffix);
}

/* Until when, and why (at most N bytes); 0 when nobody paused it. */
static int64_t
pause_read(const char *account, char *why, size_t n)
{
	AUTO_FREE char *path = pause_path(account, "pause");
	AUTO_FREE char *text = file_read_tail(path, PAUSE_BYTES);
	char *line = text ? strchr(text, '\n') : NULL;
	int64_t until;

	why[0] = '\0';
	if (!line)
		return 0;
	until = strtoll(text, NULL, 10);
	snprintf(why, n, "%.*s", (int)strcspn(line + 1, "\n"), line + 1);
	return until > 0 ? until : 0;
}

/* What a limit that this server met means for the others; the later end wins. */
static bool
pause_write(const struct account *a)
{
	AUTO_FREE char *path = pause_path(a->name, "pause");
	AUTO_FREE char *lock = pause_path(a->name, "lock");
	AUTO_FREE char *state = file_state_dir(), *dir = path_join(state, "accounts");
	AUTO_FREE char *text = xasprintf(
	    "%lld\n%.300s\n%.100s\n", (long long)a->paused_until, a->why, a->name);
	struct err err = ERR_INIT;
	char why[PAUSE_BYTES];
	int fd = -1;

	/* Who holds the lock writes at most as much: with the next happening we try again. */
	if (file_mkdirs(dir, 0700, &err) < 0 || (fd = file_lock(lock, false, &err)) < 0)
		return err.kind != ERR_CONFLICT;
	if (pause_read(a->name, why, sizeof(why)) < a->paused_until &&
	    file_write_atomic(path, text, strlen(text), 0600, &err) < 0)
		log_warn("account %s: %s", a->name, err.text);
	close(fd);
	return true;
}

void
accounts_settle(struct engine *engine)
{
	const struct core *core = engine->core;

	for (size_t i = 0; i < core->n_accounts; i++) {
		const struct account *a = &core->account[i];

		if (i >= engine->n_told) {
			GROW(engine->told, engine->n_told, engine->cap_told);
			engine->told[engine->n_told++] = 0;
		}
		if (a->paused_until <= engine->now() ||
		    a->paused_until <= engine->told[i])
			continue;
		if (pause_write(a))
			engine->told[i] = a->paused_until;
	}
}

int64_t
account_pause(struct engine *engine, const char *account)
{
	const struct account *a = core_account(engine->core, account);
	int64_t now = engine->now(), mine = a ? a->paused_until : 0, until;
	char why[PAUSE_BYTES];
	struct fields f = { 0 };

	until = pause_read(account, why, sizeof(why));
	if (until > now + ACCOUNT_PAUSE_MOST_MS)
		until =
		    0; /* no limit lasts so long: a clock was set back, or it is no pause */
	if (until <= now || until <= mine)
		return mine > now ? mine : 0;
	fields_set(&f, "account", account);
	fields_set_number(&f, "until", until);
	fields_set(&f, "text", why);
	if (engine_note(engine, HAP_ACCOUNT_PAUSED, &f) < 0)
		log_warn("account %s: its pause is not written yet", account);
	fields_clear(&f);
	return until;
}

int
order_cap(struct engine *engine, const struct fields *in, const struct caller *caller,
    struct fields *out, struct err *err)
{
	const char *id = plan_meant(engine->core, in);
	struct fields f = { 0 };
	int rc;

	fields_set(&f, "plan", id);
	fields_set(&f, "kind", fields_text(in, "kind"));
	fields_set(&f, "account", fields_text(in, "account"));
	fields_set(&f, "reason", fields_text(in, "reason"));
	fields_set_number(&f, "cents", fields_number(in, "cents", -1));
	fields_set(out, "plan", id);
	rc = engine_happen(engine, HAP_CAP_SET, caller->actor, &f, err);
	fields_clear(&f);
	return rc;
}
