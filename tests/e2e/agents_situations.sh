#!/bin/bash
# The real agents but Claude Code, each in every situation of situations.sh, against a model
# of our own: `agents_situations.sh AGENT [GROUP...]`.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/runs.sh"
. "$(dirname "$0")/situations.sh"
. "$(dirname "$0")/agents_env.sh"
e2e_begin "$@"
agent=$1
shift

# Codex without its server is the same program.
agent_path "${agent%-exec}" ||
	skip_all "$agent is not installed (./check --all installs it from npm)"
command -v node >/dev/null || skip_all "node is not installed"

model_log=$scratch/model.log
node "$top/tests/e2e/claude/stub.mjs" --log "$model_log" >"$scratch/port" &
wait_until 10 test -s "$scratch/port"
port=$(cat "$scratch/port")

# None of them can ask a question of the person's, or has a budget of its own.
agent_lacks="question budget spent"
# The plan modes of these two let commands through: they are not offered.
# It is spoken to by nobody.
[ "$agent" = codex-exec ] && agent_lacks+=" denial plan early two-turns interrupt-stream interrupt-tool"
[[ $agent = opencode || $agent = copilot ]] && agent_lacks+=" plan early"
new_repo "$scratch/repo" && cd "$scratch/repo" || exit 99
agent_env "$agent"
git config divisi.verify "git status" # agents from outside are told how to test (S-85)
situations_run "$@"
divisi server --stop >/dev/null

e2e_end
