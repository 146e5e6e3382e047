#!/bin/bash
# A person looks on and speaks: what was earlier first, then as it comes; a message reaches
# the agent once, whatever is killed in between; nothing of a stranger steers the terminal.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/runs.sh"
e2e_begin "$@"
command -v divisi >/dev/null || skip_all "divisi is not built"
plan=2026-11-22-try-it.md

kill_server() {
	local pid
	pid=$(server_pid)
	[ -n "$pid" ] || return 1
	kill -9 "$pid"
	until_true is_gone "$pid"
}

fake_repo "$scratch/repo" && cd "$scratch/repo" || exit 99
fake_plan "$plan" <<END
1A|quick|Writes: \`a.txt\`|fake:say=one fake:say=two fake:say=three fake:raw={"type":"say","text":"\\x5cu001b]0;pwned\\x5cu0007\\x5cu001b[2J red"}\\x0a fake:ask=question:Which colour? fake:wait=$scratch/go fake:write=a.txt:one fake:commit=a
1B|quick|Writes: \`b.txt\`|fake:write=b.txt:two fake:commit=b fake:wait=$scratch/go
END
claim "nothing is there to look at yet" divisi_fails 5 attach 1A
divisi dispatch "$plan" >/dev/null 2>&1
claim "a session that was not launched says so" says 'not launched yet' divisi attach 1A
claim "and it exits as what is not found" divisi_fails 5 attach 1A
approve_table
claim "1A asks" becomes 1A checkpoint

divisi attach 1A --from 1 >"$scratch/all.out" 2>&1 &
all=$!
divisi attach 1A --tail 2 >"$scratch/tail.out" 2>&1 &
divisi attach 1A --json --from 3 >"$scratch/json.out" 2>&1 &
claim "what was earlier is shown" until_true grep -q '^say *three' "$scratch/all.out"
claim "from its first event" until_true grep -q '^say *one' "$scratch/all.out"
claim "a tail is no more than asked for" until_true grep -q 'Which colour' "$scratch/tail.out"
claim "and leaves out what was before" equals "$(grep -c '^say *three' "$scratch/tail.out")" 0
claim "it tells how much that is" grep -q '([0-9]* earlier events' "$scratch/tail.out"
claim "control sequences are shown, not sent" until_true grep -q 'x1B\]0;pwned' "$scratch/all.out"
no_escapes() {
	! LC_ALL=C grep -q $'[\033\007]' "$scratch/all.out" "$scratch/tail.out" "$scratch/json.out"
}
claim "no escape leaves divisi" no_escapes

claim "a message is told" says '^S-A: told$' divisi say 1A "blue, please"
kill_server
claim "the next one, after the server died" says 'told' divisi say 1A "dark blue"
claim "one from standard input" says 'told' bash -c 'printf "two\nlines\n" | divisi say 1A -'
claim "an empty one is refused" divisi_fails 2 say 1A "  "
claim "nobody hears it where nobody runs" bash -c 'divisi say 1C x; [ $? = 5 ]'
in_log() {
	grep -c "\"key\":\"say/" ".git/divisi/runs/$(run_of 1A)/in.ndjson"
}
claim "the holder has three" equals "$(in_log)" 3
kill_server
claim "the answer" divisi answer 1A blue
claim "who looks on sees it, without the server it began with" \
	until_true grep -q 'answered: allow' "$scratch/all.out"
claim "each message was heard once" equals "$(said 1A 'heard: blue, please')" 1

# Two at the same instant under one key are one message.
twice() {
	python3 - "$1" "$2" <<'END'
import json, socket, sys, threading
def post():
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(".git/divisi/sock")
        body = json.dumps({"session": sys.argv[1], "text": "once", "key": sys.argv[2]})
        s.sendall(("POST /v1/order/say HTTP/1.1\r\nHost: divisi\r\nConnection: close\r\n"
                   "Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
                   % (len(body), body)).encode())
        got = b""
        while True:
            part = s.recv(4096)
            if not part:
                break
            got += part
        print(got.decode())
        assert b" 200 " in got.split(b"\r\n")[0], got
threads = [threading.Thread(target=post) for _ in range(4)]
[t.start() for t in threads]
[t.join() for t in threads]
END
}
claim "four of one key are taken" twice 1B same-key
once_logged() {
	equals "$(grep -c '"key":"say/.*/key/same-key"' ".git/divisi/runs/$(run_of 1B)/in.ndjson")" 1
}
claim "and told once" until_true once_logged
claim "the journal has one" equals "$(divisi events --json | grep -c '"same-key"')" 1

touch "$scratch/go"
claim "1A is ready" becomes 1A in-review
claim "who looked on sees the end" until_true grep -q '^-- in-review' "$scratch/all.out"
claim "and is let go then" until_true is_gone "$all"
json_events() {
	python3 - "$scratch/json.out" <<'END'
import json, sys
rows = [json.loads(line) for line in open(sys.argv[1])]
numbers = [row["n"] for row in rows]
assert numbers == list(range(3, 3 + len(rows))), numbers
assert all(row["run"].endswith(".r1") and json.loads(row["line"]) for row in rows), rows
assert rows[-1]["kind"] == "done", rows[-1]
assert any("\x1b]0;pwned" in row["text"] for row in rows), rows
END
}
claim "for programs every event is there once, in order, with its line" until_true json_events
claim "a message after the end is refused with what to do" says 'divisi resume' divisi say 1A "too late"
e2e_end
