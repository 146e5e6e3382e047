#!/usr/bin/env python3
"""What a holder costs each session: at rest, and while its agent writes."""
import os
import shutil
import signal
import subprocess
import time

import lib

MB = 64
LINE = '{"type":"say","text":"%s"}' % ("x" * 120)
REST_S = 3


def write_spec(run, inside, script):
    os.makedirs(run)
    spec = ["version=1", "run=bench", f"cwd={inside}", "watch_only=1", "arg=/bin/sh", "arg=-c",
            f"arg={script}", "env=PATH=/usr/bin:/bin", "end="]
    with open(os.path.join(run, "spec"), "w", encoding="utf-8") as out:
        out.write("".join(line + "\0" for line in spec))


def pss(pid):
    """Bytes of the process that it has to answer for alone, shared ones by their part."""
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as text:
        return next(int(line.split()[1]) for line in text if line.startswith("Pss:")) * 1024


def ticks(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as text:
        return sum(int(field) for field in text.read().rpartition(")")[2].split()[11:13])


def wake_ups(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as text:
        return sum(int(line.split()[1]) for line in text if "ctxt_switches" in line)


def holder_of(run):
    """Its pid, from "holder=PID:START:BOOT" in what it wrote before the agent was started."""
    with open(os.path.join(run, "begun"), encoding="utf-8") as text:
        records = text.read().split("\0")
    return next(int(r[len("holder="):].split(":")[0]) for r in records
                if r.startswith("holder="))


def is_agent_up(run):
    return os.path.exists(os.path.join(run, "agent"))


def at_rest(holder, scratch, inside):
    """Memory, processor time and wake-ups of a holder whose agent is silent, and of tail -f."""
    run = os.path.join(scratch, "rest")
    write_spec(run, inside, "exec tail -f /dev/null")
    ours = subprocess.Popen([holder, run], stdout=subprocess.DEVNULL)
    peer = subprocess.Popen(["tail", "-f", "/dev/null"])
    try:
        while not is_agent_up(run) and ours.poll() is None:
            time.sleep(0.01)
        pid = holder_of(run)
        before = {p: (ticks(p), wake_ups(p)) for p in (pid, peer.pid)}
        time.sleep(REST_S)
        lib.line("memory at rest", "tail -f", lib.size(pss(peer.pid)), lib.size(pss(pid)),
                 "%.2f" % (pss(pid) / pss(peer.pid)), "")
        for i, what in enumerate((f"clock ticks in {REST_S} s at rest",
                                  f"wake-ups in {REST_S} s at rest")):
            used = [(ticks(p), wake_ups(p))[i] - before[p][i] for p in (peer.pid, pid)]
            lib.line(what, "tail -f", str(used[0]), str(used[1]), "-", "")
        os.kill(pid, signal.SIGTERM)
        ours.wait(30)
    finally:
        peer.kill()
        peer.wait()
        if ours.poll() is None:
            ours.kill()


def measure(build, scratch):
    holder = f"{build}/src/hold/divisi-hold"
    inside = os.path.join(scratch, "inside")
    os.makedirs(inside, exist_ok=True)
    script = f"yes '{LINE}' | head -c {MB}M"

    def ours():
        run = os.path.join(scratch, "written")
        shutil.rmtree(run, ignore_errors=True)
        write_spec(run, inside, script)
        return lib.run([holder, run])

    def tee():
        return lib.run(["sh", "-c", f"{script} | tee '{scratch}/teed' >/dev/null"])

    lib.head()
    at_rest(holder, scratch, inside)
    for by in ("wall", "cpu"):
        lib.versus(f"{MB} MB written by its agent", "tee", tee, ours, "", by=by, rounds=3)


if __name__ == "__main__":
    lib.main(measure)
