#include "plan/lint_text.h"

#include "base/mem.h"
#include "plan/index.h"
#include "plan/parse.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

/* Links and placeholders longer than this are prose. */
#define MAX_LINK        400
#define MAX_PLACEHOLDER 80

struct text_lint {
	struct plan *plan;
	struct lint_list *lints;
	const struct phase *phase;
	struct entry *prefix; /* "REV" of every issue the plan names, sorted */
	size_t n_prefixes;
};

/* Length of the letters in front of "-12", or 0 when ID does not look like an issue. */
static size_t
prefix_length(struct span id)
{
	size_t n = 0, digits;

	if (id.n == 0 || !isupper((unsigned char)id.p[0]))
		return 0;
	while (n < id.n &&
	       (isupper((unsigned char)id.p[n]) || isdigit((unsigned char)id.p[n])))
		n++;
	for (digits = n + 1; digits < id.n && isdigit((unsigned char)id.p[digits]);)
		digits++;
	return n < id.n && id.p[n] == '-' && digits > n + 1 ? n : 0;
}

static void
add_prefix(struct text_lint *lint, const struct issue_ref *ref)
{
	size_t n = prefix_length(span_of(ref->id));

	if (n == 0)
		return;
	lint->prefix[lint->n_prefixes] = (struct entry){
		arena_strndup(lint->plan->arena, ref->id, n), lint->n_prefixes
	};
	lint->n_prefixes++;
}

/* Keeps one entry per prefix: a plan has few, and each would cost a look-up. */
static void
find_prefixes(struct text_lint *lint)
{
	const struct plan *plan = lint->plan;
	size_t n = 1 + plan->n_registry, kept = 0;

	for (size_t i = 0; i < plan->n_phases; i++)
		n += plan->phase[i].n_issues;
	lint->prefix = xcalloc(n, sizeof(*lint->prefix));
	add_prefix(lint, &plan->master);
	for (size_t i = 0; i < plan->n_registry; i++)
		add_prefix(lint, &plan->registry[i]);
	for (size_t i = 0; i < plan->n_phases; i++) {
		for (size_t k = 0; k < plan->phase[i].n_issues; k++)
			add_prefix(lint, &plan->phase[i].issue[k]);
	}
	entries_sort(lint->prefix, lint->n_prefixes);
	for (size_t i = 0; i < lint->n_prefixes; i++) {
		if (kept > 0 &&
		    strcmp(lint->prefix[kept - 1].text, lint->prefix[i].text) == 0)
			continue;
		lint->prefix[kept++] = lint->prefix[i];
	}
	lint->n_prefixes = kept;
}

/* Bytes of a code span or link at P, which say nothing to these lints; 0 when none. */
static size_t
opaque_length(const char *p, size_t n)
{
	const char *start = p, *end;

	if (p[0] == '`') {
		end = memchr(p + 1, '`', n - 1);
		return end ? (size_t)(end + 1 - p) : 1;
	}
	if (p[0] != '[')
		return 0;
	end = memmem(p, n < MAX_LINK ? n : MAX_LINK, "](", 2);
	if (!end)
		return 0;
	n -= (size_t)(end - p);
	p = end;
	end = memchr(p, ')', n < MAX_LINK ? n : MAX_LINK);
	return end ? (size_t)(end + 1 - start) : 0;
}

static void
check_bare_id(struct text_lint *lint, struct span rest, const struct text_item *item)
{
	size_t n = prefix_length(rest), end = n + 1;
	char prefix[32];

	if (n == 0 || n >= sizeof(prefix))
		return;
	memcpy(prefix, rest.p, n);
	prefix[n] = '\0';
	if (!entries_find(lint->prefix, lint->n_prefixes, prefix))
		return;
	while (end < rest.n && isdigit((unsigned char)rest.p[end]))
		end++;
	lint_add(lint->plan, lint->lints, "P02", 'E', "S-56", lint->phase->id, item->at,
	    "write it as a link: [ID: Title](url)",
	    "phase %s names issue %.*s without a link", lint->phase->id, (int)end,
	    rest.p);
}

/* `{Focus}` is a placeholder; `${HOME}` and {} are not. */
static void
check_placeholder(
    struct text_lint *lint, struct span rest, const struct text_item *item)
{
	const char *end = memchr(
	    rest.p, '}', rest.n < MAX_PLACEHOLDER ? rest.n : MAX_PLACEHOLDER);

	if (!end || end == rest.p + 1 || !isalnum((unsigned char)rest.p[1]) ||
	    memchr(rest.p, ',', (size_t)(end - rest.p)))
		return;
	lint_add(lint->plan, lint->lints, "P01", 'E', "S-55", lint->phase->id, item->at,
	    "fill it in, or put it in backquotes when it is meant literally",
	    "phase %s still has the placeholder %.*s", lint->phase->id,
	    (int)(end + 1 - rest.p), rest.p);
}

static void
check_memory(struct text_lint *lint, const struct text_item *item)
{
	static const char *const words[] = { "as discussed", "the other session",
		"as we agreed", "as agreed earlier", "as mentioned earlier",
		"previous conversation", "earlier conversation", "last time we",
		"remember that we" };

	for (size_t i = 0; i < N_ELEMS(words); i++) {
		if (strcasestr(item->text, words[i]))
			lint_add(lint->plan, lint->lints, "P15", 'E', "S-20",
			    lint->phase->id, item->at,
			    "write down what the session has to know",
			    "phase %s says \"%s\": a session knows nothing of another",
			    lint->phase->id, words[i]);
	}
}

static void
check_home(struct text_lint *lint, const struct text_item *item)
{
	static const char *const homes[] = { "/home/", "/Users/", "/root/" };

	for (size_t i = 0; i < N_ELEMS(homes); i++) {
		const char *at = strstr(item->text, homes[i]);

		if (at && (at == item->text || strchr(" \t`\"'(=:", at[-1])))
			lint_add(lint->plan, lint->lints, "P16", 'W', "R-209",
			    lint->phase->id, item->at,
			    "name the path from the root of the repository",
			    "phase %s shows a path of somebody's home directory",
			    lint->phase->id);
	}
}

static void
check_text(struct text_lint *lint, const struct text_item *item)
{
	size_t n = strlen(item->text);
	char before = ' ';

	for (size_t i = 0; i < n;) {
		struct span rest = { item->text + i, n - i };
		size_t opaque = opaque_length(rest.p, rest.n);

		if (opaque == 0 && rest.p[0] == '{' && before != '$')
			check_placeholder(lint, rest, item);
		if (opaque == 0 && !isalnum((unsigned char)before) &&
		    !strchr("/_-#.", before))
			check_bare_id(lint, rest, item);
		i += opaque ? opaque : 1;
		before = item->text[i - 1];
	}
	check_memory(lint, item);
	check_home(lint, item);
}

static void
check_list(struct text_lint *lint, const struct text_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		check_text(lint, &list->item[i]);
}

/* A bullet for a condition (S-62 to S-64) does not count toward three to five. */
static bool
is_conditional(const char *text)
{
	static const char *const heads[] = { "review findings to address",
		"prior session", "link to prior session", "resumes ", "limit",
		"cost constraint", "cost limit", "resource constraint" };

	for (size_t i = 0; i < N_ELEMS(heads); i++) {
		if (strncasecmp(text, heads[i], strlen(heads[i])) == 0)
			return true;
	}
	return false;
}

static void
check_fields(struct text_lint *lint)
{
	const struct phase *phase = lint->phase;
	struct place at = phase->heading_at.line ? phase->heading_at : phase->at;
	size_t n = 0;

	for (size_t i = 0; i < phase->context.n; i++)
		n += !is_conditional(phase->context.item[i].text);
	if (n < 3 || n > 5)
		lint_add(lint->plan, lint->lints, "P03", 'E', "S-61", phase->id,
		    n ? phase->context.item[0].at : at,
		    "write three to five bullets under \"- Context:\"",
		    "phase %s has %zu context bullet%s, the prompt needs three to five",
		    phase->id, n, n == 1 ? "" : "s");
	if (phase->tasks.n == 0)
		lint_add(lint->plan, lint->lints, "P07", 'E', "S-66", phase->id, at,
		    "write a numbered list under \"- Tasks:\"", "phase %s has no tasks",
		    phase->id);
	if (phase->deliverable[0] == '\0')
		lint_add(lint->plan, lint->lints, "P08", 'E', "S-67", phase->id, at,
		    "say under \"- Deliverable:\" what done looks like",
		    "phase %s has no deliverable", phase->id);
	for (size_t i = 0; i < phase->n_issues; i++) {
		const struct issue_ref *ref = &phase->issue[i];

		if (ref->is_bare && ref->url[0] == '\0')
			lint_add(lint->plan, lint->lints, "P02", 'E', "S-56", phase->id,
			    ref->at, "write it as a link: [ID](url), or as local:ID",
			    "phase %s names issue %.60s without a link", phase->id,
			    ref->id);
	}
}

/* The parser links what it can; "(url)" left from a template is no link. */
static void
check_reference(struct plan *plan, struct lint_list *lints, const char *phase_id,
    const struct issue_ref *ref)
{
	if (!ref->is_bare && (ref->url[0] == '\0' || strcmp(ref->url, "url") == 0))
		lint_add(plan, lints, "P02", 'E', "S-56", phase_id, ref->at,
		    "put the address of the issue into the parentheses",
		    "the link of issue %.60s leads nowhere", ref->id);
}

void
lint_texts(struct plan *plan, struct lint_list *lints)
{
	struct text_lint lint = { .plan = plan, .lints = lints };

	find_prefixes(&lint);
	if (plan->master.is_bare)
		lint_add(plan, lints, "P02", 'E', "S-56", "", plan->master.at,
		    "write it as a link: [ID: Title](url)",
		    "the parent issue %.60s is named without a link", plan->master.id);
	else if (plan->master.id[0] != '\0')
		check_reference(plan, lints, "", &plan->master);
	for (size_t i = 0; i < plan->n_registry; i++) {
		const struct issue_ref *ref = &plan->registry[i];

		check_reference(plan, lints, "", ref);
		if (ref->is_bare)
			lint_add(plan, lints, "P02", 'E', "S-56", "", ref->at,
			    "write it as a link: [ID](url)",
			    "the registry names issue %.60s without a link", ref->id);
	}
	for (size_t i = 0; i < plan->n_phases; i++) {
		const struct phase *phase = &plan->phase[i];
		struct text_item focus = { phase->focus, false,
			phase->heading_at.line ? phase->heading_at : phase->at };
		struct text_item deliverable = { phase->deliverable, false,
			phase->deliverable_at };

		lint.phase = phase;
		check_fields(&lint);
		check_text(&lint, &focus);
		check_list(&lint, &phase->context);
		check_list(&lint, &phase->tasks);
		check_text(&lint, &deliverable);
		check_list(&lint, &phase->acceptance);
		for (size_t k = 0; k < phase->n_issues; k++)
			check_reference(plan, lints, phase->id, &phase->issue[k]);
	}
	free(lint.prefix);
}
