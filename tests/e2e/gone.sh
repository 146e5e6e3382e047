#!/bin/bash
# A journal that somebody removed is missed by every verb, and what it began is neither
# forgotten nor begun a second time.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/runs.sh"
e2e_begin "$@"
command -v divisi >/dev/null || skip_all "divisi is not built"
plan=2026-11-22-try-it.md
home=.git/divisi

fake_repo "$scratch/repo" && cd "$scratch/repo" || exit 99
git config divisi.verify true
fake_plan "$plan" <<END
1A|quick|Writes: \`a.txt\`|fake:write=a.txt:one fake:commit=a fake:write=a.txt:rest fake:wait=$scratch/go
1B|quick|Writes: \`b.txt\`|fake:write=b.txt:one fake:commit=b fake:wait=$scratch/go
1C|quick|Writes: \`c.txt\`|fake:write=c.txt:one fake:commit=c fake:deaf fake:wait=$scratch/go
END
divisi dispatch "$plan" >/dev/null 2>&1
approve_table >/dev/null
claim "1A works" becomes 1A active
claim "1B works" becomes 1B active
claim "1C works" becomes 1C active
agent=$(agent_pid p1.1.1A.r1)
claim "a second server is refused" divisi_fails 6 server --foreground
claim "with the way out" says '^  fix: .*divisi server --stop' divisi server --foreground
divisi server --stop >/dev/null
claim "where none runs that is said once" equals "$(divisi server --stop 2>&1 | grep -c 'no server')" 1

# ---- the file, and not its mark -----------------------------------------------------------------

mv $home/journal.db "$scratch/kept.db"
for verb in status events "dispatch $plan" replay; do
	# shellcheck disable=SC2086 # words
	claim "without its journal ${verb%% *} is refused" divisi_fails 7 $verb
done
claim "the reason is told" says 'journal.db is damaged \(it is gone\)' divisi status
claim "doctor tells it, too" exits 1 divisi doctor
claim "and nothing was begun anew" test ! -e $home/journal.db

# ---- the mark as well, with an agent that lives ---------------------------------------------------

mkdir "$scratch/aside" && mv $home/journal.db-* "$scratch/aside/"
for verb in status events "dispatch $plan"; do
	# shellcheck disable=SC2086 # words
	claim "with a living agent ${verb%% *} is refused" divisi_fails 7 $verb
done
claim "the run is named" says 'journal.db is gone, and 3 run.*p1.1.1A.r1 since' divisi status
claim "doctor calls it an orphan" says '^warn +run +p1.1.1A.r1 orphan' divisi doctor
claim "which is not well" exits 1 divisi doctor
claim "nothing was begun anew" test ! -e $home/journal.db

# ---- back, as it says --------------------------------------------------------------------------------

cp "$scratch/kept.db" $home/journal.db
claim "with the journal back all goes on" becomes 1A active
claim "with the same agent" equals "$(agent_pid p1.1.1A.r1)" "$agent"
kill -9 "$(holder_pid p1.1.1B.r1)"
claim "its holder is missed" becomes 1B stalled
claim "why a run was lost is told" says 'it was lost: its holder was killed' divisi why p1.1.1B.r1
claim "by whom it was held" says 'witness: holder [0-9]+ is gone' divisi why p1.1.1B.r1
claim "when it was last heard of is a time" says 'last sign of life at 20[0-9-]+T[0-9:]+Z' divisi why S-B
c_path=$(field 1C path)
c_agent=$(agent_pid p1.1.1C.r1)
git worktree unlock "$c_path" && rm -rf "$c_path"
divisi park 1C >/dev/null
claim "who is ending is waited for, not parked again" says 'fix: its agent is ending: wait' divisi doctor
claim "it ends" until_true is_gone "$c_agent"
claim "then its worktree is made again" until_true says 'mend would make it again' divisi doctor
divisi server --stop >/dev/null
rm -f $home/journal.db*
claim "a dry run says what would be ended" says '^would +run +p1.1.1A.r1: .*end its processes' \
	divisi doctor --mend --dry-run
divisi doctor --mend --yes >"$scratch/mend.out" 2>&1
claim "mending ends it" until_true is_gone "$agent"
claim "its work is pinned" says 'rest' git show refs/divisi/p1.1.1A/snapshot-1:a.txt
claim "and one can begin anew" divisi status
e2e_end
