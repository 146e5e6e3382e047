#!/usr/bin/env python3
"""A guest for tests, in the place of Gemini: speaks the Agent Client Protocol, `--version` too.

It takes a question back, has a call that fails, asks divisi's guard and calls one of its verbs,
asks a person whether it may begin, writes the file `a` and commits it, computes for as many
seconds as GUEST_S says without a word, and is dead, once per worktree.  Taken up again it does
what is left.  Its conversation is kept where Gemini keeps it.
"""

import json
import os
import subprocess
import sys
import time


def send(**message):
    print(json.dumps({"jsonrpc": "2.0", **message}), flush=True)


def hear():
    line = sys.stdin.readline()
    if not line:
        sys.exit(0)
    return json.loads(line)


def update(**content):
    send(method="session/update", params={"sessionId": "one", "update": content})


def say(text):
    update(sessionUpdate="agent_message_chunk", content={"type": "text", "text": text})


def ask(number, title):
    send(id=number, method="session/request_permission", params={
        "sessionId": "one", "toolCall": {"toolCallId": "c%d" % number, "kind": "execute",
                                         "title": title, "rawInput": {"command": title}},
        "options": [{"optionId": "yes", "kind": "allow_once", "name": "Yes"},
                    {"optionId": "no", "kind": "reject_once", "name": "No"}]})


def answered(number):
    """Waits for the answer; false when the turn is over instead."""
    while True:
        message = hear()
        if message.get("id") == number and "method" not in message:
            return True
        if message.get("method") == "session/cancel":
            return False
        if "id" in message and "method" in message:
            send(id=message["id"], result={})


def run(words, text):
    return subprocess.run(words, input=text, stdout=subprocess.DEVNULL, stderr=sys.stderr,
                          text=True, check=False).returncode


def keep_record():
    home = os.environ.get("GEMINI_CLI_HOME") or os.environ["HOME"]
    chats = home + "/.gemini/tmp/project/chats"
    os.makedirs(chats, exist_ok=True)
    with open(chats + "/session-2026-11-22T10-00-one.json", "w", encoding="utf-8") as file:
        file.write('{"sessionId":"one","messages":[]}\n')


def meet_divisi():
    """What its hook and its server of tools would do before it writes."""
    run(["divisi", "hook"], json.dumps({
        "hook_event_name": "BeforeTool", "cwd": os.getcwd(), "tool_name": "write_file",
        "tool_input": {"file_path": "b"}}))
    lines = [{"id": 0, "method": "initialize", "params": {
        "protocolVersion": "2025-06-18", "capabilities": {},
        "clientInfo": {"name": "guest", "version": "1"}}},
        {"method": "notifications/initialized"},
        {"id": 1, "method": "tools/call", "params": {
            "name": "why", "arguments": {"name": "1A"}}}]
    run(["divisi", "mcp"], "".join(json.dumps({"jsonrpc": "2.0", **l}) + "\n" for l in lines))


def output(*words):
    return subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True).stdout.strip()


def commit():
    with open("a", "w", encoding="utf-8") as file:
        file.write("of a\n")
    for words in (["git", "add", "a"], ["git", "commit", "-q", "-m", "1a"]):
        run(words, "")


def compute():
    end = time.monotonic() + float(os.environ.get("GUEST_S", "3.6"))
    while time.monotonic() < end:
        pass


def die_once():
    mark = output("git", "rev-parse", "--git-path", "guest-died")
    if not os.path.exists(mark):
        with open(mark, "w", encoding="utf-8"):
            pass
        os._exit(1)


def work():
    """Does what is left; how its turn ends."""
    say("Session started.")
    keep_record()
    if not output("git", "ls-tree", "HEAD", "a"):
        ask(101, "git status")
        send(method="$/cancel_request", params={"requestId": 101})
        update(sessionUpdate="tool_call", toolCallId="ls", kind="execute", status="failed",
               title="ls nowhere", rawInput={"command": "ls nowhere"},
               content=[{"type": "content",
                         "content": {"type": "text", "text": "no such file"}}])
        meet_divisi()
        ask(102, "git add a")
        if not answered(102):
            return "cancelled"
        commit()
        compute()
    die_once()
    say("It is done.")
    return "end_turn"


def main():
    if "--version" in sys.argv:
        print("0.50.0")
        return
    while True:
        message = hear()
        method, result = message.get("method"), {}
        if method == "initialize":
            result = {"protocolVersion": 1, "authMethods": [],
                      "agentCapabilities": {"loadSession": True}}
        elif method in ("session/new", "session/load"):
            result = {"modes": {"currentModeId": "default", "availableModes": [
                {"id": "default", "name": "Ask"}, {"id": "yolo", "name": "Go on"}]}}
            result.update({"sessionId": "one"} if method == "session/new" else {})
        elif method == "session/prompt":
            result = {"stopReason": work()}
        if "id" in message and method:
            send(id=message["id"], result=result)


main()
