#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "plan/parse.h"

#include <stdio.h>
#include <string.h>

/* What every test of the plan file needs: a plan from text and a look into its lints. */
struct text_plan {
	struct plan *plan;
	struct lint_list lints;
};

static inline struct text_plan
text_plan(const char *text)
{
	struct text_plan t = { 0 };
	struct err err = ERR_INIT;

	t.plan = plan_parse("plan.md", text, strlen(text), &t.lints, &err);
	if (!t.plan)
		fail_msg("%s", err.text);
	return t;
}

static inline void
text_plan_clear(struct text_plan *t)
{
	lint_list_clear(&t->lints);
	plan_free(t->plan);
}

/* The first lint with CODE, or NULL. */
static inline const struct lint *
lint_with(const struct lint_list *lints, const char *code)
{
	for (size_t i = 0; i < lints->n; i++) {
		if (strcmp(lints->item[i].code, code) == 0)
			return &lints->item[i];
	}
	return NULL;
}

/* The same where there must be one. */
static inline struct lint
the_lint(const struct lint_list *lints, const char *code)
{
	const struct lint *lint = lint_with(lints, code);

	if (!lint)
		fail_msg("no lint %s", code);
	return lint ? *lint : (struct lint){ 0 };
}

static inline size_t
n_lints_with(const struct lint_list *lints, const char *code)
{
	size_t n = 0;

	for (size_t i = 0; i < lints->n; i++)
		n += strcmp(lints->item[i].code, code) == 0;
	return n;
}

#define HEADER                                                                 \
	"# Master Plan: T\n\n**Parent issue:** [T-1: T](https://x.test/T-1)\n" \
	"**Date:** 2026-11-22\n\n## Phase Map\n\n"

/* The usual columns and one row R; further rows follow in R. */
#define MAP(r) \
	HEADER "| Phase | Issues | Focus | Batch | Dependencies |\n|-|-|-|-|-|\n" r
#define ROW_1A "| 1A | [T-2](https://x.test/T-2) | first | 1 | None |\n"
#define ROW_1B "| 1B | [T-3](https://x.test/T-3) | second | 1 | None |\n"
