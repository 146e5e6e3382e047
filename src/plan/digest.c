#include "plan/digest.h"

#include <stdlib.h>
#include <string.h>

/*
 * Strings end in NUL, which no string holds, numbers and counts in a colon: nothing can run
 * into its neighbour, and whoever checks a certificate can read it back.
 */
static void
put(FILE *out, const char *s)
{
	size_t n = s ? strlen(s) : 0;

	(void)fwrite_unlocked(n ? s : "", 1, n, out);
	putc_unlocked('\0', out);
}

/* A number and what ends it; there are six of them in a phase. */
static void
put_number(FILE *out, long n, char end)
{
	char digit[24];
	size_t at = sizeof(digit);
	unsigned long left = n < 0 ? 0 - (unsigned long)n : (unsigned long)n;

	digit[--at] = end;
	do
		digit[--at] = (char)('0' + left % 10);
	while ((left /= 10) > 0);
	if (n < 0)
		digit[--at] = '-';
	(void)fwrite_unlocked(digit + at, 1, sizeof(digit) - at, out);
}

static void
put_count(FILE *out, size_t n)
{
	put_number(out, (long)n, ':');
}

static void
put_texts(FILE *out, const struct text_list *list)
{
	put_count(out, list->n);
	for (size_t i = 0; i < list->n; i++)
		put(out, list->item[i].text);
}

static void
put_touches(FILE *out, const struct touch_list *list)
{
	put_count(out, list->n);
	for (size_t i = 0; i < list->n; i++) {
		const struct touch_item *item = &list->item[i];

		putc_unlocked(item->is_negated    ? '!'
			      : item->is_inferred ? '~'
						  : '=',
		    out);
		put(out, item->text);
		put(out, item->to);
	}
}

static void
put_issue(FILE *out, const struct issue_ref *ref)
{
	put(out, ref->id);
	put(out, ref->title);
	put(out, ref->url);
}

void
phase_render_key(FILE *out, const struct phase *phase, enum plan_key key)
{
	if (key >= KEY_TOUCH && key <= KEY_TOUCH_LAST) {
		put_touches(out, &phase->touch[key - KEY_TOUCH]);
		return;
	}
	switch (key) {
	case KEY_FOCUS: put(out, phase->focus); break;
	case KEY_ISSUE:
		put_count(out, phase->n_issues);
		for (size_t i = 0; i < phase->n_issues; i++)
			put_issue(out, &phase->issue[i]);
		break;
	case KEY_MODE:
		/* what is no mode counts as written: an error all the same */
		put(out, phase->mode == EXEC_NONE ? phase->mode_text
						  : exec_mode_name(phase->mode));
		putc_unlocked(phase->is_analysis_only ? 'a' : '-', out);
		break;
	case KEY_AGENT: put(out, phase->agent); break;
	case KEY_ESTIMATE:
		put_number(out, phase->est_low_cents, ' ');
		put_number(out, phase->est_high_cents, ' ');
		put_number(out, phase->points, ':');
		break;
	case KEY_POINTS: put_number(out, phase->points, ':'); break;
	case KEY_RISK:
		putc_unlocked('0' + phase->is_high_risk, out);
		putc_unlocked('0' + phase->is_low_risk, out);
		break;
	case KEY_TYPE:
		if (phase->type && phase->type[0])
			put(out, phase->type);
		break;
	case KEY_REVIEW: put(out, phase->review); break;
	case KEY_OUTPUT:
		/* A plan without it has the hash that it had before there was one. */
		if (phase->output && phase->output[0])
			put(out, phase->output);
		break;
	case KEY_REPO: put(out, phase->repo); break;
	case KEY_BATCH: put_number(out, phase->batch_wish, ':'); break;
	case KEY_DEPENDS: put_texts(out, &phase->depends_on); break;
	case KEY_VERIFY: put(out, phase->verify); break;
	case KEY_CONTEXT: put_texts(out, &phase->context); break;
	case KEY_TASKS: put_texts(out, &phase->tasks); break;
	case KEY_DELIVERABLE: put(out, phase->deliverable); break;
	case KEY_ACCEPTANCE: put_texts(out, &phase->acceptance); break;
	default: break;
	}
}

char *
plan_digest_text(const struct plan *plan, size_t *n_bytes)
{
	char *buf = NULL;
	FILE *out = open_memstream(&buf, n_bytes);

	put(out, "divisi plan 2");
	put(out, plan->title);
	put_issue(out, &plan->master);
	put(out, plan->date);
	put(out, plan->session);
	put(out, plan->supersedes);
	put(out, plan->needs_review);
	put_count(out, plan->n_phases);
	for (size_t i = 0; i < plan->n_phases; i++) {
		const struct phase *phase = &plan->phase[i];

		put(out, phase->id);
		putc_unlocked(phase->is_unknown ? '?' : '=', out);
		for (int key = KEY_FOCUS; key <= KEY_ACCEPTANCE; key++)
			phase_render_key(out, phase, (enum plan_key)key);
	}
	fclose(out);
	return buf;
}

void
plan_digest(struct plan *plan)
{
	size_t n = 0;
	char *text = plan_digest_text(plan, &n);

	hash_sha256(text, n, plan->plan_hash);
	free(text);
}
