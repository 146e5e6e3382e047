#!/bin/bash
# Two divisi on one team of Linear, and on one repository of GitHub, at work at the same time
# below one master issue, with plans of the same phases: each has its own sub-issues, once, though
# answers are lost; neither touches the other's.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/runs.sh"
. "$(dirname "$0")/trackers.sh"
e2e_begin "$@"
needs_trackers

plan=2026-11-22-try-it.md
in_repo() { (cd "$scratch/$server-$1" && shift && "$@"); }
# setup NAME PHASE...: a repository of that name with a plan of those phases.
setup() {
	local name=$1 phase
	shift
	fake_repo "$scratch/$server-$name" && cd "$scratch/$server-$name" || exit 99
	git config divisi.tracker "$server"
	git config divisi.merge auto
	for phase; do
		echo "$phase|quick|Writes: \`$phase.txt\`|fake:write=$phase.txt:one fake:commit=$phase"
	done | fake_plan "$plan"
	if [ "$server" = linear ]; then
		git config divisi.tracker.team CIA
		git config divisi.tracker.url "$there/graphql"
	else
		git config divisi.tracker.team acme/gates
		git config divisi.tracker.url "$there"
		numbered "$plan" T-100 T-11 T-12 T-13 T-14
	fi
}
both() {
	: >"$scratch/started"
	setup one 1A 1B
	setup two 1A 1B
	order '{"fault": "lost", "n": 2, "skip": 9}'
	in_repo one divisi dispatch "$plan" >/dev/null 2>&1 &
	local first=$!
	in_repo two divisi dispatch "$plan" >/dev/null 2>&1
	wait "$first"
	claim "$server: each session of both is filed" until_true there_is 'len(mine)' 4
	for name in one two; do
		claim "$server: $name waits for approval" until_true in_repo "$name" waits_for_approval
		claim "$server: $name is approved" in_repo "$name" approve_table
	done
	claim "$server: 1A of the one is done" in_repo one becomes 1A "done"
	claim "$server: 1B too" in_repo one becomes 1B "done"
	claim "$server: 1A of the other is done" in_repo two becomes 1A "done"
	claim "$server: its 1B too" in_repo two becomes 1B "done"
	claim "$server: all are done there" until_true there_is '{x["state"] for x in mine}' "{'$1'}"
	claim "$server: each session has one issue, of its own" there_is \
		'(sorted(x["title"] for x in mine), {x["parent"] for x in mine})' \
		"(['Batch 1A: Work on 1A', 'Batch 1A: Work on 1A', 'Batch 1B: Work on 1B', 'Batch 1B: Work on 1B'], {'$2'})"
	claim "$server: no issue is in both" equals "$(for name in one two; do
		in_repo "$name" look '"\n".join(x["sub_issue"] for x in s.values())'
	done | sort | uniq -d)" ""
	claim "$server: nobody says a thing twice" there_is 'max(t["comments"].count(c) for c in t["comments"]) <= 2' True
	claim "$server: each has its registry in the master issue" until_true there_is \
		'sum("Session Name" in c for c in t["comments"])' 2
	claim "$server: each agent was started once" equals "$(sort "$scratch/started" | uniq -c | awk '{print $1}' | tr '\n' ' ')" "2 2 "
	in_repo one divisi server --stop >/dev/null 2>&1
	in_repo two divisi server --stop >/dev/null 2>&1
}

start_tracker linear
order '{"reset": true, "seed": ["T-100", "T-11", "T-12", "T-13", "T-14"]}'
export LINEAR_API_KEY=$token
both Done T-100
stop_tracker linear
unset LINEAR_API_KEY

start_tracker github
order '{"reset": true, "seed": 5}'
export GITHUB_TOKEN=$token
both completed '#1'
e2e_end
