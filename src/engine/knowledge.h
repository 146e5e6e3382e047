#pragma once

#include "git/config.h"
#include "git/history.h"
#include "git/repo.h"
#include "plan/batch.h"
#include "policy/forecast.h"
#include "policy/guess.h"
#include "policy/risk_text.h"

/*
 * What the repository knows of its files, for everybody who judges a plan: the table that
 * is approved must be the one that was shown.  Nothing is asked before somebody needs it.
 */
struct knowledge {
	const struct repo *repo; /* borrowed; NULL outside a repository */
	struct risk_learned learned;
	bool is_learned;        /* `divisi learn` was here; else the shipped weights */
	struct history history; /* the last 200 landings, once a file was asked about */
	bool has_history;
	double *busy; /* per path of the history: landings that touched it */
	bool has_all; /* it holds KNOWLEDGE_PARTNERS landings */
	struct cochange *cochange; /* of those, once asked for */
	struct guess_history partners;
	char *word; /* what could not be known and why, for a person; or NULL */
};

/* The last landings that say how busy a file is, and what changes together. */
#define KNOWLEDGE_LANDINGS 200
#define KNOWLEDGE_PARTNERS 1000

/* REPO may be NULL.  A file of ours that cannot be read costs what was learned, no more. */
void knowledge_open(struct knowledge *knowledge, const struct repo *repo);
void knowledge_close(struct knowledge *knowledge);

/* Where `divisi learn` keeps its result; the caller frees it. */
char *knowledge_path(const struct repo *repo);

/* Fills ENV in for plans judged with WORLD; valid until knowledge_close(). */
void knowledge_env(struct knowledge *knowledge, const struct verdict_env *world,
    struct forecast_env *env);

/*
 * What history changes together, for plans judged with WORLD; NULL when there is no
 * history.  Valid until knowledge_close().
 */
const struct guess_history *knowledge_partners(
    struct knowledge *knowledge, const struct verdict_env *world);

/*
 * `divisi.conflict-cost`: what one conflict costs, in batches.  0, the default: risk
 * decides only between equally short schedules.  -1 with ERR_INPUT when it is no number
 * from 0 to 100.
 */
NODISCARD int knowledge_conflict_cost(
    const struct config *config, double *cost, struct err *err);
