#!/bin/bash
# J-47: an agent whose tool fails in the same way again and again is stopped, parked and put to
# a person; the counters survive the server, the yes begins a new run that is told what failed.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/runs.sh"
e2e_begin "$@"
command -v divisi >/dev/null || skip_all "divisi is not built"

fake_repo "$scratch/repo" && cd "$scratch/repo" || exit 99
git config divisi.cap 32
fake_plan 2026-11-22-try-1.md <<END
1A|quick|Writes: \`1a\`|fake:tool=make all:no rule fake:tool=make all:no rule fake:wait=$scratch/go fake:tool=make all:no rule fake:wait=$scratch/1A fake:write=1a:x fake:commit=1a
1B|quick|Writes: \`1b\`|fake:tool=lint:one fake:tool=lint:two fake:tool=lint:three fake:tool=lint:four fake:tool=lint:five fake:wait=$scratch/1B
1C|quick|Writes: \`1c\`|fake:tool=a:x fake:tool=b:x fake:tool=a:x fake:tool=b:y fake:write=1c:x fake:commit=1c
2A|quick|Writes: \`2a\`|fake:tool=make:no fake:tool=make:no fake:tool=make:no fake:wait=$scratch/2A
END
divisi dispatch 2026-11-22-try-1.md >/dev/null
starts_twice() {
	[ "$(starts "$1")" = 2 ]
}
claim "the table is approved" approve_table
claim "two failures stop nobody" until_true says 'make all' divisi why 1A
claim "1A works" becomes 1A active
kill -9 "$(server_pid)"
touch "$scratch/go"
claim "the third one stops it, after the server was killed in between" becomes 1A parked
claim "five of one call do, whatever the errors (1B)" becomes 1B parked
claim "failures of several calls do not (1C)" becomes 1C in-review
claim "why names the call, how often, and the setting" \
	says 'make all failed 3 times with the same error \(divisi.same-error-limit\): no rule' divisi why 1A
claim "1B names its own" says 'lint failed 5 times .*divisi.tries-limit' divisi why 1B
claim "why --json has the rule" says '"rule": *"J-47"' divisi why 1A --json
claim "and what would release it" says "a person's yes" divisi why 1A --json
claim "nothing of them lives" until_true is_gone \
	"$(agent_pid "$(run_of 1A)")" "$(agent_pid "$(run_of 1B)")"
claim "both are in the inbox with what failed" says 'no rule' divisi approvals
claim "no approach counts as failed" equals "$(starts 1A)" 1
divisi server --stop >/dev/null
claim "the question is there again after a restart" says 'no rule' divisi approvals
claim "a no leaves it parked" divisi decline 1B --reason "I look myself"
claim "and out of the inbox" until_true is_state 1B parked
touch "$scratch/1A"
claim "a yes" divisi approve 1A --reason "use the other rule"
claim "begins a new run to its end" becomes 1A in-review
claim "one, not more" equals "$(starts 1A)" 2
claim "which was told what failed" grep -q 'make all' ".git/divisi/runs/$(run_of 1A)/in.ndjson"
claim "and what the person said" grep -q 'use the other rule' ".git/divisi/runs/$(run_of 1A)/in.ndjson"
claim "2A is stopped as well" becomes 2A parked
claim "another mode than pair is refused" divisi_fails 2 approve 2A --mode swarm
claim "in pair it goes on with a plan first" divisi approve 2A --mode pair
claim "so it is launched again" until_true equals "$(until_true starts_twice 2A && field 2A launch)" plan
claim "the replay agrees" divisi replay
e2e_end
