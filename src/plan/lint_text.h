#pragma once

#include "plan/plan.h"

/* The lints of what a phase hands to its prompt: P01, P02, P03, P07, P08, P15, P16. */
void lint_texts(struct plan *plan, struct lint_list *lints);
