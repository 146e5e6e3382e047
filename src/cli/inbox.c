#include "cli/inbox.h"

#include "base/mem.h"
#include "base/text.h"
#include "cli/ask.h"
#include "cli/board.h"

#include <stdio.h>
#include <string.h>

static bool
is_kind(const struct json_object *item, const char *kind)
{
	return strcmp(js_text(item, "kind"), kind) == 0;
}

/* Every line of TEXT behind a bar, so that nothing in it passes for words of ours. */
static void
put_quoted(const struct screen *screen, const char *text)
{
	struct span rest = span_of(text), line;

	while (span_next(&rest, '\n', &line)) {
		AUTO_FREE char *one = xstrndup(line.p, line.n);

		fputs("    | ", screen->out);
		text_put(screen->out, one);
		fputc('\n', screen->out);
	}
}

static void
put_line(const struct screen *screen, const char *before, const struct json_object *o,
    const char *name)
{
	AUTO_FREE char *text = text_show(js_text(o, name), true);

	if (text[0])
		fprintf(screen->out, "    %s%s\n", before, text);
}

static void
put_table(const struct screen *screen, const struct json_object *item,
    struct json_object *status)
{
	struct json_object *plans = js_get(status, "plans");

	for (size_t i = 0; i < js_count(plans); i++) {
		const struct json_object *p = js_at(plans, i);
		struct json_object *batches = js_get(p, "batches");

		for (size_t k = 0; k < js_count(batches); k++) {
			const struct json_object *b = js_at(batches, k);

			if (strcmp(js_text(b, "id"), js_text(item, "batch")) == 0)
				board_table(screen, p, b);
		}
	}
}

static void
put_head(const struct screen *screen, const struct json_object *item, int64_t now)
{
	AUTO_FREE char *age = text_age(now - js_number(item, "since", now));
	AUTO_FREE char *focus = screen_cut(js_text(item, "focus"), 30);
	int64_t until = js_number(item, "until", 0);
	AUTO_FREE char *left = until > now ? text_age(until - now) : NULL;
	const char *id = js_text(item, "id");
	AUTO_FREE char *rest = xasprintf("%s %s %s: %s, %s%s%s", js_text(item, "kind"),
	    js_text(item, "name"), focus,
	    strcmp(js_text(item, "asked_by"), "agent") == 0 ? js_text(item, "agent")
							    : "divisi",
	    age, left ? ", no in " : "", left ? left : "");

	screen_put(screen, STYLE_WARN, id);
	fputs("  ", screen->out);
	screen_wrap(screen, 4, (int)strlen(id) + 2, rest);
}

void
inbox_print(const struct screen *screen, const struct json_object *item,
    struct json_object *status, int64_t now)
{
	const char *rule = js_text(item, "rule_text");

	put_head(screen, item, now);
	if (is_kind(item, "table")) {
		put_table(screen, item, status);
	} else {
		fputs("    ", screen->out);
		screen_wrap(screen, 4, 4, js_text(item, "text"));
		put_quoted(screen, board_detail(item));
	}
	if (js_bool(item, "cut"))
		fputs(
		    "    (longer than what is kept: divisi log --raw has all of it)\n",
		    screen->out);
	if (rule[0] && !strchr(rule, '\n'))
		put_line(screen, "as a rule: ", item, "rule_text");
	put_line(screen, "-> ", item, "command");
}

/* ---- deciding ------------------------------------------------------------------------- */

static int
decide(struct client *client, const struct json_object *item, bool allows,
    const char *scope, const char *text, struct err *err)
{
	const char *id = js_text(item, "id");
	bool is_batch = js_text(item, "batch")[0] != '\0';
	struct fields in = { 0 }, out = { 0 };
	const char *verb = !is_batch ? "answer" : allows ? "approve" : "decline";
	int rc;

	if (is_batch && is_kind(item, "table")) {
		fields_set(&in, "hash", id);
	} else if (is_batch) {
		const char *slash = strrchr(id, '/');

		fields_set(&in, "plan", js_text(item, "plan"));
		fields_set_number(
		    &in, "number", slash ? strtoll(slash + 1, NULL, 10) : 0);
	} else {
		fields_set(&in, "approval", id);
		fields_set(&in, "decision", allows ? "allow" : "deny");
		fields_set(&in, "scope", scope);
		fields_set(&in, strcmp(scope, "plan") == 0 ? "pattern" : "text", text);
	}
	if (!allows || is_batch)
		fields_set(&in, "reason", text);
	rc = client_order(client, verb, &in, &out, 60000, err);
	if (rc == 0)
		puts(allows ? "allowed" : "declined");
	fields_clear(&in);
	fields_clear(&out);
	return rc;
}

enum { AGAIN = 2 };

/* A slip is told; of words that CAN be MENDed it is asked again. */
static int
told(int rc, bool can_mend, struct err *err)
{
	if (rc == 0)
		return 1;
	if (err->kind == ERR_SYSTEM || err->kind == ERR_NO_SERVER)
		return -1;
	text_put(stdout, err->text);
	fputc('\n', stdout);
	if (!can_mend)
		return 0;
	*err = (struct err)ERR_INIT;
	return AGAIN;
}

/* 1 decided, 0 put off, AGAIN after a slip, -1 with ERR. */
static int
ask_once(struct client *client, const struct json_object *item, struct err *err)
{
	bool is_question = is_kind(item, "question");
	bool can_rule = js_text(item, "rule_text")[0] != '\0';
	AUTO_FREE char *text = NULL;
	int key = ask_key(
	    is_question ? "(t)ype an answer, (n)o, (l)ater, (q)uit ? "
	    : can_rule ? "(y)es, (s) for this session, (r)ule, (n)o, (l)ater, (q)uit ? "
		       : "(y)es, (n)o, (l)ater, (q)uit ? ",
	    is_question ? "ltn"
	    : can_rule  ? "lysrn"
			: "lyn",
	    err);

	switch (key) {
	case 'y': return told(decide(client, item, true, "once", "", err), false, err);
	case 's':
		return told(decide(client, item, true, "session", "", err), false, err);
	case 't':
		text = ask_text("answer: ", err);
		return text ? told(decide(client, item, true, "once", text, err), false,
				  err)
			    : -1;
	case 'r':
		text = ask_text("allow in this plan (* stands for more words): ", err);
		return text ? told(decide(client, item, true, "plan", text, err), true,
				  err)
			    : -1;
	case 'n':
		text = ask_text("reason: ", err);
		return text ? told(decide(client, item, false, "once", text, err),
				  false, err)
			    : -1;
	case 'l': return 0;
	default: return -1;
	}
}

/* 1 decided, 0 put off, -1 with ERR. */
static int
put_to_person(struct client *client, const struct json_object *item, struct err *err)
{
	int rc;

	/* What was typed for the one before is no answer to this one. */
	ask_forget_typed();
	do
		rc = ask_once(client, item, err);
	while (rc == AGAIN);
	return rc;
}

static void
put_off(char **later, const char *id)
{
	char *more = xasprintf("%s%s ", *later ? *later : "", id);

	free(*later);
	*later = more;
}

static bool
is_put_off(const char *later, const char *id)
{
	AUTO_FREE char *word = xasprintf("%s ", id);
	const char *at = later ? strstr(later, word) : NULL;

	return at && (at == later || at[-1] == ' ');
}

int
inbox_walk(
    struct client *client, const struct screen *screen, char **later, struct err *err)
{
	AUTO_JSON struct json_object *all = client_get(client, "/v1/approvals", err);
	AUTO_JSON struct json_object *status = all ? client_status(client, err) : NULL;
	struct json_object *items = js_get(all, "approvals");
	int n = 0;

	if (!status)
		return -1;
	for (size_t i = 0; i < js_count(items); i++) {
		const struct json_object *item = js_at(items, i);
		int rc;

		if (is_put_off(*later, js_text(item, "id")))
			continue;
		fputc('\n', screen->out);
		inbox_print(screen, item, status, js_number(all, "now", 0));
		rc = put_to_person(client, item, err);
		if (rc < 0)
			return -1;
		if (rc == 0)
			put_off(later, js_text(item, "id"));
		n += rc;
	}
	return n;
}
