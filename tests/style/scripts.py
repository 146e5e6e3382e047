#!/usr/bin/env python3
"""shellcheck finds nothing in our shell scripts.  usage: scripts.py TOP SHELLCHECK"""

import os
import re
import subprocess
import sys

TOP, TOOL = sys.argv[1], sys.argv[2]
sys.path.insert(0, os.path.join(TOP, "tools"))
from files import read_text, tree_files  # noqa: E402

SHEBANG = re.compile(r"#!\s*/\S*/(?:env )?(?:ba|da)?sh\b")


def is_script(name):
    if name.startswith("completions/"):
        return False
    if name.endswith(".sh"):
        return True
    return bool(SHEBANG.match(read_text(os.path.join(TOP, name)) or ""))


scripts = [name for name in tree_files(TOP) if is_script(name)]
# SC2317, SC2119: functions that claim and wait_until call by name; SC2016: what is
# in single quotes is for a shell of its own.
done = subprocess.run([TOOL, "-e", "SC2317,SC2119,SC2016", "-x", "-P", "SCRIPTDIR",
                       "-P", TOP] + scripts, cwd=TOP)
sys.exit(done.returncode)
