#include "plan/lint.h"

#include "base/mem.h"
#include "plan/glob.h"
#include "plan/graph.h"
#include "plan/index.h"
#include "plan/lint_text.h"
#include "plan/parse.h"
#include "plan/verdict.h"

#include <ctype.h>
#include <string.h>

#define MAX_PHASE_ID 32
#define MAX_ISSUE_ID 64
/* Ids of a cycle that a message names; the rest is counted. */
#define MAX_CYCLE_SHOWN 24
/* One cycle stops everything; looking at all of them would cost a walk back for each. */
#define MAX_CYCLES_TRIED 200

static const struct lint_code codes[] = {
	/* clang-format off */
	{ "L01", 'E', "R-109", "the plan has no phases" },
	{ "L02", 'E', "R-109", "two phases have one id" },
	{ "L03", 'E', "R-109", "a dependency names no phase" },
	{ "L04", 'E', "R-109", "an id cannot be used: empty, too long, outside its alphabet" },
	{ "L05", 'E', "S-39",  "a mode is outside its set" },
	{ "L06", 'E', "S-13",  "a path pattern cannot be used or leaves the repository" },
	{ "L07", 'E', "R-107", "a value holds control characters" },
	{ "L08", 'E', "S-52",  "an estimate cannot be read" },
	{ "L09", 'W', "R-109", "a table row has not the cells of its header" },
	{ "L10", 'W', "R-109", "the Phase Map and a section differ; the section counts" },
	{ "L11", 'E', "S-13",  "a rename says only one path" },
	{ "L12", 'W', "R-109", "a section gives one key twice; the first one counts" },
	{ "L13", 'W', "R-109", "a bullet's key is probably misspelt, or one that no phase has" },
	{ "L14", 'W', "R-109", "a section's phase has no row in the Phase Map" },
	{ "L15", 'W', "R-107", "a code block or comment is never closed" },
	{ "L16", 'W', "S-13",  "a negated pattern counts on tracked paths only" },
	{ "L17", 'W', "R-109", "a risk, batch or output is not understood" },
	{ "L18", 'W', "R-109", "a dependency is an issue that no phase does" },
	{ "L19", 'W', "S-13",  "a pattern is so long that only its prefix counts" },
	{ "L20", 'W', "S-11",  "what is produced or consumed is neither api: nor schema:" },
	{ "L21", 'W', "A-4",   "a phase says nothing of what it touches" },
	{ "L22", 'W', "S-13",  "history changes a file with one of the phase that is declared" },
	{ "L23", 'E', "A-2",   "the plan is too large for its pairs to be decided" },
	{ "L24", 'E', "A-4",   "no phase can work in the repository that one names" },
	/* clang-format on */
};

const struct lint_code *
lint_code_at(size_t i)
{
	return i < N_ELEMS(codes) ? &codes[i] : NULL;
}

bool
lint_stops(const struct lint *lint, enum lint_verb verb)
{
	if (lint->level != 'E' || strcmp(lint->code, "N01") == 0 ||
	    strcmp(lint->code, "N02") == 0)
		return false;
	if (lint->code[0] == 'P' || strcmp(lint->code, "N03") == 0)
		return verb == LINT_PROMPT || verb == LINT_DISPATCH;
	if (strcmp(lint->code, "G15") == 0)
		return verb == LINT_DISPATCH;
	return true;
}

char
lint_level(const struct lint *lint, enum lint_verb verb)
{
	return lint_stops(lint, verb) ? 'E' : 'W';
}

/* `[A-Za-z0-9]` and then that or one of EXTRA. */
static bool
is_id(const char *id, const char *first, const char *extra, size_t max)
{
	size_t n = strlen(id);

	if (n == 0 || n > max)
		return false;
	for (size_t i = 0; i < n; i++) {
		const char *more = i == 0 ? first : extra;

		if (!isalnum((unsigned char)id[i]) && !strchr(more, id[i]))
			return false;
	}
	return true;
}

static void
lint_ids(struct plan *plan, struct lint_list *lints, const struct phase *phase)
{
	if (!is_id(phase->id, "", "._-", MAX_PHASE_ID))
		lint_add(plan, lints, "L04", 'E', "R-109", phase->id, phase->at,
		    "use up to 32 letters, digits, dots, hyphens and underscores, "
		    "starting with a letter or digit, such as 1A",
		    "\"%.60s\" cannot be the id of a phase", phase->id);
	for (size_t i = 0; i < phase->n_issues; i++) {
		const struct issue_ref *ref = &phase->issue[i];

		if (!is_id(ref->id, "#", "._-#/", MAX_ISSUE_ID) ||
		    strstr(ref->id, ".."))
			lint_add(plan, lints, "L04", 'E', "S-21", phase->id, ref->at,
			    "link it as [REV-1: Title](url), or write local:ID",
			    "\"%.60s\" cannot be the id of an issue", ref->id);
	}
}

static void
lint_issues(struct plan *plan, struct lint_list *lints, const struct phase *phase)
{
	if (phase->n_issues == 0)
		lint_add(plan, lints, "G08", 'E', "S-21", phase->id, phase->at,
		    "give the phase the one issue that its session owns",
		    "phase %s names no issue", phase->id);
	else if (phase->n_issues > 1)
		lint_add(plan, lints, "G08", 'E', "S-21", phase->id, phase->issue[1].at,
		    "split the phase, or keep one issue and link the other in Context",
		    "phase %s names %zu issues, starting with %.60s and %.60s; a session "
		    "owns exactly one",
		    phase->id, phase->n_issues, phase->issue[0].id, phase->issue[1].id);
}

static void
lint_mode(struct plan *plan, struct lint_list *lints, const struct phase *phase)
{
	if (phase->mode == EXEC_NONE && phase->mode_text[0] != '\0')
		lint_add(plan, lints, "L05", 'E', "S-39", phase->id, phase->mode_at,
		    "use quick, tdd, pair, checkpoint, swarm or spike, with "
		    "\"(analysis-only)\" behind it when no code changes",
		    "phase %s has the mode \"%.60s\", which is none of the six",
		    phase->id, phase->mode_text);
}

static bool
is_path_touch(int touch)
{
	return touch <= TOUCH_APPENDS;
}

static void
lint_pattern(struct plan *plan, struct lint_list *lints, const struct phase *phase,
    struct place at, const char *pattern)
{
	struct err err = ERR_INIT;
	struct glob *glob = glob_new(pattern, 0, &err);

	if (!glob)
		lint_add(plan, lints, "L06", 'E', "S-13", phase->id, at,
		    err.fix[0] ? err.fix : "write it as a path of the repository",
		    "phase %s: \"%.100s\": %s", phase->id, pattern, err.text);
	else if (glob_is_capped(glob))
		lint_add(plan, lints, "L19", 'W', "S-13", phase->id, at,
		    "split it into shorter patterns",
		    "phase %s: a pattern of %zu bytes counts as all below its prefix "
		    "\"%.100s\"",
		    phase->id, strlen(pattern), glob_prefix(glob));
	glob_free(glob);
}

static void
lint_touch_item(struct plan *plan, struct lint_list *lints, const struct phase *phase,
    int touch, const struct touch_item *item)
{
	if (text_has_controls(item->text) ||
	    (item->to && text_has_controls(item->to))) {
		lint_add(plan, lints, "L07", 'E', "R-107", phase->id, item->at,
		    "remove them", "phase %s: \"%.100s\" holds control characters",
		    phase->id, item->text);
		return;
	}
	if (is_path_touch(touch)) {
		if (item->text[0] != '\0' || touch != TOUCH_RENAMES)
			lint_pattern(plan, lints, phase, item->at, item->text);
		if (item->to && item->to[0] != '\0')
			lint_pattern(plan, lints, phase, item->at, item->to);
	}
	if (item->is_negated)
		lint_add(plan, lints, "L16", 'W', "S-13", phase->id, item->at,
		    "name what is touched instead, where you can",
		    "phase %s: \"!%.100s\" is subtracted from tracked paths only",
		    phase->id, item->text);
	if ((touch == TOUCH_PRODUCES || touch == TOUCH_CONSUMES) &&
	    strncmp(item->text, "api:", 4) != 0 &&
	    strncmp(item->text, "schema:", 7) != 0)
		lint_add(plan, lints, "L20", 'W', "S-11", phase->id, item->at,
		    "write api:NAME or schema:NAME; files belong under Writes and Reads",
		    "phase %s: \"%.100s\" under \"%s\" is neither an API nor a schema",
		    phase->id, item->text, touch_name((enum touch)touch));
}

static void
lint_touches(struct plan *plan, struct lint_list *lints, const struct phase *phase)
{
	for (int t = 0; t < TOUCH_N; t++) {
		for (size_t i = 0; i < phase->touch[t].n; i++)
			lint_touch_item(
			    plan, lints, phase, t, &phase->touch[t].item[i]);
	}
	if (phase->is_unknown)
		lint_add(plan, lints, "L21", 'W', "A-4", phase->id,
		    phase->heading_at.line ? phase->heading_at : phase->at,
		    "add \"- Writes:\" and \"- Reads:\" to its section; `divisi "
		    "init --plan` proposes them",
		    "phase %s says nothing of what it touches: unknown counts as "
		    "everything, so it runs alone",
		    phase->id);
}

static void
lint_controls(struct plan *plan, struct lint_list *lints, const char *phase_id,
    struct place at, const char *what, const char *text)
{
	if (text_has_controls(text))
		lint_add(plan, lints, "L07", 'E', "R-107", phase_id, at, "remove them",
		    "the %s \"%.100s\" holds control characters", what, text);
}

static void
lint_phase_controls(
    struct plan *plan, struct lint_list *lints, const struct phase *phase)
{
	const struct {
		const char *what;
		struct place at;
		const struct text_list *list;
	} lists[] = { { "context", phase->at, &phase->context },
		{ "task", phase->at, &phase->tasks },
		{ "acceptance", phase->at, &phase->acceptance },
		{ "dependency", phase->at, &phase->depends_on } };
	const struct {
		const char *what, *text;
	} texts[] = { { "id", phase->id }, { "focus", phase->focus },
		{ "mode", phase->mode_text }, { "agent", phase->agent },
		{ "review", phase->review }, { "repository", phase->repo },
		{ "verify command", phase->verify },
		{ "deliverable", phase->deliverable }, { "status", phase->status } };

	for (size_t i = 0; i < N_ELEMS(texts); i++)
		lint_controls(
		    plan, lints, phase->id, phase->at, texts[i].what, texts[i].text);
	for (size_t l = 0; l < N_ELEMS(lists); l++) {
		for (size_t i = 0; i < lists[l].list->n; i++)
			lint_controls(plan, lints, phase->id, lists[l].list->item[i].at,
			    lists[l].what, lists[l].list->item[i].text);
	}
	for (size_t i = 0; i < phase->n_issues; i++) {
		const struct issue_ref *ref = &phase->issue[i];

		lint_controls(plan, lints, phase->id, ref->at, "issue", ref->id);
		lint_controls(plan, lints, phase->id, ref->at, "title", ref->title);
		lint_controls(plan, lints, phase->id, ref->at, "link", ref->url);
	}
}

static void
lint_depends(struct plan *plan, struct lint_list *lints, const struct phase *phase)
{
	for (size_t i = 0; i < phase->depends_on.n; i++) {
		const struct text_item *item = &phase->depends_on.item[i];

		if (plan_index(plan, item->text) < 0)
			lint_add(plan, lints, "L03", 'E', "R-109", phase->id, item->at,
			    "name a phase or an issue of this plan, or write None",
			    "phase %s depends on \"%.60s\", which is no phase of this "
			    "plan",
			    phase->id, item->text);
	}
}

static void
lint_duplicates(struct plan *plan, struct lint_list *lints)
{
	for (size_t i = 1; plan->by_id && i < plan->n_phases; i++) {
		const struct phase *a = &plan->phase[plan->by_id[i - 1]];
		const struct phase *b = &plan->phase[plan->by_id[i]];

		if (strcmp(a->id, b->id) == 0)
			lint_add(plan, lints, "L02", 'E', "R-109", b->id, b->at,
			    "give one of them another id",
			    "phase %.60s is here and in line %u, column %u", b->id,
			    a->at.line, a->at.column);
	}
}

static bool
same_issue(const struct issue_ref *a, const struct issue_ref *b)
{
	/* "#12" is an id of its repository only */
	return a->id[0] != '#' || a->url[0] == '\0' || b->url[0] == '\0' ||
	       strcmp(a->url, b->url) == 0;
}

static void
lint_shared(struct plan *plan, struct lint_list *lints)
{
	AUTO_FREE struct entry *owner = xcalloc(plan->n_phases, sizeof(*owner));
	size_t n = 0;

	for (size_t i = 0; i < plan->n_phases; i++) {
		if (plan->phase[i].n_issues > 0)
			owner[n++] = (struct entry){ plan->phase[i].issue[0].id, i };
	}
	entries_sort(owner, n);
	for (size_t i = 1; i < n; i++) {
		const struct phase *a = &plan->phase[owner[i - 1].at];
		const struct phase *b = &plan->phase[owner[i].at];

		if (strcmp(owner[i - 1].text, owner[i].text) == 0 &&
		    same_issue(a->issue, b->issue))
			lint_add(plan, lints, "G08", 'E', "S-21", b->id, b->issue->at,
			    "give each phase an issue of its own",
			    "issue %.60s is owned by phase %s and, in line %u, by "
			    "phase %s",
			    owner[i].text, b->id, a->issue->at.line, a->id);
	}
}

/* One line for the cycle of the N phases at IDS, as a path that ends where it starts. */
static void
lint_cycle(struct plan *plan, struct lint_list *lints, const int *phase, size_t n,
    const char *const *cause)
{
	AUTO_FREE char *path = NULL;
	size_t n_bytes;
	FILE *out = open_memstream(&path, &n_bytes);
	const struct phase *first = &plan->phase[phase[0]];

	for (size_t i = 0; i < n && i < MAX_CYCLE_SHOWN; i++) {
		fprintf(out, "%.32s -> ", plan->phase[phase[i]].id);
		if (cause && cause[i] && cause[i][0])
			fprintf(out, "(%.60s) ", cause[i]);
	}
	if (n > MAX_CYCLE_SHOWN)
		fprintf(out, "... %zu more -> ", n - MAX_CYCLE_SHOWN);
	fprintf(out, "%.32s", first->id);
	fclose(out);
	lint_add(plan, lints, "G02", 'E', "S-12", first->id, first->at,
	    "remove one of these dependencies, or make one phase of them",
	    "these phases wait for each other: %s", path);
}

struct walk {
	struct plan *plan;
	int *stack;   /* the path from a root to where we are */
	size_t *next; /* per phase: the next dependency to follow */
	unsigned char *state;
	int n_closed; /* how often a cycle was looked at */
};

enum { UNSEEN, ON_PATH, DONE, REPORTED };

/* Reports the cycle that closes at TO unless it runs into one reported before. */
static void
close_cycle(struct walk *walk, struct lint_list *lints, size_t depth, int to)
{
	size_t from = depth;

	if (walk->n_closed++ >= MAX_CYCLES_TRIED)
		return;
	while (walk->stack[from - 1] != to)
		from--;
	from--;
	for (size_t i = from; i < depth; i++) {
		if (walk->state[walk->stack[i]] == REPORTED)
			return;
	}
	lint_cycle(walk->plan, lints, walk->stack + from, depth - from, NULL);
	for (size_t i = from; i < depth; i++)
		walk->state[walk->stack[i]] = REPORTED;
}

/* Depth first, with a stack of its own: input never decides how deep we recurse. */
static void
walk_from(struct walk *walk, struct lint_list *lints, int root)
{
	size_t depth = 0;

	walk->stack[depth++] = root;
	walk->state[root] = ON_PATH;
	while (depth > 0) {
		int at = walk->stack[depth - 1];
		const struct phase *phase = &walk->plan->phase[at];
		int to;

		if (walk->next[at] == phase->depends_on.n) {
			walk->state[at] = DONE;
			depth--;
			continue;
		}
		to = plan_index(
		    walk->plan, phase->depends_on.item[walk->next[at]++].text);
		if (to < 0 || walk->state[to] == DONE)
			continue;
		if (walk->state[to] == UNSEEN) {
			walk->state[to] = ON_PATH;
			walk->stack[depth++] = to;
		} else if (walk->state[to] == ON_PATH) {
			close_cycle(walk, lints, depth, to);
		}
	}
}

static void
lint_declared_cycles(struct plan *plan, struct lint_list *lints)
{
	struct walk walk = { plan, xcalloc(plan->n_phases, sizeof(int)),
		xcalloc(plan->n_phases, sizeof(size_t)), xcalloc(plan->n_phases, 1),
		0 };

	for (size_t i = 0; i < plan->n_phases; i++) {
		if (walk.state[i] == UNSEEN)
			walk_from(&walk, lints, (int)i);
	}
	free(walk.stack);
	free(walk.next);
	free(walk.state);
}

static void
lint_cycles(struct plan *plan, const struct verdicts *verdicts, struct lint_list *lints)
{
	if (!verdicts) {
		lint_declared_cycles(plan, lints);
		return;
	}
	for (size_t i = 0; i < verdicts->n_cycles; i++) {
		const struct cycle *cycle = &verdicts->cycle[i];

		if (cycle->n > 0)
			lint_cycle(plan, lints, cycle->phase, cycle->n,
			    (const char *const *)cycle->cause);
	}
}

/* `{YYYY-MM-DD}-{project-short}-{topic}.md`, or `ISSUE-slug.md` (S-74, A-52). */
static bool
is_plan_name(const char *name)
{
	size_t n = strlen(name), n_words = 1;
	size_t at = 0;

	if (n < 6 || strcmp(name + n - 3, ".md") != 0)
		return false;
	n -= 3;
	for (size_t i = 0; i < n; i++) {
		if (!isalnum((unsigned char)name[i]) && name[i] != '-')
			return false;
		n_words += name[i] == '-';
	}
	if (strspn(name, "0123456789") == 4 && name[4] == '-' &&
	    strspn(name + 5, "0123456789") == 2 && name[7] == '-' &&
	    strspn(name + 8, "0123456789") == 2 && name[10] == '-')
		return n > 11 && n_words >= 5 && name[n - 1] != '-';
	while (at < n && isalnum((unsigned char)name[at]))
		at++;
	return at > 0 && name[at] == '-' && isdigit((unsigned char)name[at + 1]) &&
	       n_words >= 3 && name[n - 1] != '-';
}

static void
lint_name(struct plan *plan, struct lint_list *lints)
{
	const char *slash = strrchr(plan->path, '/');
	const char *name = slash ? slash + 1 : plan->path;

	if (name[0] != '\0' && !is_plan_name(name))
		lint_add(plan, lints, "N01", 'E', "S-74", "", (struct place){ 1, 1 },
		    "rename the file as in 2026-11-22-ccc-review-gates.md",
		    "\"%.100s\" is not {YYYY-MM-DD}-{project-short}-{topic}.md", name);
}

static void
lint_sections(struct plan *plan, struct lint_list *lints)
{
	const struct {
		bool is_there;
		const char *what, *fix;
	} parts[] = {
		{ plan->title[0] != '\0', "title",
		    "start with \"# Master Plan: TITLE\"" },
		{ plan->master.id[0] != '\0', "parent issue",
		    "add \"**Parent issue:** [ID: Title](url)\" below the title" },
		{ plan->date[0] != '\0', "date",
		    "add \"**Date:** YYYY-MM-DD\" below the title" },
		{ plan->has_issue_registry, "Issue Registry",
		    "add \"## Issue Registry\" with ID, Title, Status, Exec, Est, "
		    "Depends On" },
		{ plan->has_phase_map, "Phase Map",
		    "add \"## Phase Map\" with Phase, Issues, Focus, Batch, "
		    "Dependencies" },
		{ plan->has_session_registry, "Session Registry",
		    "add \"## Session Registry\" with Session Name, Issue, Phase, "
		    "Agent, Status" },
		{ plan->has_verification, "Verification",
		    "add \"## Verification\" with the checklist of the plan" },
	};

	for (size_t i = 0; plan->n_phases >= 2 && i < N_ELEMS(parts); i++) {
		if (!parts[i].is_there)
			lint_add(plan, lints, "N03", 'E', "R-113", "",
			    (struct place){ 1, 1 }, parts[i].fix,
			    "the plan has several sessions and no %s", parts[i].what);
	}
}

static int
compare_lints(const void *a, const void *b)
{
	const struct lint *x = a, *y = b;
	int order;

	if (x->at.line != y->at.line)
		return x->at.line < y->at.line ? -1 : 1;
	if (x->at.column != y->at.column)
		return x->at.column < y->at.column ? -1 : 1;
	order = strcmp(x->code, y->code);
	return order ? order : strcmp(x->message, y->message);
}

/* In the order of the file, each once. */
static void
sort_lints(struct lint_list *lints)
{
	size_t n = 0;

	if (lints->n > 0)
		qsort(lints->item, lints->n, sizeof(*lints->item), compare_lints);
	for (size_t i = 0; i < lints->n; i++) {
		if (n == 0 || compare_lints(&lints->item[n - 1], &lints->item[i]) != 0)
			lints->item[n++] = lints->item[i];
	}
	lints->n = n;
}

/* Past the limits every pair counts as sequential, and a cycle's lines would say nothing. */
static void
lint_size(struct plan *plan, const struct verdicts *verdicts, struct lint_list *lints)
{
	static const char fix[] = "make several plans of it, one after the other";

	if (!verdicts || !verdicts->is_too_large)
		return;
	if (plan->n_phases > VERDICT_MAX_PHASES)
		lint_add(plan, lints, "L23", 'E', "A-2", "", (struct place){ 1, 1 },
		    fix, "the plan has %zu phases; at most %d are decided",
		    plan->n_phases, VERDICT_MAX_PHASES);
	else
		lint_add(plan, lints, "L23", 'E', "A-2", "", (struct place){ 1, 1 },
		    fix,
		    "too much of the plan meets: at most %d pairs that are not parallel "
		    "are told apart, some hundred million meetings of patterns, and "
		    "who comes before whom in %zu MB",
		    VERDICT_MAX_PAIRS, GRAPH_MAX_REACH >> 20);
}

void
plan_lint(struct plan *plan, const struct verdicts *verdicts, struct lint_list *lints)
{
	lint_size(plan, verdicts, lints);
	lint_name(plan, lints);
	lint_sections(plan, lints);
	lint_controls(plan, lints, "", (struct place){ 1, 1 }, "title", plan->title);
	for (size_t i = 0; i < plan->n_phases; i++) {
		const struct phase *phase = &plan->phase[i];

		lint_phase_controls(plan, lints, phase);
		lint_ids(plan, lints, phase);
		lint_issues(plan, lints, phase);
		lint_mode(plan, lints, phase);
		lint_touches(plan, lints, phase);
		lint_depends(plan, lints, phase);
	}
	lint_duplicates(plan, lints);
	lint_shared(plan, lints);
	lint_cycles(plan, verdicts, lints);
	lint_texts(plan, lints);
	sort_lints(lints);
}
