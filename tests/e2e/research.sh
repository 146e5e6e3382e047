#!/bin/bash
# Research (SPEC 1.4, A-79 to A-82): five tracks of which one contradicts the others, judged by
# arithmetic: insufficient, two follow-up tracks, sufficient, and only then the synthesis.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/runs.sh"
e2e_begin "$@"
command -v divisi >/dev/null || skip_all "divisi is not built"
plan=2026-11-22-store.md

fake_repo "$scratch/repo" && cd "$scratch/repo" || exit 99
cat >"$scratch/bin/hand" <<'END'
#!/bin/sh
phase=$(echo "$DIVISI_RUN" | cut -d. -f3)
piece() {
	printf '%s{"type":"empirical","question":"%s","answer":"%s","claim":"it was measured",' "$3" "$1" "$2"
	printf '"confidence":"high","source":{"title":"A bench","url":"https://www.example.org/%s-%s/"}}' "$phase" "$1"
}
{
	printf '{"summary":"an answer","evidence":['
	case $phase in
	1C) piece Q1 "flat files" ;;
	1D | 1E) piece Q1 sqlite; piece Q2 yes , ;;
	1G) piece Q2 Yes ;;
	*) piece Q1 SQLite ;;
	esac
	printf ']}\n'
} >"$DIVISI_OUTPUT"
END
chmod 755 "$scratch/bin/hand"
look='spike (analysis-only)|Reads: `**`; Output: evidence|Q1: which store? fake:bash=hand'
fake_plan "$plan" <<END
1A|$look
1B|$look
1C|$look fake:wait=$scratch/go
1D|$look
1E|$look
2A|quick|Writes: \`answer.md\`|fake:write=answer.md:sqlite fake:commit=the answer
END
python3 - "$plan" <<'END'
import re, sys
text = open(sys.argv[1]).read()
for phase in ("1D", "1E"):
    head, mark, rest = text.partition("### %s:" % phase)
    at = rest.index("- Deliverable")
    text = head + mark + rest[:at] + "  2. Q2: does it last? fake:bash=hand\n" + rest[at:]
text = re.sub(r"(\| 2A \|.*\| )None( \|)", r"\g<1>1A, 1B, 1C, 1D, 1E\g<2>", text)
open(sys.argv[1], "w").write(text)
END
claim "five tracks are one research batch (S-30)" says '5 sessions|1E' divisi plan "$plan"
claim "nothing is judged before they ran (S-31)" says 'not yet: 0 of 5 tracks complete' divisi research "$plan"
claim "nor recorded" divisi_fails 6 research "$plan" --assess
claim "nor taken for enough" divisi_fails 6 research "$plan" --sufficient --reason hurry
claim "a track is a range of its estimate (S-35)" says 'research: a track is estimated at 2x to 4x|research +a track is estimated at 2x to 4x' divisi dispatch "$plan"
claim "the table is approved" approve_table
for phase in 1A 1B 1D 1E; do
	claim "$phase is done" becomes "$phase" "done"
done
claim "four of five are not all" says 'not yet: 4 of 5 tracks complete' divisi research "$plan"
claim "and that is refused, too" divisi_fails 6 research "$plan" --assess
touch "$scratch/go"
claim "1C is done" becomes 1C "done"
until_true eval '[ "$(look "b[1][\"state\"]")" = complete ]'
claim "what builds on them waits (S-33)" divisi_fails 3 dispatch "$plan"
claim "and is told for what" says 'not found sufficient' divisi dispatch "$plan"
claim "looking says no" divisi_fails 1 research "$plan"
claim "because one contradicts" says 'Q1: contradiction: 1C against "SQLite"' divisi research "$plan"
claim "though most agree" says 'convergence 4 of 5' divisi research "$plan"
claim "and sources are few" says 'Q2: coverage: 2 of 3 independent sources' divisi research "$plan"
claim "the matrix has who says what" says '^. Q1 .*flat files' divisi research "$plan"
claim "as JSON, too" says '"verdict":"insufficient"' divisi research "$plan" --json
claim "a wish of another kind is no way around" divisi_fails 2 research "$plan" --sufficient
claim "its gaps become tracks" says 'round 1 of 2: tracks 1F 1G are in the plan' divisi research "$plan" --assess
claim "aimed at them" says 'against it 1C' cat "$plan"
claim "the plan is sound" divisi check "$plan"
claim "the synthesis waits for them, too" says '1E, 1F, 1G' grep '^| 2A' "$plan"
divisi dispatch "$plan" >/dev/null 2>&1
claim "their table is theirs alone" equals "$(look "sorted(x['phase'] for x in plan['batches'][-1]['sessions'])")" "['1F', '1G']"
claim "it is approved" approve_table
claim "1F is done" becomes 1F "done"
claim "1G is done" becomes 1G "done"
until_true eval '[ "$(look "b[2][\"state\"]")" = complete ]'
claim "now it is enough" says '^SUFFICIENT' divisi research "$plan"
claim "which alone opens nothing" divisi_fails 3 dispatch "$plan"
claim "recorded, it does" says 'may be dispatched' divisi research "$plan" --assess
kill -9 "$(server_pid)"
divisi dispatch "$plan" >/dev/null 2>&1
claim "the synthesis has its table" approve_table
claim "and is made" becomes 2A in-review
claim "what was recorded is kept" equals "$(look "plan['research']['verdict'], plan['research']['rounds']")" "('sufficient', 1)"
git config divisi.research.rounds 1
git config divisi.research.sources 9
claim "after its rounds it is a person's (A-80)" says 'INSUFFICIENT after 1 follow-up round' divisi research "$plan" --assess
claim "who may find it sufficient, with a reason" divisi research "$plan" --sufficient --reason "enough for a bench"
claim "the replay agrees" divisi replay
e2e_end
