#!/bin/bash
# The real Claude Code in every situation of situations.sh, against a model of our own.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/runs.sh"
. "$(dirname "$0")/situations.sh"
e2e_begin "$@"

[ -n "$E2E_CLAUDE" ] || skip_all "Claude Code is not installed (./check installs it from npm)"
command -v node >/dev/null || skip_all "node is not installed"
PATH=$(dirname "$E2E_CLAUDE"):$PATH

model_log=$scratch/model.log
node "$top/tests/e2e/claude/stub.mjs" --log "$model_log" >"$scratch/port" &
wait_until 60 test -s "$scratch/port"
port=$(cat "$scratch/port")
export ANTHROPIC_BASE_URL="http://127.0.0.1:$port" ANTHROPIC_API_KEY=dummy
export CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1 DISABLE_TELEMETRY=1 DISABLE_AUTOUPDATER=1

agent=claude
new_repo "$scratch/repo" && cd "$scratch/repo" || exit 99
situations_run "$@"
divisi server --stop >/dev/null

e2e_end
