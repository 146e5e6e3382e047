#!/usr/bin/env python3
"""The radar: trial merges of live branches and looks at live trees, beside git itself.

usage: bench/radar.py BUILD_DIR [SCRATCH_DIR] [--repo DIR]

Without --repo on a repository made here, of 50,000 files."""
import json
import os
import random
import subprocess
import sys

import lib

FILES, BRANCHES, TREES = 50000, 20, 3


def git(where, *words, stdin=None):
    return subprocess.run(["git", "-C", where, *words], input=stdin, check=True, text=True,
                          capture_output=True).stdout.strip()


def make_repo(where):
    """FILES files of twenty lines, a hundred in a directory, as one commit."""
    os.makedirs(where)
    git(where, "init", "-q", "-b", "main")
    with subprocess.Popen(["git", "-C", where, "fast-import", "--quiet"],
                          stdin=subprocess.PIPE, text=True) as feed:
        out = feed.stdin
        out.write("commit refs/heads/main\ncommitter a <a@example.invalid> 1 +0000\n"
                  "data 5\nbase\n\n")
        for i in range(FILES):
            text = "".join(f"line {k} of file {i}\n" for k in range(20))
            out.write(f"M 644 inline d{i // 100}/f{i % 100}.c\ndata {len(text)}\n{text}\n")
    git(where, "reset", "-q", "--hard")


def change(where, files, rng, n):
    """Edits one line in each of N files of a tree."""
    for path in rng.sample(files, n):
        full = os.path.join(where, path)
        try:
            with open(full, encoding="utf-8") as text:
                lines = text.readlines()
        except (UnicodeDecodeError, IsADirectoryError, FileNotFoundError):
            continue
        if lines:
            lines[rng.randrange(len(lines))] = f"changed {rng.random()}\n"
            with open(full, "w", encoding="utf-8") as text:
                text.writelines(lines)


def make_branches(repo, files, scratch):
    """BRANCHES commits that change thirty files each; popular ones meet."""
    tree = os.path.join(scratch, "work")
    popular = random.Random(1).sample(files, min(300, len(files)))
    commits = []
    git(repo, "worktree", "add", "-q", "--detach", tree)
    base = git(tree, "rev-parse", "HEAD")
    for i in range(BRANCHES):
        rng = random.Random(i)
        change(tree, popular, rng, 15)
        change(tree, files, rng, 15)
        git(tree, "-c", "user.name=a", "-c", "user.email=a@example.invalid", "commit",
            "-qam", f"branch {i}")
        commits.append(git(tree, "rev-parse", "HEAD"))
        git(tree, "checkout", "-q", base)
    git(repo, "worktree", "remove", "--force", tree)
    return base, commits


def trials(build, scratch, repo, base, commits):
    driver = f"{build}/bench/radar_trials"
    pairs = os.path.join(scratch, "pairs")
    each = os.path.join(scratch, "each.sh")
    everyone = [(a, b) for i, a in enumerate(commits) for b in commits[i + 1:]]
    with open(pairs, "w", encoding="ascii") as out:
        out.writelines(f"{a} {b}\n" for a, b in everyone)
    with open(each, "w", encoding="ascii") as out:
        out.writelines(f"git merge-tree --write-tree {a} {b} >/dev/null\n" for a, b in everyone)

    words = [driver, repo, os.path.join(scratch, "radar"), base, *commits]

    def ours(which):
        said = subprocess.run(words, capture_output=True, text=True, check=True)
        return float(said.stdout.split()[which])

    def alone():
        return lib.run(["sh", each], cwd=repo, may_fail=True).wall

    def stdin():
        return lib.run(["git", "merge-tree", "--write-tree", "--stdin"], cwd=repo,
                       stdin=pairs).wall

    name = f"{len(commits)} branches, {len(everyone)} pairs, wall"
    lib.versus(name, "merge-tree each", alone, lambda: ours(0), "", by=None, rounds=3)
    lib.versus(name, "merge-tree stdin", stdin, lambda: ours(0), "", by=None, rounds=3)
    lib.value_of("all pairs, cold, wall", lib.seconds(min(ours(0) for _ in range(3))),
                 "≤ 300 ms")
    lib.value_of("one of them changed, wall", lib.seconds(min(ours(3) for _ in range(3))),
                 "≤ 50 ms")
    said = subprocess.run(words, capture_output=True, text=True, check=True).stdout.split()
    theirs = sum(subprocess.run(["git", "-C", repo, "merge-tree", "--write-tree", a, b],
                                capture_output=True, check=False).returncode == 1
                 for a, b in everyone)
    lib.value_of("pairs that conflict: git, divisi", f"{theirs}, {said[2]}", "the same")


def looks(build, scratch, repo, files):
    """Looks at TREES live trees; the first, and then each after one of them was edited."""
    trees = [os.path.join(scratch, f"tree{i}") for i in range(TREES)]
    rng = random.Random(7)
    ask = {"home": os.path.join(scratch, "home"), "top": repo, "n_sessions": TREES, "n_plans": 0}
    for i, tree in enumerate(trees):
        git(repo, "worktree", "add", "-q", "--detach", tree)
        change(tree, files, rng, 30)
        ask.update({f"s{i}.session": f"p1.1.1{chr(65 + i)}", f"s{i}.path": tree,
                    f"s{i}.phase": f"1{chr(65 + i)}", f"s{i}.plan": -1,
                    f"s{i}.target": git(repo, "rev-parse", "HEAD")})
    order = os.path.join(scratch, "order")
    with open(order, "w", encoding="utf-8") as out:
        json.dump(ask, out)
    status = os.path.join(scratch, "status.sh")
    with open(status, "w", encoding="utf-8") as out:
        out.writelines(f"git -C '{tree}' --no-optional-locks status --porcelain\n"
                       for tree in trees)

    def look():
        return lib.run([f"{build}/src/cli/divisi", "job", "radar"], stdin=order)

    def edited():
        change(trees[0], files, rng, 1)
        return look()

    lib.value_of(f"first look at {TREES} trees, wall", lib.seconds(look().wall))
    name = f"a look at {TREES} trees of {len(files):,} files"
    lib.versus(name, "git status", lambda: lib.run(["sh", status]), look, "", rounds=3)
    sample = edited()
    lib.value_of("a look after one edit, wall", lib.seconds(sample.wall))
    lib.value_of("so the radar looks every", lib.seconds(max(2, sample.cpu * 100)),
                 "≤ 1 % of a core")
    for tree in trees:
        git(repo, "worktree", "remove", "--force", tree)


def measure(build, scratch):
    repo = os.path.join(scratch, "repo")
    if REPO:
        git(scratch, "clone", "-q", REPO, repo)
    else:
        make_repo(repo)
    files = git(repo, "ls-files").split("\n")
    lib.head()
    base, commits = make_branches(repo, files, scratch)
    trials(build, scratch, repo, base, commits)
    looks(build, scratch, repo, files)


REPO = None
if __name__ == "__main__":
    if "--repo" in sys.argv:
        at = sys.argv.index("--repo")
        REPO = os.path.abspath(sys.argv[at + 1])
        del sys.argv[at:at + 2]
    lib.main(measure)
