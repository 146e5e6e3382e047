#!/bin/bash
# The fences beside the whole worktree (CONTRACTS 8): `declared`, `read-only` for who only
# looks, the rule of the network; and what a person allows while an agent runs.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/runs.sh"
e2e_begin "$@"
python3 -c '
import ctypes, sys
sys.exit(ctypes.CDLL(None).syscall(444, None, 0, 1) <= 0)' ||
	skip_all "this kernel has no Landlock"

fake_repo "$scratch/repo" && cd "$scratch/repo" || exit 99
mkdir -p src lib docs "$scratch/out/sub"
touch src/a lib/a docs/a
git add --all && git commit -qm "Directories"
# try NAME COMMAND: NAME is written down when COMMAND works.
cat >"$scratch/bin/try" <<END
#!/bin/bash
name=\$1
shift
if bash -c "\$*" 2>/dev/null; then echo "\$name" >>"\$DIVISI_TRIED"; fi
:
END
chmod 755 "$scratch/bin/try"
tried() {
	local out=$scratch/tried-$1
	tr '\n' ' ' <"$out" 2>/dev/null
}
for phase in 1A 1B 2A 3A 3B; do
	: >"$scratch/tried-$phase"
	git config --add divisi.fence.write "$scratch/tried-$phase"
done
t="DIVISI_TRIED=$scratch/tried"

# ---- declared ------------------------------------------------------------------------------

plan=2026-11-22-try-declared.md
fake_plan "$plan" <<END
1A|quick|Writes: \`src/**\`, \`lib/one\`; Creates: \`new/deep/file\`|fake:bash=$t-1A try src 'echo x >src/b' fake:bash=$t-1A try one 'echo x >lib/one' fake:bash=$t-1A try deep 'echo x >new/deep/file' fake:bash=$t-1A try two 'echo x >lib/two' fake:bash=$t-1A try docs 'echo x >docs/b' fake:bash=$t-1A try top 'echo x >top' fake:bash=$t-1A try rm 'rm docs/a' fake:bash=$t-1A try outside 'echo x >$scratch/out/x' fake:bash=git add -A; git commit -qm declared || true fake:wait=$scratch/go1 fake:bash=$t-1A try later-docs 'echo x >docs/b' fake:bash=$t-1A try later-out 'echo x >$scratch/out/sub/x' fake:bash=$t-1A try later-top 'echo x >top' fake:bash=git add -A; git commit -qm later || true fake:wait=$scratch/go2
1B|quick|Writes: \`*\`|fake:bash=$t-1B try top 'echo x >top' fake:commit=whole
END
claim "a footprint that says no files has the whole worktree, and that is told" says \
	'phase 1B: its footprint does not say which files' \
	divisi dispatch --fence declared --dry-run "$plan"
sed -i '/^| 1B /d; /^### 1B/,/^### \|^## /{/^## /!d}' "$plan"
divisi dispatch --fence declared "$plan" >/dev/null 2>&1
claim "the table is approved" approve_table
claim "what it declared it may write, and nothing else" until_true eval \
	'equals "$(tried 1A)" "src one deep "'
claim "its commit is there" until_true bash -c \
	"[ \$(git -C '$(field 1A path)' rev-list --count main..HEAD) = 1 ]"
claim "what was refused is on record" until_true says \
	'docs/b' cat .git/divisi/runs/"$(run_of 1A)"/fence.log

# ---- widened while it runs ---------------------------------------------------------------------

claim "what holds the repository is never given" divisi_fails 3 \
	widen 1A "$scratch" --reason "all of it" --yes
claim "nor the person's checkout" divisi_fails 3 \
	widen 1A "$scratch/repo/src" --reason "there" --yes
claim "nor the home that holds worktrees" divisi_fails 3 \
	widen 1A "$HOME" --reason "there" --yes
claim "outside of it one plain path is asked for" divisi_fails 2 \
	widen 1A "$scratch/out/*" --reason "there" --yes
claim "a person lets it write docs as well" divisi widen 1A 'docs/**' \
	--reason "the words" --yes
claim "and a directory outside" divisi widen 1A "$scratch/out/sub" \
	--reason "the report" --yes
claim "its holder was told" until_true eval \
	'grep -q "/docs$" .git/divisi/runs/'"$(run_of 1A)"'/widened &&
	grep -q "/out/sub$" .git/divisi/runs/'"$(run_of 1A)"'/widened'
claim "before the agent was" until_true eval \
	'[ "$(grep -c "you may also write" .git/divisi/runs/'"$(run_of 1A)"'/in.ndjson)" = 2 ]'
touch "$scratch/go1"
claim "and the fence lets it, the rest stays shut" until_true eval \
	'equals "$(tried 1A)" "src one deep later-docs later-out "'
claim "it is killed" kill -9 "$(agent_pid "$(run_of 1A)")"
claim "its end is told" until_true eval 'is_state 1A stalled || is_state 1A failed'
: >"$scratch/tried-1A"
claim "it goes on" divisi resume 1A
claim "in a second run, whose fence has all of that from its start" until_true eval \
	'grep -zq "/docs$" .git/divisi/runs/*1A.r2/spec &&
	grep -zq "/out/sub$" .git/divisi/runs/*1A.r2/spec'
claim "and lets it" until_true eval 'tried 1A | grep -q "later-docs later-out"'
claim "but no more" eval '! tried 1A | grep -q "top"'
touch "$scratch/go2"
claim "it comes to its end" becomes 1A in-review
divisi abort 1A --yes >/dev/null 2>&1 || divisi abandon 1A --yes >/dev/null 2>&1

# ---- read-only -------------------------------------------------------------------------------

plan=2026-11-22-try-look.md
fake_plan "$plan" <<END
2A|spike (analysis-only)|Creates: \`docs/found.md\`|fake:bash=$t-2A try found 'echo x >docs/found.md' fake:bash=$t-2A try src 'echo x >src/b' fake:bash=$t-2A try commit 'git add -A && git commit -qm no' fake:bash=$t-2A try branch 'git branch no'
END
claim "who only looks is fenced so" says 'fence: read-only' divisi dispatch "$plan"
approve_table >/dev/null
claim "it writes what it was sent for and nothing else, and commits nothing" until_true eval \
	'equals "$(tried 2A)" "found "'
claim "its end is told" until_true eval 'is_state 2A in-review || is_state 2A done'

# ---- the rule of the network ---------------------------------------------------------------------

python3 - "$scratch/ports" <<'PY' &
import socket, sys, os, select
a, b = socket.create_server(("127.0.0.1", 0)), socket.create_server(("127.0.0.1", 0))
with open(sys.argv[1] + ".new", "w") as f:
    f.write("%d %d\n" % (a.getsockname()[1], b.getsockname()[1]))
os.rename(sys.argv[1] + ".new", sys.argv[1])
while True:
    for s in select.select([a, b], [], [])[0]:
        s.accept()[0].close()
PY
listener=$!
wait_until 60 test -s "$scratch/ports"
read -r open shut <"$scratch/ports"
plan=2026-11-22-try-ports.md
fake_plan "$plan" <<END
3A|quick|Writes: \`a\`|fake:bash=$t-3A try open 'exec 3<>/dev/tcp/127.0.0.1/$open' fake:bash=$t-3A try shut 'exec 3<>/dev/tcp/127.0.0.1/$shut' fake:write=a:a fake:commit=a
END
git config divisi.fence.port "$open"
divisi dispatch "$plan" >/dev/null 2>&1
approve_table >/dev/null
claim "it is done" becomes 3A in-review
claim "of all ports it reached the one that was granted" equals "$(tried 3A)" "open "
claim "the other is on record" grep -q "$shut" .git/divisi/runs/"$(run_of 3A)"/fence.log
kill "$listener"

divisi server --stop >/dev/null
e2e_end
