#pragma once

#include "tracker/tracker.h"

/*
 * A tracker in memory whose line can break: the contract at its smallest, for tests.
 * It keeps no labels groups and knows no legal moves; what it keeps is that a key has one
 * effect.
 */
extern const struct tracker tracker_fake;

enum tracker_fake_fault {
	FAKE_WORKS,
	FAKE_DOWN,     /* nothing arrives */
	FAKE_LOST,     /* it arrives, the answer does not */
	FAKE_LIMITED,  /* refused for now: too many requests */
	FAKE_EXPLODES, /* an answer that makes no sense */
};

/* Empties the tracker and forgets every fault. */
void tracker_fake_reset(void);

/* The next N calls meet FAULT. */
void tracker_fake_break(enum tracker_fake_fault fault, int n);

/* What was really made, however often it was asked for. */
int tracker_fake_issues(void);
int tracker_fake_comments(void);

/* Writes that arrived, repeated ones too. */
int tracker_fake_calls(void);
