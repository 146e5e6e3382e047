"""Recorded changes, as bench/conflicts reads them.  The format is in bench/README.md."""
import bisect
import collections
import csv
import gzip
import os
import sys

NEVER = 2 ** 63 - 1
UNJUDGED = ""


def rows(folder, name):
    """The rows of NAME.tsv or NAME.tsv.gz as dicts; none when there is no such file."""
    for path, opener in ((f"{name}.tsv", open), (f"{name}.tsv.gz", gzip.open)):
        path = os.path.join(folder, path)
        if os.path.exists(path):
            csv.field_size_limit(1 << 30)
            with opener(path, "rt", encoding="utf-8", errors="surrogateescape",
                        newline="\n") as lines:
                yield from csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
            return


def names(text):
    return [name for name in text.split(";") if name]


class Landing:
    """One landed change: its files with their status, and where in the history it was."""

    def __init__(self, row):
        self.base, self.index = int(row["base_idx"]), int(row["land_idx"])
        self.files = {}
        for item in names(row["files"]):
            path, _, status = item.rpartition(":")
            if path:
                self.files[path] = status

    def n_new(self):
        return sum(status == "A" for status in self.files.values())


class Data:
    """Everything in a folder, with what a plan would have known at the time."""

    def __init__(self, folder):
        self.folder = folder
        self.landing, self.short = {}, {}
        order = collections.defaultdict(list)
        for row in rows(folder, "landings"):
            landing = Landing(row)
            self.landing[row["repo"], row["land"]] = landing
            self.short[row["repo"], row["land"][:12]] = landing
            order[row["repo"]].append(landing)
        if not self.landing:
            sys.exit(f"bench: no landings.tsv or landings.tsv.gz in {folder}")
        self.order, self.touched = {}, {}
        for repo, landings in order.items():
            landings.sort(key=lambda landing: landing.index)
            self.order[repo] = [landing.index for landing in landings]
            touched = collections.defaultdict(list)
            for at, landing in enumerate(landings):
                for path in landing.files:
                    touched[path].append(at)
            self.touched[repo] = touched
        self.landings = order
        self._read_pairs()

    def _read_pairs(self):
        self.files, self.sizes = collections.defaultdict(list), {}
        sizes = collections.defaultdict(list)
        for row in rows(self.folder, "pairfiles"):
            key = row["repo"], row["sample"], row["landA"], row["landB"]
            self.files[key].append(row)
            if row["bytes"]:
                sizes[row["repo"], row["file"]].append(int(row["bytes"]))
        for key, known in sizes.items():
            self.sizes[key] = sorted(known)[len(known) // 2]
        self.pairs = [row for row in rows(self.folder, "pairs")
                      if row["conflict"] != UNJUDGED]
        self.pairs.sort(key=lambda row: row["repo"])

    def repos(self):
        return sorted({row["repo"] for row in self.pairs})

    def hot(self, repo, path, index):
        """How many of the last 200 landings before INDEX touched PATH."""
        now = bisect.bisect_right(self.order[repo], index)
        at = self.touched[repo].get(path, ())
        return bisect.bisect_left(at, now) - bisect.bisect_left(at, now - 200)

    def pair_rows(self, repo, sample, land_a, land_b, conflict, shared=None):
        """The lines that conflict_rows wants of one pair, with its common files."""
        a, b = self.landing[repo, land_a], self.landing[repo, land_b]
        asked, known = min(a.base, b.base), max(a.index, b.index)
        out = ["P %s %s %d %d %d %d %d %d" % (
            repo, conflict, len(a.files), len(b.files), a.n_new(), b.n_new(), asked,
            known if shared is None else NEVER)]
        if shared is None:
            found = [(row["file"], row["conflicted"] or "0", row["bytes"] or "-1",
                      row["status"] != "MM")
                     for row in self.files[repo, sample, land_a, land_b]]
        else:
            found = [(path, "0", self.sizes.get((repo, path), -1),
                      a.files.get(path, "M") != "M" or b.files.get(path, "M") != "M")
                     for path in shared]
        for path, hit, size, is_odd in found:
            out.append("F %s %s %d %d %s" % (hit, size, self.hot(repo, path, asked),
                                             is_odd, path))
        return out
