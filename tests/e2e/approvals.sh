#!/bin/bash
# One inbox for all that waits for a person (S-69, R-184, J-6, J-32): shown in full, answered
# from any face, there again after everything was restarted, and never by an agent.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/runs.sh"
e2e_begin "$@"
command -v divisi >/dev/null || skip_all "divisi is not built"

# item EXPRESSION: over the entries i of the inbox, by kind k[...] and by session n[...].
item() {
	divisi approvals --json | python3 -c '
import json, sys
inbox = json.load(sys.stdin)
items = inbox["approvals"]
print(eval(sys.argv[1], {"items": items, "rules": inbox["rules"],
    "k": {i["kind"]: i for i in items}, "p": {i["phase"]: i for i in items}}))' "$1"
}
waits() {
	equals "$(item "'$1' in p")" True
}
waits_not() {
	equals "$(item "'$1' in p")" False
}
said() {
	says "$2" divisi log "$1"
}
no_server() {
	[ -z "$(server_pid)" ]
}

fake_repo "$scratch/repo" && cd "$scratch/repo" || exit 99
# What it could not do because of its fence is another test's: here it may write.
git config --add divisi.fence.write "$scratch"
cat >"$scratch/bin/cheat" <<'END'
#!/bin/bash
{
	divisi approve "$(cat "$1/other")"
	echo "approve $?"
	divisi approve "$(cat "$1/other")" --rule 'May I*' --in repository
	echo "rule $?"
	divisi answer "$(cat "$1/other")" yes
	echo "answer $?"
} >"$1/cheat.out" 2>&1
END
chmod 755 "$scratch/bin/cheat"
fake_plan 2026-11-22-try-1.md <<END
1A|quick|Writes: \`1a\`|fake:ask=permission:May I run make? fake:write=1a:x fake:commit=1a
1B|quick|Writes: \`1b\`|fake:ask=question:Which colour? fake:write=1b:x fake:commit=1b
1C|quick|Writes: \`1c\`|fake:estimate=50 fake:wait=$scratch/go fake:bash=cheat $scratch fake:write=1c:x fake:commit=1c fake:ask=checkpoint:Is that good?
END
claim "a table waits" divisi_fails 4 dispatch 2026-11-22-try-1.md
claim "it is in the inbox" equals "$(item 'k["table"]["name"]')" "batch 1"
hash=$(item 'k["table"]["id"]')
claim "with its columns in full (S-78)" says 'Est\. Cost' divisi approvals
claim "and who may run" says '^total ~\$0\.90' divisi approvals "$hash"
claim "its id approves it" divisi approve "$hash"
claim "a permission, a question, a cost: all three wait" until_true \
	equals "$(until_true waits 1A >/dev/null; until_true waits 1B >/dev/null; until_true waits 1C >/dev/null; item 'sorted(i["kind"] for i in items)')" "['cost', 'permission', 'question']"
a=$(item 'p["1A"]["id"]') b=$(item 'p["1B"]["id"]') c=$(item 'p["1C"]["id"]')
claim "who asks, since when, what, and the command" says "^$a +permission +1/S-A" divisi approvals
claim "what it asks" says 'May I run make\?' divisi approvals "$a"
claim "what a rule would compare" says 'as a rule: May I run make\?' divisi approvals "$a"
claim "what it would cost (S-69)" says '\$50' divisi approvals "$c"
claim "an id nobody has is not found" divisi_fails 5 approve a99
claim "as is one that is only looked at" divisi_fails 5 approvals a99
claim "a rule that does not fit what is asked is refused" \
	divisi_fails 6 approve "$a" --rule 'May I drive*'
claim "one that begins with a star says nothing" divisi_fails 2 approve "$a" --rule '*'
claim "one word of how long is enough" divisi_fails 2 approve "$a" --once --session

# ---- everything is restarted while they wait ----------------------------------------------

for phase in 1A 1B; do
	kill -KILL "$(server_pid)" 2>/dev/null
	claim "the server is gone ($phase)" until_true no_server
	claim "the same question waits under the same name ($phase)" waits "$phase"
done
claim "none was answered meanwhile" equals "$(item 'len(items)')" 3
claim "their ids are the same" equals "$(item 'p["1A"]["id"]')$(item 'p["1B"]["id"]')" "$a$b"
kill -KILL "$(server_pid)"
claim "allowed by rule right after a crash, and it says what" \
	says 'allowed, and by rule.*: May I run make' divisi approve "$a" --rule 'May I run*'
claim "the agent hears it" until_true said 1A 'answered: allow'
claim "a second yes is none" divisi_fails 6 approve "$a"
claim "the rule is listed" says 'r1 .*plan p1.*May I run' divisi approvals --rules
claim "yes is no answer to a question" divisi_fails 2 approve "$b"
claim "and how it is answered is said" says "divisi answer $b TEXT" divisi approve "$b"
claim "it waits on" waits 1B
claim "what it asks stands there once" equals "$(divisi approvals "$b" | grep -c 'Which colour')" 1
claim "in the status once on top and once with its session" \
	equals "$(divisi status | grep -c 'Which colour')" 2
claim "a question is answered with words" divisi answer "$b" "blue"
claim "which the agent hears" until_true said 1B 'answered: allow blue'

# ---- an agent never answers (CONTRACTS 1, Peers) -----------------------------------------

claim "the cost is allowed" divisi approve "$c"
fake_plan 2026-11-22-try-2.md <<END
2A|quick|Writes: \`2a\`|fake:ask=permission:May I run tests? fake:ask=permission:May I run; rm -rf /? fake:write=2a:x fake:commit=2a
2B|quick|Writes: \`2b\`|fake:try=permission:May I? fake:write=2b:no fake:write=2b:x fake:commit=2b
END
git config divisi.cap 9
claim "a second plan" divisi_fails 4 dispatch 2026-11-22-try-2.md
claim "is approved" divisi approve "$(item 'k["table"]["id"]')"
claim "the rule of the first plan is not for it" until_true waits 2A
item 'p["2A"]["id"]' >"$scratch/other"
: >"$scratch/go"
cheated() { test -s "$scratch/cheat.out" && grep -q '^answer' "$scratch/cheat.out"; }
claim "an agent tries to answer another's question" until_true cheated
claim "and may not" says '^approve 3$' cat "$scratch/cheat.out"
claim "nor by rule" says '^rule 3$' cat "$scratch/cheat.out"
claim "nor with words" says '^answer 3$' cat "$scratch/cheat.out"
claim "the question still waits" waits 2A
claim "that is on record (E-38)" says '"cause": *"refused".*an agent never acts as a person' divisi events --json
claim "a rule for the whole repository" divisi approve "$(cat "$scratch/other")" \
	--rule 'May I run *' --in repository
claim "a star covers no second command" until_true says 'rm -rf' divisi approvals
claim "the record names the rule and who made it" \
	equals "$(look 's["2A"]["asks"][0]["by"].split(":")[0]')" human
claim "no, with a reason" divisi decline "$(item 'p["2A"]["id"]')" --reason "certainly not"
claim "fails it" becomes 2A failed
claim "another one asks, too" until_true waits 2B
claim "for this session" divisi approve "$(item 'p["2B"]["id"]')" --session
claim "is a rule too, of the one session" says 'r3 .*session p2\.1\.2B' divisi approvals --rules
claim "rules can be ended" divisi approvals --forget r2
claim "once" divisi_fails 5 approvals --forget r2
claim "and are then not in force" equals "$(divisi approvals --rules | grep -c 'r2 ')" 0
claim "the checkpoint waits still" until_true waits 1C
claim "it is let go on" divisi approve "$(item 'p["1C"]["id"]')"

# ---- terminals, and time -----------------------------------------------------------------

fake_plan 2026-11-22-try-3.md <<'END'
3A|quick|Writes: `3a`|fake:raw={"type":"ask","id":"x","kind":"permission","text":"\\u001b[2Jls","detail":"\\u001b]0;gone\\u0007\\u202e rm"}\x0a fake:wait=/nowhere
END
claim "a hostile agent" divisi_fails 4 dispatch 2026-11-22-try-3.md
claim "asks" divisi approve "$(item 'k["table"]["id"]')"
claim "comes" until_true waits 3A
divisi approvals >"$scratch/shown"
claim "what steers a terminal is shown, not sent" says '\\x1B\]0;gone' cat "$scratch/shown"
no_controls() { ! LC_ALL=C grep -q "$(printf '[\001-\010\016-\037]')" "$scratch/shown"; }
claim "no control character is left" no_controls
claim "nor one that turns the line round" says '\\u\{202E\}' cat "$scratch/shown"
claim "without a time limit it waits on" waits 3A
divisi park 3A >/dev/null

# A question with so little time may be gone before anybody can look: only its end is looked for.
fake_plan 2026-11-22-try-4.md <<'END'
4A|quick|Writes: `4a`|fake:ask=permission:May I wait? fake:wait=/nowhere
END
git config divisi.approval-timeout 1
claim "a plan with little time to answer" divisi_fails 4 dispatch 2026-11-22-try-4.md
claim "runs" divisi approve "$(item 'k["table"]["id"]')"
answered() {
	equals "$(look 's["4A"]["asks"][0]["decision"] + s["4A"]["asks"][0]["by"]')" "$1"
}
claim "nobody answers, and the answer is no, said by nobody but the server" \
	until_true answered denyserver
claim "then it waits no more" waits_not 4A
claim "and the agent hears it" becomes 4A failed
e2e_end
