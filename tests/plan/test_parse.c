#include "plan_text.h"

#include <time.h>

static void
assert_touch(const struct phase *phase, enum touch touch, const char *joined)
{
	char buf[512] = "";

	for (size_t i = 0; i < phase->touch[touch].n; i++) {
		const struct touch_item *item = &phase->touch[touch].item[i];
		size_t n = strlen(buf);

		snprintf(buf + n, sizeof(buf) - n, "%s%s%s%s%s", i ? " " : "",
		    item->is_negated ? "!" : "", item->text, item->to ? ">" : "",
		    item->to ? item->to : "");
	}
	assert_string_equal(buf, joined);
}

static void
the_review_pipeline_is_read_completely(void **state)
{
	struct lint_list lints = { 0 };
	struct err err = ERR_INIT;
	struct plan *plan = plan_load(
	    TEST_DATA "/plans/review-pipeline.md", &lints, &err);
	const struct phase *phase;

	assert_non_null(plan);
	assert_int_equal(lints.n, 0);
	assert_string_equal(plan->title, "Review pipeline");
	assert_string_equal(plan->master.id, "REV-100");
	assert_string_equal(plan->master.title, "Review pipeline");
	assert_string_equal(plan->date, "2026-11-20");
	assert_string_equal(plan->supersedes, "");
	assert_int_equal(plan->n_phases, 7);
	assert_int_equal(plan->n_registry, 7);
	assert_int_equal(plan->n_sessions, 0);
	assert_true(plan->has_phase_map && plan->has_issue_registry &&
		    plan->has_session_registry && plan->has_verification);
	phase = plan_find(plan, "1A");
	assert_string_equal(phase->focus, "Finding store");
	assert_string_equal(phase->issue->id, "REV-101");
	assert_string_equal(phase->issue->url, "https://linear.app/acme/issue/REV-101");
	assert_int_equal(phase->mode, EXEC_TDD);
	assert_string_equal(phase->agent, "claude");
	assert_int_equal(phase->est_low_cents, 300);
	assert_int_equal(phase->points, 3);
	assert_touch(phase, TOUCH_READS, "docs/review.md");
	assert_touch(phase, TOUCH_WRITES, "src/findings/** tests/findings/**");
	assert_touch(phase, TOUCH_PRODUCES, "api:findings-v1 schema:findings");
	assert_string_equal(phase->verify, "make check");
	assert_int_equal(phase->context.n, 3);
	assert_int_equal(phase->tasks.n, 3);
	assert_string_equal(phase->tasks.item[1].text, "Implement the store.");
	assert_int_equal(phase->acceptance.n, 2);
	assert_string_equal(
	    phase->acceptance.item[0].text, "a finding survives a restart");
	assert_false(phase->acceptance.item[0].is_ticked);
	assert_false(phase->is_unknown);
	assert_int_equal(phase->at.line, 25);
	assert_int_equal(phase->heading_at.line, 33);
	phase = plan_find(plan, "1C");
	assert_int_equal(phase->depends_on.n, 1);
	assert_string_equal(phase->depends_on.item[0].text, "1A");
	phase = plan_find(plan, "2A");
	assert_true(phase->is_high_risk);
	assert_touch(phase, TOUCH_INFRA, "ci");
	phase = plan_find(plan, "2C");
	assert_int_equal(phase->mode, EXEC_SPIKE);
	assert_true(phase->is_analysis_only);
	assert_string_equal(phase->mode_text, "spike (analysis-only)");
	lint_list_clear(&lints);
	plan_free(plan);
}

static void
the_registry_fills_what_the_phases_leave_open(void **state)
{
	struct lint_list lints = { 0 };
	struct plan *plan = plan_load(
	    TEST_DATA "/plans/unknown-footprints.md", &lints, NULL);

	assert_non_null(plan);
	assert_int_equal(plan_find(plan, "1A")->mode, EXEC_TDD);
	assert_int_equal(plan_find(plan, "1A")->points, 3);
	assert_string_equal(plan_find(plan, "1A")->issue->title, "Settings schema");
	assert_true(plan_find(plan, "1A")->is_unknown);
	assert_int_equal(plan_find(plan, "2A")->depends_on.n, 2);
	lint_list_clear(&lints);
	plan_free(plan);
}

/* REV-103 depends on REV-101 in the registry alone: the phase follows (CONTRACTS 4). */
static void
an_issue_of_the_registry_means_the_phase_that_owns_it(void **state)
{
	struct text_plan t = text_plan(
	    "# T\n## Issue Registry\n| ID | Depends On |\n|-|-|\n"
	    "| [T-2](u:2) | -- |\n| [T-3](u:3) | T-2, T-4 |\n| [T-4](u:4) | -- |\n"
	    "## Phase Map\n| Phase | Issue | Focus |\n|-|-|-|\n"
	    "| 1A | [T-2](u:2) | a |\n| 1B | [T-3](u:3) | b |\n");

	assert_int_equal(t.plan->phase[1].depends_on.n, 1);
	assert_string_equal(t.plan->phase[1].depends_on.item[0].text, "1A");
	assert_non_null(lint_with(&t.lints, "L18"));
	text_plan_clear(&t);
}

static void
dependencies_are_read_in_every_usual_wording(void **state)
{
	static const struct {
		const char *cell, *joined;
	} rows[] = {
		{ "None", "" },
		{ "None (parallel with 1A)", "" },
		{ "--", "" },
		{ "", "" },
		{ "1A", "1A" },
		{ "1A, 1B", "1A 1B" },
		{ "1A,1B , 1A", "1A 1B" },
		{ "1A (needs its schema, really), 1B", "1A 1B" },
		{ "1A and 1B", "1A 1B" },
		{ "Phase 1A", "1A" },
		{ "T-2", "1A" },
		{ "[T-2](https://x.test/T-2)", "1A" },
		{ "`1A`", "1A" },
		{ "9Z", "9Z" },
		{ "after the demo", "after the demo" },
	};

	for (size_t i = 0; i < N_ELEMS(rows); i++) {
		char text[1024], buf[128] = "";
		struct text_plan t;

		snprintf(text, sizeof(text),
		    MAP(ROW_1A ROW_1B "| 2A | [T-4](u:4) | c | 2 | %s |\n"),
		    rows[i].cell);
		t = text_plan(text);
		for (size_t k = 0; k < t.plan->phase[2].depends_on.n; k++) {
			strcat(buf, k ? " " : "");
			strcat(buf, t.plan->phase[2].depends_on.item[k].text);
		}
		assert_string_equal(buf, rows[i].joined);
		text_plan_clear(&t);
	}
}

static void
footprints_are_read_in_every_usual_wording(void **state)
{
	static const struct {
		enum touch touch;
		const char *value, *joined;
		bool is_unknown;
	} rows[] = {
		{ TOUCH_WRITES, "`a`, `b`", "a b", false },
		{ TOUCH_WRITES, "a, b", "a b", false },
		{ TOUCH_WRITES, "`src/{a,b}/*.c`, c", "src/{a,b}/*.c c", false },
		{ TOUCH_WRITES, "src/{a,b}/*.c, c", "src/{a,b}/*.c c", false },
		{ TOUCH_WRITES, "`a,b`", "a,b", false },
		{ TOUCH_WRITES, "`a` (new), b (old, too)", "a b", false },
		{ TOUCH_WRITES, "app/(group)/page.tsx", "app/(group)/page.tsx", false },
		{ TOUCH_WRITES, "`a` and `b`", "a b", false },
		{ TOUCH_WRITES, "`src/**`, !`src/gen/**`", "src/** !src/gen/**",
		    false },
		{ TOUCH_WRITES, "`!src/gen/**`, !x", "!src/gen/** !x", false },
		{ TOUCH_RENAMES, "`a.c` -> `b.c`", "a.c>b.c", false },
		{ TOUCH_RENAMES, "a.c -> b.c, c → d", "a.c>b.c c>d", false },
		{ TOUCH_RENAMES, "`a.c -> b.c`", "a.c>b.c", false },
		{ TOUCH_WRITES, "none", "", false },
		{ TOUCH_WRITES, "None (analysis only)", "", false },
		{ TOUCH_WRITES, "-", "", true },
		{ TOUCH_WRITES, "…", "", true },
		{ TOUCH_WRITES, "...", "", true },
		{ TOUCH_WRITES, "", "", true },
		{ TOUCH_PRODUCES, "api:x-v2, schema:y", "api:x-v2 schema:y", false },
		{ TOUCH_INFRA, "ci, port:5432", "ci port:5432", false },
		{ TOUCH_WRITES, "`-rf`", "-rf", false },
	};

	for (size_t i = 0; i < N_ELEMS(rows); i++) {
		char text[1024];
		struct text_plan t;

		snprintf(text, sizeof(text), MAP(ROW_1A "\n### 1A: first\n- %s: %s\n"),
		    touch_name(rows[i].touch), rows[i].value);
		t = text_plan(text);
		assert_touch(&t.plan->phase[0], rows[i].touch, rows[i].joined);
		if (t.plan->phase[0].is_unknown != rows[i].is_unknown)
			fail_msg("%s", rows[i].value);
		text_plan_clear(&t);
	}
}

static void
several_keys_share_a_line_when_two_blanks_part_them(void **state)
{
	struct text_plan t = text_plan(MAP(ROW_1A
	    "\n### 1A: first\n"
	    "- Agent: claude                    Estimate: $5, 3pt          Risk: high\n"
	    "- Creates: `src/gate.c`     Deletes: …   Renames: `a.c` -> `b.c`   Appends: "
	    "`LOG`\n"
	    "- Deliverable: say Mode: pair in the text\n"));
	const struct phase *phase = &t.plan->phase[0];

	assert_string_equal(phase->agent, "claude");
	assert_int_equal(phase->est_low_cents, 500);
	assert_int_equal(phase->points, 3);
	assert_true(phase->is_high_risk);
	assert_touch(phase, TOUCH_CREATES, "src/gate.c");
	assert_touch(phase, TOUCH_DELETES, "");
	assert_touch(phase, TOUCH_RENAMES, "a.c>b.c");
	assert_touch(phase, TOUCH_APPENDS, "LOG");
	assert_int_equal(phase->mode, EXEC_NONE);
	assert_string_equal(phase->deliverable, "say Mode: pair in the text");
	text_plan_clear(&t);
}

/* the method writes the mode's label in three ways. */
static void
mode_is_read_under_every_label(void **state)
{
	static const char *const rows[] = { "- Mode: pair", "- **Mode:** pair",
		"- **Mode**: pair", "- Exec mode: pair",
		"- **Exec mode:** pair | **Launch "
		"as:** Plan mode",
		"- Execution mode: pair | Launch as: Plan mode | Worktree: yes",
		"* mode: `pair`", "- Mode: Pair   <!-- quick tdd -->",
		"- Mode: exec:pair" };

	for (size_t i = 0; i < N_ELEMS(rows); i++) {
		char text[1024];
		struct text_plan t;

		snprintf(
		    text, sizeof(text), MAP(ROW_1A "\n### 1A: first\n%s\n"), rows[i]);
		t = text_plan(text);
		if (t.plan->phase[0].mode != EXEC_PAIR)
			fail_msg("%s", rows[i]);
		text_plan_clear(&t);
	}
}

static void
comments_and_code_are_no_content(void **state)
{
	struct text_plan t = text_plan(MAP(
	    ROW_1A "\n```markdown\n### 1A: fake\n- Writes: `bad`\n## Phase Map\n"
		   "| Phase | Issues |\n|-|-|\n| 9Z | x |\n```\n"
		   "<!--\n### 1A: hidden\n- Writes: `worse`\n-->\n"
		   "### 1A: first <!-- really -->\n"
		   "<!-- - Mode: tdd -->\n- Mode: pair\n- Agent: <!-- who? --> claude\n"
		   "- Context:\n  - `<!--` opens a comment\n"));
	const struct phase *phase = &t.plan->phase[0];

	assert_int_equal(t.plan->n_phases, 1);
	assert_string_equal(phase->focus, "first");
	assert_int_equal(phase->mode, EXEC_PAIR);
	assert_string_equal(phase->agent, "claude");
	assert_true(phase->is_unknown);
	assert_string_equal(phase->context.item[0].text, "`<!--` opens a comment");
	text_plan_clear(&t);
}

static void
nested_items_run_over_lines_blanks_and_code(void **state)
{
	struct text_plan t = text_plan(MAP(ROW_1A
	    "\n### 1A: first\n- Context:\n\n  - one\n    goes on\n\n  - two\n    - deep\n"
	    "- Tasks:\n  1. run\n     ```sh\n     make\n     ```\n  2. stop\n"
	    "- Writes:\n  - `a`, `b`\n  - `c`\n"
	    "- Deliverable: a long\n  sentence\n"
	    "- Acceptance:\n  - [x] done\n  - [ ] open\n  - bare\n"
	    "- Verify: `make check`\n"));
	const struct phase *phase = &t.plan->phase[0];

	assert_int_equal(phase->context.n, 2);
	assert_string_equal(phase->context.item[0].text, "one goes on");
	assert_string_equal(phase->context.item[1].text, "two - deep");
	assert_int_equal(phase->tasks.n, 2);
	assert_non_null(strstr(phase->tasks.item[0].text, "run\n"));
	assert_non_null(strstr(phase->tasks.item[0].text, "make"));
	assert_touch(phase, TOUCH_WRITES, "a b c");
	assert_string_equal(phase->deliverable, "a long sentence");
	assert_int_equal(phase->acceptance.n, 3);
	assert_true(phase->acceptance.item[0].is_ticked);
	assert_string_equal(phase->acceptance.item[1].text, "open");
	assert_string_equal(phase->verify, "make check");
	assert_null(lint_with(&t.lints, "P07"));
	text_plan_clear(&t);
}

static void
broken_numbering_of_tasks_is_p07(void **state)
{
	static const struct {
		const char *tasks;
		bool is_broken;
	} rows[] = { { "  1. a\n  2. b\n", false }, { "  - a\n  - b\n", false },
		{ "  1. a\n  3. b\n", true }, { "  2. a\n", true },
		{ "  1. a\n  1. b\n", true }, { "  1. a\n  - b\n", true },
		{ "  1) a\n  2) b\n", false } };

	for (size_t i = 0; i < N_ELEMS(rows); i++) {
		char text[1024];
		struct text_plan t;

		snprintf(text, sizeof(text),
		    MAP(ROW_1A "\n### 1A: first\n- Tasks:\n%s"), rows[i].tasks);
		t = text_plan(text);
		if ((lint_with(&t.lints, "P07") != NULL) != rows[i].is_broken)
			fail_msg("%s", rows[i].tasks);
		text_plan_clear(&t);
	}
}

static void
the_section_beats_the_cell_and_the_difference_is_told(void **state)
{
	struct text_plan t = text_plan(
	    HEADER "| Phase | Issues | Focus | Mode | Writes | Agent |\n|-|-|-|-|-|-|\n"
		   "| 1A | [T-2](u:2) | first | quick | `a` | claude |\n"
		   "\n### 1A: first\n- Mode: pair\n- Writes: `b`\n- Agent: claude\n"
		   "- Issue: [T-2: Two](u:2)\n");

	assert_int_equal(t.plan->phase[0].mode, EXEC_PAIR);
	assert_touch(&t.plan->phase[0], TOUCH_WRITES, "b");
	assert_int_equal(n_lints_with(&t.lints, "L10"), 2);
	assert_int_equal(the_lint(&t.lints, "L10").at.line, 10);
	text_plan_clear(&t);
}

static void
columns_may_stand_in_any_order_and_unknown_ones_are_silent(void **state)
{
	struct text_plan t = text_plan(
	    HEADER "| Colour | Focus | Writes | Phase | Issue |\n|:-|-:|:-:|-|-|\n"
		   "| red | a \\| b | `x|y` | **1A** | [T-2](u:2) |\n");

	assert_string_equal(t.plan->phase[0].id, "1A");
	assert_string_equal(t.plan->phase[0].focus, "a | b");
	assert_touch(&t.plan->phase[0], TOUCH_WRITES, "x|y");
	assert_int_equal(t.lints.n, 0);
	text_plan_clear(&t);
}

static void
a_ragged_row_is_read_and_warned_about(void **state)
{
	struct text_plan t = text_plan(MAP("| 1A | [T-2](u:2) | first |\n"));

	assert_string_equal(t.plan->phase[0].focus, "first");
	assert_int_equal(the_lint(&t.lints, "L09").level, 'W');
	assert_int_equal(the_lint(&t.lints, "L09").at.line, 10);
	text_plan_clear(&t);
}

static void
phases_may_live_in_sections_alone(void **state)
{
	struct text_plan t = text_plan(
	    "# T\n\n### 1A: first\n- Issue: [T-2](u:2)\n- Writes: `a`\n\n"
	    "### Note: this is prose\n- Review: no phase\n\n## 1B - not one either\n"
	    "### Phase 1C: third\n- Tasks:\n  1. x\n");

	assert_int_equal(t.plan->n_phases, 2);
	assert_string_equal(t.plan->phase[1].id, "1C");
	assert_string_equal(t.plan->phase[1].focus, "third");
	assert_false(t.plan->has_phase_map);
	text_plan_clear(&t);
}

static void
a_misspelt_key_is_not_silently_lost(void **state)
{
	struct text_plan t = text_plan(
	    MAP(ROW_1A "\n### 1A: first\n- Wirtes: `a`\n- Colour: red\n- prose\n"));

	assert_int_equal(n_lints_with(&t.lints, "L13"), 1);
	assert_non_null(strstr(the_lint(&t.lints, "L13").message, "\"Writes\""));
	assert_int_equal(the_lint(&t.lints, "L13").at.line, 13);
	assert_int_equal(the_lint(&t.lints, "L13").at.column, 3);
	text_plan_clear(&t);
}

/* what is not read is told with what was meant, and prose is left alone. */
static void
a_key_that_no_phase_has_is_not_silently_lost(void **state)
{
	static const struct {
		const char *bullet, *said; /* NULL: nothing */
	} rows[] = {
		{ "- Resources: gpu", "did you mean \"Infra\"?" },
		{ "- **Resources:** `port:5432`", "did you mean \"Infra\"?" },
		{ "- Moves: `a` -> `b`", "did you mean \"Renames\"?" },
		{ "- After: 1B", "did you mean \"Depends on\"?" },
		{ "- Files: src/x.c", "did you mean \"Writes\"?" },
		{ "- Modifies: `src/x.c`", "did you mean \"Writes\"?" },
		{ "- Crates: `src/x.c`", "did you mean \"Creates\"?" },
		{ "- Sources: `src/x.c`, `src/y.c`", "does not count as touched" },
		{ "- Tables: `db/a.sql` -> `db/b.sql`", "does not count as touched" },
		{ "- Writes `src/x.c` and `src/y.c`",
		    "only read as a key of phase 1A" },
		{ "- Write: `src/x.c`", NULL },
		{ "- Colour: red", NULL },
		{ "- Do not modify: `src/x.c`", NULL },
		{ "- See: `docs/a.md`", NULL },
		{ "- Note: `x` is slow", NULL },
		{ "- Owner: Anna", NULL },
		{ "- Removes `x` from the table", NULL },
		{ "- prose about `src/x.c`", NULL },
		{ "-", NULL },
		{ "- :", NULL },
		{ "- s: x", NULL },
	};

	for (size_t i = 0; i < N_ELEMS(rows); i++) {
		AUTO_FREE char *text = xasprintf(
		    MAP(ROW_1A "\n### 1A: first\n- Reads: `a`\n%s\n"), rows[i].bullet);
		struct text_plan t = text_plan(text);
		size_t n = n_lints_with(&t.lints, "L13");

		if (n != (rows[i].said ? 1u : 0u) ||
		    (n == 1 &&
			!strstr(the_lint(&t.lints, "L13").message, rows[i].said)))
			fail_msg("%s: %zu", rows[i].bullet, n);
		if (n == 1) {
			assert_int_equal(the_lint(&t.lints, "L13").level, 'W');
			assert_int_equal(the_lint(&t.lints, "L13").at.line, 14);
		}
		text_plan_clear(&t);
	}
}

static void
links_may_be_any_url_or_local(void **state)
{
	static const struct {
		const char *cell, *id, *title, *url;
		bool is_bare;
	} rows[] = {
		{ "[T-2](https://x.test/T-2)", "T-2", "", "https://x.test/T-2", false },
		{ "[T-2: A: b, c](u:(2))", "T-2", "A: b, c", "u:(2)", false },
		{ "[#12](https://h.test/12)", "#12", "", "https://h.test/12", false },
		{ "local:T-2", "T-2", "", "local:T-2", false },
		{ "[T-2](local:T-2)", "T-2", "", "local:T-2", false },
		{ "T-2", "T-2", "", "", true },
		{ "T-2 (mine)", "T-2", "", "", true },
	};

	for (size_t i = 0; i < N_ELEMS(rows); i++) {
		char text[1024];
		struct text_plan t;
		const struct issue_ref *ref;

		snprintf(text, sizeof(text), MAP("| 1A | %s | a | 1 | None |\n"),
		    rows[i].cell);
		t = text_plan(text);
		assert_int_equal(t.plan->phase[0].n_issues, 1);
		ref = t.plan->phase[0].issue;
		assert_string_equal(ref->id, rows[i].id);
		assert_string_equal(ref->title, rows[i].title);
		assert_string_equal(ref->url, rows[i].url);
		assert_int_equal(ref->is_bare, rows[i].is_bare);
		assert_int_equal(ref->at.line, 10);
		assert_int_equal(ref->at.column, 8);
		text_plan_clear(&t);
	}
}

static void
header_lines_are_read_with_and_without_bold(void **state)
{
	struct text_plan t = text_plan(
	    "\xEF\xBB\xBF# Master plan: The title #\r\n"
	    "Parent issue: [T-1: Top](u:1)\r\n"
	    "- **Date**: 2026-01-02\r\n**Session:** brave-fox\r\n"
	    "**Supersedes:** old.md\r\nAuthor: Ada\r\n## Other\r\nDate: 1999\r\n");

	assert_string_equal(t.plan->title, "The title");
	assert_string_equal(t.plan->master.id, "T-1");
	assert_string_equal(t.plan->master.title, "Top");
	assert_string_equal(t.plan->date, "2026-01-02");
	assert_string_equal(t.plan->session, "brave-fox");
	assert_string_equal(t.plan->supersedes, "old.md");
	assert_string_equal(t.plan->planner, "Ada");
	text_plan_clear(&t);
}

static void
the_session_registry_is_read_by_name(void **state)
{
	struct text_plan t = text_plan(MAP(
	    ROW_1A "## Session Registry\n"
		   "| Session Name | Issue | Phase | Agent | Status | Branch |\n"
		   "|-|-|-|-|-|-|\n| fox | [T-2](u:2) | 1A | claude | Active | b |\n"));

	assert_int_equal(t.plan->n_sessions, 1);
	assert_string_equal(t.plan->sessions[0].session, "fox");
	assert_string_equal(t.plan->sessions[0].status, "Active");
	assert_string_equal(t.plan->sessions[0].branch, "b");
	assert_string_equal(t.plan->sessions[0].worktree, "");
	text_plan_clear(&t);
}

static void
bytes_that_are_no_text_are_refused_with_their_offset(void **state)
{
	static const struct {
		const char *file, *words;
	} rows[] = { { "not-utf8.md", "byte 262 (line 10): not UTF-8" },
		{ "nul.md", "byte 263 (line 10): a NUL byte" } };

	for (size_t i = 0; i < N_ELEMS(rows); i++) {
		char path[512];
		struct lint_list lints = { 0 };
		struct err err = ERR_INIT;

		snprintf(
		    path, sizeof(path), TEST_DATA "/plans/hostile/%s", rows[i].file);
		assert_null(plan_load(path, &lints, &err));
		assert_int_equal(err.kind, ERR_INPUT);
		assert_non_null(strstr(err.text, rows[i].words));
		assert_int_equal(lints.n, 0);
	}
}

static void
too_many_bytes_lines_or_phases_are_refused(void **state)
{
	static const char row[] = "|a|[X-1](u:1)|f|\n";
	static const char head[] = "## Phase Map\n|Phase|Issues|Focus|\n|-|-|-|\n";
	size_t n_head = strlen(head), n_row = strlen(row);
	size_t n = n_head + n_row * (PLAN_MAX_PHASES + 1);
	AUTO_FREE char *text = xcalloc(PLAN_MAX_BYTES + 1, 1);
	struct lint_list lints = { 0 };
	struct err err = ERR_INIT;

	memcpy(text, head, n_head);
	for (size_t i = 0; i <= PLAN_MAX_PHASES; i++)
		memcpy(text + n_head + i * n_row, row, n_row);
	assert_null(plan_parse("p", text, n, &lints, &err));
	assert_int_equal(err.kind, ERR_INPUT);
	memset(text, '\n', PLAN_MAX_LINES + 1);
	assert_null(plan_parse("p", text, PLAN_MAX_LINES + 1, &lints, &err));
	assert_non_null(strstr(err.text, "lines"));
	memset(text, ' ', PLAN_MAX_BYTES + 1);
	assert_null(plan_parse("p", text, PLAN_MAX_BYTES + 1, &lints, &err));
	assert_int_equal(err.kind, ERR_INPUT);
	lint_list_clear(&lints);
}

static double
seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* The limit is ten times what it takes here: only a wrong order of growth fails. */
static void
a_hundred_thousand_phases_parse_in_linear_time(void **state)
{
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);
	struct lint_list lints = { 0 };
	struct plan *plan;
	double start;

	fputs("## Phase Map\n|Phase|Issues|Focus|Dependencies|Writes|\n|-|-|-|-|-|\n",
	    out);
	for (unsigned i = 0; i < 100000; i++)
		fprintf(out, "|p%u|[X-%u](local:x)|focus %u|p%u|`src/%u/**`|\n", i, i,
		    i, i / 2, i);
	fclose(out);
	start = seconds();
	plan = plan_parse("p", text, n, &lints, NULL);
	assert_non_null(plan);
	assert_int_equal(plan->n_phases, 100000);
	assert_int_equal(plan_index(plan, "p99999"), 99999);
	if (seconds() - start > 10)
		fail_msg("%g s", seconds() - start);
	plan_free(plan);
	lint_list_clear(&lints);
	free(text);
}

/* Patterns of bytes on which a careless search for a closing mark is quadratic. */
static void
a_megabyte_of_open_marks_takes_no_quadratic_time(void **state)
{
	static const char *const unit[] = { "(", "[", "`", "`(", "` `` ", "{", "(,",
		"[](,", "[,", "<!--", "**", "\\", "- ", "\t", "a,", "|", "!", "-> " };
	static const char *const frame[] = { "%s", MAP("| 1A | %s | x | 1 | None |\n"),
		MAP("| 1A | T-2 | x | 1 | %s |\n"),
		MAP(ROW_1A "### 1A: x\n- Writes: %s `a`\n"),
		MAP(ROW_1A "### 1A: x\n- Issue: %s\n"),
		MAP(ROW_1A "### 1A: x\n- Context: %s\n") };

	for (size_t u = 0; u < N_ELEMS(unit); u++) {
		for (size_t f = 0; f < N_ELEMS(frame); f++) {
			size_t n_unit = strlen(unit[u]), n = 300000 / n_unit * n_unit;
			AUTO_FREE char *body = xmalloc(n + 1);
			AUTO_FREE char *text = NULL;
			const char *hole = strstr(frame[f], "%s");
			struct text_plan t;
			double start = seconds();

			for (size_t i = 0; i < n; i++)
				body[i] = unit[u][i % n_unit];
			body[n] = '\0';
			text = xasprintf("%.*s%s%s", (int)(hole - frame[f]), frame[f],
			    body, hole + 2);
			t = text_plan(text);
			text_plan_clear(&t);
			if (seconds() - start > 5)
				fail_msg("%s in frame %zu", unit[u], f);
		}
	}
}

static const char *
hash_of(const char *text, char hex[HASH_HEX_SIZE])
{
	struct text_plan t = text_plan(text);

	memcpy(hex, t.plan->plan_hash, HASH_HEX_SIZE);
	text_plan_clear(&t);
	return hex;
}

#define HASHED(status, box, tail)                                                 \
	HEADER                                                                    \
	"| Phase | Issues | Focus | Status |\n|-|-|-|-|\n| 1A | [T-2](u:2) | f |" \
	" " status " |\n\n### 1A: f\n- Writes: `a`\n- Acceptance:\n  - [" box     \
	"] yes\n" tail

static void
the_hash_ignores_statuses_ticks_and_the_session_registry(void **state)
{
	char a[HASH_HEX_SIZE], b[HASH_HEX_SIZE];

	hash_of(HASHED("Todo", " ", ""), a);
	assert_string_equal(a, hash_of(HASHED("Done", " ", ""), b));
	assert_string_equal(a, hash_of(HASHED("Todo", "x", ""), b));
	assert_string_equal(a,
	    hash_of(HASHED("", "x",
			"## Session Registry\n| Session | Issue |\n|-|-|\n| s | x |\n"),
		b));
	assert_string_equal(a, hash_of(HASHED("Todo", " ", "\nProse.\n"), b));
}

static void
the_hash_changes_with_everything_that_is_approved(void **state)
{
	static const char *const bullets[] = { "- Mode: tdd", "- Mode: pair",
		"- Mode: pair (analysis-only)", "- Agent: codex", "- Estimate: $5",
		"- Estimate: $5, 3pt", "- Estimate: $5-6", "- Risk: high",
		"- Risk: low", "- Review: yes", "- Repo: other", "- Batch: 2",
		"- Reads: `a`", "- Reads: `b`", "- Writes: `b`", "- Writes: !`b`",
		"- Creates: `b`", "- Deletes: `b`", "- Renames: `b` -> `c`",
		"- Renames: `b` -> `d`", "- Appends: `b`", "- Produces: api:b",
		"- Consumes: api:b", "- Uses: b", "- Extends: b", "- Changes: b",
		"- Removes: b", "- Renumbers: b", "- Gates: b", "- Infra: b",
		"- Depends on: 1B", "- Verify: make", "- Context: b", "- Tasks: b",
		"- Deliverable: b", "- Acceptance: b", "- Acceptance: c",
		"- Issue: [T-9](u:9)", "- Colour: red" };
	char seen[N_ELEMS(bullets)][HASH_HEX_SIZE];

	for (size_t i = 0; i < N_ELEMS(bullets); i++) {
		char text[1024];

		snprintf(text, sizeof(text),
		    MAP("| 1A | | f | | |\n" ROW_1B "### 1A: f\n- Infra: none\n%s\n"),
		    bullets[i]);
		hash_of(text, seen[i]);
		for (size_t k = 0; k < i; k++) {
			if (strcmp(seen[i], seen[k]) == 0)
				fail_msg("%s and %s", bullets[i], bullets[k]);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_review_pipeline_is_read_completely),
		cmocka_unit_test(the_registry_fills_what_the_phases_leave_open),
		cmocka_unit_test(an_issue_of_the_registry_means_the_phase_that_owns_it),
		cmocka_unit_test(dependencies_are_read_in_every_usual_wording),
		cmocka_unit_test(footprints_are_read_in_every_usual_wording),
		cmocka_unit_test(several_keys_share_a_line_when_two_blanks_part_them),
		cmocka_unit_test(mode_is_read_under_every_label),
		cmocka_unit_test(comments_and_code_are_no_content),
		cmocka_unit_test(nested_items_run_over_lines_blanks_and_code),
		cmocka_unit_test(broken_numbering_of_tasks_is_p07),
		cmocka_unit_test(the_section_beats_the_cell_and_the_difference_is_told),
		cmocka_unit_test(
		    columns_may_stand_in_any_order_and_unknown_ones_are_silent),
		cmocka_unit_test(a_ragged_row_is_read_and_warned_about),
		cmocka_unit_test(phases_may_live_in_sections_alone),
		cmocka_unit_test(a_misspelt_key_is_not_silently_lost),
		cmocka_unit_test(a_key_that_no_phase_has_is_not_silently_lost),
		cmocka_unit_test(links_may_be_any_url_or_local),
		cmocka_unit_test(header_lines_are_read_with_and_without_bold),
		cmocka_unit_test(the_session_registry_is_read_by_name),
		cmocka_unit_test(bytes_that_are_no_text_are_refused_with_their_offset),
		cmocka_unit_test(too_many_bytes_lines_or_phases_are_refused),
		cmocka_unit_test(a_hundred_thousand_phases_parse_in_linear_time),
		cmocka_unit_test(a_megabyte_of_open_marks_takes_no_quadratic_time),
		cmocka_unit_test(
		    the_hash_ignores_statuses_ticks_and_the_session_registry),
		cmocka_unit_test(the_hash_changes_with_everything_that_is_approved),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
