#pragma once

#include "plan/plan.h"

/*
 * The names of a plan's columns and bullets.  The order is the order in which `divisi
 * fmt` writes a phase section.
 */
enum plan_key {
	KEY_NONE,
	KEY_PHASE,
	KEY_ID, /* the phase in a Phase Map, the issue in an Issue Registry */
	KEY_FOCUS,
	KEY_ISSUE,
	KEY_MODE,
	KEY_AGENT,
	KEY_ESTIMATE,
	KEY_POINTS,
	KEY_RISK,
	KEY_TYPE,
	KEY_REVIEW,
	KEY_OUTPUT,
	KEY_REPO,
	KEY_BATCH,
	KEY_STATUS,
	KEY_TOUCH, /* the first of TOUCH_N keys in the order of enum touch */
	KEY_TOUCH_LAST = KEY_TOUCH + TOUCH_N - 1,
	KEY_DEPENDS,
	KEY_VERIFY,
	KEY_CONTEXT,
	KEY_TASKS,
	KEY_DELIVERABLE,
	KEY_ACCEPTANCE,
	KEY_TITLE,
	KEY_SESSION,
	KEY_WORKTREE,
	KEY_BRANCH,
	KEY_N,
};

/* Case, plural and decoration do not matter; KEY_NONE when nobody knows NAME. */
enum plan_key plan_key_of(struct span name);

/* As `divisi fmt` writes it: "Depends on". */
const char *plan_key_name(enum plan_key key);

/* True for keys that a bullet of a phase section may carry. */
bool plan_key_in_section(enum plan_key key);

/* The section key that NAME probably misspells (`Wirtes`), or KEY_NONE. */
enum plan_key plan_key_near(struct span name);

/* The section key that has another word here than NAME (`Resources`), or KEY_NONE. */
enum plan_key plan_key_meant(struct span name);
