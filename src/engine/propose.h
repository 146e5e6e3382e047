#pragma once

#include "core/happening.h"
#include "engine/repos.h"
#include "engine/surroundings.h"
#include "git/config.h"
#include "git/repo.h"
#include "plan/batch.h"
#include "plan/plan.h"
#include "policy/dispatch.h"

#include <stdio.h>

/* Shared by the files that make a proposal: job_propose.c, propose_session.c. */
struct proposal {
	struct git_list away; /* agents that settings make the tracker's */
	const struct fields *in;
	struct fields *out;
	struct repo repo;
	struct config config;
	struct surroundings around;
	struct plan_repos repos;
	struct git_list branches;
	struct plan *plan;
	struct lint_list lints;
	struct verdicts *verdicts;
	struct batches *batches;
	struct dispatch_rows *rows;
	struct dispatch_env env;
	struct assertion *assertion;
	bool *is_done;
	int *n_before;
	struct batch_met *met;
	const struct batch *batch;
	FILE *canon; /* the canonical JSON the approval hash is made of */
	char *canon_text;
	size_t n_canon, n_sessions, n_notes, n_checks, n_met;
};

/* Where the sessions of PHASE work: the plan's own repository or another, and its settings. */
const struct repo *propose_repo(const struct proposal *p, const struct phase *phase);
const struct config *propose_config(
    const struct proposal *p, const struct phase *phase);

/* Something the person should know before approving; never a refusal. */
void propose_note(struct proposal *p, const char *fmt, ...) PRINTF(2, 3);

/* Appends NAME and TEXT to the canonical JSON. */
void propose_canon(struct proposal *p, const char *name, const char *text);

/* Did the person override the rule CODE? */
bool propose_overrides(const struct proposal *p, const char *code);

/* Is WORD one of the comma-separated words of LIST? */
bool propose_has_word(const char *list, const char *word);

/* Did the branches of two phases not merge when they were tried? */
bool propose_has_met(const struct proposal *p, int a, int b);

/* Adds session I of the batch: names, cost, agent, prompt.  -1 refuses the dispatch. */
int propose_session(struct proposal *p, size_t i, struct err *err);

/* The N of the highest plan pN that left pins or runs here; 0 when none did. */
int64_t propose_taken(const struct proposal *p);

/*
 * propose_repos.c: may the sessions of this batch work where their phases say?  And the
 * place of session I, where that is another repository than the plan's.
 */
NODISCARD int propose_repos(struct proposal *p, struct err *err);
/* PLACE (FORGE_PLACE_SIZE) is where on GitHub pull requests of REPO go, and is noted. */
NODISCARD int propose_pulls_at(struct proposal *p, const struct repo *repo,
    const struct config *config, char *place, struct err *err);
NODISCARD int propose_place(
    struct proposal *p, size_t i, const struct dispatch_row *row, struct err *err);

/* Sets the text NAME of session I of the batch. */
void propose_set(struct proposal *p, size_t i, const char *name, const char *text);

/*
 * Adds how the tracker dispatches session I, whose agent works elsewhere, and to whom else it
 * may go.  -1 refuses the dispatch.
 */
int propose_away(
    struct proposal *p, size_t i, const struct dispatch_row *row, struct err *err);

/* Adds what keeps session I of the batch in.  -1 refuses the dispatch. */
int propose_fence(
    struct proposal *p, size_t i, const struct dispatch_row *row, struct err *err);

/*
 * What review the plan needs before its dispatch, and whether a setting lets it pass.  -1 when
 * a "Review:" or a setting of reviews and findings says nothing that is known.
 */
NODISCARD int propose_reviews(struct proposal *p, struct err *err);

/* Says what the preflight found, line by line, once everything else is proposed. */
void propose_checks(struct proposal *p);

/* PATH with the user's home directory shown as ~ (A-41).  The caller frees it. */
char *propose_home_path(const char *path);

/* What research costs here, as whoever ordered the proposal knows. */
struct research_factor propose_factor(const struct proposal *p);
