#include "cli/board.h"

#include "base/mem.h"
#include "base/text.h"
#include "cli/client.h"
#include "cli/notes.h"

#include <string.h>

/* The member NAME of O as one escaped line: whoever wrote it steers no terminal. */
static char *
shown(const struct json_object *o, const char *name)
{
	return text_show(js_text(o, name), true);
}

static void
put_member(const struct screen *screen, const struct json_object *o, const char *name)
{
	AUTO_FREE char *text = shown(o, name);

	fputs(text, screen->out);
}

/* The first N characters of a hash or commit. */
static char *
short_id(const struct json_object *o, const char *name, size_t n)
{
	AUTO_FREE char *text = xstrndup(js_text(o, name), n);

	return text_show(text, true);
}

struct json_object *
board_last_batch(const struct json_object *plan, const char *state)
{
	struct json_object *batches = js_get(plan, "batches");

	for (size_t i = js_count(batches); i-- > 0;) {
		struct json_object *b = js_at(batches, i);

		if (!state || strcmp(js_text(b, "state"), state) == 0)
			return b;
	}
	return NULL;
}

struct json_object *
board_plan(const struct json_object *status, const char *path)
{
	struct json_object *plans = js_get(status, "plans");

	for (size_t i = js_count(plans); i-- > 0;) {
		struct json_object *p = js_at(plans, i);

		if (path ? strcmp(js_text(p, "path"), path) == 0
			 : strcmp(js_text(p, "state"), "active") == 0 &&
			       js_text(p, "reviews")[0] == '\0')
			return p;
	}
	return path || js_count(plans) == 0 ? NULL : js_at(plans, js_count(plans) - 1);
}

static char *
estimate(const struct json_object *s)
{
	struct json_object *e = js_get(s, "estimate_cents");
	int64_t low = js_number(e, "low", -1), high = js_number(e, "high", -1);
	AUTO_FREE char *a = text_dollars((long)low), *b = text_dollars((long)high);

	if (high < 0)
		return xstrdup("-");
	if (low == high)
		return xasprintf("~%s", b);
	return xasprintf("~%s-%s", a, b);
}

char *
board_cost(const struct json_object *s)
{
	AUTO_FREE char *spent = text_dollars((long)js_number(s, "cost_cents", 0));
	AUTO_FREE char *est = text_dollars(
	    (long)js_number(js_get(s, "estimate_cents"), "mid", -1));

	return xasprintf("%s/%s", spent, est);
}

static char *
issue_link(const struct json_object *s, bool is_terminal)
{
	const char *url = js_text(s, "issue_url");

	if (is_terminal)
		return xstrdup(js_text(s, "issue"));
	if (url[0] == '\0')
		return xasprintf(
		    "[%s](local:%s)", js_text(s, "issue"), js_text(s, "issue"));
	return xasprintf("[%s](%s)", js_text(s, "issue"), url);
}

/* "off" is said so that nobody reads over it; what differs is told by session. */
static void
print_fence(const struct screen *screen, const struct json_object *sessions)
{
	const char *first = js_text(js_at(sessions, 0), "fence");
	bool is_same = true;

	for (size_t i = 0; i < js_count(sessions); i++)
		is_same &= strcmp(js_text(js_at(sessions, i), "fence"), first) == 0;
	fputs("   fence: ", screen->out);
	for (size_t i = 0; i < (is_same ? 1 : js_count(sessions)); i++) {
		const struct json_object *s = js_at(sessions, i);
		const char *fence = js_text(s, "fence");

		if (!is_same) {
			fputs(i ? ", " : "", screen->out);
			put_member(screen, s, "label");
			fputc(' ', screen->out);
		}
		text_put(screen->out,
		    !fence[0] || strcmp(fence, "off") == 0 ? "NONE" : fence);
	}
}

static void
print_totals(const struct screen *screen, const struct json_object *plan,
    const struct json_object *batch)
{
	struct json_object *sessions = js_get(batch, "sessions");
	int64_t total = 0, largest = 0;
	AUTO_FREE char *sum = NULL, *most = NULL, *base = NULL, *hash = NULL;
	const char *verify = js_text(plan, "verify");

	for (size_t i = 0; i < js_count(sessions); i++) {
		int64_t c = js_number(
		    js_get(js_at(sessions, i), "estimate_cents"), "high", 0);

		total += c > 0 ? c : 0;
		largest = c > largest ? c : largest;
	}
	sum = text_dollars((long)total);
	most = text_dollars((long)largest);
	base = short_id(batch, "base", 10);
	hash = short_id(batch, "hash", 12);
	fprintf(screen->out, "total ~%s (largest ~%s)   base %s on ", sum, most, base);
	put_member(screen, plan, "target");
	fputs(screen->width > 0 && screen->width < 100 ? "\nmerge: " : "   merge: ",
	    screen->out);
	put_member(screen, plan, "merge");
	fputs("   verify: ", screen->out);
	text_put(screen->out, verify[0] ? verify : "none configured");
	fprintf(screen->out, "\ncap %lld", (long long)js_number(plan, "cap", 0));
	print_fence(screen, sessions);
	fputs("   landing: ", screen->out);
	put_member(screen, plan, "landing");
	fputs("   publish: ", screen->out);
	put_member(screen, plan, "publish");
	if (js_bool(plan, "publish_unset"))
		fputs(" (set divisi.publish)", screen->out);
	fputc('\n', screen->out);
	if (js_text(batch, "overrides")[0]) {
		fputs("against the rules: ", screen->out);
		put_member(screen, batch, "overrides");
		fputc('\n', screen->out);
	}
	fprintf(screen->out, "table %s\n", hash);
}

void
board_table(const struct screen *screen, const struct json_object *plan,
    const struct json_object *batch)
{
	static const char *const header[] = { "Session", "Issue", "Focus", "Mode",
		"Est. Cost", "Agent", "Worktree", "Branch", "Merge" };
	struct json_object *sessions = js_get(batch, "sessions");
	struct sheet sheet;

	fprintf(screen->out, "Batch %lld (", (long long)js_number(batch, "number", 0));
	put_member(screen, batch, "kind");
	fputs(") of ", screen->out);
	put_member(screen, plan, "title");
	fputs("\n\n", screen->out);
	sheet_init(&sheet, header, N_ELEMS(header));
	sheet.n_narrow = 7;
	for (size_t i = 0; i < js_count(sessions); i++) {
		const struct json_object *s = js_at(sessions, i);
		AUTO_FREE char *cost = estimate(s),
			       *link = issue_link(s, screen->is_terminal);
		AUTO_FREE char *merge = xasprintf(
		    "%lld", (long long)js_number(s, "merge", 0));
		const char *there = js_text(s, "repository");
		AUTO_FREE char *note = xasprintf("%s, %s, launched as %s%s%s%s%s",
		    js_text(s, "phase"), js_text(s, "sub_issue"), js_text(s, "launch"),
		    there[0] ? ", lands on " : "", js_text(s, "target"),
		    there[0] ? " of " : "", there);
		const char *cells[] = { js_text(s, "label"), link, js_text(s, "focus"),
			js_text(s, "mode"), cost, js_text(s, "agent_shown"),
			js_text(s, "worktree"), js_text(s, "branch"), merge };

		sheet_add(&sheet, cells, note);
	}
	sheet_print(&sheet, screen);
	sheet_clear(&sheet);
	fputc('\n', screen->out);
	print_totals(screen, plan, batch);
}

/* ---- status ------------------------------------------------------------------------- */

/* The approval of reviewers is asked for once, where their session waits for them. */
static bool
is_asked_above(const struct json_object *needs, size_t at)
{
	const char *command = js_text(js_at(needs, at), "command");
	size_t n = strcspn(command, " "), hash;

	if (js_text(js_at(needs, at), "session")[0] ||
	    strncmp(command, "divisi approve --hash ", 22) != 0)
		return false;
	hash = 22 + strcspn(command + 22, " ");
	for (size_t i = 0; n > 0 && i < at; i++) {
		if (strncmp(js_text(js_at(needs, i), "command"), command, hash) == 0)
			return true;
	}
	return false;
}

static void
print_needs(const struct screen *screen, const struct json_object *status)
{
	struct json_object *needs = js_get(status, "needs");
	int64_t now = js_number(status, "now", 0);

	if (js_count(needs) == 0) {
		screen_put(screen, STYLE_GOOD, "Nothing needs you now.");
		fputc('\n', screen->out);
		return;
	}
	for (size_t i = 0; i < js_count(needs); i++) {
		const struct json_object *n = js_at(needs, i);
		AUTO_FREE char *age = text_age(now - js_number(n, "since", now));
		AUTO_FREE char *what = text_show(js_text(n, "what"), true);
		AUTO_FREE char *line = xasprintf(
		    "NEEDS YOU: %s %s, %s", js_text(n, "subject"), what, age);

		if (is_asked_above(needs, i))
			continue;
		fputs(screen_style(screen, STYLE_WARN), screen->out);
		screen_line(screen, 4, line);
		fputs(screen_style(screen, STYLE_PLAIN), screen->out);
		if (js_text(n, "command")[0]) {
			fputs("  -> ", screen->out);
			put_member(screen, n, "command");
			fputc('\n', screen->out);
		}
	}
}

const char *
board_detail(const struct json_object *ask)
{
	const char *text = js_text(ask, "text"), *detail = js_text(ask, "detail");
	size_t n = strlen(text);

	if (strncmp(detail, text, n) != 0 || (detail[n] && detail[n] != '\n'))
		return detail;
	return detail + n + strspn(detail + n, "\n");
}

static void
print_open_asks(const struct screen *screen, const struct json_object *s)
{
	struct json_object *asks = js_get(s, "asks");

	for (size_t i = 0; i < js_count(asks); i++) {
		const struct json_object *a = js_at(asks, i);

		if (js_text(a, "decision")[0])
			continue;
		fputs("    asks (", screen->out);
		put_member(screen, a, "kind");
		fputs("): ", screen->out);
		screen_wrap(screen, 8, 12, js_text(a, "text"));
		if (board_detail(a)[0]) {
			struct span rest = span_of(board_detail(a)), line;

			while (span_next(&rest, '\n', &line)) {
				AUTO_FREE char *one = xstrndup(line.p, line.n);

				fputs("      | ", screen->out);
				text_put(screen->out, one);
				fputc('\n', screen->out);
			}
		}
	}
}

/* Is why S waits nothing but what it asks, which stands below with all there is of it? */
static bool
is_said_by_ask(const struct json_object *s)
{
	struct json_object *asks = js_get(s, "asks");

	for (size_t i = 0; i < js_count(asks); i++) {
		const struct json_object *a = js_at(asks, i);

		if (!js_text(a, "decision")[0] && js_text(a, "text")[0] &&
		    strstr(js_text(s, "why"), js_text(a, "text")))
			return true;
	}
	return false;
}

static void
print_session(const struct screen *screen, const struct json_object *s, int64_t now)
{
	int64_t began = js_number(s, "started_at", 0),
		ended = js_number(s, "ended_at", 0);
	int64_t pct = js_number(s, "context_pct", -1);
	AUTO_FREE char *cost = board_cost(s);
	AUTO_FREE char *age = began ? text_age((ended ? ended : now) - began)
				    : xstrdup("-");
	AUTO_FREE char *issue = screen_cut(js_text(s, "issue"), 10);
	AUTO_FREE char *label = shown(s, "label"), *phase = shown(s, "phase");
	int wide = (int)text_width(phase) > 4 ? (int)text_width(phase) : 4;
	int room = screen->width > 0 ? screen->width - 58 - wide : 30;
	AUTO_FREE char *focus = screen_cut(
	    js_text(s, "focus"), (size_t)(room < 8    ? 8
					  : room > 30 ? 30
						      : room));
	int pad = (room < 8 ? 8 : room > 30 ? 30 : room) - (int)text_width(focus);

	fprintf(screen->out, "  %-4s %-14s %-10s %-4s %s%*s %7s  %s", label,
	    js_text(s, "state"), issue, phase, focus, pad > 0 ? pad : 0, "", age, cost);
	if (pct >= 0)
		fprintf(screen->out, " %lld%%", (long long)pct);
	fputc('\n', screen->out);
	if (!is_said_by_ask(s)) {
		fputs("       ", screen->out);
		screen_wrap(screen, 7, 7, js_text(s, "why"));
	}
	print_open_asks(screen, s);
	if (js_text(s, "repository")[0]) {
		AUTO_FREE char *there = shown(s, "repository");
		AUTO_FREE char *target = shown(s, "target");

		fprintf(screen->out, "       lands on %s of %s\n", target, there);
	}
	if (js_text(s, "stray")[0]) {
		AUTO_FREE char *stray = shown(s, "stray");

		fprintf(screen->out,
		    "       wrote outside what it declared: %s [G21 B-20]\n", stray);
	}
	if (js_number(s, "n_fenced", 0) > 0) {
		AUTO_FREE char *name = shown(s, "label");

		fprintf(screen->out,
		    "       its fence refused %lld things: divisi why %s\n",
		    (long long)js_number(s, "n_fenced", 0), name);
	}
}

/* One line for a batch that is over: who was in it and what became of them. */
static void
print_closed(const struct screen *screen, const struct json_object *b)
{
	struct json_object *sessions = js_get(b, "sessions");
	char *line = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&line, &n);

	fprintf(out, "batch %lld (%s): %s", (long long)js_number(b, "number", 0),
	    js_text(b, "kind"), js_text(b, "why"));
	for (size_t i = 0; i < js_count(sessions); i++) {
		const struct json_object *s = js_at(sessions, i);
		AUTO_FREE char *landed = short_id(s, "landed", 9);

		fprintf(out, "%s %s %s", i ? "," : ";", js_text(s, "phase"),
		    js_text(s, "state"));
		if (landed[0])
			fprintf(out, " %s", landed);
	}
	fclose(out);
	screen_wrap(screen, 2, 0, line);
	free(line);
}

static void
print_batch(
    const struct screen *screen, const struct json_object *b, bool is_last, int64_t now)
{
	struct json_object *sessions = js_get(b, "sessions");
	AUTO_FREE char *head = xasprintf("batch %lld (%s): %s",
	    (long long)js_number(b, "number", 0), js_text(b, "kind"),
	    js_text(b, "why"));

	if (!is_last && strncmp(js_text(b, "state"), "complete", 8) == 0) {
		print_closed(screen, b);
		return;
	}
	screen_put(screen, STYLE_BOLD, head);
	fputc('\n', screen->out);
	for (size_t i = 0; i < js_count(sessions); i++)
		print_session(screen, js_at(sessions, i), now);
}

/* What is over needs nobody, and what comes after it needs somebody to begin it. */
static void
print_next(const struct screen *screen, const struct json_object *p, int64_t done)
{
	const struct json_object *last = board_last_batch(p, NULL);
	const char *state = js_text(last, "state");
	bool is_over = strcmp(state, "complete") == 0 ||
		       strcmp(state, "declined") == 0 ||
		       (strcmp(state, "complete-with-failures") == 0 &&
			   js_bool(last, "acknowledged"));
	int64_t left = js_number(p, "n_phases", 0) - done;
	AUTO_FREE char *path = text_shell_quote(js_text(p, "path")), *shown_path = NULL;

	if (!is_over || left <= 0 || strcmp(js_text(p, "state"), "active") != 0 ||
	    js_text(p, "reviews")[0])
		return;
	shown_path = text_show(path, true);
	fprintf(screen->out, "next: %lld phase%s %s left\n  -> divisi run %s\n",
	    (long long)left, left == 1 ? "" : "s", left == 1 ? "is" : "are",
	    shown_path);
}

static void
print_plan(const struct screen *screen, const struct json_object *p, int64_t now)
{
	struct json_object *batches = js_get(p, "batches");
	AUTO_FREE char *title = shown(p, "title"), *id = shown(p, "id");
	int64_t done = 0;

	for (size_t i = 0; i < js_count(batches); i++) {
		struct json_object *sessions = js_get(js_at(batches, i), "sessions");

		for (size_t k = 0; k < js_count(sessions); k++)
			done += strcmp(js_text(js_at(sessions, k), "state"), "done") ==
				0;
	}
	fprintf(screen->out, "\n%s  %s  (%s, %lld of %lld phases done)\n", id, title,
	    js_text(p, "state"), (long long)done,
	    (long long)js_number(p, "n_phases", 0));
	if (strcmp(js_text(p, "review"), "auto") == 0)
		fputs(
		    "  [~] Gate 2: passed by divisi.review.gate = auto\n", screen->out);
	for (size_t i = 0; i < js_count(batches); i++)
		print_batch(screen, js_at(batches, i), i + 1 == js_count(batches), now);
	print_next(screen, p, done);
	/* Of an active plan that is a need above; a finished one is only told. */
	if (js_text(p, "unpublished")[0] &&
	    strcmp(js_text(p, "state"), "active") != 0) {
		bool is_other = js_text(p, "unpublished_in")[0] != '\0';
		AUTO_FREE char *target = shown(
		    p, is_other ? "unpublished_in" : "target");
		AUTO_FREE char *why = shown(p, "unpublished"), *line = NULL;

		line = xasprintf("%s was not pushed: %s", target, why);
		screen_wrap(screen, 0, 2, line);
	}
}

/* Accounts that met a limit: until when, and who starts then. */
static void
print_pauses(const struct screen *screen, const struct json_object *status, int64_t now)
{
	struct json_object *accounts = js_get(status, "accounts");

	for (size_t i = 0; i < js_count(accounts); i++) {
		const struct json_object *a = js_at(accounts, i);
		int64_t until = js_number(a, "paused_until", 0);
		AUTO_FREE char *left = text_age(until - now), *line = NULL;
		char when[32];

		if (until <= now)
			continue;
		text_time(until, when, sizeof(when));
		line = xasprintf("account %s is paused until %.8s UTC (%s): %s; %lld "
				 "session(s) start then by themselves",
		    js_text(a, "name"), when + 11, left, js_text(a, "why"),
		    (long long)js_number(a, "waiting", 0));
		screen_wrap(screen, 2, 0, line);
	}
}

void
board_status(const struct screen *screen, const struct json_object *status)
{
	struct json_object *plans = js_get(status, "plans");
	int64_t now = js_number(status, "now", 0);
	int64_t live = js_number(status, "live", 0);
	size_t n_acts = js_count(js_get(status, "acts"));

	print_needs(screen, status);
	print_pauses(screen, status, now);
	notes_print(screen, status);
	if (js_count(plans) == 0)
		fputs(
		    "No plan is under way. divisi run PLAN starts one.\n", screen->out);
	for (size_t i = 0; i < js_count(plans); i++) {
		if (i + 1 < js_count(plans) &&
		    strcmp(js_text(js_at(plans, i), "state"), "active") != 0)
			continue;
		print_plan(screen, js_at(plans, i), now);
	}
	fprintf(screen->out, "\n%lld session%s live, %zu step%s under way\n",
	    (long long)live, live == 1 ? "" : "s", n_acts, n_acts == 1 ? "" : "s");
}

/* ---- events -------------------------------------------------------------------------- */

/* "1/S-B 1B Several people" for a session, "batch 1", "plan p1". */
static char *
entity_name(struct json_object *status, const char *entity)
{
	AUTO_FREE char *label = NULL, *phase = NULL, *number = NULL;
	const struct json_object *s;
	const char *slash;

	if (strncmp(entity, "batch/", 6) == 0) {
		number = text_show(strrchr(entity, '/') + 1, true);
		return xasprintf("batch %s", number);
	}
	if (strncmp(entity, "session/", 8) != 0)
		return text_show(entity, true);
	s = status ? client_session(status, entity + 8, NULL) : NULL;
	if (!s)
		return text_show(entity + 8, true);
	slash = strrchr(js_text(s, "batch"), '/');
	number = text_show(slash ? slash + 1 : "", true);
	label = shown(s, "label");
	phase = shown(s, "phase");
	return xasprintf("%s/%s %s", number, label, phase);
}

/* States nothing rests in: they say nothing that the next one does not say. */
static bool
is_passing(const char *to)
{
	static const char *const passing[] = { "planned", "filed", "prepared",
		"approved", "unconfirmed", "mergeable", "draining" };

	for (size_t i = 0; i < N_ELEMS(passing); i++) {
		if (strcmp(to, passing[i]) == 0)
			return true;
	}
	return false;
}

bool
board_event(const struct screen *screen, struct json_object *status,
    const struct json_object *row)
{
	const struct json_object *data = js_get(row, "data");
	const char *to = js_text(row, "to"), *cause = js_text(row, "cause");
	AUTO_FREE char *text = shown(data, "text");
	AUTO_FREE char *short_text = screen_cut(text, 100);
	AUTO_FREE char *name = NULL;
	bool asked = strcmp(cause, "agent-asked") == 0;
	bool said = strcmp(cause, "agent-activity") == 0;
	char when[32];

	if (is_passing(to))
		return false;
	if (strcmp(cause, "clock-set") == 0) {
		free(short_text);
		short_text = notes_clock(
		    js_number(data, "by", 0), js_text(data, "kind"));
	} else if (to[0] == '\0' && !asked && !(said && text[0]))
		return false;
	if (strncmp(js_text(row, "entity"), "issue/", 6) == 0)
		return false;
	name = entity_name(status, js_text(row, "entity"));
	text_time(js_number(row, "at", 0), when, sizeof(when));
	fprintf(screen->out, "%.8s  %-12s  ", when + 11, name);
	if (to[0])
		screen_put(
		    screen, strcmp(to, "done") == 0 ? STYLE_GOOD : STYLE_BOLD, to);
	if (short_text[0])
		fprintf(screen->out, "%s%s", to[0] ? ": " : "", short_text);
	fputc('\n', screen->out);
	return true;
}
