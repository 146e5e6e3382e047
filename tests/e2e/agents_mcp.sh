#!/bin/bash
# The real agents but Claude Code with our MCP server, handed to each in its own way: what its
# model reports and asks through it, and whose session it is:
# `agents_mcp.sh AGENT`.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/runs.sh"
. "$(dirname "$0")/agents_env.sh"
e2e_begin "$@"
agent_begin "$1"

divisi_tool() {
	echo "stub:tool=mcp__divisi__$1:$2"
}
claim "$agent, mcp: a session" agent_launch 1 <<END
1A|quick|Agent: $agent; Writes: \`own.txt\`; Estimate: \$1, 1pt|$(divisi_tool report '{"state":"progress","text":"half of it","done":1,"total":2}') $(divisi_tool read_session '{ }') $(divisi_tool request_widening '{"patterns":["more.txt"],"reason":"they belong together"}') stub:write=own.txt:own stub:commit=own
1B|quick|Agent: $agent; Writes: \`other.txt\`; Estimate: \$1, 1pt|stub:write=other.txt:other stub:commit=other
END
heard() {
	grep -q "t-11-work-on-1a.*told.*$1" "$model_log"
}
claim "$agent, mcp: its report is in the journal" \
	until_true says '"text":"1/2 half of it' divisi events --json
claim "$agent, mcp: its model reads of its own session" until_true heard 'p1.1.1A'
claim "$agent, mcp: and of nobody else's" eval '! heard p1.1.1B'
claim "$agent, mcp: it asks a person for more" \
	until_true says '"cause":"widen-asked".*more.txt' divisi events --json
claim "$agent, mcp: as itself" says '"id":"p1.1.1A".*widen-asked|widen-asked.*p1.1.1A' divisi events --json
is_committed() {
	equals "$(git -C "$(field 1A path)" log -1 --format=%s)" own
}
# The word of its commit was in what our tool answered: Gemini asks, whatever its mode.
if [ "$agent" = gemini ]; then
	claim "$agent, mcp: it asks before it uses a word of our answer in a command" \
		until_true says 'git commit -q -m .own' divisi approvals
	claim "$agent, mcp: and a person allows it" divisi approve a2
fi
claim "$agent, mcp: and works on meanwhile" until_true is_committed
divisi server --stop >/dev/null
e2e_end
