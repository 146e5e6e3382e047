#!/usr/bin/env python3
"""clang-tidy over src/, one line per finding.  usage: tidy.py CLANG_TIDY BUILD_DIR SECONDS

BUILD_DIR was configured with clang, so that its compile commands mean what they say.
A file that is not begun within SECONDS is left out, and said: exit status 77 when nothing
was found in the others.
"""

import json
import os
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
FINDING = re.compile(r"^(\S+?):(\d+):\d+: (?:error|warning): (.*)$", re.M)
NOTE = re.compile(r": note: (.*(?:lines|parameters|nesting).*)")

# Macros of <ctype.h> count as nesting when they are expanded; as functions they do not.
ARGS = ["--quiet", "--extra-arg=-D__NO_CTYPE", "--extra-arg=-Wno-unknown-warning-option"]


def sources(build):
    """Files below src/ that the build compiles, without what is generated."""
    with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as file:
        names = {os.path.realpath(os.path.join(c["directory"], c["file"]))
                 for c in json.load(file)}
    src = os.path.join(os.path.realpath(TOP), "src") + os.sep
    return sorted(name for name in names if name.startswith(src))


def findings(tool, build, name):
    """What the tool says about one file, as (file, line, text)."""
    done = subprocess.run([tool, "-p", build] + ARGS + [name], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    found = set()
    for match in FINDING.finditer(done.stdout):
        path, line, text = match.groups()
        if "function-size" in text:
            note = NOTE.search(done.stdout, match.end())
            text += ": " + note.group(1) if note else ""
        full = os.path.realpath(os.path.join(build, path))
        found.add((os.path.relpath(full, os.path.realpath(TOP)), int(line), text))
    if done.returncode and not found:
        found.add((os.path.relpath(name, TOP), 1, done.stdout.strip()[-400:]))
    return found


def main():
    tool, build = sys.argv[1], os.path.abspath(sys.argv[2])
    names = sources(build)
    deadline = time.monotonic() + int(sys.argv[3])
    late = []

    def look(name):
        if time.monotonic() < deadline:
            return findings(tool, build, name)
        late.append(name)
        return set()

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        found = set().union(*pool.map(look, names))
    for path, line, text in sorted(found):
        print("%s:%d: %s" % (path, line, text.replace(",-warnings-as-errors", "")))
    if not found:
        print("clang-tidy: %d files, nothing found" % (len(names) - len(late)))
    if late:
        print("clang-tidy: %d files not looked at, the time was up" % len(late))
    return 1 if found else 77 if late else 0


if __name__ == "__main__":
    sys.exit(main())
