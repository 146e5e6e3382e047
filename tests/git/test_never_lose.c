#include "sandbox.h"

#include "base/file.h"
#include "base/mem.h"
#include "git/pin.h"
#include "git/worktree.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/*
 * Promise 2 as a property: whatever an agent does with git, and wherever we are killed,
 * every line it had at a commit, a snapshot or a clean-up is reachable from refs/divisi/
 * whenever it was pinned, though another program takes worktree and branch then, and at the
 * end, when all other refs and all reflogs are gone.
 *
 * DIVISI_TEST_SEED=N plays history N alone and tells it; DIVISI_TEST_SECONDS=N plays
 * histories for so long (default 4).
 */
#define N_STEPS 14

static struct repo repo;
static char *base, *path, *with_bin;
static unsigned long seed;
static unsigned dice;
static bool is_loud;
static int n_lines;

static unsigned
roll(unsigned n)
{
	dice = dice * 1103515245u + 12345u;
	return (dice >> 16) % n;
}

static void
tell(const char *what)
{
	if (is_loud)
		fprintf(stderr, "  %s\n", what);
}

static int
setup(void **state)
{
	struct err err = ERR_INIT;
	struct worktree_spec spec = { "s1", NULL, "b/1", NULL };

	if (sandbox_setup(state) < 0)
		return -1;
	make_repo();
	sh("cd repo && printf '*.ign\\n' >.gitignore && git add . && git commit -q -m i");
	/* At the git whose number is in `at`, its parent is killed. */
	sh("mkdir bin && cat >bin/git <<'END'\n#!/bin/sh\nd=$(dirname \"$0\")\n"
	   "n=$(($(cat $d/n) + 1)); echo $n >$d/n\n"
	   "[ $n != \"$(cat $d/at)\" ] || kill -9 $PPID\n"
	   "PATH=$(echo \"$PATH\" | sed \"s|^$d:||\") exec git \"$@\"\nEND\n"
	   "chmod +x bin/git; touch held");
	free(base);
	base = xstrdup(sh_out("git -C repo rev-parse HEAD"));
	free(with_bin);
	with_bin = xasprintf("%s/bin:%s", sandbox(), path);
	if (repo_open(at("repo"), &repo, &err) < 0)
		return -1;
	spec.path = at("wt");
	spec.base = base;
	return worktree_add(&repo, &spec, &err);
}

static int
teardown(void **state)
{
	repo_close(&repo);
	return sandbox_teardown(state);
}

/* The lines that must never be lost: those of all files, or those of the commit. */
static void
hold_committed(void)
{
	sh("git -C wt grep -hoE '^L[0-9_]+$' HEAD -- >>held || true");
}

static void
hold_files(const char *filter)
{
	sh("cd wt && git ls-files -z %s | xargs -0r grep -shoE '^L[0-9_]+$' >>../held || true",
	    filter);
}

/* One thing an agent does; what it does may fail, as agents' commands do. */
static void
act_as_agent(void)
{
	static const char *const deeds[] = {
		"echo %s >a.txt",
		"echo %s >f%d.txt",
		"mkdir -p d && echo %s >>d/deep.txt",
		"echo %s >a.txt && git add a.txt && echo other >a.txt",
		"echo %s >x%d.ign",
		"echo %s >c.txt && git add -A && git commit -q -m c",
		"echo %s >c.txt && git add -A && git commit -q --amend -m d",
		"echo %s >a.txt && git commit -q -a -m e && git reset -q --hard HEAD~",
		"git checkout -q --detach && echo %s >g.txt && git add g.txt && git commit -q "
		"-m f && git checkout -q b/1",
		"git checkout -q -b t%2$d && echo %1$s >h.txt && git add h.txt && git commit -q "
		"-m g && git checkout -q b/1 && git branch -q -D t%2$d",
		"git checkout -q -b k%2$d && echo %1$s >h.txt && git add h.txt && git commit -q "
		"-m g && git checkout -q b/1",
		"echo %s >a.txt && git commit -q -a -m h && git rebase -q --onto HEAD~2 HEAD~ || "
		"git rebase --abort",
		"git rm -q -r --cached . && git add -A",
		"git stash -q -u && git stash pop -q",
		"git mv a.txt b%2$d.txt || git mv b*.txt a.txt; echo %1$s >z",
		"rm -f f*.txt && echo %s >only",
	};
	unsigned k = roll((unsigned)N_ELEMS(deeds));
	AUTO_FREE char *line = xasprintf("L%lu_%d", seed, ++n_lines);
	AUTO_FREE char *deed = NULL;
	const char *was = sh_out("git -C wt rev-parse HEAD");

/* The deeds are a table of formats. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-extra-args"
	deed = xasprintf(deeds[k], line, n_lines);
#pragma GCC diagnostic pop
	tell(deed);
	(void)sh_status("cd wt && { %s; } >/dev/null", deed);
	if (strcmp(was, sh_out("git -C wt rev-parse HEAD")) != 0)
		hold_committed();
	/* Made and dropped again: it was at a commit all the same. */
	if (sh_status("git -C wt log -g -1 --format=%%s HEAD~0 | grep -q .") == 0)
		sh("for c in $(git -C wt log -g -6 --format=%%h); do git -C wt grep -hoE "
		   "'^L[0-9_]+$' $c -- >>held; done || true");
}

enum deed_of_ours { PIN, TIP, REMOVE, ADD, N_DEEDS };

/* In a process of its own, so that it can be killed.  True when it succeeded. */
static bool
act(enum deed_of_ours what)
{
	static const char *const names[N_DEEDS] = { "pin", "pin tip", "remove", "add" };
	struct worktree_spec spec = { "s1", at("wt"), "b/1", base };
	struct err err = ERR_INIT;
	struct pin pin = { 0 };
	int status, rc = -1;
	pid_t pid;

	sh("echo 0 >bin/n; echo %u >bin/at", roll(3) ? 0 : 1 + roll(30));
	pid = fork();
	if (pid == 0) {
		setenv("PATH", with_bin, 1);
		if (what == PIN)
			rc = worktree_pin(&repo, at("wt"), "s1", &pin, &err);
		else if (what == TIP)
			rc = worktree_pin_tip(&repo, at("wt"), "s1", &err);
		else if (what == REMOVE)
			rc = worktree_remove(&repo, at("wt"), "s1", NULL, &err);
		else
			rc = worktree_add(&repo, &spec, &err);
		if (rc < 0 && is_loud)
			fprintf(stderr, "    %s\n", err.text);
		_exit(rc < 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	tell(names[what]);
	if (WIFSIGNALED(status))
		tell("    killed");
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* Which of the lines are not in our pins? */
static const char *
missing(void)
{
	sh("cd repo && git rev-list --objects --glob='refs/divisi/*' | cut -d' ' -f1 | "
	   "git cat-file --batch | grep -aoE '^L[0-9_]+$' | sort -u >../have; "
	   "sort -u ../held >../want");
	return sh_out("comm -13 have want | paste -sd' '");
}

static void
check(const char *when)
{
	const char *lines = missing();

	if (lines[0])
		fail_msg("DIVISI_TEST_SEED=%lu: lost %s, %s", seed, lines, when);
}

/* Nothing but our pins is left. */
static void
drop_all_else(void)
{
	sh("cd repo && for w in $(git worktree list --porcelain | sed -n 's/^worktree //p' | "
	   "tail -n +2); do git worktree remove -f -f $w; done; git reflog expire "
	   "--expire=now --all; git for-each-ref --format='delete %%(refname)' refs/heads/b "
	   "refs/heads/k* refs/stash | git update-ref --stdin; git prune --expire=now");
}

/* As a tool does that cleans up what it takes for litter. */
static void
take(void)
{
	tell("another program takes worktree and branch");
	sh("cd repo && { git worktree unlock ../wt; git worktree remove -f -f ../wt && "
	   "git branch -q -D b/1; git prune --expire=now; } 2>/dev/null || true");
}

/* While it runs: what it committed is pinned whenever its tip moved, and no more. */
static void
live(void)
{
	if (!act(TIP))
		return;
	check("when its tip was pinned");
	if (roll(2) > 0)
		return;
	take();
	check("when its worktree and branch were taken");
}

static void
play(void **state)
{
	dice = (unsigned)seed * 2654435761u;
	n_lines = 0;
	for (int i = 0; i < N_STEPS; i++) {
		if (!file_is_dir(at("wt")) && !act(ADD))
			continue;
		for (unsigned n = 1 + roll(3); n > 0; n--)
			act_as_agent();
		if (roll(2) == 0) {
			live();
			continue;
		}
		if (roll(3) > 0) {
			if (act(PIN)) {
				hold_files("-co --exclude-standard");
				check("when it was pinned");
			}
		} else {
			/* Held before: after it there is nothing to look at. */
			sh("cp held held.before");
			hold_files("-co");
			if (!act(REMOVE) && file_is_dir(at("wt")))
				sh("mv held.before held");
		}
	}
	while (
	    file_is_dir(at("wt")) || sh_status("ls -d wt.divisi-* 2>/dev/null") == 0) {
		sh("rm -f repo/.git/worktrees/*/index.lock");
		if (file_is_dir(at("wt")))
			hold_files("-co");
		(void)act(REMOVE);
	}
	drop_all_else();
	check("at the end");
	(void)state;
}

static void
nothing_that_was_kept_once_is_ever_lost(void **state)
{
	const char *one = getenv("DIVISI_TEST_SEED");
	const char *limit = getenv("DIVISI_TEST_SECONDS");
	time_t end = time(NULL) + (limit ? atol(limit) : 4);
	int n = 0;

	seed = one ? strtoul(one, NULL, 10) : 1;
	is_loud = one != NULL;
	do {
		if (setup(state) < 0)
			fail_msg("no sandbox");
		play(state);
		assert_int_equal(teardown(state), 0);
		seed++;
		n++;
	} while (!one && time(NULL) < end);
	printf("%d histories\n", n);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_that_was_kept_once_is_ever_lost),
	};
	int rc;

	path = xstrdup(getenv("PATH"));
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	free(path);
	free(base);
	free(with_bin);
	return rc;
}
