#include "policy/prompt.h"

#include "plan/parse.h"
#include "policy/prompt_doc.h"
#include "policy/refusal.h"

#include <assert.h>
#include <ctype.h>
#include <string.h>
#include <strings.h>

enum { N_CODES = 16, MAX_PER_CODE = 20 };

struct check {
	const struct prompt_facts *facts; /* or NULL */
	struct plan *plan;
	struct lint_list *lints;
	struct prompt_doc doc;
	unsigned n_found[N_CODES + 1];
	/* What stands before the dash in ids that are issues here, UTF-8 is not one. */
	struct prompt_prefixes known;
};

static void PRINTF(4, 5)
    found(struct check *c, unsigned p_code, struct place at, const char *fmt, ...)
{
	char code[8], text[400];
	const struct refusal *refusal;
	va_list ap;

	assert(p_code >= 1 && p_code <= N_CODES);
	if (c->n_found[p_code]++ >= MAX_PER_CODE)
		return;
	snprintf(code, sizeof(code), "P%02u", p_code);
	refusal = refusal_find(code);
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	lint_add(c->plan, c->lints, refusal->code, refusal->level, refusal->rule,
	    c->facts ? c->facts->phase->id : "", at, refusal->fix, "%s", text);
}

static struct place
place_of(const struct prompt_part *part)
{
	return (struct place){ part->line, part->column };
}

/* Values from the text that a message quotes are cut: a line may be a megabyte. */
static int
shown(struct span s)
{
	return s.n > 60 ? 60 : (int)s.n;
}

static void
check_head(struct check *c)
{
	static const char *const link_field[] = { "{ISSUE_ID: TITLE}",
		"{MASTER_ISSUE: MASTER_TITLE}" };
	const struct prompt_part *repo = &c->doc.head[2];
	struct prompt_link link;
	const char *colon;

	for (int i = 0; i < 2; i++) {
		const struct prompt_part *line = &c->doc.head[i];
		struct span v = line->value, before;

		if (!prompt_link_find(v, &link)) {
			found(c, 1, place_of(line), "line %d has no link for %s", i + 1,
			    link_field[i]);
			continue;
		}
		colon = memchr(link.text.p, ':', link.text.n);
		if (!colon ||
		    span_trim((struct span){ colon + 1,
				  (size_t)(link.text.p + link.text.n - colon - 1) })
			    .n == 0)
			found(c, 1, place_of(line),
			    "the link of line %d lacks the title of %s", i + 1,
			    link_field[i]);
		before = span_trim(
		    (struct span){ v.p, (size_t)(link.text.p - 1 - v.p) });
		if (i == 0 && before.n == 0)
			found(c, 1, place_of(line), "{Action verb} is missing");
		if (i == 1 &&
		    (before.n < 3 || before.p[0] != '(' || before.p[1] == ')'))
			found(c, 1, place_of(line), "({PHASE_NAME}) is missing");
	}
	colon = repo->line ? memchr(repo->value.p, ':', repo->value.n) : NULL;
	if (!colon || colon == repo->value.p ||
	    span_trim((struct span){ colon + 1,
			  (size_t)(repo->value.p + repo->value.n - colon - 1) })
		    .n == 0)
		found(c, 1, place_of(repo),
		    "{PLUGIN_REPO_OR_PROJECT}: {REPO_PATH} is missing");
}

/*
 * Is the text between two braces a placeholder?  Globs such as {a,b}, JSON and shell
 * variables are content; the template's own placeholders with a comma are known.
 */
static bool
is_placeholder(struct span inside)
{
	if (inside.n == 0)
		return true;
	if (!isalnum((unsigned char)inside.p[0]))
		return false;
	return !memchr(inside.p, ',', inside.n) || span_starts(inside, "link to RDR");
}

static void
prefix_add(struct check *c, struct span id)
{
	size_t n = prompt_issue_id_len(id);
	const char *dash;
	struct span prefix;

	if (n == 0 || c->known.n == PROMPT_MAX_PREFIXES)
		return;
	dash = memchr(id.p, '-', n);
	prefix = (struct span){ id.p, (size_t)(dash - id.p) };
	for (size_t i = 0; i < c->known.n; i++) {
		if (c->known.prefix[i].n == prefix.n &&
		    memcmp(c->known.prefix[i].p, prefix.p, prefix.n) == 0)
			return;
	}
	c->known.prefix[c->known.n++] = prefix;
}

static bool
is_issue_here(const struct check *c, struct span id)
{
	for (size_t i = 0; i < c->known.n; i++) {
		size_t n = c->known.prefix[i].n;

		if (id.n > n && id.p[n] == '-' &&
		    memcmp(id.p, c->known.prefix[i].p, n) == 0)
			return true;
	}
	return c->known.n == 0;
}

/* The same for ID; most ids of a plan begin like one before, which is told at a glance. */
static void
prefix_add_id(struct check *c, const char *id)
{
	for (size_t i = 0; i < c->known.n; i++) {
		size_t n = c->known.prefix[i].n;

		if (strncmp(id, c->known.prefix[i].p, n) == 0 && id[n] == '-')
			return;
	}
	prefix_add(c, span_of(id));
}

static void
collect_prefixes(struct check *c)
{
	struct prompt_prefixes *kept = c->facts ? c->facts->prefixes : NULL;
	struct span rest = c->doc.text;
	struct prompt_link link;

	if (kept && kept->is_filled) {
		c->known = *kept;
	} else if (c->facts) {
		const struct plan *plan = c->facts->plan;

		prefix_add_id(c, plan->master.id);
		for (size_t i = 0; i < plan->n_phases; i++) {
			if (plan->phase[i].n_issues > 0)
				prefix_add_id(c, plan->phase[i].issue[0].id);
		}
		for (size_t i = 0; i < plan->n_registry; i++)
			prefix_add_id(c, plan->registry[i].id);
		c->known.is_filled = true;
		if (kept)
			*kept = c->known;
	}
	while (prompt_link_find(rest, &link)) {
		const char *end = link.text.p - 1 + link.n_bytes;

		prefix_add(c, link.text);
		rest = (struct span){ end, (size_t)(rest.p + rest.n - end) };
	}
}

/* Titles may hold braces of their own; the template's names are capitals or "url". */
static bool
has_template_name(struct span link)
{
	for (size_t i = 0; i + 1 < link.n; i++) {
		struct span inside = { link.p + i + 1, link.n - i - 1 };

		if (link.p[i] == '{' && (isupper((unsigned char)link.p[i + 1]) ||
					    span_starts(inside, "url}")))
			return true;
	}
	return false;
}

static void
check_target(struct check *c, const struct prompt_link *link, struct place at)
{
	if (span_trim(link->target).n == 0 || span_eq_nocase(link->target, "url"))
		found(c, 2, at, "the link \"%.*s\" leads nowhere", shown(link->text),
		    link->text.p);
}

/* An id counts as bare when it stands as a word: not in a path, a branch or a file name. */
static bool
starts_word(struct span line, size_t start)
{
	return start == 0 || (!isalnum((unsigned char)line.p[start - 1]) &&
				 !strchr("-_/.#{", line.p[start - 1]));
}

static bool
ends_word(struct span line, size_t end)
{
	if (end >= line.n)
		return true;
	if (isalnum((unsigned char)line.p[end]) || strchr("_/}", line.p[end]))
		return false;
	return end + 1 >= line.n || !strchr("-.", line.p[end]) ||
	       !isalnum((unsigned char)line.p[end + 1]);
}

/* One pass over a line for everything that is decided byte by byte: P01 and P02. */
static void
check_line(struct check *c, struct span line, unsigned number)
{
	bool in_code = false;

	for (size_t i = 0; i < line.n; i++) {
		struct span at = { line.p + i, line.n - i };
		struct place place = { number, (unsigned)i + 1 };
		bool is_start = line.p[i] == '[' && (i == 0 || line.p[i - 1] != '\\');
		struct prompt_link link;
		size_t n;

		if (line.p[i] == '`')
			in_code = !in_code;
		if (in_code)
			continue;
		if (is_start && prompt_link_at(at, &link)) {
			check_target(c, &link, place);
			if (has_template_name((struct span){ at.p, link.n_bytes }))
				found(c, 1, place, "a field is not filled: %.*s",
				    shown((struct span){ at.p, link.n_bytes }), at.p);
			i += link.n_bytes - 1;
		} else if (line.p[i] == '{' && (i == 0 || line.p[i - 1] != '$')) {
			const char *end = memchr(at.p, '}', at.n > 200 ? 200 : at.n);
			size_t inside = end ? (size_t)(end - at.p) - 1 : 0;

			if (end && is_placeholder((struct span){ at.p + 1, inside }))
				found(c, 1, place, "a field is not filled: %.*s",
				    shown((struct span){ at.p, inside + 2 }), at.p);
		} else if (starts_word(line, i) && (n = prompt_issue_id_len(at)) > 0 &&
			   ends_word(line, i + n) && is_issue_here(c, at)) {
			found(c, 2, place, "issue %.*s is named without its link",
			    shown((struct span){ at.p, n }), at.p);
			i += n - 1;
		}
	}
}

static void
check_launch_from(struct check *c)
{
	const struct prompt_part *part = &c->doc.launch_from;
	struct span path = part->value;
	const char *note = path.n > 0 ? memmem(path.p, path.n, " (required", 10) : NULL;

	if (note)
		path.n = (size_t)(note - path.p);
	path = span_trim(path);
	if (part->line == 0 || prompt_is_unfilled(path) || path.p[0] == '(')
		found(c, 4, place_of(part), "\"Launch from:\" names no path");
	else if (c->facts && c->facts->repo_path && !span_eq(path, c->facts->repo_path))
		found(c, 4, place_of(part),
		    "launch path is \"%.*s\", the repository is \"%.60s\"", shown(path),
		    path.p, c->facts->repo_path);
}

/* The mode's word and whether "(analysis-only)" stands behind it. */
static enum exec_mode
mode_of(struct span value, bool *is_analysis)
{
	const char *suffix = value.n > 0
				 ? memmem(value.p, value.n, "(analysis-only)", 15)
				 : NULL;

	*is_analysis = suffix != NULL;
	if (suffix)
		value.n = (size_t)(suffix - value.p);
	return exec_mode_of(span_trim(value));
}

static void
check_launch_as(struct check *c)
{
	const struct prompt_part *part = &c->doc.launch_as;
	int said = launch_mode_of(part->value);
	bool is_analysis = false, is_wrong;
	enum exec_mode mode = mode_of(c->doc.mode.value, &is_analysis);
	enum launch_mode want;
	const char *warning;

	if (part->line == 0) {
		found(c, 5, place_of(part), "\"Launch as:\" is missing");
		return;
	}
	if (said < 0) {
		found(c, 6, place_of(part),
		    "\"%.*s\" is none of Bypass permissions, Plan mode, Ask permissions",
		    shown(part->value), part->value.p);
		return;
	}
	want = c->facts ? c->facts->launch_as
			: launch_mode_for(mode, is_analysis, false, &warning);
	is_wrong = said != (int)want;
	/* Without the plan nobody knows whether a spike changes product code. */
	if (!c->facts && mode == EXEC_SPIKE && !is_analysis && said == LAUNCH_PLAN)
		is_wrong = false;
	if (is_wrong && (c->facts || mode != EXEC_NONE))
		found(c, 5, place_of(part), "launch mode is %s, computed is %s",
		    launch_mode_name((enum launch_mode)said), launch_mode_name(want));
}

static void
check_values(struct check *c)
{
	const struct prompt_part *mode = &c->doc.mode, *tree = &c->doc.worktree;
	bool is_analysis;

	if (mode_of(mode->value, &is_analysis) == EXEC_NONE)
		found(c, 6, place_of(mode),
		    "execution mode \"%.*s\" is none of quick, tdd, pair, checkpoint, "
		    "swarm, spike",
		    shown(mode->value), mode->value.p ? mode->value.p : "");
	if (!span_eq(tree->value, "yes") && !span_eq(tree->value, "no") &&
	    !span_eq(tree->value, "n/a"))
		found(c, 6, place_of(tree), "worktree \"%.*s\" is none of yes, no, n/a",
		    shown(tree->value), tree->value.p ? tree->value.p : "");
	else if (c->facts && c->facts->worktree &&
		 !span_eq(tree->value, c->facts->worktree))
		found(c, 6, place_of(tree), "worktree is %.*s, computed is %s",
		    shown(tree->value), tree->value.p, c->facts->worktree);
}

static void
check_lists(struct check *c)
{
	const struct prompt_doc *doc = &c->doc;
	struct place tasks = { doc->tasks_line, doc->tasks_line ? 1 : 0 };
	struct place context = { doc->context_line, doc->context_line ? 1 : 0 };

	if (doc->n_context < 3 || doc->n_context > 5)
		found(c, 3, context, "%zu context bullets, 3 to 5 are asked for",
		    doc->n_context);
	if (doc->n_tasks == 0)
		found(c, 7, tasks, "no numbered task");
	else if (doc->misnumbered.line > 0)
		found(c, 7, place_of(&doc->misnumbered),
		    "the number of this task is not the next one");
}

/* Does the link stand for issue WANT, or for any issue when WANT is NULL? */
static bool
link_is_issue(const struct prompt_link *link, const char *want)
{
	size_t n = want ? strlen(want) : 0;

	if (!want)
		return prompt_issue_id_len(link->text) > 0 ||
		       memchr(link->text.p, '#', link->text.n);
	return link->text.n >= n && strncmp(link->text.p, want, n) == 0 &&
	       (link->text.n == n || link->text.p[n] == ':');
}

static void
check_deliverable(struct check *c)
{
	const struct prompt_part *part = &c->doc.deliverable;
	struct span rest = part->value;
	struct prompt_link link;
	const char *want = NULL;

	if (part->line == 0 || prompt_is_unfilled(rest) || span_starts(rest, "{What") ||
	    span_starts(rest, "Update [")) {
		found(c, 8, place_of(part), "the deliverable is missing");
		return;
	}
	if (c->facts && c->facts->phase->n_issues > 0)
		want = c->facts->phase->issue[0].id;
	while (prompt_link_find(rest, &link)) {
		const char *start = link.text.p - 1, *end = start + link.n_bytes;

		if (start - rest.p >= 7 && strncasecmp(start - 7, "update ", 7) == 0 &&
		    link_is_issue(&link, want))
			return;
		rest = (struct span){ end, (size_t)(rest.p + rest.n - end) };
	}
	found(c, 8, place_of(part),
	    "the deliverable does not end in: Update [%s](...) "
	    "with results.",
	    want ? want : "ISSUE");
}

static bool
says(const struct check *c, const char *words)
{
	return strcasestr(c->doc.text.p, words) != NULL;
}

static void
check_clauses(struct check *c)
{
	struct place nowhere = { 0, 0 };

	if (!says(c, "estimate cost before") || !says(c, "checkpoint.") ||
	    !says(c, ">$10"))
		found(c, 9, nowhere, "the cost clause is missing");
	if (!says(c, prompt_confirm_words))
		found(c, 10, nowhere, "nothing asks for the reply '%s'",
		    prompt_confirm_words);
	if (!says(c, "status to Done"))
		found(c, 11, nowhere,
		    "nothing says to set the issue to Done or In Review");
}

/* A conditional bullet must lead to URL when there is one, and be absent otherwise. */
static void
check_conditional(struct check *c, unsigned p_code, const struct prompt_part *part,
    const char *url, const char *what)
{
	struct prompt_link link;
	bool has_link = prompt_link_find(part->value, &link);
	AUTO_FREE char *target = url ? prompt_url(url) : NULL;

	if (url && !(has_link && span_eq(link.target, target)))
		found(c, p_code, place_of(part), "the link to %s is missing", what);
	else if (!url && c->facts && has_link)
		found(c, p_code, place_of(part), "there is no %s to link to", what);
	else if (part->line > 0 && !has_link && !span_eq_nocase(part->value, "none"))
		found(c, p_code, place_of(part), "the link to %s is missing", what);
}

static bool
phase_touches(const struct phase *phase, const char *file_name)
{
	size_t n = strlen(file_name);

	for (int touch = 0; touch < TOUCH_N; touch++) {
		for (size_t i = 0; i < phase->touch[touch].n; i++) {
			const char *path = phase->touch[touch].item[i].text;
			size_t len = strlen(path);

			if (len >= n && strcmp(path + len - n, file_name) == 0)
				return true;
		}
	}
	return false;
}

static void
check_external(struct check *c)
{
	static const char *const method_file[] = { "CLAUDE.md", "SKILL.md", ".claude/",
		".ccc-state.json", ".ccc-progress.md" };
	const struct prompt_doc *doc = &c->doc;
	struct place criteria = { doc->criteria_line, doc->criteria_line ? 1 : 0 };

	if (doc->n_criteria == 0)
		found(c, 14, criteria, "an outside agent needs acceptance criteria");
	if (doc->constraints_line == 0)
		found(c, 14, (struct place){ 0, 0 },
		    "an outside agent needs constraints");
	if (prompt_is_unfilled(doc->test_command.value) &&
	    !c->facts->phase->is_analysis_only)
		found(c, 14, place_of(&doc->test_command),
		    "an outside agent needs a test command");
	for (size_t i = 0; i < N_ELEMS(method_file); i++) {
		if (strstr(doc->text.p, method_file[i]) &&
		    !phase_touches(c->facts->phase, method_file[i]))
			found(c, 14, (struct place){ 0, 0 },
			    "an outside agent does not read %s", method_file[i]);
	}
}

static struct place
place_at(const struct check *c, const char *p)
{
	struct place place = { 1, 1 };

	for (const char *q = c->doc.text.p; q < p; q++) {
		place.column++;
		if (*q == '\n')
			place = (struct place){ place.line + 1, 1 };
	}
	return place;
}

static void
check_memory(struct check *c)
{
	static const char *const words[] = { "as discussed", "the other session",
		"as we agreed", "as agreed earlier", "as mentioned earlier",
		"previous conversation", "earlier conversation", "last time we",
		"remember that we" };

	for (size_t i = 0; i < N_ELEMS(words); i++) {
		const char *at = strcasestr(c->doc.text.p, words[i]);

		if (at)
			found(c, 15, place_at(c, at),
			    "\"%s\" relies on what another session knows", words[i]);
	}
}

/* A token that begins with MARK and goes on long enough to be no word. */
static bool
is_secret(const char *at, const char *mark)
{
	size_t n = 0;

	at += strlen(mark);
	while (isalnum((unsigned char)at[n]) || at[n] == '_' || at[n] == '-')
		n++;
	return n >= 8;
}

static void
check_privacy(struct check *c)
{
	static const struct {
		const char *mark;
		bool is_token;
	} marks[] = { { "/home/", false }, { "/Users/", false }, { "/root/", false },
		{ "sk-", true }, { "lin_", true }, { "ghp_", true },
		{ "Bearer ", true } };

	for (size_t i = 0; i < N_ELEMS(marks); i++) {
		const char *p = c->doc.text.p;

		while ((p = strstr(p, marks[i].mark))) {
			bool at_start = p == c->doc.text.p ||
					(!isalnum((unsigned char)p[-1]) &&
					    !strchr("_-.~*", p[-1]));

			if (at_start &&
			    (!marks[i].is_token || is_secret(p, marks[i].mark))) {
				/* The value itself is not repeated. */
				found(c, 16, place_at(c, p),
				    marks[i].is_token
					? "this looks like a secret (%s...)"
					: "absolute home path (%s...)",
				    marks[i].mark);
				break;
			}
			p += strlen(marks[i].mark);
		}
	}
}

void
prompt_lint(const char *text, const struct prompt_facts *facts, struct plan *arena_plan,
    struct lint_list *lints)
{
	struct check c = { .facts = facts, .plan = arena_plan, .lints = lints };
	struct span rest = span_of(text), line;
	unsigned number = 0;

	prompt_doc_read(&c.doc, rest);
	collect_prefixes(&c);
	check_head(&c);
	while (span_next(&rest, '\n', &line))
		check_line(&c, line, ++number);
	check_launch_from(&c);
	check_values(&c);
	check_launch_as(&c);
	check_lists(&c);
	check_deliverable(&c);
	check_clauses(&c);
	check_conditional(&c, 12, &c.doc.prior_session,
	    facts ? facts->resume_url : NULL, "the prior session");
	check_conditional(&c, 13, &c.doc.findings, facts ? facts->rdr_url : NULL,
	    "the review findings");
	if (facts && facts->is_external)
		check_external(&c);
	check_memory(&c);
	check_privacy(&c);
}
