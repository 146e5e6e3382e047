#!/usr/bin/env python3
"""Runs a style test with the tool it needs, or says that it is skipped.

usage: with_tool.py TOOL SCRIPT TOP
"""

import os
import shutil
import sys

tool, script, top = sys.argv[1:4]
path = shutil.which(tool)
if not path:
    print("skipped: %s is not installed" % tool)
    sys.exit(77)
os.execv(sys.executable, [sys.executable, script, top, path])
