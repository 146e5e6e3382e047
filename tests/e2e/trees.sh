#!/bin/bash
# Another program takes worktrees away: it is noticed, said, and nothing waits for ever; what
# was committed or pinned comes back (promise 2).
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/runs.sh"
e2e_begin "$@"
command -v divisi >/dev/null || skip_all "divisi is not built"
plan=2026-11-22-try-it.md

fake_repo "$scratch/repo" && cd "$scratch/repo" || exit 99
git config divisi.publish none
echo "while [ -e '$scratch/slow' ]; do sleep 0.05; done" >"$scratch/verify.sh"
git config divisi.verify "sh $scratch/verify.sh"
fake_plan "$plan" <<END
1A|quick|Writes: \`a.txt\`|fake:write=a.txt:one fake:commit=a fake:write=b.txt:loose fake:say=written fake:wait=$scratch/go-a
1B|quick|Writes: \`c.txt\`|fake:write=c.txt:two fake:commit=c
1C|quick|Writes: \`d.txt\`|fake:append=d.txt:three fake:commit=d fake:say=written fake:wait=$scratch/go-c
END
divisi dispatch "$plan" >/dev/null 2>&1
tree=$(field 1A path)

# ---- before the approval: made again at once ----------------------------------------------
rm -rf "$tree"
claim "a worktree removed before its session starts is noticed" \
	until_true says 'tree-gone' divisi events --json
claim "and made again by itself" until_true test -f "$tree/README.md"
approve_table >/dev/null
claim "1A works" until_true says written divisi log 1A
claim "1C works" until_true says written divisi log 1C
claim "1B is done" becomes 1B in-review

# ---- at work: stopped, said, and back by a person's word ----------------------------------
git worktree remove --force --force "$(field 1C path)"
claim "a session without its worktree is parked" becomes 1C parked
claim "and says what happened" until_true says 'another program took it away; kept' divisi why 1C
claim "status asks for a person" says 'divisi resume' divisi status
claim "its agent was stopped" until_true is_gone "$(agent_pid "$(run_of 1C)")"
claim "the others work on" is_state 1A active
touch "$scratch/go-c"
claim "it is resumed, when its agent is known to be gone" until_true divisi resume 1C
claim "in a worktree made again, with what it had committed" until_true says three cat "$(field 1C path)/d.txt"
claim "and ends" becomes 1C in-review

# ---- what was never committed comes back from its pin ------------------------------------
divisi park 1A --reason "for now" >/dev/null
claim "what 1A wrote is pinned" until_true is_pinned p1.1.1A b.txt loose
rm -rf "$tree"
git worktree prune --expire now
claim "that a parked session lost its worktree is on record" until_true look 's["1A"]["tree_gone"] or 1/0'
touch "$scratch/go-a"
claim "1A is resumed, when its agent is gone" until_true divisi resume 1A
claim "what it never committed is there again" until_true says loose cat "$tree/b.txt"

# ---- a commit that a power cut emptied: never older work without a word ---------------------
git -C "$(field 1B path)" commit -q --allow-empty -m "mended by hand"
lost=$(git -C "$(field 1B path)" rev-parse HEAD)
object=.git/objects/${lost:0:2}/${lost:2}
chmod u+w "$object" && : >"$object"
claim "a branch whose last commit cannot be read lands nothing" \
	says 'git cannot read commit' divisi merge 1B --yes
claim "and says so" becomes 1B merge-conflict
back=$(divisi status | grep -o 'git update-ref [^`]*' | head -1)
claim "and how to go back to what was pinned" eval "$back"
claim "the doctor clears it out of git's way, however young it is" \
	says "$object to" divisi doctor --mend --yes
claim "from where the work is committed again" \
	git -C "$(field 1B path)" commit -q --allow-empty -m "mended again"

# ---- in review: nothing needs it -------------------------------------------------------------
git worktree remove --force --force "$(field 1B path)"
git branch -q -D "$(field 1B branch)"
claim "work in review merges without its worktree and its branch" divisi merge 1B --yes
claim "1B is on main" becomes 1B "done"

# ---- while it merges: what came late is no part of it, and is kept ----------------------------
touch "$scratch/slow"
divisi merge 1C --yes >/dev/null 2>&1 &
claim "1C is being verified" until_true pgrep -f "sh $scratch/verify.sh"
git -C "$(field 1C path)" commit -q --allow-empty -m "said yes too early"
late=$(git rev-parse "$(field 1C branch)")
git worktree remove --force --force "$(field 1C path)"
rm "$scratch/slow"
wait $!
claim "1C is on main as it was verified" becomes 1C "done"
kept_late() { git for-each-ref --contains "$late" --format='%(refname)' refs/divisi/p1.1.1C | grep -q .; }
claim "what was committed meanwhile is pinned (promise 2)" until_true kept_late

# ---- while no server runs ---------------------------------------------------------------------
divisi server --stop >/dev/null
rm -rf "$(git -C "$scratch/repo" rev-parse --absolute-git-dir)/worktrees"
claim "found at the next start" until_true look 's["1A"]["tree_gone"] or 1/0'
claim "the journal is replayed to the same state" until_true divisi replay
divisi server --stop >/dev/null

e2e_end
