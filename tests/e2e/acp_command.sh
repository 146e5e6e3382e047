#!/bin/bash
# `Agent: acp:COMMAND` in a plan: any program that speaks the Agent Client Protocol, which
# nobody had to configure (CONTRACTS 3, DESIGN 10).
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/runs.sh"
e2e_begin "$@"

fake_repo "$scratch/repo" && cd "$scratch/repo" || exit 99
git config divisi.verify "git status" # who is from outside is told how to test (S-85)
cp "$top/tests/fakes/agent_acp.py" "$scratch/bin/anybody"
plan=2026-11-22-try-anybody.md
fake_plan "$plan" <<END
1B|checkpoint|Writes: \`b\`; Agent: acp:anybody|fake:bash=true
END
claim "no mode is given to it that is Claude Code's alone" says 'refused G15' \
	divisi dispatch --dry-run "$plan"
fake_plan "$plan" <<END
1C|quick|Writes: \`c\`; Agent: acp:no-such-program --speak|fake:bash=true
END
claim "a program that is not there is told" says 'agent acp.*no-such-program' \
	divisi dispatch --dry-run "$plan"
fake_plan "$plan" <<END
1A|quick|Writes: \`a\`, \`words\`; Agent: acp:anybody --speak acp|fake:bash=echo one >a && git add -A && git commit -qm one
END
claim "the table names the command and who named it" says \
	'agent acp is anybody, named by the plan' divisi dispatch "$plan"
claim "the column has it as the plan does" says 'acp:anybody --speak acp' divisi status --json
claim "it is approved" approve_table
claim "it works" becomes 1A in-review
claim "on a branch of its kind" says 'acp/t-11' git branch --list 'acp/*'
claim "and was given its words" equals "$(git show "$(field 1A branch)":words)" "--speak acp"
claim "it lands" eval 'divisi merge --yes; becomes 1A "done"'

plan=2026-11-22-try-again.md
fake_plan "$plan" <<END
2A|quick|Writes: \`again\`, \`words\`; Agent: acp:anybody --speak acp|fake:die fake:bash=echo two >again && git add -A && git commit -qm two
END
claim "one that dies is dispatched" eval 'divisi dispatch "$plan"; approve_table'
claim "its death is told" becomes 2A stalled
claim "it is taken up again" divisi resume 2A
claim "what it repeats is no news: no command failed three times" becomes 2A in-review
claim "in the same conversation" grep -q 'session/load' ".git/divisi/runs/$(run_of 2A)/in.ndjson"
claim "with the rest done" equals "$(git show "$(field 2A branch)":again)" two

divisi server --stop >/dev/null
e2e_end
