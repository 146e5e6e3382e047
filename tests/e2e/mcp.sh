#!/bin/bash
# divisi mcp: both eras of the protocol, outside of a session and inside of one (issue: every
# agent for real, item 12; CONTRACTS 1, SPEC on reporting).
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/runs.sh"
e2e_begin "$@"

launch() {
	fake_plan "2026-11-22-try-$1.md" &&
		{ divisi dispatch "2026-11-22-try-$1.md"; [ $? = 4 ]; } && approve_table
}

# `mcp-call NAME [modern|VERSION] TOOL ARGUMENTS`: the structured answer of one tool call to
# answers/NAME, and under it whether it was an error.  Fails when anything else than messages
# is on standard output.
mkdir -p "$scratch/answers"
cat >"$scratch/bin/mcp-call" <<'END'
#!/usr/bin/env python3
import json, os, subprocess, sys
name, era, tool, arguments = sys.argv[1:]
params = {"name": tool, "arguments": json.loads(arguments)}
lines = []
if era == "modern":
    params["_meta"] = {"io.modelcontextprotocol/protocolVersion": "2026-07-28",
                       "io.modelcontextprotocol/clientCapabilities": {}}
else:
    lines += [{"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {
        "protocolVersion": era, "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}},
        {"jsonrpc": "2.0", "method": "notifications/initialized"}]
lines.append({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params})
done = subprocess.run(["divisi", "mcp"], input="".join(json.dumps(l) + "\n" for l in lines),
                      stdout=subprocess.PIPE, text=True, check=True)
last = [json.loads(line) for line in done.stdout.splitlines()][-1]
result = last.get("result") or last["error"]
text = result["content"][0]["text"] if "content" in result else json.dumps(result)
path = os.environ["MCP_ANSWERS"] + "/" + name
with open(path + ".new", "w") as file:
    file.write(text + "\n" + ("error" if result.get("isError", "code" in result) else "fine") + "\n")
os.rename(path + ".new", path)
END
chmod 755 "$scratch/bin/mcp-call"
export MCP_ANSWERS=$scratch/answers
call() {
	mcp-call "$@" && cat "$scratch/answers/$1"
}
# What the session heard is in its own temporary directory, where the fence lets it write.
answers=$scratch/repo/.git/divisi/runs/p1.1.1A.r1/tmp
answered() {
	[ -e "$answers/$1" ]
}
hears() {
	until_true answered "$1" && says "$2" cat "$answers/$1"
}

fake_repo "$scratch/repo" && cd "$scratch/repo" || exit 99
mkdir lib && echo b >lib/b.c && git add lib && git commit -qm lib
git config divisi.merge ask
git config divisi.radar off

claim "two sessions" launch 1 <<END
1A|quick|Writes: \`lib/a.c\`|fake:write=lib/a.c:a fake:wait=$scratch/begin fake:bash=MCP_ANSWERS=$answers sh $scratch/calls fake:wait=$scratch/go fake:bash=git add -A; git commit -qm 1a
1B|quick|Writes: \`lib/b.c\`|fake:write=lib/b.c:x fake:wait=$scratch/go fake:bash=git add -A; git commit -qm 1b
END
claim "both work" eval "becomes 1A active; becomes 1B active"
plan=2026-11-22-try-1.md

# Outside: the person's own assistant.
claim "a plan is checked in the stateless era" says '"phases"' call check modern check_plan "{\"plan\":\"$plan\"}"
for era in 2025-11-25 2025-06-18 2025-03-26 2024-11-05; do
	claim "a verdict in the era of $era" says '"verdict"' \
		call verdict $era verdict "{\"plan\":\"$plan\",\"a\":\"1A\",\"b\":\"1B\"}"
done
claim "outside all sessions are seen" says '"phase": *"1B"' call status modern status '{}'
claim "why is answered" says 'active' call why modern why '{"name":"1A"}'
claim "a mistake says how to mend it" says 'fix: leave it out' \
	call wrong modern check_plan '{"plan":"x","force":"y"}'
claim "an error of the verb is one" says '^error$' call gone modern check_plan '{"plan":"none.md"}'
claim "nobody reports from outside" says 'for an agent inside of a session' \
	call report modern report '{"state":"done"}'
claim "no tool approves" says '^error$' call approve modern approve '{"hash":"x"}'
claim "the configuration of an agent can be pasted" \
	says '"args":\["mcp"\]' divisi mcp --print-config claude
claim "and its hook" says 'PreToolUse' divisi mcp --print-config claude-hook
claim "an agent that is not known is named" divisi_fails 5 mcp --print-config nobody

# Inside: the session itself, and nobody else.
cat >"$scratch/calls" <<END
mcp-call started modern report '{"state":"started"}'
mcp-call progress 2025-06-18 report '{"state":"progress","text":"half of it","done":1,"total":2}'
mcp-call self modern read_session '{}'
mcp-call seen modern status '{}'
mcp-call other modern why '{"name":"1B"}'
mcp-call question modern ask_question '{"text":"tabs or blanks?","detail":"the file has both"}'
mcp-call widen modern request_widening '{"patterns":["lib/b.c"],"reason":"the header moved"}'
divisi approve S-A >$answers/approve 2>&1; echo \$? >>$answers/approve
mcp-call last 2024-11-05 read_session '{}'
END
touch "$scratch/begin"
claim "it reports its start" hears started '^fine$'
claim "and its progress" hears progress '^fine$'
claim "it reads itself" hears self '"phase": *"1A"'
claim "and nobody else" eval "hears seen '\"phase\": *\"1A\"'; ! grep -q '\"phase\": *\"1B\"' $answers/seen"
claim "nor why of another" hears other '^error$'
claim "it asks, and goes on" hears question 'a person is asked'
claim "it asks for more, and hears who has it" hears widen 'S-B \(phase 1B, active\) has lib/b.c'
claim "it cannot answer itself (G11)" until_true says '^3$' cat "$answers/approve"
claim "its questions are in what it reads" hears last 'tabs or blanks'
claim "the person sees the question" says 'tabs or blanks' divisi status
ask_of() {
	look "next(a['id'] for a in s['1A']['asks'] if a['kind'] == '$1')"
}
claim "the progress is shown" says '1/2 half of it' divisi status --json
claim "the person answers it" divisi answer 1A blanks
claim "and allows the path" divisi approve 1A --ask "$(ask_of widen)"
claim "it is the session's now" equals "$(field 1A widened)" lib/b.c
touch "$scratch/go"
claim "they end" eval "becomes 1A in-review; becomes 1B in-review"
claim "the answers were messages to its agent" says 'A person answered your question' \
	cat .git/divisi/runs/*1A.r1/in.ndjson
e2e_end
