#!/bin/bash
# A tracker over the network (J-26, J-27, E-18): outages, limits, a refused token, answers
# that were lost, restarts and other people's edits, and exactly one of everything in the end.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/runs.sh"
e2e_begin "$@"
command -v divisi >/dev/null || skip_all "divisi is not built"

plan=2026-11-22-try-it.md
there=$scratch/there
# new_tracker: an empty one with the master issue and the work issues of the plan.
new_tracker() {
	rm -rf "$there" && mkdir -p "$there" && cp "$top/tests/fakes/tracker_command.py" "$there/program"
	chmod 755 "$there/program"
	python3 - "$there/state.json" <<'PY'
import json, sys
one = {"title": "t", "body": "theirs", "parent": "", "status": "Todo", "labels": [], "estimate": 0,
       "assignee": "", "delegate": "", "comments": [], "related": [], "files": [], "updated_at": 1}
json.dump({"clock": 1, "keys": {}, "issues": {i: dict(one, id=i, comments=[], related=[], files=[])
                                             for i in ("T-100", "T-11", "T-12", "T-13")}}, open(sys.argv[1], "w"))
PY
	: >"$there/calls"
}
# of EXPRESSION: i[ID] are the issues there; mine those that divisi made.
of() {
	python3 -c '
import json, sys
i = json.load(open(sys.argv[1]))["issues"]
print(eval(sys.argv[2], {"i": i, "mine": [x for x in i.values() if x["id"].startswith("FT-")]}))' "$there/state.json" "$1"
}
there_is() { equals "$(of "$1")" "$2"; }
change() {
	python3 - "$there/state.json" "$1" <<'PY'
import json, sys
s = json.load(open(sys.argv[1]))
exec(sys.argv[2], {"i": s["issues"]})
for x in s["issues"].values():
    x["updated_at"] += 1000
json.dump(s, open(sys.argv[1], "w"))
PY
}
box() { divisi outbox --json | python3 -c 'import json,sys; o=json.load(sys.stdin); print(eval(sys.argv[1], {"o": o}))' "$1"; }
box_is() { equals "$(box "$1")" "$2"; }
waits_for_approval() { equals "$(look 'plan["batches"][-1]["state"]')" awaiting-approval; }
restart() { divisi server --stop >/dev/null 2>&1; until_true no_server; }
no_server() { [ -z "$(server_pid)" ]; }
# once: nothing was made twice, whatever happened on the way.
once() {
	there_is 'len(mine)' "$1" &&
		there_is 'all(len(c) == len(set(c)) for c in [[y["kind"] + y["body"] for y in x["comments"]] for x in i.values()])' True &&
		there_is 'all(len(x["files"]) == len(set(x["files"])) for x in i.values())' True
}

new_tracker
fake_repo "$scratch/repo" && cd "$scratch/repo" || exit 99
git config divisi.tracker command
git config divisi.tracker.program "$there/program"
git config --add divisi.fence.write "$scratch"
fake_plan "$plan" <<END
1A|quick|Writes: \`a.txt\`|fake:write=a.txt:one fake:commit=a fake:wait=$scratch/go
1B|quick|Writes: \`b.txt\`|fake:write=b.txt:one fake:commit=b fake:wait=$scratch/go
END

# ---- before the launch ---------------------------------------------------------------------

echo down >"$there/trouble"
claim "an outage refuses the dispatch (J-26)" divisi_fails 3 dispatch "$plan"
claim "nothing was launched" equals "$(cat "$scratch/started")" ""
claim "nothing is there" there_is 'len(mine)' 0
claim "status says so" says 'tracker command: offline' divisi status
rm "$there/trouble"
echo lost 2 >"$there/trouble"
divisi dispatch "$plan" >/dev/null 2>&1
claim "answers that are lost make no second issue" until_true there_is 'len(mine)' 2
claim "the table waits for approval" until_true waits_for_approval
claim "the text is the whole prompt (S-48)" there_is 'all("## " in x["body"] or "Phase" in x["body"] for x in mine)' True
claim "the plan hangs on the master issue (R-1)" until_true there_is 'len(i["T-100"]["files"])' 1

# ---- during the run --------------------------------------------------------------------------

echo down >"$there/trouble"
claim "it is approved while the tracker is down" approve_table
claim "sessions run all the same" becomes 1A active
claim "both" becomes 1B active
claim "their writes queue" until_true box_is 'o["state"] == "offline" and o["pending"] > 2' True
claim "in status too" says 'pending' divisi status
restart
claim "a restart loses none" until_true box_is 'o["pending"] > 2' True
echo auth >"$there/trouble"
divisi outbox retry all >/dev/null
claim "a refused token is told (J-27)" until_true box_is 'o["state"]' refused
restart
echo limited 2 >"$there/trouble"
divisi outbox retry all >/dev/null
claim "after limits all is drained" until_true box_is '(o["state"], o["pending"])' "('online', 0)"
claim "the issues are in progress" there_is '[x["status"] for x in mine]' "['In Progress', 'In Progress']"
claim "in the order they were owed" equals "$(grep -c '^update FT-5 In Progress$' "$there/calls")" 1
claim "the registry stands in the master issue" there_is 'sum(c["kind"] == "registry" for c in i["T-100"]["comments"])' 1
claim "exactly one of everything" once 2

# ---- other people ------------------------------------------------------------------------------

a=$(field 1A sub_issue) b=$(field 1B sub_issue)
change "i['$a']['status'] = 'In Review'"
change "i['$b']['body'] = 'Do something else'"
touch "$scratch/go"
claim "the work goes on" becomes 1A in-review
claim "a changed text is a conflict (J-44)" until_true box_is '[l["state"] for l in o["letters"] if l["issue"] == "'"$b"'"][0]' conflict
claim "it is not written over" there_is "(i['$b']['body'], i['$b']['status'])" "('Do something else', 'In Progress')"
claim "the session's own move is adopted" until_true there_is "i['$a']['status']" "In Review"
claim "it is on record" until_true says 'adopted' divisi events --json
claim "a conflict is not retried by all" divisi outbox retry all
claim "it still waits" box_is 'o["stopped"]' 1
restart
claim "a restart forgets it not" until_true box_is 'o["stopped"]' 1
claim "it names what was changed" says 'its text is another' divisi outbox
letter=o$(box '[l["id"] for l in o["letters"] if l["state"] == "conflict"][0]')
claim "doctor tells of it" says 'tracker.*1 write.s. wait for you' divisi doctor
claim "it stands in the inbox, with what to do" says "divisi approve $letter" divisi approvals
claim "to decline it needs a reason" divisi_fails 2 decline "$letter"
claim "to give it up needs a reason" divisi_fails 2 outbox drop "$(box 'o["letters"][0]["id"]')"
claim "a person goes on" divisi approve "$letter"
claim "then the rest follows" until_true box_is '(o["stopped"], o["pending"])' "(0, 0)"
claim "their text stands" there_is "i['$b']['body']" "Do something else"
claim "the status is ours" there_is "i['$b']['status']" "In Review"
# Labels are everybody's and are merged; a title and a delegate are not (J-44).
change "i['$a']['labels'].append('theirs')"
change "i['$b']['delegate'] = 'copilot'"
git config divisi.merge auto
claim "it is merged" divisi merge --yes
claim "another's agent at it is a conflict" until_true box_is '[l["why"] for l in o["letters"] if l["issue"] == "'"$b"'" and l["state"] == "conflict"] != []' True
claim "it names whom" says 'delegated to copilot' divisi outbox
claim "their label is adopted, and stands" until_true there_is "(i['$a']['status'], 'theirs' in i['$a']['labels'])" "('Done', True)"
claim "that is on record" until_true says 'labelled it' divisi events --json
change "i['$b']['title'] = 'Another title'"
claim "to write on top is one yes for all of it" divisi approve "o$(box '[l["id"] for l in o["letters"] if l["state"] == "conflict"][0]')"
claim "and done there" until_true there_is '[x["status"] for x in mine]' "['Done', 'Done']"
claim "still exactly one of everything" once 2

# ---- queued -------------------------------------------------------------------------------------

fake_repo "$scratch/two" && cd "$scratch/two" || exit 99
rm -f "$scratch/go"
new_tracker
git config divisi.tracker command
git config divisi.tracker.program "$there/program"
fake_plan "$plan" <<END
1A|quick|Writes: \`a.txt\`|fake:write=a.txt:one fake:commit=a
END
git config divisi.tracker jira
claim "an unknown tracker is named" divisi_fails 7 dispatch "$plan"
git config divisi.tracker command
echo down >"$there/trouble"
divisi dispatch "$plan" --queue >/dev/null 2>&1
claim "queued, the table waits for approval" until_true waits_for_approval
claim "it is approved" approve_table
claim "it runs without an issue" becomes 1A in-review
rm "$there/trouble"
claim "which is filed afterwards" until_true there_is '[x["status"] for x in mine]' "['In Review']"
claim "the session knows it" equals "$(field 1A sub_issue)" FT-5
claim "once" once 1

e2e_end
