#!/usr/bin/env python3
"""A command agent for tests that does what its prompt says, good or bad.

The prompt holds markers, carried out in order; a value ends at the end of its line or before
the next marker, and "\\n" in it is a line end.  Paths are relative to the working directory.

  fake:write=PATH:TEXT    the file becomes TEXT and a line end
  fake:append=PATH:TEXT   a line is appended
  fake:commit=MESSAGE     git add -A, git commit
  fake:bash=COMMAND       a shell runs it
  fake:say=TEXT           words
  fake:progress=D/T:TEXT  progress
  fake:usage=DOLLARS      cost so far          fake:estimate=DOLLARS
  fake:ask=KIND:TEXT      asks and waits; when declined, ends with "failed"
  fake:try=KIND:TEXT      asks and waits; when declined, skips the next marker
  fake:tool=CALL:ERROR    a tool failed; in a later run of the session it works
  fake:turn=TEXT          "done" with TEXT, then waits for what it is told next
  fake:wait=PATH          waits until PATH exists (a test lets it go on)
  fake:raw=BYTES          writes BYTES (escapes as in Python) as they are
  fake:flood=MEGABYTES    as many notes
  fake:half=TEXT          half a line, then waits for the end of its input
  fake:orphan             leaves a grandchild in a session of its own
  fake:deaf               ignores every signal it can, and the end of its input
  fake:login              asks on standard error for a login, and waits
  fake:die=SIGNAL         ends itself by that signal, once per worktree
  fake:exit=STATUS        exits at once without a word
  fake:fail=REASON        "failed"
  fake:lie                says "done" with nothing committed
  fake:mute               does not say "started"

At the end it says "done", unless a marker ended it before.
"""

import json
import os
import re
import signal
import subprocess
import sys
import time

MARKER = re.compile(r"fake:([a-z]+)(?:=(.*?))?(?=\s+fake:|\s*$)", re.M)
FOREVER_S = 3600


def tell(what, **fields):
    print(json.dumps({"type": what, **fields}), flush=True)


def hear(*kinds):
    for line in sys.stdin:
        message = json.loads(line)
        if message["type"] in kinds:
            return message
        if message["type"] == "interrupt":
            tell("failed", reason="interrupted")
            sys.exit(0)
        if message["type"] == "stop":
            sys.exit(0)
        if message["type"] == "say":
            tell("say", text="heard: " + message["text"])
    sys.exit(0)


def put(path, mode, text):
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    with open(path, mode, encoding="utf-8") as file:
        file.write(text + "\n")


def git(*args):
    subprocess.run(["git", *args], check=True, stdout=sys.stderr)


def wait_for(path):
    while not os.path.exists(path):
        time.sleep(0.02)


def ask(value, number):
    kind, _, text = value.partition(":")
    tell("ask", id="ask-%d" % number, kind=kind, text=text, detail=text)
    answer = hear("answer")
    tell("say", text="answered: %s %s" % (answer["decision"], answer.get("text", "")))
    return answer["decision"].startswith("allow")


def die_once(name):
    mark = subprocess.run(["git", "rev-parse", "--git-path", "fake-died"],
                          capture_output=True, text=True, check=True).stdout.strip()
    if not os.path.exists(mark):
        put(mark, "w", "once")
        os.kill(os.getpid(), signal.Signals["SIG" + name])
        time.sleep(FOREVER_S)


def flood(megabytes):
    line = json.dumps({"type": "note", "text": "x" * 4000}) + "\n"
    for _ in range(int(float(megabytes) * 256)):
        sys.stdout.write(line)
    sys.stdout.flush()


def go_deaf():
    for number in range(1, signal.NSIG):
        try:
            signal.signal(number, signal.SIG_IGN)
        except (OSError, ValueError):
            pass
    tell("say", text="I hear nothing")
    time.sleep(FOREVER_S)


def do(name, value, number):
    """Carries out one marker.  Returns how many of the next ones to skip."""
    path, _, text = value.partition(":")
    if name == "write":
        put(path, "w", text)
    elif name == "append":
        put(path, "a", text)
    elif name == "commit":
        git("add", "-A")
        git("commit", "-q", "-m", value)
    elif name == "bash":
        subprocess.run(["sh", "-c", value], check=False, stdout=sys.stderr)
    elif name == "say":
        tell("say", text=value)
    elif name == "progress":
        done, _, total = path.partition("/")
        tell("progress", done=int(done), total=int(total), text=text)
    elif name in ("usage", "estimate"):
        print('{"type":"%s","cost_usd":%s}' % (name, value), flush=True)
    elif name == "ask" and not ask(value, number):
        tell("failed", reason="declined: " + text)
        sys.exit(0)
    elif name == "try" and not ask(value, number):
        return 1
    elif name == "tool":
        first = os.environ.get("DIVISI_RUN", "r1").endswith("r1")
        tell("tool", text=path, **({"error": text} if first else {}))
    elif name == "turn":
        tell("done", summary=value)
        tell("say", text="told: " + hear("say")["text"])
    elif name == "wait":
        wait_for(value)
    elif name == "raw":
        sys.stdout.buffer.write(value.encode("latin-1").decode("unicode_escape").encode("latin-1"))
        sys.stdout.flush()
    elif name == "flood":
        flood(value)
    elif name == "half":
        sys.stdout.write('{"type":"say","text":"' + value)
        sys.stdout.flush()
        hear("never")
    elif name == "orphan":
        subprocess.Popen(["tail", "-f", "/dev/null"], start_new_session=True)
    elif name == "deaf":
        go_deaf()
    elif name == "login":
        print("Please log in: press Enter to open the browser", file=sys.stderr, flush=True)
        hear("never")
    elif name == "die":
        die_once(value or "KILL")
    elif name == "exit":
        sys.exit(int(value or 0))
    elif name == "fail":
        tell("failed", reason=value)
        sys.exit(0)
    return 0


def main():
    prompt = hear("prompt")["text"]
    markers = [(name, value.rstrip("`* ").replace("\\n", "\n") if name != "raw" else value)
               for name, value in MARKER.findall(prompt)]
    if not any(name == "mute" for name, _ in markers):
        tell("started")
    skip = 0
    for number, (name, value) in enumerate(markers, 1):
        if skip:
            skip -= 1
        else:
            skip = do(name, value, number)
    tell("done", summary="did all of it")


main()
