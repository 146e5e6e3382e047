#!/bin/bash
# Three batches whose issues live on GitHub: each request is held against its published
# description (tests/tracker/server_github.mjs), through outage, both kinds of limit, tokens
# that are revoked, two restarts, and an edit by somebody else; exactly one of everything in
# the end.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/runs.sh"
e2e_begin "$@"
if [ ! -f "${E2E_TRACKERS:-}/version" ] || ! node --version >/dev/null 2>&1; then
	skip_all "the description of GitHub's API is not there (./check fetches it from npm)"
fi

plan=2026-11-22-try-it.md
issues=https://github.com/acme/gates/issues
coproc GITHUB { exec node "$top/tests/tracker/server_github.mjs" "$E2E_TRACKERS"; }
read -r -t 60 port <&"${GITHUB[0]}"
there=http://127.0.0.1:$port
order() { curl -sS "$there/control" -d "$1" >/dev/null; }
# of EXPRESSION: t is what the server tells, mine the issues that divisi made.
of() {
	curl -sS "$there/control" | python3 -c '
import json, sys
t = json.load(sys.stdin)
print(eval(sys.argv[1], {"t": t, "mine": t["mine"], "pulls": t["requested"]}))' "$1"
}
there_is() { equals "$(of "$1")" "$2"; }
box() { divisi outbox --json | python3 -c 'import json,sys; o=json.load(sys.stdin); print(eval(sys.argv[1], {"o": o}))' "$1"; }
box_is() { equals "$(box "$1")" "$2"; }
waits_for_approval() { equals "$(look 'plan["batches"][-1]["state"]')" awaiting-approval; }
no_server() { [ -z "$(server_pid)" ]; }
restart() { divisi server --stop >/dev/null 2>&1 && until_true no_server && divisi status; }
keeps_no_token() { ! grep -rqE 'lin_api_test_secret_token|ghp_(second|third)_token' "$scratch/repo" "$scratch/home"; }

export GITHUB_TOKEN=lin_api_test_secret_token
fake_repo "$scratch/repo" && cd "$scratch/repo" || exit 99
git init --quiet --bare "$scratch/origin.git" && git remote add origin "$scratch/origin.git"
git push --quiet origin main
order '{"reset": true, "seed": 6, "git": "'"$scratch/origin.git"'"}'
git config divisi.tracker github
git config divisi.tracker.team acme/gates
git config divisi.tracker.url "$there/api/v3"
git config divisi.merge auto
fake_plan "$plan" <<END
1A|quick|Writes: \`a.txt\`|fake:write=a.txt:one fake:commit=a fake:wait=$scratch/go
1B|quick|Writes: \`b.txt\`|fake:write=b.txt:one fake:commit=b fake:wait=$scratch/go
2A|quick|Reads: \`a.txt\`; Writes: \`c.txt\`|fake:write=c.txt:one fake:commit=c fake:wait=$scratch/go2
3A|quick|Reads: \`c.txt\`; Writes: \`d.txt\`|fake:write=d.txt:one fake:commit=d fake:wait=$scratch/go3
END
# As GitHub names issues: by number, and with the repository where that is to be said.
n=0
for id in T-100 T-11 T-12 T-21 T-31; do
	n=$((n + 1))
	to="#$n"
	[ $id != T-12 ] || to="acme/gates#$n"
	sed -i "s|\[$id\([]:]\)|[$to\1|g; s|(local:$id)|($issues/$n)|g" "$plan"
done
claim "the plan is sound with #N and owner/name#N in it" divisi check "$plan"

order '{"fault": "500", "n": 1000}'
claim "an outage refuses the dispatch (J-26)" divisi_fails 3 dispatch "$plan"
claim "nothing is there" there_is 'len(mine)' 0
order '{"fault": "lost", "n": 1, "skip": 4}'
divisi dispatch "$plan"
claim "each session is filed once (S-21)" until_true there_is 'len(mine)' 2
claim "below the master issue" there_is '{x["parent"] for x in mine}' "{'#1'}"
claim "its text is the whole prompt (S-48)" there_is 'all("Deliverable" in x["body"] for x in mine)' True
claim "it waits for approval" until_true waits_for_approval
claim "the branch is named after the work issue" equals "$(field 1A branch)" command/2-work-on-1a
order '{"fault": "limited", "n": 2}'
claim "it is approved" approve_table
claim "sessions run" becomes 1A active
claim "both of them" becomes 1B active
claim "the server is started again" restart
claim "after a limit and a restart the issues move" \
	until_true there_is '["status:in-progress" in x["labels"] for x in mine]' "[True, True]"
claim "their other labels stand" there_is 'sorted(mine[0]["labels"])' "['exec:quick', 'status:in-progress', 'type:chore']"
order '{"fault": "secondary", "n": 2}'
touch "$scratch/go"
claim "the work is merged" becomes 1A "done"
claim "all of it" becomes 1B "done"
claim "and done there, after the other limit" until_true there_is '[x["state"] for x in mine]' "['completed', 'completed']"
e2e_end
