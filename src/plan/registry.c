#include "plan/registry.h"

#include "base/mem.h"
#include "plan/field.h"
#include "plan/index.h"
#include "plan/parse.h"
#include "plan/phase.h"

#include <assert.h>
#include <string.h>

/* One row of an Issue Registry, for what the phases do not say themselves. */
struct registry_extra {
	struct span mode, estimate, status;
	struct text_list depends_on;
};

struct registry_build {
	struct plan *plan;
	struct lint_list *lints;
	const struct source *source;
	const struct tables *tables;
	struct cells cells;
	struct registry_extra *extra; /* beside plan->registry */
	size_t cap_registry;
	struct entry *by_id;    /* phase id to phase */
	struct entry *by_issue; /* issue id to phase */
	size_t n_by_issue;
};

static void
read_registry_row(struct registry_build *build, const struct table *table)
{
	struct field_env env = { build->plan->arena, build->source, true };
	struct plan *plan = build->plan;
	struct registry_extra extra = { 0 };
	struct issue_ref *ref = NULL;
	const char *title = "";
	size_t n = 0;

	for (size_t c = 0; c < table->n_columns; c++) {
		struct span cell = cells_at(&build->cells, c);

		switch (table->column[c]) {
		case KEY_ID:
		case KEY_ISSUE: n = field_issues(&env, cell, &ref); break;
		case KEY_TITLE: title = field_text(env.arena, cell, true); break;
		case KEY_MODE: extra.mode = cell; break;
		case KEY_ESTIMATE:
		case KEY_POINTS: extra.estimate = cell; break;
		case KEY_STATUS: extra.status = cell; break;
		case KEY_DEPENDS: field_depends(&env, cell, &extra.depends_on); break;
		default: break;
		}
	}
	if (n == 0) {
		free(extra.depends_on.item);
		return;
	}
	if (title[0] != '\0')
		ref->title = title;
	if (plan->n_registry == build->cap_registry) {
		build->cap_registry = build->cap_registry ? 2 * build->cap_registry : 8;
		plan->registry = xreallocarray(
		    plan->registry, build->cap_registry, sizeof(*plan->registry));
		build->extra = xreallocarray(
		    build->extra, build->cap_registry, sizeof(*build->extra));
	}
	plan->registry[plan->n_registry] = *ref;
	build->extra[plan->n_registry++] = extra;
}

static void
read_session_row(struct registry_build *build, const struct table *table, size_t *cap)
{
	struct plan *plan = build->plan;
	struct arena *arena = plan->arena;
	struct registry_row row = { "", "", "", "", "", "", "", { 0 } };

	if (cells_are_blank(&build->cells))
		return;
	row.at = source_place(build->source, cells_at(&build->cells, 0).p);
	for (size_t c = 0; c < table->n_columns && c < build->cells.n; c++) {
		const char *text = field_text(arena, build->cells.item[c], true);

		switch (table->column[c]) {
		case KEY_SESSION: row.session = text; break;
		case KEY_ID:
		case KEY_ISSUE: row.issue = text; break;
		case KEY_PHASE: row.phase = text; break;
		case KEY_AGENT: row.agent = text; break;
		case KEY_WORKTREE: row.worktree = text; break;
		case KEY_BRANCH: row.branch = text; break;
		case KEY_STATUS: row.status = text; break;
		default: break;
		}
	}
	GROW(plan->sessions, plan->n_sessions, *cap);
	plan->sessions[plan->n_sessions++] = row;
}

/* Copies a grown array into the arena, so that plan_free() needs nothing else. */
static void *
keep(struct arena *arena, void *items, size_t n_bytes)
{
	void *kept = arena_alloc(arena, n_bytes);

	if (n_bytes > 0)
		memcpy(kept, items, n_bytes);
	free(items);
	return kept;
}

static void
read_registries(struct registry_build *build)
{
	struct plan *plan = build->plan;
	size_t cap_sessions = 0;

	for (size_t t = 0; t < build->tables->n; t++) {
		const struct table *table = &build->tables->item[t];

		if (table->kind != TABLE_ISSUES && table->kind != TABLE_SESSIONS)
			continue;
		plan->has_issue_registry |= table->kind == TABLE_ISSUES;
		plan->has_session_registry |= table->kind == TABLE_SESSIONS;
		for (size_t line = table->head + 2; line < table->end; line++) {
			cells_split(&build->cells, source_clean(build->source, line),
			    table->n_columns);
			table_lint_row(plan, build->lints, build->source,
			    &(struct table_row){ table, &build->cells, line });
			if (table->kind == TABLE_ISSUES)
				read_registry_row(build, table);
			else
				read_session_row(build, table, &cap_sessions);
		}
	}
	plan->registry = keep(
	    plan->arena, plan->registry, plan->n_registry * sizeof(*plan->registry));
	plan->sessions = keep(
	    plan->arena, plan->sessions, plan->n_sessions * sizeof(*plan->sessions));
}

static void
index_phases(struct registry_build *build)
{
	struct plan *plan = build->plan;
	size_t n = 0;

	build->by_id = xcalloc(plan->n_phases, sizeof(*build->by_id));
	for (size_t i = 0; i < plan->n_phases; i++) {
		build->by_id[i] = (struct entry){ plan->phase[i].id, i };
		n += plan->phase[i].n_issues;
	}
	entries_sort(build->by_id, plan->n_phases);
	plan->by_id = arena_alloc(plan->arena, plan->n_phases * sizeof(*plan->by_id));
	for (size_t i = 0; i < plan->n_phases; i++)
		plan->by_id[i] = (int)build->by_id[i].at;
	build->by_issue = xcalloc(n, sizeof(*build->by_issue));
	for (size_t i = 0; i < plan->n_phases; i++) {
		const struct phase *phase = &plan->phase[i];

		for (size_t k = 0; k < phase->n_issues; k++)
			build->by_issue[build->n_by_issue++] = (struct entry){
				phase->issue[k].id, i
			};
	}
	entries_sort(build->by_issue, n);
}

/* What the Issue Registry says of a phase's issue and the phase does not. */
static void
apply_registry(struct registry_build *build)
{
	struct plan *plan = build->plan;

	for (size_t r = 0; r < plan->n_registry; r++) {
		const struct issue_ref *ref = &plan->registry[r];
		struct registry_extra *extra = &build->extra[r];
		const struct entry *entry = entries_find(
		    build->by_issue, build->n_by_issue, ref->id);
		struct phase_build filled = { plan, build->lints, build->source, NULL,
			0 };
		struct phase *phase;

		assert(build->extra);
		if (!entry) {
			free(extra->depends_on.item);
			continue;
		}
		assert(plan->phase);
		phase = filled.phase = &plan->phase[entry->at];
		for (size_t k = 0; k < phase->n_issues; k++) {
			if (strcmp(phase->issue[k].id, ref->id) != 0)
				continue;
			if (phase->issue[k].title[0] == '\0')
				phase->issue[k].title = ref->title;
			if (phase->issue[k].url[0] == '\0' && ref->url[0] != '\0')
				phase->issue[k].url = ref->url;
		}
		phase_read_fallback(&filled, KEY_MODE, extra->mode);
		phase_read_fallback(&filled, KEY_ESTIMATE, extra->estimate);
		phase_read_fallback(&filled, KEY_STATUS, extra->status);
		for (size_t k = 0; k < extra->depends_on.n; k++) {
			struct text_list *list = &phase->depends_on;

			GROW(list->item, list->n, list->cap);
			list->item[list->n++] = extra->depends_on.item[k];
		}
		free(extra->depends_on.item);
	}
}

/*
 * Turns what a phase depends on into phase ids: an issue of the plan means the phase that
 * owns it.  What names nothing stays as written, for the lint; doubles go.
 */
static void
resolve_depends(struct registry_build *build)
{
	struct plan *plan = build->plan;
	AUTO_FREE size_t *seen = xcalloc(plan->n_phases, sizeof(*seen));
	AUTO_FREE struct entry *ids = xcalloc(plan->n_registry, sizeof(*ids));

	for (size_t r = 0; r < plan->n_registry; r++)
		ids[r] = (struct entry){ plan->registry[r].id, r };
	entries_sort(ids, plan->n_registry);
	for (size_t i = 0; i < plan->n_phases; i++) {
		struct phase *phase = &plan->phase[i];
		struct text_list *list = &phase->depends_on;
		size_t n = 0;

		for (size_t k = 0; k < list->n; k++) {
			struct text_item item = list->item[k];
			const struct entry *entry = entries_find(
			    build->by_id, plan->n_phases, item.text);

			if (!entry)
				entry = entries_find(
				    build->by_issue, build->n_by_issue, item.text);
			if (entry) {
				if (seen[entry->at] == i + 1)
					continue;
				seen[entry->at] = i + 1;
				item.text = plan->phase[entry->at].id;
			} else if (entries_find(ids, plan->n_registry, item.text)) {
				lint_add(plan, build->lints, "L18", 'W', "R-109",
				    phase->id, item.at,
				    "give the issue a phase, or make sure that it "
				    "is done",
				    "phase %s depends on issue %s, which no phase of "
				    "this plan does",
				    phase->id, item.text);
				continue;
			}
			list->item[n++] = item;
		}
		list->n = n;
	}
}

void
plan_read_registries(struct plan *plan, const struct source *source,
    const struct tables *tables, struct lint_list *lints)
{
	struct registry_build build = {
		.plan = plan, .lints = lints, .source = source, .tables = tables
	};

	read_registries(&build);
	index_phases(&build);
	apply_registry(&build);
	resolve_depends(&build);
	cells_clear(&build.cells);
	free(build.extra);
	free(build.by_id);
	free(build.by_issue);
}
