#pragma once

#include "tracker/tracker.h"

#include <stdio.h>

/*
 * Writes to F the plan that issue MASTER and its sub-issues are: a phase each, relations
 * among them as dependencies, what their texts say in a plan's own words (a mode label,
 * lines such as "- Writes: ..", ticked boxes, numbered steps) taken over.  What a text does
 * not say is not made up: such a phase touches anything, and runs alone.  DATE is
 * "2026-11-22".  What divisi itself filed below MASTER is left out.
 *
 * ERR_NOT_FOUND (no such issue, or nothing below it), ERR_REFUSED (more than 500, archived, or
 * one that waits for more than can be read).
 */
NODISCARD int plan_text_from(const struct tracker *tracker,
    const struct tracker_link *link, const char *master, const char *date, FILE *f,
    struct err *err);
