#!/bin/bash
# Two divisi on one team of Linear, at work at the same time below one master issue: each has
# its own sub-issues, once, though answers are lost; neither touches the other's.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/runs.sh"
e2e_begin "$@"
if [ ! -f "${E2E_TRACKERS:-}/version" ] || ! node --version >/dev/null 2>&1; then
	skip_all "graphql-js and the schema are not there (./check fetches them from npm)"
fi

plan=2026-11-22-try-it.md
coproc LINEAR { exec node "$top/tests/tracker/server_linear.mjs" "$E2E_TRACKERS"; }
read -r -t 60 port <&"${LINEAR[0]}"
there=http://127.0.0.1:$port
order() { curl -sS "$there/control" -d "$1" >/dev/null; }
of() {
	curl -sS "$there/control" | python3 -c '
import json, sys
t = json.load(sys.stdin)
print(eval(sys.argv[1], {"t": t, "mine": t["mine"]}))' "$1"
}
there_is() { equals "$(of "$1")" "$2"; }
waits_for_approval() { equals "$(look 'plan["batches"][-1]["state"]')" awaiting-approval; }
in_repo() { (cd "$scratch/$1" && shift && "$@"); }
# setup NAME PHASE...: a repository of that name with a plan of those phases.
setup() {
	local name=$1 phase
	shift
	fake_repo "$scratch/$name" && cd "$scratch/$name" || exit 99
	git config divisi.tracker linear
	git config divisi.tracker.team CIA
	git config divisi.tracker.url "$there/graphql"
	git config divisi.merge auto
	for phase; do
		echo "$phase|quick|Writes: \`$phase.txt\`|fake:write=$phase.txt:one fake:commit=$phase"
	done | fake_plan "$plan"
}

order '{"reset": true, "seed": ["T-100", "T-11", "T-12", "T-13", "T-14"]}'
export LINEAR_API_KEY=lin_api_test_secret_token
setup one 1A 1B
setup two 1C 1D
order '{"fault": "lost", "n": 2, "skip": 9}'
in_repo one divisi dispatch "$plan" >/dev/null 2>&1 &
first=$!
in_repo two divisi dispatch "$plan" >/dev/null 2>&1
wait "$first"
claim "each session of both is filed" until_true there_is 'len(mine)' 4
for name in one two; do
	claim "$name waits for approval" until_true in_repo "$name" waits_for_approval
	claim "$name is approved" in_repo "$name" approve_table
done
claim "1A of the one is done" in_repo one becomes 1A "done"
claim "1B too" in_repo one becomes 1B "done"
claim "1C of the other is done" in_repo two becomes 1C "done"
claim "1D too" in_repo two becomes 1D "done"
claim "all are done there" until_true there_is '[x["state"] for x in mine]' "['Done', 'Done', 'Done', 'Done']"
claim "each session has one issue, of its own" there_is \
	'(len(mine), len({x["title"] for x in mine}), {x["parent"] for x in mine})' "(4, 4, {'T-100'})"
claim "no issue is in both" equals "$(for name in one two; do
	in_repo "$name" look '"\n".join(x["sub_issue"] for x in s.values())'
done | sort | uniq -d)" ""
claim "each agent was started once" equals "$(sort "$scratch/started" | uniq -d | wc -l)/$(wc -l <"$scratch/started")" 0/4
in_repo one divisi server --stop >/dev/null 2>&1
in_repo two divisi server --stop >/dev/null 2>&1
e2e_end
