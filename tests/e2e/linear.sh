#!/bin/bash
# A dispatch whose issues live on Linear: its published schema, executed on loopback
# (tests/tracker/server_linear.mjs), through outage, limit and a restart.
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
# of EXPRESSION: t is what the server tells, mine the issues that divisi made.
of() {
	curl -sS "$there/control" | python3 -c '
import json, sys
t = json.load(sys.stdin)
print(eval(sys.argv[1], {"t": t, "mine": t["mine"]}))' "$1"
}
there_is() { equals "$(of "$1")" "$2"; }

divisi_keeps_no_token() { ! grep -rqF "$LINEAR_API_KEY" "$scratch/repo" "$scratch/home"; }

order '{"reset": true, "seed": ["T-100", "T-11", "T-12"]}'
export LINEAR_API_KEY=lin_api_test_secret_token
fake_repo "$scratch/repo" && cd "$scratch/repo" || exit 99
git config divisi.tracker linear
git config divisi.tracker.team CIA
git config divisi.tracker.url "$there/graphql"
git config divisi.merge auto
fake_plan "$plan" <<END
1A|quick|Writes: \`a.txt\`|fake:write=a.txt:one fake:commit=a fake:wait=$scratch/go
1B|quick|Writes: \`b.txt\`|fake:write=b.txt:one fake:commit=b fake:wait=$scratch/go
END

order '{"fault": "500", "n": 1000}'
claim "an outage refuses the dispatch (J-26)" divisi_fails 3 dispatch "$plan"
claim "nothing is there" there_is 'len(mine)' 0
order '{"fault": "lost", "n": 1, "skip": 4}'
divisi dispatch "$plan" >/dev/null 2>&1
claim "each session is filed once (S-21)" until_true there_is 'len(mine)' 2
claim "below the master issue" there_is '{x["parent"] for x in mine}' "{'T-100'}"
claim "its text is the whole prompt (S-48)" there_is 'all("Deliverable" in x["body"] for x in mine)' True
claim "the plan is uploaded once (R-1)" until_true there_is 'len(t["files"])' 1
claim "it waits for approval" until_true equals "$(look 'plan["batches"][-1]["state"]')" awaiting-approval
order '{"fault": "limited", "n": 2}'
claim "it is approved" approve_table
claim "sessions run" becomes 1A active
claim "both of them" becomes 1B active
divisi server --stop >/dev/null 2>&1
divisi status >/dev/null
claim "after a limit and a restart the issues move" \
	until_true there_is '[x["state"] for x in mine]' "['In Progress', 'In Progress']"
touch "$scratch/go"
claim "the work is merged" becomes 1A "done"
claim "all of it" becomes 1B "done"
claim "and done there" until_true there_is '[x["state"] for x in mine]' "['Done', 'Done']"
claim "exactly one of everything" there_is '(len(mine), len(t["files"]), len(t["comments"]) == len(set(t["comments"])))' "(2, 1, True)"
claim "nothing that belongs to people was written (T05)" there_is 't["forbidden"]' None
claim "the token is nowhere in what is kept" divisi_keeps_no_token
e2e_end
