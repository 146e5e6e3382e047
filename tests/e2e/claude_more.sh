#!/bin/bash
# The real Claude Code against a model of our own, in what situations.sh has no place for: a
# research session that delivers evidence and may write nothing else, a context that fills up,
# and a model that fails for a while.
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
export ANTHROPIC_MODEL=claude-sonnet-4-5 # which holds 200,000 tokens

cat >"$scratch/bin/evidence" <<'END'
#!/bin/sh
echo '{"summary":"an answer","evidence":[{"type":"empirical","question":"Q1","answer":"SQLite",
"claim":"it was measured","confidence":"high","source":{"title":"A bench",
"url":"https://www.example.org/bench/"}}]}' >"$DIVISI_OUTPUT"
END
chmod 755 "$scratch/bin/evidence"
new_repo "$scratch/repo" && cd "$scratch/repo" || exit 99
git config divisi.main main
git config divisi.verify true
git config divisi.radar off
git config divisi.cap 32
launch() {
	fake_plan "2026-11-22-try-$1.md" &&
		{ divisi dispatch "2026-11-22-try-$1.md"; [ $? = 4 ]; } && approve_table
}
why_says() {
	says "$2" divisi why "$1"
}

claim "a research session is launched" launch 1 <<END
1A|spike (analysis-only)|Agent: claude; Reads: \`**\`; Output: evidence; Estimate: \$1, 1pt|Q1: which store? stub:bash=echo x >README.md; echo x >stray.txt; true stub:bash=evidence stub:nocommit
END
claim "a model that fails for a while, and a context that fills up" launch 2 <<END
2A|quick|Agent: claude; Writes: \`2a.txt\`; Estimate: \$1, 1pt|stub:fail=500x2 stub:write=2a.txt:x stub:commit=2a
2B|quick|Agent: claude; Writes: \`2b.txt\`; Estimate: \$1, 1pt|stub:context=141000x1 stub:bash=grep -o handoff[4] .ccc-progress.md >>2b.txt; echo handoff\$((2+2)) >.ccc-progress.md; echo one >>2b.txt stub:commit=2b
2C|quick|Agent: claude; Writes: \`2c.txt\`; Estimate: \$1, 1pt|stub:context=130000x1 stub:bash=grep -o handoff[4] .ccc-progress.md >>2c.txt; echo handoff\$((2+2)) >.ccc-progress.md; echo one >>2c.txt stub:commit=2c
END
claim "why says that its model fails, and how often" \
	until_true why_says 2A 'its model fails, [0-9]+ time'
claim "it is survived" becomes 2A in-review
claim "the evidence of the research is collected" becomes 1A "done"
claim "in its schema" says '"answer": ?"SQLite"' divisi research 2026-11-22-try-1.md --json
claim "nothing else was written" equals "$(git -C "$(field 1A path)" status --porcelain)" ""
tries() { [ "$(field 1A n_fenced)" -gt 0 ]; }
claim "and the tries are on record" until_true tries
claim "a context that fills up is told to its agent" until_true grep -q \
	'context is nearly used up' .git/divisi/runs/p2.1.2C.r1/in.ndjson
anew() {
	equals "$(field "$1" runs)" 2 && ! grep -zq -- '^arg=--resume$' ".git/divisi/runs/p2.1.$1.r2/spec"
}
made() {
	equals "$(git show "$(field "$1" branch):$2" | tr '\n' ,)" "$3"
}
claim "at the end of its turn a fresh run takes over, to the end" becomes 2C in-review
claim "of another conversation" anew 2C
claim "on the same branch, with the handoff read" made 2C 2c.txt "one,handoff4,one,"
claim "one that is full is ended in its turn, and that is no failure" becomes 2B in-review
claim "it goes on anew, too" anew 2B
claim "with its work" made 2B 2b.txt "one,"
claim "which is not committed" eval \
	'! git cat-file -e "$(field 2C branch):.ccc-progress.md" 2>/dev/null'
divisi server --stop >/dev/null
e2e_end
