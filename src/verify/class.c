#include "verify/verify.h"

#include <ctype.h>
#include <string.h>

/* Classes of one byte: [abc] [!a-z] []x] [[:alpha:]_]. */
static const struct {
	const char *name;
	int (*holds)(int c);
} named_classes[] = {
	{ "alpha", isalpha },
	{ "digit", isdigit },
	{ "alnum", isalnum },
	{ "upper", isupper },
	{ "lower", islower },
	{ "space", isspace },
	{ "punct", ispunct },
	{ "print", isprint },
	{ "graph", isgraph },
	{ "xdigit", isxdigit },
	{ "blank", isblank },
	{ "cntrl", iscntrl },
};

size_t
verify_class_length(const char *p)
{
	size_t i = 1;

	i += p[i] == '!' || p[i] == '^';
	i += p[i] == ']';
	while (p[i] && p[i] != ']') {
		const char *colon = p[i] == '[' && p[i + 1] == ':'
					? strstr(p + i + 2, ":]")
					: NULL;

		if (colon)
			i = (size_t)(colon - p) + 2;
		else
			i += p[i] == '\\' && p[i + 1] ? 2 : 1;
	}
	return p[i] ? i + 1 : 0;
}

static void
admit(uint64_t set[4], unsigned c)
{
	set[c >> 6] |= UINT64_C(1) << (c & 63);
}

/* "[:name:]" at P, whose end COLON is; false when nobody knows it. */
static bool
admit_named(const char *p, const char *colon, uint64_t set[4])
{
	size_t n = (size_t)(colon - p) - 2;

	for (size_t i = 0; i < sizeof(named_classes) / sizeof(*named_classes); i++) {
		if (strlen(named_classes[i].name) != n ||
		    memcmp(named_classes[i].name, p + 2, n) != 0)
			continue;
		for (int c = 1; c < 0x80; c++) {
			if (named_classes[i].holds(c))
				admit(set, (unsigned)c);
		}
		return true;
	}
	return false;
}

/* One byte of a class, its backslash skipped; moves *P behind it. */
static unsigned
class_byte(const char **p)
{
	*p += (*p)[0] == '\\' && (*p)[1];
	return (unsigned char)*(*p)++;
}

static void
both_cases(uint64_t set[4])
{
	const uint64_t letters = UINT64_C(0x07FFFFFE);
	uint64_t upper = set[1] & letters, lower = set[1] >> 32 & letters;

	set[1] |= upper << 32 | lower;
}

bool
verify_class(const char **p, bool folds, uint64_t set[4])
{
	size_t n = verify_class_length(*p);
	const char *s = *p + 1, *last = *p + n - 1;
	bool is_turned;

	if (n == 0)
		return false;
	is_turned = *s == '!' || *s == '^';
	s += is_turned;
	memset(set, 0, 4 * sizeof(*set));
	while (s < last) {
		const char *colon = s[0] == '[' && s[1] == ':' ? strstr(s + 2, ":]")
							       : NULL;
		unsigned from, to;

		if (colon && colon < last) {
			if (!admit_named(s, colon, set))
				return false;
			s = colon + 2;
			continue;
		}
		from = to = class_byte(&s);
		if (s + 1 < last && *s == '-') {
			s++;
			to = class_byte(&s);
		}
		while (from <= to)
			admit(set, from++);
	}
	/* Before it is turned: where case is folded, [!a] has neither a nor A. */
	if (folds)
		both_cases(set);
	for (int i = 0; i < 4 && is_turned; i++)
		set[i] = ~set[i];
	set[0] &= ~(UINT64_C(1) | UINT64_C(1) << '/');
	*p += n;
	return set[0] | set[1] | set[2] | set[3];
}
