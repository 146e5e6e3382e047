#include "cli/cmd.h"

#include "base/file.h"
#include "base/mem.h"
#include "cli/screen.h"
#include "plan/fmt.h"
#include "plan/lint.h"
#include "plan/parse.h"

#include <string.h>

const struct option_doc cmd_fmt_options[] = {
	{ "check", NULL, "change nothing; exit 1 when the file would change", 0 },
	{ "write", NULL, "rewrite the file instead of printing it", 'w' },
	OPTION_END,
};

enum { FMT_CHECK, FMT_WRITE, FMT_N_OPTIONS };

/* A plan whose structure is broken is not rewritten: what was meant is not known. */
static bool
is_broken(const struct lint_list *lints)
{
	for (size_t i = 0; i < lints->n; i++) {
		if (lint_stops(&lints->item[i], LINT_CHECK))
			return true;
	}
	return false;
}

static int
fmt_plan(const struct plan *plan, const bool *flags, struct err *err)
{
	size_t n = 0;
	AUTO_FREE char *text = plan_format(plan, &n);
	bool is_same = n == plan->n_bytes && memcmp(text, plan->bytes, n) == 0;

	if (flags[FMT_CHECK]) {
		if (!is_same) {
			text_put(stdout, plan->path);
			fputs(" is not in canonical form\n", stdout);
		}
		return err_exit_status(is_same ? ERR_NONE : ERR_NO);
	}
	if (flags[FMT_WRITE])
		return is_same ? 0 : file_write_atomic(plan->path, text, n, 0644, err);
	if (fwrite(text, 1, n, stdout) != n)
		return err_sys(err, "standard output");
	return 0;
}

int
cmd_fmt(int argc, char **argv)
{
	bool flags[FMT_N_OPTIONS] = { false };
	const char *words[1];
	struct args_simple want = { "fmt PLAN [--check | --write]", flags, words, 1,
		1 };
	struct lint_list lints = { 0 };
	struct err err = ERR_INIT;
	struct args args;
	int status = -1;

	args_init(&args, cmd_fmt_options, argc, argv);
	if (args_simple(&args, &want, &err) < 0)
		return cmd_fail(&err, false);
	AUTO_PLAN struct plan *plan = plan_load(words[0], &lints, &err);

	if (plan)
		plan_lint(plan, NULL, &lints);
	if (plan && is_broken(&lints)) {
		err_set(&err, ERR_NO, "%s has errors and stays as it is", plan->path);
		err_fix(&err, "see: divisi check %s", plan->path);
	} else if (plan) {
		status = fmt_plan(plan, flags, &err);
	}
	lint_list_clear(&lints);
	return status >= 0 ? status : cmd_fail(&err, false);
}
