#!/bin/bash
# The real agents but Claude Code with our hook in front of their tools: what each is refused
# and told before it writes (issue: every agent for real, item 8): `agents_hook.sh AGENT`.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/runs.sh"
. "$(dirname "$0")/agents_env.sh"
e2e_begin "$@"
agent_begin "$1"
claim "$agent, hook: two sessions" agent_launch 1 <<END
1A|quick|Agent: $agent; Writes: \`own.txt\`; Estimate: \$1, 1pt|stub:write=other.txt:mine stub:bash=echo x >other.txt stub:write=own.txt:own stub:commit=own
1B|quick|Agent: $agent; Writes: \`other.txt\`; Estimate: \$1, 1pt|stub:write=other.txt:other stub:commit=other
END
# refused N: that many calls at least were refused, as the journal has it.
refused() {
	[ "$(field 1A denied)" -ge "$1" ]
}
# Its model hears it as what came of its call.
model_heard() {
	grep -q 'S-B (phase 1B, [a-z]*) declared it' "$model_log"
}
claim "$agent, hook: what another declared it is refused, by tool and by command" \
	until_true refused 2
claim "$agent, hook: its model hears who has it, and how to ask" until_true model_heard
claim "$agent, hook: it comes to its end with its own work" \
	until_true is_state 1A in-review
claim "$agent, hook: and nothing of the other's" \
	test ! -e "$(field 1A path)/other.txt"
claim "$agent, hook: the other one writes what it declared" until_true is_state 1B in-review
claim "$agent, hook: without a word" equals "$(field 1B denied)" 0
divisi server --stop >/dev/null
e2e_end
