#include "cli/change.h"

#include "cli/json.h"

#include <string.h>

enum { CHANGES_SHOWN = 200 };

struct compare {
	const struct decided *old, *new;
	int *to_new, *to_old; /* position of each phase in the other plan, or -1 */
	size_t n;             /* differences so far */
};

static void
compare_init(struct compare *c, const struct decided *old, const struct decided *new)
{
	*c = (struct compare){ .old = old, .new = new };
	c->to_new = xcalloc(old->plan->n_phases + 1, sizeof(int));
	c->to_old = xcalloc(new->plan->n_phases + 1, sizeof(int));
	for (size_t i = 0; i < old->plan->n_phases; i++)
		c->to_new[i] = plan_index(new->plan, old->plan->phase[i].id);
	for (size_t i = 0; i < new->plan->n_phases; i++)
		c->to_old[i] = plan_index(old->plan, new->plan->phase[i].id);
}

static void
compare_clear(struct compare *c)
{
	free(c->to_new);
	free(c->to_old);
}

static const char *
first_id(const struct decided *d, const struct pair *pair)
{
	return pair && pair->first >= 0 ? d->plan->phase[pair->first].id : NULL;
}

static enum verdict
verdict_of(const struct pair *pair)
{
	return pair ? pair->verdict : VERDICT_PARALLEL;
}

static bool
is_same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

/* Is the pair decided otherwise, or in another order?  Either may be NULL: parallel. */
static bool
differs(const struct compare *c, const struct pair *old, const struct pair *new)
{
	return verdict_of(old) != verdict_of(new) ||
	       !is_same_text(first_id(c->old, old), first_id(c->new, new));
}

typedef void take_pair_fn(
    void *arg, const struct compare *c, const struct pair *old, const struct pair *new);

/* Calls TAKE for every pair of phases of both plans that is decided otherwise. */
static void
each_pair(struct compare *c, take_pair_fn *take, void *arg)
{
	const struct verdicts *was = c->old->verdicts, *is = c->new->verdicts;

	for (size_t i = 0; i < was->n_pairs; i++) {
		const struct pair *old = &was->pair[i], *new;
		int a = c->to_new[old->a], b = c->to_new[old->b];

		if (a < 0 || b < 0)
			continue;
		new = verdicts_find(is, a, b);
		if (!differs(c, old, new))
			continue;
		c->n++;
		take(arg, c, old, new);
	}
	for (size_t i = 0; i < is->n_pairs; i++) {
		const struct pair *new = &is->pair[i];
		int a = c->to_old[new->a], b = c->to_old[new->b];

		/* What the old plan keeps has been seen above. */
		if (a < 0 || b < 0 || verdicts_find(was, a, b) ||
		    !differs(c, NULL, new))
			continue;
		c->n++;
		take(arg, c, NULL, new);
	}
}

static int
batch_number(const struct decided *d, int position)
{
	const struct batch *batch = batches_of(d->batches, position);

	return batch ? batch->number : 0;
}

/* ---- text ------------------------------------------------------------------------------ */

struct print {
	const struct screen *screen;
	size_t n;
};

static const char *
short_verdict(enum verdict verdict)
{
	return verdict == VERDICT_PARALLEL            ? "together"
	       : verdict == VERDICT_PARALLEL_BRANCHES ? "on branches"
						      : "not together";
}

static void
print_pair(
    void *arg, const struct compare *c, const struct pair *old, const struct pair *new)
{
	struct print *print = arg;
	const struct decided *d = new ? c->new : c->old;
	const struct pair *p = new ? new : old;
	const char *first = first_id(c->new, new);
	AUTO_FREE char *line = NULL;

	if (print->n++ == CHANGES_SHOWN)
		fputs("... and more: --json has all\n", print->screen->out);
	if (print->n > CHANGES_SHOWN)
		return;
	line = xasprintf("%s, %s: %s, now %s%s%s%s%s", d->plan->phase[p->a].id,
	    d->plan->phase[p->b].id, short_verdict(verdict_of(old)),
	    short_verdict(verdict_of(new)), first ? ", first " : "", first ? first : "",
	    new ? ": " : "", new ? new->grounds->reason : "");
	screen_wrap(print->screen, 4, 0, line);
}

static void
print_phases(struct compare *c, const struct screen *screen)
{
	for (size_t i = 0; i < c->old->plan->n_phases; i++) {
		if (c->to_new[i] >= 0)
			continue;
		c->n++;
		fputs("gone: ", screen->out);
		text_put(screen->out, c->old->plan->phase[i].id);
		fputc('\n', screen->out);
	}
	for (size_t i = 0; i < c->new->plan->n_phases; i++) {
		int was = c->to_old[i] < 0 ? -1 : batch_number(c->old, c->to_old[i]);
		int now = batch_number(c->new, (int)i);
		AUTO_FREE char *line = NULL;
		const char *why = c->new->batches->why[i];

		if (was == now)
			continue;
		c->n++;
		if (was < 0)
			line = xasprintf(
			    "new: %s, in batch %d", c->new->plan->phase[i].id, now);
		else if (now == 0)
			line = xasprintf("%s: batch %d, now none%s%s",
			    c->new->plan->phase[i].id, was, why ? ": " : "",
			    why ? why : "");
		else
			line = xasprintf("%s: batch %d, now %d%s%s",
			    c->new->plan->phase[i].id, was, now,
			    why && *why ? ": " : "", why ? why : "");
		screen_wrap(screen, 4, 0, line);
	}
}

static void
put_path(FILE *out, const struct decided *d)
{
	for (size_t i = 0; i < d->batches->n_critical; i++) {
		fputs(i ? " -> " : "", out);
		text_put(out, d->plan->phase[d->batches->critical_path[i]].id);
	}
	if (d->batches->n_critical == 0)
		fputs("none", out);
}

/* The ids of the critical path in one string, for comparing.  The caller frees it. */
static char *
path_text(const struct decided *d)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	put_path(out, d);
	fclose(out);
	return text;
}

static void
print_totals(struct compare *c, const struct screen *screen)
{
	AUTO_FREE char *was = path_text(c->old);
	AUTO_FREE char *is = path_text(c->new);
	FILE *out = screen->out;

	fprintf(out, "%zu batch%s, now %zu", c->old->batches->n,
	    c->old->batches->n == 1 ? "" : "es", c->new->batches->n);
	if (c->old->batches->lower_bound != c->new->batches->lower_bound)
		fprintf(out, " (at least %zu, now %zu)", c->old->batches->lower_bound,
		    c->new->batches->lower_bound);
	fputc('\n', out);
	if (strcmp(was, is) != 0) {
		c->n++;
		fprintf(out, "critical path %s, now %s\n", was, is);
	}
}

size_t
change_print(
    const struct screen *screen, const struct decided *old, const struct decided *new)
{
	struct print print = { screen, 0 };
	struct compare c;
	size_t n;

	compare_init(&c, old, new);
	each_pair(&c, print_pair, &print);
	print_phases(&c, screen);
	if (c.n == 0)
		fputs("nothing is decided otherwise\n", screen->out);
	print_totals(&c, screen);
	n = c.n;
	compare_clear(&c);
	return n;
}

/* ---- JSON ------------------------------------------------------------------------------ */

static void
side_json(struct json_out *json, const char *key, const struct decided *d,
    const struct pair *pair)
{
	json_out_open(json, key, '{');
	json_out_str(json, "verdict", verdict_name(verdict_of(pair)));
	json_out_str(json, "first", first_id(d, pair));
	json_out_str(json, "kind", pair_kind_name(pair ? pair->kind : PAIR_NONE));
	json_out_str(json, "witness", pair ? pair->grounds->witness : NULL);
	json_out_str(json, "reason", pair ? pair->grounds->reason : NULL);
	json_out_close(json, '}');
}

static void
pair_json(
    void *arg, const struct compare *c, const struct pair *old, const struct pair *new)
{
	struct json_out *json = arg;
	const struct decided *d = new ? c->new : c->old;
	const struct pair *p = new ? new : old;

	json_out_open(json, NULL, '{');
	json_out_str(json, "a", d->plan->phase[p->a].id);
	json_out_str(json, "b", d->plan->phase[p->b].id);
	side_json(json, "old", c->old, old);
	side_json(json, "new", c->new, new);
	json_out_close(json, '}');
}

static void
number_or_null(struct json_out *json, const char *key, int number)
{
	if (number > 0)
		json_out_int(json, key, number);
	else
		json_out_value(json, key, NULL);
}

static void
phases_json(struct compare *c, struct json_out *json)
{
	json_out_open(json, "phases", '[');
	for (size_t i = 0; i < c->old->plan->n_phases; i++) {
		if (c->to_new[i] >= 0)
			continue;
		c->n++;
		json_out_open(json, NULL, '{');
		json_out_str(json, "phase", c->old->plan->phase[i].id);
		json_out_str(json, "change", "gone");
		number_or_null(json, "old", batch_number(c->old, (int)i));
		json_out_value(json, "new", NULL);
		json_out_str(json, "why", NULL);
		json_out_close(json, '}');
	}
	for (size_t i = 0; i < c->new->plan->n_phases; i++) {
		bool is_new = c->to_old[i] < 0;
		int was = is_new ? 0 : batch_number(c->old, c->to_old[i]);
		int now = batch_number(c->new, (int)i);

		if (!is_new && was == now)
			continue;
		c->n++;
		json_out_open(json, NULL, '{');
		json_out_str(json, "phase", c->new->plan->phase[i].id);
		json_out_str(json, "change", is_new ? "new" : "moved");
		number_or_null(json, "old", was);
		number_or_null(json, "new", now);
		json_out_str(json, "why", c->new->batches->why[i]);
		json_out_close(json, '}');
	}
	json_out_close(json, ']');
}

static void
totals_json(struct json_out *json, const char *key, const struct decided *d)
{
	json_out_open(json, key, '{');
	json_out_int(json, "batches", (long long)d->batches->n);
	json_out_int(json, "lower_bound", (long long)d->batches->lower_bound);
	json_out_value(json, "critical_path",
	    json_ids(d->plan, d->batches->critical_path, d->batches->n_critical));
	json_out_close(json, '}');
}

size_t
change_json(struct json_out *json, const struct decided *old, const struct decided *new)
{
	AUTO_FREE char *was = path_text(old);
	AUTO_FREE char *is = path_text(new);
	struct compare c;
	size_t n;

	compare_init(&c, old, new);
	json_out_open(json, "pairs", '[');
	each_pair(&c, pair_json, json);
	json_out_close(json, ']');
	phases_json(&c, json);
	totals_json(json, "old", old);
	totals_json(json, "new", new);
	n = c.n + (strcmp(was, is) != 0);
	json_out_int(json, "n_changes", (long long)n);
	compare_clear(&c);
	return n;
}
