#!/usr/bin/env python3
"""The journal beside plain SQLite that promises the same, and beside an append-only file."""
import os
import shutil

import lib

# Events, and events in one transaction.
SIZES = ((400, 1), (6400, 16), (25600, 64))


def measure(build, scratch):
    driver = f"{build}/bench/journal_rows"

    def speed(kind, n, group):
        here, out = os.path.join(scratch, "journal"), os.path.join(scratch, "speed")
        shutil.rmtree(here, ignore_errors=True)
        os.makedirs(here)
        lib.run([driver, kind, n, group, here], stdout=out)
        with open(out, encoding="ascii") as text:
            return float(text.read())

    lib.head()
    for n, group in SIZES:
        for kind, peer, goal in (("plain", "SQLite WAL FULL", "0.8"),
                                 ("file", "append, fdatasync", "")):
            lib.versus(f"events, {group} in a transaction", peer,
                       lambda kind=kind, n=n, group=group: speed(kind, n, group),
                       lambda n=n, group=group: speed("ours", n, group), goal, by=None,
                       rounds=5, show=lib.rate("event"), invert=True)


if __name__ == "__main__":
    lib.main(measure)
