#!/usr/bin/env python3
"""An agent of nobody's that speaks the Agent Client Protocol: `agent_acp.py WORD...`.

It does what the markers in its prompt say, fake:bash=COMMAND up to the end of the line, and
writes the words of its command line into the file `words`.  After fake:die it is dead; taken up
again it repeats its conversation, in which a command failed three times, and does the rest.
"""

import json
import os
import re
import subprocess
import sys


def send(message):
    print(json.dumps({"jsonrpc": "2.0", **message}), flush=True)


def work(prompt):
    with open("words", "w", encoding="utf-8") as file:
        file.write(" ".join(sys.argv[1:]) + "\n")
    before, dies, rest = prompt.partition("fake:die")
    if os.path.exists("rest"):
        with open("rest", encoding="utf-8") as file:
            before = file.read()
        os.unlink("rest")
    for command in re.findall(r"fake:bash=(.*)", before):
        subprocess.run(["sh", "-c", command], check=False, stdout=sys.stderr)
    if dies:
        with open("rest", "w", encoding="utf-8") as file:
            file.write(rest)
        os._exit(1)


def update(content):
    send({"method": "session/update", "params": {"sessionId": "one", "update": content}})


def say(text):
    update({"sessionUpdate": "agent_message_chunk", "content": {"type": "text", "text": text}})


def repeat():
    """Its conversation, as the protocol has it for one that is loaded."""
    say("Session started. It is done.")
    for n in range(3):
        update({"sessionUpdate": "tool_call", "toolCallId": "old%d" % n, "kind": "execute",
                "status": "failed", "title": "ls nowhere", "content": [
                    {"type": "content", "content": {"type": "text", "text": "no such file"}}]})


for line in sys.stdin:
    message = json.loads(line)
    method, params = message.get("method"), message.get("params", {})
    result = {}
    if method == "initialize":
        result = {"protocolVersion": 1, "agentCapabilities": {"loadSession": True}, "authMethods": []}
    elif method == "session/new":
        result = {"sessionId": "one", "modes": {"currentModeId": "default", "availableModes": [
            {"id": "default", "name": "Ask"}, {"id": "yolo", "name": "Go on"}]}}
    elif method == "session/load":
        repeat()
    elif method == "session/prompt":
        work("".join(block.get("text", "") for block in params["prompt"]))
        say("Session started. It is done.")
        result = {"stopReason": "end_turn"}
    if "id" in message:
        send({"id": message["id"], "result": result})
