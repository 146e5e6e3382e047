#!/usr/bin/env python3
"""An agent of nobody's that speaks the Agent Client Protocol: `agent_acp.py WORD...`.

It does what the markers in its prompt say, fake:bash=COMMAND up to the end of the line, and
writes the words of its command line into the file `words`.
"""

import json
import re
import subprocess
import sys


def send(message):
    print(json.dumps({"jsonrpc": "2.0", **message}), flush=True)


def work(prompt):
    with open("words", "w", encoding="utf-8") as file:
        file.write(" ".join(sys.argv[1:]) + "\n")
    for command in re.findall(r"fake:bash=(.*)", prompt):
        subprocess.run(["sh", "-c", command], check=False, stdout=sys.stderr)


for line in sys.stdin:
    message = json.loads(line)
    method, params = message.get("method"), message.get("params", {})
    result = {}
    if method == "initialize":
        result = {"protocolVersion": 1, "agentCapabilities": {}, "authMethods": []}
    elif method == "session/new":
        result = {"sessionId": "one", "modes": {"currentModeId": "default", "availableModes": [
            {"id": "default", "name": "Ask"}, {"id": "yolo", "name": "Go on"}]}}
    elif method == "session/prompt":
        work("".join(block.get("text", "") for block in params["prompt"]))
        send({"method": "session/update", "params": {"sessionId": "one", "update": {
            "sessionUpdate": "agent_message_chunk",
            "content": {"type": "text", "text": "Session started. It is done."}}}})
        result = {"stopReason": "end_turn"}
    if "id" in message:
        send({"id": message["id"], "result": result})
