#!/bin/bash
# The command that verifies runs what an agent wrote: it is kept in as the agent was (CONTRACTS
# 8), and so is a setup that comes after the agent.  What is widened is widened by a setting.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/runs.sh"
e2e_begin "$@"
python3 -c '
import ctypes, sys
sys.exit(ctypes.CDLL(None).syscall(444, None, 0, 1) <= 0)' ||
	skip_all "this kernel has no Landlock"

fake_repo "$scratch/repo" && cd "$scratch/repo" || exit 99
mkdir "$scratch/out"
echo kept >"$scratch/out/kept"
echo kept >"$HOME/kept"
git worktree add -q "$scratch/sibling" -b other/theirs
git config divisi.verify "sh check.sh"

# What the agent leaves as the project's own test: it says that all is well.
cat >"$scratch/evil.sh" <<END
try() {
	"\$@" && echo "\$*" >>"\$TMPDIR/../../../done" # ours, were it not private either
	"\$@" && echo "\$*" >>worked
}
try sh -c 'echo x >"$HOME/kept"'
try sh -c 'echo x >"$HOME/new"'
try sh -c 'echo x >"$scratch/out/new"'
try sh -c 'echo x >"$scratch/sibling/new"'
try sh -c 'echo x >"$scratch/repo/new"'
try sh -c 'echo x >"$scratch/repo/.git/hooks/post-merge"'
try sh -c 'echo x >"$scratch/repo/.git/divisi/new"'
try git -C "$scratch/repo" config core.hooksPath "$scratch/out"
try git -C "$scratch/repo" branch stolen
try git update-ref refs/heads/main HEAD
try kill -9 \$(cat "$scratch/server")
try divisi approve --plan anything --yes
try divisi say S-A "go on"
try sh -c 'echo "gitdir: $scratch/sibling/.git" >.git'
try rm -f .git
(setsid sh -c 'sleep 3600' &)
test -e worked && cat worked
cp worked "\$TMPDIR/worked" 2>/dev/null
test ! -e worked
END
outside() {
	(cd "$scratch" && find out sibling repo/.git/hooks repo/.git/config home/kept \
		-printf '%p %y %m %s %T@ %l\n' | sort
		find home repo -maxdepth 1 ! -name check.sh -printf '%p\n' | sort
		git -C repo for-each-ref 'refs/heads/other' 'refs/heads/stolen')
}
sleepers() {
	local pid n=0
	for pid in $(pgrep -f 'sleep 3600'); do
		! grep -zqxsF "E2E_SCRATCH=$scratch" "/proc/$pid/environ" || n=$((n + 1))
	done
	echo "$n"
}

plan=2026-11-22-try-verify.md
fake_plan "$plan" <<END
1A|quick|Writes: \`check.sh\`|fake:bash=cp $scratch/evil.sh check.sh fake:commit=evil
END
claim "its table waits" divisi_fails 4 dispatch "$plan"
server_pid >"$scratch/server"
before=$(outside)
claim "and approved" approve_table
claim "the agent has left its test" becomes 1A in-review
claim "which is run before it lands" divisi merge --yes
claim "and says that nothing it tried worked" becomes 1A "done"
claim "nothing outside has changed" equals "$(outside)" "$before"
claim "main is what was merged and nothing else" equals \
	"$(git log --format=%s main | head -2 | wc -l)" 2
claim "the server lives" kill -0 "$(cat "$scratch/server")"
claim "what it left running is gone" equals "$(sleepers)" 0
claim "what was private to it is gone" bash -c \
	'[ -z "$(find .git/divisi/state/*/commands -name "run.*")" ]'

# ---- what it needs and may not is told, and given by a setting -------------------------------

echo "mkdir -p '$scratch/out/report' && echo ok >'$scratch/out/report/1'" >"$scratch/report.sh"
plan=2026-11-22-try-widen.md
fake_plan "$plan" <<END
2A|quick|Writes: \`check.sh\`|fake:bash=cp $scratch/report.sh check.sh fake:commit=report
END
divisi dispatch "$plan" >/dev/null 2>&1
approve_table >/dev/null
claim "its agent is done" becomes 2A in-review
divisi merge --yes >/dev/null 2>&1
claim "its test may not write its report" until_true says \
	'the fence refused .*/out/report' divisi status --json
claim "and how to allow it is told" says 'divisi.fence.commands.write PATH' \
	divisi status --json
divisi abandon 2A --reason "its test was the point" >/dev/null # or the radar has 4A wait for it
git config --add divisi.fence.commands.write "$scratch/out"
plan=2026-11-22-try-again.md
fake_plan "$plan" <<END
3A|quick|Writes: \`check.sh\`|fake:bash=cp $scratch/report.sh check.sh fake:commit=report
END
divisi dispatch "$plan" >/dev/null 2>&1
approve_table >/dev/null
claim "a third is done" becomes 3A in-review
divisi merge 3A --yes >/dev/null 2>&1
claim "with the setting it lands" becomes 3A "done"
claim "and has its report" test -e "$scratch/out/report/1"
claim "an agent may not write there for all that" bash -c \
	"grep -zq '^grant=write ' .git/divisi/runs/*3A.r1/spec &&
		! grep -zq '^grant=.*$scratch/out' .git/divisi/runs/*3A.r1/spec"

git config divisi.fence.commands off
plan=2026-11-22-try-off.md
fake_plan "$plan" <<END
4A|quick|Writes: \`check.sh\`|fake:write=check.sh:echo x >\$HOME/allowed fake:commit=off
END
claim "without that fence the table says so" says 'NO FENCE for the commands' \
	divisi dispatch "$plan"
approve_table >/dev/null
claim "its agent is done" becomes 4A in-review
claim "it is merged" divisi merge 4A --yes
claim "and its test writes where it likes" until_true test -e "$HOME/allowed"
git config divisi.fence.commands maybe
claim "an unknown word is refused" divisi_fails 7 dispatch --dry-run "$plan"

divisi server --stop >/dev/null
e2e_end
