#!/bin/bash
# The real Claude Code against a model of our own, taken over and handed back: the very same
# session id, interactive in a terminal, and headless again (DESIGN 7).
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/runs.sh"
e2e_begin "$@"

[ -n "$E2E_CLAUDE" ] || skip_all "Claude Code is not installed (./check installs it from npm)"
command -v node >/dev/null || skip_all "node is not installed"
command -v tmux >/dev/null || skip_all "tmux is not installed"
PATH=$(dirname "$E2E_CLAUDE"):$PATH
export TMUX_TMPDIR=$scratch/tmp

node "$top/tests/e2e/claude/stub.mjs" --log "$scratch/model.log" >"$scratch/port" &
wait_until 60 test -s "$scratch/port"
ANTHROPIC_BASE_URL="http://127.0.0.1:$(cat "$scratch/port")"
export ANTHROPIC_BASE_URL ANTHROPIC_API_KEY=dummy
export CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1 DISABLE_TELEMETRY=1 DISABLE_AUTOUPDATER=1

new_repo repo && cd repo || exit 99
plan=2026-11-22-try-it.md
fake_plan "$plan" <<END
1A|quick|Writes: \`a.txt\`; Agent: claude|stub:bash=true stub:slow=600 stub:write=a.txt:one stub:commit=a
END
divisi dispatch "$plan" >/dev/null 2>&1
approve_table
claim "Claude works" becomes 1A active
id=$(field 1A agent_session)
agent=$(agent_pid "$(run_of 1A)")
# Behind its fence it keeps its state in a directory of the session's own.
state=$PWD/.git/divisi/state/$(field 1A id)/agent
# It asks for nothing at its first start on a terminal, and trusts the worktree.
python3 - "$state/.claude.json" "$(field 1A path)" <<'END'
import json, os, sys
path = sys.argv[1]
settings = json.load(open(path)) if os.path.exists(path) else {}
settings.update({"hasCompletedOnboarding": True, "theme": "dark",
                 "customApiKeyResponses": {"approved": ["dummy"], "rejected": []}})
settings.setdefault("projects", {}).setdefault(sys.argv[2], {})["hasTrustDialogAccepted"] = True
json.dump(settings, open(path, "w"))
END
tmux -f /dev/null new-session -d -s claude -x 120 -y 40 -c "$PWD" "env TERM=screen-256color PS1='\$ ' sh"
shows() {
	tmux capture-pane -p -t claude | grep -qE -- "$1" && return 0
	tmux capture-pane -p -t claude
	return 1
}
tmux send-keys -t claude "divisi takeover 1A" Enter
claimed() {
	[ "$(field 1A state)/$(field 1A terminal)" = claimed/True ]
}
claim "it is taken over" until_true claimed
claim "the headless one is gone" is_gone "$agent"
# The file has the name of its process, in whatever namespace that is.
interactive() {
	python3 - "$state/sessions" "$id" <<'END'
import glob, json, os, sys
newest = max(glob.glob(sys.argv[1] + "/*.json"), key=os.path.getmtime)
session = json.load(open(newest))
print(session)
assert session["sessionId"] == sys.argv[2], session
END
}
claim "Claude has a terminal, with the same session" until_true interactive
claim "and shows what was said before" until_true shows 'Session started'
claim "and that it was interrupted" until_true shows 'Interrupted'
echo "by hand" >"$(field 1A path)/b.txt"
claim "it is handed back" divisi handback 1A --note "stub:write=c.txt:three stub:commit=c"
in_third_run() { equals "$(run_of 1A)" p1.1.1A.r3; }
claim "Claude works headless again" until_true in_third_run
resumed() {
	grep -zq -- "^arg=--resume\$" .git/divisi/runs/p1.1.1A.r3/spec &&
		grep -zq -- "^arg=$id\$" .git/divisi/runs/p1.1.1A.r3/spec
}
claim "in the same session" until_true resumed
claim "it is told what changed" until_true grep -q 'b.txt' .git/divisi/runs/p1.1.1A.r3/in.ndjson
claim "it goes on to the end of its task" becomes 1A in-review
claim "with what it was asked for" test -e "$(field 1A path)/c.txt"
claim "and what the person made" test -e "$(field 1A path)/b.txt"
tmux kill-server 2>/dev/null
e2e_end
