/*
 * The program's own judgement on rows of recorded changes, for bench/conflicts.
 *
 * usage: conflict_rows risk [--fit] | schedule | landing | partners | hidden   < ROWS
 *
 * risk: `P REPO CONFLICT SIZE SIZE NEW NEW ASKED KNOWN` (NEW: of its files, how many it
 * adds), each followed by `F HIT BYTES HOT ODD PATH` per common file.  Prints per pair what the shipped weights say, weights fitted to
 * all other repositories, and the same after learning from what its repository had seen
 * by then; KNOWN of 9223372036854775807 is never.  With --fit the weights instead.
 * schedule: `S JOBS CAP COST`, landing: `S BRANCHES 0 0`; each followed by `R A B P` per
 * pair.  Prints the round of each job, or the order of the branches.
 * partners: `N PATHS`, then `L PATH...` per landing and `Q PATH...` per question, paths as
 * numbers.  Prints per question the `PATH:SHARE` that earlier landings changed with its paths.
 * hidden: `H`, followed by `U SURE BYTES HOT PATH` per file that not both of a pair declare.  Prints the
 * chance that they collide in one.
 */
#include "base/mem.h"
#include "plan/landing.h"
#include "plan/schedule.h"
#include "policy/cochange.h"
#include "policy/risk_learn.h"

#include <stdio.h>
#include <string.h>

struct row {
	struct risk_sample sample;
	size_t cap;
	char *repo;
};

struct rows {
	struct row *item;
	size_t n, cap;
};

static void
bad_row(const char *line)
{
	fprintf(stderr, "conflict_rows: bad row: %s", line);
	exit(1);
}

static void
read_pair(struct rows *rows, const char *line)
{
	struct risk_sample s = { 0 };
	char repo[256];
	long long asked, known;
	int is_conflict;

	if (sscanf(line, "P %255s %d %lf %lf %lf %lf %lld %lld", repo, &is_conflict,
		&s.sizes.a, &s.sizes.b, &s.sizes.new_a, &s.sizes.new_b, &asked,
		&known) != 8)
		bad_row(line);
	s.is_conflict = is_conflict != 0;
	s.asked_at = asked;
	s.known_at = known;
	GROW(rows->item, rows->n, rows->cap);
	rows->item[rows->n++] = (struct row){ .sample = s, .repo = xstrdup(repo) };
}

static void
read_file(struct row *row, char *line)
{
	struct risk_file file = { .sure = 1 };
	int is_hit, is_odd, at = 0;
	size_t cap = row->cap;

	line[strcspn(line, "\n")] = '\0';
	if (sscanf(line, "F %d %lf %lf %d %n", &is_hit, &file.n_bytes, &file.hot,
		&is_odd, &at) != 4 ||
	    at == 0)
		bad_row(line);
	file.is_odd = is_odd != 0;
	file.path = xstrdup(line + at);
	GROW(row->sample.file, row->sample.n, cap);
	row->sample.is_hit = xreallocarray(row->sample.is_hit, cap, sizeof(bool));
	row->cap = cap;
	row->sample.is_hit[row->sample.n] = is_hit != 0;
	row->sample.file[row->sample.n++] = file;
}

static struct rows
read_rows(void)
{
	struct rows rows = { 0 };
	char *line = NULL;
	size_t size = 0;

	while (getline(&line, &size, stdin) > 0) {
		if (line[0] == 'P')
			read_pair(&rows, line);
		else if (line[0] == 'F' && rows.n > 0)
			read_file(&rows.item[rows.n - 1], line);
		else
			bad_row(line);
	}
	free(line);
	return rows;
}

/*
 * The samples of REPO, or those of every other repository that can be learned from; the
 * caller frees the array.
 */
static struct risk_sample *
samples_of(const struct rows *rows, const char *repo, bool is_other, size_t *n)
{
	struct risk_sample *out = xcalloc(rows->n, sizeof(*out));

	*n = 0;
	for (size_t i = 0; i < rows->n; i++) {
		const struct row *row = &rows->item[i];
		bool is_mine = strcmp(row->repo, repo) == 0;

		if (is_other ? !is_mine && row->sample.known_at != INT64_MAX : is_mine)
			out[(*n)++] = row->sample;
	}
	return out;
}

/* Pairs of one repository stand together: prints those from FROM on, returns the end. */
static size_t
print_repo(const struct rows *rows, size_t from)
{
	const char *repo = rows->item[from].repo;
	struct risk_model shipped, others;
	size_t n, n_others;
	struct risk_sample *mine = samples_of(rows, repo, false, &n);
	struct risk_sample *rest = samples_of(rows, repo, true, &n_others);
	double *learned = xcalloc(n, sizeof(*learned));
	double *refit = xcalloc(n, sizeof(*refit));

	risk_model_init(&shipped);
	risk_model_init(&others);
	if (n_others > 1000)
		risk_fit_prior(rest, n_others, &others);
	risk_replay(mine, n, &others, &risk_strength_shipped, learned);
	risk_replay(mine, n, &shipped, &risk_strength_shipped, refit);
	for (size_t i = 0; i < n; i++)
		printf("%.6f %.6f %.6f %.6f\n",
		    risk_of_pair(&shipped, mine[i].file, mine[i].n, mine[i].sizes),
		    risk_of_pair(&others, mine[i].file, mine[i].n, mine[i].sizes),
		    learned[i], refit[i]);
	free(mine);
	free(rest);
	free(learned);
	free(refit);
	return from + n;
}

static void
print_fit(const struct rows *rows)
{
	struct risk_model model;
	size_t n;
	struct risk_sample *all = samples_of(rows, "", true, &n);

	risk_fit_prior(all, n, &model);
	printf("%zu pairs\nfile", n);
	for (size_t i = 0; i < RISK_N_FILE; i++)
		printf(" %.3f,", model.file[i]);
	printf("\npair");
	for (size_t i = 0; i < RISK_N_PAIR; i++)
		printf(" %.3f,", model.pair[i]);
	putchar('\n');
	free(all);
}

static void
risk_rows(bool is_fit)
{
	struct rows rows = read_rows();

	if (is_fit)
		print_fit(&rows);
	for (size_t i = 0; !is_fit && i < rows.n;)
		i = print_repo(&rows, i);
	for (size_t i = 0; i < rows.n; i++) {
		for (size_t k = 0; k < rows.item[i].sample.n; k++)
			free((char *)(uintptr_t)rows.item[i].sample.file[k].path);
		free(rows.item[i].sample.file);
		free(rows.item[i].sample.is_hit);
		free(rows.item[i].repo);
	}
	free(rows.item);
}

static void
print_ints(const int *item, size_t n)
{
	for (size_t i = 0; i < n; i++)
		printf("%s%d", i ? " " : "", item[i]);
	putchar('\n');
}

static void
solve_schedule(struct schedule *s)
{
	graph_init(&s->before, s->n);
	graph_init(&s->shares, s->n);
	graph_seal(&s->before);
	graph_seal(&s->shares);
	s->research_cap = s->cap;
	s->is_research = xcalloc(s->n, sizeof(*s->is_research));
	s->wish = xcalloc(s->n, sizeof(*s->wish));
	schedule_solve(s);
	print_ints(s->round, s->n);
}

static void
solve_landing(const struct schedule *s)
{
	double *p = xcalloc(s->n * s->n, sizeof(*p));
	int *rank = xcalloc(s->n, sizeof(*rank)), *order;
	struct landing landing = { s->n, p, NULL, rank };

	order = xcalloc(s->n, sizeof(*order));
	for (size_t i = 0; i < s->n; i++)
		rank[i] = (int)i;
	for (size_t i = 0; i < s->n_risks; i++) {
		const struct schedule_risk *r = &s->risk[i];

		p[(size_t)r->a * s->n + (size_t)r->b] = (double)r->p;
		p[(size_t)r->b * s->n + (size_t)r->a] = (double)r->p;
	}
	landing_order(&landing, order);
	print_ints(order, s->n);
	free(p);
	free(rank);
	free(order);
}

static void
finish(struct schedule *s, bool is_landing)
{
	if (s->n > 0 && is_landing)
		solve_landing(s);
	else if (s->n > 0)
		solve_schedule(s);
	schedule_clear(s);
}

static void
plan_rows(bool is_landing)
{
	struct schedule s = { 0 };
	struct schedule_risk r;
	size_t cap = 0, size = 0;
	char *line = NULL;

	while (getline(&line, &size, stdin) > 0) {
		if (line[0] == 'S') {
			finish(&s, is_landing);
			cap = 0;
			if (sscanf(line, "S %zu %zu %lf", &s.n, &s.cap,
				&s.conflict_cost) != 3)
				bad_row(line);
		} else if (sscanf(line, "R %d %d %f", &r.a, &r.b, &r.p) == 3 &&
			   r.a >= 0 && r.b >= 0 && (size_t)r.a < s.n &&
			   (size_t)r.b < s.n) {
			GROW(s.risk, s.n_risks, cap);
			s.risk[s.n_risks++] = r;
		} else {
			bad_row(line);
		}
	}
	finish(&s, is_landing);
	free(line);
}

/* Landings of one repository, as numbers; each ends with a -1. */
struct told {
	size_t n_paths;
	int *item;
	size_t n, cap, n_known; /* how much of it COCHANGE knows */
	struct cochange *cochange;
	double *share; /* per path, for one question */
};

enum { PARTNERS_MAX = 64, LAG = 20 };

static void
rebuild(struct told *t)
{
	/* Asked again for every question it would take all day; a few landings are late. */
	if (t->cochange && t->n < t->n_known + LAG)
		return;
	cochange_free(t->cochange);
	t->cochange = cochange_new(t->n_paths);
	for (size_t i = 0, end; i < t->n; i = end + 1) {
		for (end = i; t->item[end] >= 0;)
			end++;
		if (end - i <= 30)
			cochange_add(t->cochange, &t->item[i], end - i);
	}
	cochange_seal(t->cochange);
	t->n_known = t->n;
}

static void
ask_partners(struct told *t, const char *text)
{
	char *end;

	rebuild(t);
	for (long path = strtol(text, &end, 10); end != text;
	     text = end, path = strtol(text, &end, 10)) {
		struct partner partner[PARTNERS_MAX];
		size_t n;

		if (path < 0 || (size_t)path >= t->n_paths)
			bad_row(text);
		n = cochange_partners(
		    t->cochange, (int)path, 0.01, partner, PARTNERS_MAX);
		for (size_t i = 0; i < n; i++) {
			double share = (double)partner[i].n_both /
				       (double)(partner[i].n_of + 1);

			if (share > t->share[partner[i].path])
				t->share[partner[i].path] = share;
		}
	}
	for (size_t i = 0; i < t->n_paths; i++) {
		if (t->share[i] > 0)
			printf("%zu:%.4f ", i, t->share[i]);
		t->share[i] = 0;
	}
	putchar('\n');
}

static void
told_clear(struct told *t)
{
	cochange_free(t->cochange);
	free(t->item);
	free(t->share);
	*t = (struct told){ 0 };
}

static void
partner_rows(void)
{
	struct told t = { 0 };
	size_t size = 0;
	char *line = NULL;

	while (getline(&line, &size, stdin) > 0) {
		const char *text = line + 1;
		char *end;

		if (line[0] == 'N') {
			told_clear(&t);
			t.n_paths = strtoul(text, NULL, 10);
			t.share = xcalloc(t.n_paths, sizeof(*t.share));
		} else if (line[0] == 'Q') {
			ask_partners(&t, text);
		} else if (line[0] == 'L') {
			for (long path = strtol(text, &end, 10);;
			     text = end, path = strtol(text, &end, 10)) {
				GROW(t.item, t.n, t.cap);
				t.item[t.n++] = end == text ? -1 : (int)path;
				if (end == text)
					break;
				if (path < 0 || (size_t)path >= t.n_paths)
					bad_row(line);
			}
		} else {
			bad_row(line);
		}
	}
	told_clear(&t);
	free(line);
}

static void
hidden_rows(void)
{
	struct risk_model shipped;
	struct risk_file *file = NULL;
	size_t size = 0, n = 0, cap = 0;
	bool is_open = false;
	char *line = NULL;

	risk_model_init(&shipped);
	for (;;) {
		bool is_end = getline(&line, &size, stdin) <= 0;
		struct risk_file one = { 0 };
		int at = 0;

		if (is_end || line[0] == 'H') {
			if (is_open)
				printf("%.6f\n", risk_of_hidden(&shipped, file, n));
			for (size_t i = 0; i < n; i++)
				free((char *)(uintptr_t)file[i].path);
			n = 0;
			is_open = true;
		}
		if (is_end)
			break;
		if (line[0] == 'H')
			continue;
		line[strcspn(line, "\n")] = '\0';
		if (sscanf(line, "U %lf %lf %lf %n", &one.sure, &one.n_bytes, &one.hot,
			&at) != 3 ||
		    at == 0)
			bad_row(line);
		one.path = xstrdup(line + at);
		GROW(file, n, cap);
		file[n++] = one;
	}
	free(file);
	free(line);
}

int
main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (strcmp(what, "risk") == 0)
		risk_rows(argc > 2 && strcmp(argv[2], "--fit") == 0);
	else if (strcmp(what, "schedule") == 0 || strcmp(what, "landing") == 0)
		plan_rows(what[0] == 'l');
	else if (strcmp(what, "partners") == 0)
		partner_rows();
	else if (strcmp(what, "hidden") == 0)
		hidden_rows();
	else
		return 2;
	return 0;
}
