#!/bin/bash
# `divisi doctor` holds what there is against the journal, says what does not fit and why, and
# mends what is safe: it says so first, asks, journals it, and nothing made is lost.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/runs.sh"
e2e_begin "$@"
command -v divisi >/dev/null || skip_all "divisi is not built"
plan=2026-11-22-try-it.md

# look_round: what the doctor says now, for item.
look_round() {
	divisi doctor --json >"$scratch/state.json"
}
# item EXPRESSION: holds of some item `i` of what the doctor said when it last looked round.
item() {
	python3 -c '
import json, sys
state = json.load(open(sys.argv[2]))["state"]
sys.exit(not any(eval(sys.argv[1], {"i": i}) for i in state) and str(state))' "$1" \
		"$scratch/state.json"
}
# odd: looks round and says what does not fit.
odd() {
	look_round
	python3 -c '
import json, sys
d = json.load(open(sys.argv[1]))
print(*[i["class"] + " " + i["name"] + " " + i["state"] for i in d["state"] if not i["fits"]], sep="\n")' \
		"$scratch/state.json"
}
mended_by_journal() {
	divisi events --json | grep -c "\"cause\":\"$1\""
}

fake_repo "$scratch/repo" && cd "$scratch/repo" || exit 99
git config divisi.verify true
fake_plan "$plan" <<END
1A|quick|Writes: \`a.txt\`|fake:write=a.txt:one fake:commit=a fake:wait=$scratch/go
1B|quick|Writes: \`b.txt\`|fake:write=b.txt:two fake:commit=b fake:write=b.txt:rest fake:wait=$scratch/go
END

# ---- everything fits --------------------------------------------------------------------------

claim "where divisi was never used nothing is odd" equals "$(odd)" ""
divisi dispatch "$plan" >/dev/null 2>&1
approve_table >/dev/null
for phase in 1A 1B; do
	claim "$phase works" becomes $phase active
done
b_path=$(field 1B path)
b_branch=$(field 1B branch)
claim "with agents at work nothing is odd" equals "$(odd)" ""
claim "a living run is told with its processes" item "'r1' in i['name'] and i['state'] == 'live' and 'agent works' in i['text']"
claim "worktrees are told with their sessions" item "i['class'] == 'worktree' and i['session'] == 'p1.1.1A'"
claim "pins are told" item "i['class'] == 'ref' and i['state'] == 'pin'"
claim "who holds the server's lock is told" item "i['name'] == 'server.lock' and 'process $(server_pid)' in i['text']"
claim "it prints one line per kind" says '^ok +runs +2: 2 live' divisi doctor
claim "and with --all one per item" says '^ok +run +p1.1.1A.r1 live' divisi doctor --all

# ---- each thing that does not fit -------------------------------------------------------------

touch "$scratch/go"
claim "1A ends" becomes 1A in-review
claim "1B is at its end" until_true is_gone "$(agent_pid p1.1.1B.r1)"
divisi server --stop >/dev/null
# A run that the journal does not know, with processes.
mkdir -p .git/divisi/runs/p9.1.1Z.r1
env "DIVISI_RUN_DIR=$PWD/.git/divisi/runs/p9.1.1Z.r1" sleep 1000 &
orphan=$!
# What a launch left that died, an hour ago.
mkdir .git/divisi/runs/p1.1.1A.r2.Ab1xYz && touch .git/divisi/runs/p1.1.1A.r2.Ab1xYz/spec
touch -d '1 hour ago' .git/divisi/runs/p1.1.1A.r2.Ab1xYz
# A worktree of a session that is not in the journal, with work.
git worktree add --quiet --lock --reason "divisi session p9.1.1Y" "$scratch/nobody" -b nobody
echo precious >"$scratch/nobody/work.txt"
# The marker of a real session shows how one is written.
cp "$(git -C "$b_path" rev-parse --absolute-git-dir)/divisi-session" "$scratch/marker"
sed -i "s/p1\.1\.1B/p9.1.1Y/; s#$(git -C "$b_path" branch --show-current)#nobody#" "$scratch/marker"
cp "$scratch/marker" .git/worktrees/nobody/divisi-session
# A worktree that somebody removed; one that somebody unlocked.
git worktree unlock "$b_path" && rm -rf "$b_path"
a_path=$(git worktree list --porcelain | sed -n 's/^worktree \(.*t-11.*\)/\1/p')
git worktree unlock "$a_path"
# A lock file of a git that died, a pin that was deleted, a file of somebody's, an open mode.
touch -d '1 hour ago' .git/index.lock
git update-ref -d refs/divisi/p1.1.1A/head
echo mine >.git/divisi/notes.txt
# What the agents of a session of nobody, and of one whose runs nobody knows, kept.
mkdir -p .git/divisi/state/p9.1.1X/agent .git/divisi/state/p9.1.1Z/agent
chmod 755 .git/divisi

look_round
claim "a run of nobody is an orphan" item "i['name'] == 'p9.1.1Z.r1' and i['state'] == 'orphan' and '$orphan' in i['text']"
claim "a leftover of a launch is told" item "'Ab1xYz' in i['name'] and i['state'] == 'leftover'"
claim "a worktree without a session is told" item "i['name'].endswith('/nobody') and not i['fits']"
claim "a session without its worktree is told" item "i['session'] == 'p1.1.1B' and i['state'] == 'missing'"
claim "a worktree that is not locked is told" item "i['session'] == 'p1.1.1A' and 'not locked' in i['text']"
claim "a stale lock of git's is told" item "i['name'] == 'index.lock' and i['state'] == 'stale'"
claim "a deleted pin is told" item "i['name'] == 'refs/divisi/p1.1.1A/head' and i['state'] == 'deleted'"
claim "what an agent of nobody kept is told" item "i['name'] == 'state/p9.1.1X' and i['state'] == 'orphan' and not i['fits']"
claim "what one may still need is no harm" item "i['name'] == 'state/p1.1.1A' and i['state'] == 'kept' and i['fits']"
claim "nor what belongs to a run that is to be looked at" item "i['name'] == 'state/p9.1.1Z' and i['fits']"
claim "the place where they are kept is ours" sh -c "! divisi doctor --all | grep 'state foreign'"
claim "a foreign file is told and is no harm" item "i['name'] == 'notes.txt' and i['fits']"
claim "an open home is told" item "i['name'] == 'home' and not i['fits']"
divisi doctor >"$scratch/doctor.out"
claim "doctor says that not all is well" equals $? 1
claim "it names the command" grep -q 'divisi doctor --mend' "$scratch/doctor.out"

# ---- said first, asked, done, journalled --------------------------------------------------------

before=$(odd)
claim "a dry run says what it would do" says '^would +run +p9.1.1Z.r1: .*end its processes' divisi doctor --mend --dry-run
claim "and does nothing" equals "$(odd)" "$before"
claim "without a person it is not done" divisi_fails 4 doctor --mend
claim "neither" equals "$(odd)" "$before"
claim "an agent may not" exits 3 env DIVISI_RUN=x divisi doctor --mend --yes
divisi doctor --mend --yes >"$scratch/mend.out" 2>&1
sed 's/^/# /' "$scratch/mend.out"
claim "all that could be mended is" equals "$(odd)" ""
claim "the orphan is dead" until_true is_gone "$orphan"
claim "its directory is left" test -d .git/divisi/runs/p9.1.1Z.r1
claim "the leftover is gone" test ! -e .git/divisi/runs/p1.1.1A.r2.Ab1xYz
claim "what nobody's agent kept is gone" test ! -e .git/divisi/state/p9.1.1X
claim "what another may need is not" test -d .git/divisi/state/p9.1.1Z -a -d .git/divisi/state/p1.1.1A
claim "nobody's worktree is gone" test ! -e "$scratch/nobody"
claim "its work is pinned" is_pinned p9.1.1Y work.txt precious
claim "1B has its worktree again" test -e "$b_path/b.txt"
claim "on its branch" equals "$(git -C "$b_path" branch --show-current)" "$b_branch"
claim "the lock file was moved, not removed" sh -c 'ls .git/divisi/aside/*index.lock'
claim "the pin is there again" git rev-parse --verify --quiet refs/divisi/p1.1.1A/head
claim "the foreign file too" grep -q mine .git/divisi/notes.txt
claim "the home is private" equals "$(stat -c %a .git/divisi)" 700
claim "the journal says what was asked for" equals "$(mended_by_journal mend-asked)" 1
claim "and what came of it" equals "$(mended_by_journal mended)" 1
claim "a second time there is nothing to do" divisi doctor --mend --yes
claim "which is not journalled" equals "$(mended_by_journal mended)" 1
echo 1111111111111111111111111111111111111111 >.git/refs/divisi/p1.1.1A/gone
look_round
claim "a ref to nothing is told with its fix" item "i['state'] == 'dangling' and 'fsck' in i['fix'] and not i['mend']"
rm .git/refs/divisi/p1.1.1A/gone
claim "the work goes on: 1A is merged" divisi merge 1A --yes
claim "1A is done" becomes 1A "done"
claim "what its agent kept is gone with it" until_true test ! -e .git/divisi/state/p1.1.1A
claim "that of 1B, which may go on, is not" test -d .git/divisi/state/p1.1.1B

# ---- a journal that cannot be read ---------------------------------------------------------------

divisi server --stop >/dev/null
cp .git/divisi/journal.db "$scratch/journal.db"
printf '\0\0\1\0' | dd of=.git/divisi/journal.db bs=1 seek=60 conv=notrunc 2>/dev/null
claim "a journal of a newer divisi is told" says '^missing +journal.*newer divisi' divisi_fails 1 doctor
claim "with its mend" says 'install the newer divisi' divisi doctor
claim "runs and refs are told all the same" says '^ok +runs' divisi doctor
claim "nothing is mended without it" sh -c "divisi doctor --mend --yes; true"
claim "and the journal was not touched" equals "$(cmp -l .git/divisi/journal.db "$scratch/journal.db" | wc -l)" 2
cp "$scratch/journal.db" .git/divisi/journal.db
claim "put back, all is as it was" equals "$(odd)" ""

# ---- a copy of all this -------------------------------------------------------------------------

divisi server --stop >/dev/null
cp -a "$scratch/repo" "$scratch/copy"
cd "$scratch/copy" || exit 99
look_round
claim "a copied home is told" item "i['name'] == 'identity' and i['state'] == 'copy'"
claim "no server starts in it" divisi_fails 3 status
claim "it is set aside" divisi doctor --mend --yes
claim "nothing is odd in it" equals "$(odd)" ""
claim "the worktrees of the first one are not for this one to touch" item "i['state'] == 'elsewhere' and i['fits']"
claim "whole" test -e .git/divisi.aside-1/journal.db
claim "and a home of its own began" divisi status
claim "which knows no session" says 'No plan|no plan|Nothing' divisi status
claim "the first one is as it was" sh -c "cd '$scratch/repo' && divisi status"
divisi server --stop >/dev/null
cd "$scratch/repo" && divisi server --stop >/dev/null

e2e_end
