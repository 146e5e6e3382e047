#pragma once

#include "cli/json_out.h"
#include "cli/screen.h"
#include "plan/verdict.h"
#include "policy/forecast.h"

/*
 * The chance of a conflict of one pair: what makes it what it is, and what would make it
 * smaller (CONFLICTS 5.5).  IS_LEARNED: by weights of this repository.
 */
void risk_out_text(const struct forecast *forecast, const struct pair *pair,
    bool is_learned, const struct screen *screen);

/* Members `risk_files` and `risk_without_first_file` of the open object. */
void risk_out_json(struct json_out *json, const struct forecast *forecast);
