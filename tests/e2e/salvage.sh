#!/bin/bash
# What a session never committed is kept when it is parked, is listed, and comes back
# (promise 2; the journal may be gone by then).
. "$(dirname "$0")/lib.sh"
e2e_begin "$@"

new_repo repo
cd repo || exit 99
plan=2026-11-22-test-salvage.md
cat >$plan <<'EOF'
# Master Plan: Salvage

**Parent issue:** [SA-100: Salvage](local:SA-100)
**Date:** 2026-11-22

## Phase Map

| Phase | Issues | Focus | Batch | Dependencies |
|-------|--------|-------|-------|--------------|
| 1A | [SA-1](local:SA-1) | Precious | 1 | None |

### 1A: Precious

- Issue: [SA-1: Precious](local:SA-1)
- Mode: quick
- Agent: command
- Estimate: $1, 1pt
- Writes: `one/**`
- Context:
  - A test of divisi.
  - One file is asked for.
  - It is never committed.
- Tasks:
  1. fake:write=one/a.txt:precious fake:say=written fake:wait=never
- Deliverable: nothing. Update [SA-1](local:SA-1) with results.
- Acceptance:
  - [ ] none
EOF
git config divisi.agent.command.program "$top/tests/fakes/agent_scripted.py"
hash_of() { divisi status --json | grep -o '"hash": *"[0-9a-f]*"' | head -n 1 | grep -o '[0-9a-f]\{64\}'; }

divisi dispatch $plan >/dev/null 2>&1
claim "the table is approved" divisi approve --hash "$(hash_of)"
claim "the agent has written" wait_until 60 says "written" divisi status
claim "the session is parked" divisi park S-A --reason test
claim "its uncommitted work is kept" wait_until 60 says '^snapshot-1' divisi salvage S-A
divisi server --stop >/dev/null
wait_until 60 bash -c '! divisi server --stop'
mv .git/divisi home-aside
claim "it is listed without the journal too" says '^snapshot-1' divisi salvage p1.1.1A
divisi server --stop >/dev/null
wait_until 60 bash -c '! divisi server --stop'
rm -rf .git/divisi && mv home-aside .git/divisi
claim "without a session all are listed" says "^p1.1.1A  [0-9]+ kept" divisi salvage
claim "it comes back as a branch" divisi salvage S-A --restore snapshot-1 --branch saved
claim "with the very bytes" says '^precious$' git show saved:one/a.txt
claim "an existing branch is never moved" divisi_fails 6 salvage S-A --restore head --branch saved
claim "and another is asked for" says 'fix: divisi salvage S-A --restore head --branch ANOTHER' \
	divisi salvage S-A --restore head --branch saved
claim "a branch of nothing is refused" divisi_fails 2 salvage S-A --branch other
claim "what is not kept is not found" divisi_fails 5 salvage S-Z
divisi server --stop >/dev/null

e2e_end
