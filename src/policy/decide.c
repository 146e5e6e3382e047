#include "policy/decide.h"

#include "base/mem.h"
#include "base/text.h"
#include "policy/refusal.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

enum { RESPONSE_MAX = 1000 };

static const struct {
	const char *word;
	enum decision decision;
} verbs[] = {
	{ "agree", DECISION_AGREED },
	{ "agreed", DECISION_AGREED },
	{ "override", DECISION_OVERRIDE },
	{ "overridden", DECISION_OVERRIDE },
	{ "defer", DECISION_DEFERRED },
	{ "deferred", DECISION_DEFERRED },
	{ "reject", DECISION_REJECTED },
	{ "rejected", DECISION_REJECTED },
	{ "escalate", DECISION_ESCALATED },
	{ "escalated", DECISION_ESCALATED },
};

void
decisions_clear(struct decisions *done)
{
	for (size_t i = 0; i < done->n; i++)
		free(done->item[i].response);
	free(done->item);
	*done = (struct decisions){ 0 };
}

/* A decision while it is read: the rows it is about. */
struct statement {
	enum decision decision;
	bool is_all;
	bool about[FINDINGS_MAX], except[FINDINGS_MAX];
};

struct reader {
	const char *at;
	const struct findings *rows;
	struct statement one;
};

static bool
is_separator(char c)
{
	return c == ',' || c == ';' || isspace((unsigned char)c);
}

static struct span
word_at(const char *at)
{
	struct span w = { at, 0 };

	while (isalpha((unsigned char)at[w.n]))
		w.n++;
	return w;
}

/* The length of the id that stands at AT, 0 when none does: C1, i12. */
static size_t
id_at(const char *at)
{
	size_t n = 1;

	if (*at == '\0' || !strchr("CINcin", *at))
		return 0;
	while (n < 6 && isdigit((unsigned char)at[n]))
		n++;
	return n > 1 && !isalnum((unsigned char)at[n]) ? n : 0;
}

/* Does a verb with an id, or one for all behind a comma, begin at AT of the text at BEGIN? */
static bool
begins_statement(const char *at, const char *begin)
{
	struct span w = word_at(at);
	const char *next = at + w.n, *before = at;

	if (w.n == 0 || (at > begin && !is_separator(at[-1])))
		return false;
	while (*next == ' ' || *next == '\t')
		next++;
	while (before > begin && (before[-1] == ' ' || before[-1] == '\t'))
		before--;
	for (size_t i = 0; i < N_ELEMS(verbs); i++) {
		if (!span_eq_nocase(w, verbs[i].word))
			continue;
		return id_at(next) > 0 ||
		       (span_eq_nocase(word_at(next), "all") &&
			   (before == begin || strchr(",;\n", before[-1])));
	}
	return false;
}

static int
row_of(const struct reader *r, char letter, long number)
{
	char id[24];
	const struct finding *row;

	snprintf(id, sizeof(id), "%c%ld", letter, number);
	row = findings_find(r->rows, id);
	return row ? (int)(row - r->rows->item) : -1;
}

static int
unknown_id(char letter, long number, struct err *err)
{
	err_set(err, ERR_USAGE, "no finding is called %c%ld", letter, number);
	return err_fix(err, "divisi findings lists them");
}

/* One id or range at R, into the set ABOUT. */
static int
read_range(struct reader *r, bool about[FINDINGS_MAX], struct err *err)
{
	size_t n = id_at(r->at);
	char letter = (char)toupper((unsigned char)r->at[0]), second;
	long from = strtol(r->at + 1, NULL, 10), to = from;

	r->at += n;
	if (r->at[0] == '-' && (n = id_at(r->at + 1)) > 0) {
		second = (char)toupper((unsigned char)r->at[1]);
		to = strtol(r->at + 2, NULL, 10);
		if (second != letter)
			return err_set(err, ERR_USAGE,
			    "%c%ld-%c%ld is a range across severities", letter, from,
			    second, to);
		r->at += 1 + n;
	}
	if (to < from)
		return err_set(err, ERR_USAGE, "%c%ld-%c%ld ends before it begins",
		    letter, from, letter, to);
	if (row_of(r, letter, from) < 0)
		return unknown_id(letter, from, err);
	for (long i = from; i <= to; i++) {
		int row = row_of(r, letter, i);

		if (row < 0)
			return unknown_id(letter, i, err);
		about[row] = true;
	}
	return 0;
}

/* "C1-C3, I2": goes on behind a comma as long as an id follows. */
static int
read_list(struct reader *r, bool about[FINDINGS_MAX], struct err *err)
{
	for (;;) {
		const char *next;

		if (read_range(r, about, err) < 0)
			return -1;
		next = r->at;
		while (is_separator(*next))
			next++;
		if (strncasecmp(next, "and ", 4) == 0 && id_at(next + 4) > 0)
			next += 4;
		if (id_at(next) == 0)
			return 0;
		r->at = next;
	}
}

static void
skip_blanks(struct reader *r)
{
	while (*r->at == ' ' || *r->at == '\t')
		r->at++;
}

static int
read_targets(struct reader *r, struct err *err)
{
	struct span w;

	skip_blanks(r);
	w = word_at(r->at);
	if (!span_eq_nocase(w, "all")) {
		if (id_at(r->at) == 0)
			return err_set(err, ERR_USAGE,
			    "'%.20s' is no finding and not \"all\"", r->at);
		return read_list(r, r->one.about, err);
	}
	r->one.is_all = true;
	for (size_t i = 0; i < r->rows->n; i++)
		r->one.about[i] = true;
	r->at += w.n;
	skip_blanks(r);
	w = word_at(r->at);
	if (!span_eq_nocase(w, "except"))
		return 0;
	r->at += w.n;
	skip_blanks(r);
	if (id_at(r->at) == 0)
		return err_set(err, ERR_USAGE, "all except which?  '%.20s'", r->at);
	if (read_list(r, r->one.except, err) < 0)
		return -1;
	for (size_t i = 0; i < r->rows->n; i++)
		r->one.about[i] &= !r->one.except[i];
	return 0;
}

/* The text of the reason, up to the next statement; the caller frees it. */
static char *
read_reason(struct reader *r)
{
	const char *begin, *end;
	struct span text;

	skip_blanks(r);
	if (*r->at == ':')
		r->at++;
	else if (strncasecmp(r->at, "to ", 3) == 0)
		r->at += 3;
	skip_blanks(r);
	begin = r->at;
	for (end = begin; *end; end++) {
		if (begins_statement(end, begin))
			break;
	}
	r->at = end;
	text = span_trim((struct span){ begin, (size_t)(end - begin) });
	while (text.n > 0 && is_separator(text.p[text.n - 1]))
		text.n--;
	while (text.n > 0 && is_separator(text.p[0])) {
		text.p++;
		text.n--;
	}
	return xstrndup(text.p, text.n);
}

/* "CIA-456", "#12", "owner/name#3", "local:1", or an address. */
static bool
is_issue(const char *text)
{
	size_t n = strcspn(text, " \t,;"), digits = 0;

	while (digits < n && isdigit((unsigned char)text[n - 1 - digits]))
		digits++;
	if (strncmp(text, "https://", 8) == 0 || strncmp(text, "http://", 7) == 0)
		return n > 10;
	if (strncmp(text, "local:", 6) == 0)
		return n > 6;
	return digits > 0 && digits < n &&
	       (text[n - 1 - digits] == '-' || text[n - 1 - digits] == '#');
}

static int
check_response(
    enum decision decision, const char *id, const char *response, struct err *err)
{
	if (strlen(response) > RESPONSE_MAX)
		return err_set(
		    err, ERR_USAGE, "a response has at most %d bytes", RESPONSE_MAX);
	if (decision == DECISION_DEFERRED && !is_issue(response)) {
		err_set(
		    err, ERR_REFUSED, "deferring %s needs the issue it goes to", id);
		return err_fix(err, "defer %s to ISSUE", id);
	}
	if ((decision == DECISION_OVERRIDE || decision == DECISION_REJECTED) &&
	    response[0] == '\0') {
		err_set(err, ERR_REFUSED, "%s of %s needs a reason",
		    decision == DECISION_OVERRIDE ? "the override" : "the rejection",
		    id);
		return err_fix(err, "%s %s: REASON",
		    decision == DECISION_OVERRIDE ? "override" : "reject", id);
	}
	return 0;
}

/* One row is decided once in a text; what names its id counts more than "all". */
static int
add(struct decisions *done, const struct reader *r, size_t row, const char *response,
    struct err *err)
{
	struct decided *d = NULL;

	for (size_t i = 0; i < done->n && !d; i++) {
		if (done->item[i].row == row)
			d = &done->item[i];
	}
	if (d && d->is_named != r->one.is_all && d->decision != r->one.decision)
		return err_set(err, ERR_USAGE, "%s is both %s and %s",
		    r->rows->item[row].id, decision_name(d->decision),
		    decision_name(r->one.decision));
	if (d && d->is_named && r->one.is_all)
		return 0;
	if (!d) {
		GROW(done->item, done->n, done->cap);
		d = &done->item[done->n++];
		*d = (struct decided){ .row = row };
	}
	free(d->response);
	d->response = xstrdup(response);
	d->decision = r->one.decision;
	d->is_named = !r->one.is_all;
	return 0;
}

static int
read_statement(struct reader *r, struct decisions *done, struct err *err)
{
	struct span verb = word_at(r->at);
	AUTO_FREE char *response = NULL;
	size_t i = 0;

	r->one = (struct statement){ 0 };
	while (i < N_ELEMS(verbs) && !span_eq_nocase(verb, verbs[i].word))
		i++;
	if (i == N_ELEMS(verbs)) {
		err_set(err, ERR_USAGE, "'%.20s' is no decision", r->at);
		return err_fix(err,
		    "agree, override ID: REASON, reject ID: REASON, defer ID to ISSUE, "
		    "escalate");
	}
	r->one.decision = verbs[i].decision;
	r->at += verb.n;
	if (read_targets(r, err) < 0)
		return -1;
	response = read_reason(r);
	for (size_t k = 0; k < r->rows->n; k++) {
		if (!r->one.about[k])
			continue;
		if (check_response(
			r->one.decision, r->rows->item[k].id, response, err) < 0 ||
		    add(done, r, k, response, err) < 0)
			return -1;
	}
	return 0;
}

int
decisions_parse(const char *text, const struct findings *rows, struct decisions *done,
    struct err *err)
{
	struct reader r = { .at = text, .rows = rows };
	bool is_empty = true;

	if (text_has_controls(text))
		return err_set(err, ERR_USAGE, "the decision holds control characters");
	for (;;) {
		while (is_separator(*r.at))
			r.at++;
		if (*r.at == '\0')
			break;
		if (read_statement(&r, done, err) < 0) {
			decisions_clear(done);
			return -1;
		}
		is_empty = false;
	}
	if (is_empty)
		return err_set(err, ERR_USAGE, "nothing is decided");
	return 0;
}
