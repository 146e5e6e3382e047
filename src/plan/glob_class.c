#include "plan/glob_nfa.h"

#include "base/mem.h"

#include <ctype.h>
#include <string.h>

/*
 * Classes: `[a-z]`, `[!ab]`, `[[:alpha:]_]`.  Members in ASCII are bytes.  Beyond it they
 * are characters, which are several bytes.  The text is spelled, so it is UTF-8.
 */
#define MAX_CHAR 0x10FFFFu

static const struct {
	const char *name;
	int (*has)(int c);
} class_names[] = {
	/* clang-format off */
	{ "alpha",  isalpha  }, { "digit", isdigit }, { "alnum", isalnum },
	{ "upper",  isupper  }, { "lower", islower }, { "space", isspace },
	{ "punct",  ispunct  }, { "print", isprint }, { "graph", isgraph },
	{ "xdigit", isxdigit }, { "blank", isblank }, { "cntrl", iscntrl },
	/* clang-format on */
};

size_t
class_length(const char *p)
{
	const char *s = p + 1;

	if (*s == '!' || *s == '^')
		s++;
	if (*s == ']')
		s++;
	while (*s && *s != ']') {
		if (s[0] == '[' && s[1] == ':') {
			const char *end = strstr(s + 2, ":]");

			s = end ? end + 2 : s + 1;
		} else {
			s += s[0] == '\\' && s[1] ? 2 : 1;
		}
	}
	return *s ? (size_t)(s + 1 - p) : 0;
}

/* Takes "[:name:]" at *P into SET.  Returns -1 when nobody knows the name. */
static int
take_name(const char **p, uint64_t set[4], struct err *err)
{
	const char *name = *p + 2, *end = strstr(name, ":]");
	size_t n = (size_t)(end - name);

	for (size_t i = 0; i < N_ELEMS(class_names); i++) {
		if (strlen(class_names[i].name) != n ||
		    strncmp(class_names[i].name, name, n) != 0)
			continue;
		for (int c = 1; c < 128; c++) {
			if (class_names[i].has(c))
				byte_set_add(set, (unsigned char)c);
		}
		*p = end + 2;
		return 0;
	}
	err_set(err, ERR_NO, "nobody knows the class [:%.*s:]", (int)(n < 40 ? n : 40),
	    name);
	return err_fix(
	    err, "use one of alpha digit alnum upper lower space punct xdigit");
}

/* The character at S, which ends before END, and its length in *N. */
static uint32_t
char_at(const char *s, const char *end, size_t *n)
{
	const unsigned char *b = (const unsigned char *)s;
	uint32_t c;

	*n = *b < 0x80 ? 1 : *b >= 0xF0 ? 4 : *b >= 0xE0 ? 3 : 2;
	if (*n == 1 || (size_t)(end - s) < *n) {
		*n = 1;
		return *b;
	}
	c = *b & (0x7Fu >> *n);
	for (size_t i = 1; i < *n; i++)
		c = c << 6 | (b[i] & 0x3Fu);
	return c;
}

static uint32_t
take_char(const char **p, const char *end)
{
	uint32_t c;
	size_t n;

	if (**p == '\\' && *p + 1 < end)
		(*p)++;
	c = char_at(*p, end, &n);
	*p += n;
	return c;
}

static void
add_range(struct char_class *class, uint32_t low, uint32_t high)
{
	if (class->n_ranges == CLASS_MAX_RANGES) {
		class->range[0] = (struct class_range){ 0x80, MAX_CHAR };
		class->n_ranges = 1;
		return;
	}
	class->range[class->n_ranges++] = (struct class_range){ low, high };
}

static void
add_members(struct char_class *class, uint32_t low, uint32_t high)
{
	for (uint32_t c = low; c <= high && c < 0x80; c++)
		byte_set_add(class->byte, (unsigned char)c);
	if (high >= 0x80 && high >= low)
		add_range(class, low < 0x80 ? 0x80 : low, high);
}

/* Puts the ranges in order and joins those that touch. */
static void
join_ranges(struct char_class *class)
{
	struct class_range *r = class->range;
	size_t n = 0;

	for (size_t i = 1; i < class->n_ranges; i++) {
		struct class_range moved = r[i];
		size_t k = i;

		for (; k > 0 && r[k - 1].low > moved.low; k--)
			r[k] = r[k - 1];
		r[k] = moved;
	}
	for (size_t i = 0; i < class->n_ranges; i++) {
		if (n > 0 && r[i].low <= r[n - 1].high + 1) {
			if (r[i].high > r[n - 1].high)
				r[n - 1].high = r[i].high;
		} else {
			r[n++] = r[i];
		}
	}
	class->n_ranges = n;
}

static void
negate(struct char_class *class)
{
	struct char_class old = *class;
	uint32_t from = 0x80;

	for (int w = 0; w < 2; w++)
		class->byte[w] = ~old.byte[w];
	class->n_ranges = 0;
	for (size_t i = 0; i < old.n_ranges; i++) {
		if (old.range[i].low > from)
			add_range(class, from, old.range[i].low - 1);
		from = old.range[i].high + 1;
	}
	if (from <= MAX_CHAR)
		add_range(class, from, MAX_CHAR);
}

/* With folding, a class that has one case of a letter has both. */
static void
fold_letters(uint64_t set[4])
{
	for (int c = 'a'; c <= 'z'; c++) {
		unsigned char low = (unsigned char)c,
			      up = (unsigned char)(c - 'a' + 'A');

		if (byte_set_has(set, low))
			byte_set_add(set, up);
		else if (byte_set_has(set, up))
			byte_set_add(set, low);
	}
}

int
class_parse(
    const char *p, size_t n, unsigned flags, struct char_class *class, struct err *err)
{
	const char *s = p + 1, *end = p + n - 1;
	bool is_negated = *s == '!' || *s == '^', is_empty;

	*class = (struct char_class){ 0 };
	s += is_negated;
	while (s < end) {
		uint32_t low, high;

		if (s[0] == '[' && s[1] == ':' && strstr(s + 2, ":]") &&
		    strstr(s + 2, ":]") < end) {
			if (take_name(&s, class->byte, err) < 0)
				return -1;
			continue;
		}
		low = high = take_char(&s, end);
		if (s + 1 < end && *s == '-') {
			s++;
			high = take_char(&s, end);
		}
		add_members(class, low, high);
	}
	join_ranges(class);
	if (flags & GLOB_FOLD_CASE)
		fold_letters(class->byte);
	if (is_negated)
		negate(class);
	/* A class is one character of one name: never the separator, never the end. */
	class->byte['/' / 64] &= ~((uint64_t)1 << ('/' % 64));
	class->byte[0] &= ~(uint64_t)1;
	is_empty = class->n_ranges == 0;
	for (int w = 0; w < 4; w++)
		is_empty = is_empty && !class->byte[w];
	if (!is_empty)
		return 0;
	err_set(
	    err, ERR_NO, "the class %.*s matches nothing", (int)(n < 60 ? n : 60), p);
	return err_fix(err, "write the range the other way round, as in [a-z]");
}

bool
class_takes_all_wide(const struct char_class *class)
{
	return class->n_ranges == 1 && class->range[0].low == 0x80 &&
	       class->range[0].high == MAX_CHAR;
}

/* LOW and HIGH differ only in whole last bytes: one sequence says it. */
static struct utf8_run
run_of(uint32_t low, uint32_t high)
{
	struct utf8_run run = { .n = low < 0x800 ? 2 : low < 0x10000 ? 3 : 4 };
	static const uint8_t lead[] = { 0, 0, 0xC0, 0xE0, 0xF0 };

	for (int i = run.n - 1; i > 0; i--, low >>= 6, high >>= 6) {
		run.low[i] = (uint8_t)(0x80 | (low & 0x3F));
		run.high[i] = (uint8_t)(0x80 | (high & 0x3F));
	}
	run.low[0] = (uint8_t)(lead[run.n] | low);
	run.high[0] = (uint8_t)(lead[run.n] | high);
	return run;
}

/*
 * Where LOW..HIGH must be cut so that the first part is one sequence: at a change of
 * length, or where a byte in the middle would turn over.  Returns the end of that part.
 */
static uint32_t
first_cut(uint32_t low, uint32_t high)
{
	if (low < 0x800 && high >= 0x800)
		high = 0x7FF;
	if (low < 0x10000 && high >= 0x10000)
		high = 0xFFFF;
	for (int bits = 6; bits <= 18; bits += 6) {
		uint32_t mask = ((uint32_t)1 << bits) - 1;

		if ((low & ~mask) == (high & ~mask))
			continue;
		if ((low & mask) != 0)
			return low | mask;
		if ((high & mask) != mask)
			high = (high & ~mask) - 1;
	}
	return high;
}

size_t
utf8_runs(uint32_t low, uint32_t high, struct utf8_run *run, size_t n, size_t cap)
{
	while (low <= high && n < cap) {
		uint32_t end = first_cut(low, high);

		run[n++] = run_of(low, end);
		low = end + 1;
	}
	return n;
}
