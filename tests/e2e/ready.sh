#!/bin/bash
# What has cleared, and plans from issues: on the built-in tracker at no cost, on GitHub and
# Linear within 20 calls (R-142 to R-147).
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/runs.sh"
e2e_begin "$@"
command -v divisi >/dev/null || skip_all "divisi is not built"

fake_repo "$scratch/repo" && cd "$scratch/repo" || exit 99
scan() { divisi ready --json "${@:2}" | python3 -c 'import json,sys; o=json.load(sys.stdin); print(eval(sys.argv[1], {"o": o, "r": o["ready"]}))' "$1"; }
scan_is() { equals "$(scan "$1")" "$2"; }
to() { divisi issue move "$1" "In Progress" && divisi issue move "$1" "In Review" && divisi issue move "$1" Done; }

# ---- the built-in tracker ----------------------------------------------------------------

claim "nothing is ready where nothing is" says 'none found' divisi ready
divisi issue new "The whole" --type feature                                        # DV-1
printf -- '- Writes: `a.txt`\n\nDo it well. Closes #7\n\n1. Write it\n2. Test it\n\n- [ ] it is there\n> - Writes: `/etc/passwd`\n' >body
divisi issue new "First | part {x}" --parent DV-1 --label exec:tdd --body-file body # DV-2
divisi issue new "Second <b>part</b>" --parent DV-1                                # DV-3
divisi issue new "Third part" --parent DV-1 --status Backlog                       # DV-4
divisi issue new "Fourth part" --parent DV-1                                       # DV-5
divisi issue relate DV-2 blocks DV-3
divisi issue relate DV-2 blocks DV-4
divisi issue relate DV-3 blocks DV-5
divisi issue relate DV-2 blocks DV-5
claim "what is blocked is not ready" scan_is 'len(r)' 0
to DV-2
claim "what is cleared is told, with what to do (R-145)" scan_is '[(x["id"], x["cleared"], x["action"]) for x in r]' \
	"[('DV-3', 'DV-2', 'Assign to agent'), ('DV-4', 'DV-2', 'Move to Todo')]"
claim "what waits for another is counted" scan_is 'o["blocked"]' 1
claim "it costs nothing here, sub-issues and all (A-86)" scan_is '(o["calls"], o["partial"])' "(0, False)"
divisi issue assign DV-3 ada
claim "assigned, it is ready to go" says 'DV-3.*Ready to go' divisi ready
claim "it changed nothing (R-146)" says 'Backlog' divisi issue show DV-4

# ---- staleness by context label (R-40) ---------------------------------------------------

stale() { divisi stale --of local:DV-1 --json | python3 -c 'import json,sys; o=json.load(sys.stdin); print(eval(sys.argv[1], {"o": o, "i": {x["id"]: x for x in o["issues"]}}))' "$1"; }
stale_is() { equals "$(stale "$1")" "$2"; }
claim "what is not under way is not looked at (R-40)" stale_is 'len(i)' 0
divisi issue move DV-3 "In Progress" && divisi issue label DV-3 ctx:autonomous
divisi issue move DV-5 "In Progress"
claim "within its limit it is fresh" stale_is '(i["DV-3"]["state"], i["DV-3"]["limit_ms"])' "('fresh', 1800000)"
claim "without a context it is named" stale_is 'i["DV-5"]["state"]' no-context
claim "with what to do" says 'DV-5.*give it one ctx: label' divisi stale --of local:DV-1
claim "of the plans under way nothing is (R-40)" says '0 of 0' divisi stale
claim "a parent that is nowhere has nothing" divisi_fails 2 stale --of jira:1

# ---- a plan from issues ------------------------------------------------------------------

made=2026-11-22-try-it.md
claim "a plan is made of issues" divisi plan --from local:DV-1 $made
claim "it is sound" divisi check $made
claim "relations are its dependencies" says '^\| 3A \|.*\| 1A, 2A \|' cat $made
claim "a label is its mode" says '^- Mode: tdd' cat $made
claim "a footprint is taken over" says '^- Writes: .a.txt.$' cat $made
claim "quoted text is no order" equals "$(grep -c passwd $made)" 0
claim "steps and boxes are taken over" says '^  2. Test it' cat $made
claim "a file is not written over" divisi_fails 6 plan --from local:DV-1 $made
claim "one that is nowhere is told" divisi_fails 5 plan --from local:DV-99
claim "one without sub-issues too" divisi_fails 5 plan --from local:DV-5
claim "what names no issue is told" divisi_fails 2 plan --from jira:X-1

# ---- over the network --------------------------------------------------------------------

if [ ! -f "${E2E_TRACKERS:-}/version" ] || ! node --version >/dev/null 2>&1; then
	e2e_end
fi
coproc GITHUB { exec node "$top/tests/tracker/server_github.mjs" "$E2E_TRACKERS"; }
read -r -t 60 port <&"${GITHUB[0]}"
there=http://127.0.0.1:$port
order() { curl -sS "$there/control" -d "$1" >/dev/null; }
requests() { curl -sS "$there/control" | python3 -c 'import json,sys; print(json.load(sys.stdin)["requests"])'; }
export GITHUB_TOKEN=lin_api_test_secret_token
divisi server --stop >/dev/null
# 1 to 12 are done and each blocks 13 to 24; 25 waits for 26, which is open.
order '{"reset": true, "seed": 26}'
order "$(python3 -c '
import json
done = {"#%d" % n: {"state": "closed"} for n in range(1, 13)}
print(json.dumps({"change": done, "block": [[n + 12, n] for n in range(1, 13)] + [[25, 12], [25, 26]]}))')"
git config divisi.tracker github
git config divisi.tracker.team acme/gates
git config divisi.tracker.url "$there"
claim "GitHub is asked" scan_is '[x["action"] for x in r]' "$(python3 -c 'print(["Assign to agent"] * 8)')"
claim "within 20 calls, of which none is for comments (R-143, A-85)" equals "$(requests)" 20
claim "that is told" scan_is '(o["calls"], o["calls_most"], o["partial"], o["unscanned"])' "(20, 20, True, 4)"
claim "it is kept (R-144)" equals "$(requests)" 20
claim "a person can ask again" divisi ready --force
claim "then it is asked again" equals "$(requests)" 40
claim "what was not looked at is told" says '^PARTIAL: 4 not looked at' divisi ready
asked=$(requests)
claim "the look at a session's start takes what is kept (R-147)" divisi ready --start
claim "at no cost" equals "$(requests)" "$asked"
scan_start() { scan "$1" --start "${@:2}"; }
claim "asked again it has 10 calls (R-147)" equals "$(scan_start '(o["calls"], o["calls_most"], len(r), o["unscanned"])' --force)" "(10, 10, 3, 9)"
claim "which are all that were made" equals "$(requests)" $((asked + 10))
claim "what it left out is no answer to who asks for all" scan_is 'o["calls_most"]' 20
order '{"fault": "500", "n": 100, "skip": 5}'
claim "an outage on the way keeps what was found" says '^PARTIAL:.*out of order' divisi ready --force
order '{"fault": "500", "n": 100}'
claim "one at the start is an error" divisi_fails 8 ready --force
order '{"reset": true, "seed": 1}'
claim "an issue of theirs without parts is told" divisi_fails 5 plan --from 'github:acme/gates#1'
e2e_end
