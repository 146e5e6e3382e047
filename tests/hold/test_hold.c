/* The holder with real agents: CONTRACTS 2, DESIGN 3 and the traps of HOUSE 8. */
#include "base/file.h"
#include "base/mem.h"
#include "exec/exec.h"
#include "run_util.h"

#include <dirent.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static void
an_agent_runs_and_its_end_is_told(void **state)
{
	struct run_box *box = box_new(
	    "echo '{\"type\":\"started\"}'; echo oops >&2; exit 3");
	AUTO_FREE char *out = NULL;
	AUTO_FREE char *err_log = NULL;
	struct run_end end;
	int lock_fd;

	box_start(box);
	end = box_end(box);
	assert_string_equal(end.reason, "exited");
	assert_int_equal(end.status, 3);
	assert_int_equal(end.signal, 0);
	assert_true(end.started_at > 0 && end.ended_at >= end.started_at);
	out = box_run_file(box, "out.ndjson");
	err_log = box_run_file(box, "err.log");
	assert_string_equal(out, "{\"type\":\"started\"}\n");
	assert_string_equal(err_log, "oops\n");
	assert_int_equal(end.out_bytes, strlen(out));
	assert_int_equal(end.err_bytes, 5);
	assert_int_equal(end.n_swept, 0);
	assert_string_equal(end.text, "");
	assert_int_equal(rundir_probe(box->dir, &lock_fd, NULL), RUN_ENDED);
	box_free(box);
}

static void
twenty_racing_holders_start_one_agent(void **state)
{
	struct run_box *box = box_new("echo started >> starts; cat > /dev/null");
	AUTO_FREE char *starts = path_join(box->top, "starts");
	AUTO_FREE char *text = NULL;
	pid_t pid[20];
	int n_held = 0;

	box_start(box);
	for (size_t i = 0; i < N_ELEMS(pid); i++)
		pid[i] = box_start_holder(box);
	box_await_text(starts, "started");
	box_tell(box, RUN_ORDER_EOF);
	for (size_t i = 0; i < N_ELEMS(pid); i++) {
		int status = box_wait(pid[i]);

		/* Conflict: the first one was slow to write that it had begun. */
		assert_true(status == 0 || status == ERR_REFUSED ||
			    status == err_exit_status(ERR_CONFLICT));
		n_held += status == 0;
	}
	n_held += box_wait(box->holder) == 0;
	box->holder = 0;
	assert_int_equal(n_held, 1);
	text = box_file(box, "starts");
	assert_string_equal(text, "started\n");
	box_free(box);
}

static void
a_run_that_ended_is_never_started_again(void **state)
{
	struct run_box *box = box_new("echo started >> starts");
	AUTO_FREE char *text = NULL;

	box_start(box);
	box_end(box);
	assert_int_equal(box_wait(box_start_holder(box)), ERR_REFUSED);
	text = box_file(box, "starts");
	assert_string_equal(text, "started\n");
	box_free(box);
}

static void
a_run_that_had_begun_when_its_holder_was_killed_is_lost_for_ever(void **state)
{
	struct run_box *box = box_new("echo $$ > pid; exec cat");
	struct proc_id agent, begun;
	int lock_fd;

	box_start(box);
	agent = box_process(box, "pid");
	assert_int_equal(rundir_probe(box->dir, &lock_fd, NULL), RUN_LIVE);
	kill(box->holder, SIGKILL);
	assert_int_equal(box_wait(box->holder), -SIGKILL);
	/* The parent-death signal takes the agent along. */
	box_await_gone(&agent);
	assert_int_equal(rundir_probe(box->dir, &lock_fd, &begun), RUN_LOST);
	assert_int_equal(begun.pid, box->holder);
	assert_int_equal(box_wait(box_start_holder(box)), ERR_REFUSED);
	close(lock_fd);
	assert_int_equal(box_wait(box_start_holder(box)), ERR_REFUSED);
	box->holder = 0;
	box_free(box);
}

static void
a_holder_killed_at_any_moment_starts_its_agent_at_most_once(void **state)
{
	/* Every 200 us of its first 4 ms; then the server's part of recovery. */
	for (long i = 0; i < 20; i++) {
		struct run_box *box = box_new("echo started >> starts");
		AUTO_FREE char *starts = path_join(box->top, "starts");
		AUTO_FREE char *text = NULL;
		struct timespec moment = { .tv_nsec = i * 200000 };
		struct err err;
		int lock_fd;

		box_start(box);
		nanosleep(&moment, NULL);
		kill(box->holder, SIGKILL);
		box_wait(box->holder);
		box->holder = 0;
		switch (box_probe_dead(box, &lock_fd)) {
		case RUN_READY:
			assert_false(file_exists(starts));
			assert_int_equal(box_wait(box_start_holder(box)), 0);
			assert_true(file_exists(starts));
			break;
		case RUN_LOST:
			assert_int_equal(
			    executor_local.sweep(box->dir, EXEC_SWEEP_MS, &err), 0);
			assert_int_equal(box_wait(box_start_holder(box)), ERR_REFUSED);
			close(lock_fd);
			break;
		case RUN_ENDED: assert_true(file_exists(starts)); break;
		default: fail_msg("a dead holder cannot leave this behind");
		}
		/* Empty: it died between making the file and writing to it. */
		text = file_read(starts, 100, NULL, NULL);
		assert_true(!text || !*text || strcmp(text, "started\n") == 0);
		box_free(box);
	}
}

static void
a_frame_reaches_the_agent_exactly_once(void **state)
{
	struct run_box *box = box_new("cat > got");
	AUTO_FREE char *got = NULL;
	AUTO_FREE char *logged = NULL;
	struct err err;

	box_start(box);
	box_await_socket(box);
	assert_int_equal(box_send(box, "k1", "{\"n\":1}", &err), 0);
	assert_int_equal(box_send(box, "k2", "{\"n\":2}", &err), 0);
	assert_int_equal(box_send(box, "k1", "{\"n\":1}", &err), 1);
	box_tell(box, RUN_ORDER_EOF);
	box_end(box);
	got = box_file(box, "got");
	logged = box_run_file(box, "in.ndjson");
	assert_string_equal(got, "{\"n\":1}\n{\"n\":2}\n");
	assert_string_equal(logged, "{\"key\":\"k1\",\"line\":{\"n\":1}}\n"
				    "{\"key\":\"k2\",\"line\":{\"n\":2}}\n");
	assert_int_equal(box_send(box, "k3", "{}", &err), -1);
	assert_int_equal(err.kind, ERR_NOT_FOUND);
	box_free(box);
}

static void
a_frame_or_key_that_makes_no_sense_is_refused(void **state)
{
	static const struct {
		const char *key, *line;
	} bad[] = {
		{ "k", "{\"two\":1}\n{\"lines\":2}" },
		{ "k", "no json" },
		{ "k", "" },
		{ "", "{}" },
		{ "a b", "{}" },
		{ "a\nkill", "{}" },
		{ "\"quoted\"", "{}" },
	};
	struct run_box *box = box_new("cat > got");
	AUTO_FREE char *logged = NULL;
	struct err err;

	box_start(box);
	box_await_socket(box);
	for (size_t i = 0; i < N_ELEMS(bad); i++) {
		assert_int_equal(box_send(box, bad[i].key, bad[i].line, &err), -1);
		assert_int_equal(err.kind, ERR_INPUT);
	}
	box_tell(box, RUN_ORDER_EOF);
	assert_string_equal(box_end(box).reason, "exited");
	logged = box_run_file(box, "in.ndjson");
	assert_string_equal(logged, "");
	box_free(box);
}

static void
no_input_is_taken_after_eof(void **state)
{
	struct run_box *box = box_new("cat; echo $$ > pid; exec tail -f /dev/null");
	struct err err;

	box_start(box);
	box_await_socket(box);
	box_tell(box, RUN_ORDER_EOF);
	box_tell(box, RUN_ORDER_EOF);
	box_process(box, "pid");
	assert_int_equal(box_send(box, "k", "{}", &err), -1);
	assert_int_equal(err.kind, ERR_CONFLICT);
	box_tell(box, RUN_ORDER_KILL);
	assert_string_equal(box_end(box).reason, "stopped");
	box_free(box);
}

static void
an_agent_that_never_reads_is_told_no_and_does_not_block_the_holder(void **state)
{
	struct run_box *box = box_new("exec tail -f /dev/null");
	AUTO_FREE char *big = xmalloc(15 * 1024 * 1024 + 1);
	struct err err = ERR_INIT;
	int n_taken = 0;

	memset(big, 'x', 15 * 1024 * 1024);
	memcpy(big, "{\"t\":\"", 6);
	memcpy(big + 15 * 1024 * 1024 - 2, "\"}", 3);
	box_start(box);
	box_await_socket(box);
	while (n_taken < 10) {
		char key[8];

		snprintf(key, sizeof(key), "k%d", n_taken);
		if (box_send(box, key, big, &err) < 0)
			break;
		n_taken++;
	}
	assert_int_equal(n_taken, 4); /* 64 MB hold four of 15 MB and not five */
	assert_int_equal(err.kind, ERR_CONFLICT);
	box_tell(box, RUN_ORDER_KILL);
	box_end(box);
	box_free(box);
}

static void
an_agent_cannot_send_itself_input(void **state)
{
	/* It would answer its own permission requests: CONTRACTS 1, peers. */
	struct run_box *box = box_new(
	    "perl -MIO::Socket::UNIX -e '$SIG{PIPE} = q(IGNORE);"
	    " $s = IO::Socket::UNIX->new(Peer => $ARGV[0]);"
	    " print $s \"frame self 2\\n{}\"; $s->flush; $r = <$s>;"
	    " open F, \">\", \"told\"; print F defined $r ? $r : \"nothing\\n\"; close F;'"
	    " \"$DIVISI_RUN_DIR/in.sock\"");
	AUTO_FREE char *told = NULL;
	AUTO_FREE char *logged = NULL;

	box_start(box);
	box_end(box);
	told = box_file(box, "told");
	logged = box_run_file(box, "in.ndjson");
	assert_string_equal(told, "nothing\n");
	assert_string_equal(logged, "");
	box_free(box);
}

static void
a_caller_that_is_gone_is_not_heard(void **state)
{
	/* A child of the agent that is dead when the holder looks has no parents to tell. */
	struct run_box *box = box_new(
	    "perl -MIO::Socket::UNIX -e 'for (1..50) { my $pid = fork; if (!$pid) {"
	    " $s = IO::Socket::UNIX->new(Peer => $ARGV[0]) or exit;"
	    " print $s \"frame self$_ 2\n{}\"; $s->flush; exit } waitpid $pid, 0 }'"
	    " \"$DIVISI_RUN_DIR/in.sock\"");
	AUTO_FREE char *logged = NULL;

	box_start(box);
	box_end(box);
	logged = box_run_file(box, "in.ndjson");
	assert_string_equal(logged, "");
	box_free(box);
}

static void
stop_is_an_interrupt_first(void **state)
{
	struct run_box *box = box_new(
	    "trap 'echo interrupted; exit 0' INT; sleep 1000 >/dev/null 2>&1 & "
	    "echo $$ > pid; wait"); /* `read` may miss a signal that comes just before */
	AUTO_FREE char *out = NULL;
	struct run_end end;

	box->spec.grace_ms = 60000;
	box_start(box);
	box_process(box, "pid");
	box_tell(box, RUN_ORDER_STOP);
	end = box_end(box);
	assert_string_equal(end.reason, "stopped");
	assert_int_equal(end.status, 0);
	out = box_run_file(box, "out.ndjson");
	assert_string_equal(out, "interrupted\n");
	box_free(box);
}

static void
an_agent_that_ignores_signals_is_killed_after_the_grace(void **state)
{
	struct run_box *box = box_new("trap '' INT TERM; echo $$ > pid; exec cat");
	struct run_end end;
	struct err err;

	box->spec.grace_ms = 20;
	box_start(box);
	box_process(box, "pid");
	box_tell(box, RUN_ORDER_STOP);
	/* All may be over before the second one comes. */
	assert_true(
	    run_tell(box->dir, RUN_ORDER_STOP, &err) == 0 || err.kind == ERR_NOT_FOUND);
	end = box_end(box);
	assert_string_equal(end.reason, "stopped");
	assert_int_equal(end.status, -1);
	assert_int_equal(end.signal, SIGKILL);
	box_free(box);
}

static void
sigterm_to_the_holder_is_a_stop(void **state)
{
	struct run_box *box = box_new("echo $$ > pid; exec cat");
	struct run_end end;

	box_start(box);
	box_process(box, "pid");
	kill(box->holder, SIGTERM);
	end = box_end(box);
	assert_string_equal(end.reason, "stopped");
	assert_int_equal(end.signal, SIGINT);
	box_free(box);
}

static void
a_holder_started_with_ignored_signals_still_sees_the_end(void **state)
{
	const int ignored[] = { SIGCHLD, SIGINT, SIGTERM, SIGPIPE, SIGHUP, SIGRTMAX };
	struct run_box *box = box_new("grep SigIgn /proc/self/status > sig; exec cat");
	AUTO_FREE char *sig = NULL;
	struct err err = ERR_INIT;

	assert_int_equal(rundir_write_spec(box->dir, &box->spec, &err), 0);
	for (size_t i = 0; i < N_ELEMS(ignored); i++)
		(void)signal(ignored[i], SIG_IGN);
	box->holder = box_start_holder(box);
	for (size_t i = 0; i < N_ELEMS(ignored); i++)
		(void)signal(ignored[i], SIG_DFL);
	box_await_socket(box);
	box_tell(box, RUN_ORDER_EOF);
	assert_string_equal(box_end(box).reason, "exited");
	sig = box_file(box, "sig");
	assert_string_equal(sig, "SigIgn:\t0000000000000000\n");
	box_free(box);
}

static void
an_agent_that_dies_by_a_signal_of_its_own_is_told_so(void **state)
{
	struct run_box *box = box_new("kill -SEGV $$");
	struct run_end end;

	box_start(box);
	end = box_end(box);
	assert_string_equal(end.reason, "signaled");
	assert_int_equal(end.signal, SIGSEGV);
	box_free(box);
}

static void
an_agent_that_never_ends_meets_the_wall_limit(void **state)
{
	struct run_box *box = box_new("trap '' INT; exec cat");

	box->spec.wall_limit_ms = 30;
	box->spec.grace_ms = 20;
	box_start(box);
	assert_string_equal(box_end(box).reason, "wall-limit");
	box_free(box);
}

static void
a_flood_ends_at_the_limit(void **state)
{
	struct run_box *box = box_new("exec yes 0123456789");
	AUTO_FREE char *out = NULL;
	struct run_end end;

	box->spec.out_limit_bytes = 100001;
	box_start(box);
	end = box_end(box);
	assert_string_equal(end.reason, "flood");
	assert_int_equal(end.out_bytes, 100001);
	assert_non_null(strstr(end.text, "bytes of output were dropped"));
	out = box_run_file(box, "out.ndjson");
	assert_int_equal(strlen(out), 100001);
	box_free(box);
}

static void
of_a_flood_on_standard_error_beginning_and_end_are_kept(void **state)
{
	struct run_box *box = box_new(
	    "echo first >&2; yes 0123456789 | head -c 3000000 >&2; echo last >&2");
	AUTO_FREE char *text = NULL;
	struct run_end end;

	box_start(box);
	end = box_end(box);
	assert_int_equal(end.err_bytes, 3000011);
	text = box_run_file(box, "err.log");
	assert_true(strlen(text) < 1200000);
	assert_memory_equal(text, "first\n", 6);
	assert_string_equal(text + strlen(text) - 5, "last\n");
	assert_non_null(strstr(text, "bytes left out]"));
	box_free(box);
}

static void
half_a_line_at_the_end_stays_as_it_is(void **state)
{
	struct run_box *box = box_new("printf '{\"type\":'");
	AUTO_FREE char *out = NULL;

	box_start(box);
	box_end(box);
	out = box_run_file(box, "out.ndjson");
	assert_string_equal(out, "{\"type\":");
	box_free(box);
}

static void
a_grandchild_in_its_own_session_is_swept(void **state)
{
	struct run_box *box = box_new("setsid sh -c 'echo $$ > pid; exec sleep 1000' "
				      ">/dev/null 2>&1 </dev/null & "
				      "while [ ! -s pid ]; do :; done");
	struct run_end end;

	box_start(box);
	end = box_end(box);
	assert_string_equal(end.reason, "exited");
	assert_int_equal(end.n_swept, 1);
	box_await_death(box, "pid");
	box_free(box);
}

static void
a_grandchild_that_keeps_the_pipe_open_cannot_keep_the_run_open(void **state)
{
	/* HOUSE 8, trap 3: and what it writes in the time it is given is kept. */
	struct run_box *box = box_new("setsid sh -c 'echo $$ > pid; echo late; "
				      "exec sleep 1000' & "
				      "while [ ! -s pid ]; do :; done");
	AUTO_FREE char *out = NULL;
	struct run_end end;

	box_start(box);
	end = box_end(box);
	assert_int_equal(end.n_swept, 1);
	out = box_run_file(box, "out.ndjson");
	assert_string_equal(out, "late\n");
	box_await_death(box, "pid");
	box_free(box);
}

static void
a_program_that_is_not_there_is_reported(void **state)
{
	struct run_box *box = box_new("");
	struct run_end end;

	free(box->spec.arg[0]);
	box->spec.arg[0] = xstrdup("no-such-agent");
	box_start(box);
	end = box_end(box);
	assert_string_equal(end.reason, "not-started");
	assert_string_equal(end.text, "no-such-agent: No such file or directory");
	box_free(box);
}

static void
a_working_directory_that_is_not_there_is_reported(void **state)
{
	struct run_box *box = box_new("true");
	struct run_end end;

	free(box->spec.cwd);
	box->spec.cwd = xstrdup("/no/such/place");
	box_start(box);
	end = box_end(box);
	assert_string_equal(end.reason, "not-started");
	assert_string_equal(end.text, "/no/such/place: No such file or directory");
	box_free(box);
}

static void
a_text_file_is_not_handed_to_a_shell(void **state)
{
	struct run_box *box = box_new("");
	AUTO_FREE char *path = path_join(box->top, "agent");
	struct run_end end;
	struct err err;

	assert_int_equal(file_write_atomic(path, "echo x > y\n", 11, 0755, &err), 0);
	free(box->spec.arg[0]);
	box->spec.arg[0] = xstrdup(path);
	box_start(box);
	end = box_end(box);
	assert_string_equal(end.reason, "not-started");
	assert_non_null(strstr(end.text, "Exec format error"));
	box_free(box);
}

static void
a_damaged_spec_starts_nothing_and_says_so(void **state)
{
	struct run_box *box = box_new("echo started > starts");
	AUTO_FREE char *path = path_join(box->dir, "spec");
	struct run_end end;
	struct err err;

	assert_int_equal(rundir_write_spec(box->dir, &box->spec, &err), 0);
	assert_int_equal(truncate(path, 30), 0);
	box->holder = box_start_holder(box);
	end = box_end(box);
	assert_string_equal(end.reason, "not-started");
	assert_non_null(strstr(end.text, "damaged"));
	box_free(box);
}

static void
the_agent_starts_clean(void **state)
{
	/* No foreign descriptor, no blocked or ignored signal, its own session, its mark. */
	struct run_box *box = box_new(
	    "grep -E 'Sig(Blk|Ign)' /proc/self/status > sig; ls /proc/self/fd > fds; "
	    "cut -d' ' -f1,6 /proc/$$/stat > ids; pwd > cwd; env > env");
	AUTO_FREE char *sig = NULL;
	AUTO_FREE char *fds = NULL;
	AUTO_FREE char *ids = NULL;
	AUTO_FREE char *env = NULL;
	AUTO_FREE char *mark = xasprintf("DIVISI_RUN_DIR=%s\n", box->dir);
	int pid, sid;

	run_spec_add_env(&box->spec, "COLOR", "two\nlines = 2");
	box_start(box);
	box_end(box);
	sig = box_file(box, "sig");
	fds = box_file(box, "fds");
	ids = box_file(box, "ids");
	env = box_file(box, "env");
	assert_string_equal(
	    sig, "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
	assert_string_equal(fds, "0\n1\n2\n3\n"); /* 3 is the one that ls reads */
	assert_int_equal(sscanf(ids, "%d %d", &pid, &sid), 2);
	assert_int_equal(pid, sid);
	assert_non_null(strstr(env, "DIVISI_RUN=one\n"));
	assert_non_null(strstr(env, mark));
	assert_non_null(strstr(env, "COLOR=two\nlines = 2\n"));
	box_free(box);
}

static void
a_long_path_is_no_obstacle(void **state)
{
	struct run_box *box = box_new("cat > got");
	char deep[300] = "runs/";
	AUTO_FREE char *sock = NULL;
	AUTO_FREE char *got = NULL;
	struct stat st;
	struct err err;

	memset(deep + 5, 'd', 200);
	free(box->dir);
	box->dir = path_join(box->top, deep);
	sock = path_join(box->dir, "in.sock");
	box_start(box);
	box_await_file(sock);
	assert_int_equal(stat(sock, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(box_send(box, "k", "{}", &err), 0);
	box_tell(box, RUN_ORDER_EOF);
	box_end(box);
	got = box_file(box, "got");
	assert_string_equal(got, "{}\n");
	box_free(box);
}

static char
process_state(pid_t pid)
{
	AUTO_FREE char *path = xasprintf("/proc/%d/stat", (int)pid);
	AUTO_FREE char *text = file_read(path, 4096, NULL, NULL);
	char *p = text ? strrchr(text, ')') : NULL;

	return p ? p[2] : '?';
}

static void
a_suspended_agent_does_nothing_and_goes_on_where_it_was(void **state)
{
	struct run_box *box = box_new("echo $$ > pid; read x; echo \"$x\" > got");
	AUTO_FREE char *got_path = path_join(box->top, "got");
	AUTO_FREE char *got = NULL;
	struct proc_id agent;
	struct err err;

	box->spec.wall_limit_ms = 600000;
	box_start(box);
	agent = box_process(box, "pid");
	box_tell(box, RUN_ORDER_SUSPEND);
	box_tell(box, RUN_ORDER_SUSPEND);
	assert_int_equal(box_send(box, "k", "{}", &err), 0);
	/* Stopped by a signal it soon shows T; frozen by its cgroup it sleeps. */
	for (int i = 0; i < 1000 && process_state(agent.pid) == 'R'; i++)
		(void)poll(NULL, 0, 5);
	assert_non_null(memchr("TSD", process_state(agent.pid), 3));
	assert_false(file_exists(got_path));
	box_tell(box, RUN_ORDER_CONTINUE);
	assert_string_equal(box_end(box).reason, "exited");
	got = box_file(box, "got");
	assert_string_equal(got, "{}\n");
	box_free(box);
}

static void
a_suspended_agent_can_be_stopped(void **state)
{
	struct run_box *box = box_new("echo $$ > pid; exec cat");

	box_start(box);
	box_process(box, "pid");
	box_tell(box, RUN_ORDER_SUSPEND);
	box_tell(box, RUN_ORDER_STOP);
	assert_string_equal(box_end(box).reason, "stopped");
	box_free(box);
}

static void
a_full_disk_holds_the_agent_back_and_loses_nothing(void **state)
{
	/* /dev/full says ENOSPC to every write, as a full disk does. */
	struct run_box *box = box_new("echo one; echo $$ > pid; exec cat");
	AUTO_FREE char *out = path_join(box->dir, "out.ndjson");
	struct run_end end;
	struct err err;

	assert_int_equal(rundir_write_spec(box->dir, &box->spec, &err), 0);
	assert_int_equal(symlink("/dev/full", out), 0);
	box->holder = box_start_holder(box);
	box_process(box, "pid");
	box_tell(box, RUN_ORDER_STOP);
	end = box_end(box);
	assert_string_equal(end.reason, "stopped");
	assert_int_equal(end.out_bytes, 0);
	assert_non_null(strstr(end.text, "out-of-space"));
	assert_non_null(strstr(end.text, "4 bytes of output were dropped"));
	box_free(box);
}

static void
usage_and_a_missing_directory_are_told_apart(void **state)
{
	struct run_box *box = box_new("true");

	assert_int_equal(box_wait(box_start_holder(box)), ERR_NOT_FOUND);
	box_free(box);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_teardown(f, box_free_all)
	const struct CMUnitTest tests[] = {
		TEST(an_agent_runs_and_its_end_is_told),
		TEST(twenty_racing_holders_start_one_agent),
		TEST(a_run_that_ended_is_never_started_again),
		TEST(a_run_that_had_begun_when_its_holder_was_killed_is_lost_for_ever),
		TEST(a_holder_killed_at_any_moment_starts_its_agent_at_most_once),
		TEST(a_frame_reaches_the_agent_exactly_once),
		TEST(a_frame_or_key_that_makes_no_sense_is_refused),
		TEST(no_input_is_taken_after_eof),
		TEST(
		    an_agent_that_never_reads_is_told_no_and_does_not_block_the_holder),
		TEST(an_agent_cannot_send_itself_input),
		TEST(a_caller_that_is_gone_is_not_heard),
		TEST(stop_is_an_interrupt_first),
		TEST(an_agent_that_ignores_signals_is_killed_after_the_grace),
		TEST(sigterm_to_the_holder_is_a_stop),
		TEST(a_holder_started_with_ignored_signals_still_sees_the_end),
		TEST(an_agent_that_dies_by_a_signal_of_its_own_is_told_so),
		TEST(an_agent_that_never_ends_meets_the_wall_limit),
		TEST(a_flood_ends_at_the_limit),
		TEST(of_a_flood_on_standard_error_beginning_and_end_are_kept),
		TEST(half_a_line_at_the_end_stays_as_it_is),
		TEST(a_grandchild_in_its_own_session_is_swept),
		TEST(a_grandchild_that_keeps_the_pipe_open_cannot_keep_the_run_open),
		TEST(a_program_that_is_not_there_is_reported),
		TEST(a_working_directory_that_is_not_there_is_reported),
		TEST(a_text_file_is_not_handed_to_a_shell),
		TEST(a_damaged_spec_starts_nothing_and_says_so),
		TEST(the_agent_starts_clean),
		TEST(a_long_path_is_no_obstacle),
		TEST(a_suspended_agent_does_nothing_and_goes_on_where_it_was),
		TEST(a_suspended_agent_can_be_stopped),
		TEST(a_full_disk_holds_the_agent_back_and_loses_nothing),
		TEST(usage_and_a_missing_directory_are_told_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
