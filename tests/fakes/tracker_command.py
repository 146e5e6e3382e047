#!/usr/bin/env python3
"""A tracker in a file, for tests of divisi.tracker = command (divisi-config(5)).

$FAKE_TRACKER/state.json holds the issues.  $FAKE_TRACKER/trouble says what is wrong, if
anything: a word for every call until the file is gone, or "WORD N" for the next N calls:

    down      nothing gets through
    lost      the write is made, its answer is not given
    limited   too many requests; asks for a pause of a second
    auth      the token is refused
    rubbish   an answer that is no JSON
    refused   this will never do

$FAKE_TRACKER/calls gets a line for each write that was made.
"""
import fcntl
import json
import os
import sys

home = os.environ.get("FAKE_TRACKER") or os.path.dirname(os.path.abspath(sys.argv[0]))
path = os.path.join(home, "state.json")
trouble_path = os.path.join(home, "trouble")


def answer(**what):
    print(json.dumps(what))
    sys.exit(0)


def trouble():
    try:
        with open(trouble_path, encoding="utf-8") as f:
            words = f.read().split()
    except FileNotFoundError:
        return ""
    if len(words) > 1:
        left = int(words[1]) - 1
        if left > 0:
            with open(trouble_path, "w", encoding="utf-8") as f:
                f.write(f"{words[0]} {left}")
        else:
            os.unlink(trouble_path)
    return words[0] if words else ""


def write(state, ask):
    op, key = ask["op"], ask["key"]
    done = state["keys"].get(f"{op} {key}")
    if done is not None:
        return done
    state["clock"] += 1
    if op == "create":
        number = len(state["issues"]) + 1
        issue = {"id": f"FT-{number}", "assignee": "", "delegate": "", "comments": [],
                 "related": [], "files": []}
        for name in ("title", "body", "parent", "status", "labels", "estimate"):
            issue[name] = ask.get(name) or ("Todo" if name == "status" else "")
        state["issues"][issue["id"]] = issue
    else:
        issue = state["issues"].get(ask["id"])
        if issue is None:
            answer(error=f"no issue {ask['id']}", trouble="missing")
    if op == "update":
        if ask.get("seen_at") and issue["updated_at"] != ask["seen_at"]:
            answer(error="it changed meanwhile", trouble="conflict")
        for name in ("title", "body", "status", "assignee", "delegate"):
            if name in ask:
                issue[name] = ask[name]
    elif op == "comment":
        if ask["kind"] in ("checkpoint", "registry"):
            issue["comments"] = [c for c in issue["comments"] if c["kind"] != ask["kind"]]
        issue["comments"].append({"kind": ask["kind"], "body": ask["body"]})
    elif op == "relate":
        issue["related"].append(ask["other"])
    elif op == "attach":
        issue["files"].append(ask["file"])
    issue["updated_at"] = state["clock"]
    state["keys"][f"{op} {key}"] = issue["id"]
    with open(os.path.join(home, "calls"), "a", encoding="utf-8") as f:
        f.write(f"{op} {issue['id']} {ask.get('status') or ask.get('kind') or ''}\n")
    return issue["id"]


def main():
    ask = json.load(sys.stdin)
    with open(os.path.join(home, "lock"), "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        wrong = trouble()
        if wrong == "down":
            answer(error="it does not answer", trouble="later")
        if wrong == "limited":
            answer(error="too many requests", trouble="limited", retry_after_ms=1000)
        if wrong == "auth":
            answer(error="the token is refused", trouble="auth")
        if wrong == "refused":
            answer(error="that is not allowed here", trouble="refused")
        if wrong == "rubbish":
            print("<html>502</html>")
            return
        with open(path, encoding="utf-8") as f:
            state = json.load(f)
        if ask["op"] == "read":
            issue = state["issues"].get(ask["id"])
            if issue is None:
                answer(error=f"no issue {ask['id']}", trouble="missing")
            answer(issue=issue)
        if ask["op"] == "children":
            answer(issues=[i for i in state["issues"].values()
                           if i["parent"] == ask["id"]][:ask["limit"]])
        made = write(state, ask)
        with open(path + ".new", "w", encoding="utf-8") as f:
            json.dump(state, f, indent=1)
        os.rename(path + ".new", path)
        if wrong == "lost":
            sys.exit(1)
        answer(id=made)


main()
