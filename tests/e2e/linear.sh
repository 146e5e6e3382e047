#!/bin/bash
# Three batches whose issues live on Linear: its published schema, executed on loopback
# (tests/tracker/server_linear.mjs), through outage, limit, two restarts, tokens that are
# revoked, and an edit by somebody else; exactly one of everything in the end.
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
box() { divisi outbox --json | python3 -c 'import json,sys; o=json.load(sys.stdin); print(eval(sys.argv[1], {"o": o}))' "$1"; }
box_is() { equals "$(box "$1")" "$2"; }
waits_for_approval() { equals "$(look 'plan["batches"][-1]["state"]')" awaiting-approval; }
no_server() { [ -z "$(server_pid)" ]; }
restart() { divisi server --stop >/dev/null 2>&1 && until_true no_server && divisi status; }

keeps_no_token() { ! grep -rqE 'lin_api_(test_secret|second|third)_token' "$scratch/repo" "$scratch/home"; }

order '{"reset": true, "seed": ["T-100", "T-11", "T-12", "T-21", "T-31"]}'
export LINEAR_API_KEY=lin_api_test_secret_token
fake_repo "$scratch/repo" && cd "$scratch/repo" || exit 99
git config divisi.tracker linear
git config divisi.tracker.team CIA
git config divisi.tracker.url "$there/graphql"
git config divisi.merge auto
git config divisi.tracker.assignee me
fake_plan "$plan" <<END
1A|quick|Writes: \`a.txt\`|fake:write=a.txt:one fake:commit=a fake:wait=$scratch/go
1B|quick|Writes: \`b.txt\`|fake:write=b.txt:one fake:commit=b fake:wait=$scratch/go
2A|quick|Reads: \`a.txt\`; Writes: \`c.txt\`|fake:write=c.txt:one fake:commit=c fake:wait=$scratch/go2
3A|quick|Reads: \`c.txt\`; Writes: \`d.txt\`|fake:write=d.txt:one fake:commit=d fake:wait=$scratch/go3
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
claim "it waits for approval" until_true waits_for_approval
claim "and belongs to nobody yet" there_is '[x["assignee"] for x in mine]' "['', '']"
order '{"fault": "limited", "n": 2}'
claim "it is approved" approve_table
claim "sessions run" becomes 1A active
claim "both of them" becomes 1B active
claim "nobody had an issue before the approval; now who answers for it has (A-20, R-197)" \
	until_true there_is '[(x["assignee"], x["delegate"]) for x in mine]' "[('Ada L.', ''), ('Ada L.', '')]"
claim "the server is started again" restart
claim "after a limit and a restart the issues move" \
	until_true there_is '[x["state"] for x in mine]' "['In Progress', 'In Progress']"
touch "$scratch/go"
claim "the work is merged" becomes 1A "done"
claim "all of it" becomes 1B "done"
claim "and done there" until_true there_is '[x["state"] for x in mine]' "['Done', 'Done']"
claim "exactly one of everything" there_is '(len(mine), len(t["files"]), len(t["comments"]) == len(set(t["comments"])))' "(2, 1, True)"

# ---- the second batch: the token of the environment is revoked, and somebody edits --------------

divisi dispatch "$plan" >/dev/null 2>&1
claim "the second batch is filed" until_true there_is 'len(mine)' 3
claim "it waits too" until_true waits_for_approval
blocks() { of '[(a, b) for a, type, b in t["links"] if type == "blocks"]'; }
blocks_are() { equals "$(blocks)" "$1"; }
claim "what it needed is what it was blocked by, once (R-120)" until_true blocks_are "[('$(field 1A sub_issue)', '$(field 2A sub_issue)')]"
claim "it is approved too" approve_table
claim "it runs" until_true there_is 'mine[2]["state"]' "In Progress"
claim "all of that is sent" until_true box_is 'o["pending"]' 0
order '{"token": "lin_api_second_token", "change": {"'"$(field 2A sub_issue)"'": {"description": "Do something else"}}}'
touch "$scratch/go2"
claim "a revoked token stops no session" becomes 2A "done"
claim "it is told (J-27)" until_true box_is 'o["state"]' refused
claim "nothing is lost of what is owed" box_is 'o["pending"] > 1' True
claim "nor written" there_is 'mine[2]["state"]' "In Progress"
export LINEAR_API_KEY=lin_api_second_token
claim "with another token it is started again" restart
claim "the edit is a conflict (J-44)" until_true box_is '[l["state"] for l in o["letters"]].count("conflict")' 1
claim "it is not written over" there_is '(mine[2]["body"], mine[2]["state"])' "('Do something else', 'In Progress')"
claim "a person goes on" divisi outbox retry "$(box '[l["id"] for l in o["letters"] if l["state"] == "conflict"][0]')"
claim "then the rest follows" until_true box_is '(o["state"], o["pending"])' "('online', 0)"
claim "their text stands, our status too" there_is '(mine[2]["body"], mine[2]["state"])' "('Do something else', 'Done')"

# ---- the third: a program tells the token ---------------------------------------------------------

printf '#!/bin/sh\ncat %s\n' "$scratch/key" >"$scratch/bin/tell_token"
chmod 755 "$scratch/bin/tell_token"
echo lin_api_second_token >"$scratch/key"
git config divisi.tracker.token-helper "$scratch/bin/tell_token"
unset LINEAR_API_KEY
claim "without a token of its own it is started again" restart
divisi dispatch "$plan" >/dev/null 2>&1
claim "the third batch is filed" until_true there_is 'len(mine)' 4
claim "it waits as well" until_true waits_for_approval
claim "it is approved as well" approve_table
claim "it runs as well" until_true there_is 'mine[3]["state"]' "In Progress"
order '{"token": "lin_api_third_token"}'
touch "$scratch/go3"
claim "the helper's token is revoked" until_true box_is 'o["state"]' refused
claim "the session lands" becomes 3A "done"
echo lin_api_third_token >"$scratch/key"
claim "it is asked again" divisi outbox retry all
claim "without a restart all is drained" until_true box_is '(o["state"], o["pending"])' "('online', 0)"
claim "all is done there" there_is '{x["state"] for x in mine}' "{'Done'}"
claim "each relation stands once" equals "$(blocks)" \
	"[('$(field 1A sub_issue)', '$(field 2A sub_issue)'), ('$(field 2A sub_issue)', '$(field 3A sub_issue)')]"
claim "each session has one issue" there_is '(len(mine), len({x["title"] for x in mine}), {x["parent"] for x in mine})' "(4, 4, {'T-100'})"
claim "no comment stands twice, no plan hangs twice" \
	there_is '(len(t["comments"]) == len(set(t["comments"])), len(t["files"]) == len(set(t["files"])) == t["attachments"])' "(True, True)"
claim "each agent was started once" equals "$(sort "$scratch/started" | uniq -d)/$(wc -l <"$scratch/started")" /4
claim "nothing that belongs to people was written (T05)" there_is 't["forbidden"]' None
claim "the token is nowhere in what is kept" keeps_no_token
e2e_end
