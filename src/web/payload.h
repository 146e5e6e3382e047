#pragma once

#include "core/happening.h"
#include "web/signed.h"

/*
 * What a sender's JSON says, as flat fields: source, delivery, kind, author, standing, repo,
 * head_repo, pull_url, branch, commit, issue, parent, deploy, comment_id, url, text, log,
 * ci_job ("job:ID" or "run:ID": whose log that is), check and ci_run (what failed, of which run).
 * Strangers wrote it: texts are copied as they are, and bounded by whoever takes them.
 *
 * 1 with TO filled; 0 when it is of no interest, with WHAT naming it; -1 with ERR_INPUT when
 * it is no JSON of that sender, or ERR_REFUSED when the time in it is outside of the window.
 */
int payload_read(const struct delivery *d, int64_t now, struct fields *to,
    char what[96], struct err *err);
