#!/usr/bin/env python3
"""Breaks the source on purpose, one small thing at a time, and sees the simulator notice.

usage: run.py [--write] [--seeds N] [--only NAME]... [--work DIR] [TOP]

Each mutation of mutations.py is applied to a copy of the tree, only divisi-sim is built there,
and short games are played from the first seed on until one finds a violation.  What they do not
find, the unit claim that the mutation names must: its program is built and run, whole before
the source is broken and with that claim failing afterwards.  Prints a row per mutation; --write
puts the table into README.md beside this program.  Exits 1 when a mutation is noticed by neither,
or does not fit the source any more.
"""

import argparse
import contextlib
import filecmp
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
from mutations import MUTATIONS  # noqa: E402

SEEDS = 2000
CHUNK = 100  # games at a time
SECONDS = 240  # for so many, on a slow machine: one of them hangs
COPIED = ("src", "meson.build", "meson_options.txt", "man", "completions", "dist", "bench",
          "tools", "tests", "examples", "docs", "LICENSE", "README.md")

HEAD = """# What the simulator finds

Each row is one small thing broken in a copy of the source, and the first short game
(`divisi-sim --short --seeds 1..%d`) in which the checks of `src/sim` noticed. Written by
`ninja -C build mutations`, which takes minutes and is not part of `./check`; the list is
`mutations.py`. Where short games find nothing (what is broken shows only when several rare
things meet), the row names the claim of a unit test that was run and failed with it.

| # | broken | in | found in game | as |
|---|--------|----|---------------|----|
"""


def run(argv, **more):
    return subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors="replace", check=False, **more)


def copy(source, target):
    """Copies a file unless it is there, so that little is built again."""
    if not os.path.exists(target) or not filecmp.cmp(source, target, shallow=False):
        shutil.copyfile(source, target)
        shutil.copymode(source, target)


def prepare(top, work):
    """A copy of TOP in WORK with a build directory of its own."""
    for name in COPIED:
        source = os.path.join(top, name)
        if os.path.isdir(source):
            shutil.copytree(source, os.path.join(work, name), copy_function=copy,
                            dirs_exist_ok=True)
        elif os.path.exists(source):
            copy(source, os.path.join(work, name))
    if os.path.isdir(os.path.join(work, "build")):
        return
    out = run(["meson", "setup", "-Dbuildtype=plain", "-Dc_args=-O1", "build"], cwd=work)
    if out.returncode:
        sys.exit("meson: " + out.stdout[-2000:])


def build(work, *targets):
    return run(["ninja", "-C", "build"] + list(targets or ["src/sim/divisi-sim"]), cwd=work)


def introspect(work, what):
    return json.loads(subprocess.run(["meson", "introspect", "build", "--" + what], cwd=work,
                                     stdout=subprocess.PIPE, check=True).stdout)


def failing_claims(work, source):
    """The claims of the test program made of SOURCE that fail now; None when it does not run."""
    targets = introspect(work, "targets")
    path = os.path.join(os.path.realpath(work), source)
    mine = [t for t in targets
            if any(path in group["sources"] for group in t["target_sources"]
                   if "sources" in group)]
    tests = [t for t in introspect(work, "tests")
             if mine and t["cmd"][0] == mine[0]["filename"][0]]
    if not tests:
        return None
    ids = [mine[0]["id"]] + tests[0]["depends"]
    files = [os.path.relpath(name, os.path.join(os.path.realpath(work), "build"))
             for t in targets if t["id"] in ids for name in t["filename"]]
    if build(work, *files).returncode:
        return None
    try:
        out = run(tests[0]["cmd"], cwd=work, env=dict(os.environ, **tests[0]["env"]),
                  timeout=SECONDS)
    except subprocess.TimeoutExpired:
        return None
    return set(re.findall(r"\[  FAILED  \] (\w+)", out.stdout))


def play(work, seeds):
    """(seed, words) of the first violation, or None."""
    for first in range(1, seeds + 1, CHUNK):
        last = min(first + CHUNK - 1, seeds)
        try:
            out = run([os.path.join(work, "build/src/sim/divisi-sim"), "--short", "--seeds",
                       "%d..%d" % (first, last)], timeout=SECONDS)
        except subprocess.TimeoutExpired:
            return "%d-%d" % (first, last), "a game that never ends"
        found = re.search(r"VIOLATION in seed (\d+), [^:]*: (.*)", out.stdout)
        if found:
            return found.group(1), found.group(2)
        if out.returncode < 0 or out.returncode > 1:
            return "%d-%d" % (first, last), "the program dies (%d)" % out.returncode
    return None


def break_it(work, mutation):
    """Applies MUTATION; what the file held, or None when it does not fit."""
    path = os.path.join(work, mutation["file"])
    with open(path, encoding="utf-8") as opened:
        text = opened.read()
    if text.count(mutation["old"]) != 1:
        return None
    with open(path, "w", encoding="utf-8") as opened:
        opened.write(text.replace(mutation["old"], mutation["new"]))
    return text


def try_claim(work, mutation):
    """Why the unit claim of MUTATION, which is applied, did not notice it; "" when it did."""
    if "unit" not in mutation:
        return "no unit claim is named"
    source, claim = mutation["unit"]
    failing = failing_claims(work, source)
    if failing is None:
        return "%s does not run" % source
    return "" if claim in failing else "%s holds all the same" % claim


def try_one(work, mutation, seeds):
    """(seed, words) or None, and why not; the words name the claim where no game found it."""
    path = os.path.join(work, mutation["file"])
    was = break_it(work, mutation)
    if was is None:
        return None, "does not fit the source"
    try:
        out = build(work)
        if out.returncode:
            return None, "does not build: " + out.stdout[-600:]
        found = play(work, seeds)
        if found:
            return found, ""
        why = try_claim(work, mutation)
        if why:
            return None, "not found in %d games; %s" % (seeds, why)
        return ("claim", "`%s` in `%s`" % tuple(reversed(mutation["unit"]))), ""
    finally:
        with open(path, "w", encoding="utf-8") as opened:
            opened.write(was)


def words_of(text):
    """TEXT without what is different in each game, as a table cell."""
    text = re.sub(r"\bp\d+\.\d+\.\w+(\.r\d+)?", "S", text)
    return text.replace("|", "\\|")[:160]


def main():
    args = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    args.add_argument("top", nargs="?", default=os.path.dirname(os.path.dirname(HERE)))
    args.add_argument("--write", action="store_true")
    args.add_argument("--seeds", type=int, default=SEEDS)
    args.add_argument("--only", action="append")
    args.add_argument("--work", help="where the copy is, and stays")
    args = args.parse_args()
    rows, failed = [], 0
    with contextlib.ExitStack() as stack:
        work = args.work or stack.enter_context(
            tempfile.TemporaryDirectory(prefix="divisi-mutations-"))
        prepare(args.top, work)
        first = build(work)
        if first.returncode:
            sys.exit("the unbroken source does not build: " + first.stdout[-2000:])
        claims = {m["unit"] for m in MUTATIONS if "unit" in m}
        for source in sorted({source for source, claim in claims}):
            if failing_claims(work, source) != set():
                sys.exit("%s does not hold for the unbroken source" % source)
        chosen = [m for m in MUTATIONS if not args.only or m["name"] in args.only]
        for n, mutation in enumerate(chosen, 1):
            found, why = try_one(work, mutation, args.seeds)
            failed += not found
            row = "| %d | %s | `%s` | %s | %s |" % (
                n, mutation["what"], mutation["file"], found[0] if found else "NONE",
                words_of(found[1]) if found else why)
            print(row, flush=True)
            rows.append(row)
    if args.write:
        with open(os.path.join(HERE, "README.md"), "w", encoding="utf-8") as opened:
            opened.write(HEAD % args.seeds + "\n".join(rows) + "\n")
    print("%d mutations, %d not found" % (len(rows), failed))
    return 1 if failed or not rows else 0


if __name__ == "__main__":
    sys.exit(main())
