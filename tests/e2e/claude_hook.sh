#!/bin/bash
# The real Claude Code with our hook in front of its tools and our MCP server beside them: what
# it is refused and told, and what it reports (issue: every agent for real, items 8 and 12).
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/runs.sh"
e2e_begin "$@"

[ -n "$E2E_CLAUDE" ] || skip_all "Claude Code is not installed (./check installs it from npm)"
command -v node >/dev/null || skip_all "node is not installed"
PATH=$(dirname "$E2E_CLAUDE"):$PATH

node "$top/tests/e2e/claude/stub.mjs" --log "$scratch/model.log" >"$scratch/port" &
wait_until 60 test -s "$scratch/port"
ANTHROPIC_BASE_URL="http://127.0.0.1:$(cat "$scratch/port")"
export ANTHROPIC_BASE_URL ANTHROPIC_API_KEY=dummy
export CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1 DISABLE_TELEMETRY=1 DISABLE_AUTOUPDATER=1

new_repo "$scratch/repo" && cd "$scratch/repo" || exit 99
git config divisi.main main
git config divisi.radar off
launch() {
	fake_plan "2026-11-22-try-$1.md" &&
		{ divisi dispatch "2026-11-22-try-$1.md"; [ $? = 4 ]; } && approve_table
}
claim "two sessions of Claude Code" launch 1 <<'END'
1A|quick|Agent: claude; Writes: `a/own.txt`|stub:tool=mcp__divisi__report:{"state":"progress","text":"half of it","done":1,"total":2} stub:write=b/other.txt:mine stub:bash=echo x >b/other.txt stub:tool=mcp__divisi__request_widening:{"patterns":["b/other.txt"],"reason":"they belong together"} stub:write=a/own.txt:own stub:commit=own
1B|quick|Agent: claude; Writes: `b/other.txt`|stub:slow=300 stub:write=b/other.txt:other stub:commit=other
END
out() {
	cat .git/divisi/runs/*"$1".r1/out.ndjson
}
claim "its report is in the journal" until_true says '"text":"1/2 half of it' divisi events --json
claim "what another session declared it is refused before it writes" \
	until_true says 'S-B \(phase 1B, [a-z]+\) declared it' out 1A
claim "a command as well" until_true says 'as far as this command tells' out 1A
claim "refusals are counted" until_true says '"cause":"guarded".*"denied":[12]' divisi events --json
claim "it asks a person, through the tool" until_true says '"cause":"widen-asked"' divisi events --json
claim "which is told who has it" until_true says 'has b/other.txt' divisi events --json
claim "nothing of the other's was written" test ! -e "$(field 1A path)/b/other.txt"
is_committed() {
	equals "$(git -C "$(field 1A path)" log -1 --format=%s)" own
}
claim "its own work is committed" until_true is_committed
divisi server --stop >/dev/null
e2e_end
