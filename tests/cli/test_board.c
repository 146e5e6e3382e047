/* What the server's status looks like; nothing a stranger wrote steers the terminal. */
#include "cli/board.h"

#include "base/mem.h"
#include "base/text.h"
#include "cli/client.h"
#include "cli/report.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first. */
#include <cmocka.h>

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

/* ' stands for ", so that the fixtures can be read. */
static struct json_object *
parse(const char *text)
{
	AUTO_FREE char *copy = xstrdup(text);
	struct json_object *o;

	for (char *at = copy; *at; at++) {
		if (*at == '\'')
			*at = '"';
	}
	o = json_tokener_parse(copy);
	if (!o)
		fail_msg("no JSON: %s", copy);
	return o;
}

#define SESSION_A                                                                   \
	"{'id':'p1.1.1A','label':'S-A','phase':'1A','issue':'CIA-7','plan':'p1',"   \
	"'issue_url':'https://t.example/CIA-7','batch':'p1/1','sub_issue':'DV-3',"  \
	"'focus':'Greeting','mode':'tdd','launch':'bypass','agent_shown':'Claude'," \
	"'worktree':'yes','branch':'claude/cia-7','state':'checkpoint','merge':1,"  \
	"'estimate_cents':{'low':100,'mid':300,'high':500},'cost_cents':110,"       \
	"'started_at':1000,'context_pct':41,'why':'asks to delete a file',"         \
	"'asks':[{'id':'1','kind':'permission','text':'rm build',"                  \
	"'detail':'rm -r build\\nrm -r out'},"                                      \
	"{'id':'2','kind':'question','text':'settled','decision':'allow'}]}"
#define SESSION_B                                                                    \
	"{'id':'p1.1.1B','label':'S-B','phase':'1B','issue':'CIA-8','batch':'p1/1'," \
	"'focus':'Words','state':'done','landed':'abcdef0123456789','cost_cents':0," \
	"'estimate_cents':{'low':-1,'mid':-1,'high':-1},'started_at':1000,"          \
	"'ended_at':61000,'stray':'lib/x.sh\\nlib/y.sh','why':'merged'}"
#define PLAN                                                                           \
	"{'id':'p1','path':'/p.md','title':'A plan','state':'active','target':'main'," \
	"'merge':'ask','verify':'make test','n_phases':5,'opened_at':1000,"            \
	"'batches':[{'id':'p1/1','number':1,'kind':'implementation',"                  \
	"'state':'running','why':'1 of 2 runs','base':'0123456789abcdef',"             \
	"'hash':'fedcba9876543210','sessions':[" SESSION_A "," SESSION_B "]}]}"
#define STATUS                                                              \
	"{'now':121000,'live':1,'acts':[{}],'needs':[{'session':'p1.1.1A'," \
	"'subject':'S-A','what':'asks:\\nrm build','since':1000,"           \
	"'command':'divisi answer S-A allow'}],'plans':[" PLAN "]}"

struct paper {
	struct screen screen;
	char *text;
	size_t n;
};

static void
paper_open(struct paper *p, int width)
{
	*p = (struct paper){ 0 };
	p->screen.out = open_memstream(&p->text, &p->n);
	p->screen.width = width;
	p->screen.is_terminal = width > 0;
}

static const char *
paper_read(struct paper *p)
{
	fflush(p->screen.out);
	return p->text;
}

static void
paper_close(struct paper *p)
{
	fclose(p->screen.out);
	free(p->text);
}

static void
says(const char *text, const char *words)
{
	if (!strstr(text, words))
		fail_msg("no '%s' in:\n%s", words, text);
}

static void
says_not(const char *text, const char *words)
{
	if (strstr(text, words))
		fail_msg("'%s' is in:\n%s", words, text);
}

/* S-78: the columns in this order; the link is the plan's own. */
static void
the_dispatch_table_has_its_columns_totals_and_hash(void **state)
{
	AUTO_JSON struct json_object *plan = parse(PLAN);
	struct json_object *batch = board_last_batch(plan, NULL);
	struct paper p;
	const char *t;

	paper_open(&p, 0);
	board_table(&p.screen, plan, batch);
	t = paper_read(&p);
	says(t, "Batch 1 (implementation) of A plan\n");
	says(t, "| Session | Issue");
	says(t, "| S-A     | [CIA-7](https://t.example/CIA-7) | Greeting | tdd  | "
		"~$1-$5    | Claude | yes      | claude/cia-7 | 1     |");
	says(t, "| [CIA-8](local:CIA-8)");
	says(t, "total ~$5 (largest ~$5)   base 0123456789 on main   merge: ask   "
		"verify: make test\n");
	says(t, "table fedcba987654\n");
	paper_close(&p);
}

static void
status_begins_with_what_needs_a_person(void **state)
{
	AUTO_JSON struct json_object *status = parse(STATUS);
	struct paper p;
	const char *t;

	paper_open(&p, 0);
	board_status(&p.screen, status);
	t = paper_read(&p);
	assert_memory_equal(t,
	    "NEEDS YOU: S-A asks: rm build, 2 min\n"
	    "  -> divisi answer S-A allow\n",
	    64);
	says(t, "p1  A plan  (active, 1 of 5 phases done)\n");
	says(t, "batch 1 (implementation): 1 of 2 runs\n");
	says(t, "$1.10/$3 41%\n");
	says(t, "asks to delete a file\n");
	says(t, "asks (permission): rm build\n");
	says(t, "      | rm -r build\n      | rm -r out\n");
	says_not(t, "settled"); /* answered */
	says(t, "wrote outside what it declared: lib/x.sh lib/y.sh [G21 B-20]\n");
	says(t, "1 session live, 1 step under way\n");
	paper_close(&p);
}

static void
status_of_nothing_says_how_to_start(void **state)
{
	static const char *const blank[] = { "{}", "{'plans':[],'needs':[]}",
		"{'plans':7,'needs':'x','acts':{}}" };

	for (size_t i = 0; i < N_ELEMS(blank); i++) {
		AUTO_JSON struct json_object *status = parse(blank[i]);
		struct paper p;

		paper_open(&p, 80);
		board_status(&p.screen, status);
		says(paper_read(&p), "Nothing needs you now.\n");
		says(paper_read(&p), "No plan is under way.");
		paper_close(&p);
	}
}

static char *
event_line(struct json_object *status, const char *row, bool *is_shown)
{
	AUTO_JSON struct json_object *o = parse(row);
	struct paper p;

	paper_open(&p, 0);
	*is_shown = board_event(&p.screen, status, o);
	fclose(p.screen.out);
	return p.text;
}

static void
events_are_told_by_the_names_people_use(void **state)
{
	static const struct {
		const char *row, *line; /* NULL: not worth a line */
	} table[] = {
		/* clang-format off */
		{ "{'at':3723000,'entity':'session/p1.1.1A','to':'done'}",
		    "01:02:03  1/S-A 1A      done\n" },
		{ "{'at':0,'entity':'batch/p1/1','to':'running'}",
		    "00:00:00  batch 1       running\n" },
		{ "{'at':0,'entity':'session/gone','to':'failed','data':{'text':'why'}}",
		    "00:00:00  gone          failed: why\n" },
		{ "{'at':0,'entity':'session/p1.1.1A','to':'','cause':'agent-asked',"
		  "'data':{'text':'may I?'}}",
		    "00:00:00  1/S-A 1A      may I?\n" },
		{ "{'at':0,'entity':'session/p1.1.1A','to':'','cause':'agent-activity',"
		  "'data':{'text':'reading'}}",
		    "00:00:00  1/S-A 1A      reading\n" },
		{ "{'entity':'session/p1.1.1A','to':'','cause':'agent-activity'}", NULL },
		{ "{'entity':'session/p1.1.1A','to':'filed'}", NULL },
		{ "{'entity':'session/p1.1.1A','to':'','cause':'run-started'}", NULL },
		{ "{'entity':'issue/DV-1','to':'Done'}", NULL },
		{ "{'at':0,'entity':'server','to':'','cause':'clock-set',"
		  "'data':{'by':86400000,'kind':'set'}}",
		    "00:00:00  server        the clock was set ahead by 1 d 0 h\n" },
		{ "{'at':0,'entity':'server','to':'','cause':'clock-set',"
		  "'data':{'by':-7200000}}",
		    "00:00:00  server        the clock was set back by 2 h 00 min\n" },
		{ "{'at':0,'entity':'server','to':'','cause':'clock-set',"
		  "'data':{'by':7200000,'kind':'slept'}}",
		    "00:00:00  server        the machine slept for 2 h 00 min\n" },
		{ "{'at':0,'entity':'server','to':'','cause':'clock-set',"
		  "'data':{'by':7200000,'kind':'ended','session':'p1.1.1A'}}",
		    "00:00:00  server        an agent had ended 2 h 00 min before; that is "
		    "charged to nobody\n" },
		{ "{}", NULL },
		/* clang-format on */
	};
	AUTO_JSON struct json_object *status = parse(STATUS);

	for (size_t i = 0; i < N_ELEMS(table); i++) {
		bool is_shown;
		AUTO_FREE char *line = event_line(status, table[i].row, &is_shown);

		assert_int_equal(is_shown, table[i].line != NULL);
		assert_string_equal(line, table[i].line ? table[i].line : "");
	}
}

static void
events_before_any_status_are_told_by_their_ids(void **state)
{
	bool is_shown;
	AUTO_FREE char *line = event_line(
	    NULL, "{'at':0,'entity':'session/p1.1.1A','to':'done'}", &is_shown);

	assert_true(is_shown);
	says(line, "p1.1.1A");
}

static void
the_report_adds_up(void **state)
{
	AUTO_JSON struct json_object *plan = parse(PLAN);
	struct paper p;
	const char *t;

	paper_open(&p, 0);
	report_print(&p.screen, NULL, plan, 121000);
	t = paper_read(&p);
	says(t, "Report: A plan (active)\n");
	says(
	    t, "| 1/S-A   | 1A    | CIA-7 | Claude | checkpoint | 2 min | $1.10 | $3 ");
	says(t, "| abcdef0123 |");
	says(t, "wall time 2 min\n");
	says(t, "session time 3 min; cost $1.10 against an estimate of $3\n");
	paper_close(&p);
}

static void
the_newest_plan_and_batch_are_found(void **state)
{
	AUTO_JSON struct json_object *status = parse(
	    "{'plans':[{'id':'p1','path':'/a','state':'complete'},"
	    "{'id':'p2','path':'/a','state':'active','batches':["
	    "{'id':'p2/1','state':'complete'},{'id':'p2/2','state':'running'}]},"
	    "{'id':'p3','path':'/b','state':'complete'}]}");
	struct json_object *p2 = board_plan(status, "/a");

	assert_string_equal(js_text(p2, "id"), "p2");
	assert_string_equal(js_text(board_plan(status, NULL), "id"), "p2");
	assert_null(board_plan(status, "/c"));
	assert_string_equal(js_text(board_last_batch(p2, NULL), "id"), "p2/2");
	assert_string_equal(js_text(board_last_batch(p2, "complete"), "id"), "p2/1");
	assert_null(board_last_batch(p2, "failed"));
	assert_null(board_last_batch(board_plan(status, "/b"), NULL));
}

/* Replaces every text below O, so that no member is forgotten. */
static void
poison(struct json_object *o, const char *with)
{
	if (json_object_is_type(o, json_type_array)) {
		for (size_t i = 0; i < json_object_array_length(o); i++)
			poison(json_object_array_get_idx(o, i), with);
		return;
	}
	if (!json_object_is_type(o, json_type_object))
		return;
	json_object_object_foreach (o, name, value) {
		if (!json_object_is_type(value, json_type_string))
			poison(value, with);
		else if (strcmp(name, "state") != 0 && strcmp(name, "decision") != 0)
			json_object_set_string(value, with);
	}
}

/* DESIGN 12: escapes, carriage returns and bidi overrides are shown, never sent. */
static void
no_member_can_steer_the_terminal(void **state)
{
	static const char hostile[] = "x\x1b[2J\x07\r\x7f\xc2\x9b\xe2\x80\xae%s|\n# y";
	static const char *const never[] = { "\x1b", "\x07", "\r", "\x7f", "\xc2\x9b",
		"\xe2\x80\xae" };
	const int widths[] = { 0, 40, 80, 200 };
	AUTO_JSON struct json_object *status = parse(STATUS);
	struct json_object *plan, *row = parse("{'at':0,'entity':'session/p1.1.1A',"
					       "'to':'x','data':{'text':'x'}}");

	poison(status, hostile);
	poison(row, hostile);
	plan = js_at(js_get(status, "plans"), 0);
	for (size_t i = 0; i < N_ELEMS(widths); i++) {
		struct paper p;

		paper_open(&p, widths[i]);
		board_status(&p.screen, status);
		board_table(&p.screen, plan, board_last_batch(plan, NULL));
		report_print(&p.screen, NULL, plan, 0);
		(void)board_event(&p.screen, status, row);
		for (size_t k = 0; k < N_ELEMS(never); k++) {
			const char *at = strstr(paper_read(&p), never[k]);

			if (at)
				fail_msg("control %zu at width %d: ...%.40s", k,
				    widths[i], at > p.text + 60 ? at - 60 : p.text);
		}
		paper_close(&p);
	}
	json_object_put(row);
}

static void
a_batch_that_is_over_takes_a_line(void **state)
{
	AUTO_JSON struct json_object *status = parse(
	    "{'plans':[{'id':'p1','title':'T','state':'active','batches':["
	    "{'number':1,'kind':'research','state':'complete','why':'done',"
	    "'sessions':[{'phase':'1A','state':'done','landed':'abcdef0123'},"
	    "{'phase':'1B','state':'failed'}]},{'number':2,'state':'running'}]}]}");
	struct paper p;

	paper_open(&p, 0);
	board_status(&p.screen, status);
	says(
	    paper_read(&p), "batch 1 (research): done; 1A done abcdef012, 1B failed\n");
	paper_close(&p);
}

/* What was dated before looks odd beside what is since, so it is told for a day. */
static void
a_clock_that_was_set_is_told_for_a_day(void **state)
{
	static const struct {
		const char *status, *line;
	} rows[] = {
		{ "{'now':90000000,'clock_set':{'at':90000000,'by':86400000}}",
		    "the clock was set ahead by 1 d 0 h at 01:00:00 UTC" },
		{ "{'now':90000000,'clock_set':{'at':3600000,'by':-7200000}}",
		    "the clock was set back by 2 h 00 min at 01:00:00 UTC" },
		{ "{'now':90000001,'clock_set':{'at':3600000,'by':-7200000}}", NULL },
		{ "{'now':90000000,'clock_set':{'at':0,'by':0}}", NULL },
		{ "{'now':90000000}", NULL },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMS(rows); i++) {
		AUTO_JSON struct json_object *status = parse(rows[i].status);
		struct paper p;

		paper_open(&p, 0);
		board_status(&p.screen, status);
		if (rows[i].line)
			says(paper_read(&p), rows[i].line);
		else
			assert_null(strstr(paper_read(&p), "the clock"));
		paper_close(&p);
	}
}

/* Between two batches nothing waits for anybody, and nothing goes on by itself either. */
static void
after_a_batch_the_way_on_is_told(void **state)
{
	static const struct {
		const char *plan;
		bool is_told;
	} rows[] = {
		{ "'state':'active','n_phases':3,'batches':[{'number':1,'state':'complete',"
		  "'sessions':[{'state':'done'}]}]",
		    true },
		{ "'state':'active','n_phases':3,'batches':[{'number':1,"
		  "'state':'complete-with-failures','acknowledged':true}]",
		    true },
		{ "'state':'active','n_phases':3,'batches':[{'number':1,"
		  "'state':'complete-with-failures','acknowledged':false}]",
		    false },
		{ "'state':'active','n_phases':3,'batches':[{'number':1,'state':'running'}]",
		    false },
		{ "'state':'active','n_phases':1,'batches':[{'number':1,'state':'complete',"
		  "'sessions':[{'state':'done'}]}]",
		    false },
		{ "'state':'aborted','n_phases':3,'batches':[{'number':1,"
		  "'state':'complete'}]",
		    false },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMS(rows); i++) {
		AUTO_FREE char *text = xasprintf(
		    "{'plans':[{'id':'p1','path':'/r/a plan.md',%s}]}", rows[i].plan);
		AUTO_JSON struct json_object *status = parse(text);
		struct paper p;

		paper_open(&p, 0);
		board_status(&p.screen, status);
		if (rows[i].is_told)
			says(paper_read(&p), "left\n  -> divisi run '/r/a plan.md'\n");
		else
			assert_null(strstr(paper_read(&p), "divisi run '"));
		paper_close(&p);
	}
}

/* What is kept for its sake is told until a person lets it go (promise 2). */
static void
a_worktree_that_landed_work_left_is_told(void **state)
{
	AUTO_JSON struct json_object *status = parse(
	    "{'left':[{'label':'S-A','path':'/w/t-11','why':'v/ is a repository of its own',"
	    "'fix':'move it away, then try again'}]}");
	struct paper p;

	(void)state;
	paper_open(&p, 0);
	board_status(&p.screen, status);
	says(paper_read(&p),
	    "S-A has landed; its worktree is kept: v/ is a repository of its own\n"
	    "  in /w/t-11\n"
	    "  -> move it away, then try again\n"
	    "  -> divisi doctor --mend\n");
	paper_close(&p);
}

/* The detail of a question mostly begins with its text; each is shown once. */
static void
what_is_asked_is_said_once(void **state)
{
	static const struct {
		const char *ask, *more;
	} rows[] = {
		{ "{'text':'Which?','detail':'Which?'}", "" },
		{ "{'text':'Which?','detail':'Which?\\n'}", "" },
		{ "{'text':'Which?','detail':'Which?\\n  1. Red'}", "  1. Red" },
		{ "{'text':'Which?','detail':'Whichever'}", "Whichever" },
		{ "{'text':'Which','detail':'Whichever'}", "Whichever" },
		{ "{'text':'','detail':'command: ls'}", "command: ls" },
		{ "{'text':'Which?'}", "" },
	};

	(void)state;
	for (size_t i = 0; i < N_ELEMS(rows); i++) {
		AUTO_JSON struct json_object *ask = parse(rows[i].ask);

		assert_string_equal(board_detail(ask), rows[i].more);
	}
}

/* DESIGN 11: a terminal of eighty columns shows the status without broken lines. */
static void
status_fits_the_terminal(void **state)
{
	AUTO_JSON struct json_object *status = parse(STATUS);
	struct span rest, line;
	struct paper p;

	paper_open(&p, 80);
	board_status(&p.screen, status);
	rest = span_of(paper_read(&p));
	while (span_next(&rest, '\n', &line)) {
		AUTO_FREE char *one = xstrndup(line.p, line.n);

		if (text_width(one) > 80)
			fail_msg("%zu columns: %s", text_width(one), one);
	}
	paper_close(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_dispatch_table_has_its_columns_totals_and_hash),
		cmocka_unit_test(status_begins_with_what_needs_a_person),
		cmocka_unit_test(status_of_nothing_says_how_to_start),
		cmocka_unit_test(events_are_told_by_the_names_people_use),
		cmocka_unit_test(a_clock_that_was_set_is_told_for_a_day),
		cmocka_unit_test(after_a_batch_the_way_on_is_told),
		cmocka_unit_test(a_worktree_that_landed_work_left_is_told),
		cmocka_unit_test(events_before_any_status_are_told_by_their_ids),
		cmocka_unit_test(the_report_adds_up),
		cmocka_unit_test(the_newest_plan_and_batch_are_found),
		cmocka_unit_test(no_member_can_steer_the_terminal),
		cmocka_unit_test(a_batch_that_is_over_takes_a_line),
		cmocka_unit_test(what_is_asked_is_said_once),
		cmocka_unit_test(status_fits_the_terminal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
