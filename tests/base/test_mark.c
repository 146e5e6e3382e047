/* The mark of a holder: inherited, never taken off, and lower with each holder. */
#include "base/mark.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first. */
#include <cmocka.h>

#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static struct proc_id
us(void)
{
	struct proc_id id;

	assert_int_equal(proc_identify(getpid(), &id, NULL), 0);
	return id;
}

/* Runs FN in a child that HOLDER has marked; what it returns. */
static int
in_marked(const struct proc_id *holder, int (*fn)(const struct proc_id *holder))
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(mark_put(holder) ? fn(holder) : 99);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WEXITSTATUS(status);
}

static int
is_marked_and_of(const struct proc_id *holder)
{
	struct proc_id other = *holder;
	uint64_t mark;

	other.start_ticks++;
	return mark_read(getpid(), &mark) && mark_is_of(mark, holder) &&
	       !mark_is_of(mark, &other);
}

static void
a_mark_names_its_holder_and_no_other(void **state)
{
	struct proc_id holder = us();

	assert_int_equal(in_marked(&holder, is_marked_and_of), 1);
}

static int
parent_sees_child(const struct proc_id *holder)
{
	uint64_t outer, inner;
	int p[2], seen;
	pid_t pid;

	if (pipe(p) < 0 || !mark_read(getpid(), &outer))
		return 2;
	pid = fork();
	if (pid == 0) {
		char byte;

		_exit(mark_put(holder) && write(p[1], "", 1) == 1 &&
		      read(p[0], &byte, 0) == 0 && pause() == 0);
	}
	seen = read(p[0], &(char){ 0 }, 1) == 1 && mark_is_below(pid) &&
	       mark_read(pid, &inner) && inner < outer && !mark_is_below(getpid());
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
	return seen;
}

/* divisi is developed with divisi: a holder below a holder. */
static void
a_holder_below_a_holder_marks_lower(void **state)
{
	struct proc_id holder = us();

	assert_int_equal(in_marked(&holder, parent_sees_child), 1);
}

static int
cannot_raise(const struct proc_id *holder)
{
	struct rlimit limit, more;

	(void)holder;
	if (getuid() == 0 && setresuid(65534, 65534, 65534) < 0)
		return 2;
	if (getrlimit(RLIMIT_LOCKS, &limit) < 0)
		return 3;
	more = (struct rlimit){ RLIM_INFINITY, RLIM_INFINITY };
	if (setrlimit(RLIMIT_LOCKS, &more) == 0)
		return 4;
	more = (struct rlimit){ limit.rlim_max + 1, limit.rlim_max + 1 };
	return setrlimit(RLIMIT_LOCKS, &more) == 0 ? 5 : 1;
}

static void
an_ordinary_user_cannot_take_it_off(void **state)
{
	struct proc_id holder = us();

	assert_int_equal(in_marked(&holder, cannot_raise), 1);
}

/* Lowered further it is nobody's, but still below us: who hides it gains nothing. */
static int
is_below_when_lowered(const struct proc_id *holder)
{
	const struct rlimit none = { 0, 0 };
	uint64_t mark;

	return setrlimit(RLIMIT_LOCKS, &none) == 0 && mark_read(getpid(), &mark) &&
	       mark == 0 && !mark_is_of(mark, holder);
}

static void
a_mark_that_is_lowered_is_nobodys(void **state)
{
	struct proc_id holder = us();

	assert_int_equal(in_marked(&holder, is_below_when_lowered), 1);
}

static void
who_is_gone_counts_as_marked(void **state)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_true(mark_is_below(pid));
	assert_false(mark_is_below(getpid()));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_mark_names_its_holder_and_no_other),
		cmocka_unit_test(a_holder_below_a_holder_marks_lower),
		cmocka_unit_test(an_ordinary_user_cannot_take_it_off),
		cmocka_unit_test(a_mark_that_is_lowered_is_nobodys),
		cmocka_unit_test(who_is_gone_counts_as_marked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
