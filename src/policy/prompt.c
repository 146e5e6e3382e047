#include "policy/prompt.h"

#include "policy/prompt_doc.h"

#include <string.h>
#include <strings.h>

const char prompt_cost_clause[] = "Estimate cost before execution. If >$10 and cost "
				  "profile is not unlimited, checkpoint.";
const char prompt_confirm_clause[] =
    "Reply with 'Session started' before beginning work.";
const char prompt_exit_clause[] = "Update Linear issue status to Done/In Review.";
const char prompt_exit_note[] =
    "divisi does this when you report the end; call no tracker.";
const char prompt_confirm_words[] = "Session started";

const char *
prompt_verb(const struct phase *phase)
{
	if (phase->is_analysis_only || phase->mode == EXEC_SPIKE)
		return "Investigate";
	if (strncasecmp(phase->focus, "fix ", 4) == 0)
		return "Fix";
	return mode_makes_documents(phase) ? "Write" : "Implement";
}

/* Further lines are indented: no item can end its list or begin a section of its own. */
static void
put_item(FILE *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '\r')
			continue;
		fputc(*text, out);
		if (*text == '\n')
			fputs("  ", out);
	}
	fputc('\n', out);
}

static void
put_code(FILE *out, const char *text)
{
	if (strchr(text, '`'))
		fprintf(out, "`` %s ``", text);
	else
		fprintf(out, "`%s`", text);
}

static void
put_link(FILE *out, const char *id, const char *title, const char *url)
{
	AUTO_FREE char *encoded = prompt_url(url);

	fprintf(out, "[%s", id);
	if (title) {
		fputs(": ", out);
		for (; *title; title++) {
			if (strchr("[]\\", *title))
				fputc('\\', out);
			fputc(*title == '\n' ? ' ' : *title, out);
		}
	}
	fprintf(out, "](%s)", encoded);
}

/* What is known of an issue: its own reference first, the plan's registry second. */
struct known_issue {
	const char *id, *title, *url;
};

static struct known_issue
issue_known(const struct plan *plan, const struct issue_ref *ref)
{
	struct known_issue known = { "{ISSUE_ID}", "", "" };

	if (!ref || !*ref->id)
		return known;
	known = (struct known_issue){ ref->id, ref->title, ref->url };
	for (size_t i = 0; i < plan->n_registry; i++) {
		const struct issue_ref *row = &plan->registry[i];

		if (strcmp(row->id, ref->id) != 0)
			continue;
		if (!*known.title)
			known.title = row->title;
		if (!*known.url)
			known.url = row->url;
		break;
	}
	return known;
}

static struct known_issue
work_issue(const struct prompt_facts *facts)
{
	const struct phase *phase = facts->phase;
	struct known_issue work = issue_known(
	    facts->plan, phase->n_issues > 0 ? &phase->issue[0] : NULL);

	if (!*work.title)
		work.title = *phase->focus ? phase->focus : "{TITLE}";
	if (!*work.url)
		work.url = "{url}";
	return work;
}

static struct known_issue
master_issue(const struct prompt_facts *facts)
{
	struct known_issue master = issue_known(facts->plan, &facts->plan->master);

	if (!*facts->plan->master.id)
		master.id = "{MASTER_ISSUE}";
	if (!*master.title)
		master.title = *facts->plan->title ? facts->plan->title
						   : "{MASTER_TITLE}";
	if (!*master.url)
		master.url = "{url}";
	return master;
}

static const char *
or_brace(const char *value, const char *brace)
{
	return value && *value ? value : brace;
}

static void
put_head(FILE *out, const struct prompt_facts *facts)
{
	struct known_issue work = work_issue(facts);
	struct known_issue master = master_issue(facts);
	const char *path = or_brace(facts->repo_path, "{REPO_PATH}");

	fprintf(out, "%s on ", prompt_verb(facts->phase));
	put_link(out, work.id, work.title, work.url);
	fprintf(out, "\n(Phase %s: %s) from master plan ", facts->phase->id,
	    or_brace(facts->phase->focus, "{PHASE_NAME}"));
	put_link(out, master.id, master.title, master.url);
	fprintf(out, ".\n%s: %s\n",
	    or_brace(facts->repo_label, "{PLUGIN_REPO_OR_PROJECT}"), path);
	fprintf(out,
	    "Launch from: %s (required — repo-specific sessions must launch from the "
	    "repo directory)\n",
	    path);
}

static void
put_context(FILE *out, const struct prompt_facts *facts)
{
	const struct text_list *context = &facts->phase->context;

	fputs("\nContext:\n", out);
	if (context->n == 0)
		fputs("- {3-5 bullet points with essential context}\n", out);
	for (size_t i = 0; i < context->n; i++) {
		fputs("- ", out);
		put_item(out, context->item[i].text);
	}
	if (facts->resume_url) {
		fputs("- Prior session: ", out);
		put_link(out, or_brace(facts->resume_text, "prior session"), NULL,
		    facts->resume_url);
		fputc('\n', out);
	}
	if (facts->limits) {
		fputs("- Cost/resource constraints: ", out);
		put_item(out, facts->limits);
	}
	if (facts->rdr_url) {
		fputs("- Review findings to address: ", out);
		put_link(out, "review decisions", NULL, facts->rdr_url);
		fputc('\n', out);
	}
}

static void
put_work(FILE *out, const struct prompt_facts *facts)
{
	const struct text_list *tasks = &facts->phase->tasks;
	AUTO_FREE char *mode = mode_label(facts->phase);

	fprintf(out, "\nExecution mode: %s | Launch as: %s | Worktree: %s\n", mode,
	    launch_mode_name(facts->launch_as), or_brace(facts->worktree, "{yes|no}"));
	fputs("\nTasks:\n", out);
	if (tasks->n == 0)
		fputs("1. {Numbered task list}\n", out);
	for (size_t i = 0; i < tasks->n; i++) {
		fprintf(out, "%zu. ", i + 1);
		put_item(out, tasks->item[i].text);
	}
	if (facts->loops)
		fputs(
		    "\nOne task at a time, in this order. When a task meets its criteria, its "
		    "tests pass and it is committed, note in .ccc-progress.md what you learnt "
		    "and end your turn with TASK_COMPLETE on a line of its own: divisi looks "
		    "at the commit and tells you to go on. When two or more of the tasks that "
		    "remain no longer hold (what they make exists already, or something they "
		    "need was not foreseen), commit, say why, and end your turn with REPLAN on "
		    "a line of its own instead; never both.\n",
		    out);
}

/* The author may have written the update sentence already; it is not said twice. */
static void
put_deliverable(FILE *out, const struct prompt_facts *facts)
{
	struct known_issue work = work_issue(facts);
	const char *done = or_brace(
	    facts->phase->deliverable, "{What \"done\" looks like}");
	AUTO_FREE char *update = xasprintf("Update [%s](", work.id);
	size_t n = strlen(done);

	fputs("\nDeliverable: ", out);
	if (strstr(done, update)) {
		put_item(out, done);
		return;
	}
	for (size_t i = 0; i < n; i++)
		fputc(done[i] == '\n' ? ' ' : done[i], out);
	if (!strchr(".!?", done[n - 1]))
		fputc('.', out);
	fputs(" Update ", out);
	put_link(out, work.id, NULL, work.url);
	fputs(" with results.\n", out);
}

static const struct {
	const char *kind, *words, *example;
} outputs[] = {
	{ "findings",
	    "severity is critical, important or consider; effort trivial, small, medium or "
	    "large; class IN-SCOPE, SPEC-GAP, DRIFT or UNRELATED. recommendation is APPROVE, "
	    "REVISE or RETHINK of a plan, APPROVE, REQUEST CHANGES or BLOCK of a change. Only "
	    "severity and text must be there; findings may be empty.",
	    "{\"summary\": \"what was reviewed, and what came of it\", \"recommendation\": "
	    "\"REVISE\",\n  \"findings\": [{\"severity\": \"important\", \"text\": \"one "
	    "finding\",\n    \"where\": \"path:line or section\", \"evidence\": \"what shows "
	    "it\",\n    \"fix\": \"what would mend it\", \"effort\": \"small\", \"class\": "
	    "\"IN-SCOPE\"}]}" },
	{ "evidence",
	    "One claim each; several claims of one source are several objects. type is "
	    "empirical, theoretical or methodological; confidence high, medium or low. The "
	    "source has a title and a doi or url; of this repository the url is file:PATH:LINE or "
	    "commit:ID. What leads nowhere counts for nothing. question says which of your questions it "
	    "answers (Q1), answer what follows for it, in a few words, the same ones for the "
	    "same answer.",
	    "{\"summary\": \"the answer in a few sentences\",\n  \"evidence\": "
	    "[{\"type\": \"empirical\", \"question\": \"Q1\", \"answer\": \"yes\",\n    \"claim\": "
	    "\"one claim\", \"confidence\": \"medium\",\n    \"source\": {\"author\": \"who\", "
	    "\"year\": 2024, \"title\": \"its title\",\n      \"venue\": \"where\", \"url\": "
	    "\"https://example.org/its-page\"}}]}" },
};

const char *
prompt_output_example(const char *kind)
{
	for (size_t i = 0; i < N_ELEMS(outputs); i++) {
		if (strcmp(outputs[i].kind, kind) == 0)
			return outputs[i].example;
	}
	return NULL;
}

/* What a session that only looks hands over, and how. */
static void
put_output(FILE *out, const struct phase *phase)
{
	for (size_t i = 0; phase->output && i < N_ELEMS(outputs); i++) {
		if (strcmp(outputs[i].kind, phase->output) != 0)
			continue;
		fprintf(out,
		    "\nOutput: %s, as one JSON object in the file that the environment "
		    "variable DIVISI_OUTPUT names; where you cannot write it, end your last "
		    "message with it in a json code block. It is checked, and one that does "
		    "not fit is asked for once more.\n%s\n\n```json\n%s\n```\n",
		    phase->output, outputs[i].words, outputs[i].example);
	}
}

static void
put_touch(FILE *out, const struct phase *phase, enum touch touch)
{
	const struct touch_list *list = &phase->touch[touch];

	if (list->n == 0)
		return;
	fprintf(out, "- %s: ", touch_name(touch));
	for (size_t i = 0; i < list->n; i++) {
		const struct touch_item *item = &list->item[i];

		if (i > 0)
			fputs(", ", out);
		if (item->is_negated)
			fputs("not ", out);
		put_code(out, item->text);
		if (item->to) {
			fputs(" -> ", out);
			put_code(out, item->to);
		}
	}
	fputc('\n', out);
}

static void
put_constraints(FILE *out, const struct prompt_facts *facts)
{
	const struct phase *phase = facts->phase;
	const char *verify = or_brace(facts->verify, phase->verify);

	if (phase->acceptance.n > 0)
		fputs("\nAcceptance Criteria:\n", out);
	for (size_t i = 0; i < phase->acceptance.n; i++) {
		fputs("- [ ] ", out);
		put_item(out, phase->acceptance.item[i].text);
	}
	fputs("\nConstraints:\n", out);
	if (facts->branch && *facts->branch) {
		fputs("- Branch: ", out);
		put_code(out, facts->branch);
		fputs(" (commit your work there)\n", out);
	}
	for (int touch = 0; touch < TOUCH_N; touch++)
		put_touch(out, phase, touch);
	if (phase->is_analysis_only)
		fputs("- Analysis only: change no product code.\n", out);
	fputs(
	    phase->is_unknown
		? "- Do not modify: the plan declares no paths, so say which files you "
		  "will change before you change them.\n"
		: "- Do not modify: anything that is not listed here; if you must, stop "
		  "and say so first.\n",
	    out);
	if (facts->fence) {
		fputs("- Fence: ", out);
		put_item(out, facts->fence);
	}
	if (*verify) {
		fputs("- Test command: ", out);
		put_code(out, verify);
		fputc('\n', out);
	}
}

static void
put_references(FILE *out, const struct prompt_facts *facts)
{
	struct known_issue master = master_issue(facts);

	fputs("\nReferences:\n- Master plan: ", out);
	put_link(out, master.id, master.title, master.url);
	fputc('\n', out);
}

/* what an agent elsewhere ends with, all of it each time; what lands it is ours. */
static void
put_completion(FILE *out, const struct prompt_facts *facts)
{
	const char *verify = or_brace(facts->verify, facts->phase->verify);
	struct known_issue work = work_issue(facts);

	fputs("\nCompletion:\n- Verify", out);
	if (*verify) {
		fputs(" with ", out);
		put_code(out, verify);
	}
	fputs(".\n- Stage the files that you changed by their names.\n- Commit, and "
	      "name ",
	    out);
	put_link(out, work.id, NULL, work.url);
	fputs(
	    " in the message.\n- Push your branch.\n- Open one pull request to ", out);
	put_code(out, facts->target);
	fputs(
	    " that closes the issue this text stands in.\n- Do not merge it and switch "
	    "no auto-merge on: it is reviewed and landed by people.\n",
	    out);
}

char *
prompt_render(const struct prompt_facts *facts)
{
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);

	put_head(out, facts);
	put_context(out, facts);
	put_work(out, facts);
	put_deliverable(out, facts);
	put_output(out, facts->phase);
	put_constraints(out, facts);
	if (facts->is_external)
		put_references(out, facts);
	if (facts->target)
		put_completion(out, facts);
	fprintf(out, "\n%s\n%s\n%s %s\n", prompt_cost_clause, prompt_confirm_clause,
	    prompt_exit_clause, prompt_exit_note);
	fclose(out);
	return text;
}
