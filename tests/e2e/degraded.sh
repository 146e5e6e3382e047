#!/bin/bash
# A surface without git (S-5 to S-8, J-15): checking, planning, prompts, issues and status
# work; a dispatch is by sub-issue only, overlaps follow each other, and what is missing is
# said. Nothing could call git: there is none on PATH.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/runs.sh"
e2e_begin "$@"
command -v divisi >/dev/null || skip_all "divisi is not built"
plan=2026-11-22-try-it.md

mkdir "$scratch/few"
for program in sh env python3 cat sed grep sleep; do
	ln -s "$(command -v "$program")" "$scratch/few/$program"
done
# bare COMMAND...: COMMAND where there is no git.
bare() { PATH="$scratch/few:$scratch/bin" "$@"; }
phases() {
	fake_plan "$plan" <<END
1A|quick|Writes: \`src/a.txt\`|make it
1B|tdd|Writes: \`src/a.txt\`|make that
1C|quick|Writes: \`doc/c.txt\`|write it down
END
}
fake_repo "$scratch/repo" && cd "$scratch/repo" || exit 99
phases
claim "there is no git" bare sh -c '! command -v git'
claim "with git two that overlap go side by side on branches" divisi verdict "$plan" 1A 1B
claim "without, they follow each other (S-15)" exits 1 bare divisi verdict "$plan" 1A 1B
claim "since there are no branches" says 'there are no branches here' bare divisi verdict "$plan" 1A 1B
claim "a check says what cannot be had (S-8)" says 'no worktrees and no branches' bare divisi check "$plan"
claim "and by which tier (S-6)" says '^degraded-cowork: git is not installed' bare divisi plan "$plan"
claim "and what serves instead" says 'divisi issue assign ID WHO' bare divisi check "$plan"
worktrees() { bare divisi plan "$plan" --json 2>/dev/null | grep -o '"worktree":"[^"]*"' | sort -u; }
claim "no row shows a worktree" equals "$(worktrees | tr -d ' ')" '"worktree":"n/a"'
claim "nor a branch" equals "$(bare divisi plan "$plan" 2>/dev/null | grep -c 'command/t-')" 0
claim "a prompt is whole" says 'Launch from: .*repo' bare divisi prompt "$plan" 1A
claim "status says so, and works" says 'no worktrees' bare divisi status
claim "so does doctor" says 'missing *git' bare divisi doctor
claim "a dry run files nothing" says '^0 filed now' bare divisi dispatch "$plan" --dry-run
claim "indeed" equals "$(bare divisi issue list --json | tr -d ' \n')" '[]'

claim "a dispatch files the first batch" says '^2 filed now' bare divisi dispatch "$plan"
claim "under the master issue" says 'T-100' bare divisi issue show DV-1
claim "with the whole prompt (S-50)" says '^Launch from: ' bare divisi issue show DV-1
claim "labels of type and mode (S-51)" says 'exec:quick.*type:chore|type:chore.*exec:quick' bare divisi issue show DV-1
assignees() { bare divisi issue list --parent T-100 --json | grep -o '"assignee":"[^"]*"' | sort -u; }
claim "and nobody's, for assigning is the launch (A-20)" equals "$(assignees)" '"assignee":""'
claim "again it files nothing twice" says '^0 filed now' bare divisi dispatch "$plan"
kill -9 "$(server_pid)"
claim "nor after a crash" says '^0 filed now' bare divisi dispatch "$plan"
claim "run is the same there" says '^0 filed now' bare divisi run "$plan"
claim "somebody elsewhere takes one up" bare divisi issue assign DV-1 ada
bare divisi issue move DV-1 "In Progress" >/dev/null
claim "its status is read from the tracker" says 'DV-1 .*In Progress' bare divisi dispatch "$plan"
claim "the batch is not left before it is done (S-27)" says '^Batch 1 of 2' bare divisi dispatch "$plan"
for id in DV-1 DV-2; do
	bare divisi issue move "$id" "In Progress" >/dev/null 2>&1
	bare divisi issue move "$id" "In Review" >/dev/null
	bare divisi issue move "$id" Done >/dev/null
done
claim "then the next one is filed" says '^1 filed now' bare divisi dispatch "$plan"
claim "with --json" says '"tier":"degraded-cowork"' bare divisi dispatch "$plan" --json
bare divisi issue move DV-3 "In Progress" >/dev/null
bare divisi issue move DV-3 Done >/dev/null
claim "and at last there is nothing left" says 'every sub-issue of the plan is Done' bare divisi dispatch "$plan"
claim "nothing was made in git (S-7)" equals "$(git worktree list | wc -l)$(git for-each-ref refs/heads refs/divisi | wc -l)" 11
claim "with git again the same issues are there" says 'DV-3' divisi issue list
divisi server --stop >/dev/null 2>&1

# The surface can be said, too (S-5); git is there.
claim "doctor names the surface that was found (S-5)" says 'surface *code \(found\), full' divisi doctor
git config divisi.surface desktop
claim "on a desktop with git everything works (S-6)" divisi verdict "$plan" 1A 1B
claim "and status tells the surface" says '^surface desktop \(divisi.surface\), full' divisi status
git config divisi.surface cowork
claim "cowork is degraded although there is git (S-6)" says '^degraded-cowork: the surface is cowork' divisi plan "$plan"
claim "overlaps follow each other there (S-15)" exits 1 divisi verdict "$plan" 1A 1B
rows() { divisi plan "$plan" --json 2>/dev/null | grep -o '"worktree":"[^"]*"' | sort -u; }
claim "no row shows a worktree there (S-8)" equals "$(rows | tr -d ' ')" '"worktree":"n/a"'
claim "status tells it to programs" says '"surface":"cowork","tier":"degraded-cowork"' divisi status --json
claim "doctor tells it with the mend" says 'surface *cowork \(divisi.surface\), degraded-cowork' divisi doctor
sed 's/make it/make more/; s/T-100/T-200/' "$plan" >2026-11-23-try-more.md
claim "a dispatch is by sub-issue" says '"tier":"degraded-cowork","surface":"cowork"' \
	divisi dispatch 2026-11-23-try-more.md --dry-run --json
git config divisi.tracker github
git config divisi.tracker.team acme/gates
claim "nothing is filed where the team does not look (degraded_away.sh: where it does)" says 'github: there is no issue T-200' \
	divisi dispatch 2026-11-23-try-more.md
git config divisi.tracker local
claim "the mend is one" divisi dispatch 2026-11-23-try-more.md --dry-run
git config --unset divisi.tracker
git config --unset divisi.tracker.team
claim "the server, asked for sessions, refuses (S-7)" says 'no worktree and no branch is made .S-7' \
	env DIVISI_SURFACE=code divisi dispatch 2026-11-23-try-more.md
claim "nothing was made in git there either (S-7)" equals "$(git worktree list | wc -l)$(git for-each-ref refs/heads refs/divisi | wc -l)" 11
claim "the environment wins over the setting" says 'surface *code \(DIVISI_SURFACE\), full' \
	env DIVISI_SURFACE=code divisi doctor
git config divisi.surface web
for verb in "plan $plan" "dispatch $plan" "run $plan" status; do
	# shellcheck disable=SC2086 # the words of a verb
	claim "another word is refused by ${verb%% *} (S-5)" says "divisi.surface is 'web'.*config" divisi $verb
done
claim "with the mend" says 'one of code, cowork, desktop: git config divisi.surface code' divisi status
claim "doctor says so, too" says "missing *surface .*'web'" divisi doctor
git config --unset divisi.surface
divisi server --stop >/dev/null 2>&1

mkdir "$scratch/bare" && cd "$scratch/bare" || exit 99
phases
claim "where there is no repository at all it is the same" says '^2 filed now' bare divisi dispatch "$plan"
claim "and nothing lies beside the plan" equals "$(ls -A)" "$plan"
claim "a plan without a parent issue is refused with the mend" says 'Parent issue:' \
	sh -c "sed '/Parent issue/d' $plan >2026-11-22-try-other.md; PATH=$scratch/few:$scratch/bin divisi dispatch 2026-11-22-try-other.md"
bare divisi server --stop >/dev/null 2>&1
e2e_end
