#!/bin/bash
# Three batches whose issues live on GitHub: each request is held against its published
# description (tests/tracker/server_github.mjs), through outage, both kinds of limit, tokens
# that are revoked, restarts, an edit by somebody else, and pull requests with checks and
# reviews; exactly one of everything in the end.
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

remote_has_main() { equals "$(git rev-parse main)" "$(git -C "$scratch/origin.git" rev-parse main)"; }

export GITHUB_TOKEN=lin_api_test_secret_token
fake_repo "$scratch/repo" && cd "$scratch/repo" || exit 99
git init --quiet --bare "$scratch/origin.git" && git remote add origin "$scratch/origin.git"
git push --quiet origin main
order '{"reset": true, "seed": 6, "git": "'"$scratch/origin.git"'"}'
git config divisi.tracker github
git config divisi.tracker.team acme/gates
git config divisi.tracker.url "$there/api/v3"
git config divisi.merge auto
git config divisi.tracker.assignee grace
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
claim "below the master issue" until_true there_is '{x["parent"] for x in mine}' "{'#1'}"
claim "its text is the whole prompt (S-48)" there_is 'all("Deliverable" in x["body"] for x in mine)' True
claim "it waits for approval" until_true waits_for_approval
claim "and is nobody's" there_is '[x["assignees"] for x in mine]' "[[], []]"
claim "the branch is named after the work issue" equals "$(field 1A branch)" command/2-work-on-1a
order '{"fault": "limited", "n": 2}'
claim "it is approved" approve_table
claim "sessions run" becomes 1A active
claim "both of them" becomes 1B active
claim "who answers for them has them now, and not before (A-20)" until_true there_is '[x["assignees"] for x in mine]' "[['grace'], ['grace']]"
claim "the server is started again" restart
claim "after a limit and a restart the issues move" \
	until_true there_is '["status:in-progress" in x["labels"] for x in mine]' "[True, True]"
claim "their other labels stand" until_true there_is 'sorted(mine[0]["labels"])' "['ctx:autonomous', 'exec:quick', 'status:in-progress', 'type:chore']"
order '{"fault": "secondary", "n": 2}'
touch "$scratch/go"
claim "the work is merged" becomes 1A "done"
claim "all of it" becomes 1B "done"
claim "and done there, after the other limit" until_true there_is '[x["state"] for x in mine]' "['completed', 'completed']"
claim "exactly one of everything" there_is '(len(mine), len(t["comments"]) == len(set(t["comments"])))' "(2, True)"

# ---- the second batch, with pull requests: the token is revoked, and somebody edits --------------

git config divisi.publish pr
order '{"checks": [["in_progress", null]]}'
divisi dispatch "$plan"
claim "the second batch is filed" until_true there_is 'len(mine)' 3
claim "it waits too" until_true waits_for_approval
claim "it is approved too" approve_table
claim "it runs" until_true there_is '"status:in-progress" in mine[2]["labels"]' True
claim "all of that is sent" until_true box_is 'o["pending"]' 0
order '{"checks": [["in_progress", null]], "scrawl": "My words. ", "token": "ghp_second_token", "change": {"'"$(field 2A sub_issue)"'": {"body": "Do something else"}}}'
touch "$scratch/go2"
claim "the session delivers all the same" becomes 2A mergeable
claim "a revoked token is told (J-27)" until_true box_is 'o["state"]' refused
claim "nothing lands without its pull request (M01)" until_true says 'pull request is being opened' divisi why 2A
export GITHUB_TOKEN=ghp_second_token
claim "with another token it is started again" restart
claim "the edit is a conflict (J-44)" until_true box_is '[l["state"] for l in o["letters"]].count("conflict")' 1
claim "it is not written over" there_is '(mine[2]["body"], mine[2]["state"])' "('Do something else', 'open')"
order '{"fault": "lost", "n": 1, "skip": 9}'
claim "a person goes on" divisi outbox retry "$(box '[l["id"] for l in o["letters"] if l["state"] == "conflict"][0]')"
claim "its pull request is opened once" until_true there_is '[(x["head"], x["state"]) for x in pulls]' "[('command/4-work-on-2a', 'open')]"
claim "it closes the issue of the session only" there_is 'pulls[0]["body"].strip().split("\n")[-1] == "Closes " + mine[2]["id"]' True
claim "its branch is at the remote" equals "$(git -C "$scratch/origin.git" rev-parse command/4-work-on-2a)" "$(git rev-parse command/4-work-on-2a)"
claim "checks that are not done hold it" until_true says 'checks of its pull request are not done' divisi why 2A
order '{"checks": [["completed", "failure"]]}'
claim "so do checks that fail" until_true says 'checks of its pull request fail' divisi why 2A
claim "that needs a person" says 'NEEDS YOU.*checks' divisi status
order '{"checks": [["completed", "success"]], "reviews": [["grace", "CHANGES_REQUESTED"]]}'
divisi merge 2A --yes
claim "so does a review that asks for changes" until_true says 'asks for changes' divisi why 2A
order '{"reviews": [["grace", "APPROVED"]]}'
divisi merge 2A --yes
claim "then it lands" becomes 2A "done"
claim "the remote has it" until_true remote_has_main
claim "the pull request is closed, and says what landed" until_true there_is '(pulls[0]["state"], sum("Landed as" in c for c in t["comments"]))' "('closed', 1)"
claim "the registry is ours: a hand edit is noticed and written over" until_true says 'edited the registry by hand' divisi events --json
claim "nothing of it is left" until_true there_is 'any("My words" in c for c in t["comments"])' False
claim "their text stands, our status too" until_true there_is '(mine[2]["body"], mine[2]["state"])' "('Do something else', 'completed')"

# ---- the third: a program tells the token, and the branch itself is merged ------------------------

printf '#!/bin/sh\ncat %s\n' "$scratch/key" >"$scratch/bin/tell_token"
chmod 755 "$scratch/bin/tell_token"
echo ghp_second_token >"$scratch/key"
git config divisi.tracker.token-helper "$scratch/bin/tell_token"
git config divisi.landing merge
unset GITHUB_TOKEN
claim "without a token of its own it is started again" restart
divisi dispatch "$plan"
claim "the third batch is filed" until_true there_is 'len(mine)' 4
claim "it waits as well" until_true waits_for_approval
claim "it is approved as well" approve_table
claim "it runs as well" until_true there_is '"status:in-progress" in mine[3]["labels"]' True
order '{"token": "ghp_third_token"}'
touch "$scratch/go3"
claim "the helper's token is revoked" until_true box_is 'o["state"]' refused
claim "the session waits for its pull request" becomes 3A mergeable
echo ghp_third_token >"$scratch/key"
claim "it is asked again" divisi outbox retry all
claim "it lands" becomes 3A "done"
claim "without a restart all is drained" until_true box_is '(o["state"], o["pending"])' "('online', 0)"
claim "GitHub sees that its branch was merged" until_true there_is '[x["state"] for x in pulls]' "['closed', 'merged']"
claim "all is done there" there_is '{x["state"] for x in mine}' "{'completed'}"
claim "what each needed is what it was blocked by (R-120)" there_is '[x["blocked_by"] for x in mine]' \
	"[[], [], ['$(field 1A sub_issue)'], ['$(field 2A sub_issue)']]"
claim "each session has one issue" there_is '(len(mine), len({x["title"] for x in mine}), {x["parent"] for x in mine})' "(4, 4, {'#1'})"
claim "no comment stands twice" there_is 'len(t["comments"]) == len(set(t["comments"]))' True
claim "each agent was started once" equals "$(sort "$scratch/started" | uniq -d)/$(wc -l <"$scratch/started")" /4
claim "the registry stands once in the master issue" there_is 'sum("Session Name" in c for c in t["comments"])' 1
claim "the token is nowhere in what is kept" keeps_no_token
e2e_end
