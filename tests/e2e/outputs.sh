#!/bin/bash
# Research and review sessions are launched read-only, and what they hand over is a file in a
# schema: checked, asked for once more, refused (S-29, A-82, A-83, R-124, E-27).
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/runs.sh"
e2e_begin "$@"
command -v divisi >/dev/null || skip_all "divisi is not built"

fake_repo "$scratch/repo" && cd "$scratch/repo" || exit 99
git config divisi.cap 32
# hand WHAT AGAIN: writes WHAT in the first run, AGAIN in a later one.
cat >"$scratch/bin/hand" <<'END'
#!/bin/sh
case $DIVISI_RUN in *.r1) name=$1 ;; *) name=$2 ;; esac
case $name in
good) text='{"recommendation":"REVISE","findings":[{"severity":"critical","text":"it leaks","where":"a.c:3"},{"severity":"consider","text":"a name"}]}' ;;
proof) text='{"evidence":[{"type":"empirical","claim":"it is fast","confidence":"high","source":{"title":"A bench","url":"https://example.org/b"}}]}' ;;
huge) text='{"findings":[{"severity":"huge","text":"x"}]}' ;;
*) text='Here you are!' ;;
esac
printf '%s\n' "$text" >"$DIVISI_OUTPUT"
END
chmod 755 "$scratch/bin/hand"
fake_plan 2026-11-22-bad.md <<END
1A|quick|Writes: \`1a\`; Output: findings|fake:write=1a:x
END
claim "who changes things hands over no findings" divisi_fails 3 dispatch 2026-11-22-bad.md
fake_plan 2026-11-22-look.md <<END
1A|spike (analysis-only)|Reads: \`**\`; Output: findings|fake:bash=hand good good
1B|spike (analysis-only)|Reads: \`**\`; Output: findings|fake:bash=hand huge good
1C|spike (analysis-only)|Reads: \`**\`; Output: findings|fake:bash=hand huge words
2A|spike (analysis-only)|Reads: \`**\`; Output: evidence|fake:bash=hand proof proof; echo x >stray || true
2B|spike (analysis-only)|Reads: \`**\`; Output: evidence|fake:say=nothing
END
claim "the prompt says what is wanted" says 'DIVISI_OUTPUT names' divisi prompt 2026-11-22-look.md 1A
claim "and shows it" says '"severity"' divisi prompt 2026-11-22-look.md 1A
divisi dispatch 2026-11-22-look.md >/dev/null
claim "the table is approved" approve_table
claim "they are launched read-only" equals "$(look "sorted({x['fence'] for x in s.values()})")" "['read-only']"
claim "a review with findings is done" becomes 1A "done"
claim "its evidence is the file" says '2 findings in .*/findings.json' divisi why 1A
kept() {
	python3 - "$(field "$1" output_path)" "$2" <<'END'
import json, sys
kept = json.load(open(sys.argv[1], encoding="utf-8"))
print(eval(sys.argv[2], {"kept": kept}))
END
}
claim "which names each by severity and number (R-179)" equals \
	"$(kept 1A '[f["id"] for f in kept["findings"]]')" "['C1', 'N1']"
claim "its hash is in the record" equals "$(field 1A output_sha256)" \
	"$(sha256sum <"$(field 1A output_path)" | cut -d' ' -f1)"
claim "it was asked once" equals "$(starts 1A)" 1
claim "one that does not fit is mended" becomes 1B "done"
claim "after it was asked once more" equals "$(starts 1B)" 2
claim "with what was wrong" grep -q 'severity is' ".git/divisi/runs/$(run_of 1B)/in.ndjson"
claim "one that is never mended is refused" becomes 1C failed
claim "after it was asked once more, not more" equals "$(starts 1C)" 2
claim "and why says what was wrong" says 'refused.*no JSON' divisi why 1C
claim "evidence is collected" becomes 2A "done"
claim "each piece under a name (R-124)" equals "$(kept 2A 'kept["evidence"][0]["id"]')" EV-001
claim "nothing of it is in its worktree" test ! -e "$(field 2A path)/stray"
claim "nor committed" equals "$(field 2A commits)" 0
claim "who hands over nothing is refused, too" becomes 2B failed
claim "and why names both ways" says 'neither a file' divisi why 2B
claim "the replay agrees" divisi replay

# The real Claude Code, which lives on: it is told in the same run.
if [ -n "$E2E_CLAUDE" ] && command -v node >/dev/null; then
	PATH=$(dirname "$E2E_CLAUDE"):$PATH
	node "$top/tests/e2e/claude/stub.mjs" --log "$scratch/model.log" >"$scratch/port" &
	wait_until 60 test -s "$scratch/port"
	ANTHROPIC_BASE_URL="http://127.0.0.1:$(cat "$scratch/port")"
	export ANTHROPIC_BASE_URL ANTHROPIC_API_KEY=dummy DISABLE_AUTOUPDATER=1
	export CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1 DISABLE_TELEMETRY=1
	divisi server --stop >/dev/null
	fake_plan 2026-11-22-claude.md <<END
3A|spike (analysis-only)|Agent: claude; Reads: \`**\`; Output: findings|stub:bash=printf '{"findings":[]}' >"\$DIVISI_OUTPUT" stub:nocommit
3B|spike (analysis-only)|Agent: claude; Reads: \`**\`; Output: findings|stub:bash=printf '{"finds":[]}' >"\$DIVISI_OUTPUT" stub:nocommit stub:repair=printf '{"findings":[{"severity":"important","text":"mended"}]}' >"\$DIVISI_OUTPUT"
3C|spike (analysis-only)|Agent: claude; Reads: \`**\`; Output: findings|stub:bash=echo x >inside || true stub:nocommit
END
	divisi dispatch 2026-11-22-claude.md >/dev/null
	claim "claude: the table is approved" approve_table
	claim "claude: its findings are taken" becomes 3A "done"
	claim "claude: one that is wrong is mended" becomes 3B "done"
	claim "claude: in the same run" equals "$(field 3B runs)" 1
	claim "claude: as it was told" equals "$(kept 3B 'kept["findings"][0]["text"]')" mended
	claim "claude: without any it is refused" becomes 3C failed
	claim "claude: and it could write nothing" test ! -e "$(field 3C path)/inside"
fi
e2e_end
