#!/usr/bin/env python3
"""Counts meson's test log.

usage: testlog.py TITLE testlog.json [again.json]
       testlog.py --failed testlog.json

Prints "passed failed skipped" on standard output and, for people, a line for each test on
standard error, with its failed assertions and the end of its output when it failed.  A test
that failed in the first log and passed in the second counts as passed, and is told.
--failed prints the names of the tests that failed, a line each.
"""

import json
import os
import re
import sys

GOOD = {"OK", "EXPECTEDFAIL"}
TELLING = re.compile(r"FAILED|ERROR|\[\s*LINE\s*\]|^FAIL|Sanitizer|runtime error|Assertion")


def entries(path):
    """The log's tests by name."""
    found = {}
    with open(path, encoding="utf-8", errors="replace") as log:
        for line in log:
            entry = json.loads(line)
            found[entry["name"].split(" / ")[-1]] = entry
    return found


def word_of(entry):
    result = entry["result"]
    return "ok" if result in GOOD else "skip" if result == "SKIP" else "FAIL"


def said(entry):
    """What a failed test wrote: first the lines that name the fault, then the end."""
    text = (entry.get("stdout") or "") + "\n" + (entry.get("stderr") or "")
    lines = text.rstrip().split("\n")
    telling = [line for line in lines if TELLING.search(line)][:12]
    return ["      ! " + line for line in telling] + ["      | " + line for line in lines[-40:]]


def reason(entry):
    last = (entry.get("stdout") or "no reason").strip().split("\n")[-1]
    return last.split("# SKIP ")[-1]


def main():
    if sys.argv[1] == "--failed":
        for name, entry in entries(sys.argv[2]).items():
            if word_of(entry) == "FAIL":
                print(name)
        return
    title, path = sys.argv[1:3]
    again = {}
    if len(sys.argv) > 3 and os.path.exists(sys.argv[3]):
        again = entries(sys.argv[3])
    counts = {"ok": 0, "FAIL": 0, "skip": 0}
    for name, entry in entries(path).items():
        word = word_of(entry)
        alone = word == "FAIL" and name in again and word_of(again[name]) == "ok"
        counts["ok" if alone else word] += 1
        text = "%-5s %s%s (%.1f s)" % ("ok" if alone else word, title, name,
                                       entry["duration"])
        if alone:
            text += ": note: failed beside others, passed alone; it had said:"
        if word == "skip":
            text += ": " + reason(entry)
        print(text, file=sys.stderr)
        if word == "FAIL":
            print("\n".join(said(entry)), file=sys.stderr)
    print(counts["ok"], counts["FAIL"], counts["skip"])


if __name__ == "__main__":
    main()
