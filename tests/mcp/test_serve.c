#include "mcp/mcp.h"

#include "base/mem.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define PING "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}"
#define PONG "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}\n"

static int
nothing(void *arg, char *const *argv, char **text)
{
	(void)arg;
	(void)argv;
	*text = xstrdup("{}");
	return 0;
}

/* A process that writes N_BEFORE bytes of 'x' and then TEXT to the pipe; its reading end. */
static int
writer(size_t n_before, const char *text)
{
	int ends[2];
	pid_t pid;

	assert_int_equal(pipe(ends), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		char piece[65536];

		memset(piece, 'x', sizeof(piece));
		close(ends[0]);
		for (size_t n = 0; n < n_before; n += sizeof(piece)) {
			if (write(ends[1], piece, sizeof(piece)) < 0)
				_exit(1);
		}
		_exit(write(ends[1], text, strlen(text)) < 0);
	}
	close(ends[1]);
	return ends[0];
}

/* Everything that is answered to what comes on IN. */
static char *
serve(int in)
{
	struct mcp mcp = { .version = "1", .session = "", .run = nothing };
	char name[] = "/tmp/divisi-test-serve.XXXXXX";
	int out = mkstemp(name);
	char *text = xcalloc(1, 4096);

	assert_true(out >= 0);
	unlink(name);
	assert_int_equal(mcp_serve(&mcp, in, out), 0);
	assert_true(pread(out, text, 4095, 0) >= 0);
	close(out);
	close(in);
	while (waitpid(-1, NULL, 0) > 0)
		;
	return text;
}

static void
each_line_has_its_answer_and_nothing_else_is_written(void **state)
{
	AUTO_FREE char *text = serve(writer(0, PING "\n\n" PING "\r\n" PING));

	(void)state;
	/* The last one has no end: it was cut off. */
	assert_string_equal(text, PONG PONG);
}

static void
a_message_of_64_megabytes_is_refused_and_skipped(void **state)
{
	AUTO_FREE char *text = serve(writer((size_t)64 << 20, "\n" PING "\n"));

	(void)state;
	assert_non_null(strstr(text, "longer than 16 MiB"));
	assert_non_null(strstr(text, PONG));
	assert_int_equal(strspn(text, "{"), 1);
}

static void
nobody_who_listens_ends_it(void **state)
{
	struct mcp mcp = { .version = "1", .session = "", .run = nothing };
	int in = writer(0, PING "\n" PING "\n"), ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	close(ends[0]);
	assert_int_equal(mcp_serve(&mcp, in, ends[1]), -1);
	close(ends[1]);
	close(in);
	while (waitpid(-1, NULL, 0) > 0)
		;
}

static void
a_verb_is_run_with_its_words_and_status(void **state)
{
	char script[] = "/tmp/divisi-test-verb.XXXXXX";
	char check[] = "check", word[] = "a b";
	char *argv[] = { check, word, NULL };
	AUTO_FREE char *text = NULL, *gone = NULL;
	int fd = mkstemp(script);

	(void)state;
	assert_true(fd >= 0);
	assert_true(dprintf(fd, "#!/bin/sh\ncat\necho \"$#:$1:$2\"\nexit 3\n") > 0);
	assert_int_equal(fchmod(fd, 0700), 0);
	close(fd);
	assert_int_equal(mcp_run(script, argv, &text), 3);
	assert_string_equal(text, "2:check:a b");
	unlink(script);
	assert_int_equal(mcp_run(script, argv, &gone), -1);
	assert_non_null(strstr(gone, "No such file"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_line_has_its_answer_and_nothing_else_is_written),
		cmocka_unit_test(a_message_of_64_megabytes_is_refused_and_skipped),
		cmocka_unit_test(nobody_who_listens_ends_it),
		cmocka_unit_test(a_verb_is_run_with_its_words_and_status),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
