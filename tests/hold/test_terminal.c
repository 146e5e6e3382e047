/* The holder with an agent on a terminal: who looks, who types, what is kept. */
#include "base/file.h"
#include "base/mem.h"
#include "exec/exec.h"
#include "run_util.h"

#include <json-c/json.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define LIMIT_MS 60000

static struct run_box *
on_terminal(const char *script)
{
	struct run_box *box = box_new(script);

	box->spec.pty_cols = 80;
	box->spec.pty_rows = 24;
	/* Who is asked to end has the time it takes, on a busy machine too. */
	box->spec.grace_ms = LIMIT_MS;
	box_start(box);
	return box; /* and maybe over already: look() waits for it */
}

static int
look(const struct run_box *box, enum run_attach_as as, bool *types)
{
	struct err err = ERR_INIT;
	int cols = 100, rows = 30, fd = -1;

	/* It listens before its agent is up. */
	for (int ms = 0; ms < LIMIT_MS && fd < 0; ms += 5) {
		fd = run_attach(box->dir, as, &cols, &rows, types, &err);
		if (fd < 0)
			(void)poll(NULL, 0, 5);
	}
	assert_true(fd >= 0);
	return fd;
}

/* Reads until TEXT has come; everything that came, which the caller frees. */
static char *
read_until(int fd, const char *text)
{
	char *all = xcalloc(1, 1 << 20);
	size_t n = 0;

	while (!strstr(all, text)) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		ssize_t got;

		if (poll(&p, 1, LIMIT_MS) != 1)
			fail_msg("no '%s' in '%s'", text, all);
		got = read(fd, all + n, (1 << 20) - 1 - n);
		if (got <= 0)
			fail_msg("it ended without '%s': '%s'", text, all);
		for (ssize_t i = 0; i < got; i++)
			if (all[n + (size_t)i] == '\0')
				all[n + (size_t)i] = ' ';
		n += (size_t)got;
	}
	return all;
}

static void
await_end(int fd)
{
	char buf[4096];

	while (read(fd, buf, sizeof(buf)) > 0)
		;
	close(fd);
}

/* The "o" events of the record in one, its lines all JSON. */
static char *
recorded(const struct run_box *box, const char *kind)
{
	AUTO_FREE char *cast = box_run_file(box, "term.cast");
	char *all = xcalloc(1, strlen(cast) + 1);
	double last = 0;
	size_t n_lines = 0;

	for (char *rest = cast, *line; (line = strsep(&rest, "\n")) && *line;
	     n_lines++) {
		struct json_object *o = json_tokener_parse(line);

		assert_non_null(o);
		if (n_lines == 0) {
			assert_int_equal(
			    json_object_get_int(json_object_object_get(o, "version")),
			    2);
		} else {
			double at = json_object_get_double(
			    json_object_array_get_idx(o, 0));

			assert_true(at >= last);
			last = at;
			if (strcmp(
				json_object_get_string(json_object_array_get_idx(o, 1)),
				kind) == 0)
				strcat(all, json_object_get_string(
						json_object_array_get_idx(o, 2)));
		}
		json_object_put(o);
	}
	return all;
}

static void
an_agent_has_a_terminal_of_the_size_it_was_promised(void **state)
{
	struct run_box *box = on_terminal(
	    "test -t 0 && test -t 1 && test -t 2 && tty </dev/tty && stty size");
	struct run_end end = box_end(box);
	AUTO_FREE char *text = recorded(box, "o");
	AUTO_FREE char *pipes = path_join(box->dir, "out.ndjson");

	assert_string_equal(end.reason, "exited");
	assert_int_equal(end.status, 0);
	assert_non_null(strstr(text, "24 80"));
	assert_false(file_exists(pipes));
	box_free(box);
}

static void
who_comes_later_sees_what_was_shown_before(void **state)
{
	struct run_box *box = on_terminal("echo early; cat");
	bool types = false;
	int fd = look(box, RUN_ATTACH_WRITE, &types);
	AUTO_FREE char *text = read_until(fd, "early"), *again = NULL;

	assert_true(types);
	assert_int_equal(run_attach_type(fd, "typed\r", 6), 0);
	free(text);
	text = read_until(fd, "typed\r\ntyped");
	close(fd);
	fd = look(box, RUN_ATTACH_WRITE, &types);
	assert_true(types); /* the first has left */
	again = read_until(fd, "typed\r\ntyped");
	assert_non_null(strstr(again, "early"));
	assert_int_equal(run_attach_type(fd, "\x04", 1), 0);
	await_end(fd);
	assert_string_equal(box_end(box).reason, "exited");
	box_free(box);
}

static void
one_types_and_the_others_look(void **state)
{
	struct run_box *box = on_terminal("cat");
	bool first = false, second = true, third = true;
	int a = look(box, RUN_ATTACH_WRITE, &first);
	int b = look(box, RUN_ATTACH_WRITE, &second);
	int c = look(box, RUN_ATTACH_VIEW, &third);
	AUTO_FREE char *seen = NULL, *kept = NULL;

	assert_true(first);
	assert_false(second);
	assert_false(third);
	assert_int_equal(run_attach_type(b, "stolen\r", 7), 0);
	assert_int_equal(run_attach_type(a, "mine\r", 5), 0);
	seen = read_until(c, "mine\r\nmine");
	assert_null(strstr(seen, "stolen"));
	close(a);
	free(seen);
	/* Nobody has it: who types first does. */
	for (;;) {
		struct pollfd p = { .fd = c, .events = POLLIN };

		assert_int_equal(run_attach_type(b, "x\r", 2), 0);
		if (poll(&p, 1, 50) == 1)
			break;
	}
	seen = read_until(c, "x\r\nx");
	a = look(box, RUN_ATTACH_TAKE, &first);
	assert_true(first);
	assert_int_equal(run_attach_type(a, "\r\x04", 2), 0);
	await_end(a);
	await_end(b);
	await_end(c);
	(void)box_end(box);
	kept = recorded(box, "o");
	assert_null(strstr(kept, "stolen"));
	box_free(box);
}

static void
the_window_is_that_of_who_types(void **state)
{
	struct run_box *box = on_terminal(
	    "trap 'stty size' WINCH; echo up; while :; do read x; echo got; done");
	bool types = false;
	int fd = look(box, RUN_ATTACH_WRITE, &types);
	AUTO_FREE char *text = read_until(fd, "up"), *sizes = NULL;

	assert_int_equal(run_attach_size(fd, 132, 50), 0);
	assert_int_equal(run_attach_type(fd, "\r", 1), 0);
	free(text);
	text = read_until(fd, "50 132");
	box_tell(box, RUN_ORDER_KILL);
	await_end(fd);
	(void)box_end(box);
	sizes = recorded(box, "r");
	assert_non_null(strstr(sizes, "132x50"));
	box_free(box);
}

/* It means something to programs of terminals, where SIGINT does not. */
static void
a_stop_hangs_up(void **state)
{
	struct run_box *box = on_terminal(
	    "trap '' INT; trap 'echo hung up; exit 7' HUP; echo up; while :; do sleep 0.02; done");
	bool types = false;
	int fd = look(box, RUN_ATTACH_VIEW, &types);
	AUTO_FREE char *text = read_until(fd, "up");
	struct run_end end;

	box_tell(box, RUN_ORDER_STOP);
	free(text);
	text = read_until(fd, "hung up");
	await_end(fd);
	end = box_end(box);
	assert_string_equal(end.reason, "stopped");
	assert_int_equal(end.status, 7);
	box_free(box);
}

static void
the_record_is_text_whatever_is_written(void **state)
{
	struct run_box *box = on_terminal(
	    "printf '\\303'; sleep 0.1; printf '\\251 \\377\\033[31m\"\\\\ end\\n'; "
	    "printf '\\360\\237'");
	AUTO_FREE char *text = NULL;

	(void)box_end(box);
	text = recorded(box, "o");
	assert_non_null(strstr(text, "\xC3\xA9 \xEF\xBF\xBD\033[31m\"\\ end"));
	box_free(box);
}

/* A megabyte that nobody reads: the agent is not held back, the last of it can be seen. */
static void
who_does_not_read_holds_nobody_up(void **state)
{
	struct run_box *box = on_terminal(
	    "head -c 1000000 /dev/zero | tr '\\0' x; echo; echo over; cat");
	bool types = false;
	int lazy = look(box, RUN_ATTACH_VIEW, &types);
	int fd = look(box, RUN_ATTACH_WRITE, &types);
	AUTO_FREE char *text = read_until(fd, "over");

	assert_true(types);
	assert_int_equal(run_attach_type(fd, "\x04", 1), 0);
	await_end(fd);
	await_end(lazy);
	assert_string_equal(box_end(box).reason, "exited");
	box_free(box);
}

static void
what_makes_no_sense_is_shown_the_door(void **state)
{
	static const char *const requests[] = { "attach\n", "attach 0 0\n",
		"attach -1 5\n", "attach 80\n", "attach 80 24\nframe k 2\n{}",
		"attach 80 24\nkeys 0\n", "attach 80 24\nkeys 999999\n",
		"attach 80 24 view\nping\n" };
	struct run_box *box = on_terminal("echo up; cat");
	bool types = false;
	struct err err = ERR_INIT;
	int fd;

	for (size_t i = 0; i < N_ELEMS(requests); i++) {
		fd = look(box, RUN_ATTACH_VIEW, &types);
		(void)send(fd, requests[i], strlen(requests[i]), MSG_NOSIGNAL);
		await_end(fd);
	}
	/* Lines are for agents that read JSON. */
	assert_int_equal(run_send(box->dir, "k", "{}", &err), -1);
	assert_int_equal(err.kind, ERR_CONFLICT);
	box_tell(box, RUN_ORDER_EOF);
	fd = look(box, RUN_ATTACH_WRITE, &types);
	assert_int_equal(run_attach_type(fd, "still\r", 6), 0);
	free(read_until(fd, "still\r\nstill"));
	box_tell(box, RUN_ORDER_KILL);
	await_end(fd);
	(void)box_end(box);
	box_free(box);
}

static void
an_agent_with_pipes_has_no_terminal(void **state)
{
	struct run_box *box = box_new("cat");
	int cols = 80, rows = 24;
	bool types;
	struct err err = ERR_INIT;

	box_start(box);
	box_await_socket(box);
	assert_int_equal(
	    run_attach(box->dir, RUN_ATTACH_WRITE, &cols, &rows, &types, &err), -1);
	assert_int_equal(err.kind, ERR_CONFLICT);
	box_tell(box, RUN_ORDER_KILL);
	(void)box_end(box);
	box_free(box);
}

/* The kernel hangs up when our end is gone, and the agent dies with its holder. */
static void
a_killed_holder_leaves_nobody_at_the_terminal(void **state)
{
	struct run_box *box = on_terminal(
	    "echo $$ > pid; trap '' HUP; cat; sleep 1000");
	struct proc_id agent = box_process(box, "pid");
	bool types = false;
	int fd = look(box, RUN_ATTACH_WRITE, &types), lock_fd;

	kill(box->holder, SIGKILL);
	await_end(fd);
	box_await_gone(&agent);
	assert_int_equal(box_probe_dead(box, &lock_fd), RUN_LOST);
	close(lock_fd);
	box_free(box);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_agent_has_a_terminal_of_the_size_it_was_promised),
		cmocka_unit_test(who_comes_later_sees_what_was_shown_before),
		cmocka_unit_test(one_types_and_the_others_look),
		cmocka_unit_test(the_window_is_that_of_who_types),
		cmocka_unit_test(a_stop_hangs_up),
		cmocka_unit_test(the_record_is_text_whatever_is_written),
		cmocka_unit_test(who_does_not_read_holds_nobody_up),
		cmocka_unit_test(what_makes_no_sense_is_shown_the_door),
		cmocka_unit_test(an_agent_with_pipes_has_no_terminal),
		cmocka_unit_test(a_killed_holder_leaves_nobody_at_the_terminal),
	};

	return cmocka_run_group_tests(tests, NULL, box_free_all);
}
