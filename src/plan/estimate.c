#include "plan/estimate.h"

#include "plan/field.h"

#include <ctype.h>
#include <string.h>

#define MAX_DOLLAR_DIGITS 7
#define MAX_POINTS        100

/* Reads "12.34" or "$12" off S into cents. */
static const char *
read_cents(struct span *s, long *cents)
{
	long whole = 0, part = 0;
	size_t i = 0, n_part = 0;

	if (i < s->n && s->p[i] == '$')
		i++;
	size_t first = i;

	for (; i < s->n && isdigit((unsigned char)s->p[i]); i++) {
		if (i - first >= MAX_DOLLAR_DIGITS)
			return "the amount is too large";
		whole = whole * 10 + (s->p[i] - '0');
	}
	if (i == first)
		return "an amount has no digits";
	if (i + 1 < s->n && s->p[i] == '.' && isdigit((unsigned char)s->p[i + 1])) {
		for (i++; i < s->n && isdigit((unsigned char)s->p[i]); i++, n_part++) {
			if (n_part >= 2)
				return "an amount has more than two decimals";
			part = part * 10 + (s->p[i] - '0');
		}
	}
	if (n_part == 1)
		part *= 10;
	*cents = whole * 100 + part;
	s->p += i;
	s->n -= i;
	*s = source_trim(*s);
	return NULL;
}

static bool
skip(struct span *s, const char *prefix)
{
	size_t n = strlen(prefix);

	if (!span_starts(*s, prefix))
		return false;
	*s = source_trim((struct span){ s->p + n, s->n - n });
	return true;
}

static const char *
read_money(struct span s, struct estimate *out)
{
	static const char *const joints[] = { "...", "..", "-", "–", "to " };
	long low, high;
	const char *why = read_cents(&s, &low);

	if (why)
		return why;
	high = low;
	for (size_t i = 0; s.n > 0 && i < N_ELEMS(joints); i++) {
		if (!skip(&s, joints[i]))
			continue;
		why = read_cents(&s, &high);
		if (why)
			return why;
		break;
	}
	if (s.n > 0)
		return "an amount has something behind it";
	if (low > high)
		return "a range ends below its start";
	if (out->low_cents >= 0)
		return "money is given twice";
	out->low_cents = low;
	out->high_cents = high;
	return NULL;
}

static const char *
read_points(struct span s, bool may_be_bare, struct estimate *out)
{
	static const char *const units[] = { "pt", "pts", "point", "points", "sp" };
	int points = 0;
	size_t i = 0;
	bool has_unit;

	for (; i < s.n && isdigit((unsigned char)s.p[i]); i++) {
		points = points * 10 + (s.p[i] - '0');
		if (points > MAX_POINTS)
			return "there are more than 100 points";
	}
	if (i == 0)
		return "it is neither money nor points";
	s = source_trim((struct span){ s.p + i, s.n - i });
	has_unit = s.n == 0 && may_be_bare;
	for (size_t u = 0; u < N_ELEMS(units); u++)
		has_unit = has_unit || span_eq_nocase(s, units[u]);
	if (!has_unit)
		return s.n == 0 ? "a number has no unit" : "a unit is not known";
	if (out->points)
		return "points are given twice";
	if (points == 0)
		return "points start at 1";
	out->points = points;
	return NULL;
}

const char *
estimate_read(const char *value, bool bare_is_points, struct estimate *out)
{
	struct estimate got = { -1, -1, 0 };
	struct span rest = span_of(value), item;

	if (rest.n > 200)
		return "it is too long";
	while (field_next(&rest, &item)) {
		const char *why;
		bool is_said;

		if (field_is_nothing(item, &is_said))
			continue;
		if (skip(&item, "~") || skip(&item, "≈"))
			item = source_trim(item);
		why = span_starts(item, "$") ? read_money(item, &got)
					     : read_points(item, bare_is_points, &got);
		if (why)
			return why;
	}
	*out = got;
	return NULL;
}
