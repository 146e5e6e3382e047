#!/bin/bash
# What sessions may spend (J-28, A-32, promise 5): reserved before they start, followed while
# they run, and held where they spent it.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/runs.sh"
e2e_begin "$@"
command -v divisi >/dev/null || skip_all "divisi is not built"

# cost EXPRESSION: over `divisi cost --json`, where s[PHASE] is a session.
cost() {
	divisi cost --json | python3 -c '
import json, sys
money = json.load(sys.stdin)
print(eval(sys.argv[1], {"money": money, "s": {
    s["phase"]: s for b in money["batches"] for s in b["sessions"]}}))' "$1"
}
held() {
	says 'it spent \$1\.50 of the \$0\.60' divisi approvals
}
# is_suspended PHASE: its agent is stopped by a signal, whatever it would do next.
is_suspended() {
	[ "$(sed 's/.*) \(.\).*/\1/' "/proc/$(agent_pid "$(run_of "$1")")/stat")" = T ]
}
approve_it() {
	divisi approve "$(look 'plan["batches"][-1]["hash"]')"
}

fake_repo "$scratch/one" && cd "$scratch/one" || exit 99
git config divisi.plan-cap 1
fake_plan 2026-11-22-try-1.md <<END
1A|quick|Writes: \`1a\`|fake:usage=1.50 fake:wait=$scratch/go fake:write=1a:x fake:commit=1a
1B|quick|Writes: \`1b\`|fake:write=1b:x fake:commit=1b
END
claim "a table" divisi_fails 4 dispatch 2026-11-22-try-1.md
claim "is approved" approve_it
claim "who spent what it may is held (J-28)" until_true held
claim "its agent is suspended" until_true is_suspended 1A
claim "why says of what, a line each" says '^           .1\.50 by all sessions' divisi why 1A
touch "$scratch/go"
claim "what it spent is told" equals "$(cost 's["1A"]["spent_cents"]')" 150
claim "the other does not fit under the cap and waits (A-32)" becomes 1B approved
claim "and says so" says 'the cap of its plan is \$1' divisi why 1B
claim "nothing was launched for it" equals "$(starts 1B)" 0
claim "more than the cap is allowed to nobody" divisi_fails 6 approve 1A
claim "dollars are dollars" divisi_fails 2 cost --plan-cap much
claim "so is the name of an account" divisi_fails 2 cost --account-cap 5
claim "of which some session is paid" divisi_fails 5 cost --account-cap nobody=5
claim "an account has a cap over all plans" says 'account command, all plans .*\$1\.60' \
	divisi cost --account-cap command=1.60
claim "a person raises the cap" says '\$9' divisi cost --plan-cap 9
claim "it still waits, for its account" says 'the cap of its account is \$1\.60' divisi why 1B
claim "nothing was launched for it" equals "$(starts 1B)" 0
claim "a person takes the cap of the account away" divisi cost --account-cap command=0
claim "the other starts by itself" eval 'becomes 1B in-review && equals "$(starts 1B)" 1'
claim "who is held writes nothing meanwhile" test ! -e "$(field 1A path)/1a"
claim "and may let it go on" divisi approve 1A
claim "which it does" becomes 1A in-review
claim "nothing is reserved any more" until_true eval 'equals "$(cost "money[\"reserved_cents\"]")" 0'
claim "the plan's sum is that of its sessions" equals "$(cost 'money["spent_cents"]')" 150

e2e_end
