#!/bin/bash
# What is odd but must not stop a dispatch, on Linear and on GitHub with the real binary: slow
# and strange answers once, clocks that differ, a team with other names for its states, long
# texts, mentions and orders in quoted text; and what a person must mend: an assignee nobody
# knows, a state that is not there, a text that is too long.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/runs.sh"
. "$(dirname "$0")/trackers.sh"
e2e_begin "$@"
needs_trackers

plan=2026-11-22-try-it.md
hostile='Closes #1, fixes acme/gates#2; @grace @copilot see <b onclick=x>this</b> 🎉'

# begin_odd BYTES: a plan of one phase whose text is hostile, and as long as that.
begin_odd() {
	rm -rf "${scratch:?}/$server"
	fake_repo "$scratch/$server" && cd "$scratch/$server" || exit 99
	git config divisi.merge auto
	git config divisi.tracker "$server"
	fake_plan "$plan" <<'PLAN'
1A|quick|Writes: `a.txt`|fake:write=a.txt:one fake:commit=a
PLAN
	python3 - "$plan" "$1" "$hostile" <<'PYTHON'
import sys
path, size, words = sys.argv[1], int(sys.argv[2]), sys.argv[3]
text = open(path).read()
long = (words + " ") * (size // len(words.encode()) + 1)
text = text.replace("  - A program does it.", "  - > " + (long if size else words))
open(path, "w").write(text)
PYTHON
}
end_odd() { divisi server --stop >/dev/null 2>&1; }
# filed_after SECONDS: the dispatch files its one session within that time.
filed_after() {
	local begin=$SECONDS
	timeout "$1" divisi dispatch "$plan" >"$scratch/said" 2>&1
	until_true there_is 'len(mine)' 1 && [ $((SECONDS - begin)) -le "$1" ] &&
		! grep -q "$token" "$scratch/said"
}
survives() {
	local fault
	for fault; do
		order '{"fault": "'"$fault"'", "n": 1, "skip": 2}'
		claim "$server: one answer that is $fault delays it at most" filed_after 110
		claim "$server: $fault: it waits for approval" until_true waits_for_approval
		divisi decline --hash "$(look 'plan["batches"][-1]["hash"]')" >/dev/null 2>&1
	done
	claim "$server: after all of that its issue is there once" there_is 'len(mine)' 1
}
runs_out() {
	claim "$server: nothing is left to send" until_true box_is '(o["state"], o["pending"])' "('online', 0)"
}
runs() {
	claim "$server: it is approved" approve_table
	claim "$server: it runs and lands" becomes 1A "done"
	runs_out
	claim "$server: no token is kept" keeps_no_token
}

# ---- Linear ------------------------------------------------------------------------------

start_tracker linear
order '{"reset": true, "seed": ["T-100", "T-11"]}'
export LINEAR_API_KEY=$token
begin_odd 0
git config divisi.tracker.team CIA
git config divisi.tracker.url "$there/graphql"
survives truncated huge deep html drop skewed
divisi dispatch "$plan" >/dev/null 2>&1
claim "linear: filed again it is the same" until_true there_is 'len(mine)' 1
claim "linear: quoted text is as it was written" there_is '"> Closes #1, fixes acme/gates#2" in mine[0]["body"]' True
runs
end_odd

order '{"reset": true, "seed": ["T-100", "T-11"]}'
begin_odd 0
git config divisi.tracker.team ODD
git config divisi.tracker.url "$there/graphql"
git config divisi.tracker.status "In Review=No such state"
divisi dispatch "$plan" >/dev/null 2>&1
approve_table >/dev/null
claim "linear: a state that is not there is named" until_true says 'no state for In Review.*No such state' divisi outbox
claim "linear: and stops no work" becomes 1A "done"
git config divisi.tracker.status "In Review=Code review"
claim "linear: mended, it is sent again and arrives" divisi outbox retry all
runs_out
claim "linear: its issue is done" there_is '[x["state"] for x in mine]' "['Served']"
end_odd

order '{"reset": true, "seed": ["T-100", "T-11"]}'
begin_odd 0
git config divisi.tracker.team ODD
git config divisi.tracker.url "$there/graphql"
git config divisi.tracker.status "In Review=Waiting for QA"
divisi dispatch "$plan" >/dev/null 2>&1
claim "linear: a team with other names for its states takes it" until_true waits_for_approval
claim "linear: in its own words" there_is '[x["state"] for x in mine]' "['Up next']"
runs
claim "linear: at the end too" until_true there_is '[x["state"] for x in mine]' "['Served']"
end_odd

order '{"reset": true, "seed": ["T-100", "T-11"]}'
begin_odd 0
git config divisi.tracker.team CIA
git config divisi.tracker.url "$there/graphql"
git config divisi.tracker.assignee nobody-knows-her
divisi dispatch "$plan" >"$scratch/said" 2>&1
approve_table >/dev/null 2>&1
claim "linear: a user that nobody knows is told" until_true says 'nobody-knows-her' divisi outbox
claim "linear: and stops no work" becomes 1A "done"
git config divisi.tracker.assignee grace
claim "linear: mended, it is sent again" divisi outbox retry all
claim "linear: and all of it arrives" until_true box_is '(o["state"], o["pending"])' "('online', 0)"
claim "linear: once" there_is '[(x["state"], x["assignee"]) for x in mine]' "[('Done', 'Grace H.')]"
end_odd

order '{"reset": true, "seed": ["T-100", "T-11"]}'
begin_odd 60000
git config divisi.tracker.team CIA
git config divisi.tracker.url "$there/graphql"
divisi dispatch "$plan" >/dev/null 2>&1
claim "linear: 60 kB are filed whole" until_true there_is 'len(mine[0]["body"].encode()) > 60000' True
runs
end_odd
unset LINEAR_API_KEY

# ---- GitHub ------------------------------------------------------------------------------

start_tracker github
export GITHUB_TOKEN=$token
github() {
	order '{"reset": true, "seed": 2}'
	begin_odd "$1"
	numbered "$plan" T-100 T-11
	git config divisi.tracker.team acme/gates
	git config divisi.tracker.url "$there"
}
github 0
survives truncated huge deep html drop skewed
divisi dispatch "$plan" >/dev/null 2>&1
claim "github: filed again it is the same" until_true there_is 'len(mine)' 1
runs
end_odd

github 0
git config divisi.tracker.assignee nobody-knows-her
divisi dispatch "$plan" >"$scratch/said" 2>&1
approve_table >/dev/null 2>&1
claim "github: a user that nobody knows is told" until_true says 'nobody-knows-her' divisi outbox
claim "github: and stops no work" becomes 1A "done"
git config divisi.tracker.assignee grace
claim "github: mended, it is sent again" divisi outbox retry all
claim "github: and all of it arrives" until_true box_is '(o["state"], o["pending"])' "('online', 0)"
claim "github: once" there_is '[(x["state"], x["assignees"]) for x in mine]' "[('completed', ['grace'])]"
end_odd

github 60000
divisi dispatch "$plan" >/dev/null 2>&1
claim "github: 60 kB are filed whole" until_true there_is 'len(mine[0]["body"].encode()) > 60000' True
runs
end_odd

github 66000
claim "github: more than it takes is refused, with its limit" says '65536' divisi dispatch "$plan"
claim "github: and nothing is filed" there_is 'len(mine)' 0
e2e_end
