#!/bin/bash
# A home on a file system that is not local is refused by whatever would write there, with the
# way out (CONTRACTS 1; issue "under fire", bad input).  A real mount, so that it takes root.
export E2E_AS_ROOT=1
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/runs.sh"
e2e_begin "$@"
command -v divisi >/dev/null || skip_all "divisi is not built"
[ "$(id -u)" = 0 ] || skip_all "only root can mount"
[ -w /dev/fuse ] || skip_all "there is no /dev/fuse"

fake_repo "$scratch/repo" && cd "$scratch/repo" || exit 99
mkdir .git/divisi
# mounted COMMAND...: with a network file system in the place of the home.
mounted() {
	unshare --mount python3 "$top/tests/fakes/fuse_empty.py" "$PWD/.git/divisi" "$@"
}
mounted true 2>/dev/null || skip_all "nothing can be mounted here"
# refuses STATUS COMMAND...: it ends with STATUS, names the reason and the mend.
refuses() {
	local want=$1 said status
	shift
	said=$(mounted "$@" 2>&1)
	status=$?
	echo "$said"
	[ "$status" = "$want" ] && grep -q 'network file system' <<<"$said" &&
		grep -q 'fix: work in a clone on a local disk' <<<"$said"
}
fake_plan 2026-11-22-try-it.md <<END
1A|quick|Writes: \`a.txt\`|fake:write=a.txt:a fake:commit=a
END
claim "a dispatch is refused" refuses 3 divisi dispatch 2026-11-22-try-it.md
claim "an issue is not filed there" refuses 3 divisi issue list
claim "replay finds no journal there" refuses 3 divisi replay
claim "doctor says it" refuses 1 divisi doctor
claim "a plan is still checked" mounted divisi check 2026-11-22-try-it.md
claim "nothing was launched" equals "$(cat "$scratch/started")" ""
e2e_end
