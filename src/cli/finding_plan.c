#include "cli/finding_plan.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/client.h"

#include <string.h>
#include <unistd.h>

/* Agreed findings as the next master plan, which is checked and approved like any other. */

enum { LINE_MAX_BYTES = 600, FOCUS_MAX_BYTES = 60, PHASES_MAX = 26, GROUPED_LEAST = 3 };

struct one {
	const struct json_object *finding;
	char id[8]; /* of its phase */
};

/* What a reviewer wrote, as a plain part of a line of Markdown. */
static void
put(FILE *out, const char *text, size_t max)
{
	AUTO_FREE char *line = text_show(text, true);
	size_t n = 0;

	for (const char *p = line; *p; p++) {
		if (n++ >= max && ((unsigned char)*p & 0xC0) != 0x80)
			break;
		fputc(strchr("|`<>[]{}*#", *p) ? ' ' : *p, out);
	}
}

static bool
is_small(const struct json_object *f)
{
	return strcmp(js_text(f, "effort"), "small") == 0 ||
	       strcmp(js_text(f, "effort"), "trivial") == 0;
}

/* "src/a.c" of "src/a.c:12"; the caller frees it.  "" when it is no path. */
static char *
path_of(const char *where)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "abcdefghijklmnopqrstuvwxyz0123456789._-/+@";
	size_t n = strspn(where, letters);

	if (n == 0 || where[0] == '/' || strstr(where, "..") ||
	    (where[n] != '\0' && where[n] != ':') || !memchr(where, '.', n))
		return xstrdup("");
	return xstrndup(where, n);
}

static void
put_issue(FILE *out, const struct json_object *f)
{
	fprintf(out, "[%s: Review finding %s](local:%s)", js_text(f, "sub_issue"),
	    js_text(f, "id"), js_text(f, "sub_issue"));
}

static void
put_tables(FILE *out, const struct one *all, size_t n)
{
	bool is_grouped = n >= GROUPED_LEAST && is_small(all[0].finding) &&
			  !is_small(all[n - 1].finding);

	fputs("\n## Issue Registry\n\n"
	      "| ID | Title | Status | Exec | Est | Depends On |\n"
	      "|----|-------|--------|------|-----|------------|\n",
	    out);
	for (size_t i = 0; i < n; i++) {
		const struct json_object *f = all[i].finding;

		fprintf(out,
		    "| [%s](local:%s) | Review finding %s | Todo | %s | %s | -- |\n",
		    js_text(f, "sub_issue"), js_text(f, "sub_issue"), js_text(f, "id"),
		    is_small(f) ? "quick" : "tdd", is_small(f) ? "2pt" : "5pt");
	}
	fputs("\n## Phase Map\n\n"
	      "| Phase | Issues | Focus | Batch | Dependencies | Status |\n"
	      "|-------|--------|-------|-------|--------------|--------|\n",
	    out);
	for (size_t i = 0; i < n; i++) {
		const struct json_object *f = all[i].finding;

		fprintf(out, "| %s | [%s](local:%s) | Finding %s: ", all[i].id,
		    js_text(f, "sub_issue"), js_text(f, "sub_issue"), js_text(f, "id"));
		put(out, js_text(f, "text"), FOCUS_MAX_BYTES);
		fprintf(out, " | %s | None | Todo |\n",
		    !is_grouped   ? "--"
		    : is_small(f) ? "1"
				  : "2");
	}
}

static void
put_phase(FILE *out, const struct one *one, const struct finding_wish *wish)
{
	const struct json_object *f = one->finding;
	const char *agent = is_small(f) && wish->small_agent ? wish->small_agent
							     : wish->agent;
	AUTO_FREE char *path = path_of(js_text(f, "where"));

	fprintf(out, "\n### %s: Finding %s: ", one->id, js_text(f, "id"));
	put(out, js_text(f, "text"), FOCUS_MAX_BYTES);
	fputs("\n\n- Issue: ", out);
	put_issue(out, f);
	fprintf(out, "\n- Mode: %s\n- Estimate: %s\n", is_small(f) ? "quick" : "tdd",
	    is_small(f) ? "$1, 2pt" : "$5, 5pt");
	if (agent)
		fprintf(out, "- Agent: %s\n", agent);
	if (path[0])
		fprintf(out, "- Writes: `%s`\n", path);
	fprintf(out,
	    "- Context:\n  - A review found this (%s) and a person agreed.\n  - It "
	    "was found by ",
	    js_text(f, "severity"));
	put(out, js_text(f, "reviewers"), LINE_MAX_BYTES);
	fputs(
	    ".\n  - The whole finding is the description of the issue.\n- Tasks:\n  1. "
	    "Mend this: ",
	    out);
	put(out, js_text(f, "text"), LINE_MAX_BYTES);
	if (js_text(f, "advice")[0]) {
		fputs("\n  2. The reviewers recommend: ", out);
		put(out, js_text(f, "advice"), LINE_MAX_BYTES);
	}
	fprintf(out,
	    "\n- Deliverable: the finding is mended. Update [%s](local:%s) with "
	    "results.\n- Acceptance:\n  - [ ] What was found is so no longer\n",
	    js_text(f, "sub_issue"), js_text(f, "sub_issue"));
}

static char *
plan_text(const struct json_object *status, const struct json_object *plan,
    const struct one *all, size_t n, const struct finding_wish *wish)
{
	char date[32], *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	text_time(js_number(status, "now", 0), date, sizeof(date));
	fputs("# Master Plan: Review findings\n\n**Parent issue:** ", out);
	if (plan && js_text(plan, "master")[0])
		fprintf(out, "[%s: %s](local:%s)", js_text(plan, "master"),
		    js_text(plan, "title"), js_text(plan, "master"));
	else
		fputs("none", out);
	fprintf(out, "\n**Date:** %.10s\n**Supersedes:** none\n", date);
	put_tables(out, all, n);
	for (size_t i = 0; i < n; i++)
		put_phase(out, &all[i], wish);
	fputs("\n## Verification\n\n- [ ] every agreed finding is mended\n\n"
	      "## Session Registry\n\n"
	      "| Session Name | Issue | Phase | Agent | Worktree | Branch | Status |\n"
	      "|---|---|---|---|---|---|---|\n",
	    out);
	fclose(out);
	return text;
}

/* The plan that is reviewed by R, or NULL. */
static const struct json_object *
plan_of(const struct json_object *status, const struct json_object *r)
{
	struct json_object *plans = js_get(status, "plans");

	for (size_t i = js_count(plans); i-- > 0;) {
		if (strcmp(js_text(js_at(plans, i), "path"), js_text(r, "plan")) == 0)
			return js_at(plans, i);
	}
	return NULL;
}

static bool
is_about(const struct json_object *r, const char *about)
{
	return about[0] == '\0' || strcmp(js_text(r, "id"), about) == 0 ||
	       strcmp(js_text(r, "session"), about) == 0 ||
	       strcmp(js_text(r, "plan"), about) == 0;
}

static size_t
collect(const struct json_object *r, const struct finding_wish *wish, struct one *all,
    size_t n)
{
	struct json_object *list = js_get(r, "findings");

	for (size_t i = 0; i < js_count(list) && n < PHASES_MAX; i++) {
		const struct json_object *f = js_at(list, i);

		if (strcmp(js_text(f, "decision"), "agreed") != 0 ||
		    (strcmp(js_text(f, "state"), "filed") != 0 &&
			!(wish->takes_mentioned &&
			    strcmp(js_text(f, "state"), "mentioned") == 0)))
			continue;
		all[n++].finding = f;
	}
	return n;
}

/* R-81: by effort, the small ones first; otherwise as they were found. */
static void
name_phases(struct one *all, size_t n)
{
	struct one sorted[PHASES_MAX];
	size_t n_sorted = 0;

	for (int small = 1; small >= 0; small--) {
		for (size_t i = 0; i < n; i++) {
			if (is_small(all[i].finding) == (small == 1))
				sorted[n_sorted++] = all[i];
		}
	}
	for (size_t i = 0; i < n; i++) {
		all[i] = sorted[i];
		snprintf(all[i].id, sizeof(all[i].id), "1%c", (char)('A' + (int)i));
	}
}

int
finding_plan_write(struct json_object *status, const char *about, const char *file,
    const struct finding_wish *wish, size_t *n, struct err *err)
{
	struct json_object *reviews = js_get(status, "reviews");
	const struct json_object *plan = NULL;
	struct one all[PHASES_MAX];
	AUTO_FREE char *text = NULL;
	size_t n_all = 0;

	for (size_t i = 0; i < js_count(reviews); i++) {
		const struct json_object *r = js_at(reviews, i);

		if (!is_about(r, about))
			continue;
		n_all = collect(r, wish, all, n_all);
		plan = plan ? plan : plan_of(status, r);
	}
	if (n_all == 0) {
		err_set(
		    err, ERR_NOT_FOUND, "no agreed finding has a sub-issue to work on");
		return err_fix(err, "divisi findings shows what is undecided");
	}
	if (access(file, F_OK) == 0) {
		err_set(err, ERR_CONFLICT, "%s is there already", file);
		return err_fix(err, "name a new file");
	}
	name_phases(all, n_all);
	text = plan_text(status, plan, all, n_all, wish);
	if (file_write_atomic(file, text, strlen(text), 0644, err) < 0)
		return -1;
	*n = n_all;
	return 0;
}
