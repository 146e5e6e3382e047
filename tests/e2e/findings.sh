#!/bin/bash
# Findings become work (SPEC 2.9): sub-issues with severity and estimate, small ones a batch of
# their own or given by a mention, the tracking table of the record kept current, and the review
# cycle complete only when all that were agreed are done (R-76 to R-82).
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/runs.sh"
e2e_begin "$@"
command -v divisi >/dev/null || skip_all "divisi is not built"

run() { divisi "$@" >"$scratch/out" 2>&1 || { cat "$scratch/out"; return 1; }; }
table() { # PLAN: its table is made and waits
	local rc=0
	divisi dispatch "$1" >"$scratch/out" 2>&1 || rc=$?
	[ "$rc" = 4 ] || { cat "$scratch/out"; return 1; }
}
finding() { look "[f['$2'] for r in status['reviews'] for f in r['findings'] if f['id'] == '$1'][-1]"; }
filed() { # N: so many findings have a sub-issue
	equals "$(look "sum(f['sub_issue'] != '' for r in status['reviews'] for f in r['findings'])")" "$1"
}
fake_repo "$scratch/repo" && cd "$scratch/repo" || exit 99
git config divisi.agent command
git config divisi.merge auto
reviewed() { # PLAN: four findings of it, two of them small
	divisi review "$1" --record <(echo '{"reviewer":"ada","recommendation":"REVISE","findings":[
{"severity":"critical","text":"The parser reads past the end","where":"c.txt:1","advice":"fake:write=c.txt:one fake:commit=c","effort":"medium"},
{"severity":"important","text":"A word is spelled wrong","where":"i.txt","advice":"fake:write=i.txt:one fake:commit=i","effort":"trivial"},
{"severity":"important","text":"Half of the cases have no test","where":"j.txt","advice":"fake:write=j.txt:one fake:commit=j","effort":"large"},
{"severity":"consider","text":"One line is too long","where":"n.txt","advice":"fake:write=n.txt:one fake:commit=n","effort":"small"}]}')
}
fake_plan 2026-11-22-try-it.md <<END
1A|quick|Writes: \`a.txt\`; Review: pre-dispatch|fake:write=a.txt:one fake:commit=a
END
table 2026-11-22-try-it.md >/dev/null 2>&1
claim "four findings are recorded" reviewed 2026-11-22-try-it.md
claim "and agreed" run findings decide 'agree all' --yes
claim "each has its sub-issue (R-76)" until_true filed 4
points() { divisi issue show "$(finding "$1" sub_issue)" | grep -oE "[0-9]+ ?pt|estimate[: ]+[0-9]+" | grep -oE "[0-9]+" | head -1; }
claim "with an estimate: trivial" equals "$(points I1)" 1
claim "small" equals "$(points N1)" 2
claim "medium and more" equals "$(points C1)" 5
claim "its severity and the whole finding (R-80)" says "Severity: Critical \(P1, Urgent\)" divisi issue show "$(finding C1 sub_issue)"

# ---- three and more: by effort (R-81) --------------------------------------------------------
mend=2026-11-23-try-mend.md
claim "they are the next plan" run findings plan $mend --agent command --small-agent command
claim "the small ones are its first batch" equals "$(grep -cE '^\| 1[AB] \|.*\| 1 \| None' $mend)" 2
claim "the others its second" equals "$(grep -cE '^\| 1[CD] \|.*\| 2 \| None' $mend)" 2
claim "small ones are quick, the others tdd" equals "$(grep -c 'Mode: quick' $mend) $(grep -c 'Mode: tdd' $mend)" "2 2"
claim "the plan is sound" divisi check $mend
claim "its table" table $mend
claim "has the small ones alone" equals \
	"$(look "sorted(x['issue'] for x in plan['batches'][0]['sessions'])")" "$(printf "['%s', '%s']" \
		"$(finding I1 sub_issue)" "$(finding N1 sub_issue)")"
tracked() { divisi findings --rdr | grep "^| $1 |.*| $2 |$"; }
claim "the record tracks each (R-82)" tracked I1 open
claim "the small ones are approved" approve_table
claim "and land" becomes 1A "done"
claim "both" becomes 1B "done"
claim "the table is kept current" until_true tracked I1 Done
claim "with what is open" tracked C1 open
complete() { divisi findings --rdr | grep "review cycle is complete"; }
claim "the cycle is not complete" bash -c "! divisi findings --rdr | grep -q 'cycle is complete'"
master=$(look "status['plans'][0]['master']")
on_issue() { divisi issue show "$master" | grep -E "^.*\| $1 \|.*\| $2 \|"; }
claim "the issue that was reviewed has the same table" until_true on_issue N1 Done
second() { table "$mend"; }
claim "the others are the next table" until_true second
claim "which is approved" approve_table
claim "they land" becomes 1C "done"
claim "both" becomes 1D "done"
claim "now the review cycle is complete" until_true complete
proposed() { divisi report "$mend" | grep -q "closing it is yours: divisi issue move .* Done"; }
claim "with all parts done the whole is proposed for closing, and not closed (R-193)" until_true proposed

# ---- or given to somebody by a mention (R-76, R-77) --------------------------------------------
git config divisi.findings.mention 'factory and you'
fake_plan 2026-11-22-other.md <<END
4A|quick|Writes: \`w.txt\`; Review: pre-dispatch|fake:write=w.txt:one fake:commit=w
END
claim "two names are none" divisi_fails 7 dispatch 2026-11-22-other.md
git config divisi.findings.mention @factory
table 2026-11-22-other.md >/dev/null 2>&1
claim "four more are recorded" reviewed 2026-11-22-other.md
claim "and agreed" run findings decide 'agree all' --of 2026-11-22-other.md --yes
claim "each has its sub-issue" until_true filed 8
mentions() { divisi issue show "$(finding I1 sub_issue)" | grep -c "@factory, please mend this"; }
once() { equals "$(mentions)" 1; }
claim "the trivial one mentions the account once" until_true once
claim "with the finding" says "A word is spelled wrong" divisi issue show "$(finding I1 sub_issue)"
claim "which hands nothing over: nobody has it (R-224)" bash -c "divisi issue show $(finding I1 sub_issue) --json | grep -q '\"assignee\":\"\",\"delegate\":\"\"'"
claim "the larger one mentions nobody" bash -c "! divisi issue show $(finding C1 sub_issue) | grep -q @factory"
claim "the plan of the rest leaves them out" run findings plan 2026-11-23-rest.md --of 2026-11-22-other.md
claim "so that it has two" grep -q "2 phases" "$scratch/out"
claim "all are asked for by name" run findings plan 2026-11-23-all.md --of 2026-11-22-other.md --mentioned
claim "and are four" grep -q "4 phases" "$scratch/out"
claim "the journal replays to the same" run replay
e2e_end
