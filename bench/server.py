#!/usr/bin/env python3
"""The server with 1 to 1,000 living sessions, silent ones and such that say a line each
second, beside `tail -f` of the same files, which understands and keeps nothing; and how
soon a server that starts has adopted them."""
import os
import shutil
import subprocess

import lib

SECONDS = 10


def seen(build, scratch, n, period):
    """What bench/server_runs.c prints, as numbers."""
    here = os.path.join(scratch, f"runs{n}.{period}")
    os.makedirs(here)
    try:
        text = subprocess.run(
            [f"{build}/bench/server_runs", here, f"{build}/src/hold/divisi-hold",
             f"{build}/bench/chatter", str(n), str(period), str(SECONDS)],
            check=True, stdout=subprocess.PIPE, timeout=600).stdout
        return [float(word) for word in text.split()]
    finally:
        shutil.rmtree(here, ignore_errors=True)


def measure(build, scratch):
    lib.head()
    for period, kind in ((0, "silent"), (1000, "chatty")):
        for n in (1, 10, 100, 1000):
            name = f"{n} {kind} session{'s' if n > 1 else ''}"
            adopted, own, cpu, woken, rows, tail_own, tail_cpu = seen(
                build, scratch, n, period)
            lib.line(f"{name}: memory of its own", "tail -f", lib.size(tail_own * 1024),
                     lib.size(own * 1024), f"{own / max(tail_own, 1):.2f}",
                     {100: "≤ 8 MB", 1000: "≤ 30 MB"}.get(n, ""))
            lib.line(f"{name}: processor time in {SECONDS} s", "tail -f",
                     lib.seconds(tail_cpu / 1e3), lib.seconds(cpu / 1e3),
                     f"{cpu / max(tail_cpu, 0.1):.2f}", "0" if period == 0 else "")
            lib.value_of(f"{name}: wake-ups, rows in {SECONDS} s",
                         f"{woken:.0f}, {rows:.0f}", "0" if period == 0 else "")
            lib.value_of(f"{name}: start to adopted", lib.seconds(adopted / 1e3))


if __name__ == "__main__":
    lib.main(measure)
