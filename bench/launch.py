#!/usr/bin/env python3
"""Starting runs: a run directory, a holder and an end record each, beside launchers that
write nothing down."""
import os
import shutil
import time

import lib

N, AT_ONCE = 300, 4
PROGRAM = "/bin/true"


def fsync_seconds(scratch, n=50):
    """One small file made durable here, on average: what a promise costs on this disk."""
    before = time.monotonic()
    for i in range(n):
        fd = os.open(os.path.join(scratch, f"sync{i}"), os.O_WRONLY | os.O_CREAT)
        os.write(fd, b"x" * 300)
        os.fdatasync(fd)
        os.close(fd)
    return (time.monotonic() - before) / n


def measure(build, scratch):
    driver, holder = f"{build}/bench/launch_runs", f"{build}/src/hold/divisi-hold"
    numbers = os.path.join(scratch, "numbers")
    with open(numbers, "w", encoding="ascii") as out:
        out.writelines(f"{i}\n" for i in range(N))

    def ours(home=scratch):
        here = os.path.join(home, "ours")
        shutil.rmtree(here, ignore_errors=True)
        os.makedirs(here)
        return lib.run([driver, "hold", N, AT_ONCE, PROGRAM, here, holder])

    def synced():
        here = os.path.join(scratch, "synced")
        shutil.rmtree(here, ignore_errors=True)
        os.makedirs(here)
        return lib.run([driver, "synced", N, AT_ONCE, PROGRAM, here])

    def xargs():
        return lib.run(["xargs", "-n1", f"-P{AT_ONCE}", PROGRAM], stdin=numbers)

    def parallel():
        return lib.run(["parallel", f"-j{AT_ONCE}", PROGRAM], stdin=numbers,
                       env=dict(os.environ, HOME=scratch, PARALLEL_HOME=scratch))

    def spawn():
        return lib.run([driver, "spawn", N, AT_ONCE, PROGRAM])

    lib.head()
    lib.value_of("one small file made durable", lib.seconds(fsync_seconds(scratch)))
    name = f"{N} runs, {AT_ONCE} at a time"
    if not lib.missing(name, "parallel"):
        lib.versus(name, "GNU parallel", parallel, ours, "1", by="wall", rounds=3)
        lib.versus(name, "GNU parallel", parallel, ours, "1", rounds=3)
    lib.versus(name, "xargs -P", xargs, ours, "3", by="wall", rounds=3)
    lib.versus(name, "xargs -P", xargs, ours, "3", rounds=3)
    lib.versus(name, "posix_spawn", spawn, ours, "", by="wall", rounds=3)
    lib.versus(name, "spawn + fdatasync", synced, ours, "2", by="wall", rounds=3)
    if os.path.isdir("/dev/shm") and os.access("/dev/shm", os.W_OK):
        memory = os.path.join("/dev/shm", os.path.basename(scratch))
        try:
            lib.versus(f"{name}, in memory", "xargs -P", xargs, lambda: ours(memory),
                       "3", by="wall", rounds=3)
        finally:
            shutil.rmtree(memory, ignore_errors=True)
    out = os.path.join(scratch, "idle")
    lib.run([driver, "idle", scratch, holder], stdout=out)
    with open(out, encoding="ascii") as text:
        lib.value_of("private memory of a holder", text.read().split()[1] + " kB",
                     "≤ 300 kB")


if __name__ == "__main__":
    lib.main(measure)
