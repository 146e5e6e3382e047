#include "verify/verify.h"

#include <stdlib.h>
#include <string.h>

/*
 * What is left of two programs when others are taken away.  A place is a thread of each of
 * the two, what a name began with, and for every other program the set of its threads that
 * are alive: only of all of them is it known that none can end.
 */
enum { BEGUN_NOT, BEGUN_DOT, BEGUN_DOTS, BEGUN_NAME, MOST_PLACES = 4000 };

struct place {
	uint32_t a, b, begun;
	uint64_t *alive;
};

struct left {
	const struct verify_program *a, *b, *except;
	size_t n_except, n_words;
	struct place *place;
	size_t n, cap;
	bool is_given_up;
};

static bool
takes(const struct verify_program *program, const struct verify_op *op, unsigned char c)
{
	unsigned char low = c | 0x20;

	if (op->kind == OP_ANY)
		return c != '/';
	if (op->kind == OP_SET)
		return program->set[op->set][c >> 6] >> (c & 63) & 1;
	return op->byte == c || (program->folds && low >= 'a' && low <= 'z' &&
				    (op->byte | 0x20) == low && op->byte >= 'A');
}

/* Adds op AT of PROGRAM to ALIVE, and what forks lead to from it. */
static void
wake(const struct verify_program *program, uint64_t *alive, uint32_t at)
{
	uint32_t *todo = verify_alloc(program->n + 1, sizeof(*todo));
	size_t n = 0;

	todo[n++] = at;
	while (n > 0) {
		uint32_t i = todo[--n];
		const struct verify_op *op = &program->op[i];
		uint32_t to[2] = { op->next, op->other };

		if (alive[i >> 6] >> (i & 63) & 1)
			continue;
		alive[i >> 6] |= UINT64_C(1) << (i & 63);
		for (int k = 0; op->kind == OP_FORK && k < 2; k++) {
			if (!(alive[to[k] >> 6] >> (to[k] & 63) & 1) && n < program->n)
				todo[n++] = to[k];
		}
	}
	free(todo);
}

static size_t
words_of(const struct verify_program *program)
{
	return program->n / 64 + 1;
}

static uint64_t *
step(const struct left *l, const uint64_t *now, unsigned char c)
{
	uint64_t *then = verify_alloc(l->n_words + 1, sizeof(*then)), *at = then;

	for (size_t e = 0; e < l->n_except; e++) {
		const struct verify_program *program = &l->except[e];

		for (uint32_t i = 0; i < program->n; i++) {
			const struct verify_op *op = &program->op[i];

			if ((now[i >> 6] >> (i & 63) & 1) && op->kind != OP_FORK &&
			    op->kind != OP_DONE && takes(program, op, c))
				wake(program, at, op->next);
		}
		now += words_of(program);
		at += words_of(program);
	}
	return then;
}

/* Takes ALIVE. */
static void
add_place(struct left *l, uint32_t a, uint32_t b, uint32_t begun, uint64_t *alive)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct place *p = &l->place[i];

		if (p->a == a && p->b == b && p->begun == begun &&
		    memcmp(p->alive, alive, l->n_words * sizeof(*alive)) == 0) {
			free(alive);
			return;
		}
	}
	if (l->n == MOST_PLACES) {
		l->is_given_up = true;
		free(alive);
		return;
	}
	l->place = verify_grow(l->place, l->n, &l->cap, sizeof(*l->place));
	l->place[l->n++] = (struct place){ a, b, begun, alive };
}

static uint64_t *
copy_of(const struct left *l, const uint64_t *alive)
{
	uint64_t *copy = verify_alloc(l->n_words + 1, sizeof(*copy));

	memcpy(copy, alive, l->n_words * sizeof(*copy));
	return copy;
}

static bool
is_excepted(const struct left *l, const uint64_t *alive)
{
	for (size_t e = 0; e < l->n_except; e++) {
		const struct verify_program *program = &l->except[e];

		for (uint32_t i = 0; i < program->n; i++) {
			if ((alive[i >> 6] >> (i & 63) & 1) &&
			    program->op[i].kind == OP_DONE)
				return true;
		}
		alive += words_of(program);
	}
	return false;
}

static void
go_on(struct left *l, struct place p, const struct verify_op *a,
    const struct verify_op *b)
{
	for (unsigned c = ' '; c < 0x7f; c++) {
		unsigned char byte = (unsigned char)c;
		uint32_t begun = BEGUN_NAME;

		if (!takes(l->a, a, byte) || !takes(l->b, b, byte) ||
		    (c == '/' && p.begun != BEGUN_NAME))
			continue;
		if (c == '/')
			begun = BEGUN_NOT;
		else if (c == '.' && p.begun != BEGUN_NAME)
			begun = p.begun + 1;
		add_place(l, a->next, b->next, begun, step(l, p.alive, byte));
	}
}

/* True when something is left. */
static bool
look(struct left *l, struct verify *v)
{
	for (size_t i = 0; i < l->n && !l->is_given_up; i++) {
		struct place p = l->place[i];
		const struct verify_op *a = &l->a->op[p.a], *b = &l->b->op[p.b];

		if (!verify_spend(v, (double)l->n_words * 64))
			return false;
		if (a->kind == OP_FORK) {
			add_place(l, a->next, p.b, p.begun, copy_of(l, p.alive));
			add_place(l, a->other, p.b, p.begun, copy_of(l, p.alive));
		} else if (b->kind == OP_FORK) {
			add_place(l, p.a, b->next, p.begun, copy_of(l, p.alive));
			add_place(l, p.a, b->other, p.begun, copy_of(l, p.alive));
		} else if (a->kind == OP_DONE || b->kind == OP_DONE) {
			if (a->kind == b->kind && p.begun == BEGUN_NAME &&
			    !is_excepted(l, p.alive))
				return true;
		} else {
			go_on(l, p, a, b);
		}
	}
	return l->is_given_up;
}

bool
verify_leftover(struct verify *v, const struct verify_program *a,
    const struct verify_program *b, const struct verify_program *except, size_t n)
{
	struct left l = { .a = a, .b = b, .except = except, .n_except = n };
	uint64_t *alive, *at;
	bool is_left;

	for (size_t e = 0; e < n; e++)
		l.n_words += words_of(&except[e]);
	alive = at = verify_alloc(l.n_words + 1, sizeof(*alive));
	for (size_t e = 0; e < n; e++) {
		for (size_t s = 0; s < except[e].n_starts; s++)
			wake(&except[e], at, except[e].start[s]);
		at += words_of(&except[e]);
	}
	for (size_t i = 0; i < a->n_starts; i++) {
		for (size_t k = 0; k < b->n_starts; k++)
			add_place(&l, a->start[i], b->start[k], BEGUN_NOT,
			    copy_of(&l, alive));
	}
	free(alive);
	is_left = look(&l, v);
	for (size_t i = 0; i < l.n; i++)
		free(l.place[i].alive);
	free(l.place);
	return is_left;
}
