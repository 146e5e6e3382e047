#!/bin/bash
# A whole dispatch with its reviews: three personas look at the plan, a person decides, what was
# agreed becomes work, and a change merges after its review only (SPEC 1.6, 2.9, 2.18, R-167 to
# R-175, S-42 to S-44).
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/runs.sh"
e2e_begin "$@"
command -v divisi >/dev/null || skip_all "divisi is not built"

plan=2026-11-22-try-it.md
run() { divisi "$@" >"$scratch/out" 2>&1 || { cat "$scratch/out"; return 1; }; }
has() { grep -qF -- "$1" "$scratch/out" || { cat "$scratch/out"; return 1; }; }
# waits COMMAND...: it stops at a table that a person has to approve
waits() {
	local rc=0
	divisi "$@" >"$scratch/out" 2>&1 || rc=$?
	[ "$rc" = 4 ] || { cat "$scratch/out"; return 1; }
}
# approve_shown: the table that was shown last
approve_shown() { divisi approve --hash "$(sed -n 's/.*divisi approve --hash \([0-9a-f]*\).*/\1/p' "$scratch/out" | tail -1)"; }
review() { look "status['reviews'][$1]['$2']"; }
review_is() { equals "$(review "$1" "$2")" "$3"; }
row_is() { equals "$(look "[f for f in status['reviews'][$1]['findings'] if f['id'] == '$2'][0]['$3']")" "$4"; }
collected() { review_is "$1" panel ""; }
# started_once N: N runs were started since the file was emptied, each once
started_once() { equals "$(sort -u "$scratch/started" | wc -l) $(wc -l <"$scratch/started")" "$1 $1"; }

fake_repo "$scratch/repo" && cd "$scratch/repo" || exit 99
git config divisi.agent command
git config divisi.merge auto
# What each persona finds: all three one thing, two of them another, one of them a third.
cat >"$scratch/bin/persona" <<'END'
#!/bin/sh
log='{"severity":"critical","text":"The token is written to the log unmasked","where":"a.txt:1","fix":"Mask it","effort":"small"}'
sig='{"severity":"critical","text":"Requests are accepted without any signature check","where":"b.txt","effort":"medium"}'
msg='{"severity":"critical","text":"Nobody can read the third message at all","where":"c.txt"}'
again='{"severity":"critical","text":"It is so","same_as":"C1","stance":"AGREE"}'
case $DIVISI_RUN in
*ux-advocate.2.r*) all="$again,"'{"severity":"important","text":"I saw wrong","same_as":"N1","stance":"CONTRADICT"}' ;;
*.2.r*) all="$again" ;;
*ux-advocate*) all="$log,$sig,$msg" ;;
*) all="$log,$sig" ;;
esac
printf '{"recommendation":"REVISE","findings":[%s]}\n' "$all" >"$DIVISI_OUTPUT"
END
cat >"$scratch/bin/reader" <<'END'
#!/bin/sh
printf '{"recommendation":"APPROVE","findings":[]}\n' >"$DIVISI_OUTPUT"
END
chmod 755 "$scratch/bin/persona" "$scratch/bin/reader"
# A team's own words for a persona steer the scripted agent, as they would a model.
mkdir -p .divisi/personas
for name in security-skeptic ops-realist ux-advocate; do
	printf 'The view of %s.\nfake:bash=persona\n' "$name" >".divisi/personas/$name.md"
done
printf 'One careful reader.\nfake:bash=reader\n' >.divisi/personas/generic-reviewer.md
printf 'It never says a word.\nfake:wait=never\n' >.divisi/personas/silent-one.md
git add .divisi && git commit -qm personas
fake_plan "$plan" <<END
1A|quick|Writes: \`a.txt\`; Risk: high|fake:write=a.txt:one fake:commit=a
1B|quick|Writes: \`b.txt\`; Review: post-session|fake:write=b.txt:one fake:commit=b
END
three=security-skeptic,ops-realist,ux-advocate

claim "options and personas are listed" run review --list
claim "with what they are" has "Structured debate"
claim "a persona can be taken as it is shipped" run review --show ops-realist
claim "a panel of two is none (R-171)" divisi_fails 2 review "$plan" --option E --persona a-b,c-d
claim "an unknown persona is named" divisi_fails 5 review "$plan" --option E --persona security-skeptic,ops-realist,nobody
claim "option A is of a change (A-60)" divisi_fails 3 review "$plan" --option A
claim "two tiers need two agents (R-174)" divisi_fails 2 review "$plan" --option G
claim "the dispatch waits for Gate 2" divisi_fails 3 dispatch "$plan"

# ---- a panel of three (E) -------------------------------------------------------------------
claim "reviewers wait for their table to be approved" waits review "$plan" --option E --persona $three
claim "nobody was launched" started_once 0
claim "the same words show the same table" waits review "$plan"
claim "it is approved" approve_shown
claim "what they found is collected" until_true collected 0
claim "each was started once" started_once 3
claim "read-only" equals "$(look "sorted({x['fence'] for x in s.values()})")" "['read-only']"
claim "three answered" review_is 0 n_reviewers 3
claim "and recommend" review_is 0 recommendation REVISE
claim "what all call critical is" row_is 0 C1 standing critical-confirmed
claim "one alone makes nothing critical, and is shown" row_is 0 N1 escalated True
claim "the gate waits" review_is 0 gate blocked

# ---- decisions, and the work they become -----------------------------------------------------
claim "agree all except C2" run findings decide 'agree all except C2' --yes
claim "the echo says what was agreed" has "C1   agreed"
claim "the gate stays shut" review_is 0 gate blocked
claim "so does the dispatch" divisi_fails 3 dispatch "$plan"
claim "defer C2 to T-77" run findings decide 'defer C2 to T-77' --yes
claim "opens it" review_is 0 gate passed
sub_issues() { look "sorted((f['id'], f['sub_issue']) for f in status['reviews'][0]['findings'] if f['sub_issue'])"; }
filed() { equals "$(sub_issues | grep -o "'DV-" | wc -l)" 2; }
claim "both that were agreed have their sub-issues" until_true filed
claim "C1 and N1, not C2" says "'C1', 'DV-.*'N1', 'DV-" sub_issues

# ---- the dispatch and the review of a change ---------------------------------------------------
claim "the plan's table is made" waits dispatch "$plan"
claim "approved" approve_shown
claim "1A lands" becomes 1A "done"
claim "1B waits for its review" becomes 1B in-review
claim "a reader is asked for by the session's name" waits review 1B
claim "whose table is approved" approve_shown
claim "and answers" until_true collected 1
claim "as option D: one change of a point (R-168, R-185)" review_is 1 option D
claim "and says how deep it went, and why" equals "$(review 1 depth): $(review 1 depth_why)" "single: it is small"
claim "S-A is the session, and no reviewer" says 'Work on 1A|1A' divisi why S-A
claim "without a person it does not merge" review_is 1 gate blocked
claim "who says yes" run findings decide 'agree all' --of 1B --yes
claim "and then it merges" run merge 1B --yes
claim "it lands" becomes 1B "done"
claim "the agreed findings are the next plan" run findings plan 2026-11-23-mend.md --agent command
claim "of one phase each" has "2 phases"
claim "which makes the next table" waits dispatch 2026-11-23-mend.md
for issue in $(sub_issues | grep -o 'DV-[0-9]*'); do
	claim "with $issue" has "$issue"
done

# ---- a debate of two rounds (F, R-173) -----------------------------------------------------------
fake_plan 2026-11-22-debate.md <<END
4A|quick|Writes: \`w.txt\`; Review: pre-dispatch|fake:write=w.txt:one fake:commit=w
END
debate() { look "[r for r in status['reviews'] if r['plan'].endswith('debate.md')][0]['$1']"; }
debate_is() { equals "$(debate "$1")" "$2"; }
claim "a debate begins with a table" waits review 2026-11-22-debate.md --option F --persona $three
claim "which is approved" approve_shown
claim "its first round is recorded" until_true debate_is round 1
claim "and opens nothing" says 'under way' divisi findings 2026-11-22-debate.md --json
claim "what it found stands in a file" test -s "$(ls .git/divisi/reviews/*-first.json)"
claim "the second round waits for its own table" waits review 2026-11-22-debate.md
claim "which is approved" approve_shown
claim "and ends it" until_true debate_is panel ""
claim "who agreed is counted" debate_is n_reviewers 3
claim "what nobody holds any more stays as a note" equals \
	"$(look "[f for r in status['reviews'] if r['plan'].endswith('debate.md') for f in r['findings'] if f['id'] == 'N1'][0]['standing']")" minority

# ---- eight reviews by two tiers of models (G, R-174) ----------------------------------------------
for tier in strong fast; do
	git config "divisi.agent.$tier.adapter" command
	git config "divisi.agent.$tier.program" "$scratch/bin/scripted"
done
cat >"$scratch/bin/tiers" <<'END'
#!/bin/sh
# All eight find one thing, the strong ones another, two fast ones a third, one of these a fourth.
row() { printf '{"severity":"%s","text":"%s"}' "$1" "$2"; }
all=$(row important "The token is written to the log unmasked")
case $DIVISI_RUN in
*.strong.r*) all="$all,$(row important "Requests are accepted without any signature check")" ;;
*ux-advocate.fast.r*) all="$all,$(row important "Nobody can read the third message at all"),$(row important "Colours are missing in a terminal")" ;;
*ops-realist.fast.r*) all="$all,$(row important "Nobody can read the third message at all")" ;;
esac
printf '{"recommendation":"REVISE","findings":[%s]}\n' "$all" >"$DIVISI_OUTPUT"
END
chmod 755 "$scratch/bin/tiers"
for name in security-skeptic ops-realist ux-advocate generic-reviewer; do
	printf 'The view of %s.\nfake:bash=tiers\n' "$name" >".divisi/personas/$name.md"
done
git add .divisi && git commit -qm tiers
fake_plan 2026-11-22-tiers.md <<END
5A|quick|Writes: \`v.txt\`; Review: pre-dispatch|fake:write=v.txt:one fake:commit=v
END
tiers() { look "[r for r in status['reviews'] if r['plan'].endswith('tiers.md')][0]['$1']"; }
tiers_is() { equals "$(tiers "$1")" "$2"; }
found() { # WORDS: how that finding stands
	look "[(f['severity'], f['standing'], f['n'], f['agree'], f['tier']) for r in status['reviews'] if r['plan'].endswith('tiers.md') for f in r['findings'] if '$1' in f['text']][0]"
}
: >"$scratch/started"
claim "G: eight reviews wait for one table" waits review 2026-11-22-tiers.md --option G --agent strong,fast --persona $three
claim "G: with all eight in it" equals "$(look "len(plan['batches'][0]['sessions'])")" 8
claim "G: it is approved" approve_shown
most=0
watched() {
	local live
	live=$(look "sum(x['live'] for b in plan['batches'] for x in b['sessions'])")
	[ "$live" -le "$most" ] || most=$live
	tiers_is panel ""
}
claim "G: all are collected" until_true watched
claim "G: each was started once" started_once 8
claim "G: no more than five at a time (S-30)" test "$most" -le 5
claim "G: eight answered" tiers_is n_reviewers 8
claim "G: read-only" equals "$(look "sorted({x['fence'] for b in plan['batches'] for x in b['sessions']})")" "['read-only']"
claim "G: eight of eight are critical, and of both tiers" equals "$(found token)" "('critical', 'unanimous', 8, 8, 'convergent')"
claim "G: four are high" equals "$(found signature)" "('important', 'majority', 8, 4, 'strong-only')"
claim "G: two are moderate" equals "$(found third)" "('consider', 'minority', 8, 2, 'fast-only')"
claim "G: one is a note, and not dropped" equals "$(found Colours)" "('consider', 'minority', 8, 1, 'fast-only')"
for name in security-skeptic ops-realist ux-advocate; do
	printf 'The view of %s.\nfake:bash=persona\n' "$name" >".divisi/personas/$name.md"
done
printf 'One careful reader.\nfake:bash=reader\n' >.divisi/personas/generic-reviewer.md
git commit -qam personas

# ---- one that never answers, and a server that dies ---------------------------------------------
fake_plan 2026-11-22-second.md <<END
2A|quick|Writes: \`z.txt\`; Review: pre-dispatch|fake:write=z.txt:one fake:commit=z
END
git config divisi.review.timeout 20
: >"$scratch/started"
claim "one of three never answers" waits review 2026-11-22-second.md --option E --persona security-skeptic,silent-one,ops-realist
claim "they are approved" approve_shown
at_work() { equals "$(wc -l <"$scratch/started")" 3; }
claim "all three work" until_true at_work
kill -9 "$(server_pid)"
claim "the next server collects the others" until_true collected 4
claim "each reviewer was started once" started_once 3
claim "two answered" review_is 4 n_reviewers 2
claim "who did not is named" says silent-one divisi findings 2026-11-22-second.md --json

# ---- asked for, and no table ----------------------------------------------------------------------
fake_plan 2026-11-22-third.md <<END
6A|quick|Writes: \`u.txt\`; Review: pre-dispatch|fake:write=u.txt:one fake:commit=u
END
program=$(git config divisi.agent.command.program)
git config divisi.agent.command.program "$scratch/nothing"
claim "without its agent a reviewer has no table" divisi_fails 5 review 2026-11-22-third.md --option D --persona ux-advocate
git config divisi.agent.command.program "$program"
claim "asked for without a word, it is the same who looks" waits review 2026-11-22-third.md
claim "and no other" equals "$(look "sorted(x['phase'] for x in plan['batches'][0]['sessions'])")" "['ux-advocate']"
claim "who is declined" divisi decline --hash "$(look "plan['batches'][0]['hash']" | cut -c1-12)"
claim "so that others look, as the method has it" waits review 2026-11-22-third.md
claim "who are three" equals "$(look "len(plan['batches'][0]['sessions'])")" 3
claim "the journal replays to the same" run replay

# ---- the real Claude Code, three of it, against a stub of the model ----------------------------
if [ -n "$E2E_CLAUDE" ] && command -v node >/dev/null; then
	PATH=$(dirname "$E2E_CLAUDE"):$PATH
	node "$top/tests/e2e/claude/stub.mjs" --log "$scratch/model.log" >"$scratch/port" &
	wait_until 60 test -s "$scratch/port"
	ANTHROPIC_BASE_URL="http://127.0.0.1:$(cat "$scratch/port")"
	export ANTHROPIC_BASE_URL ANTHROPIC_API_KEY=dummy DISABLE_AUTOUPDATER=1
	export CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1 DISABLE_TELEMETRY=1
	divisi server --stop >/dev/null
	git config --unset divisi.review.timeout
	for name in security-skeptic ops-realist ux-advocate; do
		printf 'The view of %s.\nstub:bash=persona stub:nocommit\n' "$name" >".divisi/personas/$name.md"
	done
	git commit -qam personas
	fake_plan 2026-11-22-claude.md <<END
3A|quick|Writes: \`y.txt\`; Review: pre-dispatch|fake:write=y.txt:one fake:commit=y
END
	claim "claude: a panel of three" waits review 2026-11-22-claude.md --option E --agent claude --persona $three
	claim "claude: is approved" approve_shown
	claim "claude: and answers" until_true collected 6
	claim "claude: all three" review_is 6 n_reviewers 3
	claim "claude: with what they agree on" row_is 6 C1 standing critical-confirmed
	claim "claude: the replay agrees" run replay
fi
e2e_end
