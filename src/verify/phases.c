#include "verify/verify.h"

#include <stdlib.h>
#include <string.h>

/* The bytes that the plan's hash is made of, read back from their beginning. */
struct scan {
	struct verify *v;
	const char *p, *end;
	bool is_bad;
};

/* A string up to its NUL; borrowed, "" when the bytes are used up. */
static const char *
scan_string(struct scan *s)
{
	const char *text = s->p;
	const char *nul = s->p < s->end ? memchr(s->p, '\0', (size_t)(s->end - s->p))
					: NULL;

	if (!nul) {
		s->is_bad = true;
		return "";
	}
	s->p = nul + 1;
	return text;
}

static char *
scan_copy(struct scan *s)
{
	const char *text = scan_string(s);

	return verify_copy(text, strlen(text));
}

static void
skip_strings(struct scan *s, int n)
{
	while (n-- > 0)
		(void)scan_string(s);
}

/* Digits, signs and blanks up to a colon. */
static void
skip_numbers(struct scan *s)
{
	while (s->p < s->end && strchr("0123456789- ", *s->p) && *s->p)
		s->p++;
	if (s->p < s->end && *s->p == ':')
		s->p++;
	else
		s->is_bad = true;
}

/* A count and its colon; no more things can follow than there are bytes. */
static size_t
scan_count(struct scan *s)
{
	size_t n = 0;

	for (; s->p < s->end && *s->p >= '0' && *s->p <= '9'; s->p++) {
		n = n * 10 + (size_t)(*s->p - '0');
		if (n > (size_t)(s->end - s->p))
			s->is_bad = true;
		if (s->is_bad)
			return 0;
	}
	if (s->p >= s->end || *s->p++ != ':')
		s->is_bad = true;
	return s->is_bad ? 0 : n;
}

static char
scan_byte(struct scan *s, const char *allowed)
{
	if (s->p < s->end && *s->p && strchr(allowed, *s->p))
		return *s->p++;
	s->is_bad = true;
	return '\0';
}

static void
scan_texts(struct scan *s, struct verify_texts *texts)
{
	size_t n = scan_count(s);

	texts->text = verify_alloc(n, sizeof(char *));
	for (size_t i = 0; i < n && !s->is_bad; i++)
		texts->text[texts->n++] = scan_copy(s);
}

static void
skip_texts(struct scan *s)
{
	for (size_t n = scan_count(s); n > 0 && !s->is_bad; n--)
		(void)scan_string(s);
}

static void
scan_issues(struct scan *s, struct verify_texts *issues)
{
	size_t n = scan_count(s);

	issues->text = verify_alloc(n, sizeof(char *));
	for (size_t i = 0; i < n && !s->is_bad; i++) {
		issues->text[issues->n++] = scan_copy(s);
		skip_strings(s, 2); /* title, address */
	}
}

static void
scan_items(struct scan *s, struct verify_items *items)
{
	size_t n = scan_count(s);

	items->item = verify_alloc(n, sizeof(*items->item));
	for (size_t i = 0; i < n && !s->is_bad; i++) {
		struct verify_item *item = &items->item[items->n++];

		item->mark = scan_byte(s, "=!~");
		item->text = scan_copy(s);
		item->to = scan_copy(s);
	}
}

static void
scan_phase(struct scan *s, struct verify_phase *phase)
{
	phase->id = scan_copy(s);
	phase->says_unknown = scan_byte(s, "=?") == '?';
	skip_strings(s, 1); /* focus */
	scan_issues(s, &phase->issues);
	skip_strings(s, 1); /* mode */
	(void)scan_byte(s, "a-");
	skip_strings(s, 1); /* agent */
	skip_numbers(s);    /* estimate */
	skip_numbers(s);    /* points */
	(void)scan_byte(s, "01");
	(void)scan_byte(s, "01"); /* risk */
	skip_strings(s, 1);       /* review */
	phase->repo = scan_copy(s);
	skip_numbers(s); /* batch */
	for (int i = 0; i < LIST_N; i++)
		scan_items(s, &phase->list[i]);
	scan_texts(s, &phase->depends);
	skip_strings(s, 1); /* verify */
	skip_texts(s);      /* context */
	skip_texts(s);      /* tasks */
	skip_strings(s, 1); /* deliverable */
	skip_texts(s);      /* acceptance */
}

bool
verify_plan_text(struct verify *v, const char *text, size_t n)
{
	struct scan s = { .v = v, .p = text, .end = text + n };
	size_t n_phases;

	if (strcmp(scan_string(&s), "divisi plan 2") != 0)
		return verify_refuse(v, v->line, "the plan's text is of no known form");
	skip_strings(&s, 1 + 3 + 4); /* title, master issue, header lines */
	n_phases = scan_count(&s);
	if (s.is_bad || n_phases > VERIFY_MAX_PHASES)
		return verify_refuse(v, v->line, "the plan's text is damaged");
	v->phase = verify_alloc(n_phases, sizeof(*v->phase));
	for (size_t i = 0; i < n_phases && !s.is_bad; i++) {
		scan_phase(&s, &v->phase[i]);
		v->n_phases++;
	}
	if (s.is_bad || s.p != s.end)
		return verify_refuse(v, v->line, "the plan's text is damaged");
	return true;
}
