#pragma once

#include "base/embed.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * A review that is made by sessions of ours: who looks, as what, and the plan they work by.
 * Each reviewer is a phase that only looks and hands over findings, so that tables, fences,
 * limits, money and recovery are those of every session.  Pure. .
 */
enum { PANEL_MAX_SEATS = 14, PERSONA_MAX_BYTES = 16384, PERSONA_MAX_NAME = 20 };

/* The personas that divisi brings along; a team's file of the same name counts instead. */
const struct embedded *persona_shipped(const char *name); /* NULL */
const char *persona_name_at(size_t i);                    /* NULL past the end */
/* The one of a review without personas. */
#define PERSONA_GENERIC "generic-reviewer"

/* Small letters, digits and hyphens: what is a file's name, a phase's id and a table's word. */
bool persona_is_name(const char *name);

/*
 * Which personas look at TEXT, a plan or what a change is about: those whose words it uses
 * most, at least three, all seven of a complex one.  Returns how many of NAME, which
 * holds PANEL_MAX_SEATS, were set.
 */
size_t personas_for(const char *text, bool is_complex, const char **name);

struct seat {
	const char *persona, *text; /* its name, and its file */
	const char *agent;          /* "" as configured */
	const char *tier;           /* "strong" "fast" "": of the model */
};

struct panel {
	const char *review; /* "v1" */
	int run;            /* the how manieth of that review: names its issues */
	char option;
	const char *option_name;
	const char *title;    /* of what is reviewed */
	const char *about[4]; /* what it is and how to look at it, a line each; NULL */
	bool is_change;       /* and not a plan */
	const char *date;     /* 2026-11-23 */
	int n_rounds;
	const char *first; /* of two: where the findings of the first will stand */
	struct seat seat[PANEL_MAX_SEATS];
	size_t n_seats;
};

/* The master plan of PANEL's reviewers as Markdown.  The caller frees it. */
char *panel_plan(const struct panel *panel);

/*
 * Who the reviewer in PHASE of such a plan is: "ops-realist", "ops-realist.fast"; the second
 * round is the same reviewer.  The caller frees it.
 */
char *panel_reviewer(const char *phase);
