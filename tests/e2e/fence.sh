#!/bin/bash
# Agents behind their fence (CONTRACTS 8, B-32): a hostile program tries everything it can
# think of to change what is not its own.  None of it succeeds, each try is on record, and a
# commit still works, as a normal user and (E2E_AS_ROOT=1) as root.
. "$(dirname "$0")/lib.sh"
# The same again as root, where root runs the tests.
if [ -z "${E2E_SCRATCH:-}" ] && [ "$(id -u)" = 0 ] && [ -z "${E2E_AS_ROOT:-}" ] &&
	[ -z "${E2E_FENCE_ONCE:-}" ]; then
	E2E_FENCE_ONCE=1 bash "$0" >"${TMPDIR:-/tmp}/divisi-fence.$$" 2>&1
	first=$?
	E2E_AS_ROOT=1 bash "$0" >"${TMPDIR:-/tmp}/divisi-fence-root.$$" 2>&1
	second=$?
	n=0
	for out in fence fence-root; do
		while IFS= read -r line; do
			case $line in
			"ok "* | "not ok "*)
				n=$((n + 1))
				echo "${line%% [0-9]*} $n - $out:${line#* - }"
				;;
			1..*) ;;
			*) printf '%s\n' "$line" ;;
			esac
		done <"${TMPDIR:-/tmp}/divisi-$out.$$"
		rm -f "${TMPDIR:-/tmp}/divisi-$out.$$"
	done
	echo "1..$n"
	[ $first = 0 ] && [ $second = 0 ]
	exit
fi
e2e_begin "$@"
. "$(dirname "$0")/runs.sh"

python3 -c '
import ctypes, sys
sys.exit(ctypes.CDLL(None).syscall(444, None, 0, 1) <= 0)' ||
	skip_all "this kernel has no Landlock"

# ---- what there is to lose ------------------------------------------------------------

fake_repo "$scratch/repo"
cd "$scratch/repo" || exit 99
mkdir "$scratch/out" "$scratch/proof"
echo kept >"$scratch/out/kept"
chmod 640 "$scratch/out/kept"
ln -s "$scratch/out" "$scratch/out/self"
cat >.gitattributes <<END
*.flt filter=known
END
git config filter.known.clean cat
git add .gitattributes
git commit -qm "attributes"
git branch claude/theirs
git branch other/theirs
git worktree add -q "$scratch/sibling" -b claude/sibling
# Something that would do what it is told, outside of any fence: what a bus or a container
# daemon is to a real machine.
python3 - "$scratch/daemon.sock" "$scratch/proof" <<'PY' &
import os, socket, sys
s = socket.socket(socket.AF_UNIX)
s.bind(sys.argv[1])
s.listen(8)
a = socket.socket(socket.AF_UNIX)
a.bind("\0divisi-test-%d" % os.getuid())
a.listen(8)
import select
while True:
    for one in select.select([s, a], [], [])[0]:
        c = one.accept()[0]
        open(sys.argv[2] + "/daemon", "w").write("obeyed")
        c.close()
PY
daemon=$!
victim=$( (exec sleep 3600) >/dev/null 2>&1 & echo $!)

# ---- the hostile program --------------------------------------------------------------
#
# try NAME COMMAND...: a shell runs it, whatever comes of that.  Its name is what the
# record is looked up by afterwards, so each is a line of its own here.

cp "$top/tests/e2e/fence_hostile.py" "$scratch/bin/hostile"
chmod 755 "$scratch/bin/hostile"
plan=2026-11-22-try-fence.md
fake_plan $plan <<END
1A|quick|Writes: \`a.txt\`, \`b.flt\`, \`sub\`|fake:write=a.txt:one fake:commit=one fake:bash=hostile $scratch $victim fake:write=b.flt:two fake:commit=two fake:wait=$scratch/go
END
claim "going without a fence goes against a rule (G21)" \
	says 'refused G21' divisi dispatch --fence off --dry-run $plan
claim "and is shown where that is meant" says '"fence": *"off"' \
	divisi dispatch --fence off --override G21 --reason "a test" --dry-run --json $plan
claim "an unknown fence is refused" divisi_fails 7 dispatch --fence moat --dry-run $plan
claim "the table says what fence there is" says 'fence: worktree' divisi dispatch $plan

# What is outside, by kind, mode, size, time and target.  What a commit and divisi itself
# change there is left out.
outside() {
	(cd "$scratch" && find out sibling repo/.git repo/README.md home \
		-path 'repo/.git/divisi' -prune -o -path 'repo/.git/objects' -prune -o \
		-path 'repo/.git/worktrees/*' -prune -o -path 'repo/.git/logs' -prune -o \
		-path 'repo/.git/refs/divisi' -prune -o -path 'repo/.git/refs/heads/command*' -prune -o \
		-path 'home/state' -prune -o -path 'home/.cache' -prune -o \
		-path home -o -path repo/.git -o -path 'repo/.git/refs*' -type d -o \
		-printf '%p %y %m %s %T@ %l\n' | sort)
}
outside >"$scratch/before"
packs=$(find .git/objects -type f | wc -l)

hash=$(look "b[1]['hash']")
claim "it is approved" divisi approve --hash "$hash"
claim "the hostile program comes to its end" until_true grep -q '^END' \
	"$(field 1A path)/tried"
tried=$(field 1A path)/tried
tree=$(field 1A path)
claim "its work is committed, before and after" until_true bash -c \
	"[ \$(git -C '$tree' rev-list --count main..HEAD) = 2 ]"
claim "it tried more than a hundred and twenty ways" bash -c "[ \$(grep -c '^try ' '$tried') -gt 120 ]"

# ---- nothing of it succeeded ------------------------------------------------------------

same_outside() {
	outside | diff "$scratch/before" -
}
claim "nothing outside has changed" same_outside
claim "no object is gone" bash -c "[ \$(find .git/objects -type f | wc -l) -ge $packs ]"
claim "the repository is whole" git fsck --full
claim "other branches are where they were" equals \
	"$(git rev-parse claude/theirs other/theirs claude/sibling | sort -u)" "$(git rev-parse main)"
claim "nobody obeyed it" test ! -e "$scratch/proof/daemon"
claim "nobody was ended" kill -0 "$victim"
claim "its holder lives" is_state 1A active

# ---- each try is on record ---------------------------------------------------------------

log=$(echo .git/divisi/runs/*.r1/fence.log)
while read -r _ name pattern; do
	claim "refused and written down: $name" grep -qE -- "$pattern" "$log"
done < <(grep '^try ' "$tried")
claim "why tells of it" until_true says 'fence: +refused [0-9]+ different things' divisi why S-A
claim "status too" until_true says 'its fence refused' divisi status
claim "and the journal" until_true says '"cause":"fenced"' divisi events --json

# ---- what it left in its worktree makes none of our gits run it ------------------------------

touch "$scratch/go"
claim "it ends, is inspected and pinned" becomes 1A in-review
claim "it is merged" divisi merge --yes
claim "and lands" becomes 1A "done"
claim "no git of ours ran what it left behind" bash -c \
	"[ -z \"\$(ls -A '$scratch/proof')\" ] || { ls -A '$scratch/proof'; false; }"
kill "$daemon" "$victim" 2>/dev/null

divisi server --stop >/dev/null
e2e_end
