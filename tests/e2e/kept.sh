#!/bin/bash
# What a session at work commits is pinned while it works; when another program takes its
# worktree and its branch, what is said to be kept is there, and comes back (promise 2).
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/runs.sh"
e2e_begin "$@"
command -v divisi >/dev/null || skip_all "divisi is not built"
plan=2026-11-22-try-it.md

fake_repo "$scratch/repo" && cd "$scratch/repo" || exit 99
git config divisi.publish none
fake_plan "$plan" <<END
1A|quick|Writes: \`a.txt\`|fake:write=a.txt:one fake:commit=a fake:say=written fake:wait=$scratch/go-a
1B|quick|Writes: \`b.txt\`|fake:write=b.txt:two fake:commit=b fake:bash=git commit -q --amend -m b2 fake:write=b.txt:dirty fake:write=un.txt:untracked fake:say=written fake:wait=$scratch/go-b
1C|quick|Writes: \`c.txt\`|fake:say=written fake:wait=$scratch/go-c
END
# Takes the worktree of a phase and its branch, as a tool that cleans up does.
take() {
	local path branch
	path=$(field "$1" path) branch=$(field "$1" branch)
	git worktree unlock "$path" && git worktree remove --force --force "$path" &&
		git branch -q -D "$branch"
}
pinned_at() { [ "$(git rev-parse -q --verify "refs/divisi/$1")" = "$2" ]; }
kept() { git for-each-ref --contains "$1" --format='%(refname)' refs/divisi | grep -q .; }
dangling() { git fsck --no-reflogs --no-progress 2>/dev/null | grep -c 'dangling commit'; }
radar_has() { ls ".git/divisi/radar/objects/${1:0:2}/${1:2}"; }

divisi dispatch "$plan" >/dev/null 2>&1
approve_table >/dev/null
for p in 1A 1B 1C; do
	claim "$p works" until_true says written divisi log $p
done
a=$(git rev-parse "$(field 1A branch)") b=$(git rev-parse "$(field 1B branch)")
amended=$(git -C "$(field 1B path)" rev-parse 'HEAD@{1}')

# ---- while they work -------------------------------------------------------------------------
claim "what a session commits is pinned while it works" until_true pinned_at p1.1.1A/head "$a"
claim "what it committed last, too" until_true pinned_at p1.1.1B/head "$b"
claim "and what it amended" until_true kept "$amended"
git -C "$(field 1A path)" commit -q --allow-empty -m more
a=$(git rev-parse "$(field 1A branch)")
claim "and so is what comes later" until_true pinned_at p1.1.1A/head "$a"
claim "while it works on" is_state 1A active

# ---- worktree and branch are taken -----------------------------------------------------------
blob=$(echo untracked | git hash-object --stdin)
claim "the radar has seen what 1B never committed" until_true radar_has "$blob"
take 1B
claim "a session whose worktree and branch are taken is parked" becomes 1B parked
claim "it says that the branch is gone" says 'its branch [^ ]* is gone, too' divisi why 1B
claim "and what is kept" says "kept: what it committed \(${b:0:12}\)" divisi why 1B
claim "which is so" pinned_at p1.1.1B/head "$b"
claim "nothing that it committed dangles" test "$(dangling)" = 0
claim "what the radar saw last is kept, too" says 'as it was seen last \(snapshot-' divisi why 1B
claim "with files that were never committed" is_pinned p1.1.1B un.txt untracked
claim "and is listed" says '^snapshot-' divisi salvage S-B
touch "$scratch/go-b"
claim "it is resumed" until_true divisi resume 1B
claim "in a worktree with what it had committed" until_true says b2 git -C "$(field 1B path)" log -1 --format=%s
claim "and with what it had not" until_true says dirty cat "$(field 1B path)/b.txt"
claim "where it began again is on record" until_true says 'begins again at' divisi events --json

# ---- nothing was committed -------------------------------------------------------------------
take 1C
claim "a session that committed nothing is parked, too" becomes 1C parked
claim "and nothing is said to be kept" says 'nothing is kept' divisi why 1C

# ---- while no server runs --------------------------------------------------------------------
divisi server --stop >/dev/null
take 1A
claim "found at the next start" becomes 1A parked
claim "with what was pinned" says "kept: what it committed \(${a:0:12}\)" divisi why 1A
claim "the doctor says where it begins again" until_true says "make it again at ${a:0:12}, which is pinned" divisi doctor
claim "and makes it there" says "begins again at ${a:0:12}" divisi doctor --mend --yes
claim "with its work" says '^one$' cat "$(field 1A path)/a.txt"
claim "the journal is replayed to the same state" until_true divisi replay
divisi server --stop >/dev/null

# ---- without the radar -----------------------------------------------------------------------
fake_repo "$scratch/dark" && cd "$scratch/dark" || exit 99
git config divisi.publish none
git config divisi.radar off
fake_plan "$plan" <<END
1A|quick|Writes: \`a.txt\`|fake:write=a.txt:one fake:commit=a fake:bash=git commit -q --amend -m a2 fake:say=written fake:wait=$scratch/go-d
END
divisi dispatch "$plan" >/dev/null 2>&1
approve_table >/dev/null
claim "1A works without a radar" until_true says written divisi log 1A
a=$(git rev-parse "$(field 1A branch)") amended=$(git rev-parse "$(field 1A branch)@{1}")
claim "what it commits is pinned all the same" until_true pinned_at p1.1.1A/head "$a"
claim "with what it amended" until_true kept "$amended"
claim "and nobody looked at its files" test ! -e .git/divisi/radar/objects
divisi server --stop >/dev/null

e2e_end
