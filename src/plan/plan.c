#include "plan/plan.h"

#include <assert.h>
#include <string.h>

static const char *const exec_names[EXEC_N_MODES] = { "", "quick", "tdd", "pair",
	"checkpoint", "swarm", "spike" };

static const struct {
	const char *name, *key;
} touch_names[TOUCH_N] = {
	/* clang-format off */
	[TOUCH_READS]     = { "Reads",     "reads"     },
	[TOUCH_WRITES]    = { "Writes",    "writes"    },
	[TOUCH_CREATES]   = { "Creates",   "creates"   },
	[TOUCH_DELETES]   = { "Deletes",   "deletes"   },
	[TOUCH_RENAMES]   = { "Renames",   "renames"   },
	[TOUCH_APPENDS]   = { "Appends",   "appends"   },
	[TOUCH_PRODUCES]  = { "Produces",  "produces"  },
	[TOUCH_CONSUMES]  = { "Consumes",  "consumes"  },
	[TOUCH_USES]      = { "Uses",      "uses"      },
	[TOUCH_EXTENDS]   = { "Extends",   "extends"   },
	[TOUCH_CHANGES]   = { "Changes",   "changes"   },
	[TOUCH_REMOVES]   = { "Removes",   "removes"   },
	[TOUCH_RENUMBERS] = { "Renumbers", "renumbers" },
	[TOUCH_GATES]     = { "Gates",     "gates"     },
	[TOUCH_INFRA]     = { "Infra",     "infra"     },
	/* clang-format on */
};

const char *
exec_mode_name(enum exec_mode mode)
{
	assert(mode >= 0 && mode < EXEC_N_MODES);
	return exec_names[mode];
}

enum exec_mode
exec_mode_of(struct span name)
{
	for (int m = EXEC_QUICK; m < EXEC_N_MODES; m++) {
		if (span_eq_nocase(name, exec_names[m]))
			return (enum exec_mode)m;
	}
	return EXEC_NONE;
}

const char *
touch_name(enum touch touch)
{
	assert(touch >= 0 && touch < TOUCH_N);
	return touch_names[touch].name;
}

const char *
touch_key(enum touch touch)
{
	assert(touch >= 0 && touch < TOUCH_N);
	return touch_names[touch].key;
}

static int
index_unsorted(const struct plan *plan, const char *id)
{
	for (size_t i = 0; i < plan->n_phases; i++) {
		if (strcmp(plan->phase[i].id, id) == 0)
			return (int)i;
	}
	return -1;
}

int
plan_index(const struct plan *plan, const char *id)
{
	size_t lo = 0, hi = plan->n_phases;
	int at;

	if (!plan->by_id)
		return index_unsorted(plan, id);
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (strcmp(plan->phase[plan->by_id[mid]].id, id) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == plan->n_phases)
		return -1;
	at = plan->by_id[lo];
	return strcmp(plan->phase[at].id, id) == 0 ? at : -1;
}

const struct phase *
plan_find(const struct plan *plan, const char *id)
{
	int i = plan_index(plan, id);

	return i < 0 ? NULL : &plan->phase[i];
}

void
plan_free(struct plan *plan)
{
	if (plan)
		arena_free(plan->arena);
}

void
plan_free_cleanup(struct plan **plan)
{
	plan_free(*plan);
}
