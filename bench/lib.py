"""What every measurement shares: runs a peer and us turn by turn and prints the ratio.

Both sides of a line are measured in the same minute on the same machine, alternating, so
that a busy machine slows both.  A ratio is the median over the rounds of ours / peer; it is
of processor time where the work is thinking, of wall time where it is waiting for a disk
or for other processes ("wall" in the line).
"""
import os
import shutil
import statistics
import sys
import tempfile
import time

NULL = os.open(os.devnull, os.O_RDWR)


class Sample:
    """One run: seconds of wall and processor time, peak resident bytes, exit status."""

    def __init__(self, wall, cpu, rss, status):
        self.wall, self.cpu, self.rss, self.status = wall, cpu, rss, status


def run(argv, cwd=None, stdin=None, stdout=None, env=None, may_fail=False):
    """Runs ARGV to its end.  STDIN and STDOUT are paths."""
    opened = []
    actions = [(os.POSIX_SPAWN_DUP2, NULL, 2)]
    for fd, path, flags in ((0, stdin, os.O_RDONLY),
                            (1, stdout, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)):
        source = NULL
        if path:
            source = os.open(path, flags, 0o600)
            opened.append(source)
        actions.append((os.POSIX_SPAWN_DUP2, source, fd))
    program = shutil.which(argv[0]) or argv[0]
    here = os.getcwd()
    if cwd:
        os.chdir(cwd)
    before = time.monotonic()
    try:
        pid = os.posix_spawn(program, [str(a) for a in argv], env or os.environ,
                             file_actions=actions)
    finally:
        os.chdir(here)
        for fd in opened:
            os.close(fd)
    _, status, usage = os.wait4(pid, 0)
    wall = time.monotonic() - before
    code = os.waitstatus_to_exitcode(status)
    if code != 0 and not may_fail:
        sys.exit(f"bench: {' '.join(map(str, argv))} ended with {code}")
    return Sample(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024, code)


def seconds(value):
    for limit, scale, unit in ((1e-4, 1e6, "us"), (1e-1, 1e3, "ms")):
        if value < limit:
            return f"{value * scale:.3g} {unit}"
    return f"{value:.3g} s"


def size(value):
    return f"{value / 1e6:.3g} MB" if value >= 1e5 else f"{value / 1e3:.3g} kB"


def rate(unit):
    return lambda value: f"{value:,.0f} {unit}/s" if value >= 10 else f"{value:.2f} {unit}/s"


def line(name, peer, peer_value, our_value, ratio, goal):
    """One row of the report; also what bench/README.md shows."""
    print(f"{name:<46} {peer:<17} {peer_value:>14} {our_value:>14} {ratio:>6}  {goal}".rstrip(),
          flush=True)


def head():
    line("what", "peer", "peer", "divisi", "ratio", "goal")


def value_of(name, value, goal=""):
    """A row without a peer."""
    line(name, "-", "-", value, "-", goal)


def versus(name, peer, peer_run, our_run, goal, by="cpu", rounds=5, show=seconds,
           invert=False):
    """Runs both ROUNDS times in turn and prints the row.

    PEER_RUN and OUR_RUN return a Sample, or a number when BY is None.  INVERT: the numbers
    are rates, and more is better, but the ratio is still ours / peer.
    Returns the median ratio.
    """
    theirs, ours = [], []
    for i in range(rounds):
        for runner, into in ((peer_run, theirs), (our_run, ours))[::1 if i % 2 else -1]:
            got = runner()
            into.append(got if by is None else getattr(got, by))
    ratio = statistics.median(o / max(t, 1e-9) for o, t in zip(ours, theirs))
    line(name + (", wall" if by == "wall" else ""), peer,
         show(statistics.median(theirs)), show(statistics.median(ours)),
         f"{ratio:.2f}", ("≥ " if invert else "≤ ") + goal if goal else "")
    return ratio


def missing(name, program):
    """True, with a row that says so, when PROGRAM is not installed."""
    if shutil.which(program):
        return False
    line(name, program, "not there", "-", "-", "")
    return True


def main(function):
    """usage: bench/NAME BUILD_DIR [SCRATCH_DIR]"""
    if len(sys.argv) not in (2, 3):
        sys.exit(f"usage: {sys.argv[0]} BUILD_DIR [SCRATCH_DIR]")
    build = os.path.abspath(sys.argv[1])
    os.environ["LC_ALL"] = "C.UTF-8"
    scratch = tempfile.mkdtemp(prefix="divisi-bench.",
                               dir=sys.argv[2] if len(sys.argv) == 3 else None)
    try:
        function(build, scratch)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
