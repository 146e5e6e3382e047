#!/usr/bin/env python3
"""All C is as clang-format leaves it.  usage: format.py TOP CLANG_FORMAT"""

import os
import subprocess
import sys

TOP, TOOL = sys.argv[1], sys.argv[2]
sys.path.insert(0, os.path.join(TOP, "tools"))
from files import tree_files  # noqa: E402

sources = [f for f in tree_files(TOP) if f.endswith((".c", ".h"))]
done = subprocess.run([TOOL, "--dry-run", "--Werror"] + sources, cwd=TOP,
                      stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
wrong = sorted({line.split(":")[0] for line in done.stdout.splitlines()
                if "[-Wclang-format-violations]" in line})
if done.returncode:
    print("mend with: clang-format -i " + " ".join(wrong) if wrong else done.stdout)
sys.exit(1 if done.returncode else 0)
