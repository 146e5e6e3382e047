#include "plan/certificate.h"

#include "plan/digest.h"
#include "plan/meets.h"

#include <string.h>

/*
 * Lines of fields between tabs.  Nothing in it is prose: whatever stands here can be found
 * again from the plan's own text, the tracked paths and the settings, and divisi-verify
 * does find it again.
 */
struct certificate {
	FILE *out;
	const struct plan *plan;
	const struct verdict_env *env;
	const struct verdicts *verdicts;
	struct arena *arena;
	struct meets meets;
};

/* Bytes that would end a field or a line, and '%' itself, as %XX. */
static void
put_bytes(FILE *out, const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)p[i];

		if (c < ' ' || c == '%' || c == 0x7f)
			fprintf(out, "%%%02X", c);
		else
			putc_unlocked(c, out);
	}
}

/* A field; NULL is "-", and a lone hyphen is written so that it is not NULL. */
static void
put_field(FILE *out, const char *s)
{
	fputc('\t', out);
	if (!s)
		fputc('-', out);
	else if (strcmp(s, "-") == 0)
		fputs("%2D", out);
	else
		put_bytes(out, s, strlen(s));
}

static void
put_line(FILE *out, const char *word, const char *const *field, size_t n)
{
	fputs(word, out);
	for (size_t i = 0; i < n; i++)
		put_field(out, field[i]);
	fputc('\n', out);
}

/* SHA-256 of what `git ls-files -z` prints. */
static void
hash_tree(const struct verdict_env *env, char hex[HASH_HEX_SIZE])
{
	char *all = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&all, &n);

	for (size_t i = 0; i < env->n_tracked; i++)
		fwrite(env->tracked[i], 1, strlen(env->tracked[i]) + 1, out);
	fclose(out);
	hash_sha256(all, n, hex);
	free(all);
}

static void
put_head(const struct certificate *c, const char *made_by)
{
	const struct verdict_env *env = c->env;
	char tree[HASH_HEX_SIZE];
	FILE *out = c->out;

	hash_tree(env, tree);
	fputs("divisi-certificate\t1\n", out);
	put_line(out, "made", (const char *const[]){ made_by, c->plan->path }, 2);
	put_line(out, "plan",
	    (const char *const[]){ c->plan->plan_hash, c->plan->sha256 }, 2);
	fprintf(out, "tree\t%s\t%zu\n", tree, env->n_tracked);
	fprintf(out, "set\t%s\t%s\n", env->fold_case ? "fold-case" : "exact-case",
	    env->has_no_branches ? "no-branches" : "branches");
	for (size_t i = 0; i < env->n_infra_patterns; i++)
		put_line(out, "infra", &env->infra_pattern[i], 1);
	for (size_t i = 0; i < env->n_exclusive; i++)
		put_line(out, "exclusive", &env->exclusive[i], 1);
	for (size_t i = 0; i < env->n_derived; i++)
		put_line(out, "derived", &env->derived[i], 1);
	for (size_t i = 0; i < env->n_united; i++)
		put_line(out, "united", &env->united[i], 1);
	for (size_t i = 0; i < env->n_series; i++)
		put_line(out, "series", &env->series[i], 1);
	for (size_t i = 0; i < env->n_assertions; i++) {
		const struct assertion *as = &env->assertion[i];

		put_line(out, "assert",
		    (const char *const[]){ as->a, as->b, as->reason }, 3);
	}
}

/* What the plan's hash is made of, with a line end behind each NUL for people's eyes. */
static void
put_plan_text(const struct certificate *c)
{
	size_t n;
	AUTO_FREE char *text = plan_digest_text(c->plan, &n);

	fprintf(c->out, "text\t%zu\n", n);
	for (const char *p = text, *end; p < text + n; p = end) {
		end = memchr(p, '\0', (size_t)(text + n - p));
		end = end ? end + 1 : text + n;
		fputc('|', c->out);
		put_bytes(c->out, p, (size_t)(end - p));
		fputc('\n', c->out);
	}
}

/* The tracked paths, each as the bytes it shares with the one before and the rest. */
static void
put_tree(const struct certificate *c)
{
	const char *last = "";

	for (size_t i = 0; i < c->env->n_tracked; i++) {
		const char *path = c->env->tracked[i];
		size_t same = 0;

		while (last[same] && last[same] == path[same])
			same++;
		fprintf(c->out, "+%zu\t", same);
		put_bytes(c->out, path + same, strlen(path + same));
		fputc('\n', c->out);
		last = path;
	}
}

/* How a pattern is read; what is too long to be read exactly is taken whole. */
static const char *
pattern_type(const struct pattern *p)
{
	return glob_is_capped(p->glob)    ? "whole"
	       : glob_is_literal(p->glob) ? "path"
					  : "pattern";
}

static void
put_patterns(const struct certificate *c)
{
	const struct meets *m = &c->meets;

	for (size_t i = 0; i < m->n_patterns; i++) {
		const struct pattern *p = &m->pattern[i];

		put_line(c->out, pattern_type(p),
		    (const char *const[]){ p->repo, p->text }, 2);
	}
	for (size_t i = 0; i < m->n_patterns; i++) {
		const struct pattern *p = &m->pattern[i];

		for (size_t k = 0; k < p->n_meets; k++) {
			const struct meet *meet = &p->meet[k];
			const char *how = meet->is_undecided   ? "undecided"
					  : meet->is_collision ? "collision"
					  : meet->is_tracked   ? "tracked"
							       : "new";

			if (meet->other < (int)i)
				continue;
			put_line(c->out, "meet",
			    (const char *const[]){ p->repo, p->text,
				m->pattern[meet->other].text, how,
				meet->is_undecided ? NULL : meet->witness },
			    5);
		}
	}
}

static const struct meet *
find_meet(const struct pattern *p, int other)
{
	size_t low = 0, high = p->n_meets;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (p->meet[mid].other < other)
			low = mid + 1;
		else
			high = mid;
	}
	return low < p->n_meets && p->meet[low].other == other ? &p->meet[low] : NULL;
}

/* Why two phases are apart: what was compared, and the two patterns that come nearest. */
struct apart {
	size_t n_compared,
	    n_negated;   /* negated: they meet, but every path is excepted */
	size_t n_shared; /* leading bytes the nearest two share */
	const struct pattern *a, *b;
};

static void
apart_compare(struct certificate *c, struct apart *apart, const struct use *a,
    const struct use *b)
{
	const struct pattern *p = &c->meets.pattern[a->pattern],
			     *q = &c->meets.pattern[b->pattern];
	const struct meet *meet;
	const char *witness;
	size_t same = 0;

	if ((a->access == ACCESS_READ && b->access == ACCESS_READ) ||
	    strcmp(p->repo, q->repo) != 0)
		return;
	apart->n_compared++;
	meet = find_meet(p, b->pattern);
	apart->n_negated += meet && !meets_survives(&c->meets, a, b, meet, &witness);
	while (p->text[same] && p->text[same] == q->text[same])
		same++;
	if (!apart->a || same > apart->n_shared) {
		apart->n_shared = same;
		apart->a = p;
		apart->b = q;
	}
}

static void
put_apart(struct certificate *c, const struct pair *pair)
{
	const struct meets *m = &c->meets;
	int a = pair->a + 1, b = pair->b + 1;
	struct apart apart = { 0 };

	for (size_t i = 0; i < m->of[pair->a].n; i++) {
		for (size_t k = 0; k < m->of[pair->b].n; k++)
			apart_compare(
			    c, &apart, &m->of[pair->a].use[i], &m->of[pair->b].use[k]);
	}
	fprintf(c->out, "apart\t%d\t%d\t%s\t%zu\t%zu\t%zu", a, b,
	    verdict_name(pair->literal), apart.n_compared, apart.n_negated,
	    apart.n_shared);
	put_field(c->out, apart.a ? apart.a->text : NULL);
	put_field(c->out, apart.b ? apart.b->text : NULL);
	fputc('\n', c->out);
}

static void
put_pair(const struct certificate *c, const struct pair *pair)
{
	int a = pair->a + 1, b = pair->b + 1, first = pair->first + 1;

	fprintf(c->out, "pair\t%d\t%d\t%s\t%s\t%u\t%s\t%d", a, b,
	    verdict_name(pair->verdict), verdict_name(pair->literal), pair->question,
	    pair_kind_name(pair->kind), first);
	put_field(c->out, pair->grounds->witness);
	fputc('\n', c->out);
}

static void
put_pairs(struct certificate *c)
{
	const struct verdicts *v = c->verdicts;

	fprintf(c->out, "pairs\t%zu\t%s\n", v->n_total, v->keeps_all ? "all" : "some");
	for (size_t i = 0; i < v->n_pairs; i++) {
		if (v->pair[i].verdict == VERDICT_PARALLEL)
			put_apart(c, &v->pair[i]);
		else
			put_pair(c, &v->pair[i]);
	}
	for (size_t i = 0; i < v->n_cycles; i++) {
		fputs("cycle", c->out);
		for (size_t k = 0; k < v->cycle[i].n; k++)
			fprintf(c->out, "\t%d", v->cycle[i].phase[k] + 1);
		fputc('\n', c->out);
	}
}

static bool
is_ascii(const char *s)
{
	for (; *s; s++) {
		if ((unsigned char)*s >= 0x80)
			return false;
	}
	return true;
}

/*
 * What divisi-verify does not decide again, it is not asked to believe: other names that
 * links and submodules give a path, names beyond ASCII where a pattern takes characters,
 * and numbers of things.  NULL when there is none of it.
 */
#define VERIFY_MAX_PHASES 16384 /* as divisi-verify has it */

static const char *
beyond_proof(const struct certificate *c)
{
	const struct meets *m = &c->meets;
	bool has_wide_names = false, takes_characters = false;

	if (c->plan->n_phases > VERIFY_MAX_PHASES)
		return arena_printf(
		    c->arena, "it has more than %d phases", VERIFY_MAX_PHASES);
	for (size_t i = 0; i < c->env->n_tracked; i++)
		has_wide_names = has_wide_names || !is_ascii(c->env->tracked[i]);
	for (size_t i = 0; i < m->n_patterns; i++) {
		const struct pattern *p = &m->pattern[i];

		if (p->via)
			return arena_printf(c->arena,
			    "`%s` has another name through `%s`", p->text, p->via);
		if (!is_ascii(p->text))
			return arena_printf(c->arena, "`%s` is not in ASCII", p->text);
		takes_characters = takes_characters || strpbrk(p->text, "?[");
	}
	if (has_wide_names && takes_characters)
		return "patterns with ? or [] meet tracked names beyond ASCII";
	return c->env->n_counted > 0 ? "divisi.counted is set" : NULL;
}

char *
certificate_text(const struct plan *plan, const struct verdict_env *env,
    const struct verdicts *verdicts, const char *made_by, size_t *n_bytes,
    struct err *err)
{
	struct certificate c = { .plan = plan, .env = env, .verdicts = verdicts };
	char seal[HASH_HEX_SIZE], *text = NULL;
	const char *why;

	if (verdicts->is_too_large) {
		err_set(err, ERR_REFUSED,
		    "the plan is too large for its pairs to be decided, so there is "
		    "nothing to certify");
		err_fix(err, "split it into several plans");
		return NULL;
	}
	c.arena = arena_new();
	meets_init(&c.meets, plan, env, c.arena);
	why = beyond_proof(&c);
	if (why) {
		err_set(err, ERR_REFUSED,
		    "divisi-verify could not check a certificate of this: %s", why);
		err_fix(err, "the verdicts stand all the same: divisi check");
		meets_clear(&c.meets);
		arena_free(c.arena);
		return NULL;
	}
	c.out = open_memstream(&text, n_bytes);
	put_head(&c, made_by);
	put_plan_text(&c);
	put_tree(&c);
	put_patterns(&c);
	put_pairs(&c);
	fflush(c.out);
	hash_sha256(text, *n_bytes, seal);
	fprintf(c.out, "end\t%s\n", seal);
	fclose(c.out);
	meets_clear(&c.meets);
	arena_free(c.arena);
	return text;
}
