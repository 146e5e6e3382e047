#!/usr/bin/env python3
import json, os, subprocess, sys

def tell(what, **fields):
    print(json.dumps({"type": what, **fields}), flush=True)

def hear(wanted):
    for message in map(json.loads, sys.stdin):
        if message["type"] in (wanted, "interrupt", "stop"):
            return message
    return {"type": "stop"}

prompt = hear("prompt").get("text", "nothing")
tell("started")
if os.environ.get("DIVISI_LAUNCH_AS") == "plan":
    tell("ask", id="plan-1", kind="plan", text="Add a line to NOTES", detail=prompt)
    if hear("answer").get("decision") != "allow":
        sys.exit(tell("failed", reason="the plan was not approved"))
with open("NOTES", "a", encoding="utf-8") as notes:
    print(prompt.splitlines()[0], file=notes)
def git_says(*words):
    return subprocess.check_output(["git", *words], text=True).strip()
for name in "index", "HEAD", git_says("symbolic-ref", "HEAD"):
    lock = git_says("rev-parse", "--git-path", name + ".lock")
    if os.path.exists(lock):
        os.unlink(lock)  # of an earlier self that was killed over its commit
tell("progress", done=1, total=2, text="NOTES written")
subprocess.run(["git", "add", "NOTES"], check=True)
subprocess.run(["git", "commit", "-q", "-m", "Add a note"], check=True)
tell("done", summary="NOTES has a line more, committed")
