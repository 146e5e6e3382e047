#!/usr/bin/env python3
"""How long random plans take, by how they are scheduled, as a ratio to the lower bound.

Heavy-tailed durations, dependencies, pairs that exclude each other.  Each row is the mean
over plans that are the same on every machine; the best known is our own search with forty
times the patience.
"""
import os

import lib

SIZES = ((20, 3, 40), (50, 3, 20), (50, 5, 20), (50, 8, 20), (100, 3, 12), (100, 8, 12),
         (200, 5, 6), (200, 8, 6))
NAMES = ("levels", "batches", "FIFO", "critical", "divisi", "best", "ours/best", "ms")


def measure(build, scratch):
    print(f"{'plans':<18}" + "".join(f"{name:>10}" for name in NAMES))
    for jobs, cap, plans in SIZES:
        out = os.path.join(scratch, f"{jobs}-{cap}")
        lib.run([f"{build}/bench/schedule_plans", jobs, cap, plans], stdout=out)
        with open(out, encoding="utf-8") as text:
            rows = [[float(word) for word in line.split()] for line in text]
        mean = [sum(column) / len(rows) for column in zip(*rows)]
        worst = max(row[4] / row[5] for row in rows)
        print(f"n={jobs:<4} cap {cap:<8}" + "".join(f"{value:>10.2f}" for value in mean[:6])
              + f"{mean[4] / mean[5]:>10.3f}{mean[6]:>10.2f}   worst {worst:.3f}, goal "
              + ("1.05" if jobs <= 50 else "1.10") + " in 10 ms", flush=True)


if __name__ == "__main__":
    lib.main(measure)
