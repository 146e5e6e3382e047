#!/usr/bin/env python3
"""No committed file names a package registry or a path of somebody's machine.

usage: private.py TOP
"""

import os
import re
import sys

TOP = sys.argv[1]
sys.path.insert(0, os.path.join(TOP, "tools"))
from files import read_text, tree_files  # noqa: E402

FORBIDDEN = [
    # Package registries and mirrors: a person's own configuration names them.
    r"\bregistry\.[a-z0-9-]+\.(?:org|com|io|net)\b",
    r"\bnpmjs\.(?:org|com)\b",
    r"\b(?:deb|snapshot|security|ftp)\.debian\.org\b",
    r"\bpypi\.(?:org|python\.org)\b",
    r"\bpythonhosted\.org\b",
    r"\bcrates\.io\b",
    r"\bproxy\.golang\.org\b",
    # Paths that exist on one machine only.
    r"(?<![\w.])/work(?:/[\w.]|\b(?![/\w-]))",
    r"(?<![\w.])/root/\.\w",
    r"(?<![\w.])/tmp/bash_jobs",
]
PATTERN = re.compile("|".join(FORBIDDEN))

status = 0
for name in tree_files(TOP):
    text = read_text(os.path.join(TOP, name)) or ""
    for number, line in enumerate(text.split("\n"), 1):
        match = PATTERN.search(line)
        if match and name != "tests/style/private.py":
            print("%s:%d: names %s" % (name, number, match.group(0)))
            status = 1
sys.exit(status)
