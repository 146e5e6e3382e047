#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "web/payload.h"

/* What senders' deliveries say; table test of each sender. */

#define NOW 1700000000000

#define REPO \
	"\"repository\":{\"full_name\":\"o/r\",\"html_url\":\"https://github.com/o/r\"}"
#define PULL                                                                         \
	"\"pull_request\":{\"html_url\":\"https://github.com/o/r/pull/7\",\"head\":" \
	"{\"ref\":\"claude/x\",\"sha\":\"abcdef1234\",\"repo\":{\"full_name\":"      \
	"\"o/r\"}},\"user\":{\"login\":\"cursor[bot]\",\"type\":\"Bot\"},"           \
	"\"additions\":2,\"deletions\":1,\"title\":\"t\",\"body\":\"b\"}"

static const struct {
	enum sender sender;
	const char *event, *body;
	const char *kind;      /* NULL: of no interest */
	const char *name, *is; /* one field of it */
} table[] = {
	{ SENDER_GITHUB, "pull_request_review",
	    "{\"action\":\"submitted\"," REPO "," PULL
	    ",\"review\":{\"id\":5,\"state\":"
	    "\"changes_requested\",\"body\":\"no\",\"user\":{\"login\":\"ada\"},"
	    "\"author_association\":\"MEMBER\",\"html_url\":\"u\"}}",
	    "review", "standing", "member" },
	{ SENDER_GITHUB, "pull_request_review",
	    "{\"action\":\"submitted\"," REPO "," PULL
	    ",\"review\":{\"id\":5,\"state\":\"approved\",\"body\":\"\"}}",
	    NULL, NULL, NULL },
	{ SENDER_GITHUB, "pull_request_review_comment",
	    "{\"action\":\"created\"," REPO "," PULL ",\"comment\":{\"id\":5,\"path\":"
	    "\"a.c\",\"line\":12,\"body\":\"rename\",\"user\":{\"login\":\"ada\"}}}",
	    "review-comment", "text", "a.c:12\nrename" },
	{ SENDER_GITHUB, "issue_comment",
	    "{\"action\":\"created\"," REPO ",\"issue\":{\"number\":7,\"pull_request\":"
	    "{\"html_url\":\"https://github.com/o/r/pull/7\"}},\"comment\":{\"id\":1,"
	    "\"body\":\"hi\",\"user\":{\"login\":\"ada\"}}}",
	    "pr-comment", "pull_url", "https://github.com/o/r/pull/7" },
	{ SENDER_GITHUB, "issue_comment",
	    "{\"action\":\"created\"," REPO ",\"issue\":{\"number\":7},\"comment\":"
	    "{\"id\":1,\"body\":\"hi\",\"user\":{\"login\":\"ada\"}}}",
	    "comment", "issue", "#7" },
	{ SENDER_GITHUB, "issue_comment", "{\"action\":\"edited\"," REPO "}", NULL,
	    NULL, NULL },
	{ SENDER_GITHUB, "check_run",
	    "{\"action\":\"completed\"," REPO ",\"check_run\":{\"name\":\"build\","
	    "\"conclusion\":\"failure\",\"head_sha\":\"abcdef1234\",\"html_url\":\"u\","
	    "\"check_suite\":{\"head_branch\":\"claude/x\"},\"pull_requests\":"
	    "[{\"number\":7}],\"output\":{\"title\":\"red\",\"summary\":\"s\","
	    "\"text\":\"a log\"}}}",
	    "ci", "log", "a log" },
	{ SENDER_GITHUB, "check_run",
	    "{\"action\":\"completed\"," REPO
	    ",\"check_run\":{\"name\":\"build\",\"conclusion\":\"success\"}}",
	    NULL, NULL, NULL },
	{ SENDER_GITHUB, "workflow_run",
	    "{\"action\":\"completed\"," REPO ",\"workflow_run\":{\"name\":\"ci\","
	    "\"conclusion\":\"failure\",\"head_branch\":\"main\",\"head_repository\":"
	    "{\"full_name\":\"mallory/r\"},\"pull_requests\":[]}}",
	    "ci", "head_repo", "mallory/r" },
	{ SENDER_GITHUB, "workflow_run",
	    "{\"action\":\"completed\"," REPO
	    ",\"workflow_run\":{\"id\":5,\"name\":\"ci\","
	    "\"conclusion\":\"failure\"}}",
	    "ci", "ci_job", "run:5" },
	{ SENDER_GITHUB, "check_run",
	    "{\"action\":\"completed\"," REPO
	    ",\"check_run\":{\"id\":7,\"name\":\"ci\","
	    "\"app\":{\"slug\":\"github-actions\"},\"conclusion\":\"failure\"}}",
	    "ci", "ci_job", "job:7" },
	{ SENDER_GITHUB, "check_run",
	    "{\"action\":\"completed\"," REPO
	    ",\"check_run\":{\"id\":7,\"name\":\"ci\","
	    "\"app\":{\"slug\":\"another\"},\"conclusion\":\"failure\"}}",
	    "ci", "ci_job", "" },
	{ SENDER_GITHUB, "workflow_job",
	    "{\"action\":\"completed\"," REPO ",\"workflow_job\":{\"name\":\"unit\","
	    "\"conclusion\":\"failure\",\"head_branch\":\"b\",\"steps\":[{\"name\":"
	    "\"set up\",\"conclusion\":\"success\"},{\"name\":\"make check\","
	    "\"conclusion\":\"failure\"}]}}",
	    "ci", "text", "unit: the step 'make check' failed" },
	{ SENDER_GITHUB, "workflow_job",
	    "{\"action\":\"completed\"," REPO
	    ",\"workflow_job\":{\"id\":7,\"run_id\":5,"
	    "\"name\":\"unit\",\"conclusion\":\"failure\"}}",
	    "ci", "ci_run", "5" },
	{ SENDER_GITHUB, "check_run",
	    "{\"action\":\"completed\"," REPO
	    ",\"check_run\":{\"id\":7,\"name\":\"unit\","
	    "\"app\":{\"slug\":\"github-actions\"},\"conclusion\":\"failure\","
	    "\"details_url\":\"https://github.com/o/r/actions/runs/5/job/7\"}}",
	    "ci", "ci_run", "5" },
	{ SENDER_GITHUB, "check_run",
	    "{\"action\":\"completed\"," REPO
	    ",\"check_run\":{\"id\":7,\"name\":\"unit\",\"conclusion\":\"failure\"}}",
	    "ci", "check", "unit" },
	{ SENDER_GITHUB, "workflow_run",
	    "{\"action\":\"completed\"," REPO
	    ",\"workflow_run\":{\"id\":5,\"name\":\"ci\","
	    "\"conclusion\":\"failure\"}}",
	    "ci", "ci_run", "5" },
	{ SENDER_GITHUB, "status",
	    "{" REPO ",\"state\":\"failure\",\"sha\":\"abcdef1234\",\"context\":\"x\","
	    "\"branches\":[{\"name\":\"b\"}]}",
	    "ci", "branch", "b" },
	{ SENDER_GITHUB, "deployment_status",
	    "{" REPO ",\"deployment\":{\"ref\":\"b\",\"sha\":\"abcdef1234\"},"
	    "\"deployment_status\":{\"state\":\"success\",\"environment_url\":\"e\"}}",
	    "preview", "deploy", "e" },
	{ SENDER_GITHUB, "pull_request", "{\"action\":\"opened\"," REPO "," PULL "}",
	    "quick-fix", "author", "cursor[bot]" },
	{ SENDER_GITHUB, "ping", "{" REPO "}", NULL, NULL, NULL },
	{ SENDER_LINEAR, "Comment",
	    "{\"type\":\"Comment\",\"action\":\"create\",\"webhookTimestamp\":"
	    "1700000000000,\"actor\":{\"email\":\"ada@acme.example\"},\"data\":{\"id\":"
	    "\"c\",\"body\":\"@divisi status\",\"issue\":{\"identifier\":\"CIA-3\"}}}",
	    "comment", "issue", "CIA-3" },
	{ SENDER_LINEAR, "AgentSessionEvent",
	    "{\"type\":\"AgentSessionEvent\",\"action\":\"created\",\"webhookTimestamp\":"
	    "1700000000000,\"agentSession\":{\"id\":\"s\",\"issue\":{\"identifier\":"
	    "\"CIA-3\"},\"creator\":{\"name\":\"Ada\"}}}",
	    "delegation", "author", "Ada" },
	{ SENDER_SENTRY, "issue",
	    "{\"action\":\"unresolved\",\"data\":{\"issue\":{\"title\":\"boom\","
	    "\"culprit\":\"f\",\"web_url\":\"u\"}}}",
	    "alert", "text", "A regression: boom\nf" },
	{ SENDER_SENTRY, "installation", "{\"action\":\"created\",\"data\":{}}", NULL,
	    NULL, NULL },
	{ SENDER_VERCEL, "",
	    "{\"id\":\"v1\",\"type\":\"deployment.succeeded\",\"createdAt\":"
	    "1700000000000,\"payload\":{\"deployment\":{\"url\":\"x.example\",\"meta\":"
	    "{\"githubCommitRef\":\"b\"}}}}",
	    "preview", "url", "https://x.example" },
	{ SENDER_VERCEL, "",
	    "{\"id\":\"v2\",\"type\":\"deployment.error\",\"createdAt\":1700000000000,"
	    "\"payload\":{\"deployment\":{\"url\":\"x.example\"}}}",
	    "deploy-failed", "delivery", "v2" },
	{ SENDER_GENERIC, "", "{\"kind\":\"ci\",\"branch\":\"b\",\"text\":\"red\"}",
	    "ci", "branch", "b" },
	{ SENDER_GENERIC, "", "{\"text\":\"red\"}", NULL, NULL, NULL },
	/* a deployment succeeded by its exit and its health, not by its page */
	{ SENDER_GENERIC, "", "{\"kind\":\"preview\",\"text\":\"HTTP 200\"}", "preview",
	    "text", "HTTP 200" },
	{ SENDER_GENERIC, "",
	    "{\"kind\":\"preview\",\"exit\":0,\"health\":\"Healthy\",\"branch\":\"b\"}",
	    "preview", "branch", "b" },
	{ SENDER_GENERIC, "",
	    "{\"kind\":\"preview\",\"exit\":0,\"health\":\"degraded\",\"branch\":\"b\"}",
	    "deploy-failed", "branch", "b" },
	{ SENDER_GENERIC, "",
	    "{\"kind\":\"preview\",\"exit\":1,\"health\":\"ok\",\"branch\":\"b\"}",
	    "deploy-failed", "branch", "b" },
};

static int
read_one(enum sender sender, const char *event, const char *body, struct fields *f,
    struct err *err)
{
	struct delivery d = { .sender = sender,
		.event = event,
		.id = "g1",
		.body = body,
		.n_body = strlen(body) };
	char what[96];

	return payload_read(&d, NOW, f, what, err);
}

static void
each_sender_is_read_as_it_writes(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMS(table); i++) {
		struct fields f = { 0 };
		struct err err = ERR_INIT;
		int rc = read_one(
		    table[i].sender, table[i].event, table[i].body, &f, &err);

		if (rc != (table[i].kind != NULL))
			fail_msg("row %zu: %d %s", i, rc, err.text);
		if (table[i].kind) {
			assert_string_equal(fields_text(&f, "kind"), table[i].kind);
			assert_string_equal(
			    fields_text(&f, table[i].name), table[i].is);
			assert_true(fields_text(&f, "delivery")[0] != '\0');
		}
		fields_clear(&f);
	}
}

/* The id of a delivery that is not signed is not believed. */
static void
the_same_bytes_are_the_same_delivery(void **state)
{
	const char *body = table[0].body;
	struct delivery d = { .sender = SENDER_GITHUB,
		.event = table[0].event,
		.id = "one",
		.body = body,
		.n_body = strlen(body) };
	struct fields a = { 0 }, b = { 0 };
	struct err err = ERR_INIT;
	char what[96];

	(void)state;
	assert_int_equal(payload_read(&d, NOW, &a, what, &err), 1);
	d.id = "two";
	assert_int_equal(payload_read(&d, NOW, &b, what, &err), 1);
	assert_string_equal(fields_text(&a, "delivery"), fields_text(&b, "delivery"));
	fields_clear(&a);
	fields_clear(&b);
}

static void
bad_bodies_are_named(void **state)
{
	static const char *const bad[] = { "", "no", "[]", "{", "{\"a\":1} x",
		"{'a':1}", "{\"a\":\"\xff\"}",
		"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[" };

	(void)state;
	for (size_t i = 0; i < N_ELEMS(bad); i++) {
		struct fields f = { 0 };
		struct err err = ERR_INIT;

		if (read_one(SENDER_GITHUB, "status", bad[i], &f, &err) != -1)
			fail_msg("'%s' is taken", bad[i]);
		assert_int_equal(err.kind, ERR_INPUT);
		fields_clear(&f);
	}
}

static void
an_old_delivery_of_linear_or_vercel_is_refused(void **state)
{
	static const char *const old[] = {
		"{\"type\":\"Comment\",\"action\":\"create\",\"webhookTimestamp\":"
		"1600000000000,\"data\":{}}",
		"{\"type\":\"Comment\",\"action\":\"create\",\"data\":{}}",
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMS(old); i++) {
		struct fields f = { 0 };
		struct err err = ERR_INIT;

		assert_int_equal(read_one(SENDER_LINEAR, "", old[i], &f, &err), -1);
		assert_int_equal(err.kind, ERR_REFUSED);
		fields_clear(&f);
		err = (struct err)ERR_INIT;
		assert_int_equal(read_one(SENDER_VERCEL, "", old[i], &f, &err), -1);
		fields_clear(&f);
	}
}

/* Signatures: of each sender its own, of nobody else, of no other body. */
static void
only_the_secret_signs(void **state)
{
	/* HMAC of "{}" under "s" */
	static const char *const sha256 =
	    "143ca8d517ba1b181025d732b1cf275d90104fca57bb02a565542978aa18c4b6";
	struct delivery d = { .body = "{}", .n_body = 2 };
	struct err err = ERR_INIT;
	char hub[80];

	(void)state;
	snprintf(hub, sizeof(hub), "sha256=%s", sha256);
	for (int i = 0; i < SENDER_N; i++) {
		d.sender = (enum sender)i;
		d.signature = NULL;
		assert_int_equal(delivery_check(&d, "s", NOW, &err), -1);
		d.signature = "";
		assert_int_equal(delivery_check(&d, "s", NOW, &err), -1);
		d.signature = "sha256=00";
		assert_int_equal(delivery_check(&d, "s", NOW, &err), -1);
		assert_int_equal(err.kind, ERR_REFUSED);
	}
	d.sender = SENDER_GITHUB;
	d.signature = hub;
	assert_int_equal(delivery_check(&d, "s", NOW, &err), 0);
	assert_int_equal(delivery_check(&d, "other", NOW, &err), -1);
	d.signature = sha256; /* without its word */
	assert_int_equal(delivery_check(&d, "s", NOW, &err), -1);
	assert_int_equal(sender_of("github"), SENDER_GITHUB);
	assert_int_equal(sender_of("gitlab"), -1);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_sender_is_read_as_it_writes),
		cmocka_unit_test(the_same_bytes_are_the_same_delivery),
		cmocka_unit_test(bad_bodies_are_named),
		cmocka_unit_test(an_old_delivery_of_linear_or_vercel_is_refused),
		cmocka_unit_test(only_the_secret_signs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
