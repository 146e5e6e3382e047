#include "verify/verify.h"

#include <stdlib.h>
#include <string.h>

/*
 * A pattern becomes a program that threads run, as in Pike's matcher: a step that takes a
 * byte, a fork, an end.  Alternatives in braces are written out first, each becomes a
 * program of its own with its own start.
 */
enum { MAX_ALTERNATIVES = 64, MAX_ROUNDS = 1024, MAX_TEXT = 65536, MAX_OPS = 65536 };

struct written { /* the alternatives of a pattern */
	char *text[MAX_ALTERNATIVES + 1];
	size_t n;
};

/* One name of a path: symbols between two slashes. */
struct part_name {
	const char *p;
	size_t n; /* bytes of text */
	bool is_plain, is_deep;
};

struct making {
	struct verify_program *program;
	unsigned flags;
	struct part_name *name;
	size_t n_names, cap_names;
	bool ends_in_slash, is_first;
};

/* ---- braces -------------------------------------------------------------------------- */

static const char *
unit_end(const char *p)
{
	size_t n;

	if (*p == '\\' && p[1])
		return p + 2;
	n = *p == '[' ? verify_class_length(p) : 0;
	return p + (n > 0 ? n : 1);
}

/* The first group of TEXT: 1 with its braces, 0 when there is none, -1 out of balance. */
static int
first_group(const char *text, const char **open, const char **close)
{
	int depth = 0;

	for (const char *p = text; *p; p = unit_end(p)) {
		if (*p == '{') {
			*open = depth == 0 ? p : *open;
			depth++;
		} else if (*p == '}') {
			*close = p;
			if (--depth <= 0)
				return depth == 0 ? 1 : -1;
		}
	}
	return depth == 0 ? 0 : -1;
}

static void
drop_texts(struct written *w)
{
	for (size_t i = 0; i < w->n; i++)
		free(w->text[i]);
	w->n = 0;
}

/* Text AT becomes one text per alternative of its group, at the end of the list. */
static bool
write_group(struct written *w, size_t at, const char *open, const char *close)
{
	char *text = w->text[at];
	const char *begin = open + 1;
	size_t n_head = (size_t)(open - text), n_tail = strlen(close + 1);
	struct written more = { .n = 0 };
	int depth = 0;

	for (const char *p = begin; p <= close; p = unit_end(p)) {
		char *one;

		depth += *p == '{';
		depth -= *p == '}' && p < close;
		if (p < close && (*p != ',' || depth > 0))
			continue;
		if (w->n - 1 + more.n >= MAX_ALTERNATIVES) {
			drop_texts(&more);
			return false;
		}
		one = verify_alloc(n_head + (size_t)(p - begin) + n_tail + 1, 1);
		memcpy(one, text, n_head);
		memcpy(one + n_head, begin, (size_t)(p - begin));
		memcpy(one + n_head + (p - begin), close + 1, n_tail);
		more.text[more.n++] = one;
		begin = p + 1;
	}
	memmove(w->text + at + more.n, w->text + at + 1,
	    (w->n - at - 1) * sizeof(*w->text));
	memcpy(w->text + at, more.text, more.n * sizeof(*w->text));
	w->n += more.n - 1;
	free(text);
	return true;
}

/* Writes out all groups, the leftmost first, so that the first text stays the first. */
static bool
write_out(struct written *w, const char *pattern)
{
	size_t n_rounds = 0;

	w->text[0] = verify_copy(pattern, strlen(pattern));
	w->n = 1;
	for (size_t at = 0; at < w->n;) {
		const char *open = NULL, *close = NULL;
		int found = first_group(w->text[at], &open, &close);

		if (found < 0 || (found > 0 && (++n_rounds > MAX_ROUNDS ||
						   !write_group(w, at, open, close)))) {
			drop_texts(w);
			return false;
		}
		at += found == 0;
	}
	return true;
}

/* ---- names --------------------------------------------------------------------------- */

static bool
is_dots(const struct part_name *name, size_t n_dots)
{
	size_t n = 0;

	for (const char *p = name->p; p < name->p + name->n; p++) {
		p += *p == '\\';
		n += *p == '.' ? 1 : 100;
	}
	return name->is_plain && n == n_dots;
}

/* Takes the name between P and END; false for "..". */
static bool
add_name(struct making *m, const char *p, const char *end)
{
	struct part_name name = { .p = p,
		.n = (size_t)(end - p),
		.is_plain = true,
		.is_deep = end - p >= 2 };

	for (const char *s = p; s < end; s = unit_end(s)) {
		name.is_plain = name.is_plain && !strchr("*?[", *s);
		name.is_deep = name.is_deep && *s == '*';
	}
	if (name.n == 0 || is_dots(&name, 1))
		return true;
	if (is_dots(&name, 2))
		return false;
	if (name.is_deep && m->n_names > 0 && m->name[m->n_names - 1].is_deep)
		return true;
	m->name = verify_grow(m->name, m->n_names, &m->cap_names, sizeof(name));
	m->name[m->n_names++] = name;
	return true;
}

/* Cuts one alternative into names; a class never holds a slash that would cut. */
static bool
cut_names(struct making *m, const char *text)
{
	const char *begin = text, *p = text;

	m->n_names = 0;
	m->ends_in_slash = false;
	if (*text == '/')
		return false;
	while (*p) {
		bool is_slash = *p == '/' || (p[0] == '\\' && p[1] == '/');
		uint64_t set[4];
		const char *class = p;

		if ((p[0] == '\\' && !p[1]) ||
		    (*p == '[' && !verify_class(&class, m->flags & PROGRAM_FOLDS, set)))
			return false;
		m->ends_in_slash = is_slash;
		if (is_slash && !add_name(m, begin, p))
			return false;
		p = unit_end(p);
		begin = is_slash ? p : begin;
	}
	return add_name(m, begin, p);
}

/* ---- code ---------------------------------------------------------------------------- */

static struct verify_op *
emit(struct verify_program *program, unsigned char kind)
{
	struct verify_op *op;

	program->op = verify_grow(program->op, program->n, &program->cap, sizeof(*op));
	op = &program->op[program->n];
	*op = (struct verify_op){ .kind = kind, .next = (uint32_t)++program->n };
	return op;
}

static void
emit_byte(struct verify_program *program, char c)
{
	emit(program, OP_BYTE)->byte = (unsigned char)c;
}

/* A fork to the next op but SKIP, and to the op BACK places before or behind it. */
static void
emit_fork(struct verify_program *program, int other)
{
	struct verify_op *op = emit(program, OP_FORK);

	op->other = (uint32_t)((long)program->n - 1 + other);
}

/* One name or more with slashes between them. */
static void
emit_anything_below(struct verify_program *program)
{
	uint32_t begin = (uint32_t)program->n;

	emit(program, OP_ANY);
	emit_fork(program, -1);
	emit_fork(program, 2); /* ends here, or goes on below */
	emit(program, OP_DONE);
	emit_byte(program, '/');
	program->op[program->n - 1].next = begin;
	program->op[begin + 2].next = begin + 3;
}

/* Any number of names, each with its slash. */
static void
emit_any_folders(struct verify_program *program)
{
	uint32_t begin = (uint32_t)program->n;

	emit_fork(program, 1);
	program->op[begin].next = begin + 4;
	emit(program, OP_ANY);
	emit_fork(program, -1);
	emit_byte(program, '/');
	program->op[program->n - 1].next = begin;
}

static void
emit_any_bytes(struct verify_program *program)
{
	uint32_t begin = (uint32_t)program->n;

	emit_fork(program, 1);
	program->op[begin].next = begin + 2;
	emit(program, OP_ANY);
	program->op[begin + 1].next = begin;
}

static void
emit_set(struct verify_program *program, const char *class)
{
	uint64_t set[4];

	(void)verify_class(&class, program->folds, set);
	program->set = verify_grow(
	    program->set, program->n_sets, &program->cap_sets, sizeof(*program->set));
	memcpy(program->set[program->n_sets], set, sizeof(set));
	emit(program, OP_SET)->set = (uint16_t)program->n_sets++;
}

static void
emit_part(struct verify_program *program, const struct part_name *name)
{
	const char *p = name->p, *end = name->p + name->n;
	bool is_all_stars = true;

	for (const char *s = p; s < end; s++)
		is_all_stars = is_all_stars && *s == '*';
	if (is_all_stars)
		emit(program, OP_ANY);
	for (; p < end; p = unit_end(p)) {
		if (*p == '*')
			emit_any_bytes(program);
		else if (*p == '?')
			emit(program, OP_ANY);
		else if (*p == '[')
			emit_set(program, p);
		else
			emit_byte(program, *p == '\\' ? p[1] : *p);
	}
}

static bool
all_plain(const struct making *m)
{
	for (size_t i = 0; i < m->n_names; i++) {
		if (!m->name[i].is_plain)
			return false;
	}
	return m->n_names > 0;
}

/* May what the plain path names be a directory?  Its name decides when nobody knows. */
static bool
covers_more(const struct making *m)
{
	const struct part_name *last = &m->name[m->n_names - 1];
	size_t at = 0;

	if (m->ends_in_slash || (m->flags & PROGRAM_COVERS))
		return true;
	if (m->flags & PROGRAM_IS_FILE)
		return false;
	for (const char *p = last->p; p < last->p + last->n; p = unit_end(p), at++) {
		if (at > 0 && (*p == '.' || (*p == '\\' && p[1] == '.')))
			return false;
	}
	return true;
}

static void
emit_path(struct making *m)
{
	struct verify_program *program = m->program;
	bool needs_slash = false;

	program->start[program->n_starts++] = (uint32_t)program->n;
	for (size_t i = 0; i < m->n_names; i++) {
		bool is_last = i + 1 == m->n_names;

		if (needs_slash)
			emit_byte(program, '/');
		needs_slash = !m->name[i].is_deep;
		if (!m->name[i].is_deep) {
			emit_part(program, &m->name[i]);
		} else if (is_last && !m->ends_in_slash) {
			emit_anything_below(program);
			return;
		} else {
			emit_any_folders(program);
			if (is_last) {
				emit(program, OP_ANY);
				emit_any_bytes(program);
			}
		}
	}
	if (all_plain(m)) {
		if (covers_more(m))
			emit_fork(program, 2);
		emit(program, OP_DONE);
		if (!covers_more(m))
			return;
	} else if (!m->ends_in_slash && m->n_names > 0) {
		emit(program, OP_DONE);
		return;
	}
	if (m->n_names > 0)
		emit_byte(program, '/');
	emit_anything_below(program);
}

/* ---- what the text alone tells ---------------------------------------------------------- */

static char
plain_byte(const char *p, bool folds)
{
	char c = *p == '\\' ? p[1] : *p;

	return folds && c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

/*
 * The bytes all matches begin with (a slash too, before the first wildcard of a name), or
 * with IS_SAMPLE a path with an x for each wildcard.
 */
static char *
beginning(const struct making *m, size_t n_text, bool is_sample)
{
	char *text = verify_alloc(n_text + 4, 1), *to = text;

	for (size_t i = 0; i < m->n_names; i++) {
		const struct part_name *name = &m->name[i];
		const char *p = name->p;

		if (i > 0)
			*to++ = '/';
		for (; p < name->p + name->n; p = unit_end(p)) {
			if (!strchr("*?[", *p))
				*to++ = plain_byte(p, !is_sample && m->program->folds);
			else if (!is_sample)
				return text;
			else if (!name->is_deep || p == name->p)
				*to++ = 'x';
		}
	}
	if (is_sample && (m->n_names == 0 || m->ends_in_slash))
		memcpy(to, m->n_names ? "/x" : "x", m->n_names ? 2 : 1);
	return text;
}

/* The one folder that directly holds all matches of the alternative, or NULL. */
static char *
folder(const struct making *m, const char *prefix)
{
	const char *last = strrchr(prefix, '/');
	size_t n_slashes = 0;

	for (const char *p = prefix; *p; p++)
		n_slashes += *p == '/';
	if (!last || n_slashes + 1 != m->n_names || m->ends_in_slash ||
	    m->name[m->n_names - 1].is_deep || (all_plain(m) && covers_more(m)))
		return NULL;
	return verify_copy(prefix, (size_t)(last - prefix));
}

static void
note_texts(struct making *m, size_t n_text)
{
	struct verify_program *program = m->program;
	char *prefix = beginning(m, n_text, false), *holder = folder(m, prefix);
	size_t same = 0;

	program->is_literal = m->is_first && all_plain(m);
	if (m->is_first) {
		program->prefix = prefix;
		program->directory = holder;
		program->sample = beginning(m, n_text, true);
		return;
	}
	while (prefix[same] && program->prefix[same] == prefix[same])
		same++;
	program->prefix[same] = '\0';
	if (program->directory &&
	    (!holder || strcmp(holder, program->directory) != 0)) {
		free(program->directory);
		program->directory = NULL;
	}
	free(holder);
	free(prefix);
}

static bool
is_text_fit(const char *text)
{
	size_t n = strnlen(text, MAX_TEXT + 1);

	if (n == 0 || n > MAX_TEXT)
		return false;
	for (size_t i = 0; i < n; i++) {
		if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
			return false;
	}
	return true;
}

bool
verify_compile(struct verify_program *program, const char *text, unsigned flags)
{
	struct making m = { .program = program, .flags = flags, .is_first = true };
	struct written w;
	bool is_good = true;

	*program = (struct verify_program){ .folds = flags & PROGRAM_FOLDS };
	if (!is_text_fit(text) || !write_out(&w, text))
		return false;
	for (size_t i = 0; i < w.n && is_good; i++) {
		size_t n = strlen(w.text[i]);

		program->n_text += n;
		is_good = n == 0 || cut_names(&m, w.text[i]);
		if (n == 0 || !is_good)
			continue;
		/* What is as long as this is taken whole, and needs no code. */
		if (program->n < MAX_OPS)
			emit_path(&m);
		note_texts(&m, n);
		m.is_first = false;
	}
	is_good = is_good && !m.is_first;
	drop_texts(&w);
	free(m.name);
	if (!is_good)
		verify_program_clear(program);
	return is_good;
}

void
verify_program_whole(struct verify_program *program)
{
	size_t n = strnlen(program->prefix, 1024);

	program->prefix[n] = '\0';
	program->n = program->n_sets = 0;
	program->start[0] = 0;
	program->n_starts = 1;
	program->is_literal = false;
	free(program->directory);
	program->directory = NULL;
	for (size_t i = 0; i < n; i++)
		emit_byte(program, program->prefix[i]);
	if (n > 0 && program->prefix[n - 1] != '/') {
		emit_any_bytes(program); /* the rest of a name that has begun */
		emit_fork(program, 2);
		emit(program, OP_DONE);
		emit_byte(program, '/');
	}
	emit_anything_below(program);
}

void
verify_program_clear(struct verify_program *program)
{
	free(program->op);
	free(program->set);
	free(program->prefix);
	free(program->sample);
	free(program->directory);
	*program = (struct verify_program){ .n = 0 };
}
