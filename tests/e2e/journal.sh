#!/bin/bash
# The journal tells everything: played again it gives the same state, it has a reason for
# everything that waits, and damaged it is saved as far as it can be read and gone on with.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/runs.sh"
e2e_begin "$@"
command -v divisi >/dev/null || skip_all "divisi is not built"
plan=2026-11-22-try-it.md

# replayed EXPRESSION [OPTION...]: true of `divisi replay --json`, r.
replayed() {
	local expression=$1
	shift
	divisi replay --json "$@" >"$scratch/replay.json"
	python3 -c '
import json, sys
r = json.load(open(sys.argv[2]))
if not eval(sys.argv[1]):
    r.pop("dump", None)
    sys.exit(json.dumps(r, indent=1))' "$expression" "$scratch/replay.json"
}
# documented: every event has a kind and fields that divisi-events(5) knows.
documented() {
	divisi events --json >"$scratch/events" && divisi events --kinds --json >"$scratch/kinds"
	python3 -c '
import json, re, sys
kinds = {k["kind"]: set(k["fields"].split()) for k in json.load(open(sys.argv[2]))["kinds"]}
last = 0
for line in open(sys.argv[1]):
    row = json.loads(line)
    assert row["seq"] == last + 1, row
    last += 1
    assert set(row) == {"seq", "at", "actor", "entity", "from", "to", "cause", "data"}, row
    if row["entity"].startswith("issue/") or row["data"] == {"follows": True}:
        continue
    unknown = {re.sub(r"^s\d+\.", "sN.", f) for f in row["data"]} - kinds[row["cause"]]
    assert not unknown, (row["cause"], unknown)
assert last > 20' "$scratch/events" "$scratch/kinds"
}

fake_repo "$scratch/repo" && cd "$scratch/repo" || exit 99
fake_plan "$plan" <<END
1A|quick|Writes: \`a.txt\`|fake:ask=permission:May I write? fake:write=a.txt:one fake:commit=a
1B|quick|Writes: \`b.txt\`|fake:write=b.txt:two fake:commit=b
2A|quick|Reads: \`a.txt\`; Writes: \`c.txt\`|fake:write=c.txt:three fake:commit=c
END
divisi dispatch "$plan" >/dev/null 2>&1
claim "a table that waits is replayed" replayed 'r["same"] and r["server"]'
approve_table >/dev/null
claim "1A asks" becomes 1A checkpoint
claim "the next batch is refused" divisi_fails 3 dispatch "$plan"
divisi approve 1A >/dev/null
claim "1A is done" becomes 1A in-review
claim "1B is done" becomes 1B in-review
divisi merge 1A --yes >/dev/null
claim "1A is merged" becomes 1A "done"

# ---- why: anything that has a name --------------------------------------------------------

# because NAME EXPRESSION: true of `divisi why NAME --json`, w.
because() {
	divisi why "$1" --json >"$scratch/why.json" || return
	python3 -c '
import json, sys
w = json.load(open(sys.argv[2]))
members = {"kind", "id", "state", "since", "why", "rule", "code", "other", "witness",
           "release", "command", "events"}
assert members <= set(w), members - set(w)
if not eval(sys.argv[1]):
    sys.exit(json.dumps(w, indent=1))' "$2" "$scratch/why.json"
}
claim "a session: who, what and since when" because 1B \
	'w["kind"] == "session" and w["rule"] == "R-184" and w["since"] and w["other"] and w["witness"] and w["events"][-1]["to"] == "in-review"'
claim "a phase that was not dispatched" because 2A \
	'w["kind"] == "phase" and w["state"] == "not dispatched" and "batch 1 comes first" in w["why"]'
claim "a refusal as it was met" because G07 \
	'w["state"] == "refused" and w["rule"] == "S-27" and w["witness"] == "dispatch" and w["since"] and "batch 1" in w["why"]'
claim "a code that was never met" because G19 'w["state"] == "never met here" and w["rule"] == "R-20"'
claim "an act" because launch/p1.1.1A.r1 'w["state"] == "done" and w["act"] == "launch" and w["events"]'
claim "a run" until_true because p1.1.1A.r1 'w["kind"] == "run" and w["state"] == "ended" and len(w["events"]) > 3'
claim "a batch, and what it waits for" because p1/1 \
	'w["kind"] == "batch" and w["witness"] and w["events"] and w["release"] == "done or given up: S-B"'
claim "a plan, and what it waits for" because p1 \
	'w["kind"] == "plan" and w["state"] == "active" and w["other"] == "p1/1" and "batch 1" in w["release"]'
claim "a rule that our texts name" because S-27 'w["kind"] == "rule" and "G07" in w["why"]'
claim "one that refuses nothing" because J-22 'w["kind"] == "rule" and "G01 to G23" in w["why"]'
claim "no word is said twice" says '^S-A \(1A\) is done: [0-9a-f]{12}$' divisi why S-A
claim "nor of an act" says '^launch/p1.1.1A.r1 is done: what event [0-9]+ owed was carried out$' \
	divisi why launch/p1.1.1A.r1
claim "an issue of the plan" because T-100 'w["kind"] == "issue" and w["events"]'
claim "an event, and what followed" because 1 'w["kind"] == "event" and w["events"][0]["cause"] == "plan-opened"'
claim "its words for people" says 'rule: +R-184' divisi why S-B
claim "what nobody knows is not found" divisi_fails 5 why nobody

# The journal may not grow, as on a full disk: that is a reason for everything that waits.
room() {
	prlimit --pid "$(server_pid)" --fsize="$1:unlimited"
}
room 4096
claim "what cannot be written did not happen" divisi_fails 8 cost --plan-cap 50
claim "where to look is said" says 'df -h, quota, ulimit -f' divisi cost --plan-cap 50
claim "and is told of whatever is asked about" says 'but: +the journal cannot be written' divisi why S-B
claim "in JSON too" because S-B '"cannot be written" in w["journal"]["what"] and w["journal"]["command"]'
room unlimited
claim "once there is room it goes on" divisi cost --plan-cap 50
claim "and nothing is said of it any more" because S-B '"journal" not in w'

# ---- replay -------------------------------------------------------------------------------

claim "the journal is replayed while the server runs" until_true replayed 'r["same"] and r["server"]'
claim "every event and every field is documented" documented
claim "replay finds no field without words" replayed 'r["undocumented"] is None'
claim "a part of it is replayed" replayed 'r["same"] and r["until"] >= 5 and r["events"] < 40' --until 5
claim "the state of then can be seen" says 'awaiting-approval|planned' divisi replay --until 9 --dump
claim "a part that is not there is refused" divisi_fails 2 replay --until 99999
claim "with what there is" says 'takes 1 to [0-9]+' divisi replay --until 99999
claim "and so is nothing" divisi_fails 2 replay --until 0
claim "events can be cut out" equals "$(divisi events --after 2 --until 5 --json | wc -l)" 3
divisi server --stop >/dev/null
claim "it is replayed without a server" replayed 'r["same"] and r["server"] is None'

# ---- damage -----------------------------------------------------------------------------------

# doctor_fix [OPTION...]: what doctor says to do about the journal.
# shellcheck disable=SC2120 # called by says()
doctor_fix() {
	divisi doctor --json "$@" | python3 -c '
import json, sys
print((json.load(sys.stdin)["journal"] or {}).get("fix", ""))'
}
# damage it in the middle, then do what the message says
cp .git/divisi/journal.db "$scratch/whole.db"
cat >"$scratch/damage.py" <<'END'
import sys
with open(sys.argv[1], "r+b") as file:
    data = file.read()
    file.seek(data.rindex(b"agent-done") + 12)
    file.write(b"#")
END
python3 "$scratch/damage.py" .git/divisi/journal.db
claim "a changed row is found by replay" divisi_fails 7 replay
claim "doctor finds it as well" exits 1 divisi doctor
claim "saves what can be read of it" until_true ls .git/divisi/journal.rescued-*
claim "and prints what goes on with it" says '^to go on with these: cd .* journal.db$' doctor_fix
rm -f .git/divisi/journal.rescued-*
claim "so it does when it is to mend" says '^to go on with these: cd' doctor_fix --mend --yes
claim "a dry run says that nothing is to be mended" says '^--mend has nothing to do here' \
	divisi doctor --mend --dry-run
claim "and what goes on with it" says 'fix: to go on with these: cd' divisi doctor --mend --dry-run
rm -f .git/divisi/journal.rescued-*
cp "$scratch/whole.db" .git/divisi/journal.db
truncate -s -8192 .git/divisi/journal.db
cp .git/divisi/journal.db "$scratch/cut.db"
claim "a cut journal is refused as replay refuses it" divisi_fails 7 status
claim "and nothing of it was changed" cmp .git/divisi/journal.db "$scratch/cut.db"
divisi status 2>"$scratch/said" || true
claim "it says what was saved" says 'events could be read and are in journal\.rescued-' cat "$scratch/said"
sed -n 's/.*to go on with these: //p' "$scratch/said" >"$scratch/commands"
claim "the commands it prints work" sh -e "$scratch/commands"
claim "divisi goes on with what was saved" says 'S-A' divisi status
claim "which is sound" until_true replayed 'r["server"] and r["events"] > 5'
divisi server --stop >/dev/null
cp .git/divisi/journal.db "$scratch/ours.db"
python3 -c 'import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute("PRAGMA user_version = 99")' \
	.git/divisi/journal.db
claim "one of a newer divisi is refused by a server" divisi_fails 3 status
claim "and without one" divisi_fails 3 replay
cp "$scratch/ours.db" .git/divisi/journal.db && rm -f .git/divisi/journal.db-wal .git/divisi/journal.db-shm
chmod 000 .git/divisi/journal.db
claim "one that may not be read is no damage" divisi_fails 8 replay
divisi replay 2>"$scratch/said" || true
claim "whose it is and its mode are said" grep -q 'mode 000' "$scratch/said"
sed -n 's/  fix: //p' "$scratch/said" >"$scratch/commands"
claim "doctor says the same" equals "$(doctor_fix)" "$(cat "$scratch/commands")"
claim "what it says helps" sh -e "$scratch/commands"
claim "it can be read again" says 'S-A' divisi status
claim "the damaged files are still there" cmp "$scratch/cut.db" .git/divisi/damaged-*/journal.db

# ---- a journal that is gone for good (promises 1, 2 and 4) ---------------------------------------

# 1A of the old plan is in review, 1B works: neither is of what is dispatched then.
divisi server --stop >/dev/null
truncate -s 5000 .git/divisi/journal.db
divisi status 2>"$scratch/said" || true
sed -n 's/.*begin anew[^:]*: //p' "$scratch/said" >"$scratch/commands"
claim "it says how to begin anew" test -s "$scratch/commands"
claim "which works" sh -e "$scratch/commands"
: >"$scratch/started"
plan=2026-11-23-other.md
fake_plan "$plan" <<END
1A|quick|Writes: \`z.txt\`|fake:write=z.txt:new fake:commit=z
END
sed -i 's/T-11/T-71/g;s/T-100/T-700/g' "$plan"
divisi dispatch "$plan" >/dev/null 2>&1
approve_table >/dev/null
claim "the same phase is a session of its own" becomes 1A in-review
claim "whose agent was started" equals "$(wc -l <"$scratch/started")" 1
claim "under a name that nobody had" equals "$(field 1A id | cut -d. -f1)" p2
claim "it lands" eval "divisi merge 1A --yes; becomes 1A done"
claim "what it made, and nothing of the old" equals "$(git show --format= --name-only main)" z.txt

e2e_end
