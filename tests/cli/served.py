#!/usr/bin/env python3
"""The verbs that act through the server, as a person and as a program see them.

usage: served.py DIVISI

Each claim is a function and has a scratch repository of its own, with an agent that makes
the one file its branch calls for.  The last line counts.
"""

import json
import os
import subprocess
import sys
import tempfile
import time

DIVISI = os.path.abspath(sys.argv[1])
AGENT = """#!/bin/sh
echo '{"type":"started"}'
read -r prompt
while [ -e "$HOME/hold" ]; do sleep 0.05; done
case $(git symbolic-ref --short HEAD) in *a) file=x/a ;; *) file=y/b ;; esac
mkdir -p "${file%/*}" && echo made >"$file"
git add "$file" && git commit --quiet --message "Make $file"
echo '{"type":"usage","cost_usd":0.25}'
echo '{"type":"done","summary":"made it"}'
"""
SCRATCH = tempfile.TemporaryDirectory()
CLAIMS = []


def claim(function):
    CLAIMS.append(function)
    return function


class Repo:
    """A repository with one commit and a HOME of its own."""

    def __init__(self, state=None):
        self.root = tempfile.mkdtemp(dir=SCRATCH.name)
        self.top = os.path.realpath(os.path.join(self.root, "repo"))
        self.env = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "HOME": self.root,
                    "XDG_STATE_HOME": state or os.path.join(self.root, "state"),
                    "GIT_CONFIG_NOSYSTEM": "1", "USER": "tester"}
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS"):
            if name in os.environ:
                self.env[name] = os.environ[name]
        self.git("init", "-q", "-b", "main", self.top, cwd=self.root)
        agent = os.path.join(self.root, "agent")
        with open(agent, "w", encoding="utf-8") as file:
            file.write(AGENT)
        os.chmod(agent, 0o755)
        for key, value in {"user.name": "tester", "user.email": "t@example.invalid",
                           "divisi.main": "main", "divisi.agent": "command",
                           "divisi.agent.command.program": agent,
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

    def wait_for(self, what, *args):
        """Looks with ARGS --json until WHAT says yes of the answer."""
        for _ in range(400):
            got = self.value(*args)
            if what(got):
                return got
            time.sleep(0.05)
        raise AssertionError((args, got))

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


@claim
def the_report_answers_the_checklist_from_facts():
    with Repo() as repo:
        repo.git("config", "divisi.verify", "true")
        path = repo.write(PLAN, TWO)
        repo.text("dispatch", path, expect=4)
        early = {v["item"]: v for v in repo.value("report", path)["verification"]}
        assert not any(v["holds"] for k, v in early.items() if k != "Statuses updated")
        out = repo.text("run", path, "--approve-all")
        facts = repo.value("report", path)["verification"]
        assert [v["item"] for v in facts] == [
            "All phase sub-issues Done", "Everything merged without conflicts",
            "Tests green on the target", "Statuses updated"]
        assert all(v["holds"] for v in facts), facts
        assert "2 of 2" in facts[0]["fact"] and "`true` passed" in facts[2]["fact"]
        for text in (out, repo.text("report", path)):
            assert "[x] All phase sub-issues Done: 2 of 2" in text, text
            assert "divisi issue move X-100 Done" in text
            assert "in all: 2 sessions" in text


@claim
def the_master_issue_shows_the_registry():
    with Repo() as repo:
        path = repo.write(PLAN, TWO)
        repo.text("run", path, "--approve-all")
        master = repo.value("issue", "show", "X-100")
        registry = [c["body"] for c in master["comments"] if c["kind"] == "registry"]
        assert len(registry) == 1, master["comments"]
        assert "| 1/S-A | X-1 | 1A | " in registry[0] and "| Done |" in registry[0]


@claim
def a_red_result_does_not_land_and_shows_why():
    with Repo() as repo:
        path = repo.write(PLAN, plan(("1A", {"Creates": "`x/a`",
                                             "Verify": "`echo seven of nine; exit 3`"})))
        out = repo.text("run", path, "--approve-all", expect=4)
        assert "fails (exit 3) on the combined tree" in out, out
        assert not os.path.exists(os.path.join(repo.top, "x"))
        assert "seven of nine" in repo.text("why", "1A")
        assert repo.value("why", "1A")["state"] == "merge-conflict"
        repo.text("merge", expect=4)


@claim
def an_override_names_a_known_rule_has_a_reason_and_is_shown():
    with Repo() as repo:
        four = plan(*[("1" + c, {"Creates": "`%s/a`" % c}) for c in "ABCD"])
        path = repo.write(PLAN, four)
        assert [len(b["sessions"]) for b in repo.value("plan", path)["batches"]] == [2, 2]
        for rule in ("G02", "G5", "all", "G05,X"):
            out = repo.text("dispatch", path, "--override", rule, "--reason", "x", expect=2)
            assert "one of: G05,G07," in out, out
        repo.text("dispatch", path, "--override", "G05", expect=2)
        got = repo.value("dispatch", path, "--override", "G05", "--reason", "I watch",
                         expect=4)
        assert len(got["sessions"]) == 4 and got["overrides"] == "G05: I watch"
        out = repo.text("dispatch", path, "--override", "G05", "--reason", "I watch",
                        expect=4)
        assert "cap 4 " in out and "against the rules: G05: I watch\n" in out, out
        rows = [json.loads(l) for l in repo.text("events", "--json").splitlines()]
        assert any(r["cause"] == "overridden" and r["data"]["reason"] == "I watch"
                   for r in rows)
        assert len(repo.value("dispatch", path, expect=4)["sessions"]) == 2
        repo.text("resume", "1A", "--override", "G07", "--reason", "x", expect=2)


@claim
def the_next_batch_may_be_dispatched_against_its_rule():
    with Repo() as repo:
        path = repo.write(PLAN, plan(("1A", {"Creates": "`x/a`"}),
                                     ("1B", {"Creates": "`y/b`", "Depends on": "1A"})))
        first = repo.value("dispatch", path, expect=4)
        repo.text("approve", "--hash", first["hash"])
        assert repo.value("dispatch", path, expect=3)["error"]["code"] == "G07"
        got = repo.value("dispatch", path, "--override", "G07", "--reason", "hurry",
                         expect=3)
        assert got["error"]["code"] == "G03" and "1A" in got["error"]["text"]
    with Repo() as repo:
        repo.git("config", "divisi.cap", "1")
        path = repo.write(PLAN, TWO)
        first = repo.value("dispatch", path, expect=4)
        repo.text("approve", "--hash", first["hash"])
        got = repo.value("dispatch", path, "--override", "G07", "--reason", "hurry",
                         expect=4)
        assert got["number"] == 2 and got["overrides"] == "G07: hurry"
        assert [s["phase"] for s in got["sessions"]] == ["1B"]


@claim
def the_preflight_says_what_it_looked_at():
    with Repo() as repo:
        path = repo.write(PLAN, TWO)
        repo.write("b.txt", "b\n")
        repo.git("add", "b.txt")
        repo.git("commit", "-q", "-m", "X-1: a first try")
        head = repo.git("rev-parse", "main").strip()
        dry = repo.value("dispatch", path, "--dry-run")
        assert [c["what"] for c in dry["checks"]] == [
            "main branch", "attachment", "prior work", "prior work", "slots", "agent",
            "gates"]
        found = [c["found"] for c in dry["checks"]]
        assert head[:10] in found[0] and "when this batch is filed" in found[1]
        assert "X-1: 1 commit, newest " in found[2] and found[3] == "none on X-2"
        assert found[4] == "0 live, at most 3 at once, 2 in this batch"
        assert os.path.join(repo.root, "agent") in found[5]
        assert repo.value("status")["plans"] == []
        sessions = dry["batch"]["sessions"]
        assert [s["phase"] for s in sessions] == ["1A", "1B"]
        assert sessions[0]["estimate_cents"] == {"low": 30, "mid": 30, "high": 30}
        assert "Reply with 'Session started'" in sessions[0]["prompt"]
        out = repo.text("dispatch", path, "--dry-run")
        assert "| S-A     | [X-1](local:X-1) |" in out and "table " + dry["hash"][:12] in out
        real = repo.value("dispatch", path, expect=4)
        assert real["hash"] == dry["hash"]
        assert "is attached to X-100 as it is now" in repo.text("dispatch", path,
                                                                "--dry-run")


@claim
def a_large_plan_asks_for_its_approach():
    with Repo() as repo:
        large = plan(("1A", {"Creates": ", ".join("`x/%d`" % n for n in range(6))}))
        path = repo.write(PLAN, large)
        approach = repo.value("dispatch", path, "--dry-run")["checks"][-1]
        assert approach["what"] == "approach" and "more than 5 files" in approach["found"]


@claim
def a_stopped_server_is_gone_when_the_next_verb_comes():
    with Repo() as repo:
        path = repo.write(PLAN, TWO)
        for _ in range(3):
            repo.text("dispatch", path, "--dry-run")
            repo.text("server", "--stop")
            repo.text("server", "--stop", expect=9)


@claim
def the_cap_is_of_the_person_and_not_of_the_repository():
    with Repo() as one, Repo(state=one.env["XDG_STATE_HOME"]) as two:
        hold = os.path.join(one.root, "hold")
        for repo in (one, two):
            repo.git("config", "divisi.cap", "1")
            repo.git("config", "divisi.confirm-timeout", "1")
        with open(hold, "w", encoding="utf-8"):
            pass
        paths = [repo.write(PLAN, plan(("1A", {"Creates": "`x/a`"})))
                 for repo in (one, two)]
        for repo, path in zip((one, two), paths):
            repo.text("approve", "--hash", repo.value("dispatch", path, expect=4)["hash"])
            if repo is one:
                repo.wait_for(lambda got: got["state"] == "active", "why", "1A")
        got = two.wait_for(lambda got: "free slot" in got["why"], "why", "1A")
        assert got["state"] == "launching"
        # A person can still change their mind, and the wait outlives the server.
        two.text("park", "1A")
        two.text("resume", "1A")
        two.text("server", "--stop")
        two.wait_for(lambda got: "free slot" in got["why"], "why", "1A")
        time.sleep(1.2)  # longer than an agent may take to say that it started
        got = two.value("why", "1A")
        assert "free slot" in got["why"], got
        os.remove(hold)
        for repo in (one, two):
            repo.wait_for(lambda got: got["state"] == "in-review", "why", "1A")


@claim
def landed_work_is_published_where_the_person_wants_it():
    with Repo() as repo:
        path = repo.write(PLAN, TWO)
        remote = os.path.join(repo.root, "remote.git")
        repo.git("init", "-q", "--bare", "-b", "main", remote)
        assert "publish: none\n" in repo.text("dispatch", path, expect=4)
        repo.git("config", "divisi.publish", "branch")
        assert "no remote" in repo.text("dispatch", path, expect=3)
        repo.git("remote", "add", "origin", remote)
        repo.git("config", "--unset", "divisi.publish")
        out = repo.text("dispatch", path, expect=4)
        assert "publish: none (set divisi.publish)\n" in out, out
        repo.git("config", "divisi.publish", "pr")
        assert "which repository of GitHub" in repo.text("dispatch", path, expect=3)
        repo.git("config", "divisi.publish", "always")
        assert "one of: none branch pr" in repo.text("dispatch", path, expect=7)
        repo.git("config", "divisi.publish", "branch")
        repo.text("run", path, "--approve-all")
        head = repo.git("rev-parse", "main")
        assert repo.git("ls-remote", remote, "refs/heads/main").split()[0] == head.strip()
        plan_now = repo.value("report", path)
        assert plan_now["published"] == "origin " + head.strip()
        assert plan_now["verification"][-1]["holds"]


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
            print("# line %d: %s: %s" % (place, type(error).__name__, str(error)[-1500:]))
    print("1..%d" % len(CLAIMS))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
