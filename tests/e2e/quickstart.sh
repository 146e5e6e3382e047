#!/bin/bash
# The demonstration that ./quickstart ends with, without a terminal: six phases of a plan,
# from the file to merged work.
. "$(dirname "$0")/lib.sh"
e2e_begin "$@"
command -v divisi >/dev/null || skip_all "divisi is not built"

plan=2026-11-22-demo-greeter.md
demo() {
	DEMO_PACE=0 "$top/examples/quickstart/demo" "$(command -v divisi)" "$scratch/demo"
}
# before A B: commit A is an ancestor of commit B, by the issues in their subjects.
before() {
	local first second
	first=$(git -C demo log --format=%H --grep "^$1:" main)
	second=$(git -C demo log --format=%H --grep "^$2:" main)
	[ -n "$first" ] && [ -n "$second" ] &&
		git -C demo merge-base --is-ancestor "$first" "$second"
}
issue_is_done() {
	grep -q "^| \[$1\](local:$1) .*| Done *|" "demo/$plan"
}

claim "the plan runs to its end" demo
cp claim.out demo.out
claim "every phase is one commit on main" test "$(git -C demo rev-list --count main)" = 7
claim "who reads lands after who writes" before GR-1 GR-4
claim "two that share lib/ land in the announced order" before GR-2 GR-3
for issue in GR-1 GR-2 GR-3 GR-4 GR-5 GR-6; do
	claim "$issue is Done in the plan file" issue_is_done $issue
done
claim "the registry has a row for each session" \
	test "$(grep -c '| command/gr-.*| Done *|' "demo/$plan")" = 6
claim "the merged work passes its check" sh demo/check.sh
claim "the manual lists what another phase made" \
	grep -q 'Languages: de, en, fr, it' demo/docs/manual.md
claim "the checkout is on main and clean, the plan aside" wait_until 60 is_clean demo "$plan"
claim "the report is on the screen" grep -q '^wall time' demo.out
claim "no server is left" wait_until 60 flock --nonblock demo/.git/divisi/server.lock true

e2e_end
