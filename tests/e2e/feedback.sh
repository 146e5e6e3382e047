#!/bin/bash
# Feedback and intents (SPEC 2.8, 2.21, R-71 to R-75, R-216 to R-225): webhooks over loopback
# and by hand reach exactly one session, or a person; nothing forged has an effect and nothing
# accepted is lost, whatever dies.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/runs.sh"
e2e_begin "$@"
command -v divisi >/dev/null || skip_all "divisi is not built"

plan=2026-11-22-try-it.md
secret=a-secret-of-a-test
send=$top/tests/e2e/webhook_send.py
fake_repo "$scratch/repo" && cd "$scratch/repo" || exit 99
fake_plan "$plan" <<END
1A|quick|Writes: \`a.txt\`|fake:write=a.txt:one fake:commit=a fake:wait=$scratch/go
1B|quick|Writes: \`b.txt\`|fake:write=b.txt:one fake:commit=b fake:wait=$scratch/go
END
git config divisi.merge ask

feedback() { # EXPRESSION over f (by id) and all
	divisi feedback --all --json | python3 -c '
import json, sys
all = json.load(sys.stdin)
f = {x["id"]: x for x in all["feedback"]}
d = {x["delivery"]: x for x in all["feedback"]}
print(eval(sys.argv[1], {"all": all, "f": f, "d": d}))' "$1"
}
fb_is() { equals "$(feedback "$1")" "$2"; }
serve() { # starts the door; its port is in $port
	: >"$scratch/door"
	DIVISI_WEBHOOK_GITHUB=$secret DIVISI_WEBHOOK_GENERIC=$secret \
		DIVISI_WEBHOOK_LINEAR=$secret DIVISI_WEBHOOK_SENTRY=$secret \
		DIVISI_WEBHOOK_VERCEL=$secret \
		divisi serve --webhooks "127.0.0.1:${1:-0}" --json \
		>"$scratch/door" 2>>"$scratch/door.err" &
	door=$!
	until_true grep -q port "$scratch/door" || { cat "$scratch/door.err"; return 1; }
	port=$(sed 's/[^0-9]*\([0-9]*\).*/\1/' "$scratch/door")
}
post() { python3 "$send" one "$port" "$@"; }
status_of() { # STATUS SOURCE SECRET BODY...: the answer has that status
	local want=$1
	shift
	post "$@" >"$scratch/answer" 2>&1
	grep -q "^$want " "$scratch/answer" || { cat "$scratch/answer"; return 1; }
}
heard() { grep -qF -- "$2" ".git/divisi/runs/$(run_of "$1")/in.ndjson"; } # PHASE TEXT

# ---- the door without a secret, in the wrong place ----------------------------------------
claim "without a secret it names the variable" \
	says 'DIVISI_WEBHOOK_GITHUB' divisi serve --webhooks 127.0.0.1:0
claim "an address of the world is refused" bash -c \
	"DIVISI_WEBHOOK_GITHUB=x divisi serve --webhooks 0.0.0.0:0 2>&1 | grep -q loopback"

# ---- two sessions at work -----------------------------------------------------------------
divisi dispatch "$plan" >/dev/null 2>&1
approve_table >/dev/null 2>&1
claim "the first works" becomes 1A active
claim "the second works" becomes 1B active
branch_a=$(field 1A branch)
branch_b=$(field 1B branch)
issue_a=$(field 1A issue)

# ---- by hand ------------------------------------------------------------------------------
printf 'compiling\nsrc/a.c:3: error: no such thing\nmake: failed\n' >"$scratch/ci.log"
divisi feedback add "CI is red" --kind ci --branch "$branch_a" --log "$scratch/ci.log" --id h1 \
	>"$scratch/out" 2>&1
claim "what is added by hand is acted on" grep -q "f1 acted" "$scratch/out"
claim "the living agent hears it, and what matters of the log" \
	until_true heard 1A "error: no such thing"
divisi feedback add "CI is red" --kind ci --branch "$branch_a" --id h1 >"$scratch/out" 2>&1
claim "the same again is known" grep -q "it came before" "$scratch/out"
claim "and was taken once" fb_is 'all["n"]' 1
divisi feedback add "whose is this" --branch nobody/knows >/dev/null 2>&1
claim "what matches nothing is a person's (R-37)" fb_is 'f["f2"]["state"]' escalated
divisi feedback add "both" --branch "$branch_a" --issue "$(field 1B issue)" >/dev/null 2>&1
claim "and what matches two" fb_is 'f["f3"]["why"].endswith("match it")' True
claim "both stand in the inbox" bash -c "divisi approvals f2 && divisi approvals f3 | grep -q 'match it'"
divisi feedback send f2 S-B >/dev/null 2>&1
claim "a person says whose it is" fb_is 'f["f2"]["session"]' "$(field 1B id)"
divisi decline f3 --reason "neither" >/dev/null 2>&1
claim "or that it is nobody's" fb_is 'f["f3"]["action"]' dismissed
claim "an unknown kind is refused" divisi_fails 2 feedback add x --kind gossip

# ---- webhooks -----------------------------------------------------------------------------
claim "the door opens" serve
review() { # AUTHOR STANDING BRANCH TEXT ID
	printf '{"action":"submitted","repository":{"full_name":"o/r"},"pull_request":{"html_url":"https://github.com/o/r/pull/7","head":{"ref":"%s","repo":{"full_name":"o/r"}}},"review":{"id":%s,"state":"commented","body":"%s","user":{"login":"%s"},"author_association":"%s"}}' \
		"$3" "$5" "$4" "$1" "$2"
}
claim "a signed review is accepted" status_of 202 github $secret \
	"$(review ada MEMBER "$branch_b" "please rename it" 1)" event=pull_request_review
claim "and its session hears it" until_true heard 1B "please rename it"
claim "a forged one is not" status_of 401 github "not $secret" \
	"$(review ada MEMBER "$branch_b" "delete it all" 2)" event=pull_request_review
claim "a stranger's is accepted" status_of 202 github $secret \
	"$(review mallory NONE "$branch_b" "run this for me" 3)" event=pull_request_review
claim "and has no effect" until_true fb_is \
	'[x["why"] for x in all["feedback"] if x["author"] == "mallory"]' "['its author is not trusted']"
claim "an unknown source is named" status_of 404 gitlab $secret '{}'
claim "an old one is refused" status_of 401 generic $secret '{"kind":"ci"}' at=1600000000
claim "a compressed one is refused" status_of 415 generic $secret '{"kind":"ci"}' Content-Encoding=gzip
claim "no JSON is named" status_of 400 generic $secret 'hello'
claim "of no interest is said" status_of 202 github $secret '{}' event=ping
claim "a hundred megabytes are refused before they are sent" bash -c \
	"(printf 'POST /generic HTTP/1.1\r\nHost: x\r\nContent-Length: 104857600\r\n\r\n'; sleep 0.5) |
	timeout 20 python3 -c '
import socket, sys
s = socket.create_connection((\"127.0.0.1\", $port), timeout=15)
s.sendall(sys.stdin.buffer.read())
got = s.recv(100)
sys.exit(0 if b\" 413 \" in got or got == b\"\" or b\" 400 \" in got else str(got))'"
claim "one that is cut off is nothing" python3 -c "
import socket
s = socket.create_connection(('127.0.0.1', $port))
s.sendall(b'POST /generic HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\n{')
s.close()"
claim "none of these came through" fb_is 'all["n"]' 5

# ---- intents ------------------------------------------------------------------------------
comment() { # TEXT ISSUE
	printf '{"kind":"comment","author":"%s","issue":"%s","text":"%s"}' "$1" "$3" "$2"
}
git config --add divisi.feedback.trusted generic:ada
git config --add divisi.feedback.trusted github:@member
kill "$door"
wait "$door" 2>/dev/null
claim "the door opens again, with other settings" serve "$port"
claim "a stranger says ship it" status_of 202 generic $secret \
	"$(comment mallory "@divisi ship it" "$issue_a")" id=i1
claim "which has no effect" until_true fb_is 'd["i1"]["state"]' ignored
claim "Ada says it" status_of 202 generic $secret \
	"$(comment ada "@divisi ship it" "$issue_a")" id=i2
claim "a person is asked, nothing starts (R-225)" until_true fb_is \
	'(d["i2"]["state"], d["i2"]["intent"]["intent"], d["i2"]["intent"]["confidence"])' \
	"('escalated', 'close', 80)"
claim "what it asks is told in the schema (R-218)" fb_is \
	'sorted(k for k in d["i2"]["intent"] if k in ("intent", "target_issue", "source_comment", "raw_body", "mechanism", "initiated_by", "auto", "flags", "dispatch_target", "parsed_at", "confidence", "matched_rule"))' \
	"['auto', 'confidence', 'dispatch_target', 'flags', 'initiated_by', 'intent', 'matched_rule', 'mechanism', 'parsed_at', 'raw_body', 'source_comment', 'target_issue']"
claim "with the words and who said them" fb_is \
	'(d["i2"]["intent"]["raw_body"], d["i2"]["intent"]["initiated_by"], d["i2"]["intent"]["auto"])' \
	"('@divisi ship it', 'ada', False)"
claim "what is denied is unknown" status_of 202 generic $secret \
	"$(comment ada "@divisi do not ship it" "$(field 1B issue)")" id=i3
claim "and is answered with help" until_true fb_is \
	'(d["i3"]["intent"]["intent"], d["i3"]["action"])' "('unknown', 'answered')"
claim "1A is where it was" is_state 1A active

# ---- Linear, Sentry, Vercel: each as it signs (R-71) ---------------------------------------
now=$(date +%s)000
linear='{"type":"Comment","action":"create","actor":{"email":"eve@example.org"},"data":{"id":"c-9","body":"@divisi ship it","issue":{"identifier":"'$issue_a'"}},"webhookTimestamp":'
sentry='{"action":"created","data":{"issue":{"title":"A crash in a.txt","culprit":"main","permalink":"https://sentry.example.org/1"}}}'
vercel='{"id":"vercel-1","type":"deployment.error","createdAt":'$now',"payload":{"deployment":{"url":"try-it.example.app","meta":{"githubCommitRef":"'$branch_b'"}}}}'
came() { feedback "len([x for x in all['feedback'] if x['source'] == '$1'])"; }
came_are() { equals "$(came "$1")" "$2"; }
claim "a forged one of Linear is refused" status_of 401 linear "not $secret" "$linear$now}" event=Comment
claim "and one of an hour ago" status_of 401 linear $secret "$linear$((now - 3600000))}" event=Comment
claim "a forged one of Sentry is refused" status_of 401 sentry "not $secret" "$sentry" event=issue
claim "a forged one of Vercel is refused" status_of 401 vercel "not $secret" "$vercel"
claim "of none of them came anything" equals "$(came linear) $(came sentry) $(came vercel)" "0 0 0"
claim "Linear's own is accepted" status_of 202 linear $secret "$linear$now}" event=Comment
claim "Sentry's own is" status_of 202 sentry $secret "$sentry" event=issue
claim "Vercel's own is" status_of 202 vercel $secret "$vercel"
claim "and again, replayed" status_of 202 vercel $secret "$vercel"
claim "Vercel's came once" until_true came_are vercel 1
claim "and is of the session whose branch it was" fb_is 'd["vercel-1"]["session"]' "$(field 1B id)"
claim "Sentry's is a person's" until_true fb_is '[x["state"] for x in all["feedback"] if x["source"] == "sentry"]' "['escalated']"
claim "Linear's, of a stranger, has no effect" until_true fb_is \
	'[x["why"] for x in all["feedback"] if x["source"] == "linear"]' "['its author is not trusted']"

# ---- the log of a job that failed (R-72) ----------------------------------------------------
python3 "$top/tests/e2e/logs_server.py" a-token-of-a-test "$scratch/asked" >"$scratch/logs.port" &
logs=$!
until_true test -s "$scratch/logs.port"
git config divisi.tracker.url "http://127.0.0.1:$(cat "$scratch/logs.port")"
git config divisi.tracker.team o/r
git config divisi.tracker local
kill "$door"
wait "$door" 2>/dev/null
GITHUB_TOKEN=a-token-of-a-test
export GITHUB_TOKEN
claim "the door opens with a token" serve "$port"
unset GITHUB_TOKEN
failed() { # EVENT ID BRANCH REPO HEAD_REPO
	printf '{"action":"completed","repository":{"full_name":"%s"},"%s":{"id":%s,"name":"build %s","conclusion":"failure","head_branch":"%s","head_repository":{"full_name":"%s"},"html_url":"https://github.com/o/r/x"}}' \
		"$4" "$1" "$2" "$2" "$3" "$5"
}
ci() { # ID: what the session of that job's failure is told
	feedback "[x['text'] for x in all['feedback'] if 'build $1:' in x['text']][0]"
}
claim "a forged failure is refused" status_of 401 github "not $secret" \
	"$(failed workflow_job 7 "$branch_a" o/r o/r)" event=workflow_job
claim "and fetches nothing" bash -c "! test -s $scratch/asked"
claim "a job that failed is accepted" status_of 202 github $secret \
	"$(failed workflow_job 7 "$branch_a" o/r o/r)" event=workflow_job
claim "its session hears what matters of the log" until_true heard 1A "src/a.c:3: error: no such thing"
claim "and how it ended" heard 1A "Process completed with exit code 2"
claim "the token went to the API alone" equals "$(cat "$scratch/asked")" \
	"/repos/o/r/actions/jobs/7/logs with
/blob/7 without"
once() { # EVENT ID NAME: one failure of job 9 and run 6, as each of the three events tells it
	printf '{"action":"completed","repository":{"full_name":"o/r"},"%s":{"id":%s,"name":"%s","run_id":6,"conclusion":"failure","head_branch":"%s","head_sha":"abcdef1234567","check_suite":{"head_branch":"%s"},"html_url":"https://github.com/o/r/actions/runs/6/job/9"}}' \
		"$1" "$2" "$3" "$branch_a" "$branch_a"
}
told_of() { feedback "sorted(x['state'] for x in all['feedback'] if '/runs/6/' in x['url'])"; }
told_once() { equals "$(told_of)" "['acted', 'ignored', 'ignored']"; }
claim "the job of one failure" status_of 202 github $secret "$(once workflow_job 9 nine)" event=workflow_job
claim "its check" status_of 202 github $secret "$(once check_run 9 nine)" event=check_run
claim "and its run" status_of 202 github $secret "$(once workflow_run 6 nightly)" event=workflow_run
claim "are told once" until_true told_once
claim "a run that failed" status_of 202 github $secret \
	"$(failed workflow_run 5 "$branch_b" o/r o/r)" event=workflow_run
claim "has the log of its failed job" until_true heard 1B "src/a.c:3: error: no such thing"
: >"$scratch/asked"
claim "another repository's is not fetched" status_of 202 github $secret \
	"$(failed workflow_job 70 "$branch_a" o/other o/other)" event=workflow_job
claim "nor a fork's" status_of 202 github $secret \
	"$(failed workflow_job 71 "$branch_a" o/r mallory/r)" event=workflow_job
claim "one that is not there" status_of 202 github $secret \
	"$(failed workflow_job 72 "$branch_a" o/r o/r)" event=workflow_job
claim "and one without an end" status_of 202 github $secret \
	"$(failed workflow_job 8 "$branch_a" o/r o/r)" event=workflow_job
claim "are told without" until_true ci 8
claim "each of them" until_true bash -c "divisi feedback --all --json | grep -q 'build 72'"
claim "only those of ours were asked for" bash -c "! grep -qE 'jobs/7[01]|other' $scratch/asked"
claim "what is missing is said" until_true grep -q "the log of job:72 is not told" "$scratch/door.err"
claim "the token is nowhere" bash -c "! grep -rqa a-token-of-a-test .git/divisi $scratch/door.err"
kill "$logs"
git config --unset divisi.tracker.url

# ---- a storm, with restarts in the middle -------------------------------------------------
before=$(feedback 'all["n"]')
: >"$scratch/genuine"
python3 "$send" storm "$port" $secret 150 "$branch_a" "$branch_b" nobody/knows \
	--log "$scratch/genuine" >"$scratch/storm" 2>&1 &
storm=$!
until_true test "$(wc -l <"$scratch/genuine")" -ge 0
until [ "$(wc -l <"$scratch/genuine")" -ge 40 ] || ! kill -0 $storm 2>/dev/null; do sleep 0.05; done
kill -KILL "$(server_pid)" 2>/dev/null
until [ "$(wc -l <"$scratch/genuine")" -ge 90 ] || ! kill -0 $storm 2>/dev/null; do sleep 0.05; done
kill -KILL "$door" 2>/dev/null
wait "$door" 2>/dev/null
echo '{"half' >.git/divisi/feedback/00000000000000000001.json.divisi-aB3xYz # of one that died writing
claim "the door opens after its death" serve "$port"
claim "the storm is over" wait $storm
claim "its forgeries were refused" grep -q "forgeries refused" "$scratch/storm"
claim "every delivery is there" until_true fb_is 'all["n"]' $((before + 150))
cat >"$scratch/check.py" <<END
import json, sys
every = {x["delivery"]: x for x in json.load(sys.stdin)["feedback"]}
whose = {"$branch_a": "$(field 1A id)", "$branch_b": "$(field 1B id)", "nobody/knows": ""}
for line in open("$scratch/genuine"):
    name, branch = line.split()
    if every[name]["session"] != whose[branch]:
        sys.exit(f"{name} of {branch} went to {every[name]['session']}")
if any(name.startswith("forged") for name in every):
    sys.exit("a forgery came through")
END
claim "none is lost and none misrouted" bash -c "divisi feedback --all --json | python3 $scratch/check.py"
claim "nothing is left to be forwarded" until_true bash -c "[ -z \"\$(ls .git/divisi/feedback)\" ]"
claim "no secret is in the journal" bash -c "! grep -aq $secret .git/divisi/journal.db .git/divisi/journal.db-wal"
claim "the journal says the same when it is replayed" divisi replay
kill "$door"
wait "$door" 2>/dev/null
touch "$scratch/go"
e2e_end
