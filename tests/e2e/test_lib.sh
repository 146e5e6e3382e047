#!/bin/bash
# Claims about lib.sh itself: a harness that cannot fail proves nothing.
. "$(dirname "$0")/lib.sh"
e2e_begin "$@"

claim "the environment is scrubbed" test -z "${DIVISI_BUILD:-}${SSH_AUTH_SOCK:-}"
claim "HOME is the test's own" test "$HOME" = "$scratch/home"
claim "root does not run the test" test "$(id -u)" != 0

false_claims() (
	e2e_n=0
	claim "a false claim" false
	claim "a true claim" true
	e2e_end
)
claim "a false claim is not ok" says '^not ok 1' false_claims
claim "a true claim is ok" says '^ok 2' false_claims
claim "a false claim fails the test" exits 1 false_claims
claim "the plan counts the claims" says '^1\.\.2$' false_claims

new_repo repo
claim "a new repository is clean" is_clean repo
touch repo/plan.md
claim "an untracked file is not clean" exits 1 is_clean repo
claim "an untracked file that is named is clean" is_clean repo plan.md
claim "waiting ends" exits 1 wait_until 1 false

e2e_end
