#!/bin/bash
# Worktrees are prepared as configured (CONTRACTS 3): files are copied, the setup command
# runs only after the approval, and when it fails the session does not start.
. "$(dirname "$0")/lib.sh"
e2e_begin "$@"

new_repo repo
cd repo || exit 99
plan=2026-11-22-test-prepare.md
cat >$plan <<'EOF'
# Master Plan: Prepare

**Parent issue:** [PR-100: Prepare](local:PR-100)
**Date:** 2026-11-22

## Issue Registry

| ID | Title | Status | Exec | Est | Depends On |
|----|-------|--------|------|-----|------------|
| [PR-1](local:PR-1) | One | Todo | quick | 1pt | -- |

## Phase Map

| Phase | Issues | Focus | Batch | Dependencies |
|-------|--------|-------|-------|--------------|
| 1A | [PR-1](local:PR-1) | One | 1 | None |

### 1A: One

- Issue: [PR-1: One](local:PR-1)
- Mode: quick
- Agent: command
- Estimate: $1, 1pt
- Writes: `one/**`
- Context:
  - A test of divisi.
  - One file is asked for.
  - Nothing else is touched.
- Tasks:
  1. fake:write=one/a.txt:one fake:commit=one
- Deliverable: `one/a.txt`. Update [PR-1](local:PR-1) with results.
- Acceptance:
  - [ ] the file is there

## Session Registry

| Session Name | Issue | Phase | Agent | Status |
|--------------|-------|-------|-------|--------|

## Verification

- [ ] one file on main
EOF
git config divisi.agent.command.program "$top/tests/fakes/agent_scripted.py"
git config divisi.worktree.copy .env
echo "SECRET=1" >.env
echo .env >.git/info/exclude
mkdir .divisi
git config --file .divisi/config divisi.worktree.setup "touch $scratch/setup-ran; test -e $scratch/let-it"

hash_of() { divisi status --json | grep -o '"hash": *"[0-9a-f]*"' | head -n 1 | grep -o '[0-9a-f]\{64\}'; }
path_of() { divisi status --json | grep -o '"path": *"[^"]*worktrees[^"]*"' | head -n 1 | cut -d'"' -f4; }

claim "the table waits for approval" divisi_fails 4 dispatch $plan
claim "the setup command did not run before it" test ! -e "$scratch/setup-ran"
claim "the untracked file was copied" test -e "$(path_of)/.env"
claim "the table is approved" divisi approve --hash "$(hash_of)"
claim "a failing setup keeps the session from starting" \
	wait_until 60 says 'S-A +failed' divisi status
claim "it ran after the approval" test -e "$scratch/setup-ran"
claim "and says why" says "setup .* failed with 1" divisi why S-A
claim "no agent was started" bash -c '[ -z "$(ls .git/divisi/runs 2>/dev/null)" ]'
touch "$scratch/let-it"
claim "once it succeeds the session goes on" divisi resume S-A
claim "and delivers" wait_until 60 says 'S-A +in-review' divisi status
divisi server --stop >/dev/null

e2e_end
