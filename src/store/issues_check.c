#include "store/issues_check.h"

#include "base/mem.h"
#include "base/text.h"
#include "policy/refusal.h"

#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define TITLE_MAX_BYTES 1024
#define LABEL_MAX_BYTES 80

static const char *const status_names[ISSUE_N_STATUSES] = {
	[ISSUE_ANY] = "",
	[ISSUE_TRIAGE] = "Triage",
	[ISSUE_BACKLOG] = "Backlog",
	[ISSUE_TODO] = "Todo",
	[ISSUE_IN_PROGRESS] = "In Progress",
	[ISSUE_IN_REVIEW] = "In Review",
	[ISSUE_DONE] = "Done",
	[ISSUE_CANCELLED] = "Cancelled",
	[ISSUE_DUPLICATE] = "Duplicate",
};

static const char *const kind_names[ISSUE_N_COMMENT_KINDS] = {
	[ISSUE_NOTE] = "note",
	[ISSUE_START] = "start",
	[ISSUE_PROGRESS] = "progress",
	[ISSUE_GATE] = "gate",
	[ISSUE_CONFLICT] = "conflict",
	[ISSUE_EXIT] = "exit",
	[ISSUE_CLOSING] = "closing",
	[ISSUE_CHECKPOINT] = "checkpoint",
	[ISSUE_REGISTRY] = "registry",
	[ISSUE_RDR] = "rdr",
	[ISSUE_MENTION] = "mention",
};

#define TO(status) (1u << (status))
#define ENDED      (TO(ISSUE_CANCELLED) | TO(ISSUE_DUPLICATE))

static const unsigned status_moves[ISSUE_N_STATUSES] = {
	[ISSUE_TRIAGE] = TO(ISSUE_BACKLOG) | ENDED,
	[ISSUE_BACKLOG] = TO(ISSUE_TODO) | ENDED,
	[ISSUE_TODO] = TO(ISSUE_IN_PROGRESS) | TO(ISSUE_BACKLOG) | ENDED,
	[ISSUE_IN_PROGRESS] = TO(ISSUE_IN_REVIEW) | TO(ISSUE_DONE) | TO(ISSUE_BACKLOG) |
			      ENDED,
	[ISSUE_IN_REVIEW] = TO(ISSUE_DONE) | TO(ISSUE_IN_PROGRESS) | ENDED,
	[ISSUE_DONE] = ENDED,
	[ISSUE_CANCELLED] = TO(ISSUE_DUPLICATE),
	[ISSUE_DUPLICATE] = TO(ISSUE_CANCELLED),
};

const char *
issue_status_name(enum issue_status status)
{
	assert(status >= 0 && status < ISSUE_N_STATUSES);
	return status_names[status];
}

/* The next letter at *P, small, without what joins the parts of a word; 0 at the end. */
static int
next_letter(const char **p)
{
	*p += strspn(*p, " -_");
	return **p ? tolower((unsigned char)*(*p)++) : 0;
}

/* Are A and B the same word, however its parts are joined? */
static bool
is_same_word(const char *a, const char *b)
{
	int c;

	do {
		c = next_letter(&a);
		if (c != next_letter(&b))
			return false;
	} while (c);
	return true;
}

enum issue_status
issue_status_of(const char *name)
{
	for (int s = ISSUE_TRIAGE; s < ISSUE_N_STATUSES; s++) {
		if (is_same_word(name, status_names[s]))
			return (enum issue_status)s;
	}
	return is_same_word(name, "canceled") ? ISSUE_CANCELLED : ISSUE_ANY;
}

bool
issue_status_may(enum issue_status from, enum issue_status to)
{
	return status_moves[from] & TO(to);
}

const char *
issue_comment_kind_name(enum issue_comment_kind kind)
{
	assert(kind >= 0 && kind < ISSUE_N_COMMENT_KINDS);
	return kind_names[kind];
}

enum issue_comment_kind
issue_comment_kind_of(const char *name)
{
	for (int k = 0; k < ISSUE_N_COMMENT_KINDS; k++) {
		if (strcmp(name, kind_names[k]) == 0)
			return (enum issue_comment_kind)k;
	}
	return ISSUE_NOTE;
}

int
issues_check_move(
    const char *id, enum issue_status from, enum issue_status to, struct err *err)
{
	char list[160] = "";
	size_t n = 0;

	if (from == to || issue_status_may(from, to))
		return 0;
	for (int s = ISSUE_TRIAGE; s < ISSUE_N_STATUSES; s++) {
		if (issue_status_may(from, (enum issue_status)s))
			n += (size_t)snprintf(list + n, sizeof(list) - n, "%s%s",
			    n ? ", " : "", status_names[s]);
	}
	err_set(err, ERR_REFUSED, "%s is %s and cannot become %s", id,
	    status_names[from], status_names[to]);
	if (err)
		err->rule = "E-17";
	return err_fix(err, "from %s an issue may go to: %s", status_names[from], list);
}

int
issues_check_title(const char *title, struct err *err)
{
	if (!title || !*title || strlen(title) > TITLE_MAX_BYTES)
		return err_set(
		    err, ERR_INPUT, "a title has 1 to %d bytes", TITLE_MAX_BYTES);
	if (text_utf8_bad(title, strlen(title)) >= 0 || text_has_controls(title) ||
	    strpbrk(title, "\n\t"))
		return err_set(
		    err, ERR_INPUT, "a title is one line without control characters");
	return 0;
}

static int
check_text(const char *text, struct err *err)
{
	size_t n = strlen(text);

	if (n > ISSUE_BODY_MAX_BYTES) {
		err_set(err, ERR_REFUSED, "the text has %zu bytes, the limit is %zu", n,
		    ISSUE_BODY_MAX_BYTES);
		return err_fix(err, "shorten it, and attach the long part as a file");
	}
	if (text_utf8_bad(text, n) >= 0)
		return err_set(err, ERR_INPUT, "the text is no UTF-8 at byte %ld",
		    text_utf8_bad(text, n));
	return 0;
}

/*
 * Length of the code span that begins with the backquotes at the front of LINE; without a
 * partner only the backquotes.  Long runs are never partners, which bounds the searching.
 */
static size_t
code_span(struct span line)
{
	size_t n = 0, run;

	while (n < line.n && line.p[n] == '`')
		n++;
	for (size_t i = n; n <= 4 && i < line.n; i += run ? run : 1) {
		for (run = 0; i + run < line.n && line.p[i + run] == '`'; run++)
			;
		if (run == n)
			return i + run;
	}
	return n;
}

static bool
has_written_newline(struct span line)
{
	for (size_t i = 0; i + 1 < line.n;) {
		if (line.p[i] == '`') {
			i += code_span((struct span){ line.p + i, line.n - i });
			continue;
		}
		if (line.p[i] == '\\' && line.p[i + 1] == 'n')
			return true;
		i++;
	}
	return false;
}

int
issues_check_body(const char *body, struct err *err)
{
	struct span rest = span_of(body), line;
	bool is_fenced = false;

	if (check_text(body, err) < 0)
		return -1;
	for (size_t n = 1; span_next(&rest, '\n', &line); n++) {
		struct span trimmed = span_trim(line);

		if (span_starts(trimmed, "```") || span_starts(trimmed, "~~~"))
			is_fenced = !is_fenced;
		else if (!is_fenced && has_written_newline(line))
			return refuse(err, "T03",
			    "line %zu of the text holds \\n written out; if it is code, put it "
			    "between backquotes",
			    n);
	}
	return 0;
}

/* The app that the text behind an '@' names: an index into a table, or -1. */
static int
app_mentioned(const char *name, size_t n)
{
	static const char *const apps[] = { "claude", "factory", "droid", "cto",
		"cto.new", "cursor", "copilot", "codex", "amp", "warp", "oz", "sentry",
		"chatprd", "vercel", "dependabot", "gemini" };

	for (size_t i = 0; i < N_ELEMS(apps); i++) {
		if (strlen(apps[i]) == n && strncasecmp(apps[i], name, n) == 0)
			return (int)i;
	}
	return -1;
}

int
issues_check_comment(const char *body, struct err *err)
{
	int first = -1;

	if (!body || !*body)
		return err_set(err, ERR_INPUT, "a comment needs a text");
	if (check_text(body, err) < 0)
		return -1;
	for (const char *at = strchr(body, '@'); at; at = strchr(at + 1, '@')) {
		size_t n = strspn(at + 1,
		    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");
		int app;

		/* In the middle of a word it is an address. */
		if (at > body && isalnum((unsigned char)at[-1]))
			continue;
		while (n > 0 && strchr("._-", at[n]))
			n--;
		app = app_mentioned(at + 1, n);
		if (app >= 0 && first >= 0 && app != first)
			return refuse(err, "T01",
			    "the comment mentions @%.*s as a second app", (int)n,
			    at + 1);
		if (app >= 0)
			first = app;
	}
	return 0;
}

int
issues_check_estimate(int estimate, struct err *err)
{
	static const int points[] = { 0, 1, 2, 3, 5, 8, 13 };

	for (size_t i = 0; i < N_ELEMS(points); i++) {
		if (points[i] == estimate)
			return 0;
	}
	err_set(err, ERR_INPUT, "%d is no estimate", estimate);
	return err_fix(err, "use 1, 2, 3, 5, 8 or 13 points");
}

/* Labels. */

/* Length of the group of LABEL with its colon when a group has one label only, else 0. */
static size_t
single_group(const char *label)
{
	static const char *const groups[] = {
		"type:", "exec:", "ctx:", "spec:", "research:", "source:"
	};

	for (size_t i = 0; i < N_ELEMS(groups); i++) {
		if (strncmp(label, groups[i], strlen(groups[i])) == 0)
			return strlen(groups[i]);
	}
	return 0;
}

static int
check_label(const char *label, struct err *err)
{
	if (!*label || strlen(label) > LABEL_MAX_BYTES || text_has_controls(label) ||
	    strpbrk(label, ",\n\t") || text_utf8_bad(label, strlen(label)) >= 0)
		return err_set(err, ERR_INPUT,
		    "a label has 1 to %d bytes, no comma and no control characters",
		    LABEL_MAX_BYTES);
	return 0;
}

/* Removes what MATCHES in its first N bytes, or wholly when N is 0. */
static void
drop(struct issue_words *labels, const char *match, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < labels->n; i++) {
		const char *label = labels->word[i];

		if (n ? strncmp(label, match, n) != 0 : strcmp(label, match) != 0)
			labels->word[kept++] = label;
	}
	labels->n = kept;
}

static int
compare_words(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Two labels of ADD in one group cannot both be the only one. */
static int
check_groups(const struct issues_label_change *change, struct err *err)
{
	for (size_t i = 0; i < change->n_add; i++) {
		size_t n = single_group(change->add[i]);

		if (check_label(change->add[i], err) < 0)
			return -1;
		for (size_t j = 0; n && j < i; j++) {
			if (strncmp(change->add[i], change->add[j], n) != 0 ||
			    strcmp(change->add[i], change->add[j]) == 0)
				continue;
			err_set(err, ERR_REFUSED,
			    "an issue has one %.*s label, not %s and %s", (int)n,
			    change->add[i], change->add[j], change->add[i]);
			if (err)
				err->rule = "E-20";
			return err_fix(err, "choose one of them");
		}
	}
	return 0;
}

static int
check_type(const struct issue_words *labels, struct err *err)
{
	static const char *const types[] = { "type:feature", "type:bug", "type:chore",
		"type:spike" };

	for (size_t i = 0; i < labels->n; i++) {
		for (size_t t = 0; t < N_ELEMS(types); t++) {
			if (strcmp(labels->word[i], types[t]) == 0)
				return 0;
		}
	}
	err_set(err, ERR_REFUSED, "every issue carries exactly one known type label");
	if (err)
		err->rule = "R-205";
	return err_fix(
	    err, "add one of type:feature, type:bug, type:chore and type:spike");
}

int
issues_merge_labels(struct issue_words *labels,
    const struct issues_label_change *change, struct err *err)
{
	struct issue_words was = { .n = labels->n };
	bool is_same;

	if (check_groups(change, err) < 0)
		return -1;
	was.word = xreallocarray(NULL, was.n + 1, sizeof(*was.word));
	if (was.n > 0)
		memcpy(was.word, labels->word, was.n * sizeof(*was.word));
	for (size_t i = 0; i < change->n_remove; i++)
		drop(labels, change->remove[i], 0);
	for (size_t i = 0; i < change->n_add; i++) {
		drop(labels, change->add[i], single_group(change->add[i]));
		GROW(labels->word, labels->n, labels->cap);
		labels->word[labels->n++] = change->add[i];
	}
	if (labels->n > 1)
		qsort(labels->word, labels->n, sizeof(*labels->word), compare_words);
	is_same = was.n == labels->n;
	for (size_t i = 0; is_same && i < was.n; i++)
		is_same = strcmp(was.word[i], labels->word[i]) == 0;
	free(was.word);
	if (check_type(labels, err) < 0)
		return -1;
	return is_same ? 0 : 1;
}
