#!/bin/bash
# The loop of a session (SPEC 2.17): its tasks one by one, each shown by a commit; retries that
# end at a person; a fresh conversation per task; state that divisi counts and a crash keeps.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/runs.sh"
e2e_begin "$@"
command -v divisi >/dev/null || skip_all "divisi is not built"
plan=2026-11-22-try-it.md

fake_repo "$scratch/repo" && cd "$scratch/repo" || exit 99
# more_tasks PHASE N: gives it N further tasks.
more_tasks() {
	python3 - "$plan" "$1" "$2" <<'END'
import sys
path, phase, n = sys.argv[1], sys.argv[2], int(sys.argv[3])
head, mark, rest = open(path).read().partition("### %s:" % phase)
at = rest.index("- Deliverable")
more = "".join("  %d. The next part.\n" % (i + 2) for i in range(n))
open(path, "w").write(head + mark + rest[:at] + more + rest[at:])
END
}
fake_plan "$plan" <<END
1A|tdd|Writes: \`a.txt\`, \`b.txt\`, \`c.txt\`|fake:write=a.txt:one fake:commit=a fake:say=It is there. fake:turn=TASK_COMPLETE fake:wait=$scratch/go fake:write=b.txt:two fake:turn=TASK_COMPLETE fake:commit=b fake:turn=TASK_COMPLETE fake:write=c.txt:three fake:commit=c fake:say=TASK_COMPLETE
1B|tdd|Writes: \`d.txt\`|fake:turn=I am not sure fake:turn=I say TASK_COMPLETE soon fake:turn=well fake:turn=well fake:turn=well
1C|pair|Writes: \`e.txt\`|fake:write=e.txt:e fake:commit=e
END
more_tasks 1A 2
more_tasks 1B 1
git config divisi.loop perhaps
claim "a word that it is not is named" divisi_fails 7 dispatch "$plan"
git config divisi.loop on
git config divisi.loop-tries 1
claim "its limits are settings within bounds (R-161)" divisi_fails 7 dispatch "$plan"
git config --unset divisi.loop-tries
claim "the prompt says how a task ends (R-151)" says 'TASK_COMPLETE on a line of its own' \
	divisi prompt "$plan" 1A
claim "pair does not loop (R-153)" eval '! divisi prompt "$plan" 1C | grep -q TASK_COMPLETE'
divisi dispatch "$plan" >/dev/null 2>&1
claim "the table is approved" approve_table
told() { grep -qF "$2" ".git/divisi/runs/$(run_of "$1")/in.ndjson"; }
claim "1A is told of its second task" until_true told 1A 'Go on with task 2'
tree=$(field 1A path)
state() {
	python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))[sys.argv[2]])' \
		"$tree/.ccc-state.json" "$1"
}
claim "its state file counts on (R-149)" until_true eval 'equals "$(state taskIndex)" 1'
claim "of three" equals "$(state totalTasks)" 3
claim "with the gates that it passed (R-155)" equals "$(state gatesPassed)" "[1, 2]"
kill -9 "$(server_pid)"
touch "$scratch/go"
claim "a task that is not committed is tried again" until_true told 1A 'its work is not committed'
claim "all three end in a review" becomes 1A in-review
claim "a crash took nothing from what it knew, and it waits at Gate 3 (R-160, R-155)" \
	until_true eval 'equals "$(state awaitingGate) $(state taskIndex)" "3 3"'
on_issue() { divisi issue show "$(field "$1" sub_issue)" | grep -qE "$2"; }
claim "its issue was told of the start (R-159)" on_issue 1A 'Session started: '
claim "of each task as it was done" until_true on_issue 1A 'Checkpoint Status'
claim "and of the end, with the commit" until_true on_issue 1A 'Session exit of .*T-|head [0-9a-f]{12}'
claim "by one run" equals "$(starts 1A)" 1
claim "the state says so" equals "$(field 1A loop)" \
	"{'tasks': 3, 'done': 3, 'attempt': 1, 'attempts': 5, 'turns': 4, 'replans': 0}"
claim "who never says it is parked (R-156)" becomes 1B parked
claim "after four attempts, each told what it is" told 1B 'This is the last attempt'
claim "and why says so" says 'task 1 of 2 is blocked after 4 attempts' divisi why 1B
claim "the sub-issue has it" until_true says 'blocked after 4 attempts' \
	divisi issue show "$(field 1B sub_issue)"
is_over() { equals "$(field "$1" running)" False; }
until_true is_over 1B
claim "a person lets it go on" divisi resume 1B
claim "two approaches are enough (R-24)" becomes 1B parked
until_true is_over 1B
claim "a third needs a reason" divisi_fails 3 resume 1B
claim "which is named" says 'two approaches failed' divisi resume 1B
claim "the replay agrees" divisi replay

divisi abort "$plan" --reason "that was it" >/dev/null
git config divisi.loop fresh
plan=2026-11-22-fresh.md
fake_plan "$plan" <<'END'
2A|quick|Writes: `x/**`|fake:bash=mkdir -p x; echo 1 >"x/$DIVISI_RUN" fake:commit=x fake:turn=TASK_COMPLETE
END
more_tasks 2A 1
divisi dispatch "$plan" >/dev/null 2>&1
claim "the other table is approved" approve_table
claim "each task has a conversation of its own (R-151)" becomes 2A in-review
claim "so two were started" equals "$(starts 2A)" 2
claim "the second is told where it stands" told 2A 'Go on with task 2'
claim "the replay agrees with that, too" divisi replay

divisi abort "$plan" --reason "that was it" >/dev/null
git config divisi.loop on
plan=2026-11-22-anew.md
fake_plan "$plan" <<'END'
3A|tdd|Writes: `g.txt`, `h.txt`|fake:write=g.txt:1 fake:commit=g fake:turn=TASK_COMPLETE fake:turn=REPLAN fake:say=TASKS 1 fake:write=h.txt:2 fake:commit=h fake:say=TASK_COMPLETE
END
more_tasks 3A 3
divisi dispatch "$plan" >/dev/null 2>&1
claim "the third table is approved" approve_table
claim "REPLAN is heard, and the rest is asked for anew (R-157)" \
	until_true told 3A 'Plan the 3 task(s) that remain anew'
claim "one task was left of the new plan, and it ends in a review" becomes 3A in-review
claim "by the same run" equals "$(starts 3A)" 1
claim "two of two tasks, one plan made anew" equals "$(field 3A loop)" \
	"{'tasks': 2, 'done': 2, 'attempt': 1, 'attempts': 5, 'turns': 3, 'replans': 1}"
tree=$(field 3A path)
claim "its state file counts it (R-149)" until_true eval 'equals "$(state replanCount)" 1'
claim "the replay agrees with a plan made anew" divisi replay
e2e_end
