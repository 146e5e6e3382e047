#include "plan/resources.h"

#include "plan/intern.h"
#include "plan/series.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* More of one thing than any machine runs sessions. */
#define MAX_COUNT 1024

/*
 * Infrastructure a path gives away.  A pattern counts when it names such a path, not when
 * it merely could reach one: `src/` with all below is no migration, whatever may come to lie there.
 */
static const struct {
	const char *kind, *pattern;
} infra_defaults[] = {
	/* clang-format off */
	{ "ci",        ".github/{workflows,actions}/**" },
	{ "ci",        "{.circleci,.buildkite,.woodpecker,.builds,.ci,.azure-pipelines,.gitlab/ci}/**" },
	{ "ci",        "{.gitlab-ci,.travis,.drone,.woodpecker,.cirrus,appveyor,.appveyor}.{yml,yaml}" },
	{ "ci",        "{azure,bitbucket}-pipelines.{yml,yaml}" },
	{ "ci",        "**/Jenkinsfile" },
	{ "db-schema", "**/{migrations,migrate,alembic}/**" },
	{ "db-schema", "**/db/schema*" },
	{ "db-schema", "**/{schema,structure}.sql" },
	{ "db-schema", "**/schema.prisma" },
	{ "toolchain", "{.tool-versions,.nvmrc,.node-version,.python-version,.ruby-version,.java-version,.go-version}" },
	{ "toolchain", "{rust-toolchain,rust-toolchain.toml,mise.toml,.mise.toml,.sdkmanrc,flake.nix}" },
	{ "toolchain", ".devcontainer/**" },
	/* clang-format on */
};

static const struct {
	const char *alias, *name;
} infra_aliases[] = {
	{ "ci-config", "ci" },
	{ "ci-configuration", "ci" },
	{ "db", "db-schema" },
	{ "database", "db-schema" },
	{ "database-schema", "db-schema" },
	{ "migrations", "db-schema" },
	{ "lock-file", "lockfile" },
	{ "lockfiles", "lockfile" },
	{ "lock-files", "lockfile" },
};

static const struct {
	enum touch touch;
	enum mode mode;
} name_touches[] = {
	{ TOUCH_PRODUCES, MODE_PRODUCE },
	{ TOUCH_CONSUMES, MODE_CONSUME },
	{ TOUCH_USES, MODE_USE },
	{ TOUCH_EXTENDS, MODE_EXTEND },
	{ TOUCH_CHANGES, MODE_CHANGE },
	{ TOUCH_REMOVES, MODE_REMOVE },
	{ TOUCH_RENUMBERS, MODE_RENUMBER },
	{ TOUCH_GATES, MODE_GATE },
	{ TOUCH_INFRA, MODE_INFRA },
};

/*
 * CONFLICTS 5.1, with three additions.  Produces and Consumes are question 1 whatever the
 * other does (CONTRACTS 4).  "Infra:" is the method's word for "modifies" and never lives
 * beside another change (S-16).  Two that extend one name may add the same member, which
 * nobody can see, so they land in an order.
 */
enum relation
mode_relation(enum mode a, enum mode b)
{
	enum {
		OK = RELATION_OK,
		D1 = RELATION_DATA_FIRST,
		D2 = RELATION_DATA_SECOND,
		OR = RELATION_ORDER,
		O1 = RELATION_ORDER_FIRST,
		O2 = RELATION_ORDER_SECOND,
		SQ = RELATION_SEQUENTIAL,
		NU = RELATION_NUMBERS,
		DI = RELATION_DIRECTORY
	};
	/* clang-format off */
	static const unsigned char table[MODE_N][MODE_N] = {
		/*            use ext chg rem num gat con pro inf par dir */
		/* use  */  { OK, OK, O2, O1, OK, O2, OK, D2, O2, OK, OK },
		/* ext  */  { OK, OR, O2, O1, OK, O2, D1, D2, SQ, OK, OK },
		/* chg  */  { O1, O1, SQ, SQ, OK, O2, D1, D2, SQ, OK, OK },
		/* rem  */  { O2, O2, SQ, SQ, OK, O2, D2, D2, SQ, OK, OK },
		/* num  */  { OK, OK, OK, OK, NU, OK, OK, D2, SQ, OK, OK },
		/* gate */  { O1, O1, O1, O1, OK, SQ, D1, D2, SQ, OK, OK },
		/* cons */  { OK, D2, D2, D1, OK, D2, OK, D2, D2, OK, OK },
		/* prod */  { D1, D1, D1, D1, D1, D1, D1, SQ, SQ, OK, OK },
		/* infr */  { O1, SQ, SQ, SQ, SQ, SQ, D1, SQ, SQ, SQ, OK },
		/* part */  { OK, OK, OK, OK, OK, OK, OK, OK, SQ, OK, OK },
		/* dir  */  { OK, OK, OK, OK, OK, OK, OK, OK, OK, OK, DI },
	};
	/* clang-format on */

	return (enum relation)table[a][b];
}

struct draft {
	const char *name, *repo;
	struct claim claim; /* its resource is a number of drafts.names yet */
};

struct drafts {
	struct draft *item;
	size_t n, cap;
	struct arena *arena;
	struct intern names;
	/* By number of the name: who claimed it first, and did another one too? */
	struct seen {
		int phase;
		bool is_shared;
	} * seen;
	size_t cap_seen;
};

/* Gives the claim of DRAFT the number of its name. */
static void
draft_number(struct drafts *d, struct draft *draft)
{
	size_t n_known = d->names.n;
	struct claim *claim = &draft->claim;

	claim->resource = (int)intern_number(&d->names, draft->name, draft->repo);
	if (d->names.n > n_known) {
		GROW(d->seen, n_known, d->cap_seen);
		d->seen[n_known] = (struct seen){ .phase = claim->phase };
	}
	if (d->seen[claim->resource].phase != claim->phase)
		d->seen[claim->resource].is_shared = true;
	draft->name = d->names.item[claim->resource].text;
	draft->repo = d->names.item[claim->resource].repo;
}

static void
draft_add(struct drafts *d, const char *name, const char *repo, struct claim claim)
{
	GROW(d->item, d->n, d->cap);
	d->item[d->n] = (struct draft){ name, repo, claim };
	draft_number(d, &d->item[d->n++]);
}

/* Drops what only one phase claims: nobody can meet it there. */
static void
drafts_keep_shared(struct drafts *d)
{
	size_t n = 0;

	for (size_t i = 0; i < d->n; i++) {
		if (d->seen[d->item[i].claim.resource].is_shared)
			d->item[n++] = d->item[i];
	}
	d->n = n;
}

static const char *
directory_name(struct drafts *d, const char *path, size_t n)
{
	static const char kind[] = { 'd', 'i', 'r', ':' };
	char *name = arena_alloc(d->arena, sizeof(kind) + n + 1);

	memcpy(name, kind, sizeof(kind));
	memcpy(name + sizeof(kind), path, n);
	return name;
}

/* "CI config" and "infra:ci" are one thing: lower case, hyphens, known aliases. */
static const char *
infra_name(struct arena *arena, struct span text)
{
	char *name = arena_printf(arena, "infra:%.*s", SPAN_FMT(text));
	char *kind = name + strlen("infra:");

	for (char *p = kind; *p; p++)
		*p = (char)(*p == ' ' || *p == '_' ? '-' : tolower((unsigned char)*p));
	for (size_t i = 0; i < N_ELEMS(infra_aliases); i++) {
		if (strcmp(kind, infra_aliases[i].alias) == 0)
			return arena_printf(arena, "infra:%s", infra_aliases[i].name);
	}
	return name;
}

static const char *
resource_name(struct arena *arena, const char *text)
{
	struct span s = span_trim(span_of(text));

	if (span_starts(s, "api:") || span_starts(s, "schema:"))
		return arena_strndup(arena, s.p, s.n);
	if (span_starts(s, "infra:"))
		s = (struct span){ s.p + 6, s.n - 6 };
	return infra_name(arena, span_trim(s));
}

/* The CI of two repositories is two things; a port of one machine is one. */
static const char *
resource_repo(const char *name, const struct phase *phase)
{
	bool is_of_repo = strncmp(name, "infra:", 6) == 0 && !strchr(name + 6, ':');

	return is_of_repo && phase->repo ? phase->repo : "";
}

struct recognisers {
	const char **name;
	struct glob **glob;
	size_t n;
};

static void
recognisers_init(
    struct recognisers *r, const struct verdict_env *env, struct arena *arena)
{
	size_t n = N_ELEMS(infra_defaults) + env->n_infra_patterns;

	r->name = xcalloc(n, sizeof(*r->name));
	r->glob = xcalloc(n, sizeof(*r->glob));
	for (size_t i = 0; i < n; i++) {
		struct span kind = { 0 };
		const char *pattern;
		struct glob *glob;

		if (i < env->n_infra_patterns) {
			pattern = strchr(env->infra_pattern[i], '=');
			if (!pattern)
				continue;
			kind = (struct span){ env->infra_pattern[i],
				(size_t)(pattern++ - env->infra_pattern[i]) };
		} else {
			kind = span_of(infra_defaults[i - env->n_infra_patterns].kind);
			pattern = infra_defaults[i - env->n_infra_patterns].pattern;
		}
		glob = glob_new(pattern, env->fold_case ? GLOB_FOLD_CASE : 0, NULL);
		if (!glob)
			continue;
		r->name[r->n] = infra_name(arena, span_trim(kind));
		r->glob[r->n++] = glob;
	}
}

static void
recognisers_clear(struct recognisers *r)
{
	for (size_t i = 0; i < r->n; i++)
		glob_free(r->glob[i]);
	free(r->glob);
	free(r->name);
}

/* The infrastructure that pattern P gives away, or NULL. */
static const char *
recognised(const struct recognisers *r, const struct pattern *p)
{
	struct glob_path sample;
	size_t at;

	glob_path_init(&sample, glob_sample(p->glob), false);
	at = glob_match_first((const struct glob *const *)r->glob, r->n, &sample);
	free(sample.own);
	return at < r->n ? r->name[at] : NULL;
}

/*
 * Are the numbers of all that the phase at POSITION writes where migrations lie given at
 * landing, when it numbers the series TEXT?  What names migrations stands for all of them;
 * a series with patterns for what those match.
 */
static bool
gives_numbers(
    const struct meets *m, const struct recognisers *r, int position, const char *text)
{
	const struct verdict_env *env = m->env;
	struct span span;
	size_t at = 0;

	if (!series_next(env->series, env->n_series, text, &at, &span))
		return resource_names_migrations(text);
	for (size_t i = 0; i < m->of[position].n; i++) {
		const struct use *use = &m->of[position].use[i];
		const struct pattern *p = &m->pattern[use->pattern];
		const char *infra = use->access == ACCESS_READ ? NULL
							       : recognised(r, p);

		if (infra && resource_is_migrations(infra) &&
		    !series_covers(env, text, p->glob))
			return false;
	}
	return true;
}

static void
collect_names(
    struct drafts *d, const struct meets *m, const struct recognisers *r, int position)
{
	const struct phase *phase = &m->plan->phase[position];

	for (size_t t = 0; t < N_ELEMS(name_touches); t++) {
		const struct touch_list *list = &phase->touch[name_touches[t].touch];
		struct claim claim = { .phase = position,
			.mode = name_touches[t].mode };

		for (size_t i = 0; i < list->n; i++) {
			const char *text = list->item[i].text, *name;

			if (list->item[i].is_inferred || list->item[i].is_negated ||
			    touch_is_path(name_touches[t].touch, text))
				continue;
			name = resource_name(d->arena, text);
			if (claim.mode == MODE_RENUMBER) {
				claim.gives_numbers = gives_numbers(
				    m, r, position, text);
				if (series_is_pattern(text))
					name = arena_printf(d->arena, "infra:%.*s",
					    SPAN_FMT(span_trim(span_of(text))));
			}
			draft_add(d, name, resource_repo(name, phase), claim);
			if (strncmp(name, "schema:", 7) == 0 &&
			    claim.mode != MODE_USE && claim.mode != MODE_CONSUME &&
			    claim.mode != MODE_RENUMBER)
				draft_add(d, "infra:db-schema",
				    phase->repo ? phase->repo : "",
				    (struct claim){
					.phase = position, .mode = MODE_PART });
		}
	}
}

/* How many there are of the thing NAME ("infra:gpu") by divisi.counted; 0 when not said. */
static unsigned long
count_of(const struct verdict_env *env, const struct recognisers *r,
    struct arena *arena, const char *name)
{
	/* What paths give away is one thing, or the paths would say nothing. */
	for (size_t i = 0; i < r->n; i++) {
		if (strcmp(r->name[i], name) == 0)
			return 0;
	}
	for (size_t i = 0; i < env->n_counted; i++) {
		const char *equals = strchr(env->counted[i], '=');
		struct span known = { env->counted[i], 0 };
		unsigned long n;

		if (!equals)
			continue;
		known = span_trim((struct span){ known.p, (size_t)(equals - known.p) });
		n = strtoul(equals + 1, NULL, 10);
		if (strcmp(resource_name(arena, arena_strndup(arena, known.p, known.n)),
			name) == 0)
			return n < MAX_COUNT ? n : MAX_COUNT;
	}
	return 0;
}

/*
 * Of what there are several every phase that needs one is given one, in plan order and round
 * and round: two that are given the same do not run together, so never more run than there
 * are, whatever is scheduled.
 */
static void
share_out(struct drafts *d, const struct verdict_env *env, const struct recognisers *r)
{
	struct given {
		const char *name;
		unsigned long n;
		unsigned long next;
		int phase;
	} *given = NULL;
	size_t n_given = 0, cap = 0;

	for (size_t i = 0; env->n_counted > 0 && i < d->n; i++) {
		struct draft *draft = &d->item[i];
		size_t k = 0;

		if (strncmp(draft->name, "infra:", 6) != 0)
			continue;
		while (k < n_given && strcmp(given[k].name, draft->name) != 0)
			k++;
		if (k == n_given) {
			GROW(given, n_given, cap);
			given[n_given++] = (struct given){ .name = draft->name,
				.n = count_of(env, r, d->arena, draft->name),
				.phase = -1 };
		}
		if (given[k].n < 2)
			continue;
		if (given[k].phase != draft->claim.phase)
			given[k].next++;
		given[k].phase = draft->claim.phase;
		draft->claim.mode = MODE_INFRA;
		draft->name = arena_printf(d->arena, "%s:%lu", draft->name,
		    (given[k].next - 1) % given[k].n + 1);
		draft->repo = "";
		draft_number(d, draft);
	}
	free(given);
}

/* What the written patterns of a plan give away: infrastructure and directories. */
static void
collect_paths(struct drafts *d, const struct meets *meets, const struct recognisers *r)
{
	for (size_t i = 0; i < meets->n_patterns; i++) {
		const struct pattern *p = &meets->pattern[i];
		size_t n_directory = glob_directory(p->glob);
		const char *directory = NULL, *infra;

		if (!p->is_written)
			continue;
		infra = recognised(r, p);
		if (n_directory > 0)
			directory = directory_name(
			    d, glob_prefix(p->glob), n_directory);
		for (size_t u = 0; u < p->n_uses; u++) {
			struct claim claim = { .phase = p->use[u].phase,
				.mode = MODE_INFRA,
				.path = p->text };

			if (p->use[u].access == ACCESS_READ)
				continue;
			if (infra)
				draft_add(d, infra, p->repo, claim);
			claim.mode = MODE_DIRECTORY;
			if (directory)
				draft_add(d, directory, p->repo, claim);
		}
	}
}

static int
compare_drafts(const void *pa, const void *pb)
{
	const struct draft *a = pa, *b = pb;
	int by = strcmp(a->name, b->name);

	if (by == 0)
		by = strcmp(a->repo, b->repo);
	if (by == 0)
		by = a->claim.phase - b->claim.phase;
	if (by == 0)
		by = (int)a->claim.mode - (int)b->claim.mode;
	/* A declaration says more than a path that gave it away. */
	return by ? by : (a->claim.path != NULL) - (b->claim.path != NULL);
}

static bool
is_same_claim(const struct draft *a, const struct draft *b)
{
	return strcmp(a->name, b->name) == 0 && strcmp(a->repo, b->repo) == 0 &&
	       a->claim.phase == b->claim.phase && a->claim.mode == b->claim.mode;
}

static bool
is_same_resource(const struct draft *a, const struct draft *b)
{
	return strcmp(a->name, b->name) == 0 && strcmp(a->repo, b->repo) == 0;
}

static void
make_resources(struct resources *r, const struct drafts *d)
{
	size_t at = 0;

	r->claim = xcalloc(d->n, sizeof(*r->claim));
	r->item = xcalloc(d->n, sizeof(*r->item));
	r->cap = d->n;
	for (size_t i = 0; i < d->n; i++) {
		const struct draft *draft = &d->item[i];

		if (i > 0 && is_same_claim(draft - 1, draft))
			continue;
		if (i == 0 || !is_same_resource(draft - 1, draft))
			r->item[r->n++] = (struct resource){ .name = draft->name,
				.repo = draft->repo };
		r->n_data += draft->claim.mode == MODE_PRODUCE ||
			     draft->claim.mode == MODE_CONSUME;
		r->claim[r->n_claims] = draft->claim;
		r->claim[r->n_claims++].resource = (int)(r->n - 1);
		r->item[r->n - 1].n_claims++;
	}
	r->n_sorted = r->n;
	for (size_t i = 0; i < r->n; i++) {
		r->item[i].claim = r->claim + at;
		at += r->item[i].n_claims;
		r->n_hits += r->item[i].n_claims * r->item[i].n_claims;
	}
}

static void
link_claims(struct resources *r, size_t n_phases)
{
	size_t *at = xcalloc(n_phases + 1, sizeof(*at));

	r->of = xcalloc(n_phases + 1, sizeof(*r->of));
	r->of_phase = xcalloc(r->n_claims, sizeof(*r->of_phase));
	for (size_t i = 0; i < r->n_claims; i++)
		r->of[r->claim[i].phase].n++;
	for (size_t i = 0; i < n_phases; i++) {
		r->of[i].claim = r->of_phase + at[i];
		at[i + 1] = at[i] + r->of[i].n;
	}
	for (size_t i = 0; i < r->n_claims; i++)
		r->of_phase[at[r->claim[i].phase]++] = r->claim[i];
	free(at);
}

void
resources_init(struct resources *resources, const struct meets *meets,
    struct arena *arena, bool keeps_all)
{
	const struct plan *plan = meets->plan;
	struct drafts drafts = { .arena = arena };
	struct recognisers recognisers = { 0 };

	*resources = (struct resources){ 0 };
	recognisers_init(&recognisers, meets->env, arena);
	for (size_t i = 0; i < plan->n_phases; i++)
		collect_names(&drafts, meets, &recognisers, (int)i);
	share_out(&drafts, meets->env, &recognisers);
	collect_paths(&drafts, meets, &recognisers);
	if (!keeps_all)
		drafts_keep_shared(&drafts);
	if (drafts.n > 0)
		qsort(drafts.item, drafts.n, sizeof(*drafts.item), compare_drafts);
	make_resources(resources, &drafts);
	link_claims(resources, plan->n_phases);
	recognisers_clear(&recognisers);
	intern_clear(&drafts.names);
	free(drafts.seen);
	free(drafts.item);
}

int
resource_order(const struct resources *resources, int a, int b)
{
	const struct resource *ra = &resources->item[a], *rb = &resources->item[b];
	int by = a == b ? 0 : strcmp(ra->name, rb->name);

	return by ? by : a == b ? 0 : strcmp(ra->repo, rb->repo);
}

void
resources_clear(struct resources *resources)
{
	free(resources->item);
	free(resources->claim);
	free(resources->of_phase);
	free(resources->of);
	*resources = (struct resources){ 0 };
}

enum pair_kind
resource_kind(const char *name)
{
	if (strncmp(name, "api:", 4) == 0)
		return PAIR_API;
	if (strncmp(name, "schema:", 7) == 0)
		return PAIR_SCHEMA;
	if (strncmp(name, "dir:", 4) == 0)
		return PAIR_DIRECTORY;
	return strchr(name + strlen("infra:"), ':') ? PAIR_RESOURCE : PAIR_INFRA;
}

bool
resource_is_migrations(const char *name)
{
	return strcmp(name, "infra:db-schema") == 0;
}

bool
resource_names_migrations(const char *text)
{
	struct arena *arena = arena_new();
	const char *name = resource_name(arena, text);
	bool is_so = resource_kind(name) == PAIR_SCHEMA || resource_is_migrations(name);

	arena_free(arena);
	return is_so;
}
