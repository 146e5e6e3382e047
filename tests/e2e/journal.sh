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

# ---- replay -------------------------------------------------------------------------------

claim "the journal is replayed while the server runs" until_true replayed 'r["same"] and r["server"]'
claim "every event and every field is documented" documented
claim "replay finds no field without words" replayed 'r["undocumented"] is None'
claim "a part of it is replayed" replayed 'r["same"] and r["until"] >= 5 and r["events"] < 40' --until 5
claim "the state of then can be seen" says 'awaiting-approval|planned' divisi replay --until 9 --dump
claim "events can be cut out" equals "$(divisi events --after 2 --until 5 --json | wc -l)" 3
divisi server --stop >/dev/null
claim "it is replayed without a server" replayed 'r["same"] and r["server"] is None'

e2e_end
