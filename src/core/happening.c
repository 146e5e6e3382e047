#include "core/happening.h"

#include "base/mem.h"
#include "base/text.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *const hap_names[HAP_N] = {
	/* clang-format off */
	[HAP_PLAN_OPENED]       = "plan-opened",
	[HAP_PLAN_CHANGED]      = "plan-changed",
	[HAP_PLAN_ASSERTED]     = "plan-asserted",
	[HAP_PLAN_ABORTED]      = "plan-aborted",
	[HAP_BATCH_PLANNED]     = "batch-planned",
	[HAP_BATCH_APPROVED]    = "batch-approved",
	[HAP_BATCH_DECLINED]    = "batch-declined",
	[HAP_BATCH_ACKED]       = "batch-acknowledged",
	[HAP_SESSION_FILED]     = "session-filed",
	[HAP_SESSION_PREPARED]  = "session-prepared",
	[HAP_ACT_FAILED]        = "act-failed",
	[HAP_SET_UP]            = "set-up",
	[HAP_RUN_WAITS]         = "run-waits",
	[HAP_RUN_STARTED]       = "run-started",
	[HAP_RUN_PULSE]         = "run-pulse",
	[HAP_RUN_ENDED]         = "run-ended",
	[HAP_RUN_LOST]          = "run-lost",
	[HAP_AGENT_ACCEPTED]    = "agent-accepted",
	[HAP_AGENT_CONFIRMED]   = "agent-confirmed",
	[HAP_AGENT_ACTIVITY]    = "agent-activity",
	[HAP_AGENT_ASKED]       = "agent-asked",
	[HAP_AGENT_ASK_GONE]    = "agent-ask-gone",
	[HAP_AGENT_ESTIMATE]    = "agent-estimate",
	[HAP_AGENT_TOOL]        = "agent-tool",
	[HAP_AGENT_LIMIT]       = "agent-limit",
	[HAP_AGENT_DONE]        = "agent-done",
	[HAP_AGENT_FAILED]      = "agent-failed",
	[HAP_AGENT_STEPPED]     = "agent-stepped",
	[HAP_ASK_ANSWERED]      = "ask-answered",
	[HAP_ALLOWANCE_ENDED]   = "allowance-ended",
	[HAP_ACCOUNT_PAUSED]    = "account-paused",
	[HAP_CAP_SET]           = "cap-set",
	[HAP_INSPECTED]         = "inspected",
	[HAP_MERGE_ASKED]       = "merge-asked",
	[HAP_CANDIDATE_BUILT]   = "candidate-built",
	[HAP_CANDIDATE_REFUSED] = "candidate-refused",
	[HAP_LANDED]            = "landed",
	[HAP_LANDING_BLOCKED]   = "landing-blocked",
	[HAP_SAID]              = "said",
	[HAP_HELD]              = "held",
	[HAP_INTERRUPTED]       = "interrupted",
	[HAP_RESUMED]           = "resumed",
	[HAP_PARKED]            = "parked",
	[HAP_ABANDONED]         = "abandoned",
	[HAP_CLAIMED]           = "claimed",
	[HAP_TAKEN_OVER]        = "taken-over",
	[HAP_HANDED_BACK]       = "handed-back",
	[HAP_WRITTEN_BACK]      = "written-back",
	[HAP_PROJECT_TOLD]      = "project-told",
	[HAP_PUBLISHED]         = "published",
	[HAP_PULL_SEEN]         = "pull-seen",
	[HAP_OVERRIDDEN]        = "overridden",
	[HAP_FENCED]            = "fenced",
	[HAP_STRAYED]           = "strayed",
	[HAP_MET]               = "met",
	[HAP_CONFLICT_GONE]     = "conflict-gone",
	[HAP_RULED]             = "ruled",
	[HAP_REVIEW_RECORDED]   = "review-recorded",
	[HAP_FINDINGS_DECIDED]  = "findings-decided",
	[HAP_REVIEW_STARTED]    = "review-started",
	[HAP_REVIEW_FAILED]     = "review-failed",
	[HAP_REVIEW_WAIVED]     = "review-waived",
	[HAP_FINDINGS_JOINED]   = "findings-joined",
	[HAP_FINDING_FILED]     = "finding-filed",
	[HAP_FINDING_DONE]      = "finding-done",
	[HAP_FEEDBACK_CAME]     = "feedback-came",
	[HAP_FEEDBACK_SETTLED]  = "feedback-settled",
	[HAP_RESEARCH_ASSESSED] = "research-assessed",
	[HAP_GUARDED]           = "guarded",
	[HAP_WIDEN_ASKED]       = "widen-asked",
	[HAP_TREE_GONE]         = "tree-gone",
	[HAP_TREE_BACK]         = "tree-back",
	[HAP_CHECKPOINT_ASKED]  = "checkpoint-asked",
	[HAP_CHECKPOINTED]      = "checkpointed",
	[HAP_DELEGATED]         = "delegated",
	[HAP_DELEGATE_SEEN]     = "delegate-seen",
	[HAP_DELEGATE_ASKED]    = "delegate-asked",
	[HAP_CLOCK]             = "clock",
	[HAP_CLOCK_SET]         = "clock-set",
	[HAP_MEND_ASKED]        = "mend-asked",
	[HAP_MENDED]            = "mended",
	[HAP_REFUSED]           = "refused",
	/* clang-format on */
};

const char *
hap_name(enum hap kind)
{
	assert(kind >= 0 && kind < HAP_N);
	return hap_names[kind];
}

int
hap_of(const char *name)
{
	for (int k = 0; k < HAP_N; k++) {
		if (strcmp(hap_names[k], name) == 0)
			return k;
	}
	return -1;
}

static struct field *
find_field(const struct fields *fields, const char *name)
{
	for (size_t i = 0; i < fields->n; i++) {
		if (strcmp(fields->item[i].name, name) == 0)
			return &fields->item[i];
	}
	return NULL;
}

static struct field *
make_field(struct fields *fields, const char *name)
{
	struct field *f = find_field(fields, name);

	if (f) {
		free(f->text);
		f->text = NULL;
		return f;
	}
	GROW(fields->item, fields->n, fields->cap);
	f = &fields->item[fields->n++];
	*f = (struct field){ .name = xstrdup(name) };
	return f;
}

/*
 * The journal keeps JSON, which holds UTF-8 only: other bytes (a compiler's Latin-1, a
 * torn line) become U+FFFD here, so that memory and replay hold the same text.
 */
static char *
well_formed(char *owned)
{
	size_t left = strlen(owned), size = 0;
	const char *at = owned;
	long bad = text_utf8_bad(at, left);
	char *clean = NULL;
	FILE *f;

	if (bad < 0)
		return owned;
	f = open_memstream(&clean, &size);
	for (; bad >= 0; bad = text_utf8_bad(at, left)) {
		fwrite(at, 1, (size_t)bad, f);
		fputs("\xEF\xBF\xBD", f);
		at += bad + 1;
		left -= (size_t)bad + 1;
	}
	fwrite(at, 1, left, f);
	fclose(f);
	free(owned);
	return clean;
}

void
fields_set(struct fields *fields, const char *name, const char *text)
{
	char *copy = well_formed(xstrdup(text ? text : ""));

	make_field(fields, name)->text = copy;
}

void
fields_set_number(struct fields *fields, const char *name, int64_t number)
{
	make_field(fields, name)->number = number;
}

void
fields_setf(struct fields *fields, const char *name, const char *fmt, ...)
{
	char *text;
	va_list ap;

	va_start(ap, fmt);
	text = well_formed(xvasprintf(fmt, ap));
	va_end(ap);
	make_field(fields, name)->text = text;
}

const char *
fields_text(const struct fields *fields, const char *name)
{
	const struct field *f = find_field(fields, name);

	return f && f->text ? f->text : "";
}

int64_t
fields_number(const struct fields *fields, const char *name, int64_t fallback)
{
	const struct field *f = find_field(fields, name);

	return f && !f->text ? f->number : fallback;
}

static void
indexed(char *buf, size_t size, size_t i, const char *name)
{
	snprintf(buf, size, "s%zu.%s", i, name);
}

const char *
fields_text_at(const struct fields *fields, size_t i, const char *name)
{
	char key[64];

	indexed(key, sizeof(key), i, name);
	return fields_text(fields, key);
}

int64_t
fields_number_at(
    const struct fields *fields, size_t i, const char *name, int64_t fallback)
{
	char key[64];

	indexed(key, sizeof(key), i, name);
	return fields_number(fields, key, fallback);
}

void
fields_copy(struct fields *to, const struct fields *from)
{
	for (size_t i = 0; i < from->n; i++) {
		if (from->item[i].text)
			fields_set(to, from->item[i].name, from->item[i].text);
		else
			fields_set_number(to, from->item[i].name, from->item[i].number);
	}
}

void
fields_clear(struct fields *fields)
{
	for (size_t i = 0; i < fields->n; i++) {
		free(fields->item[i].name);
		free(fields->item[i].text);
	}
	free(fields->item);
	*fields = (struct fields){ 0 };
}

struct fields *
acts_add(
    struct acts *acts, const char *kind, const char *order, const char *key_fmt, ...)
{
	struct act *act;
	va_list ap;

	GROW(acts->item, acts->n, acts->cap);
	act = &acts->item[acts->n++];
	*act = (struct act){ .kind = xstrdup(kind), .order = xstrdup(order) };
	va_start(ap, key_fmt);
	act->key = xvasprintf(key_fmt, ap);
	va_end(ap);
	return &act->fields;
}

void
acts_movef(
    struct acts *acts, const char *from, const char *to, const char *entity_fmt, ...)
{
	va_list ap;

	GROW(acts->move, acts->n_moves, acts->cap_moves);
	va_start(ap, entity_fmt);
	acts->move[acts->n_moves++] = (struct move){ xvasprintf(entity_fmt, ap), from,
		to };
	va_end(ap);
}

void
acts_clear(struct acts *acts)
{
	for (size_t i = 0; i < acts->n; i++) {
		free(acts->item[i].kind);
		free(acts->item[i].key);
		free(acts->item[i].order);
		fields_clear(&acts->item[i].fields);
	}
	for (size_t i = 0; i < acts->n_moves; i++)
		free(acts->move[i].entity);
	free(acts->item);
	free(acts->move);
	*acts = (struct acts){ 0 };
}
