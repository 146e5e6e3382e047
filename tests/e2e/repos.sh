#!/bin/bash
# The repository as people have them: bare, empty, detached, dirty, on another branch, shallow,
# not to be written, full, and with two servers at once.  Each gets a clear word and a mend,
# and nothing is half made (issue "Bad input", J-41, R-3).
#
# The full disk is a small tmpfs, which only root can mount: it is passed to the test.
if [ -z "${E2E_SCRATCH:-}" ] && [ "$(id -u)" = 0 ] && [ $# = 0 ]; then
	disk=$(mktemp -d) || exit 99
	mount -t tmpfs -o size=8m,mode=777 tmpfs "$disk" 2>/dev/null || disk=none
	bash "$0" "$disk"
	status=$?
	[ "$disk" = none ] || { umount -l "$disk" && rmdir "$disk"; }
	exit $status
fi
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/runs.sh"
e2e_begin "$@"
command -v divisi >/dev/null || skip_all "divisi is not built"
plan=2026-11-22-try-it.md
disk=${1:-none}

one_phase() {
	fake_plan "$plan" <<END
1A|quick|Writes: \`a.txt\`|fake:write=a.txt:one fake:commit=a $1
END
}
# leaves_nothing: no worktree, no branch, no ref of ours was made here.
leaves_nothing() {
	equals "$(git worktree list | wc -l)" 1 &&
		equals "$(git for-each-ref refs/divisi | wc -l)" 0 &&
		equals "$(git branch --list 'command/*')" ""
}
is_landed() {
	[ "$(git show main:a.txt 2>/dev/null)" = one ]
}
run_to_end() {
	divisi_fails 4 dispatch "$plan" && approve_table && becomes 1A in-review &&
		divisi merge 1A --yes && becomes 1A "done"
}

# ---- bare --------------------------------------------------------------------------------------

git init --quiet --bare "$scratch/bare.git" && cd "$scratch/bare.git" || exit 99
one_phase
claim "in a bare repository nothing is dispatched" divisi_fails 3 dispatch "$plan"
claim "the word is bare, and there is a mend" says 'bare' divisi dispatch "$plan"
claim "with a command" says 'fix: .*git' divisi dispatch "$plan"
claim "status says the same" divisi_fails 3 status
claim "a plan can still be checked" divisi check "$plan"
claim "no home was made in it" test ! -e divisi

# ---- empty -------------------------------------------------------------------------------------

git init --quiet "$scratch/empty" && cd "$scratch/empty" || exit 99
git config divisi.agent.command.program /bin/true
one_phase
claim "in an empty repository nothing is dispatched" divisi_fails 3 dispatch "$plan"
claim "it says that there is no commit" says 'is empty' divisi dispatch "$plan"
claim "and how to make one" says 'fix: .*git .*commit' divisi dispatch "$plan"
claim "doctor says it too" says '^missing +checkout.*is empty' divisi doctor
claim "nothing is half made" equals "$(git for-each-ref)$(git worktree list | wc -l)" 1
divisi server --stop >/dev/null 2>&1

# ---- detached, on another branch, in the middle of a merge ---------------------------------------

fake_repo "$scratch/repo" && cd "$scratch/repo" || exit 99
one_phase
git checkout --quiet --detach
claim "with a detached checkout nothing is dispatched" divisi_fails 3 dispatch "$plan"
claim "it names the command" says 'fix: git .*switch main' divisi dispatch "$plan"
claim "nothing is half made then" leaves_nothing
git checkout --quiet -b elsewhere
claim "on another branch nothing is dispatched" divisi_fails 3 dispatch "$plan"
claim "by rule G14" says 'G14' divisi dispatch "$plan"
claim "it names that command" says 'fix: git .*switch main' divisi dispatch "$plan"
claim "nothing is half made there" leaves_nothing
echo other >README.md && git commit --quiet --all --message other
git checkout --quiet main
echo mine >README.md && git commit --quiet --all --message mine
git merge --quiet elsewhere >/dev/null 2>&1
claim "in the middle of a merge nothing is dispatched" divisi_fails 3 dispatch "$plan"
claim "it says so" says 'merge' divisi dispatch "$plan"
git merge --abort
claim "nothing is half made of it" leaves_nothing

# ---- dirty ---------------------------------------------------------------------------------------

echo precious >a.txt
claim "with somebody's file in the way work still begins" divisi_fails 4 dispatch "$plan"
claim "it is approved" approve_table
claim "and done" becomes 1A in-review
divisi merge 1A --yes >/dev/null 2>&1
claim "but not landed over the file" until_true says 'a.txt' divisi why 1A
claim "the file is as it was" grep -q precious a.txt
claim "main too" equals "$(git ls-tree main a.txt)" ""
claim "the result is kept" until_true git rev-parse --verify --quiet refs/divisi/landed/p1
rm a.txt
divisi merge 1A --yes >/dev/null 2>&1
claim "with the file out of the way it lands" becomes 1A "done"
claim "on main" is_landed
claim "the checkout is clean" until_true is_clean . "$plan"
divisi server --stop >/dev/null

# ---- shallow ---------------------------------------------------------------------------------------

git clone --quiet --depth 1 "file://$scratch/repo" "$scratch/shallow" && cd "$scratch/shallow" || exit 99
git config divisi.main main
git config divisi.agent.command.program "$scratch/bin/scripted"
git rm --quiet a.txt && git commit --quiet --message "Away"
one_phase
claim "doctor says that a clone is shallow" says 'shallow' divisi doctor
claim "in a shallow clone everything works" run_to_end
claim "and lands" is_landed
divisi server --stop >/dev/null

# ---- not to be written -------------------------------------------------------------------------------

fake_repo "$scratch/still" && cd "$scratch/still" || exit 99
one_phase
chmod -R a-w .git
claim "where nothing can be written nothing is dispatched" divisi_fails 8 dispatch "$plan"
claim "it says what cannot be written" says '\.git/divisi|cannot be written|Permission denied' divisi dispatch "$plan"
claim "and how to mend it" says 'fix: ' divisi dispatch "$plan"
claim "a plan can still be checked there" divisi check "$plan"
claim "and status answers" divisi status
claim "doctor says that the home cannot be written" says '^missing +home.*cannot be written' divisi doctor
chmod -R u+w .git
claim "mended, it works" run_to_end
divisi server --stop >/dev/null
chmod -R a-w .git/divisi
claim "a home that became read-only is told" divisi_fails 8 status
claim "by name" says 'still/.git/divisi cannot be written' divisi status
claim "with the mend" says 'fix: .*writable' divisi status
chmod -R u+w .git/divisi
claim "and taken up again" says '1A' divisi status
divisi server --stop >/dev/null

# ---- two servers at once ---------------------------------------------------------------------------------

fake_repo "$scratch/two" && cd "$scratch/two" || exit 99
one_phase "fake:wait=$scratch/go"
for _ in 1 2 3 4 5 6 7 8; do
	divisi issue list >/dev/null 2>"$scratch/two.$_" &
done
wait
# One that came too late may still be on its way out.
one_server() { equals "$(server_pid | wc -l)" 1; }
claim "eight clients at once start one server" until_true one_server
claim "and none of them failed" equals "$(cat "$scratch"/two.[1-8])" ""
claim "a second server gives up" divisi_fails 6 server --foreground
claim "and says who is there" says 'held by another' divisi server --foreground
claim "the first one serves on" divisi_fails 4 dispatch "$plan"
claim "a table is approved" approve_table
claim "1A works" becomes 1A active
kill -9 "$(server_pid)"
for _ in 1 2 3 4; do
	divisi status >/dev/null 2>&1 &
done
wait
claim "one server adopts it" until_true one_server
claim "1A still works" is_state 1A active
claim "it was started once" equals "$(starts 1A)" "$(grep -c . "$scratch/started")"
touch "$scratch/go"
claim "1A ends" becomes 1A in-review
divisi server --stop >/dev/null

# ---- a full disk ---------------------------------------------------------------------------------------------

if [ "$disk" = none ]; then
	echo "# no small disk: only root can mount one"
	e2e_end
fi
fill() {
	dd if=/dev/zero of="$disk/filler" bs=4k 2>/dev/null
	return 0
}
fake_repo "$disk/full" && cd "$disk/full" || exit 99
rm "$scratch/go"
one_phase "fake:wait=$scratch/go"
fill
claim "on a full disk nothing is dispatched" sh -c "! divisi dispatch '$plan'"
claim "it says that there is no space" says 'space' divisi dispatch "$plan"
claim "nothing is half made by that" leaves_nothing
claim "doctor says that the disk is full" says '^missing +disk' divisi doctor
rm "$disk/filler"
claim "with space it is dispatched" divisi_fails 4 dispatch "$plan"
approve_table >/dev/null
claim "1A works there" becomes 1A active
fill
claim "what the journal cannot take is refused" sh -c "! divisi say 1A hello"
claim "for that reason" says 'space' divisi say 1A hello
claim "status still answers" says '1A' divisi status
rm "$disk/filler"
claim "with space it is taken" divisi say 1A hello
touch "$scratch/go"
claim "the agent ends" becomes 1A in-review
fill
divisi merge 1A --yes >/dev/null 2>&1
claim "nothing landed on the full disk" equals "$(git ls-tree main a.txt)" ""
rm "$disk/filler"
divisi merge 1A --yes >/dev/null 2>&1
claim "with space it lands" becomes 1A "done"
claim "whole" is_landed
claim "and clean" until_true is_clean . "$plan"
nothing_is_odd() {
	divisi doctor --json >"$scratch/doctor.out" # little room is told in its exit status
	grep -q '"odd":0' "$scratch/doctor.out"
}
claim "nothing there is odd" until_true nothing_is_odd
divisi server --stop >/dev/null

e2e_end
