#!/bin/bash
# Plans from issues (`divisi plan --from`) of all three trackers, end to end: relations are the
# dependencies, texts the phases, and `divisi run` of the plan as it was written lands the work
# and moves the issues. Then what is no plan: archived, HTML, 60 kB, circles, nothing.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/runs.sh"
e2e_begin "$@"
command -v divisi >/dev/null || skip_all "divisi is not built"

made=2026-11-22-made.md
has_line() { says "$1" cat "$made"; }
has_no() { ! grep -qE -- "$1" "$made"; }
# The plan names no agent: that is a person's word, one line in each section.
name_agent() { sed -i 's/^- Depends on:/- Agent: command\n&/' "$made"; }
no_server() { [ -z "$(server_pid)" ]; }
fresh() {
	[ -z "$(server_pid)" ] || { divisi server --stop >/dev/null 2>&1 && until_true no_server; }
	fake_repo "$1" && cd "$1" && git config divisi.merge auto
}
lands_all() {
	name_agent && divisi check "$made" && divisi run "$made" --approve-all &&
		[ "$(cat a.txt b.txt c.txt | tr '\n' ' ')" = "one two three " ]
}
step() { printf 'Text.\n\n- Writes: `%s`\n\n1. fake:write=%s:%s fake:commit=%s\n\n- [ ] it is there\n' "$1" "$1" "$2" "$1"; }
as_json() { python3 -c 'import json,sys; print(json.dumps(sys.stdin.read()))'; }

# ---- the built-in tracker ----------------------------------------------------------------

fresh "$scratch/local" || exit 99
divisi issue new "The whole" --type feature                  # DV-1
step a.txt one | divisi issue new "Part a" --parent DV-1 --label exec:quick --body-file -
step b.txt two | divisi issue new "Part b" --parent DV-1 --label exec:quick --body-file -
step c.txt three | divisi issue new "Part c" --parent DV-1 --label exec:quick --body-file -
divisi issue relate DV-2 blocks DV-4
divisi issue relate DV-4 blocked-by DV-3
claim "local: a plan is made" divisi plan --from local:DV-1 "$made"
claim "local: what blocks comes first" has_line '^\| 2A \| \[DV-4\].*\| 1A, 1B \| Todo \|$'
claim "local: it runs to its end" lands_all
claim "local: its issues are done" until_true says '"status":"Done"' divisi issue show DV-4 --json

# ---- what is no plan ---------------------------------------------------------------------

fresh "$scratch/odd" || exit 99
divisi issue new "Odd" --type feature                        # DV-1
claim "nothing below it is told (5)" says 'has no sub-issues to be phases' divisi plan --from local:DV-1
divisi issue new "One" --parent DV-1
divisi issue new "Two" --parent DV-1
divisi issue relate DV-2 blocks DV-3
claim "no circle of relations can be made here" divisi_fails 3 issue relate DV-3 blocks DV-2
divisi issue new "Html" --type feature                       # DV-4
printf '<script>alert(1)</script>\n<!-- - Writes: `x` -->\n{SECRET}\n\n1. <b>Write</b> [it](javascript:x) | now @everyone\n- [ ] a | b <!-- c\n' |
	divisi issue new 'Part </td> | 🎉 [x](y) {z}' --parent DV-4 --body-file -
yes 'Words and more words, a line of them with a ü in it.' | head -c 61000 |
	divisi issue new "Long" --parent DV-4 --body-file -
claim "HTML, emoji and 60 kB are a plan" divisi plan --from local:DV-4 "$made.2"
made=$made.2
claim "that is sound" divisi check "$made"
claim "no tag, comment or field of a prompt is in it" has_no '<|>|[{}]'
claim "titles are told as they are otherwise" has_line '🎉'
claim "a long text is not copied into it" test "$(wc -c <"$made")" -lt 6000
made=2026-11-22-made.md
divisi server --stop >/dev/null 2>&1

if [ ! -f "${E2E_TRACKERS:-}/version" ] || ! node --version >/dev/null 2>&1; then
	e2e_end
fi
order() { curl -sS "$there/control" -d "$1" >/dev/null; }
of() {
	curl -sS "$there/control" | python3 -c '
import json, sys
t = json.load(sys.stdin)
print(eval(sys.argv[1], {"t": t, "mine": t["mine"]}))' "$1"
}
there_is() { equals "$(of "$1")" "$2"; }

# Two that wait for each other, below one of their own.
circle() {
	order '{"change": {"T-41": {"parentId": "T-40"}, "T-42": {"parentId": "T-40"}}, "block": [["T-41", "T-42"], ["T-42", "T-41"]]}'
	divisi plan --from linear:T-40 circle.md
}

# ---- Linear ------------------------------------------------------------------------------

coproc LINEAR { exec node "$top/tests/tracker/server_linear.mjs" "$E2E_TRACKERS"; }
read -r -t 60 port <&"${LINEAR[0]}"
there=http://127.0.0.1:$port
export LINEAR_API_KEY=lin_api_test_secret_token
fresh "$scratch/linear" || exit 99
git config divisi.tracker linear
git config divisi.tracker.team CIA
git config divisi.tracker.url "$there/graphql"
order '{"reset": true, "seed": ["T-100", "T-11", "T-12", "T-21", "T-31", "T-32", "T-33", "T-40", "T-41", "T-42"]}'
order '{"change": {
	"T-11": {"parentId": "T-100", "estimate": 3, "description": '"$(step a.txt one | as_json)"'},
	"T-12": {"parentId": "T-100", "description": '"$(step b.txt two | as_json)"'},
	"T-21": {"parentId": "T-100", "description": '"$(step c.txt three | as_json)"'},
	"T-31": {"parentId": "T-100", "title": "Was archived"}, "T-33": {"parentId": "T-32"}},
	"label": {"T-11": ["exec:quick"], "T-12": ["exec:quick"], "T-21": ["exec:quick"]},
	"block": [["T-21", "T-11"], ["T-21", "T-12"], ["T-11", "T-33"]], "archive": ["T-31", "T-32"]}'
claim "Linear: a plan is made" divisi plan --from linear:T-100 "$made"
claim "Linear: relations are its dependencies" has_line '^\| 2A \| \[T-21\].*\| 1A, 1B \| Todo \|$'
claim "Linear: a label is the mode, an estimate the points" has_line '^\| \[T-11\].*\| quick \| 3pt \|'
claim "Linear: what blocks from outside is told" has_line '  - It is blocked by \[T-33: '
claim "Linear: what is archived is no phase" has_no 'Was archived'
claim "Linear: an archived parent is refused with the mend" says 'T-32 is archived' divisi plan --from linear:T-32
claim "Linear: as a rule (3)" divisi_fails 3 plan --from linear:T-32
claim "Linear: one that is nowhere is told (5)" divisi_fails 5 plan --from linear:T-999
claim "Linear: one without sub-issues too (5)" divisi_fails 5 plan --from linear:T-11
claim "Linear: a circle of relations is written as it is" circle
claim "Linear: and the check names it (1)" exits 1 divisi check circle.md
claim "Linear: indeed" says 'cycle' divisi check circle.md
claim "Linear: which no run takes" says 'refused G02' divisi run circle.md --approve-all
order '{"fault": "500", "n": 100}'
claim "Linear: an outage is told (8)" divisi_fails 8 plan --from linear:T-100
order '{"fault": "limited", "n": 1}'
claim "Linear: so is a limit" says 'limit' divisi plan --from linear:T-100
order '{"fault": "401", "n": 1}'
divisi plan --from linear:T-100 >"$scratch/said" 2>&1
claim "Linear: a refused token is told, and not printed" sh -c "grep -q refused $scratch/said && ! grep -q lin_api $scratch/said"
order '{"fault": "html", "n": 1, "skip": 2}'
claim "Linear: no JSON half-way is no half a plan" divisi_fails 7 plan --from linear:T-100 half.md
claim "Linear: indeed" test ! -e half.md
order '{}'
claim "Linear: it runs to its end" lands_all
claim "Linear: each phase has one sub-issue, all done" until_true there_is '[x["state"] for x in mine]' "['Done', 'Done', 'Done']"
claim "Linear: below the issue it was made of" there_is '{x["parent"] for x in mine}' "{'T-100'}"
claim "Linear: made again, what divisi filed is no phase" divisi plan --from linear:T-100 again.md
claim "Linear: so it has the same phases" equals "$(grep -c '^### ' again.md)" 3
claim "Linear: nothing that belongs to people was written (T05)" there_is 't["forbidden"]' None

# ---- GitHub ------------------------------------------------------------------------------

kill "$LINEAR_PID"
wait "$LINEAR_PID" 2>/dev/null
coproc GITHUB { exec node "$top/tests/tracker/server_github.mjs" "$E2E_TRACKERS"; }
read -r -t 60 port <&"${GITHUB[0]}"
there=http://127.0.0.1:$port
export GITHUB_TOKEN=lin_api_test_secret_token
fresh "$scratch/github" || exit 99
git config divisi.tracker github
git config divisi.tracker.team acme/gates
git config divisi.tracker.url "$there"
label='"labels": ["exec:quick"]'
order '{"reset": true, "seed": 6}'
order '{"change": {
	"#2": {'"$label"', "body": '"$(step a.txt one | as_json)"'},
	"#3": {'"$label"', "body": '"$(step b.txt two | as_json)"'},
	"#4": {'"$label"', "body": '"$(step c.txt three | as_json)"'}},
	"below": [[2, 1], [3, 1], [4, 1]], "block": [[4, 2], [4, 3], [2, 6]]}'
claim "GitHub: a plan is made" divisi plan --from 'github:acme/gates#1' "$made"
claim "GitHub: dependencies are its dependencies" has_line '^\| 2A \| \[#4\].*\| 1A, 1B \| Todo \|$'
claim "GitHub: a label is the mode" has_line '^- Mode: quick'
claim "GitHub: what blocks from outside is told" has_line '  - It is blocked by \[#6: '
claim "GitHub: a plan of the repository of the settings names numbers alone" has_line '^- Issue: \[#2: '
git config divisi.tracker.team acme/other
claim "GitHub: one of another repository says which" divisi plan --from 'github:acme/gates#1' other.md
claim "GitHub: indeed" says '^- Issue: \[acme/gates#2: .*issues/2' cat other.md
claim "GitHub: and is sound" divisi check other.md
git config divisi.tracker.team acme/gates
claim "GitHub: one that is nowhere is told (5)" divisi_fails 5 plan --from 'github:acme/gates#99'
claim "GitHub: so is another repository (5)" divisi_fails 5 plan --from 'github:acme/none#1'
claim "GitHub: one without sub-issues too (5)" divisi_fails 5 plan --from 'github:acme/gates#5'
claim "GitHub: no issue is no address (2)" divisi_fails 2 plan --from 'github:acme#1'
claim "GitHub: it runs to its end" lands_all
claim "GitHub: each phase has one sub-issue, all done" until_true there_is '[x["state"] for x in mine]' "['completed', 'completed', 'completed']"
claim "GitHub: below the issue it was made of" there_is '{x["parent"] for x in mine}' "{'#1'}"
claim "GitHub: made again, what divisi filed is no phase" divisi plan --from 'github:acme/gates#1' again.md
claim "GitHub: so it has the same phases" equals "$(grep -c '^### ' again.md)" 3
e2e_end
