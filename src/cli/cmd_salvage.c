#include "cli/cmd.h"

#include "base/mem.h"
#include "base/text.h"
#include "cli/client.h"
#include "cli/kept.h"
#include "git/repo.h"
#include "git/run.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

const struct option_doc cmd_salvage_options[] = {
	OPTION_JSON,
	{ "restore", "NAME", "make a branch at this one: head, snapshot-1, ...", 0 },
	{ "branch", "BRANCH", "the branch to make (default: salvage/SESSION-NAME)", 0 },
	OPTION_END,
};

struct salvage {
	bool as_json;
	const char *word, *restore, *branch;
	char *session;
	struct repo repo;
};

static const char format[] =
    "--format=%(refname:lstrip=3)%09%(objectname)%09%(creatordate:iso-strict)%09%(subject)";

/* One pin: "head OID DATE SUBJECT". */
struct pin_row {
	struct span name, oid, date, subject;
};

static int
read_words(int argc, char **argv, struct salvage *s, struct err *err)
{
	struct args args;
	int at;

	args_init(&args, cmd_salvage_options, argc, argv);
	while ((at = args_next(&args, err)) != ARGS_END) {
		if (at == ARGS_BAD)
			return -1;
		if (at == ARGS_WORD && s->word)
			return err_set(err, ERR_USAGE,
			    "one session at a time, not '%.60s' too", args.value);
		if (at == ARGS_WORD)
			s->word = args.value;
		else if (at == 0)
			s->as_json = true;
		else if (at == 1)
			s->restore = args.value;
		else
			s->branch = args.value;
	}
	if (s->branch && !s->restore) {
		err_set(err, ERR_USAGE,
		    "--branch names the branch that --restore makes, and that is not given");
		return err_fix(err, "divisi salvage %s --restore NAME --branch %.80s",
		    s->word ? s->word : "SESSION", s->branch);
	}
	if (s->word || !s->restore)
		return 0;
	err_set(err, ERR_USAGE, "salvage --restore needs a session");
	return err_fix(err, "divisi salvage S-A --restore NAME");
}

/*
 * The stable id: as the server knows it, or the word itself, so that pins can be read when
 * there is no server and no journal any more.
 */
static char *
session_id(const char *word, char **repository)
{
	struct client client = { 0 };
	struct json_object *status = NULL;
	const struct json_object *found = NULL;
	struct err err = ERR_INIT;
	char *id;

	if (client_open(&client, NULL, true, &err) == 0)
		status = client_status(&client, &err);
	if (status)
		found = client_session(status, word, &err);
	id = xstrdup(found ? js_text(found, "id") : word);
	*repository = xstrdup(found ? js_text(found, "repository") : "");
	json_object_put(status);
	client_close(&client);
	return id;
}

static bool
next_row(struct span *rest, struct pin_row *row)
{
	struct span line;

	while (span_next(rest, '\n', &line)) {
		if (line.n > 0 && span_next(&line, '\t', &row->name) &&
		    span_next(&line, '\t', &row->oid) &&
		    span_next(&line, '\t', &row->date) &&
		    span_next(&line, '\t', &row->subject))
			return true;
	}
	return false;
}

static int
list_pins(const struct salvage *s, struct git_out *out, struct err *err)
{
	AUTO_FREE char *prefix = xasprintf("refs/divisi/%s/", s->session);
	struct git_call call = { .dir = s->repo.top,
		.argv = GIT_ARGS(
		    "for-each-ref", "--sort=creatordate", format, prefix) };

	if (!git_word_ok(s->session))
		return err_set(
		    err, ERR_NOT_FOUND, "no session is called '%.60s'", s->word);
	if (git_run(&call, out, err) < 0)
		return -1;
	if (out->n > 0)
		return 0;
	err_set(err, ERR_NOT_FOUND, "nothing is kept for '%.60s'", s->word);
	return err_fix(err, "git for-each-ref refs/divisi lists all that is kept");
}

/* Adds to LIST what is kept in the repository TOP; OTHER names it where it is not ours. */
static int
add_kept(struct json_object *list, const char *top, bool other, struct err *err)
{
	struct git_call call = { .dir = top,
		.argv = GIT_ARGS("for-each-ref", "--sort=refname",
		    "--format=%(refname:lstrip=2)%09%(creatordate:iso-strict)",
		    "refs/divisi/") };
	struct git_out out = { 0 };
	struct json_object *last = NULL;
	struct span rest, line, name;

	if (git_run(&call, &out, err) < 0)
		return -1;
	rest = (struct span){ out.text, out.n };
	while (span_next(&rest, '\n', &line)) {
		AUTO_FREE char *id = NULL, *at = NULL;

		if (!span_next(&line, '/', &name) || !line.p)
			continue;
		id = xstrndup(name.p, name.n);
		(void)span_next(&line, '\t', &name);
		at = xstrndup(line.p, line.n);
		if (!last || strcmp(js_text(last, "session"), id) != 0) {
			last = json_object_new_object();
			json_object_object_add(
			    last, "session", json_object_new_string(id));
			if (other)
				json_object_object_add(
				    last, "repository", json_object_new_string(top));
			json_object_array_add(list, last);
		}
		json_object_object_add(last, "kept",
		    json_object_new_int64(js_number(last, "kept", 0) + 1));
		if (strcmp(at, js_text(last, "latest")) > 0)
			json_object_object_add(
			    last, "latest", json_object_new_string(at));
	}
	git_out_clear(&out);
	return 0;
}

/* The other repositories that the plans at hand work in, as far as a server can say. */
static void
add_kept_elsewhere(struct json_object *list, const char *ours)
{
	struct client client = { 0 };
	struct err err = ERR_INIT;
	struct git_list tops = { 0 };
	AUTO_JSON struct json_object *status = NULL;

	if (client_open(&client, NULL, true, &err) == 0)
		status = client_status(&client, &err);
	if (status)
		kept_repositories(status, &tops);
	for (size_t i = 0; i < tops.n; i++) {
		if (strcmp(tops.item[i], ours) != 0 &&
		    add_kept(list, tops.item[i], true, &err) < 0)
			fprintf(stderr, "divisi: %s: %s\n", tops.item[i], err.text);
	}
	git_list_clear(&tops);
	client_close(&client);
}

/* Every session of which something is kept, how much, and since when. */
static int
list_sessions(const struct salvage *s, struct err *err)
{
	AUTO_JSON struct json_object *list = json_object_new_array();

	if (add_kept(list, s->repo.top, false, err) < 0)
		return -1;
	add_kept_elsewhere(list, s->repo.top);
	for (size_t i = 0; !s->as_json && i < js_count(list); i++) {
		const struct json_object *o = js_at(list, i);

		text_put(stdout, js_text(o, "session"));
		printf("  %lld kept, the last of %s",
		    (long long)js_number(o, "kept", 0), js_text(o, "latest"));
		if (js_text(o, "repository")[0]) {
			fputs(", in ", stdout);
			text_put(stdout, js_text(o, "repository"));
		}
		putchar('\n');
	}
	if (s->as_json)
		puts(json_object_to_json_string_ext(
		    list, JSON_C_TO_STRING_NOSLASHESCAPE));
	else if (js_count(list) > 0)
		puts("\n  -> divisi salvage SESSION lists them");
	else
		puts("nothing is kept yet");
	return 0;
}

static void
print_pins(const struct salvage *s, const struct git_out *out)
{
	struct span rest = { out->text, out->n };
	struct pin_row row;
	struct json_object *list = json_object_new_array();

	while (next_row(&rest, &row)) {
		AUTO_FREE char *subject = xstrndup(row.subject.p, row.subject.n);
		struct json_object *o = json_object_new_object();

		if (!s->as_json) {
			printf("%-14.*s %.10s  %.*s  ", SPAN_FMT(row.name), row.oid.p,
			    SPAN_FMT(row.date));
			text_put(stdout, subject);
			fputc('\n', stdout);
		}
		json_object_object_add(
		    o, "name", json_object_new_string_len(row.name.p, (int)row.name.n));
		json_object_object_add(
		    o, "commit", json_object_new_string_len(row.oid.p, (int)row.oid.n));
		json_object_object_add(
		    o, "at", json_object_new_string_len(row.date.p, (int)row.date.n));
		json_object_object_add(o, "subject", json_object_new_string(subject));
		json_object_array_add(list, o);
	}
	if (s->as_json)
		puts(json_object_to_json_string_ext(
		    list, JSON_C_TO_STRING_NOSLASHESCAPE));
	else
		printf("\n  -> divisi salvage %s --restore NAME makes a branch of one\n"
		       "     git show refs/divisi/%s/NAME looks at it\n",
		    s->word, s->session);
	json_object_put(list);
}

/* An existing branch is never moved. */
static int
check_new(const struct salvage *s, const char *branch, struct err *err)
{
	AUTO_FREE char *ref = xasprintf("refs/heads/%s", branch);
	struct git_call call = { .dir = s->repo.top,
		.argv = GIT_ARGS("show-ref", "--verify", "--quiet", ref) };
	struct err none = ERR_INIT;

	if (git_try(&call, NULL, &none) != 0)
		return 0; /* not there; what else is wrong `git branch` says */
	err_set(err, ERR_CONFLICT, "branch %.200s is there already; it is not moved",
	    branch);
	return err_fix(err, "divisi salvage %s --restore %s --branch ANOTHER", s->word,
	    s->restore);
}

static int
restore_pin(const struct salvage *s, const struct git_out *out, struct err *err)
{
	struct span rest = { out->text, out->n };
	AUTO_FREE char *branch = s->branch ? xstrdup(s->branch)
					   : xasprintf("salvage/%s-%s", s->session,
						 s->restore);
	AUTO_FREE char *oid = NULL;
	struct git_call call = { .dir = s->repo.top };
	struct pin_row row;

	while (!oid && next_row(&rest, &row)) {
		if (span_eq(row.name, s->restore))
			oid = xstrndup(row.oid.p, row.oid.n);
	}
	if (!oid) {
		err_set(err, ERR_NOT_FOUND, "nothing called '%.60s' is kept for it",
		    s->restore);
		return err_fix(err, "divisi salvage %s lists what is", s->word);
	}
	if (!git_branch_ok(branch))
		return err_set(
		    err, ERR_USAGE, "'%.80s' is no name for a branch", branch);
	if (check_new(s, branch, err) < 0)
		return -1;
	/* One that comes in between is never moved either: git refuses. */
	call.argv = GIT_ARGS("branch", "--no-track", branch, oid);
	if (git_run(&call, NULL, err) < 0)
		return err_wrap(err, "make branch %s", branch);
	if (s->as_json) {
		AUTO_JSON struct json_object *o = json_object_new_object();

		json_object_object_add(o, "branch", json_object_new_string(branch));
		json_object_object_add(o, "commit", json_object_new_string(oid));
		puts(json_object_to_json_string_ext(o, JSON_C_TO_STRING_NOSLASHESCAPE));
	} else {
		printf("branch %s holds it: git log %s, or git worktree add DIR %s\n",
		    branch, branch, branch);
	}
	return 0;
}

int
cmd_salvage(int argc, char **argv)
{
	struct salvage s = { .repo.lock_fd = -1 };
	struct git_out out = { 0 };
	struct err err = ERR_INIT;
	AUTO_FREE char *repository = NULL;
	int rc = read_words(argc, argv, &s, &err);

	if (rc == 0)
		rc = repo_open(".", &s.repo, &err);
	if (rc == 0 && !s.word) {
		rc = list_sessions(&s, &err);
	} else if (rc == 0) {
		s.session = session_id(s.word, &repository);
		if (repository[0]) {
			repo_close(&s.repo);
			rc = repo_open(repository, &s.repo, &err);
		}
		if (rc == 0)
			rc = list_pins(&s, &out, &err);
	}
	if (rc == 0 && s.restore)
		rc = restore_pin(&s, &out, &err);
	else if (rc == 0 && s.word)
		print_pins(&s, &out);
	git_out_clear(&out);
	repo_close(&s.repo);
	free(s.session);
	return rc < 0 ? cmd_fail(&err, s.as_json) : 0;
}
