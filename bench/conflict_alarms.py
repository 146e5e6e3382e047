#!/usr/bin/env python3
"""What the program's own semantic rules say of merges that really happened (G12).

usage: bench/conflict_alarms.py BUILD_DIR --data DIR NAME=REPO

The merges are those of repository NAME in DIR/semantic.tsv; REPO is a clone that has them."""
import os
import subprocess
import sys
import tempfile

import conflict_data as data_of


def git(repo, *words):
    return subprocess.run(["git", "-C", repo, *words], check=False, text=True,
                          capture_output=True).stdout.split()


def alarms(build, repo, merges):
    """Of each merge the lines that the rules say."""
    with tempfile.TemporaryDirectory() as scratch:
        said = subprocess.run([f"{build}/bench/radar_alarms", repo, f"{scratch}/radar"],
                              input="".join(f"{' '.join(merge)}\n" for merge in merges),
                              check=True, text=True, stdout=subprocess.PIPE).stdout
    found = [[]]
    for line in said.splitlines():
        if line == ".":
            found.append([])
        else:
            found[-1].append(line)
    return found[:-1]


def main():
    if len(sys.argv) != 5 or sys.argv[2] != "--data" or "=" not in sys.argv[4]:
        sys.exit(__doc__)
    build = os.path.abspath(sys.argv[1])
    name, _, repo = sys.argv[4].partition("=")
    if not os.access(f"{build}/bench/radar_alarms", os.X_OK):
        data_of.stop(f"not built: ninja -C {sys.argv[1]} bench/radar_alarms")
    merges, amended = [], []
    for row in data_of.rows(sys.argv[3], "semantic"):
        if row["repo"] != name:
            continue
        parents = git(repo, "rev-list", "--parents", "-n1", row["merge"])[1:]
        base = git(repo, "merge-base", *parents) if len(parents) == 2 else []
        if base:
            merges.append((base[0], *parents))
            amended.append(row["amended"] == "1")
    if not merges:
        data_of.stop(f"{repo} has no merge of {name} in {sys.argv[3]}")
    said = alarms(build, repo, merges)
    if len(said) != len(merges):
        data_of.stop(f"asked of {len(merges)} merges, told of {len(said)}")
    for rule in ("S1", "S2", "S5", ""):
        raised = [any(f"[{rule}" in line for line in lines) for lines in said]
        hits = sum(is_raised and bad for is_raised, bad in zip(raised, amended))
        false = sum(raised) - hits
        print(f"{rule or 'any':<4} recall {hits} of {sum(amended)} = "
              f"{hits / max(1, sum(amended)):.2f}   alarms {false} of "
              f"{len(amended) - sum(amended)} = "
              f"{false / max(1, len(amended) - sum(amended)):.1%}")


if __name__ == "__main__":
    main()
