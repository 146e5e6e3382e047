#include "verify/verify.h"

#include <stdlib.h>
#include <string.h>

/*
 * Two programs run over the same bytes, as sets of pairs of threads.  What a name began
 * with is the third part of a place, because no name is "." or "..".
 */
enum { BEGUN_NOT, BEGUN_DOT, BEGUN_DOTS, BEGUN_NAME };

static void
bytes_of_op(
    const struct verify_program *program, const struct verify_op *op, uint64_t set[4])
{
	unsigned char c = op->byte;

	memset(set, 0, 4 * sizeof(*set));
	if (op->kind == OP_SET) {
		memcpy(set, program->set[op->set], 4 * sizeof(*set));
	} else if (op->kind == OP_ANY) {
		memset(set, 0xff, 4 * sizeof(*set));
		set[0] &= ~(UINT64_C(1) | UINT64_C(1) << '/');
	} else {
		unsigned char other = (unsigned char)(c ^ 0x20);
		bool is_letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'z';

		set[c >> 6] |= UINT64_C(1) << (c & 63);
		if (program->folds && is_letter)
			set[other >> 6] |= UINT64_C(1) << (other & 63);
	}
}

struct places {       /* that N bytes can reach, and those that one more can */
	uint32_t *at; /* three numbers each: thread of A, thread of B, begun */
	size_t n, cap;
};

struct run {
	const struct verify_program *a, *b;
	struct places now, then;
	uint64_t *seen;
};

static void
reach(struct run *r, struct places *places, uint32_t a, uint32_t b, uint32_t begun)
{
	size_t key = ((size_t)a * r->b->n + b) * 4 + begun;
	uint32_t *at;

	if (r->seen[key >> 6] >> (key & 63) & 1)
		return;
	r->seen[key >> 6] |= UINT64_C(1) << (key & 63);
	places->at = verify_grow(places->at, places->n, &places->cap, 3 * sizeof(*at));
	at = places->at + 3 * places->n++;
	at[0] = a;
	at[1] = b;
	at[2] = begun;
}

/* One byte more, from a place where both threads take one. */
static void
run_byte(
    struct run *r, const struct verify_op *a, const struct verify_op *b, uint32_t begun)
{
	uint64_t both[4], other[4];

	bytes_of_op(r->a, a, both);
	bytes_of_op(r->b, b, other);
	for (int i = 0; i < 4; i++)
		both[i] &= other[i];
	if (both[0] >> '/' & 1) {
		if (begun == BEGUN_NAME)
			reach(r, &r->then, a->next, b->next, BEGUN_NOT);
		both[0] &= ~(UINT64_C(1) << '/');
	}
	if (both[0] >> '.' & 1) {
		reach(r, &r->then, a->next, b->next,
		    begun == BEGUN_NAME ? BEGUN_NAME : begun + 1);
		both[0] &= ~(UINT64_C(1) << '.');
	}
	if (both[0] | both[1] | both[2] | both[3])
		reach(r, &r->then, a->next, b->next, BEGUN_NAME);
}

/* Goes through the places of this length; true when both programs can end in one. */
static bool
run_length(struct run *r)
{
	for (size_t i = 0; i < r->now.n; i++) {
		uint32_t at[3];
		const struct verify_op *a, *b;

		memcpy(at, r->now.at + 3 * i, sizeof(at));
		a = &r->a->op[at[0]];
		b = &r->b->op[at[1]];
		if (a->kind == OP_FORK) {
			reach(r, &r->now, a->next, at[1], at[2]);
			reach(r, &r->now, a->other, at[1], at[2]);
		} else if (b->kind == OP_FORK) {
			reach(r, &r->now, at[0], b->next, at[2]);
			reach(r, &r->now, at[0], b->other, at[2]);
		} else if (a->kind == OP_DONE || b->kind == OP_DONE) {
			if (a->kind == b->kind && at[2] == BEGUN_NAME)
				return true;
		} else {
			run_byte(r, a, b, at[2]);
		}
	}
	return false;
}

size_t
verify_shortest(
    struct verify *v, const struct verify_program *a, const struct verify_program *b)
{
	struct run r = { .a = a, .b = b };
	size_t length = 0, n_words = a->n * b->n / 16 + 1;
	bool is_met = false;

	for (const char *p = a->prefix, *q = b->prefix; a->folds == b->folds;
	     p++, q++) {
		if (!*p || !*q)
			break;
		if (*p != *q)
			return 0;
	}
	if (!verify_spend(v, (double)a->n * (double)b->n))
		return 0;
	r.seen = verify_alloc(n_words, sizeof(*r.seen));
	for (size_t i = 0; i < a->n_starts; i++) {
		for (size_t k = 0; k < b->n_starts; k++)
			reach(&r, &r.now, a->start[i], b->start[k], BEGUN_NOT);
	}
	while (!is_met && r.now.n > 0) {
		struct places done = r.now;

		is_met = run_length(&r);
		done = r.now;
		if (is_met)
			break;
		length++;
		r.now = r.then;
		r.then = done;
		r.then.n = 0;
	}
	free(r.seen);
	free(r.now.at);
	free(r.then.at);
	return is_met ? length : 0;
}

/* The threads that are alive, each once; DONE threads stay where they are. */
struct threads {
	uint32_t *at;
	uint32_t *mark; /* per op: the step that added it */
	size_t n;
};

static void
wake(
    const struct verify_program *program, struct threads *t, uint32_t at, uint32_t step)
{
	size_t from = t->n;

	if (t->mark[at] == step)
		return;
	t->mark[at] = step;
	t->at[t->n++] = at;
	/* Forks are followed where they stand in the list, so nothing recurses. */
	for (; from < t->n; from++) {
		const struct verify_op *op = &program->op[t->at[from]];
		uint32_t to[2] = { op->next, op->other };

		for (int i = 0; op->kind == OP_FORK && i < 2; i++) {
			if (t->mark[to[i]] == step)
				continue;
			t->mark[to[i]] = step;
			t->at[t->n++] = to[i];
		}
	}
}

bool
verify_matches(const struct verify_program *program, const char *path)
{
	uint32_t *room = verify_alloc(4 * program->n + 4, sizeof(*room));
	struct threads now = { .at = room, .mark = room + program->n };
	struct threads then = { .at = room + 2 * program->n,
		.mark = room + 3 * program->n };
	uint32_t step = 1;
	bool is_match = false;

	for (size_t i = 0; i < program->n_starts; i++)
		wake(program, &now, program->start[i], step);
	for (const char *p = path; *p && now.n > 0; p++) {
		unsigned char c = (unsigned char)*p;
		struct threads done = now;

		step++;
		then.n = 0;
		for (size_t i = 0; i < now.n; i++) {
			const struct verify_op *op = &program->op[now.at[i]];
			uint64_t set[4];

			if (op->kind == OP_FORK || op->kind == OP_DONE)
				continue;
			bytes_of_op(program, op, set);
			if (set[c >> 6] >> (c & 63) & 1)
				wake(program, &then, op->next, step);
		}
		now = then;
		then = done;
	}
	for (size_t i = 0; i < now.n; i++)
		is_match = is_match || program->op[now.at[i]].kind == OP_DONE;
	free(room);
	return is_match;
}
