#include "policy/risk_text.h"

#include "base/mem.h"
#include "base/text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char magic[] = "divisi-risk 2";

/* No weight that was ever fitted comes near; more would only drown everything else. */
#define MAX_WEIGHT 100.0

static void
print_numbers(FILE *out, const char *word, const double *x, size_t n)
{
	fputs(word, out);
	for (size_t i = 0; i < n; i++)
		fprintf(out, " %.6g", x[i]);
	fputc('\n', out);
}

static void
print_report(FILE *out, const char *word, const struct risk_report *r)
{
	fprintf(out, "%s %zu %zu %.6g %.6g %.6g %.6g\n", word, r->n, r->n_conflicts,
	    r->brier, r->log_loss, r->auc, r->ece);
}

char *
risk_print(const struct risk_learned *learned)
{
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);

	fprintf(out, "%s\nhead %s\nat %lld\nlandings %zu\n", magic,
	    *learned->head ? learned->head : "-", (long long)learned->at,
	    learned->n_landings);
	print_report(out, "own", &learned->own);
	print_report(out, "shipped", &learned->shipped);
	for (size_t i = 0; i < RISK_N_BINS; i++)
		fprintf(out, "bin %zu %zu %.6g\n", learned->own.bin[i].n,
		    learned->own.bin[i].n_conflicts, learned->own.bin[i].sum);
	print_numbers(out, "file", learned->model.file, RISK_N_FILE);
	print_numbers(out, "pair", learned->model.pair, RISK_N_PAIR);
	for (size_t i = 0; i < learned->model.n_places && i < RISK_MAX_PLACES; i++) {
		const struct risk_place *place = &learned->model.place[i];

		/* A name with a line end would be two lines. */
		if (!strpbrk(place->path, "\n\r"))
			fprintf(out, "place %.4g %s\n", place->effect, place->path);
	}
	fclose(out);
	return text;
}

static bool
read_numbers(const char *text, double *x, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int used = 0;

		if (sscanf(text, " %lf%n", &x[i], &used) != 1 || used == 0 ||
		    !isfinite(x[i]) || fabs(x[i]) > MAX_WEIGHT)
			return false;
		text += used;
	}
	return true;
}

static bool
read_report(const char *text, struct risk_report *r)
{
	return sscanf(text, " %zu %zu %lf %lf %lf %lf", &r->n, &r->n_conflicts,
		   &r->brier, &r->log_loss, &r->auc, &r->ece) == 6 &&
	       r->n_conflicts <= r->n;
}

static bool
read_place(const char *text, struct risk_model *model)
{
	struct risk_place place = { 0 };
	size_t n = model->n_places;
	int at = 0;

	if (sscanf(text, " %lf %n", &place.effect, &at) != 1 || at == 0 ||
	    text[at] == '\0' || !isfinite(place.effect) ||
	    fabs(place.effect) > MAX_WEIGHT || n >= RISK_MAX_PLACES)
		return false;
	/* Looked up by bisection: they must stand in order. */
	if (n > 0 && strcmp(model->place[n - 1].path, text + at) >= 0)
		return false;
	place.path = xstrdup(text + at);
	GROW(model->place, model->n_places, model->cap_places);
	model->place[model->n_places++] = place;
	return true;
}

static bool
read_bin(const char *text, struct risk_report *r, size_t *n)
{
	struct risk_bin *bin = &r->bin[*n];

	if (*n >= RISK_N_BINS ||
	    sscanf(text, " %zu %zu %lf", &bin->n, &bin->n_conflicts, &bin->sum) != 3)
		return false;
	(*n)++;
	return true;
}

/* The text behind WORD when LINE begins with it, or NULL. */
static const char *
behind(const char *line, const char *word)
{
	size_t n = strlen(word);

	return strncmp(line, word, n) == 0 && line[n] == ' ' ? line + n : NULL;
}

static bool
read_line(const char *line, struct risk_learned *l, size_t *n_bins)
{
	const char *rest;
	long long at;

	if ((rest = behind(line, "place")))
		return read_place(rest, &l->model);
	if ((rest = behind(line, "file")))
		return read_numbers(rest, l->model.file, RISK_N_FILE);
	if ((rest = behind(line, "pair")))
		return read_numbers(rest, l->model.pair, RISK_N_PAIR);
	if ((rest = behind(line, "own")))
		return read_report(rest, &l->own);
	if ((rest = behind(line, "shipped")))
		return read_report(rest, &l->shipped);
	if ((rest = behind(line, "bin")))
		return read_bin(rest, &l->own, n_bins);
	if ((rest = behind(line, "head")))
		return sscanf(rest, " %64s", l->head) == 1;
	if ((rest = behind(line, "landings")))
		return sscanf(rest, " %zu", &l->n_landings) == 1;
	if ((rest = behind(line, "at")) && sscanf(rest, " %lld", &at) == 1) {
		l->at = at;
		return true;
	}
	return false;
}

int
risk_read(const char *text, struct risk_learned *learned, struct err *err)
{
	struct risk_learned l = { 0 };
	size_t n_bins = 0, number = 1;
	struct span rest = span_of(text), line;

	risk_model_init(&l.model);
	if (!span_next(&rest, '\n', &line) || !span_eq(line, magic)) {
		err_set(err, ERR_INPUT, "line 1 is not \"%s\"", magic);
		return err_fix(err, "run: divisi learn");
	}
	while (span_next(&rest, '\n', &line)) {
		AUTO_FREE char *copy = xstrndup(line.p, line.n);

		number++;
		if (line.n == 0 || read_line(copy, &l, &n_bins))
			continue;
		risk_learned_clear(&l);
		err_set(err, ERR_INPUT, "line %zu says nothing that is known", number);
		return err_fix(err, "run: divisi learn");
	}
	*learned = l;
	return 0;
}

void
risk_learned_clear(struct risk_learned *learned)
{
	risk_model_clear(&learned->model);
	*learned = (struct risk_learned){ 0 };
}
