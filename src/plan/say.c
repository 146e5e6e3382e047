#include "plan/decide.h"

#include <string.h>

/*
 * The sentences of the verdicts: who does what to which path or name, for somebody who
 * has read the plan once and nothing else.
 */
const char *
say_phase(const struct decision *d, int position)
{
	return d->plan->phase[position].id;
}

static const char *
verb(const struct use *use)
{
	switch (use->access) {
	case ACCESS_READ: return use->touch == TOUCH_CONSUMES ? "consumes" : "reads";
	case ACCESS_APPEND: return "appends to";
	case ACCESS_DELETE: return "deletes";
	case ACCESS_MOVE_FROM: return "renames";
	case ACCESS_MOVE_TO: return "renames a file to";
	case ACCESS_WRITE: break;
	}
	if (use->touch == TOUCH_CREATES)
		return "creates";
	return use->touch == TOUCH_PRODUCES ? "produces" : "writes";
}

static const char *
mode_verb(const struct claim *claim)
{
	switch (claim->mode) {
	case MODE_USE: return "uses";
	case MODE_EXTEND: return "extends";
	case MODE_CHANGE: return "changes";
	case MODE_REMOVE: return "removes";
	case MODE_RENUMBER: return "renumbers";
	case MODE_GATE: return "gates";
	case MODE_CONSUME: return "consumes";
	case MODE_PRODUCE: return "produces";
	case MODE_INFRA:
	case MODE_PART:
	case MODE_DIRECTORY:
	case MODE_N: break;
	}
	return "changes";
}

/* What must be said beside the path: of doubts, and of other names it has. */
static const char *
doubt(struct decision *d, const struct hit *hit)
{
	const char *via = d->meets.pattern[hit->a->pattern].via;

	if (hit->meet->is_undecided)
		return " (the patterns are too long to be compared exactly)";
	if (hit->meet->is_collision)
		return " (it cannot be a file and a directory)";
	if (!via)
		via = d->meets.pattern[hit->b->pattern].via;
	if (!via)
		return "";
	return tracked_is_submodule(d->env, via)
		   ? arena_printf(d->arena, " (`%s` is a submodule)", via)
		   : arena_printf(d->arena, " (through the link `%s`)", via);
}

static const char *
say_merging(const struct meet *meet)
{
	switch (meet->merging) {
	case MERGING_NONE: return ", which cannot be merged line by line";
	case MERGING_DERIVED: return ", which is made again at landing";
	case MERGING_UNITED: return ", of which both sides' lines are kept";
	case MERGING_LINES: break;
	}
	return "";
}

/* "1C reads `x`, which 1A writes": SECOND does what needs FIRST. */
static const char *
say_needs(struct decision *d, const struct hit *hit, const struct use *first,
    const struct use *second)
{
	return arena_printf(d->arena, "%s %s `%s`, which %s %s%s",
	    say_phase(d, second->phase), verb(second), hit->witness,
	    say_phase(d, first->phase), verb(first), doubt(d, hit));
}

const char *
say_data(struct decision *d, const struct cell *cell, int a, int b)
{
	bool is_ab = a < b;
	const struct hit *hit = is_ab ? &cell->rare->raw : &cell->rare->war;
	const struct clash *clash = is_ab ? &cell->rare->data_ab : &cell->rare->data_ba;

	if (hit->meet)
		return say_needs(
		    d, hit, is_ab ? hit->a : hit->b, is_ab ? hit->b : hit->a);
	return say_clash(d, clash);
}

const char *
say_remove(struct decision *d, const struct cell *cell)
{
	const struct hit *hit = &cell->rare->remove;
	const struct use *gone = hit->a, *kept = hit->b;

	if (gone->access != ACCESS_DELETE && gone->access != ACCESS_MOVE_FROM) {
		gone = hit->b;
		kept = hit->a;
	}
	if (gone->access == ACCESS_DELETE && kept->access == ACCESS_DELETE)
		return arena_printf(
		    d->arena, "both delete `%s`%s", hit->witness, doubt(d, hit));
	return say_needs(d, hit, kept, gone);
}

const char *
say_overlap(struct decision *d, const struct cell *cell)
{
	const struct hit *hit = &cell->waw;
	const char *text = hit->meet->said;

	/* Where something is negated the witness is of the pair, else of the patterns. */
	if (text && hit->witness == hit->meet->witness)
		return text;
	if (hit->meet->is_collision)
		text = arena_printf(d->arena,
		    "`%s` is a file, and one of them writes below it as a directory",
		    hit->witness);
	else
		text = arena_printf(d->arena, "both may write `%s`%s%s", hit->witness,
		    doubt(d, hit), say_merging(hit->meet));
	if (hit->witness == hit->meet->witness)
		hit->meet->said = text;
	return text;
}

const char *
say_append(struct decision *d, const struct cell *cell)
{
	return arena_printf(d->arena, "both append to `%s`%s",
	    cell->rare->append.witness, doubt(d, &cell->rare->append));
}

const char *
say_directory(struct decision *d, const struct cell *cell)
{
	struct resource *directory =
	    &d->resources.item[cell->rare->directory.a->resource];

	if (!directory->said)
		directory->said = arena_printf(d->arena,
		    "both write different files in `%s/`",
		    directory->name + strlen("dir:"));
	return directory->said;
}

/* Who goes first in words, for the relations that say it. */
static const char *
say_landing(struct decision *d, const struct clash *clash)
{
	if (clash->relation == RELATION_ORDER_FIRST)
		return arena_printf(
		    d->arena, ": %s lands first", say_phase(d, clash->a->phase));
	if (clash->relation == RELATION_ORDER_SECOND)
		return arena_printf(
		    d->arena, ": %s lands first", say_phase(d, clash->b->phase));
	if (clash->relation == RELATION_NUMBERS)
		return ": the numbers are given at landing";
	return "";
}

static const char *
say_infra_path(struct decision *d, const struct claim *claim)
{
	if (!claim->path)
		return "";
	return arena_printf(
	    d->arena, " (%s writes `%s`)", say_phase(d, claim->phase), claim->path);
}

const char *
say_clash(struct decision *d, const struct clash *clash)
{
	const char *name = d->resources.item[clash->a->resource].name;
	enum pair_kind kind = resource_kind(name);
	/* A series that is a pattern is called by it. */
	bool is_pattern = clash->relation == RELATION_NUMBERS && strpbrk(name, "/*");
	const struct claim *first = clash->a, *second = clash->b;

	if (clash->relation == RELATION_DATA_SECOND) {
		first = clash->b;
		second = clash->a;
	}
	if (clash->relation == RELATION_SEQUENTIAL && kind == PAIR_RESOURCE)
		return arena_printf(
		    d->arena, "both need %s, and there is only one", name + 6);
	if (clash->relation == RELATION_SEQUENTIAL && kind == PAIR_INFRA)
		return arena_printf(d->arena,
		    "both change shared infrastructure: %s%s%s", name + 6,
		    say_infra_path(d, first), say_infra_path(d, second));
	if (first->mode == second->mode)
		return arena_printf(d->arena, "%s and %s both %.*s %s%s",
		    say_phase(d, first->phase), say_phase(d, second->phase),
		    (int)strlen(mode_verb(first)) - 1, mode_verb(first),
		    is_pattern ? name + strlen("infra:") : name, say_landing(d, clash));
	return arena_printf(d->arena, "%s %s %s, which %s %s%s",
	    say_phase(d, second->phase), mode_verb(second), name,
	    say_phase(d, first->phase), mode_verb(first), say_landing(d, clash));
}

const char *
say_declared(struct decision *d, int from, int to)
{
	return arena_printf(
	    d->arena, "%s depends on %s", say_phase(d, to), say_phase(d, from));
}

const char *
say_closure(struct decision *d, int from, int to)
{
	int step = graph_step(&d->hard, from, to);

	return arena_printf(d->arena, "%s comes before %s, which comes before %s",
	    say_phase(d, from), say_phase(d, step), say_phase(d, to));
}

const char *
say_unknown(struct decision *d, int a, int b)
{
	return d->unknown[a] ? d->unknown[a] : d->unknown[b];
}
