#!/bin/bash
# The real agents but Claude Code, each in every situation of situations.sh, against a model
# of our own: `agents_situations.sh AGENT [GROUP...]`.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/runs.sh"
. "$(dirname "$0")/situations.sh"
. "$(dirname "$0")/agents_env.sh"
e2e_begin "$@"
agent_begin "$1"
shift

# None of them can ask a question of the person's, or has a budget of its own.
agent_lacks="question budget spent"
# The plan modes of these two let commands through: they are not offered.
# It is spoken to by nobody.
[ "$agent" = codex-exec ] && agent_lacks+=" denial plan early two-turns amid-turn interrupt-stream interrupt-tool"
[[ $agent = opencode || $agent = copilot ]] && agent_lacks+=" plan early"
situations_run "$@"
divisi server --stop >/dev/null

e2e_end
