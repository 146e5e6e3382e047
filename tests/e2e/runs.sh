# shellcheck shell=bash disable=SC2154
# Plans, repositories and looks at the state for tests that run sessions; after lib.sh.
# The agent is tests/fakes/agent_scripted.py, whose markers stand in a phase's Tasks.

# fake_plan FILE: writes a plan from lines of standard input,
#
#	ID|MODE|KEY: VALUE; KEY: VALUE|MARKERS
#
# one phase each; the work issue of 1A is T-11, of 2C T-23.
issue_of() {
	echo "T-${1%%[A-Z]*}$(($(printf '%d' "'${1##*[0-9]}") - 64))"
}
fake_plan() {
	local file=$1 id mode keys markers key issue rows="" sections="" issues=""
	while IFS='|' read -r id mode keys markers; do
		[ -n "$id" ] || continue
		issue=$(issue_of "$id")
		issues+="| [$issue](local:$issue) | Work on $id | Todo | $mode | 1pt | -- |"$'\n'
		rows+="| $id | [$issue](local:$issue) | Work on $id | ${id%%[A-Z]*} | None | Todo |"$'\n'
		sections+=$'\n'"### $id: Work on $id"$'\n\n'
		sections+="- Issue: [$issue: Work on $id](local:$issue)"$'\n'"- Mode: $mode"$'\n'
		while IFS= read -r key; do
			[ -z "$key" ] || sections+="- ${key# }"$'\n'
		done <<<"${keys//;/$'\n'}"
		case $keys in *Agent:*) ;; *) sections+="- Agent: command"$'\n' ;; esac
		case $keys in *Estimate:*) ;; *) sections+="- Estimate: \$0.30, 1pt"$'\n' ;; esac
		sections+="- Context:"$'\n'"  - Nothing was done yet."$'\n'
		sections+="  - A program does it."$'\n'"  - It does what it is told."$'\n'
		sections+="- Tasks:"$'\n'"  1. $markers"$'\n'
		sections+="- Deliverable: the work of $id. Update [$issue](local:$issue) with results."$'\n'
		sections+="- Acceptance:"$'\n'"  - [ ] it is there"$'\n'
	done
	cat >"$file" <<END
# Master Plan: Try it

**Parent issue:** [T-100: Try it](local:T-100)
**Date:** 2026-11-22
**Supersedes:** none

## Issue Registry

| ID | Title | Status | Exec | Est | Depends On |
|----|-------|--------|------|-----|------------|
$issues
## Phase Map

| Phase | Issues | Focus | Batch | Dependencies | Status |
|-------|--------|-------|-------|--------------|--------|
$rows$sections
## Verification

- [ ] everything is on main

## Session Registry

| Session Name | Issue | Phase | Agent | Worktree | Branch | Status |
|---|---|---|---|---|---|---|
END
}

# fake_repo DIR: a repository whose agent is the scripted one.  Each start of it appends the
# name of its run to the file `started`.
fake_repo() {
	new_repo "$1" || return
	cat >"$scratch/bin/scripted" <<END
#!/bin/sh
echo "\$DIVISI_RUN" >>"$scratch/started"
exec python3 "$top/tests/fakes/agent_scripted.py"
END
	chmod 755 "$scratch/bin/scripted"
	git -C "$1" config divisi.main main
	git -C "$1" config divisi.agent.command.program "$scratch/bin/scripted"
	git -C "$1" config divisi.fence.write "$scratch/started"
	: >>"$scratch/started"
}

# look EXPRESSION: one value of `divisi status --json`, where plan is the newest plan, b[N]
# a batch of it, and s[PHASE] the newest session of a phase.
look() {
	divisi status --json | python3 -c '
import json, sys
status = json.load(sys.stdin)
plan = status["plans"][-1]
print(eval(sys.argv[1], {"status": status, "plan": plan, "s": {
    s["phase"]: s for p in status["plans"] for b in p["batches"] for s in b["sessions"]},
    "b": {b["number"]: b for b in plan["batches"]}}))' "$1"
}
field() {
	look "s['$1']['$2']"
}
is_state() {
	[ "$(field "$1" state)" = "$2" ] || {
		echo "$1 is $(field "$1" state), not $2"
		divisi status
		return 1
	}
}
equals() {
	[ "$1" = "$2" ] || {
		echo "'$1' is not '$2'"
		return 1
	}
}
becomes() {
	until_true is_state "$1" "$2"
}
# until_true COMMAND...: looks until COMMAND succeeds; after a minute it says what it said.
until_true() {
	local end=$((SECONDS + ${E2E_PATIENCE:-60}))
	until "$@" >"$scratch/until.out" 2>&1; do
		if [ $SECONDS -ge $end ]; then
			echo "still not true: $*"
			cat "$scratch/until.out"
			return 1
		fi
		sleep 0.05
	done
}

# starts PHASE: how often an agent was started for the phase, ever.
starts() {
	grep -c "\.$1\.r" "$scratch/started"
}

# server_pid [DIR]: the server of the repository DIR (the working directory).
server_pid() {
	local dir=${1:-$PWD} pid
	for pid in /proc/[0-9]*; do
		if tr '\0' ' ' <"$pid/cmdline" | grep -q "/divisi server --top $dir \$"; then
			echo "${pid#/proc/}"
		fi
	done 2>/dev/null
}
# holder_pid RUN, agent_pid RUN: from the run directory.
holder_pid() {
	tr '\0' '\n' <".git/divisi/runs/$1/begun" | sed -n 's/^holder=\([0-9]*\).*/\1/p'
}
agent_pid() {
	sed 's/^\([0-9]*\).*/\1/' ".git/divisi/runs/$1/agent"
}
# is_gone PID...: none of them runs any more (a zombie does not run).
is_gone() {
	local pid
	for pid in "$@"; do
		case $(sed 's/.*) //' "/proc/$pid/stat" 2>/dev/null) in
		"" | [ZX]*) ;;
		*)
			echo "$pid runs: $(tr '\0' ' ' <"/proc/$pid/cmdline")"
			return 1
			;;
		esac
	done
}
# run_of PHASE: its current run.
run_of() {
	field "$1" run
}
# approve_table: approves the table that waits in the newest batch.
approve_table() {
	divisi approve --hash "$(look 'plan["batches"][-1]["hash"]')"
}
# says_in_log PHASE TEXT: how often the agent of its current run said TEXT.
said() {
	grep -cF "$2" ".git/divisi/runs/$(run_of "$1")/out.ndjson"
}
# is_pinned SESSION PATH TEXT: some pin of SESSION has TEXT in PATH.
is_pinned() {
	local ref
	for ref in $(git for-each-ref --format='%(refname)' "refs/divisi/$1/"); do
		if git cat-file -p "$ref:$2" 2>/dev/null | grep -q "$3"; then
			return 0
		fi
	done
	git for-each-ref refs/divisi
	return 1
}
