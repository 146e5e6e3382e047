#!/usr/bin/env python3
"""From an agent's line to where a person sees it: in the journal as it is followed, on the
screen of `divisi watch`, and beside these to `tail -f` of the same file, which understands,
keeps and decides nothing.  A ticket with the time is in each line, and all of them read the
same lines in the same run."""
import os
import pty
import re
import statistics
import subprocess
import threading
import time

import lib
import whole

TICKS = 100
AGENT = r"""#!/usr/bin/env python3
import json, os, sys, time
def tell(**fields):
    print(json.dumps(fields), flush=True)
tell(type="started")
while not os.path.exists(%r):
    time.sleep(0.02)
for i in range(1, %d + 1):
    tell(type="progress", done=i, total=1000, text="ticket %%d" %% time.monotonic_ns())
    time.sleep(0.1)
time.sleep(600)
"""
TICKET = re.compile(rb"ticket (\d{6,})")


class Reader(threading.Thread):
    """Reads what ARGV prints, on a terminal where it wants one, and when each ticket came."""

    def __init__(self, argv, on_terminal=False, **how):
        super().__init__(daemon=True)
        self.took = {}
        if on_terminal:
            self.fd, other = pty.openpty()
        else:
            self.fd, other = os.pipe()
        self.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=other,
                                        stderr=subprocess.DEVNULL, **how)
        os.close(other)
        self.start()

    def run(self):
        kept = b""
        while True:
            try:
                part = os.read(self.fd, 65536)
            except OSError:
                return
            now = time.monotonic_ns()
            if not part:
                return
            kept = kept[-4096:] + part
            for ticket in TICKET.findall(kept[:kept.rfind(b"\n") + 1]):
                self.took.setdefault(ticket, (now - int(ticket)) / 1e9)

    def end(self):
        self.process.kill()
        self.process.wait()
        return list(self.took.values())


def measure(build, scratch):
    home = whole.Home(build, scratch, "latency")
    go = os.path.join(scratch, "go")
    home.agent(AGENT % (go, TICKS))
    home.start()
    readers = []
    try:
        home.call("approve", "--hash", home.table(home.plan("latency", 1)))
        runs = home.top + "/.git/divisi/runs"
        out = [None]

        def is_told():
            for run in os.listdir(runs) if os.path.isdir(runs) else ():
                out[0] = f"{runs}/{run}/out.ndjson"
            return bool(out[0]) and os.path.exists(out[0]) and os.path.getsize(out[0]) > 0

        whole.wait_for(is_told)
        how = {"cwd": home.top, "env": dict(home.env, TERM="xterm", COLUMNS="200")}
        readers = [Reader(["tail", "-n", "+1", "-f", out[0]]),
                   Reader([home.divisi, "events", "--follow", "--json"], **how),
                   Reader([home.divisi, "watch"], on_terminal=True, **how)]
        time.sleep(1)
        with open(go, "w", encoding="ascii"):
            pass
        whole.wait_for(lambda: len(readers[0].took) >= TICKS, limit=120)
        time.sleep(1)
        home.call("abandon", "1A", "--yes")
    finally:
        took = [reader.end() for reader in readers]
        home.stop()
    tell(took)


def tell(took):
    def at(values, share):
        return sorted(values)[min(len(values) - 1, int(len(values) * share))] if values else 0

    lib.head()
    for name, values in zip(("followed in the journal", "on the screen of watch"), took[1:]):
        for part, share in (("median", 0.5), ("of 20 the slowest", 0.95)):
            theirs, ours = at(took[0], share), at(values, share)
            lib.line(f"an agent's line, {name}, {part}", "tail -f", lib.seconds(theirs),
                     lib.seconds(ours), f"{ours / max(theirs, 1e-9):.1f}",
                     "≤ 50 ms" if share == 0.5 else "")
    lib.value_of("lines of 100 seen: tail, journal, watch",
                 " ".join(str(len(values)) for values in took))
    if took[0]:
        lib.value_of("tail -f, mean", lib.seconds(statistics.mean(took[0])))


if __name__ == "__main__":
    lib.main(measure)
