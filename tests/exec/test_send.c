/* Our end of a holder's socket; what the holder does is in tests/hold. */
#include "exec/exec.h"

#include "base/file.h"
#include "base/mem.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char top[40];

static int
setup(void **state)
{
	strcpy(top, "/tmp/divisi-send-XXXXXX");
	return mkdtemp(top) ? 0 : -1;
}

static int
teardown(void **state)
{
	return file_remove_tree(top, NULL);
}

static int
listen_in_top(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/in.sock", top);
	unlink(addr.sun_path);
	assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(listen(fd, 1), 0);
	return fd;
}

/* A holder that reads one request of N bytes and answers ANSWER.  Returns its pid. */
static pid_t
fake_holder(size_t n, const char *answer)
{
	int fd = listen_in_top();
	pid_t pid = fork();

	if (pid == 0) {
		int peer = accept(fd, NULL, NULL);
		char byte;

		while (n-- > 0 && read(peer, &byte, 1) == 1)
			;
		(void)!write(peer, answer, strlen(answer));
		_exit(0);
	}
	close(fd);
	return pid;
}

static void
every_answer_has_its_meaning(void **state)
{
	static const struct {
		const char *answer;
		int rc;
		enum err_kind kind;
	} rows[] = {
		{ "ok\n", 0, ERR_NONE },
		{ "seen\n", 1, ERR_NONE },
		{ "full\n", -1, ERR_CONFLICT },
		{ "closed\n", -1, ERR_CONFLICT },
		{ "bad frame\n", -1, ERR_INPUT },
		{ "failed in.ndjson: no space\n", -1, ERR_SYSTEM },
		{ "", -1, ERR_NOT_FOUND },
		{ "half a li", -1, ERR_NOT_FOUND },
	};

	for (size_t i = 0; i < N_ELEMS(rows); i++) {
		struct err err = ERR_INIT;
		pid_t pid = fake_holder(strlen("frame k 2\n{}"), rows[i].answer);

		assert_int_equal(run_send(top, "k", "{}", &err), rows[i].rc);
		assert_int_equal(err.kind, rows[i].kind);
		assert_int_equal(waitpid(pid, NULL, 0), pid);
	}
}

static void
where_no_holder_is_nothing_is_found(void **state)
{
	AUTO_FREE char *sock = path_join(top, "in.sock");
	struct err err;

	/* A socket whose holder is gone, no socket, no directory. */
	close(listen_in_top());
	assert_int_equal(run_tell(top, RUN_ORDER_STOP, &err), -1);
	assert_int_equal(err.kind, ERR_NOT_FOUND);
	unlink(sock);
	assert_int_equal(run_send(top, "k", "{}", &err), -1);
	assert_int_equal(err.kind, ERR_NOT_FOUND);
	assert_int_equal(run_tell("/no/such/run", RUN_ORDER_STOP, &err), -1);
	assert_int_equal(err.kind, ERR_NOT_FOUND);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    every_answer_has_its_meaning, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    where_no_holder_is_nothing_is_found, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
