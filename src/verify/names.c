#include "verify/verify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * Names that phases claim.  The table says how two claims get along, seen from the first:
 *   .  they do                        X  not at the same time
 *   a  the second needs the first     b  the first needs the second
 *   =  an order of landing, either    <  the first lands first    >  the second does
 *   #  numbers are given at landing   /  different files of one directory
 */
enum {
	MAX_NUMBERED = 64, /* patterns of a series */
	MODE_COUNT = 11,
	USING = 0,
	RENUMBERING = 4,
	CONSUMING = 6,
	PRODUCING = 7,
	INFRA_MODE = 8,
	DATABASE_PART = 9,
	IN_DIRECTORY = 10
};

/* clang-format off */
static const char relations[MODE_COUNT][MODE_COUNT + 1] = {
	/*                 uecrngcpiPd */
	/* uses        */ "..><.>.b>..",
	/* extends     */ ".=><.>abX..",
	/* changes     */ "<<XX.>abX..",
	/* removes     */ ">>XX.>bbX..",
	/* renumbers   */ "....#..bX..",
	/* gates       */ "<<<<.XabX..",
	/* consumes    */ ".bba.b.bb..",
	/* produces    */ "aaaaaaaXX..",
	/* infra       */ "<XXXXXaXXX.",
	/* part of db  */ "........X..",
	/* directory   */ "........../",
};
/* clang-format on */

static const struct {
	enum verify_list list;
	int mode;
} claiming[] = {
	{ LIST_PRODUCES, PRODUCING },
	{ LIST_CONSUMES, CONSUMING },
	{ LIST_USES, USING },
	{ LIST_EXTENDS, 1 },
	{ LIST_CHANGES, 2 },
	{ LIST_REMOVES, 3 },
	{ LIST_RENUMBERS, RENUMBERING },
	{ LIST_GATES, 5 },
	{ LIST_INFRA, INFRA_MODE },
};

static const char *const other_words[][2] = {
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

static const char *const telling_paths[][2] = {
	{ "ci", ".github/{workflows,actions}/**" },
	{ "ci", "{.circleci,.buildkite,.woodpecker,.builds,.ci,.azure-pipelines,"
		".gitlab/ci}/**" },
	{ "ci", "{.gitlab-ci,.travis,.drone,.woodpecker,.cirrus,appveyor,"
		".appveyor}.{yml,yaml}" },
	{ "ci", "{azure,bitbucket}-pipelines.{yml,yaml}" },
	{ "ci", "**/Jenkinsfile" },
	{ "db-schema", "**/{migrations,migrate,alembic}/**" },
	{ "db-schema", "**/db/schema*" },
	{ "db-schema", "**/{schema,structure}.sql" },
	{ "db-schema", "**/schema.prisma" },
	{ "toolchain", "{.tool-versions,.nvmrc,.node-version,.python-version,"
		       ".ruby-version,.java-version,.go-version}" },
	{ "toolchain", "{rust-toolchain,rust-toolchain.toml,mise.toml,.mise.toml,"
		       ".sdkmanrc,flake.nix}" },
	{ "toolchain", ".devcontainer/**" },
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

char
verify_relation(const struct verify_claim *a, const struct verify_claim *b)
{
	return relations[a->mode][b->mode];
}

const char *
verify_name_kind(const char *name)
{
	if (strncmp(name, "api:", 4) == 0)
		return "api";
	if (strncmp(name, "schema:", 7) == 0)
		return "schema";
	if (strncmp(name, "dir:", 4) == 0)
		return "directory";
	return strchr(name + strlen("infra:"), ':') ? "resource" : "infra";
}

bool
verify_is_of_path(const struct verify_claim *claim)
{
	return claim->path || claim->mode == RENUMBERING ||
	       claim->mode == DATABASE_PART;
}

static bool
is_white(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* "infra:" and the N bytes at P as everybody writes them. */
static char *
shared_name(const char *p, size_t n)
{
	char *name = verify_alloc(n + 7, 1), *kind = name + 6;

	memcpy(name, "infra:", 6);
	for (size_t i = 0; i < n; i++) {
		char c = p[i];

		if (c >= 'A' && c <= 'Z')
			c = (char)(c + 32);
		if (c == ' ' || c == '_')
			c = '-';
		kind[i] = c;
	}
	for (size_t i = 0; i < COUNT(other_words); i++) {
		size_t n_word = strlen(other_words[i][1]);

		if (strcmp(kind, other_words[i][0]) != 0)
			continue;
		free(name);
		name = verify_alloc(n_word + 7, 1);
		memcpy(name, "infra:", 6);
		memcpy(name + 6, other_words[i][1], n_word);
		break;
	}
	return name;
}

static void
cut_white(const char **p, size_t *n)
{
	while (*n > 0 && is_white(**p)) {
		(*p)++;
		(*n)--;
	}
	while (*n > 0 && is_white((*p)[*n - 1]))
		(*n)--;
}

static char *
claimed_name(const char *text)
{
	size_t n = strlen(text);

	cut_white(&text, &n);
	if ((n >= 4 && memcmp(text, "api:", 4) == 0) ||
	    (n >= 7 && memcmp(text, "schema:", 7) == 0))
		return verify_copy(text, n);
	if (n >= 6 && memcmp(text, "infra:", 6) == 0) {
		text += 6;
		n -= 6;
		cut_white(&text, &n);
	}
	return shared_name(text, n);
}

/* Is TEXT of Renumbers: a pattern of paths? */
static bool
is_numbered_path(const char *text)
{
	while (is_white(*text))
		text++;
	return strncmp(text, "api:", 4) != 0 && strncmp(text, "schema:", 7) != 0 &&
	       strncmp(text, "infra:", 6) != 0 && strpbrk(text, "/*");
}

/* The name of a series; a pattern is its own. */
static char *
numbered_name(const char *text)
{
	size_t n = strlen(text);
	char *name;

	if (!is_numbered_path(text))
		return claimed_name(text);
	cut_white(&text, &n);
	name = verify_alloc(n + 7, 1);
	memcpy(name, "infra:", 6);
	memcpy(name + 6, text, n);
	return name;
}

static void
add_claim(struct verify *v, char *owned, const char *repo, struct verify_claim claim)
{
	claim.name = owned;
	claim.repo = repo;
	v->claim = verify_grow(v->claim, v->n_claims, &v->cap_claims, sizeof(claim));
	v->claim[v->n_claims++] = claim;
}

struct teller {
	char *name;
	struct verify_program program;
};

static void
add_teller(struct verify *v, struct teller *teller, size_t *n, const char *kind,
    size_t n_kind, const char *pattern)
{
	cut_white(&kind, &n_kind);
	if (verify_compile(&teller[*n].program, pattern, v->folds ? PROGRAM_FOLDS : 0))
		teller[(*n)++].name = shared_name(kind, n_kind);
}

/* The infrastructure that a path of the plan gives away, settings before what we know. */
static struct teller *
make_tellers(struct verify *v, size_t *n)
{
	struct teller *teller = verify_alloc(
	    v->n_infra + COUNT(telling_paths), sizeof(*teller));

	*n = 0;
	for (size_t i = 0; i < v->n_infra; i++) {
		const char *equals = strchr(v->infra[i], '=');

		if (equals)
			add_teller(v, teller, n, v->infra[i],
			    (size_t)(equals - v->infra[i]), equals + 1);
	}
	for (size_t i = 0; i < COUNT(telling_paths); i++)
		add_teller(v, teller, n, telling_paths[i][0],
		    strlen(telling_paths[i][0]), telling_paths[i][1]);
	return teller;
}

/* The kind of infrastructure that P gives away, or NULL. */
static const char *
told_by(const struct teller *teller, size_t n, const struct verify_pattern *p)
{
	for (size_t i = 0; i < n; i++) {
		if (verify_matches(&teller[i].program, p->program.sample))
			return teller[i].name;
	}
	return NULL;
}

/* The patterns of the series TEXT into PROGRAM, at most 64. */
static size_t
compile_series(const struct verify *v, const char *text, struct verify_program *program)
{
	unsigned flags = v->folds ? PROGRAM_FOLDS : 0;
	size_t n = 0, n_text = strlen(text);

	if (is_numbered_path(text))
		return verify_compile(&program[0], text, flags);
	cut_white(&text, &n_text);
	for (size_t i = 0; i < v->n_series && n < MAX_NUMBERED; i++) {
		const char *name = v->series[i], *equals = strchr(name, '='), *path;
		size_t n_name = equals ? (size_t)(equals - name) : 0, n_path;
		char *own;

		cut_white(&name, &n_name);
		if (n_name == 0 || n_name != n_text || memcmp(name, text, n_name) != 0)
			continue;
		path = equals + 1;
		n_path = strlen(path);
		cut_white(&path, &n_path);
		own = verify_copy(path, n_path);
		n += verify_compile(&program[n], own, flags);
		free(own);
	}
	return n;
}

/* Is there a setting for the series TEXT, or is it a pattern itself? */
static bool
has_paths(const struct verify *v, const char *text)
{
	size_t n_text = strlen(text);

	if (is_numbered_path(text))
		return true;
	cut_white(&text, &n_text);
	for (size_t i = 0; i < v->n_series; i++) {
		const char *name = v->series[i], *equals = strchr(name, '=');
		size_t n_name = equals ? (size_t)(equals - name) : 0;

		cut_white(&name, &n_name);
		if (n_name > 0 && equals[1 + strspn(equals + 1, " \t\r\n")] &&
		    n_name == n_text && memcmp(name, text, n_name) == 0)
			return true;
	}
	return false;
}

/*
 * Does phase I number all that it writes where migrations lie, by the series TEXT, whose
 * claim is NAME?  A name of migrations says so of all; patterns of what they match.
 */
static bool
numbers_all(struct verify *v, int i, const char *text, const char *name,
    const struct teller *teller, size_t n_tellers)
{
	const struct verify_phase *phase = &v->phase[i];
	struct verify_program program[MAX_NUMBERED];
	size_t n;
	bool is_all = true;

	if (!has_paths(v, text))
		return strncmp(name, "schema:", 7) == 0 ||
		       strcmp(name, "infra:db-schema") == 0;
	n = compile_series(v, text, program);
	for (size_t u = 0; u < phase->n_uses && is_all; u++) {
		const struct verify_use *use = &v->by_phase[phase->uses + u];
		const struct verify_pattern *p = &v->pattern[use->pattern];
		const char *told = use->deed == DEED_READ
				       ? NULL
				       : told_by(teller, n_tellers, p);

		if (told && strcmp(told, "infra:db-schema") == 0)
			is_all = n > 0 && !verify_leftover(
					      v, &p->program, &p->program, program, n);
	}
	while (n > 0)
		verify_program_clear(&program[--n]);
	return is_all;
}

static void
claim_names(struct verify *v, int i, const struct teller *teller, size_t n_tellers)
{
	const struct verify_phase *phase = &v->phase[i];

	for (size_t c = 0; c < COUNT(claiming); c++) {
		const struct verify_items *items = &phase->list[claiming[c].list];
		struct verify_claim claim = { .phase = i, .mode = claiming[c].mode };

		for (size_t k = 0; k < items->n; k++) {
			const char *text = items->item[k].text;
			char *name;
			bool is_common;

			if (items->item[k].mark != '=' ||
			    verify_is_path(claiming[c].list, text))
				continue;
			name = claiming[c].mode == RENUMBERING ? numbered_name(text)
							       : claimed_name(text);
			claim.numbers = claiming[c].mode == RENUMBERING &&
					numbers_all(
					    v, i, text, name, teller, n_tellers);
			/* The CI of two repositories is two things, a port is one. */
			is_common = strncmp(name, "infra:", 6) != 0 ||
				    strchr(name + 6, ':');
			add_claim(v, name, is_common ? "" : phase->repo, claim);
			if (strncmp(name, "schema:", 7) == 0 && claim.mode != USING &&
			    claim.mode != CONSUMING && claim.mode != RENUMBERING)
				add_claim(v, verify_copy("infra:db-schema", 15),
				    phase->repo,
				    (struct verify_claim){
					.phase = i, .mode = DATABASE_PART });
		}
	}
}

static void
claim_paths(struct verify *v, const struct teller *teller, size_t n_tellers)
{
	for (size_t u = 0; u < v->n_uses; u++) {
		const struct verify_use *use = &v->by_phase[u];
		const struct verify_pattern *p = &v->pattern[use->pattern];
		struct verify_claim claim = {
			.phase = use->phase, .mode = INFRA_MODE, .path = p->text
		};
		const char *folder = p->program.directory, *told;
		char *name;

		if (use->deed == DEED_READ)
			continue;
		told = told_by(teller, n_tellers, p);
		if (told)
			add_claim(v, verify_copy(told, strlen(told)), p->repo, claim);
		if (!folder)
			continue;
		claim.mode = IN_DIRECTORY;
		name = verify_alloc(strlen(folder) + 5, 1);
		stpcpy(stpcpy(name, "dir:"), folder);
		add_claim(v, name, p->repo, claim);
	}
}

static int
by_name(const void *pa, const void *pb)
{
	const struct verify_claim *a = pa, *b = pb;
	int by = strcmp(a->name, b->name);

	if (by == 0)
		by = strcmp(a->repo, b->repo);
	if (by == 0)
		by = a->phase - b->phase;
	if (by == 0)
		by = a->mode - b->mode;
	/* What is said counts before what a path gives away. */
	return by ? by : (a->path != NULL) - (b->path != NULL);
}

static bool
is_same_name(const struct verify_claim *a, const struct verify_claim *b)
{
	return strcmp(a->name, b->name) == 0 && strcmp(a->repo, b->repo) == 0;
}

/* Sorts the claims, drops doubles, numbers the names. */
static void
settle_claims(struct verify *v)
{
	size_t n = 0;

	if (v->n_claims > 0)
		qsort(v->claim, v->n_claims, sizeof(*v->claim), by_name);
	v->resource = verify_alloc(v->n_claims + 1, sizeof(*v->resource));
	for (size_t i = 0; i < v->n_claims; i++) {
		struct verify_claim *c = &v->claim[i];
		const struct verify_claim *last = n > 0 ? &v->claim[n - 1] : NULL;

		if (last && is_same_name(last, c) && last->phase == c->phase &&
		    last->mode == c->mode) {
			free(c->name);
			continue;
		}
		if (!last || !is_same_name(last, c))
			v->resource[v->n_resources++] = n;
		c->resource = (int)v->n_resources - 1;
		v->claim[n++] = *c;
	}
	v->n_claims = n;
	v->resource[v->n_resources] = n;
}

void
verify_claims(struct verify *v)
{
	size_t n_tellers, at = 0;
	struct teller *teller = make_tellers(v, &n_tellers);

	for (size_t i = 0; i < v->n_phases; i++)
		claim_names(v, (int)i, teller, n_tellers);
	claim_paths(v, teller, n_tellers);
	for (size_t i = 0; i < n_tellers; i++) {
		free(teller[i].name);
		verify_program_clear(&teller[i].program);
	}
	free(teller);
	settle_claims(v);
	v->claim_of = verify_alloc(v->n_claims, sizeof(*v->claim_of));
	for (size_t i = 0; i < v->n_claims; i++)
		v->phase[v->claim[i].phase].n_claims++;
	for (size_t i = 0; i < v->n_phases; i++) {
		v->phase[i].claims = at;
		at += v->phase[i].n_claims;
		v->phase[i].n_claims = 0;
	}
	for (size_t i = 0; i < v->n_claims; i++) {
		struct verify_phase *phase = &v->phase[v->claim[i].phase];

		v->claim_of[phase->claims + phase->n_claims++] = v->claim[i];
	}
}
