#pragma once

#include "plan/plan.h"
#include "plan/verdict.h"

/*
 * A certificate of the verdicts of a plan (DESIGN 5): everything they follow from, in a
 * form that a program which knows nothing of this one can check.  The format is described
 * in divisi-verify(1); src/verify/ reads it and shares no code with us.
 *
 * MADE_BY is a remark, such as "divisi 0.1.0".  VERDICTS must be of PLAN and ENV.
 * Returns the text, *N_BYTES long, which the caller frees; the same arguments give the
 * same bytes.  NULL with ERR_REFUSED when the plan is too large for its pairs to be
 * decided: there is nothing to certify then.
 */
char *certificate_text(const struct plan *plan, const struct verdict_env *env,
    const struct verdicts *verdicts, const char *made_by, size_t *n_bytes,
    struct err *err);
