#!/usr/bin/env python3
"""Counts meson's test log.  usage: testlog.py TITLE testlog.json

Prints "passed failed skipped" on standard output and, for people, a line for each test on
standard error, with the end of its output when it failed.
"""

import json
import sys

GOOD = {"OK", "EXPECTEDFAIL"}


def tail(entry):
    """The last lines a failed test wrote."""
    text = (entry.get("stdout") or "") + (entry.get("stderr") or "")
    return ["      | " + line for line in text.rstrip().split("\n")[-40:]]


def main():
    title, path = sys.argv[1:3]
    counts = {"ok": 0, "FAIL": 0, "skip": 0}
    with open(path, encoding="utf-8", errors="replace") as log:
        for line in log:
            entry = json.loads(line)
            result = entry["result"]
            word = "ok" if result in GOOD else "skip" if result == "SKIP" else "FAIL"
            counts[word] += 1
            text = "%-5s %s%s (%.1f s)" % (word, title, entry["name"].split(" / ")[-1],
                                           entry["duration"])
            if word == "skip":
                said = (entry.get("stdout") or "no reason").strip().split("\n")[-1]
                text += ": " + said.split("# SKIP ")[-1]
            print(text, file=sys.stderr)
            if word == "FAIL":
                print("\n".join(tail(entry)), file=sys.stderr)
    print(counts["ok"], counts["FAIL"], counts["skip"])


if __name__ == "__main__":
    main()
