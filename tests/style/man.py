#!/usr/bin/env python3
"""man(1) has nothing to say against the built pages.  usage: man.py MAN PAGE..."""

import os
import subprocess
import sys

status = 0
for page in sys.argv[2:]:
    done = subprocess.run(
        [sys.argv[1], "--warnings", "-E", "UTF-8", "-P", "cat", "-l", page],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "LC_ALL": "C.UTF-8", "MANWIDTH": "80"})
    if done.returncode or done.stderr or not done.stdout.strip():
        print("%s: %s" % (os.path.basename(page), done.stderr or "empty"))
        status = 1
sys.exit(status)
