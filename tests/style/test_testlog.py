#!/usr/bin/env python3
"""Claims about tools/testlog.py, on logs written here."""

import json
import os
import subprocess
import sys
import tempfile
import unittest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TOOL = os.path.join(TOP, "tools", "testlog.py")


class TestLog(unittest.TestCase):
    def setUp(self):
        self.box = tempfile.TemporaryDirectory()
        self.addCleanup(self.box.cleanup)

    def log(self, file, **results):
        path = os.path.join(self.box.name, file)
        with open(path, "w", encoding="utf-8") as out:
            for name, (result, text) in results.items():
                entry = {"name": "divisi:unit / " + name, "result": result,
                         "duration": 1.0, "stdout": text}
                out.write(json.dumps(entry) + "\n")
        return path

    def run_tool(self, *args):
        return subprocess.run([sys.executable, TOOL, *args], capture_output=True, text=True,
                              check=True)

    def test_a_failure_is_counted_and_its_assertion_comes_first(self):
        text = "[ RUN ] x\n[  ERROR   ] --- 1 != 2\n" + "noise\n" * 100
        log = self.log("a", good=("OK", ""), bad=("FAIL", text), away=("SKIP", "why"))
        ran = self.run_tool("", log)
        self.assertEqual(ran.stdout.split(), ["1", "1", "1"])
        told = ran.stderr.split("FAIL  bad (1.0 s)\n")[1]
        self.assertTrue(told.startswith("      ! [  ERROR   ] --- 1 != 2\n"), told)

    def test_what_failed_again_alone_has_failed(self):
        first = self.log("a", bad=("FAIL", "no"))
        again = self.log("b", bad=("TIMEOUT", ""))
        self.assertEqual(self.run_tool("", first, again).stdout.split(), ["0", "1", "0"])

    def test_what_passed_alone_counts_as_passed_and_is_told(self):
        first = self.log("a", bad=("FAIL", "[  ERROR   ] --- slow"))
        again = self.log("b", bad=("OK", ""))
        ran = self.run_tool("", first, again)
        self.assertEqual(ran.stdout.split(), ["1", "0", "0"])
        self.assertIn("note: failed beside others, passed alone", ran.stderr)
        self.assertIn("--- slow", ran.stderr)

    def test_the_failed_ones_are_named(self):
        log = self.log("a", good=("OK", ""), bad=("FAIL", ""), late=("TIMEOUT", ""))
        self.assertEqual(self.run_tool("--failed", log).stdout.split(), ["bad", "late"])


if __name__ == "__main__":
    unittest.main()
