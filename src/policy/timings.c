#include "policy/timings.h"

#include "plan/resources.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* ---- what is risky --------------------------------------------------------------------- */

#define WORD_MOST 40

/* Whole words of a path, whatever stands between them: "src/auth/login_form.c". */
static const char *const auth_words[] = { "auth", "authn", "authz", "oauth", "oidc",
	"saml", "jwt", "login", "signin", "password", "passwords", "passwd", "secret",
	"secrets", "credential", "credentials", "permission", "permissions", "acl",
	"rbac", "crypto", "security" };
static const char *const data_words[] = { "migration", "migrations", "migrate",
	"alembic" };

static const char *
word_in(const char *path, const char *const *words, size_t n_words)
{
	for (const char *p = path; *p;) {
		char word[WORD_MOST];
		size_t n = 0;

		while (*p && !isalnum((unsigned char)*p))
			p++;
		while (isalnum((unsigned char)*p)) {
			if (n < sizeof(word) - 1)
				word[n++] = *p;
			p++;
		}
		word[n] = '\0';
		for (size_t i = 0; n > 0 && i < n_words; i++) {
			if (strcasecmp(word, words[i]) == 0)
				return words[i];
		}
	}
	return NULL;
}

static bool
is_changed(enum touch touch)
{
	return touch == TOUCH_WRITES || touch == TOUCH_CREATES ||
	       touch == TOUCH_DELETES || touch == TOUCH_RENAMES ||
	       touch == TOUCH_APPENDS;
}

/* What names something that others rely on: those who only use or extend it keep it whole. */
static bool
is_broken(enum touch touch)
{
	return touch == TOUCH_CHANGES || touch == TOUCH_REMOVES ||
	       touch == TOUCH_RENUMBERS;
}

static bool
path_is_risky(const char *path, char *why, size_t n)
{
	const char *word = word_in(path, auth_words, N_ELEMS(auth_words));

	if (word) {
		text_print(
		    why, n, "changes what guards access (%s: %.60s)", word, path);
		return true;
	}
	if (!word_in(path, data_words, N_ELEMS(data_words)))
		return false;
	text_print(why, n, "migrates data (%.60s)", path);
	return true;
}

static bool
item_is_risky(enum touch touch, const struct touch_item *item, char *why, size_t n)
{
	const char *name = item->text;

	if (item->is_negated)
		return false;
	if (touch == TOUCH_INFRA ||
	    (is_broken(touch) && strncmp(name, "infra:", 6) == 0)) {
		text_print(why, n, "changes infrastructure (%.60s)", name);
		return true;
	}
	if (is_broken(touch) && strncmp(name, "api:", 4) == 0) {
		text_print(why, n, "breaks %.60s", name);
		return true;
	}
	if (is_broken(touch) && strncmp(name, "schema:", 7) == 0) {
		text_print(why, n, "migrates data (%.60s)", name);
		return true;
	}
	return is_changed(touch) && (path_is_risky(name, why, n) ||
					(item->to && path_is_risky(item->to, why, n)));
}

bool
phase_is_risky(const struct phase *phase, char *why, size_t n)
{
	if (phase->is_low_risk)
		return false;
	if (phase->is_high_risk) {
		text_print(why, n, "is Risk: high");
		return true;
	}
	for (int touch = 0; touch < TOUCH_N; touch++) {
		const struct touch_list *list = &phase->touch[touch];

		for (size_t i = 0; i < list->n; i++) {
			if (item_is_risky((enum touch)touch, &list->item[i], why, n))
				return true;
		}
	}
	return false;
}

/* ---- what is complex ------------------------------------------------------------------- */

#define SYSTEMS 3

/* How many systems PHASE changes, counted up to SYSTEMS: the folders at the top it writes to. */
static size_t
n_systems(const struct phase *phase)
{
	struct span seen[SYSTEMS];
	size_t n = 0;

	for (int touch = 0; touch < TOUCH_N; touch++) {
		const struct touch_list *list = &phase->touch[touch];

		for (size_t i = 0; is_changed((enum touch)touch) && i < list->n; i++) {
			const char *path = list->item[i].text;
			const char *slash = strchr(path, '/');
			struct span top = { path, slash ? (size_t)(slash - path) : 0 };
			size_t k = 0;

			if (list->item[i].is_negated || top.n == 0 ||
			    memchr(path, '*', top.n))
				continue;
			while (k < n && !(seen[k].n == top.n &&
					    memcmp(seen[k].p, top.p, top.n) == 0))
				k++;
			if (k == n)
				seen[n++] = top;
			if (n == SYSTEMS)
				return n;
		}
	}
	return n;
}

bool
phase_is_complex(const struct phase *phase, size_t n_dependents, char *why, size_t n)
{
	char risk[120];

	if (phase->points >= 5)
		text_print(
		    why, n, "phase %.40s has %d points", phase->id, phase->points);
	else if (n_dependents >= 3)
		text_print(
		    why, n, "%zu phases depend on %.40s", n_dependents, phase->id);
	else if (n_systems(phase) >= SYSTEMS)
		text_print(why, n, "phase %.40s changes %d systems or more", phase->id,
		    SYSTEMS);
	else if (phase_is_risky(phase, risk, sizeof(risk)))
		text_print(why, n, "phase %.40s %s", phase->id, risk);
	else
		return false;
	return true;
}

/* ---- the four timings ------------------------------------------------------------------ */

#define NAMED_MOST 8

struct naming {
	struct timing_need *need;
	size_t n, used;
};

static void
name_phase(struct naming *to, const struct phase *phase)
{
	char *text = to->need->phases;
	size_t size = sizeof(to->need->phases);

	if (to->n++ < NAMED_MOST && to->used + strlen(phase->id) + 20 < size)
		to->used += (size_t)snprintf(text + to->used, size - to->used,
		    "%s%.40s", to->used ? ", " : "", phase->id);
}

static void
end_names(struct naming *to)
{
	if (to->n > NAMED_MOST)
		snprintf(to->need->phases + to->used,
		    sizeof(to->need->phases) - to->used, " and %zu more",
		    to->n - NAMED_MOST);
}

static int
add_in(const struct plan *plan, struct timing_need *need, struct err *err)
{
	struct naming names = { .need = need };
	struct phase_review review;
	char risk[120] = "";

	*need = (struct timing_need){
		.timing = TIMING_IN, .is_required = true, .option = "D"
	};
	for (size_t i = 0; i < plan->n_phases; i++) {
		const struct phase *phase = &plan->phase[i];

		if (review_of_phase(phase, &review, err) < 0)
			return -1;
		if (!review.in)
			continue;
		if (names.n == 0)
			text_print(need->why, sizeof(need->why),
			    "at each checkpoint, before it is approved: %.40s %s",
			    phase->id,
			    phase_is_risky(phase, risk, sizeof(risk)) ? risk
			    : phase->mode == EXEC_CHECKPOINT
				? "works by checkpoints, and nothing says Risk: low"
				: "says so");
		name_phase(&names, phase);
	}
	end_names(&names);
	return names.n > 0;
}

static int
add_post(const struct plan *plan, struct timing_need *need, struct err *err)
{
	struct naming names = { .need = need };
	struct phase_review review;
	bool changes = false;

	*need = (struct timing_need){
		.timing = TIMING_POST, .is_required = true, .option = "A to H"
	};
	for (size_t i = 0; i < plan->n_phases; i++) {
		if (review_of_phase(&plan->phase[i], &review, err) < 0)
			return -1;
		changes |= !plan->phase[i].is_analysis_only;
		if (review.post)
			name_phase(&names, &plan->phase[i]);
	}
	end_names(&names);
	if (names.n > 0)
		snprintf(need->why, sizeof(need->why),
		    "of the change, before it merges: the plan says so");
	else
		snprintf(need->why, sizeof(need->why),
		    "of each change, before it merges: whoever reads it in divisi merge "
		    "and says yes, or the approved table with merge: auto");
	return changes;
}

int
timings_of(
    const struct plan *plan, struct timing_need *need, size_t *n_needs, struct err *err)
{
	struct review_need pre;
	size_t n = 0;
	int rc;

	if (review_need_of(plan, &pre, err) < 0)
		return -1;
	if (pre.is_required || pre.is_advised) {
		need[n] = (struct timing_need){ .timing = TIMING_PRE,
			.is_required = pre.is_required,
			.option = "D to H" };
		snprintf(need[n].why, sizeof(need[n].why), "%s", pre.why);
		n++;
	}
	rc = add_in(plan, &need[n], err);
	if (rc < 0)
		return -1;
	n += (size_t)rc;
	rc = add_post(plan, &need[n], err);
	if (rc < 0)
		return -1;
	n += (size_t)rc;
	if (plan->n_phases > 1) {
		need[n] = (struct timing_need){ .timing = TIMING_CROSS,
			.is_required = true,
			.option = "a person" };
		snprintf(need[n].why, sizeof(need[n].why),
		    "when two sessions meet: what they meet in is flagged, and a person rules");
		n++;
	}
	*n_needs = n;
	return 0;
}
