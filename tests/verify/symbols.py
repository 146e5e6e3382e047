#!/usr/bin/env python3
"""divisi-verify shares no function and no table with the planner.

usage: symbols.py VERIFY LIBRARY...

Compares the names of everything that is defined in the program with what the libraries of
divisi define, static ones too.
"""

import re
import subprocess
import sys

# What the compiler and the C library put into every program.
COMMON = re.compile(r"^(_.*|main|frame_dummy|completed\.\d+|data_start|crtstuff.*|"
                    r"(de)?register_tm_clones)$")


def defined(path):
    """Names of functions and data that PATH defines; numbers of local copies cut off."""
    done = subprocess.run(["nm", "--defined-only", path], check=True, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    rows = [line.split() for line in done.stdout.splitlines()]
    names = {re.sub(r"\.(part|constprop|isra|cold|lto_priv|[0-9]).*$", "", row[2])
             for row in rows if len(row) == 3 and row[1] in "TtDdRrBb"}
    return {name for name in names if not COMMON.match(name) and not name.startswith(".")}


def main():
    verify = defined(sys.argv[1])
    ours = set().union(*map(defined, sys.argv[2:]))
    shared = sorted(verify & ours)
    if not verify or not ours:
        print("symbols: nothing to compare; were the programs stripped?")
        return 77
    for name in shared:
        print("symbols: %s is in divisi-verify and in divisi" % name)
    print("symbols: %d names against %d" % (len(verify), len(ours)))
    return 1 if shared else 0


if __name__ == "__main__":
    sys.exit(main())
