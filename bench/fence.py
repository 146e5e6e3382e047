#!/usr/bin/env python3
"""The fence: the same work behind it and without it."""
import os
import shutil

import lib

WORK = [
    ("launch of /bin/true", 30, "true"),
    ("20,000 files made and removed", 1,
     "python3 -c \"import os\nfor i in range(20000): open('f', 'w').close(); os.unlink('f')\""),
    ("git add and commit of 300 files", 1,
     "rm -rf r; git init -q r; cd r; for i in $(seq 300); do echo $i >f$i; done; git add .; "
     "git -c user.name=a -c user.email=b commit -qm x"),
    ("a compiler, 20 times", 1,
     "echo 'int f(void) { return 1; }' >a.c; for i in $(seq 20); do cc -O2 -c a.c; done"),
]


def measure(build, scratch):
    holder = f"{build}/src/hold/divisi-hold"
    inside = os.path.join(scratch, "inside")
    os.makedirs(inside, exist_ok=True)
    count = 0

    def runs(n, script, fence):
        nonlocal count
        for _ in range(n):
            count += 1
            run = os.path.join(scratch, "runs", str(count))
            os.makedirs(run)
            spec = ["version=1", "run=bench", f"cwd={inside}", "watch_only=1", *fence,
                    "arg=/bin/sh", "arg=-c", f"arg={script}", "env=PATH=/usr/bin:/bin",
                    f"env=TMPDIR={inside}", "end="]
            with open(os.path.join(run, "spec"), "w", encoding="utf-8") as out:
                out.write("".join(line + "\0" for line in spec))
            used = lib.run([holder, run])
            shutil.rmtree(run)
        return used

    lib.head()
    for name, n, script in WORK:
        lib.versus(name, "no fence", lambda n=n, s=script: runs(n, s, []),
                   lambda n=n, s=script: runs(
                       n, s, ["fence=worktree", f"grant=write {inside}"]), "", rounds=3)


if __name__ == "__main__":
    lib.main(measure)
