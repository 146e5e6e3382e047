#!/bin/bash
# How a session ends (SPEC 2.5): its two files in the checkout from before its agent began,
# checkpoints step by step, the exit report with four headings, closing comments with
# evidence, the tables at the end; and nothing of the two files is ever committed.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/runs.sh"
e2e_begin "$@"
command -v divisi >/dev/null || skip_all "divisi is not built"
plan=2026-11-22-try-it.md

fake_repo "$scratch/repo" && cd "$scratch/repo" || exit 99
fake_plan "$plan" <<END
1A|tdd|Writes: \`a.txt\`|fake:bash=cp .ccc-state.json .divisi-first.json fake:bash=cp .ccc-progress.md .divisi-first.md fake:progress=1/3:the parser fake:write=a.txt:one fake:commit=a is there fake:bash=(echo; echo '## Decisions'; echo; echo The old format stays.) >>.ccc-progress.md fake:wait=$scratch/go
1B|checkpoint|Writes: \`b.txt\`|fake:write=b.txt:two fake:commit=b fake:wait=$scratch/go
END
divisi dispatch "$plan" >/dev/null 2>&1
claim "there is nothing to keep of what never ran" divisi_fails 6 checkpoint 1A
approve_table
claim "1A works" becomes 1A active
tree=$(field 1A path)
claim "1A has committed and noted a decision" until_true grep -q "old format" "$tree/.ccc-progress.md"

state() {
	python3 - "$1" "$2" <<'END'
import json, sys
print(json.load(open(sys.argv[1]))[sys.argv[2]])
END
}
claim "the state file was there before the agent began (S-91)" \
	equals "$(state "$tree/.divisi-first.json" linearIssue)" T-11
claim "with the phase of the method" equals "$(state "$tree/.divisi-first.json" phase)" execution
claim "and the mode" equals "$(state "$tree/.divisi-first.json" executionMode)" tdd
claim "and the progress file" grep -q '^## Blocked / Flagged' "$tree/.divisi-first.md"

# R-52: four steps.
claim "a checkpoint has four steps" says '^S-A: checkpoint 4/4' divisi checkpoint 1A
claim "it prints the prompt to go on with" says 'Continue on \[T-11: Work on 1A\]' divisi checkpoint 1A
claim "with the current task" until_true says 'Current task: 2 of 3' divisi checkpoint 1A
claim "the commit stands among the completed tasks" \
	grep -q '^- 1\. a is there (commit [0-9a-f]*, [0-9]* min)$' "$tree/.ccc-progress.md"
claim "what the agent noted stays" grep -q "The old format stays." "$tree/.ccc-progress.md"
# comments ISSUE KIND: the bodies of its comments of that kind.
comments() {
	divisi issue show "$1" --json | python3 -c '
import json, sys
for c in json.load(sys.stdin)["comments"]:
    if c["kind"] == sys.argv[1]:
        print(c["body"], end="\n----\n")' "$2"
}
count() { "$@" | grep -c '^----$'; }
sub=$(field 1A sub_issue)
claim "one comment Checkpoint Status, however often (R-52)" until_true eval \
	'equals "$(count comments "$sub" checkpoint)" 1'
claim "it says where the session stands" says 'Checkpoint Status' comments "$sub" checkpoint
claim "JSON has it, too" says '"checkpoints":[0-9]' divisi checkpoint 1A --json

# Whatever becomes of the files: made again from what the journal has.
echo '{"taskIndex":' >"$tree/.ccc-state.json"
rm "$tree/.ccc-progress.md"
kill -9 "$(server_pid)"
claim "after a crash they can be kept again" says 'checkpoint 4/4' divisi checkpoint 1A
claim "a torn state file is made again" equals "$(state "$tree/.ccc-state.json" linearIssue)" T-11
claim "its torn text is kept aside" grep -q '^{"taskIndex":$' "$tree/.divisi-ccc-state.json"
claim "a lost progress file comes back from the journal" grep -q "The old format stays." "$tree/.ccc-progress.md"
mkdir "$scratch/aside"
ln -sf "$scratch/aside/secret" "$tree/.ccc-progress.md"
claim "a link at its place is not followed" says 'checkpoint 4/4' divisi checkpoint 1A
claim "and nothing was written where it points" test ! -e "$scratch/aside/secret"
claim "a directory at its place fails that step alone" says 'checkpoint 3/4' \
	sh -c "rm '$tree/.ccc-progress.md' && mkdir -p '$tree/.ccc-progress.md/x' && divisi checkpoint 1A"
rm -r "$tree/.ccc-progress.md"
claim "and the next one is whole again" says 'checkpoint 4/4' divisi checkpoint 1A

claim "the issue has one ctx label" until_true says 'ctx:autonomous' divisi issue show "$sub"
touch "$scratch/go"
claim "1A is delivered" becomes 1A in-review
claim "the label is the one of reviews" until_true says 'ctx:review' divisi issue show "$sub"
until_true eval '[ "$(count comments "$sub" exit)" = 1 ]'
for part in 'Session exit of T-11: command' '### What was done' 'Evidence: 1 commit' \
	'### Decisions' 'The old format stays.' '### Blockers' '^None$' '### Next steps' 'then merge'; do
	claim "the exit report has '$part' (R-44)" says "$part" comments "$sub" exit
done
claim "the state waits at gate 3 (R-155)" until_true eval \
	'equals "$(state "$tree/.ccc-state.json" awaitingGate)" 3'
claim "1B is delivered" becomes 1B in-review
divisi merge --yes >/dev/null 2>&1
claim "1A is done" becomes 1A "done"
claim "1B is done" becomes 1B "done"
claim "nothing of the two files is in any commit" \
	equals "$(git log --branches --format= --name-only -- '.ccc-*' '*/.ccc-*' | grep -v '^$' | sort -u)" ""
claim "nor in what landed" equals "$(git ls-tree -r --name-only main | grep ccc)" ""
claim "the closing comment has its evidence (R-48)" until_true says 'Merged as .*1 file' comments "$sub" closing
claim "and a summary" says 'Summary: ' comments "$sub" closing
claim "and that nothing was run on it (R-189)" says 'Evidence check: nothing was run on what landed.*Needed' comments "$sub" closing
claim "no ctx label is left" until_true eval 'equals "$(divisi issue show "$sub" | grep -c ctx:)" 0'
columns='| Title | Status | Context | Assignee | Milestone | Priority | Estimate | Blocking | Blocked By |'
table() { divisi summary | grep -qxF "$columns" && divisi summary | grep -qxF '| Title | Project |'; }
claim "the summary has the method's columns (R-47)" table
claim "with a row for each issue, and a dash for each empty cell" until_true says \
	'\[T-11: Work on 1A\]\(local:T-11\) [|] Done [|] - [|]' divisi summary
claim "its project was told, once a day and last of all that it is done (R-46, R-210)" until_true says \
	'[*][*]Progress:[*][*] 2 of 2 phases done' comments T-100 progress
claim "in one comment" equals "$(count comments T-100 progress)" 1
claim "the summary says so" until_true says '^[*][*]Project update:[*][*] T-100: on track$' divisi summary
claim "JSON, too" says '"project_update":"T-100: on track"' divisi summary --json
claim "the end says how full the contexts were" says '^[*][*]Context budget:[*][*] ' divisi summary
claim "a plan that is tied to an issue should be kept there (R-50)" says \
	"^[*][*]Plan promotion:[*][*] $plan is tied to T-100" divisi summary
not_said() { ! divisi summary | grep -q 'Plan promotion'; }
claim "not where nobody could (R-50)" eval '! DIVISI_SURFACE=cowork divisi summary | grep -q promotion'
divisi issue edit T-100 --body-file "$plan" >/dev/null
claim "and not when it is there" not_said
claim "the master issue got the tables when the plan was complete" until_true says \
	'Blocked By' comments T-100 closing
e2e_end
