"""Recorded changes, as bench/conflicts reads them.  The format is in bench/README.md."""
import bisect
import collections
import csv
import gzip
import os
import sys
import urllib.parse
import zlib

NEVER = 2 ** 63 - 1
UNJUDGED = ""


# What of each table is read; a table without one of these is no such table.
COLUMNS = {
    "landings": "repo land base_idx land_idx files",
    "pairs": "repo sample landA landB nshared conflict",
    "pairfiles": "repo sample landA landB file status bytes conflicted",
    "plans": "repo lb lands r0 c0 rF cF rD cD",
    "plans_focus": "repo lb lands r0 c0 rF cF rD cD",
    "plans_pairs": "repo landA landB conflict shared",
    "plans_focus_pairs": "repo landA landB conflict shared",
    "merges": "repo status nshared conflict min_gap nstruct merge_tree_ms",
    "semantic": "repo amended S1_gone_but_used S2_signature S2m_signature_multiline"
                " S3_both_define S5_include_dropped",
}

# Where the shipped weights come from: judged by them, these rows would judge themselves.
FITTED_TO = frozenset((
    "BloopAI/vibe-kanban", "Homebrew/brew", "chernistry/bernstein", "coder/mux",
    "etcd-io/etcd", "generalaction/emdash", "git/git", "google-gemini/gemini-cli",
    "rails/rails", "stablyai/orca", "steveyegge/gastown", "symfony/symfony"))


def stop(text):
    sys.exit(f"bench: {text}")


def opened(path):
    """The text of PATH, which may be compressed whatever it is called."""
    with open(path, "rb") as start:
        opener = gzip.open if start.read(2) == b"\x1f\x8b" else open
    return opener(path, "rt", encoding="utf-8", errors="surrogateescape", newline="\n")


def rows(folder, name):
    """The rows of NAME.tsv or NAME.tsv.gz as dicts; none when there is no such file."""
    csv.field_size_limit(1 << 30)
    found = (os.path.join(folder, name + end) for end in (".tsv", ".tsv.gz"))
    path = next(filter(os.path.exists, found), None)
    if not path:
        return
    number = 1
    try:
        with opened(path) as lines:
            # A row is a line: what ends in \r\n was saved by another program.
            table = csv.DictReader((line.rstrip("\r\n") for line in lines), delimiter="\t",
                                   quoting=csv.QUOTE_NONE)
            lacking = [column for column in COLUMNS[name].split()
                       if column not in (table.fieldnames or ())]
            if lacking:
                stop(f"{path}: no column {', '.join(lacking)} in its first line; "
                     "bench/README.md has the format")
            for number, row in enumerate(table, 2):
                if None in row.values() or None in row:
                    stop(f"{path}:{number}: not as many fields as the first line has")
                yield row
    except (OSError, EOFError, zlib.error) as error:
        stop(f"{path}: {error}")


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
        if not os.path.isdir(folder):
            stop(f"{folder}: no such folder")
        if not any(os.path.exists(os.path.join(folder, name + end))
                   for name in COLUMNS for end in (".tsv", ".tsv.gz")):
            stop(f"{folder} holds none of {', '.join(COLUMNS)} (.tsv or .tsv.gz); "
                 "bench/README.md has the format")
        self.landing, self.short = {}, {}
        order = collections.defaultdict(list)
        for row in rows(folder, "landings"):
            landing = Landing(row)
            self.landing[row["repo"], row["land"]] = landing
            self.short[row["repo"], row["land"][:12]] = landing
            order[row["repo"]].append(landing)
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
        judged = [row for row in rows(self.folder, "pairs") if row["conflict"] != UNJUDGED]
        self.pairs = [row for row in judged if self.has_both(row)]
        self.n_unknown = len(judged) - len(self.pairs)
        self.pairs.sort(key=lambda row: row["repo"])

    def has_both(self, row):
        """Do landings tell which files the two of ROW touch?"""
        return all((row["repo"], row[land]) in self.landing for land in ("landA", "landB"))

    def is_fitted_to(self):
        """Were the shipped weights fitted to one of these repositories?"""
        return any(row["repo"] in FITTED_TO for row in self.pairs)

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
        mine = self.files.get((repo, sample, land_a, land_b))
        never = shared is not None
        if not never and not mine:
            shared = sorted(a.files.keys() & b.files.keys())
        out = ["P %s %s %d %d %d %d %d %d" % (
            urllib.parse.quote(repo), conflict, len(a.files), len(b.files), a.n_new(), b.n_new(), asked,
            NEVER if never else known)]
        if shared is None:
            found = [(row["file"], row["conflicted"] or "0", row["bytes"] or "-1",
                      row["status"] != "MM")
                     for row in mine]
        else:
            found = [(path, "0", self.sizes.get((repo, path), -1),
                      a.files.get(path, "M") != "M" or b.files.get(path, "M") != "M")
                     for path in shared]
        for path, hit, size, is_odd in found:
            out.append("F %s %s %d %d %s" % (hit, size, self.hot(repo, path, asked),
                                             is_odd, path))
        return out
