#!/usr/bin/env python3
"""Claude Code gone wrong, for tests: speaks its stream and does what the prompt says.

  odd:liar            works under another session id
  odd:early           the result line comes before the first
  odd:twice           two results, the second of them a failure
  odd:flood=N         asks N times, and never waits
  odd:steer           terminal control sequences in everything it says
  odd:long=MEGABYTES  one line longer than that
  odd:exact=BYTES     one line of exactly so many
  odd:garbage         bytes that are no text, half lines, unknown and disordered events
  odd:tty             asks on the terminal
  odd:login           says on standard error that it must log in, and waits
  odd:nologin         the result that Claude gives without a login
  odd:limit           meets a limit that is over in a second, and goes on
  odd:commit          commits a file of the phase's name, and is done

What ODD_ALWAYS holds is done whatever the prompt says, as by one that is taken up again.
--version prints what the file `version` beside it holds.
"""

import json
import os
import re
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))


def out(**message):
    print(json.dumps(message), flush=True)


def argument(name):
    return sys.argv[sys.argv.index(name) + 1] if name in sys.argv else None


def init(session):
    out(type="system", subtype="init", session_id=session, model="odd",
        claude_code_version="9.9.9")


def say(text):
    out(type="assistant", message={"model": "odd", "content": [{"type": "text", "text": text}]})


def exactly(n):
    line = '{"type":"assistant","message":{"model":"odd","content":[{"type":"text","text":"%s"}]}}'
    print(line % ("x" * (n - len(line) + 2)), flush=True)


def result(text="done.", is_error=False, **more):
    out(type="result", subtype="success", is_error=is_error, result=text,
        total_cost_usd=0.01, terminal_reason="api_error" if is_error else "completed", **more)


def ask(number):
    out(type="control_request", request_id="r%d" % number, request={
        "subtype": "can_use_tool", "tool_name": "Bash", "input": {"command": "rm %d" % number}})


def commit():
    name = os.environ["DIVISI_PHASE"] + ".txt"
    with open(name, "w", encoding="utf-8") as file:
        file.write("work\n")
    subprocess.run(["git", "add", name], check=True)
    subprocess.run(["git", "commit", "-q", "-m", "work"], check=False)


def garbage():
    raw = sys.stdout.buffer
    raw.write(b'\xff\xfe\x00{"type":"result"\n{"type":"resu\n[1,2\n')
    raw.write(b'{"type":"result","subtype":"success","is_error":"false","res\n')
    raw.flush()
    out(type="from-the-future", subtype=["x"], session_id=7)
    out(type="control_response", response={"subtype": "error", "error": {"a": []}})
    out(type="control_cancel_request", request_id="never-asked")
    out(type="assistant", message=None)
    out(type="user", message={"content": {"type": "tool_result"}})


def main():
    if "--version" in sys.argv:
        with open(os.path.join(HERE, "version"), encoding="utf-8") as file:
            print(file.read().strip())
        return
    session = argument("--resume") or argument("--session-id")
    for line in sys.stdin:
        message = json.loads(line)
        if message["type"] == "user":
            break
    odd = dict(m.groups() for m in re.finditer(r"odd:([a-z]+)(?:=(\d+))?", json.dumps(message)
                                            + os.environ.get("ODD_ALWAYS", "")))
    if "login" in odd:
        print("Please run /login", file=sys.stderr, flush=True)
        sys.stdin.read()
        return
    if "tty" in odd:
        with open("/dev/tty", "r+", encoding="utf-8") as tty:
            tty.write("Do you trust the files in this folder? ")
            tty.readline()
    if "early" in odd:
        result("done before it began")
    init("0a1b2c3d-0000-4000-8000-00000000000a" if "liar" in odd else session)
    if "nologin" in odd:
        result("Not logged in · Please run /login", is_error=True)
        sys.stdin.read()
        return
    say("Session started")
    if "steer" in odd:
        say("\x1b]0;owned\x07\x1b[2J\x1b[1;1H\u202eDONE\u009b31m")
    if "garbage" in odd:
        garbage()
    if "long" in odd:
        say("x" * (int(odd["long"]) << 20))
    if "exact" in odd:
        exactly(int(odd["exact"]))
    if "limit" in odd:
        out(type="rate_limit_event", rate_limit_info={
            "status": "rejected", "resetsAt": int(time.time()) + 2})
    for number in range(int(odd.get("flood") or 0)):
        ask(number)
    if "commit" in odd:
        commit()
        result()
    if "twice" in odd:
        result("not done after all", is_error=True, api_error_status=500)
    sys.stdin.read()


main()
