#!/usr/bin/env python3
"""No source file holds more than one idea: 600 lines.  usage: sizes.py TOP"""

import os
import sys

TOP = sys.argv[1]
sys.path.insert(0, os.path.join(TOP, "tools"))
from files import read_text, tree_files  # noqa: E402

MAX_LINES = 600

status = 0
for name in tree_files(TOP):
    if name.startswith("src/") and name.endswith((".c", ".h")):
        lines = (read_text(os.path.join(TOP, name)) or "").count("\n")
        if lines > MAX_LINES:
            print("%s:%d: over %d lines: split it" % (name, lines, MAX_LINES))
            status = 1
sys.exit(status)
