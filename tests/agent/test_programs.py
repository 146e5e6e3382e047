#!/usr/bin/env python3
"""The agents we ship and test with are real command agents: each is started in a git
repository, spoken to as divisi would, and its work looked at.

usage: test_programs.py TOP
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import unittest

TOP = os.path.abspath(sys.argv.pop(1))
WORKER = os.path.join(TOP, "examples/agents/worker.py")
ONESHOT = os.path.join(TOP, "examples/agents/oneshot.sh")
SCRIPTED = os.path.join(TOP, "tests/fakes/agent_scripted.py")


class Session:
    def __init__(self, argv, cwd, launch_as="bypass"):
        env = {"PATH": os.environ["PATH"], "HOME": cwd, "DIVISI_LAUNCH_AS": launch_as,
               "GIT_AUTHOR_NAME": "T", "GIT_AUTHOR_EMAIL": "t@example.invalid",
               "GIT_COMMITTER_NAME": "T", "GIT_COMMITTER_EMAIL": "t@example.invalid"}
        self.child = subprocess.Popen(argv, cwd=cwd, env=env, stdin=subprocess.PIPE,
                                      stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def send(self, kind, **fields):
        line = json.dumps({"type": kind, "key": "k", **fields}) + "\n"
        self.child.stdin.write(line.encode())
        self.child.stdin.flush()

    def end(self):
        self.child.kill()
        self.child.wait()
        for file in (self.child.stdin, self.child.stdout, self.child.stderr):
            try:
                file.close()
            except BrokenPipeError:
                pass

    def event(self):
        line = self.child.stdout.readline()
        return json.loads(line) if line else None

    def rest(self):
        out, self.err = self.child.communicate(timeout=60)
        return [json.loads(line) for line in out.splitlines()]

    def kinds(self):
        return [event["type"] for event in self.rest()]


class Programs(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.cwd = directory.name
        self.git("init", "-q")

    def git(self, *args):
        return subprocess.run(["git", "-C", self.cwd, *args], check=True, text=True,
                              capture_output=True).stdout

    def start(self, argv, prompt, launch_as="bypass"):
        session = Session(argv, self.cwd, launch_as)
        self.addCleanup(session.end)
        session.send("prompt", text=prompt)
        return session

    def test_the_example_commits_its_work(self):
        session = self.start([WORKER], "do this\nwell")
        self.assertEqual(session.kinds(), ["started", "progress", "done"])
        self.assertEqual(self.git("show", "HEAD:NOTES"), "do this\n")

    def test_the_example_waits_for_its_plan(self):
        session = self.start([WORKER], "do this", "plan")
        self.assertEqual(session.event()["type"], "started")
        ask = session.event()
        self.assertEqual((ask["type"], ask["kind"]), ("ask", "plan"))
        self.assertFalse(os.path.exists(os.path.join(self.cwd, "NOTES")))
        session.send("answer", ask=ask["id"], decision="deny", text="no")
        self.assertEqual(session.kinds(), ["failed"])

    def test_the_example_stops_when_told(self):
        session = self.start([WORKER], "do this", "plan")
        session.event()
        session.event()
        session.send("stop")
        self.assertEqual(session.kinds(), ["failed"])

    def test_the_manual_shows_the_examples_as_they_are(self):
        with open(os.path.join(TOP, "man/divisi-agent.7.scd"), encoding="utf-8") as page:
            shown = page.read()
        for path in (WORKER, ONESHOT):
            with open(path, encoding="utf-8") as file:
                self.assertIn("```\n" + file.read() + "```\n", shown)

    def test_oneshot_commits_what_a_command_changed(self):
        session = self.start([ONESHOT, "sh", "-c", "echo x > made; echo noise"], "any")
        self.assertEqual(session.kinds(), ["started", "done"])
        self.assertEqual(self.git("show", "HEAD:made"), "x\n")

    def test_oneshot_tells_a_failing_command(self):
        self.assertEqual(self.start([ONESHOT, "false"], "any").kinds(), ["started", "failed"])

    def test_scripted_carries_out_its_markers_in_order(self):
        session = self.start([SCRIPTED], "- fake:write=d/a:1\\n2 fake:append=d/a:3\n"
                             "- `fake:usage=0.10`\n- fake:progress=1/2:half\n"
                             "- fake:commit=add a\n")
        self.assertEqual(session.kinds(), ["started", "usage", "progress", "done"])
        self.assertEqual(self.git("show", "HEAD:d/a"), "1\n2\n3\n")

    def test_scripted_asks_and_obeys(self):
        session = self.start([SCRIPTED], "fake:try=permission:rm fake:write=gone:x\n"
                             "fake:ask=plan:go fake:write=b:y\n")
        session.event()
        session.send("answer", ask=session.event()["id"], decision="deny", text="no")
        self.assertEqual(session.event()["text"], "answered: deny no")
        session.send("answer", ask=session.event()["id"], decision="allow")
        self.assertEqual(session.kinds(), ["say", "done"])
        self.assertEqual(os.listdir(self.cwd).count("gone"), 0)

    def test_scripted_dies_only_once(self):
        first = self.start([SCRIPTED], "fake:die=KILL")
        self.assertEqual(first.kinds(), ["started"])
        self.assertEqual(first.child.returncode, -signal.SIGKILL)
        self.assertEqual(self.start([SCRIPTED], "fake:die=KILL").kinds(), ["started", "done"])

    def test_scripted_misbehaves_as_told(self):
        flood = self.start([SCRIPTED], "fake:flood=1")
        self.assertGreater(len(flood.kinds()), 256)
        raw = self.start([SCRIPTED], "fake:mute fake:raw=\\xff\\x00{")
        out, _ = raw.child.communicate(timeout=60)
        self.assertTrue(out.startswith(b"\xff\x00{"))
        half = self.start([SCRIPTED], "fake:half=abc")
        out, _ = half.child.communicate(timeout=60)
        self.assertTrue(out.endswith(b'"text":"abc'))


unittest.main(argv=[sys.argv[0]])
