#!/bin/bash
# The main job with the real Claude Code against a model of our own on loopback (issue: three
# sessions in parallel, one Bypass, one Plan approved from the command line, one Ask with one
# denial, one killed in the middle and resumed under the same session id, all merged).
# S-37, S-70, J-6, J-22, CONTRACTS 2, 3 and 7.
. "$(dirname "$0")/lib.sh"
e2e_begin "$@"

[ -n "$E2E_CLAUDE" ] || skip_all "Claude Code is not installed (./check installs it from npm)"
command -v node >/dev/null || skip_all "node is not installed"
PATH=$(dirname "$E2E_CLAUDE"):$PATH

node "$top/tests/e2e/claude/stub.mjs" --log "$scratch/model.log" >"$scratch/port" &
wait_until 60 test -s "$scratch/port"
port=$(cat "$scratch/port")
export ANTHROPIC_BASE_URL="http://127.0.0.1:$port" ANTHROPIC_API_KEY=dummy
export CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1 DISABLE_TELEMETRY=1 DISABLE_AUTOUPDATER=1

# phase ID FOCUS MODE WRITES MARKERS
phase() {
	cat <<EOF

### $1: $2

- Issue: [CL-$1n: $2](local:CL-$1n)
- Mode: $3
- Agent: claude
- Estimate: \$1, 1pt
- Writes: \`$4\`
- Context:
  - The repository is a test of divisi.
  - One file is asked for.
  - Nothing else is to be touched.
- Tasks:
  1. $5
- Deliverable: \`$4\` is there. Update [CL-$1n](local:CL-$1n) with results.
- Acceptance:
  - [ ] the file has its line
EOF
}

new_repo repo
cd repo || exit 99
plan=2026-11-22-test-claude.md
{
	cat <<'EOF'
# Master Plan: Three files

**Parent issue:** [CL-100: Three files](local:CL-100)
**Date:** 2026-11-22

## Issue Registry

| ID | Title | Status | Exec | Est | Depends On |
|----|-------|--------|------|-----|------------|
| [CL-1](local:CL-1) | Slow file | Todo | quick | 1pt | -- |
| [CL-2](local:CL-2) | Planned file | Todo | pair | 1pt | -- |
| [CL-3](local:CL-3) | Asked file | Todo | checkpoint | 1pt | -- |

## Phase Map

| Phase | Issues | Focus | Batch | Dependencies |
|-------|--------|-------|-------|--------------|
| 1A | [CL-1](local:CL-1) | Slow file | 1 | None |
| 1B | [CL-2](local:CL-2) | Planned file | 1 | None |
| 1C | [CL-3](local:CL-3) | Asked file | 1 | None |
EOF
	phase 1A "Slow file" quick a/slow.txt "stub:bash=true stub:slow=600 stub:write=a/slow.txt:slow stub:commit=slow" | sed s/CL-1An/CL-1/g
	phase 1B "Planned file" pair b/planned.txt "stub:write=b/planned.txt:planned stub:commit=planned" | sed s/CL-1Bn/CL-2/g
	phase 1C "Asked file" checkpoint c/asked.txt "stub:bash=touch c-forbidden stub:write=c/asked.txt:asked stub:commit=asked" | sed s/CL-1Cn/CL-3/g
	cat <<'EOF'

## Session Registry

| Session Name | Issue | Phase | Agent | Status |
|--------------|-------|-------|-------|--------|

## Verification

- [ ] three files on main
EOF
} >$plan
git config divisi.verify "test -d a -o -d b -o -d c"

state() {
	divisi status --json | node -e '
		const s = JSON.parse(require("fs").readFileSync(0));
		for (const p of s.plans) for (const b of p.batches) for (const x of b.sessions)
			if (x.phase === process.argv[1]) console.log(x[process.argv[2]]);' "$1" "$2"
}
is() {
	local got
	got=$(state "$1" "$2")
	[ "$got" = "$3" ] || { echo "$1 $2 is '$got', not '$3'"; divisi status; return 1; }
}
asks() { divisi status | grep -q "asks ($1)"; }

claim "the plan has no error" divisi check $plan
claim "nothing runs before the table is approved (S-80)" divisi_fails 4 dispatch $plan
hash=$(divisi status --json | grep -o '"hash": *"[0-9a-f]*"' | head -n 1 | grep -o '[0-9a-f]\{64\}')
claim "another hash approves nothing (G11)" divisi_fails 3 approve --hash 0123456789abcdef
claim "the hash of the table approves it" divisi approve --hash "$hash"

claim "the slow session works" wait_until 60 is 1A state active
claim "the pair session presents its plan before it writes (S-37)" wait_until 60 asks plan
claim "nothing of it is written yet" test ! -e "$(state 1B path)/b/planned.txt"

# Killed in the middle: the agent and its holder, then the server too.
first=$(state 1A agent_session)
pid=$(pgrep -f -- "--session-id $first" | head -n 1)
claim "the agent of 1A is found by its session id" test -n "$pid"
kill -9 "$pid"
claim "its death is noticed and told (J-22)" wait_until 60 is 1A state stalled
claim "the server stops and comes back" divisi server --stop
claim "the plan still waits after the restart (approvals outlive processes)" wait_until 60 asks plan
claim "the killed session is resumed" divisi resume S-A
claim "it goes on" wait_until 60 is 1A commits 1
claim "under the same session id" is 1A agent_session "$first"

claim "the plan is approved from the command line" divisi approve S-B
claim "the planned work is committed" wait_until 60 is 1B commits 1

claim "the ask session asks" wait_until 60 asks permission
claim "the first request is denied" divisi decline S-C --reason "do not touch that"
answered=0
for _ in $(seq 20); do
	wait_until 30 bash -c "divisi status | grep -q 'asks (permission)' || divisi status | grep -q 'S-C *in-review'"
	divisi status | grep -q 'S-C *in-review' && break
	divisi approve S-C >/dev/null && answered=$((answered + 1))
done
claim "the others are allowed one by one" test "$answered" -ge 2
claim "the asked work is committed" wait_until 60 is 1C commits 1
claim "what was denied was not done" test ! -e "$(state 1C path)/c-forbidden"

claim "merging needs a person (Gate 3)" divisi_fails 4 merge
claim "the person who read the diffs merges" divisi merge --yes
claim "the plan is complete" wait_until 60 bash -c "divisi report $plan | grep -q '(complete)'"
for file in a/slow.txt b/planned.txt c/asked.txt; do
	claim "$file is on main" git cat-file -e "main:$file"
done
claim "the checkout is clean" wait_until 60 is_clean . $plan
claim "each agent was started once, the killed one twice" \
	bash -c "[ \$(ls .git/divisi/runs | wc -l) = 4 ]"
claim "the registry is written back" wait_until 60 says 'S-A.*Done' cat $plan
claim "the issue is done" wait_until 60 says 'Done' divisi issue show CL-2
divisi server --stop >/dev/null

e2e_end
