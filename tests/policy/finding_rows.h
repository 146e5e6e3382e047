#pragma once

#include "base/mem.h"
#include "policy/findings.h"

#include <stdlib.h>
#include <string.h>

/* Rows with the ids of IDS ("C1 C2 I1"), undecided, each of its letter's severity. */
static inline void
rows_of(struct findings *rows, const char *ids)
{
	AUTO_FREE char *copy = xstrdup(ids);
	char *rest = copy, *id;

	while ((id = strsep(&rest, " "))) {
		struct finding f = { .id = xstrdup(id),
			.severity = id[0] == 'C'   ? SEVERITY_CRITICAL
				    : id[0] == 'I' ? SEVERITY_IMPORTANT
						   : SEVERITY_CONSIDER,
			.n = 3,
			.n_agree = 3 };
		char **const texts[] = { &f.text, &f.where, &f.advice, &f.effort,
			&f.spec, &f.reviewers, &f.maybe, &f.before, &f.response, &f.by,
			&f.sub_issue, &f.state };

		for (size_t i = 0; i < N_ELEMS(texts); i++)
			*texts[i] = xstrdup("");
		f.claimed = f.severity;
		GROW(rows->item, rows->n, rows->cap);
		rows->item[rows->n++] = f;
	}
}
