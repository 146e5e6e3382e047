#include "policy/feedback.h"

#include "base/mem.h"
#include "base/text.h"

#include <ctype.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static const char *const to_names[FEEDBACK_N_TO] = { "session", "human", "auto",
	"new-issue", "v0" };

/* Every kind there is: what arrived, in one word. */
static const char *const kinds[] = { "review", "review-comment", "pr-comment",
	"comment", "delegation", "ci", "preview", "deploy-failed", "alert", "pr",
	"quick-fix", "link" };

#define SAID "review review-comment pr-comment"

/* clang-format off */
static const struct feedback_row rows[] = {
	/* R-71, in its order */
	{ "Vercel Bot", "vercel", "preview", "*", FEEDBACK_SESSION,
	    "use the preview in your verify step", "" },
	{ "Vercel Bot", "vercel", "deploy-failed", "*", FEEDBACK_SESSION,
	    "mend the deployment: two approaches in all, then a person. It succeeded when its "
	    "command ended with 0 and the platform calls it healthy, not when a page answers 200", "" },
	{ "Vercel Bot", "github", SAID, "vercel[[]bot]", FEEDBACK_SESSION,
	    "use the preview in your verify step", "" },
	{ "Vercel Comments", "vercel", "comment", "*", FEEDBACK_V0,
	    "a stakeholder's remark about the page: v0's loop of components",
	    "source:vercel-comments" },
	{ "GitHub Copilot", "github", SAID, "copilot copilot[[]bot] github-copilot[[]bot] "
	    "copilot-pull-request-reviewer copilot-pull-request-reviewer[[]bot]",
	    FEEDBACK_SESSION, "settle it before the merge", "" },
	{ "Sentry", "sentry", "alert", "*", FEEDBACK_NEW_ISSUE,
	    "a new issue by way of the spec author; a regression opens its issue again", "" },
	{ "Linear Bot", "*", "link comment " SAID, "linear[[]bot] linear-code[[]bot]",
	    FEEDBACK_AUTO, "a link between issue and pull request: nothing to do", "" },
	{ "Cursor", "github", "quick-fix", "cursor cursor[[]bot] cursoragent", FEEDBACK_AUTO,
	    "fewer than five lines: Copilot reviews, then it merges, past the pipeline", "" },
	{ "Cursor", "github", "pr", "cursor cursor[[]bot] cursoragent", FEEDBACK_HUMAN,
	    "five lines or more: the standard review of a pull request", "" },
	{ "cto.new", "github", "pr quick-fix", "cto-new cto-new[[]bot] cto.new", FEEDBACK_HUMAN,
	    "the standard review; compare with Claude's when both were assigned", "" },
	{ "Codex", "github", SAID, "codex codex[[]bot] chatgpt-codex-connector "
	    "chatgpt-codex-connector[[]bot]", FEEDBACK_SESSION,
	    "P1 before the merge, P2 at your discretion", "" },
	{ "Factory", "github", "pr quick-fix", "factory factory-droid factory-droid[[]bot]",
	    FEEDBACK_HUMAN, "the standard review of a pull request", "" },
	{ "Amp", "github", "pr quick-fix", "amp ampcode ampcode[[]bot] amp-by-sourcegraph[[]bot]",
	    FEEDBACK_HUMAN, "the standard review of a pull request", "" },
	/* by what it is, whoever says it */
	{ "Review", "*", SAID, "*", FEEDBACK_SESSION, "settle it before the merge", "" },
	{ "Checks", "*", "ci", "*", FEEDBACK_SESSION, "make the checks pass", "" },
	{ "Comment", "*", "comment delegation", "*", FEEDBACK_SESSION, "take it into account", "" },
	{ "Deployment", "*", "deploy-failed", "*", FEEDBACK_SESSION,
	    "mend the deployment: two approaches in all, then a person. It succeeded when its "
	    "command ended with 0 and the platform calls it healthy, not when a page answers 200", "" },
	{ "Deployment", "*", "preview", "*", FEEDBACK_SESSION,
	    "use it in your verify step", "" },
	{ "Alert", "*", "alert", "*", FEEDBACK_NEW_ISSUE,
	    "a new issue; a regression opens its issue again", "" },
	{ "Link", "*", "link", "*", FEEDBACK_AUTO, "nothing to do", "" },
	{ "Anything else", "*", "*", "*", FEEDBACK_HUMAN, "see what it is", "" },
};
/* clang-format on */

const char *
feedback_to_name(enum feedback_to to)
{
	return to_names[to];
}

int
feedback_to_of(const char *name)
{
	for (int i = 0; i < FEEDBACK_N_TO; i++) {
		if (strcmp(to_names[i], name) == 0)
			return i;
	}
	return -1;
}

const struct feedback_row *
feedback_row(size_t i)
{
	return i < N_ELEMS(rows) ? &rows[i] : NULL;
}

bool
feedback_kind_ok(const char *kind)
{
	for (size_t i = 0; i < N_ELEMS(kinds); i++) {
		if (strcmp(kinds[i], kind) == 0)
			return true;
	}
	return false;
}

/* Does WORD fit one of the blank-separated patterns of LIST? */
static bool
fits(const char *list, const char *word)
{
	struct span rest = span_of(list), one;

	while (span_next(&rest, ' ', &one)) {
		char pattern[96];

		if (one.n == 0 || one.n >= sizeof(pattern))
			continue;
		snprintf(pattern, sizeof(pattern), "%.*s", SPAN_FMT(one));
		if (fnmatch(pattern, word, FNM_CASEFOLD) == 0)
			return true;
	}
	return false;
}

const struct feedback_row *
feedback_route(const char *source, const char *kind, const char *author)
{
	for (size_t i = 0; i + 1 < N_ELEMS(rows); i++) {
		const struct feedback_row *r = &rows[i];

		if (fits(r->source, source) && fits(r->kinds, kind) &&
		    fits(r->authors, author))
			return r;
	}
	return &rows[N_ELEMS(rows) - 1];
}

int
feedback_own_row(const char *setting, const char *source, const char *kind,
    const char *author, enum feedback_to *to, struct err *err)
{
	char word[4][96], more[2];
	int where;

	if (sscanf(setting, "%95s %95s %95s %95s %1s", word[0], word[1], word[2],
		word[3], more) != 4 ||
	    (where = feedback_to_of(word[3])) < 0) {
		err_set(err, ERR_INPUT,
		    "divisi.feedback.route '%.80s' is not: SOURCE KIND AUTHOR TO",
		    setting);
		return err_fix(err,
		    "TO is session, human, auto, new-issue or v0; * is any of the others");
	}
	if (!fits(word[0], source) || !fits(word[1], kind) || !fits(word[2], author))
		return 0;
	*to = (enum feedback_to)where;
	return 1;
}

/* The reviewers that the table names are heard unless a setting says who is. */
static bool
is_of_table(const char *source, const char *author)
{
	for (size_t i = 0; i < N_ELEMS(rows); i++) {
		if (strcmp(rows[i].authors, "*") != 0 && fits(rows[i].source, source) &&
		    fits(rows[i].authors, author))
			return true;
	}
	return false;
}

static bool
trusts(
    const char *pattern, const char *source, const char *author, const char *standing)
{
	const char *colon = strchr(pattern, ':');
	size_t n = colon ? (size_t)(colon - pattern) : 0;

	if (colon && (n != strlen(source) || strncasecmp(pattern, source, n) != 0))
		return false;
	if (colon)
		pattern = colon + 1;
	if (pattern[0] == '@')
		return standing[0] && strcasecmp(pattern + 1, standing) == 0;
	return author[0] && fnmatch(pattern, author, FNM_CASEFOLD) == 0;
}

bool
feedback_is_trusted(const char *const *list, size_t n, const char *source,
    const char *author, const char *standing)
{
	static const char *const usual[] = { "github:@owner", "github:@member",
		"github:@collaborator" };
	bool by_default = n == 0;

	if (by_default) {
		list = usual;
		n = N_ELEMS(usual);
	}
	for (size_t i = 0; i < n; i++) {
		if (trusts(list[i], source, author, standing))
			return true;
	}
	return by_default && is_of_table(source, author);
}

const char *
feedback_severity(const char *text)
{
	static const struct {
		const char *word, *severity;
	} words[] = { { "P1", "Critical" }, { "P2", "Important" }, { "P3", "Consider" },
		{ "Suggestion", "Consider" } };
	const char *best = NULL, *severity = "";

	for (size_t i = 0; i < N_ELEMS(words); i++) {
		const char *at = strstr(text, words[i].word);
		size_t n = strlen(words[i].word);

		if (!at || (at > text && isalnum((unsigned char)at[-1])) ||
		    isalnum((unsigned char)at[n]) || (best && at > best))
			continue;
		best = at;
		severity = words[i].severity;
	}
	return severity;
}

/* ---- logs ------------------------------------------------------------------------------ */

#define LINES_BEFORE 4
#define LINE_BYTES   400

/* LOG without colours and carriage returns, and without the time that begins each line. */
static char *
plain(const char *log)
{
	size_t n = strlen(log);
	char *out = xmalloc(n + 1), *w = out;
	bool at_start = true;

	for (const char *p = log; *p;) {
		if (at_start && strlen(p) > 28 && isdigit((unsigned char)p[0]) &&
		    p[4] == '-' && p[10] == 'T' && p[19] == '.' &&
		    strcspn(p, "Z") < 29 && p[strcspn(p, "Z") + 1] == ' ') {
			p += strcspn(p, "Z") + 2;
			continue;
		}
		at_start = false;
		if (p[0] == '\033' && p[1] == '[') {
			p += 2;
			p += strspn(p, "0123456789;?");
			p += *p != '\0';
			continue;
		}
		if (*p == '\n')
			at_start = true;
		if (*p != '\r' && *p != '\033')
			*w++ = *p;
		p++;
	}
	*w = '\0';
	return out;
}

static bool
has_word(const char *line, size_t n, const char *word)
{
	size_t len = strlen(word);

	for (size_t i = 0; i + len <= n; i++) {
		if (strncasecmp(line + i, word, len) == 0)
			return true;
	}
	return false;
}

static bool
tells_of_failure(const char *line, size_t n)
{
	static const char *const words[] = { "error", "fail", "assert", "traceback",
		"panic", "undefined reference", "not ok", "fatal", "exception" };
	static const char *const none[] = { "0 error", "0 fail", "no error",
		"no fail" };

	for (size_t i = 0; i < N_ELEMS(none); i++) {
		if (has_word(line, n, none[i]))
			return false;
	}
	for (size_t i = 0; i < N_ELEMS(words); i++) {
		if (has_word(line, n, words[i]))
			return true;
	}
	return false;
}

/* The first line of TEXT that tells of a failure, a few lines before it; TEXT when none. */
static const char *
where_it_fails(const char *text)
{
	const char *before[LINES_BEFORE] = { text, text, text, text };
	size_t k = 0;

	for (const char *line = text; *line;) {
		size_t n = strcspn(line, "\n");

		if (tells_of_failure(line, n < LINE_BYTES ? n : LINE_BYTES))
			return before[k % LINES_BEFORE];
		before[k++ % LINES_BEFORE] = line;
		line += n + (line[n] != '\0');
	}
	return text;
}

char *
feedback_excerpt(const char *log, size_t max)
{
	AUTO_FREE char *text = plain(log);
	size_t n = strlen(text), n_head, n_tail = max / 3;
	const char *from, *tail;
	AUTO_FREE char *head = NULL;

	if (n <= max)
		return xstrdup(text);
	if (max < 64)
		return text_cut(text, max);
	n_head = max - n_tail - 8;
	from = where_it_fails(text);
	head = text_cut(from, n_head);
	tail = text + n - n_tail;
	if (from + strlen(head) >= tail)
		return xstrdup(head);
	tail += strcspn(tail, "\n"); /* whole lines, and so whole characters */
	return xasprintf("%s\n[...]%s", head, tail);
}
