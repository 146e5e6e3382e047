#pragma once

#include "engine/track_work.h"

/*
 * How a plan stands, told in its project, and how the milestones stand that its issues are in
 * .  Best effort: what the tracker lacks, or refuses, is no failure but the text
 * "untold" of OUT; "posted" is the project and its health, "milestones" a line each.  -1 with
 * ERR only for what another try may mend: an outage, a limit, a token that is refused.
 */
NODISCARD int track_project(
    struct track_work *work, struct fields *out, struct err *err);

/* How a milestone that is due on DUE ("2026-12-01", "" never) stands on DAY (since 1970). */
enum health { HEALTH_ON_TRACK, HEALTH_AT_RISK, HEALTH_OFF_TRACK };
enum health track_health(const char *due, long n_open, int64_t day);
