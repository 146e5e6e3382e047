#pragma once

#include "core/happening.h"
#include "git/land.h"

/*
 * Lands a session where its forge does that (divisi.publish = forge): its pull request is
 * merged there, at exactly the commit that was tested, and what came of it is fetched.  The
 * fields IN are those of the job "land".  MERGED (GIT_OID_SIZE) is the commit there, whose
 * tree is the candidate's and which is on top of what the target was; it has not landed here
 * yet.  Repeated after a crash it finds what was merged.
 *
 * ERR_CONFLICT with "text" and "command" in OUT: the remote has moved or lacks work, the
 * forge refuses (protection, checks, reviews), or merged something else; nothing has landed
 * here.  ERR_SYSTEM, ERR_TIMEOUT: no answer, try again.
 */
NODISCARD int land_forge_merge(struct repo *repo, const struct fields *in, char *merged,
    struct fields *out, struct err *err);
