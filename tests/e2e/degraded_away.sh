#!/bin/bash
# A surface without worktrees (S-5 to S-8, J-15) of a team whose issues are on Linear or on
# GitHub: a dispatch files its sub-issues there, where assigning one is its launch, once, and
# reads their statuses from there.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/runs.sh"
. "$(dirname "$0")/trackers.sh"
e2e_begin "$@"
needs_trackers

plan=2026-11-22-try-it.md
begin_cowork() {
	fake_repo "$scratch/$server" && cd "$scratch/$server" || exit 99
	git config divisi.surface cowork
	git config divisi.tracker "$server"
	fake_plan "$plan" <<'END'
1A|quick|Writes: `src/a.txt`|make it
1B|tdd|Writes: `src/a.txt`|make that
1C|quick|Writes: `doc/c.txt`|write it down
END
}
# dispatches DONE: all that such a surface does there; DONE is what is done in its words.
dispatches() {
	claim "$server: a dry run files nothing" says '^0 filed now' divisi dispatch "$plan" --dry-run
	order '{"fault": "lost", "n": 1, "skip": 3}'
	divisi dispatch "$plan" >"$scratch/said" 2>&1
	claim "$server: no token is told" eval '! grep -q "$token" "$scratch/said"'
	claim "$server: again, after an answer that was lost, it says where to go on" says "assign one in $server to launch it" divisi dispatch "$plan"
	claim "$server: the first batch is filed once, overlaps follow (S-7, S-15)" there_is 'sorted(x["title"] for x in mine)' \
		"['Batch 1A: Work on 1A', 'Batch 1B: Work on 1C']"
	claim "$server: below the master issue" there_is '{x["parent"] for x in mine}' "{'$1'}"
	claim "$server: with the whole prompt" there_is 'all("Launch from: " in x["body"] for x in mine)' True
	claim "$server: labelled" there_is 'all({"type:chore", "exec:quick"} <= set(x["labels"]) for x in mine)' True
	claim "$server: and nobody's (A-20)" there_is '[x.get("assignee") or x.get("assignees") or "" for x in mine]' "['', '']"
	claim "$server: again it files nothing" says '^0 filed now' divisi dispatch "$plan"
	order "$2"
	claim "$server: when they are Done there, the next is filed" says '^1 filed now' divisi dispatch "$plan"
	claim "$server: once" there_is 'len(mine)' 3
	claim "$server: programs are told" says '"tier":"degraded-cowork"' divisi dispatch "$plan" --json
	claim "$server: an unknown parent is told" says 'T-999|issues/999' eval \
		'sed "s/T-100/T-999/g; s/\[#1\([]:]\)/[#999\1/g; s,issues/1),issues/999),g" "$plan" >2026-11-22-other.md; divisi dispatch 2026-11-22-other.md'
	claim "$server: nothing was made in git (S-7)" equals "$(git worktree list | wc -l)$(git for-each-ref refs/heads refs/divisi | wc -l)" 11
	claim "$server: no token is kept" keeps_no_token
}

start_tracker linear
order '{"reset": true, "seed": ["T-100"]}'
export LINEAR_API_KEY=$token
begin_cowork
git config divisi.tracker.team CIA
git config divisi.tracker.url "$there/graphql"
dispatches T-100 '{"finish": ["CIA-2", "CIA-3"]}'
unset LINEAR_API_KEY

start_tracker github
order '{"reset": true, "seed": 4}'
export GITHUB_TOKEN=$token
begin_cowork
numbered "$plan" T-100 T-11 T-12 T-13
git config divisi.tracker.team acme/gates
git config divisi.tracker.url "$there"
dispatches '#1' '{"change": {"#5": {"state": "closed"}, "#6": {"state": "closed"}}}'
e2e_end
