#!/bin/bash
# Reviews that nobody has to ask for: at a checkpoint with high risk and for a change that the plan
# wants reviewed the reviewers' table is made by itself, a person approves it, and what waits says
# so with the command (S-43, S-44, S-80, A-60, A-61).
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/runs.sh"
e2e_begin "$@"
command -v divisi >/dev/null || skip_all "divisi is not built"

plan=2026-11-22-try-it.md
run() { divisi "$@" >"$scratch/out" 2>&1 || { cat "$scratch/out"; return 1; }; }
has() { grep -qF -- "$1" "$scratch/out" || { cat "$scratch/out"; return 1; }; }
status_says() { divisi status >"$scratch/out" 2>&1; has "$1"; }
# The plan that was dispatched is the first: those of reviewers come behind it.
look_first() {
	divisi status --json | python3 -c '
import json, sys
status = json.load(sys.stdin)
s = {x["phase"]: x for b in status["plans"][0]["batches"] for x in b["sessions"]}
print(eval(sys.argv[1]))' "$1"
}
review() { look "[r for r in status['reviews'] if r['timing'] == '$1'][-1]['$2']"; }
review_is() { equals "$(review "$1" "$2")" "$3"; }
phase_is() { equals "$(look_first "s['$1']['state']")" "$2"; }
runs_of() { grep -c "\.$1\." "$scratch/started"; }
# offered LABEL: the command that what waits for LABEL names
command_of() { look_first "[n['command'] for n in status['needs'] if n['session'] == s['$1']['id']][0]"; }
is_offered() { [[ $(command_of "$1") == "divisi approve --hash "* ]]; }
hash_of() { command_of "$1" | sed 's/divisi approve --hash \([0-9a-f]*\).*/\1/'; }

fake_repo "$scratch/repo" && cd "$scratch/repo" || exit 99
git config divisi.agent command
git config divisi.merge auto
cat >"$scratch/bin/reader" <<'END'
#!/bin/sh
printf '{"recommendation":"REVISE","findings":[{"severity":"important","text":"It has no test","where":"a.txt"}]}\n' >"$DIVISI_OUTPUT"
END
chmod 755 "$scratch/bin/reader"
mkdir -p .divisi/personas
printf 'One careful reader.\nfake:bash=reader\n' >.divisi/personas/generic-reviewer.md
git add .divisi && git commit -qm personas
fake_plan "$plan" <<END
1A|checkpoint|Writes: \`a.txt\`|fake:write=a.txt:one fake:ask=checkpoint:Is it good? fake:commit=a fake:ask=checkpoint:And now?
1B|quick|Writes: \`b.txt\`; Review: post-session|fake:write=b.txt:one fake:commit=b
END
claim "the table is made" divisi_fails 4 dispatch "$plan"
claim "and approved" divisi approve --hash "$(look "plan['batches'][0]['hash']")"

# ---- at a checkpoint: option D (S-43) -------------------------------------------------------
claim "the reviewers of 1A's checkpoint are offered by themselves" until_true is_offered 1A
claim "as option D" equals "$(look "[r['run'].count('.md') for r in status['reviews'] if r['timing'] == 'in'][0]")" 1
claim "none of them was launched" equals "$(grep -vcE '\.1[AB]\.r' "$scratch/started")" 0
claim "the status says what is waited for" status_says "wait for your approval of table"
claim "at which checkpoint" status_says "Is it good?"
claim "with the command" status_says "divisi approve --hash $(hash_of 1A)"
claim "findings sends nobody to decide what nobody has found yet" bash -c "
	divisi findings $(review in id) | grep -q -- '-> divisi review p1.1.1A' &&
	! divisi findings $(review in id) | grep -q 'findings decide'"
claim "their table is approved" divisi approve --hash "$(hash_of 1A)"
answered() { review_is in n_reviewers 1; }
claim "the reviewer answers" until_true answered
waits_for() { equals "$(command_of 1A)" "$1"; }
claim "what it found is what waits now" until_true waits_for "divisi findings $(review in id)"
claim "a person decides" run findings decide 'override I1: it is a text' --of "$(review in id)" --yes
claim "and the checkpoint can be approved" run approve 1/S-A
second() { is_offered 1A && status_says "And now?"; }
claim "the next checkpoint has reviewers of its own" until_true second
claim "nobody approved these" review_is in panel waiting
claim "who does without says why" run review 1/S-A --checkpoint --waive "it is the same text"
withdrawn() { review_is in panel ""; }
claim "which takes their table back" until_true withdrawn
claim "and the checkpoint is approved" run approve 1/S-A
claim "1A lands" until_true phase_is 1A "done"

# ---- of a change, before it merges (S-44) ----------------------------------------------------
claim "the reviewers of 1B's change are offered" until_true is_offered 1B
claim "a merge by itself does not happen" phase_is 1B in-review
hash=$(hash_of 1B)
kill -9 "$(server_pid)"
claim "after a crash it is the same table" equals "$(hash_of 1B)" "$hash"
claim "others can be asked for instead" divisi_fails 4 review 1B --option E --persona security-skeptic,ops-realist,ux-advocate
other() { is_offered 1B && [ "$(hash_of 1B)" != "$hash" ]; }
claim "whose table it is then" until_true other
claim "a person who reads the diff has reviewed it" run merge 1B --yes
claim "1B lands" until_true phase_is 1B "done"
nothing() { equals "$(look "[n['what'] for n in status['needs']]")" "[]"; }
claim "and nothing waits for anybody any more" until_true nothing
claim "two reviews were made, one of them by a reviewer" equals "$(look "[r['n_reviewers'] for r in status['reviews']]")" "[1, 0]"

# ---- how deep, by what kind of work it is and what it touches (R-169, R-185) ---------------------
fake_plan 2026-11-22-kinds.md <<END
5A|quick|Writes: \`e.txt\`; Review: post-session; Type: bug|fake:write=e.txt:one fake:commit=e
5B|quick|Writes: \`src/auth/f.c\`; Review: post-session|fake:write=src/auth/f.c:one fake:commit=f
END
claim "a bug and a small change of auth are dispatched" divisi_fails 4 dispatch 2026-11-22-kinds.md
# Before it runs: the plans of its reviewers are the newest then.
kinds=$(look "plan['id']")
claim "and approved" divisi approve --hash "$(look "plan['batches'][0]['hash']")"
kinds() { look "sorted((r['depth'], r['depth_why'], len([x for p in status['plans'] if p['path'] == r['run'] for b in p['batches'] for x in b['sessions']])) for r in status['reviews'] if r['session'].startswith('$kinds'))"; }
both() { equals "$(kinds)" "[('full', 'it changes what guards access (auth: src/auth/f.c)', 3), ('regression', 'it mends a bug', 1)]"; }
claim "the bug has one reader for what worked before, auth has a panel" until_true both
claim "who reads as that" equals "$(look "sorted(x['phase'] for p in status['plans'] for r in status['reviews'] if r['depth'] == 'regression' and p['path'] == r['run'] for b in p['batches'] for x in b['sessions'])")" "['regression-reviewer']"
claim "and is told so" grep -q "This is a regression review: it mends a bug" "$(look "[r['run'] for r in status['reviews'] if r['depth'] == 'regression'][0]")"
claim "a person reads both" run merge 5A --yes
claim "and lets them land" run merge 5B --yes
claim "which they do" until_true bash -c "test -f src/auth/f.c && test -f e.txt"

# ---- where a team wants to ask itself ----------------------------------------------------------
git config divisi.review.start off
fake_plan 2026-11-22-off.md <<END
2A|quick|Writes: \`c.txt\`; Review: post-session|fake:write=c.txt:one fake:commit=c
END
claim "with the setting off" divisi_fails 4 dispatch 2026-11-22-off.md
claim "a plan runs the same" divisi approve --hash "$(look "plan['batches'][0]['hash']")"
claim "until its change waits" becomes 2A in-review
says_how() { equals "$(look "[n['command'] for n in status['needs']][0]")" "divisi review S-A   or, having read it: divisi merge S-A"; }
claim "and says how" until_true says_how
claim "no table is made" equals "$(look "len(status['reviews'])")" 4
git config divisi.review.start never
fake_plan 2026-11-22-third.md <<END
3A|quick|Writes: \`d.txt\`|fake:write=d.txt:one fake:commit=d
END
claim "a value that means nothing is named" divisi_fails 7 dispatch 2026-11-22-third.md
claim "the journal replays to the same" run replay
e2e_end
