#include "cli/cmd.h"

#include "base/mem.h"
#include "base/text.h"
#include "cli/board.h"
#include "cli/client.h"
#include "cli/screen.h"

#include <libgen.h>
#include <stdio.h>
#include <string.h>

const struct option_doc cmd_cost_options[] = {
	OPTION_JSON,
	{ "plan-cap", "DOLLARS", "what the plan may cost in all; 0 is no cap", 0 },
	{ "batch-cap", "DOLLARS", "what each of its batches may cost", 0 },
	{ "account-cap", "NAME=DOLLARS", "what an account may pay for plans under way",
	    0 },
	OPTION_END,
};

struct sum {
	int64_t estimate, reserved, spent;
};

static void
add_session(struct sum *sum, const struct json_object *s)
{
	int64_t mid = js_number(js_get(s, "estimate_cents"), "mid", 0);

	sum->estimate += mid > 0 ? mid : 0;
	sum->reserved += js_number(s, "reserved_cents", 0);
	sum->spent += js_number(s, "cost_cents", 0);
}

static void
add_row(struct sheet *sheet, const char *what, const struct sum *sum, int64_t cap)
{
	AUTO_FREE char *estimate = text_dollars((long)sum->estimate);
	AUTO_FREE char *reserved = text_dollars((long)sum->reserved);
	AUTO_FREE char *spent = text_dollars((long)sum->spent);
	AUTO_FREE char *may = cap > 0 ? text_dollars((long)cap) : xstrdup("-");
	const char *cells[] = { what, estimate, reserved, spent, may };

	sheet_add(sheet, cells, NULL);
}

static struct sum
print_plan(struct sheet *sheet, const struct json_object *plan)
{
	struct json_object *batches = js_get(plan, "batches");
	struct sum all = { 0 };

	for (size_t i = 0; i < js_count(batches); i++) {
		const struct json_object *b = js_at(batches, i);
		struct json_object *sessions = js_get(b, "sessions");
		struct sum batch = { 0 };
		AUTO_FREE char *name = xasprintf(
		    "batch %lld", (long long)js_number(b, "number", 0));

		for (size_t k = 0; k < js_count(sessions); k++) {
			const struct json_object *s = js_at(sessions, k);
			struct sum one = { 0 };
			AUTO_FREE char *label = xasprintf("  %lld/%s %s",
			    (long long)js_number(b, "number", 0), js_text(s, "label"),
			    js_text(s, "phase"));

			add_session(&one, s);
			add_session(&batch, s);
			add_session(&all, s);
			add_row(sheet, label, &one, js_number(s, "ceiling_cents", 0));
		}
		add_row(sheet, name, &batch, js_number(plan, "batch_cap_cents", 0));
	}
	return all;
}

/* One row for each account that a session of PLAN is paid from. */
static void
print_accounts(struct sheet *sheet, const struct json_object *plan)
{
	struct json_object *batches = js_get(plan, "batches");
	AUTO_FREE char *seen = xstrdup("\n");

	for (size_t i = 0; i < js_count(batches); i++) {
		struct json_object *sessions = js_get(js_at(batches, i), "sessions");

		for (size_t k = 0; k < js_count(sessions); k++) {
			const char *account = js_text(js_at(sessions, k), "account");
			AUTO_FREE char *line = xasprintf("\n%s\n", account);
			AUTO_FREE char *label = xasprintf("account %s", account);
			struct sum sum = { 0 };
			char *more;

			if (strstr(seen, line))
				continue;
			more = xasprintf("%s%s\n", seen, account);
			free(seen);
			seen = more;
			for (size_t b = 0; b < js_count(batches); b++) {
				struct json_object *of = js_get(
				    js_at(batches, b), "sessions");

				for (size_t n = 0; n < js_count(of); n++) {
					if (strcmp(js_text(js_at(of, n), "account"),
						account) == 0)
						add_session(&sum, js_at(of, n));
				}
			}
			add_row(sheet, label, &sum, 0);
		}
	}
}

/* One row for each account with a cap, which is over all plans under way. */
static void
print_account_caps(struct sheet *sheet, const struct json_object *status)
{
	struct json_object *accounts = js_get(status, "accounts");

	for (size_t i = 0; i < js_count(accounts); i++) {
		const struct json_object *a = js_at(accounts, i);
		int64_t cap = js_number(a, "cap_cents", 0);
		AUTO_FREE char *label = xasprintf(
		    "account %s, all plans", js_text(a, "name"));
		struct sum sum = { .reserved = js_number(a, "reserved_cents", 0),
			.spent = js_number(a, "spent_cents", 0) };

		if (cap > 0)
			add_row(sheet, label, &sum, cap);
	}
}

static void
print_pauses(const struct screen *screen, const struct json_object *status)
{
	struct json_object *accounts = js_get(status, "accounts");
	int64_t now = js_number(status, "now", 0);

	for (size_t i = 0; i < js_count(accounts); i++) {
		const struct json_object *a = js_at(accounts, i);
		int64_t until = js_number(a, "paused_until", 0);
		AUTO_FREE char *left = text_age(until - now);
		AUTO_FREE char *name = text_show(js_text(a, "name"), true);
		AUTO_FREE char *why = text_show(js_text(a, "why"), true);

		if (until <= now)
			continue;
		fprintf(screen->out,
		    "account %s is paused for another %s: %s; %lld session(s) start then\n",
		    name, left, why, (long long)js_number(a, "waiting", 0));
	}
}

static void
print_cost(const struct screen *screen, const struct json_object *status,
    const struct json_object *plan)
{
	static const char *const header[] = { "Of", "Estimated", "Reserved", "Spent",
		"May spend" };
	AUTO_FREE char *title = text_show(js_text(plan, "title"), true);
	struct sheet sheet;
	struct sum all;

	fprintf(screen->out, "%s  %s\n\n", js_text(plan, "id"), title);
	sheet_init(&sheet, header, N_ELEMS(header));
	sheet.n_narrow = N_ELEMS(header);
	all = print_plan(&sheet, plan);
	add_row(&sheet, "the plan", &all, js_number(plan, "plan_cap_cents", 0));
	print_accounts(&sheet, plan);
	print_account_caps(&sheet, status);
	sheet_print(&sheet, screen);
	sheet_clear(&sheet);
	print_pauses(screen, status);
}

/* "12" or "12.50" dollars as cents; -1 with ERR_USAGE. */
static int64_t
read_cap(const char *option, const char *text, struct err *err)
{
	size_t n = strspn(text, "0123456789");
	int64_t cents = 0;

	if (n > 0 && n < 8 &&
	    (text[n] == '\0' || (text[n] == '.' && strlen(text + n) == 3 &&
				    strspn(text + n + 1, "0123456789") == 2))) {
		cents = strtoll(text, NULL, 10) * 100;
		return text[n] ? cents + strtoll(text + n + 1, NULL, 10) : cents;
	}
	err_set(err, ERR_USAGE, "--%s takes dollars, not '%.20s'", option, text);
	err_fix(err, "such as 40 or 12.50; 0 for no cap");
	return -1;
}

/* A cap of KIND; NAME is that of the account, else "". */
static int
set_cap(const char *path, const struct json_object *plan, const char *kind,
    const char *name, int64_t cents, struct err *err)
{
	struct client client = { 0 };
	struct fields in = { 0 }, out = { 0 };
	AUTO_FREE char *copy = xstrdup(path ? path : "");
	int rc = client_open(&client, path ? dirname(copy) : NULL, true, err);

	fields_set(&in, "plan", js_text(plan, "id"));
	fields_set(&in, "kind", kind);
	fields_set(&in, "account", name);
	fields_set_number(&in, "cents", cents);
	if (rc == 0)
		rc = client_order(&client, "cap", &in, &out, 60000, err);
	client_close(&client);
	fields_clear(&in);
	fields_clear(&out);
	return rc;
}

struct wanted {
	const char *word;
	bool as_json;
	int64_t cap[3]; /* of the plan, of a batch, of ACCOUNT; -1 = as it is */
	char account[64];
};

/* "NAME=DOLLARS". */
static int
read_account_cap(struct wanted *w, const char *text, struct err *err)
{
	const char *equals = strchr(text, '=');
	size_t n = equals ? (size_t)(equals - text) : 0;

	if (n == 0 || n >= sizeof(w->account)) {
		err_set(err, ERR_USAGE, "--account-cap takes NAME=DOLLARS, not '%.40s'",
		    text);
		return err_fix(
		    err, "such as claude=40; divisi cost lists the accounts");
	}
	snprintf(w->account, sizeof(w->account), "%.*s", (int)n, text);
	w->cap[2] = read_cap("account-cap", equals + 1, err);
	return w->cap[2] < 0 ? -1 : 0;
}

static int
read_wanted(int argc, char **argv, struct wanted *w, struct err *err)
{
	struct args args;
	int at;

	args_init(&args, cmd_cost_options, argc, argv);
	while ((at = args_next(&args, err)) != ARGS_END) {
		if (at == ARGS_BAD)
			return -1;
		if (at == ARGS_WORD && w->word)
			return err_set(err, ERR_USAGE, "cost takes one plan at most");
		if (at == ARGS_WORD)
			w->word = args.value;
		else if (at == 0)
			w->as_json = true;
		else if (at == 3 && read_account_cap(w, args.value, err) < 0)
			return -1;
		else if (at < 3 && (w->cap[at - 1] = read_cap(cmd_cost_options[at].name,
					args.value, err)) < 0)
			return -1;
	}
	return 0;
}

int
cmd_cost(int argc, char **argv)
{
	static const char *const kinds[] = { "plan", "batch", "account" };
	struct wanted w = { .cap = { -1, -1, -1 } };
	struct err err = ERR_INIT;
	struct screen screen;
	AUTO_FREE char *path = NULL;
	AUTO_JSON struct json_object *status = NULL;
	struct json_object *plan;
	bool is_set = false;
	int rc = read_wanted(argc, argv, &w, &err);

	if (rc == 0 && w.word && !(path = client_plan_path(w.word, &err)))
		rc = -1;
	if (rc == 0 && !(status = client_look(path, &err)))
		rc = -1;
	if (rc < 0)
		return cmd_fail(&err, w.as_json);
	plan = board_plan(status, path);
	if (!plan) {
		err_set(&err, ERR_NOT_FOUND, "nothing was dispatched here yet");
		err_fix(&err, "divisi run PLAN");
		return cmd_fail(&err, w.as_json);
	}
	for (size_t i = 0; i < N_ELEMS(kinds) && rc == 0; i++) {
		if (w.cap[i] >= 0) {
			rc = set_cap(path, plan, kinds[i], w.account, w.cap[i], &err);
			is_set = true;
		}
	}
	if (rc == 0 && is_set) {
		json_object_put(status);
		status = client_look(path, &err);
		plan = status ? board_plan(status, path) : NULL;
		rc = plan ? 0 : -1;
	}
	if (rc < 0)
		return cmd_fail(&err, w.as_json);
	screen_init(&screen, stdout);
	if (w.as_json)
		puts(json_object_to_json_string_ext(
		    js_get(plan, "money"), JSON_C_TO_STRING_NOSLASHESCAPE));
	else
		print_cost(&screen, status, plan);
	return 0;
}
