#!/usr/bin/env python3
"""Each header of src/ compiles alone.  usage: headers.py TOP COMPILER..."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor


def compile_alone(top, compiler, header):
    """What the compiler says about a file that only includes HEADER; "" is good."""
    done = subprocess.run(
        compiler + ["-std=gnu17", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror",
                    "-I" + os.path.join(top, "src"), "-fsyntax-only", "-x", "c", "-"],
        input='#include "%s"\n#include "%s"\nint unused;\n' % (header, header),
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return done.stdout if done.returncode else ""


def main():
    top, compiler = sys.argv[1], sys.argv[2:]
    src = os.path.join(top, "src")
    headers = sorted(
        os.path.relpath(os.path.join(folder, file), src)
        for folder, _, files in os.walk(src) for file in files if file.endswith(".h"))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        said = list(pool.map(lambda h: compile_alone(top, compiler, h), headers))
    bad = [text for text in said if text]
    print("".join(bad) or "headers: %d compile alone" % len(headers))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
