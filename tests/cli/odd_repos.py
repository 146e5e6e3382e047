#!/usr/bin/env python3
"""Repositories and plans that are not as one would wish: never a wrong "parallel".

usage: odd_repos.py DIVISI [million]

With "million" only what takes long: a repository of a million files.

The verdicts of a few pairs are taken in a whole repository first.  Wherever less is known,
they must be the same or stricter, and whatever is asked must end with a word.
"""

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile

DIVISI = os.path.abspath(sys.argv[1])
SCRATCH = tempfile.TemporaryDirectory()
TOP = SCRATCH.name
PLAN = "2026-11-22-odd-plan.md"
ENV = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "HOME": TOP,
       "GIT_CONFIG_NOSYSTEM": "1", "GIT_CEILING_DIRECTORIES": os.path.dirname(TOP),
       "GIT_AUTHOR_NAME": "T", "GIT_AUTHOR_EMAIL": "t@t.test",
       "GIT_COMMITTER_NAME": "T", "GIT_COMMITTER_EMAIL": "t@t.test"}
for option in ("ASAN_OPTIONS", "UBSAN_OPTIONS"):
    if option in os.environ:
        ENV[option] = os.environ[option]
CLAIMS = []


IS_LONG = sys.argv[2:] == ["million"]


def claim(function):
    if not IS_LONG:
        CLAIMS.append(function)
    return function


def long_claim(function):
    if IS_LONG:
        CLAIMS.append(function)
    return function


def run(cwd, *args):
    return subprocess.run([DIVISI, *args], cwd=cwd, env=ENV, stdin=subprocess.DEVNULL,
                          capture_output=True, timeout=300, check=False)


def git(where, *words):
    return subprocess.run(["git", "-C", where, *words], env=ENV, check=True, text=True,
                          capture_output=True).stdout.strip()


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as out:
        out.write(text)


def commit(where, path, text, branch=None, start="main"):
    if branch:
        git(where, "checkout", "-q", "-b", branch, start)
    write(os.path.join(where, path), text)
    git(where, "add", ".")
    git(where, "commit", "-q", "-m", path)


PHASES = {"1A": "Writes: `src/a.c`", "1B": "Writes: `src/a.c`, `src/new.c`",
          "1C": "Writes: `**`", "1D": "Writes: `lib/d.c`\n- Reads: `src/a.c`",
          "1E": "Writes: `old/a.c`", "1F": "Writes: `far/away.c`"}


def plan_text(phases):
    rows = "".join(f"| {name} | [X-{i}](https://x.test/X-{i}) | T{i} | 1 | None |\n"
                   for i, name in enumerate(phases, 2))
    body = "".join(
        f"### {name}: T{i}\n\n- Issue: [X-{i}: T](https://x.test/X-{i})\n- Mode: tdd\n"
        f"- Agent: claude\n- Estimate: $3, 3pt\n- {touches}\n- Verify: `make check`\n"
        f"- Deliverable: done.\n- Tasks:\n  1. do it\n\n"
        for i, (name, touches) in enumerate(phases.items(), 2))
    return ("# Master Plan: T\n\n**Parent issue:** [X-1: T](https://x.test/X-1)\n"
            "**Date:** 2026-11-22\n\n## Phase Map\n\n| Phase | Issues | Focus | Batch | "
            "Dependencies |\n|---|---|---|---|---|\n" + rows + "\n" + body)


def make_one(name):
    where = os.path.join(TOP, name)
    subprocess.run(["git", "init", "-q", "-b", "main", where], env=ENV, check=True)
    os.makedirs(os.path.join(where, "src"))
    os.symlink("src", os.path.join(where, "old"))
    commit(where, "src/a.c", "a\n")
    return where


def make_whole():
    """A history with an octopus and two criss-cross merges."""
    where = make_one("whole")
    for i in range(5):
        commit(where, "src/a.c", f"a{i}\n")
    for i in range(3):
        commit(where, f"o{i}", "o\n", f"o{i}")
    git(where, "checkout", "-q", "main")
    git(where, "merge", "-q", "--no-ff", "--no-edit", "o0", "o1", "o2")
    commit(where, "p", "p\n", "p")
    commit(where, "q", "q\n", "q")
    git(where, "branch", "p1", "p")
    git(where, "merge", "-q", "--no-edit", "p1")
    git(where, "checkout", "-q", "p")
    git(where, "merge", "-q", "--no-edit", "q~1")
    git(where, "checkout", "-q", "main")
    git(where, "merge", "-q", "--no-edit", "p", "q")
    git(where, "config", "uploadpack.allowFilter", "true")
    return where


def lose(where, name):
    """Takes the object NAME out of the store, however it is kept."""
    oid = git(where, "rev-parse", name)
    os.remove(os.path.join(where, ".git", "objects", oid[:2], oid[2:]))


WHOLE = make_whole()


def repositories():
    empty = os.path.join(TOP, "empty")
    subprocess.run(["git", "init", "-q", "-b", "main", empty], env=ENV, check=True)
    yield "no commit at all", empty
    yield "one commit", make_one("one")
    shallow, partial = os.path.join(TOP, "shallow"), os.path.join(TOP, "partial")
    git(TOP, "clone", "-q", "--depth", "1", f"file://{WHOLE}", shallow)
    yield "a shallow clone", shallow
    git(TOP, "clone", "-q", "--filter=blob:none", f"file://{WHOLE}", partial)
    git(partial, "remote", "remove", "origin")
    yield "a partial clone without its remote", partial
    for name, lost in (("an old blob is missing", "main~3:src/a.c"),
                       ("an old tree is missing", "o0^{tree}"),
                       ("an old commit is missing", "main~4"),
                       ("the tree of HEAD is missing", "HEAD:src")):
        where = os.path.join(TOP, name.replace(" ", "-"))
        shutil.copytree(WHOLE, where, symlinks=True)
        lose(where, lost)
        yield name, where


PAIRS = [("1A", other) for other in ("1B", "1C", "1D", "1E", "1F")] + [("1B", "1E")]
STRICTNESS = {"parallel": 0, "parallel-branches": 1, "sequential": 2}


def verdicts(where):
    write(os.path.join(where, PLAN), plan_text(PHASES))
    found = {}
    for a, b in PAIRS:
        done = run(where, "verdict", PLAN, a, b, "--json")
        assert done.returncode in (0, 1), (where, a, b, done.stderr)
        found[a, b] = json.loads(done.stdout)["verdict"]
    return found


@claim
def less_history_is_never_more_parallel():
    whole = verdicts(WHOLE)
    assert whole["1A", "1B"] == "parallel-branches", whole
    assert whole["1A", "1D"] == "sequential", whole
    assert whole["1A", "1E"] == "parallel-branches", whole  # through the link
    assert whole["1A", "1F"] == "parallel", whole
    for name, where in repositories():
        for pair, said in verdicts(where).items():
            # Where nothing is tracked yet, `old` is no link: it is its own directory.
            if name == "no commit at all" and "1E" in pair:
                continue
            assert STRICTNESS[said] >= STRICTNESS[whole[pair]], (name, pair, said)


@claim
def every_question_ends_with_an_answer_or_a_word():
    questions = (("check", PLAN), ("plan", PLAN), ("plan", PLAN, "--graph", "text"),
                 ("footprint", PLAN), ("simulate", PLAN, "--rounds", "3"), ("learn",),
                 ("why-not", PLAN, "1A", "1B"),
                 ("what-if", PLAN, "--writes", "1A=src/b.c"))
    for name in sorted(os.listdir(TOP)):
        where = os.path.join(TOP, name)
        if not os.path.exists(os.path.join(where, PLAN)):
            continue
        for question in questions:
            done = run(where, *question)
            assert done.returncode == 0 and done.stdout, (name, question, done)
    shallow = run(os.path.join(TOP, "shallow"), "learn")
    assert b"the clone is shallow" in shallow.stdout + shallow.stderr, shallow


@claim
def who_may_write_everything_is_parallel_to_nobody():
    for where in (WHOLE, os.path.join(TOP, "empty")):
        for pattern in ("**", "/", "**/*", "./", "{**,x}", "*/**"):
            done = run(where, "verdict", "--a-writes", pattern, "--b-writes", "src/a.c",
                       "--json")
            if done.returncode == 2:  # said to be no pattern
                assert b"fix:" in done.stderr, done.stderr
                continue
            said = json.loads(done.stdout)["verdict"]
            assert said != "parallel", (where, pattern, done.stdout)


@claim
def a_pattern_that_is_none_is_never_parallel():
    odd = ["*a" * 10000, "**/" * 10000 + "*", "?" * 20000, "[z-a]", "a[", "[[:no:]]",
           "{a,b}" * 40, "{" * 5000, "a" * (1 << 20), "../x", "x\x01y", ""]
    write(os.path.join(WHOLE, PLAN), plan_text(PHASES))
    for pattern in odd:
        phases = {"1A": f"Writes: `{pattern}`", "1B": f"Writes: `{pattern}`, `src/b.c`",
                  "1C": "Writes: `**`"}
        write(os.path.join(WHOLE, PLAN), plan_text(phases))
        for pair in (("1A", "1B"), ("1A", "1C"), ("1B", "1C")):
            done = run(WHOLE, "verdict", PLAN, *pair, "--json")
            assert done.returncode < 100, (pattern[:40], done)
            if done.stdout:
                said = json.loads(done.stdout)["verdict"]
                assert said != "parallel", (pattern[:40], pair, done.stdout[:400])
            else:
                assert done.stderr, pattern[:40]


@claim
def bytes_that_are_no_utf8_are_never_parallel():
    for name in (b"x\xff", b"\xc3", b"*\xfe*", b"\xed\xa0\x80", b"\xf8\x88\x80\x80\x80"):
        text = plan_text({"1A": "Writes: `src/@@`", "1B": "Writes: `src/@@`, `b`"})
        with open(os.path.join(WHOLE, PLAN), "wb") as out:
            out.write(text.encode().replace(b"@@", name))
        done = run(WHOLE, "verdict", PLAN, "1A", "1B", "--json")
        assert done.returncode < 100, (name, done)
        said = json.loads(done.stdout)
        assert said.get("verdict") != "parallel", (name, said)
        assert "verdict" in said or b"UTF-8" in done.stdout + done.stderr, (name, done)


@claim
def a_gc_beside_it_changes_no_verdict():
    where = os.path.join(TOP, "gc")
    shutil.copytree(WHOLE, where, symlinks=True)
    before = verdicts(where)
    loop = subprocess.Popen(
        ["sh", "-c", "while :; do git reflog expire --expire=now --all; "
                     "git gc -q --prune=now; done"],
        cwd=where, env=ENV, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        start_new_session=True)
    try:
        for _ in range(2):
            for pair, said in verdicts(where).items():
                assert STRICTNESS[said] >= STRICTNESS[before[pair]], (pair, said)
            assert run(where, "check", PLAN).returncode < 100
    finally:
        os.killpg(loop.pid, 9)
        loop.wait()


def make_million():
    """A hundred directories of a hundred of a hundred files, and a link to the first."""
    where = os.path.join(TOP, "million")
    subprocess.run(["git", "init", "-q", "-b", "main", where], env=ENV, check=True)
    head = ("blob\nmark :1\ndata 2\nx\n\nblob\nmark :2\ndata 3\nd00\n"
            "commit refs/heads/main\ncommitter T <t@t.test> 1700000000 +0000\ndata 1\nm\n"
            "M 120000 :2 old\n")
    files = "".join(f"M 100644 :1 d{i // 10000:02}/e{i // 100 % 100:02}/f{i % 100:02}.c\n"
                    for i in range(1000000))
    subprocess.run(["git", "-C", where, "fast-import", "--quiet"], env=ENV, check=True,
                   input=(head + files).encode())
    git(where, "read-tree", "main")
    return where


@long_claim
def a_million_files_are_decided_like_ten():
    where = make_million()
    phases = {"1A": "Writes: `d00`", "1B": "Writes: `d00/e99/f01.c`",
              "1C": "Writes: `**/f99.c`", "1D": "Writes: `d01/**`",
              "1E": "Writes: `old/e01/f01.c`", "1F": "Reads: `d00/e00/f00.c`",
              "1G": "Deletes: `d*/e50/**`", "1H": "Writes: `d00/e99/f01.c/x`"}
    wanted = {("1A", "1B"): ("parallel-branches", "d00/e99/f01.c"),
              ("1A", "1C"): ("parallel-branches", "d00/e00/f99.c"),
              ("1A", "1D"): ("parallel", None),
              ("1A", "1E"): ("parallel-branches", "d00/e01/f01.c"),
              ("1B", "1E"): ("parallel", None),
              ("1A", "1F"): ("sequential", "d00/e00/f00.c"),
              ("1D", "1G"): ("sequential", "d01/e50/f00.c"),
              ("1B", "1H"): ("sequential", "d00/e99/f01.c")}
    write(os.path.join(where, PLAN), plan_text(phases))
    done = run(where, "check", PLAN, "--json")
    assert done.returncode == 0, done.stderr
    said = {(p["a"], p["b"]): p for p in json.loads(done.stdout)["pairs"]}
    for pair, (verdict, witness) in wanted.items():
        assert said[pair]["verdict"] == verdict, (pair, said[pair])
        assert said[pair]["witness"] == witness, (pair, said[pair])
    for question in (("verdict", PLAN, "1A", "1B"), ("plan", PLAN), ("footprint", PLAN),
                     ("doctor",)):
        done = run(where, *question)
        assert done.returncode < 100 and done.stdout, (question, done.stderr[-500:])
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    assert peak < 1 << 20, peak  # KiB: a kilobyte per file


def main():
    failed = 0
    for number, function in enumerate(CLAIMS, 1):
        try:
            function()
            print(f"ok {number} - {function.__name__}")
        except Exception as error:  # a claim fails, the others are still told
            failed += 1
            print(f"not ok {number} - {function.__name__}")
            print(f"# {type(error).__name__}: {str(error)[:1500]}")
    print(f"1..{len(CLAIMS)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
