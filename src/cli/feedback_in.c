#include "cli/feedback_in.h"

#include "base/mem.h"
#include "base/text.h"
#include "git/repo.h"
#include "policy/feedback.h"
#include "policy/intent.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define EXCERPT_BYTES 3500
#define SAID_BYTES    2400
#define ANSWER_BYTES  (64u << 10)

int
feedback_rules_read(struct feedback_rules *rules, const char *top, struct err *err)
{
	struct repo repo = { 0 };
	int rc;

	*rules = (struct feedback_rules){ .name = "divisi" };
	if (repo_open(top, &repo, err) < 0)
		return -1;
	rc = config_load(&repo, &rules->config, err);
	repo_close(&repo);
	if (rc < 0)
		return -1;
	rules->name = config_str(&rules->config, "divisi.feedback.name", "divisi");
	rules->resume = config_str(&rules->config, "divisi.feedback.resume", "ask");
	rules->repo = config_str(&rules->config, "divisi.feedback.repo", "");
	config_values(&rules->config, "divisi.feedback.trusted", &rules->trusted);
	config_values(&rules->config, "divisi.feedback.route", &rules->routes);
	if (strcmp(rules->resume, "ask") == 0 || strcmp(rules->resume, "auto") == 0)
		return 0;
	err_set(err, ERR_INPUT, "divisi.feedback.resume is '%.40s'", rules->resume);
	feedback_rules_clear(rules);
	return err_fix(err, "it is ask or auto");
}

void
feedback_rules_clear(struct feedback_rules *rules)
{
	git_list_clear(&rules->trusted);
	git_list_clear(&rules->routes);
	config_clear(&rules->config);
}

/* What a machine reports has no author: who signed it vouches for it. */
static bool
is_of_machine(const char *kind)
{
	static const char *const kinds[] = { "ci", "preview", "deploy-failed", "alert",
		"link" };

	for (size_t i = 0; i < N_ELEMS(kinds); i++) {
		if (strcmp(kinds[i], kind) == 0)
			return true;
	}
	return false;
}

static int
put_route(const struct feedback_rules *rules, const struct fields *raw,
    struct fields *to, struct err *err)
{
	const char *source = fields_text(raw, "source"),
		   *kind = fields_text(raw, "kind");
	const char *author = fields_text(raw, "author");
	const struct feedback_row *row = feedback_route(source, kind, author);
	enum feedback_to where = row->to;
	bool is_own = false;

	for (size_t i = 0; i < rules->routes.n && !is_own; i++) {
		int rc = feedback_own_row(
		    rules->routes.item[i], source, kind, author, &where, err);

		if (rc < 0)
			return -1;
		is_own = rc > 0;
	}
	fields_set(to, "to", feedback_to_name(where));
	fields_set(to, "row", is_own ? "divisi.feedback.route" : row->name);
	fields_set(to, "how", row->how);
	fields_set(to, "label", row->label);
	return 0;
}

static void
put_flags(struct fields *to, unsigned flags)
{
	char text[64] = "";

	for (size_t i = 0; intent_flag_name(i); i++) {
		size_t n = strlen(text);

		if (flags & 1u << i)
			snprintf(text + n, sizeof(text) - n, "%s%s", n ? " " : "",
			    intent_flag_name(i));
	}
	fields_set(to, "flags", text);
}

/* Words that speak to us ask for something; all others are for whoever does the work. */
static void
put_intent(
    const struct feedback_rules *rules, const struct fields *raw, struct fields *to)
{
	const char *text = fields_text(raw, "text"), *kind = fields_text(raw, "kind");
	bool is_delegated = strcmp(kind, "delegation") == 0;
	struct intent_parsed p;

	if (!is_delegated &&
	    (!intent_mentions(text, rules->name) ||
		(strcmp(kind, "comment") != 0 && strcmp(kind, "pr-comment") != 0)))
		return;
	intent_parse(text, &p);
	if (is_delegated && text[0] == '\0') {
		struct intent_state state = { .type = fields_text(raw, "type"),
			.spec = fields_text(raw, "spec"),
			.exec = fields_text(raw, "exec"),
			.has_criteria = fields_number(raw, "criteria", 0) != 0 };

		p.intent = intent_infer(&state, &p.confidence);
		p.rule = "the state of the issue";
	}
	fields_set(to, "intent", intent_name(p.intent));
	fields_set_number(to, "confidence", p.confidence);
	fields_set(to, "rule", p.rule);
	fields_set(to, "target", p.target);
	fields_set(to, "warning", p.warning);
	/* a delegation with words in the same event is a mention of them. */
	fields_set(
	    to, "mechanism", is_delegated && text[0] == '\0' ? "delegate" : "mention");
	put_flags(to, p.flags);
	if (p.issue[0])
		fields_set(to, "issue", p.issue);
}

static void
put_text(const struct fields *raw, struct fields *to)
{
	const char *log = fields_text(raw, "log");
	AUTO_FREE char *said = text_cut(fields_text(raw, "text"), SAID_BYTES);
	AUTO_FREE char *part = log[0] ? feedback_excerpt(log, EXCERPT_BYTES) : NULL;

	if (part)
		fields_setf(to, "text", "%s%s%s", said, said[0] ? "\n\n" : "", part);
	else
		fields_set(to, "text", said);
}

/* The answer of a review that was asked for is read whole: half of JSON is none. */
static void
put_answer(const struct fields *raw, struct fields *to)
{
	const char *text = fields_text(raw, "text");

	if (strlen(text) <= ANSWER_BYTES)
		fields_set(to, "answer", text);
}

int
feedback_rules_apply(const struct feedback_rules *rules, const struct fields *raw,
    bool by_hand, struct fields *to, struct err *err)
{
	static const char *const same[] = { "source", "delivery", "kind", "author",
		"pull_url", "branch", "commit", "issue", "parent", "deploy",
		"comment_id", "url", "check", "ci_run" };
	const char *repo = fields_text(raw, "repo");
	const char *head_repo = fields_text(raw, "head_repo");
	const char *kind = fields_text(raw, "kind");
	bool is_trusted;

	if (rules->repo[0] && repo[0] && strcasecmp(repo, rules->repo) != 0)
		return 0;
	for (size_t i = 0; i < N_ELEMS(same); i++)
		fields_set(to, same[i], fields_text(raw, same[i]));
	/* A branch of a fork may be called as one of ours. */
	if (head_repo[0] && repo[0] && strcasecmp(head_repo, repo) != 0) {
		fields_set(to, "branch", "");
		fields_set(to, "commit", "");
	} else if (fields_text(raw, "ci_job")[0]) {
		fields_set(to, "ci_job", fields_text(raw, "ci_job"));
		fields_set(to, "repo", repo);
	}
	if (put_route(rules, raw, to, err) < 0)
		return -1;
	is_trusted = by_hand || is_of_machine(kind) ||
		     feedback_is_trusted((const char *const *)rules->trusted.item,
			 rules->trusted.n, fields_text(raw, "source"),
			 fields_text(raw, "author"), fields_text(raw, "standing"));
	fields_set_number(to, "trusted", is_trusted);
	fields_set(to, "resume", rules->resume);
	put_text(raw, to);
	if (is_trusted)
		put_answer(raw, to);
	put_intent(rules, raw, to);
	return 1;
}

void
feedback_put(struct fields *order, size_t i, const struct fields *one)
{
	for (size_t k = 0; k < one->n; k++) {
		char key[80];

		snprintf(key, sizeof(key), "s%zu.%.60s", i, one->item[k].name);
		if (one->item[k].text)
			fields_set(order, key, one->item[k].text);
		else
			fields_set_number(order, key, one->item[k].number);
	}
}
