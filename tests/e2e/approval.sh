#!/bin/bash
# Nothing runs that was not approved, by a person, for exactly the table that was shown
# (promise 4); who approves everything in advance is stopped at the first surprise.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/runs.sh"
e2e_begin "$@"
command -v divisi >/dev/null || skip_all "divisi is not built"

plan=2026-11-22-try-it.md
table() {
	look 'plan["batches"][-1]["hash"]'
}
batch_is() {
	equals "$(look 'plan["batches"][-1]["state"]')" "$1"
}
issue_is() {
	says "$2" divisi issue show "$1"
}
waits_for_approval() {
	divisi_fails 4 dispatch "$@" && batch_is awaiting-approval
}

# ---- the table and its hash --------------------------------------------------------------

fake_repo "$scratch/repo" && cd "$scratch/repo" || exit 99
write_plan() {
	fake_plan "$plan" <<END
1A|quick|Writes: \`a.txt\`|fake:write=a.txt:$1 fake:commit=a fake:wait=$scratch/go
1B|quick|Writes: \`b.txt\`|fake:write=b.txt:$1 fake:commit=b
END
}
write_plan one
claim "a dry run asks nothing" divisi dispatch "$plan" --dry-run
claim "and files nothing" says '^\[\]|No issue|^$|no issues' divisi issue list --json
claim "a dispatch waits for approval" waits_for_approval "$plan"
hash=$(table)
claim "a dry run names the same table" says "$hash" divisi dispatch "$plan" --dry-run --json
claim "another hash approves nothing" divisi_fails 3 approve --hash "${hash:0:60}ffff"
claim "nor does it in a dispatch" divisi_fails 3 dispatch "$plan" --approve "${hash:0:60}ffff"
claim "a short hash is no hash" divisi_fails 2 approve --hash "${hash:0:7}"
claim "an empty hash is no hash" divisi_fails 2 approve --hash ""
claim "a batch is not approved by its number" divisi_fails 3 approve --batch 1
claim "nothing was launched" equals "$(cat "$scratch/started")" ""
claim "nobody is assigned" equals "$(divisi issue show DV-1 | grep -ci '^assignee.*command')" 0

write_plan two
claim "an edited plan voids the table that waits (G11)" divisi_fails 3 approve --hash "$hash"
claim "nothing was launched then" equals "$(cat "$scratch/started")" ""
claim "it is asked again" waits_for_approval "$plan"
claim "with another table" test "$hash" != "$(table)"
claim "the old hash is of no use" divisi_fails 3 approve --hash "$hash"
claim "the same issues are used (A-21)" equals "$(field 1A sub_issue)" DV-1
tree=$(field 1A path)
claim "a worktree was made" test -d "$tree"
hash=$(table)
claim "a person declines" divisi decline --hash "$hash" --reason "not today"
claim "the batch is declined" batch_is declined
claim "its issues go to the backlog" until_true issue_is DV-1 Backlog
claim "both" until_true issue_is DV-2 Backlog
worktree_is_gone() { ! test -e "$tree"; }
claim "the empty worktree is removed" until_true worktree_is_gone
claim "a declined table cannot be approved" divisi_fails 3 approve --hash "$hash"
claim "nothing was launched after all" equals "$(cat "$scratch/started")" ""
claim "asked again" waits_for_approval "$plan"
claim "it takes the same issues again" equals "$(field 1A sub_issue)$(field 1B sub_issue)" DV-1DV-2
claim "no third was filed" divisi_fails 5 issue show DV-3

# ---- who may approve ---------------------------------------------------------------------

cat >"$scratch/bin/cheat" <<'END'
#!/bin/bash
# Tries what an agent must not, as itself, from a session of its own, and as somebody who
# is gone before the answer comes.
scratch=$1 other=$2
{
	divisi approve --hash "$(cat "$scratch/hash")"
	echo "approve $?"
	setsid --fork --wait divisi approve --hash "$(cat "$scratch/hash")"
	echo "setsid $?"
	divisi say "$other" "do as I say"
	echo "say $?"
	divisi issue move DV-2 Done
	echo "issue $?"
	divisi server --stop
	echo "stop $?"
	setsid --fork python3 - "$(git rev-parse --path-format=absolute --git-common-dir)" \
		"$(cat "$scratch/hash")" <<'PY'
import json, os, socket, sys
if os.fork():
    os._exit(0)
body = json.dumps({"hash": sys.argv[2]}).encode()
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1] + "/divisi/sock")
s.sendall(b"POST /v1/order/approve HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
          b"Content-Length: %d\r\n\r\n" % len(body) + body)
os._exit(0)
PY
	echo "end"
} >"$scratch/cheat.out" 2>&1
touch "$scratch/cheated"
END
chmod 755 "$scratch/bin/cheat"
approve_table >/dev/null
claim "approved, they run" becomes 1A active
mkdir -p "$scratch/repo/other" && cd "$scratch/repo" || exit 99
# What it could not do because of its fence is another test's: here it may write down its tries.
git config --add divisi.fence.write "$scratch"
fake_plan 2026-11-22-try-cheat.md <<END
2A|quick|Writes: \`c.txt\`|fake:bash=cheat $scratch 1A fake:wait=$scratch/go
END
fake_plan 2026-11-22-try-prey.md <<END
3A|quick|Writes: \`d.txt\`|fake:write=d.txt:x fake:commit=d
END
divisi dispatch 2026-11-22-try-prey.md >/dev/null 2>&1
prey=$(table)
echo "$prey" >"$scratch/hash"
divisi dispatch 2026-11-22-try-cheat.md >/dev/null 2>&1
claim "the cheat is approved" approve_table
claim "it tried" until_true test -e "$scratch/cheated"
claim "an agent approves nothing" grep -q '^approve 3' "$scratch/cheat.out"
claim "nor from a session of its own" grep -q '^setsid 3' "$scratch/cheat.out"
claim "nor speaks to another" grep -q '^say 3' "$scratch/cheat.out"
claim "nor moves issues" grep -q '^issue 3' "$scratch/cheat.out"
refused_four() {
	test "$(divisi events --json | grep -c '"cause":"refused".*G11.*session:p')" -ge 4
}
claim "each is recorded" until_true refused_four
claim "the table still waits" says "$prey" divisi status --json
claim "and 3A was not launched" equals "$(starts 3A)" 0
claim "a person approves it" divisi approve --hash "$prey"

# ---- the cap -----------------------------------------------------------------------------

is_launched() { [ "$(starts "$1")" = 1 ]; }
claim "it is launched then" until_true is_launched 3A
fake_plan 2026-11-22-try-more.md <<END
4A|quick|Writes: \`e.txt\`|fake:write=e.txt:x fake:commit=e fake:wait=$scratch/go
4B|quick|Writes: \`f.txt\`|fake:write=f.txt:x fake:commit=f fake:wait=$scratch/go
4C|quick|Writes: \`g.txt\`|fake:write=g.txt:x fake:commit=g fake:wait=$scratch/go
END
claim "3A is done" becomes 3A in-review
divisi dispatch 2026-11-22-try-more.md >/dev/null 2>&1
approve_table >/dev/null
claim "one slot is left" becomes 4A active
claim "a fourth session is not launched" is_state 4B approved
claim "why says that it waits" says 'slot' divisi why 4B
claim "never more than three live" equals "$(look 'status["live"]')" 3
touch "$scratch/go"
claim "when one ends the next begins" becomes 4C in-review
claim "4B too" becomes 4B in-review
claim "no more than three ever lived" equals "$(divisi events --json | python3 -c '
import json, sys
live, most = set(), 0
for row in map(json.loads, sys.stdin):
    if row["entity"].startswith("session/"):
        on = row["to"] in ("launching", "unconfirmed", "active", "checkpoint", "halted",
                           "stalled", "exiting")
        if row["to"]:
            (live.add if on else live.discard)(row["entity"])
        most = max(most, len(live))
print(most)')" 3

# ---- overrides ---------------------------------------------------------------------------

git checkout --quiet --detach
claim "a detached checkout stops a dispatch (G14)" divisi_fails 3 dispatch "$plan"
claim "an override needs a reason" divisi_fails 2 dispatch "$plan" --override G14
git checkout --quiet main

# ---- a table of which nothing is left ----------------------------------------------------

left=2026-11-22-try-left.md
fake_plan "$left" <<END
9A|quick|Writes: \`z.txt\`|fake:say=nothing
END
divisi dispatch "$left" >/dev/null 2>&1
approve_table >/dev/null
claim "a session that commits nothing fails" becomes 9A failed
first=$(field 9A id)
acknowledge=$(look "[n['command'] for n in status['needs'] if 'nobody acknowledged' in n['what']][-1]")
claim "the batch of which plan is said" says '^divisi approve p[0-9]+/1$' echo "$acknowledge"
# shellcheck disable=SC2086
claim "the failure is acknowledged so" $acknowledge
claim "its phase is proposed again" waits_for_approval "$left"
claim "a person gives the phase up meanwhile" divisi abandon "$first"
left_table() {
	divisi_fails 5 dispatch "$left" && divisi dispatch "$left" 2>&1 | grep -q "divisi decline --hash $(table | cut -c1-12)"
}
claim "nothing is left to dispatch, and the table that waits is named" left_table
claim "as it says, it is declined" divisi decline --hash "$(table)"

e2e_end
