#!/usr/bin/env python3
"""The verbs that act through the server, as a person and as a program see them.

usage: served.py DIVISI EXAMPLES

Each claim is a function and has a scratch repository of its own, with the agent of the
quickstart.  The last line counts.
"""

import json
import os
import subprocess
import sys
import tempfile

DIVISI, EXAMPLES = (os.path.abspath(p) for p in sys.argv[1:3])
AGENT = os.path.join(EXAMPLES, "quickstart", "agent")
SCRATCH = tempfile.TemporaryDirectory()
CLAIMS = []


def claim(function):
    CLAIMS.append(function)
    return function


class Repo:
    """A repository with one commit and a HOME of its own."""

    def __init__(self):
        self.root = tempfile.mkdtemp(dir=SCRATCH.name)
        self.top = os.path.realpath(os.path.join(self.root, "repo"))
        self.env = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "HOME": self.root,
                    "XDG_STATE_HOME": os.path.join(self.root, "state"),
                    "GIT_CONFIG_NOSYSTEM": "1", "USER": "tester"}
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS"):
            if name in os.environ:
                self.env[name] = os.environ[name]
        self.git("init", "-q", "-b", "main", self.top, cwd=self.root)
        for key, value in {"user.name": "tester", "user.email": "t@example.invalid",
                           "divisi.main": "main", "divisi.agent": "command",
                           "divisi.agent.command.program": AGENT,
                           "divisi.sandbox": "external"}.items():
            self.git("config", key, value)
        self.write("a.txt", "a\n")
        self.git("add", "--all")
        self.git("commit", "-q", "-m", "begin")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.run("server", "--stop")

    def git(self, *args, cwd=None):
        return subprocess.run(["git", *args], cwd=cwd or self.top, env=self.env, check=True,
                              capture_output=True, text=True).stdout

    def write(self, name, text):
        path = os.path.join(self.top, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def run(self, *args):
        return subprocess.run([DIVISI, *args], cwd=self.top, env=self.env, timeout=60,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True)

    def text(self, *args, expect=0):
        done = self.run(*args)
        assert done.returncode == expect, (args, done.returncode, done.stdout, done.stderr)
        return done.stdout + done.stderr

    def value(self, *args, expect=0):
        done = self.run(*args, "--json")
        assert done.returncode == expect, (args, done.returncode, done.stdout, done.stderr)
        return json.loads(done.stdout)


def plan(*phases):
    """A plan of PHASES: (id, lines of its section)."""
    rows = "".join("| %s | [X-%d](local:X-%d) | Part %s | 1 | None | Todo |\n"
                   % (p[0], i + 1, i + 1, p[0]) for i, p in enumerate(phases))
    known = "".join("| [X-%d](local:X-%d) | Part %s | Todo | quick | 1pt | -- |\n"
                    % (i + 1, i + 1, p[0]) for i, p in enumerate(phases))
    text = ("# Master Plan: T\n\n**Parent issue:** [X-100: T](local:X-100)\n"
            "**Date:** 2026-11-22\n**Supersedes:** none\n\n## Issue Registry\n\n"
            "| ID | Title | Status | Exec | Est | Depends On |\n"
            "|---|---|---|---|---|---|\n" + known + "\n## Phase Map\n\n"
            "| Phase | Issues | Focus | Batch | Dependencies | Status |\n"
            "|---|---|---|---|---|---|\n" + rows)
    for name, lines in phases:
        keys = {"Mode": "quick", "Agent": "command", "Estimate": "$0.30, 1pt",
                "Verify": "`true`", "Context": "\n  - one\n  - two\n  - three",
                "Tasks": "\n  1. do it", "Deliverable": "it.",
                "Acceptance": "\n  - [ ] it works"}
        keys.update(lines)
        text += "\n### %s: Part %s\n\n" % (name, name)
        text += "".join("- %s: %s\n" % item for item in keys.items() if item[1])
    return text + ("\n## Session Registry\n\n"
                   "| Session Name | Issue | Phase | Agent | Status |\n|---|---|---|---|---|\n"
                   "\n## Verification\n\n- [ ] All phase sub-issues Done\n"
                   "- [ ] Everything merged without conflicts\n- [ ] Tests pass on main\n"
                   "- [ ] Issue statuses updated\n\n## Key Files\n\n"
                   "| File | Purpose |\n|---|---|\n| `a.txt` | a |\n")


PLAN = "2026-11-22-x-test.md"
TWO_UNKNOWN = plan(("1A", {}), ("1B", {}))
TWO = plan(("1A", {"Creates": "`x/a`"}), ("1B", {"Creates": "`y/b`"}))


@claim
def looking_leaves_no_trace_where_divisi_was_never_used():
    with Repo() as repo:
        got = repo.value("status")
        assert got["plans"] == [] and got["needs"] == [] and got["seq"] == 0
        assert "Nothing needs you now." in repo.text("status")
        assert repo.text("events") == "" and repo.text("events", "--json") == ""
        assert repo.value("report", expect=5)["error"]["exit"] == 5
        assert repo.value("why", "1A", expect=5)["error"]["fix"]
        assert not os.path.exists(os.path.join(repo.top, ".git", "divisi"))


@claim
def an_asserted_pair_is_parallel_wherever_it_is_shown():
    with Repo() as repo:
        path = repo.write(PLAN, TWO_UNKNOWN)
        assert len(repo.value("plan", path)["batches"]) == 2
        repo.text("assert", path, "1A", "1B", expect=2)  # no reason
        repo.text("assert", path, "1A", "9Z", "--reason", "x", expect=5)
        repo.text("assert", path, "1A", "1A", "--reason", "x", expect=2)
        repo.text("assert", path, "1A", "1B", "--reason", "different services")
        repo.text("assert", path, "1B", "1A", "--reason", "again", expect=6)
        for stopped in (False, True):
            if stopped:
                repo.text("server", "--stop")
            assert len(repo.value("plan", path)["batches"]) == 1
            pair = repo.value("check", path)["pairs"][0]
            assert pair["verdict"] == "parallel" and "different services" in pair["reason"]
            assert repo.value("verdict", path, "1B", "1A")["verdict"] == "parallel"
            for verb in ("check", "plan"):
                out = repo.text(verb, path)
                assert ("1A, 1B together: a person said they are independent: "
                        "different services" in out), out
        other = repo.write("2026-11-22-x-other.md", TWO_UNKNOWN)
        assert len(repo.value("plan", other)["batches"]) == 2


@claim
def numbers_are_read_strictly():
    with Repo() as repo:
        repo.text("approve", "--batch", "one", expect=2)
        repo.text("approve", "--batch", "0", expect=2)
        repo.text("events", "--after", "1x", expect=2)
        repo.text("server", "--idle", "-5", expect=2)


@claim
def why_tells_of_a_phase_that_waits_for_its_batch():
    with Repo() as repo:
        path = repo.write(PLAN, plan(("1A", {"Creates": "`x/a`"}),
                                     ("1B", {"Creates": "`y/b`", "Depends on": "1A"})))
        assert repo.value("dispatch", path, expect=4)["state"] == "awaiting-approval"
        got = repo.value("why", "1B")
        assert got["session"] is None and got["state"] == "not dispatched"
        assert "batch 1 comes first" in got["why"] and path in got["command"]
        assert "1B is not dispatched: " in repo.text("why", "1B")
        assert repo.value("why", "1A")["state"] == "prepared"


def main():
    failed = 0
    for number, function in enumerate(CLAIMS, 1):
        try:
            function()
            print("ok %d - %s" % (number, function.__name__))
        except Exception as error:  # a claim fails, the others are still told
            failed += 1
            print("not ok %d - %s" % (number, function.__name__))
            place = error.__traceback__.tb_next.tb_lineno
            print("# line %d: %s: %s" % (place, type(error).__name__, str(error)[:1500]))
    print("1..%d" % len(CLAIMS))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
