#!/usr/bin/env python3
"""divisi-verify accepts what divisi certifies and refuses every way of changing it.

usage: tampering.py DIVISI VERIFY PLANS EXAMPLES

Each tampering below changes an honest certificate and seals it again, so that what is
refused is the lie and not the broken seal.  Then every line of it is dropped, doubled and
moved, and bytes are changed under the old seal.
"""

import glob
import hashlib
import os
import re
import subprocess
import sys
import tempfile

TRACKED = ["Cargo.lock", "README.md", "docs/a.md", "docs/logo.png", "old/a.c", "old/b.c",
           "src/net/tcp.c", "src/net/udp.c", "src/x.c"]

PHASES = {
    "1A": ["Writes: `src/net/**`"],
    "1B": ["Writes: `src/net/tcp.c`"],
    "1C": ["Reads: `src/net/tcp.c`", "Writes: `out/c/report`"],
    "1D": ["Deletes: `old/**`"],
    "1E": ["Writes: `old/a.c`"],
    "1F": ["Renames: `mv/a.c` -> `mv/b.c`"],
    "1G": ["Writes: `mv/b.c`"],
    "1H": ["Infra: ci"],
    "1I": ["Writes: `.github/workflows/b.yml`"],
    "1J": [],
    "1K": ["Writes: `docs/logo.png`"],
    "1L": ["Writes: `docs/*.png`"],
    "1M": ["Appends: `LOG.md`"],
    "1N": ["Appends: `*.md`"],
    "2A": ["Produces: api:p"],
    "2B": ["Consumes: api:p"],
    "2C": ["Extends: api:q"],
    "2D": ["Changes: api:q"],
    "2E": ["Writes: `far/e/**`", "Depends on: 2F"],
    "2F": ["Writes: `far/f/**`"],
    "2G": ["Reads: `ring/b`", "Writes: `ring/a`"],
    "2H": ["Reads: `ring/a`", "Writes: `ring/b`"],
    "2I": ["Writes: `src/*.c`, !`src/x.c`"],
    "2J": ["Writes: `src/x.c`"],
    "2K": ["Writes: `n/one.txt`"],
    "2L": ["Writes: `n/two.txt`", "Depends on: 2E"],
    "2M": ["Infra: port:5432"],
    "2N": ["Infra: port:5432"],
    "3A": ["Renumbers: migrations", "Writes: `db/migrations/1.sql`"],
    "3B": ["Renumbers: migrations", "Writes: `db/migrations/2.sql`"],
    "3C": ["Writes: `big/**`"],
    "3D": ["Renumbers: `db/**/*.sql`", "Writes: `db/migrations/3.sql`"],
    "3E": ["Renumbers: `db/**/*.sql`", "Writes: `db/migrations/4.sql`"],
    "3F": ["Renumbers: `db/**/*.sql`", "Writes: `db/migrations/5.py`"],
}
NUMBER = {name: str(i + 1) for i, name in enumerate(PHASES)}


def plan_text():
    """A plan in which everything happens that a certificate can say."""
    text = ("# Master Plan: All sorts\n\n**Parent issue:** [T-1: All](local:T-1)\n"
            "**Date:** 2026-11-22\n\n## Phase Map\n\n"
            "| Phase | Issues | Focus | Batch | Dependencies |\n|-|-|-|-|-|\n")
    text += "".join("| %s | [T-%s0](local:T-%s0) | Work %s | 1 | None |\n"
                    % (name, name, name, name) for name in PHASES)
    for name, bullets in PHASES.items():
        text += "\n### %s: Work %s\n\n- Mode: quick\n" % (name, name)
        text += "".join("- %s\n" % bullet for bullet in bullets)
    return text


def sealed(lines):
    body = "".join(line + "\n" for line in lines).encode("utf-8", "surrogateescape")
    return body + b"end\t" + hashlib.sha256(body).hexdigest().encode() + b"\n"


class Certificate:
    """The lines of an honest certificate, to be changed."""

    def __init__(self, data):
        self.lines = data.decode("utf-8", "surrogateescape").split("\n")[:-2]

    def at(self, *begin):
        """The place of the one line that begins with the fields BEGIN."""
        head = "\t".join(begin) + "\t"
        found = [i for i, line in enumerate(self.lines) if (line + "\t").startswith(head)]
        assert len(found) == 1, (begin, len(found))
        return found[0]

    def pair(self, a, b):
        word = [i for i, line in enumerate(self.lines)
                if line.split("\t")[0] in ("pair", "apart") and
                line.split("\t")[1:3] == [NUMBER[a], NUMBER[b]]]
        assert len(word) == 1, (a, b)
        return word[0]

    def set(self, place, field, value):
        fields = self.lines[place].split("\t")
        assert fields[field] != value, (fields, value)
        fields[field] = value
        self.lines[place] = "\t".join(fields)

    def text(self, change):
        """Changes the plan's text and states the hash that the new text has."""
        first = self.at("text") + 1
        last = first
        while self.lines[last].startswith("|"):
            last += 1
        old = "".join(line[1:] for line in self.lines[first:last])
        new = change(old)
        assert new != old
        raw = re.sub(rb"%([0-9A-F]{2})", lambda m: bytes([int(m.group(1), 16)]), new.encode())
        self.lines[first:last] = ["|" + new]
        self.lines[first - 1] = "text\t%d" % len(raw)
        self.set(self.at("plan"), 1, hashlib.sha256(raw).hexdigest())

    def tree(self, paths):
        """Puts other tracked paths in, with the hash they have."""
        first = next(i for i, line in enumerate(self.lines) if line.startswith("+"))
        del self.lines[first:first + len(TRACKED)]
        self.lines[first:first] = ["+0\t" + path for path in paths]
        raw = b"".join(path.encode() + b"\0" for path in paths)
        place = self.at("tree")
        self.lines[place] = "tree\t%s\t%d" % (hashlib.sha256(raw).hexdigest(), len(paths))
        for i in range(len(paths) - 1, 0, -1):
            same = len(os.path.commonprefix([paths[i - 1], paths[i]]))
            self.lines[first + i] = "+%d\t%s" % (same, paths[i][same:])


TAMPERINGS = []


def tampering(change):
    TAMPERINGS.append((change.__name__, change))
    return change


def field(name, place, number, value):
    """A tampering that puts VALUE into field NUMBER of the line that PLACE finds."""
    TAMPERINGS.append((name, lambda c: c.set(place(c), number, value)))


def without(name, place):
    TAMPERINGS.append((name, lambda c: c.lines.pop(place(c))))


def apart(name, a, b):
    """A pair that is not parallel is said to be apart."""
    def change(c):
        place = c.pair(a, b)
        c.lines[place] = "apart\t%s\t%s\tparallel\t1\t0\t0\t-\t-" % (NUMBER[a], NUMBER[b])
    TAMPERINGS.append((name, change))


# A collision hidden: the lies that would let two sessions run into each other.
apart("a_shared_file_is_hidden", "1A", "1B")
apart("a_read_of_what_is_written_is_hidden", "1A", "1C")
apart("a_delete_is_hidden", "1D", "1E")
apart("a_rename_is_hidden", "1F", "1G")
apart("shared_infrastructure_is_hidden", "1H", "1I")
apart("an_unknown_phase_is_called_independent", "1A", "1J")
apart("a_file_that_cannot_be_merged_is_hidden", "1K", "1L")
apart("two_that_append_are_called_apart", "1M", "1N")
apart("a_consumed_api_is_hidden", "2A", "2B")
apart("a_changed_api_is_hidden", "2C", "2D")
apart("a_declared_dependency_is_hidden", "2E", "2F")
apart("a_ring_is_called_parallel", "2G", "2H")
apart("one_directory_is_called_two", "2K", "2L")
apart("a_port_is_given_twice", "2M", "2N")
apart("what_follows_through_a_third_is_hidden", "2F", "2L")

for name, a, b in (("a_picture_is_merged_on_branches", "1K", "1L"),
                   ("a_delete_is_weakened_to_branches", "1D", "1E"),
                   ("data_is_weakened_to_branches", "1A", "1C"),
                   ("infrastructure_is_weakened_to_branches", "1H", "1I"),
                   ("an_unknown_phase_is_weakened_to_branches", "1A", "1J"),
                   ("a_ring_is_weakened_to_branches", "2G", "2H")):
    field(name, lambda c, a=a, b=b: c.pair(a, b), 3, "parallel-branches")
field("two_on_branches_are_made_sequential", lambda c: c.pair("1A", "1B"), 3, "sequential")
field("what_the_tree_alone_says_is_changed", lambda c: c.pair("1A", "1B"), 4, "sequential")
field("another_question_decides", lambda c: c.pair("1A", "1B"), 5, "3")
field("no_question_decides", lambda c: c.pair("1A", "1C"), 5, "0")
field("data_is_called_an_overlap", lambda c: c.pair("1A", "1C"), 6, "waw")
field("a_delete_is_called_a_rename", lambda c: c.pair("1D", "1E"), 6, "rename")
field("an_unknown_is_called_declared", lambda c: c.pair("1A", "1J"), 6, "declared")
field("a_declared_order_is_called_data", lambda c: c.pair("2E", "2F"), 6, "raw")
field("a_closure_is_called_declared", lambda c: c.pair("2F", "2L"), 6, "declared")
field("the_kind_is_a_word_nobody_knows", lambda c: c.pair("1A", "1B"), 6, "harmless")
field("the_reader_goes_first", lambda c: c.pair("1A", "1C"), 7, NUMBER["1C"])
field("nobody_goes_first_where_data_flows", lambda c: c.pair("1A", "1C"), 7, "0")
field("the_dependent_goes_first", lambda c: c.pair("2E", "2F"), 7, NUMBER["2E"])
field("an_exclusion_is_turned_round", lambda c: c.pair("1D", "1E"), 7, NUMBER["1E"])
field("somebody_goes_first_in_a_ring", lambda c: c.pair("2G", "2H"), 7, NUMBER["2G"])
field("an_order_of_landing_is_turned_round", lambda c: c.pair("2C", "2D"), 7, NUMBER["2C"])
field("an_order_of_landing_is_lost", lambda c: c.pair("2C", "2D"), 7, "0")
field("an_order_of_landing_is_invented", lambda c: c.pair("1A", "1B"), 7, NUMBER["1A"])
field("a_third_phase_goes_first", lambda c: c.pair("1A", "1C"), 7, NUMBER["1E"])
field("the_witness_matches_only_one", lambda c: c.pair("1A", "1B"), 8, "src/net/udp.c")
field("the_witness_is_of_nobody", lambda c: c.pair("1A", "1C"), 8, "etc/passwd")
field("the_witness_is_taken_away", lambda c: c.pair("1A", "1B"), 8, "-")
field("a_witness_is_put_where_none_is", lambda c: c.pair("2E", "2F"), 8, "far/f/x")
field("the_witness_is_another_name", lambda c: c.pair("2A", "2B"), 8, "api:q")
field("the_witness_is_a_name_of_one_only", lambda c: c.pair("1H", "1I"), 8, "infra:toolchain")

# What was compared, and what meets.
field("fewer_patterns_were_compared", lambda c: c.pair("1A", "3C"), 4, "0")
field("more_patterns_were_compared", lambda c: c.pair("1A", "3C"), 4, "7")
field("an_exception_is_invented", lambda c: c.pair("1A", "3C"), 5, "1")
field("an_exception_is_lost", lambda c: c.pair("2I", "2J"), 5, "0")
field("the_nearest_patterns_share_more", lambda c: c.pair("1A", "3C"), 6, "4")
field("the_nearest_pattern_is_another", lambda c: c.pair("1A", "3C"), 8, "big/")
MEET = ("meet", "", "src/net/**", "src/net/tcp.c")
without("a_meeting_is_left_out", lambda c: c.at(*MEET))
field("the_witness_of_a_meeting_matches_one_only", lambda c: c.at(*MEET), 5, "src/net/udp.c")
field("a_tracked_witness_is_called_new", lambda c: c.at(*MEET), 4, "new")
field("a_meeting_is_called_undecided", lambda c: c.at(*MEET), 4, "undecided")
field("a_new_witness_is_called_tracked",
      lambda c: c.at("meet", "", "*.md", "LOG.md"), 4, "tracked")
field("a_witness_is_longer_than_need_be",
      lambda c: c.at("meet", "", "mv/b.c", "mv/b.c"), 5, "mv/b.c/x")
without("a_pattern_is_left_out", lambda c: c.at("pattern", "", "docs/*.png"))
field("a_pattern_is_another", lambda c: c.at("pattern", "", "docs/*.png"), 2, "docs/*.jpg")
field("a_pattern_is_called_a_path", lambda c: c.at("pattern", "", "docs/*.png"), 0, "path")
field("a_path_is_called_a_pattern", lambda c: c.at("path", "", "LOG.md"), 0, "pattern")
field("a_short_pattern_is_taken_whole", lambda c: c.at("path", "", "LOG.md"), 0, "whole")
field("a_pattern_is_of_another_repository", lambda c: c.at("path", "", "LOG.md"), 1, "other")


@tampering
def a_meeting_is_invented(c):
    c.lines.insert(c.at(*MEET), "meet\t\tbig/**\tsrc/net/**\tnew\tbig/x")


# Footprints, tree and settings under the verdicts.
@tampering
def a_write_is_taken_out_of_the_plan(c):
    c.text(lambda t: t.replace("=src/net/tcp.c", "=src/net/new.c", 1))


@tampering
def a_write_becomes_an_exception(c):
    c.text(lambda t: t.replace("=src/net/**", "!src/net/**", 1))


@tampering
def a_write_is_called_a_guess(c):
    c.text(lambda t: t.replace("=src/net/**", "~src/net/**", 1))


@tampering
def a_dependency_is_taken_out_of_the_plan(c):
    c.text(lambda t: t.replace("1:2F%00", "0:", 1))


@tampering
def a_phase_is_called_known(c):
    c.text(lambda t: t.replace("1J%00?", "1J%00=", 1)
           .replace("1A%00=", "1A%00?", 1))


@tampering
def a_phase_moves_to_another_repository(c):
    c.text(lambda t: re.sub(r"(1B%00=.*?00%00)%00(-?\d+:)", r"\1other%00\2", t, 1)
           if False else t.replace("1:=src/net/tcp.c", "1:=src/net/tcp.h", 1))


@tampering
def the_plan_has_a_phase_more(c):
    c.text(lambda t: t.replace("%d:1A" % len(PHASES), "%d:1A" % (len(PHASES) + 1), 1))


@tampering
def the_plan_text_goes_on_behind_its_end(c):
    c.text(lambda t: t + "more%00")


@tampering
def the_text_is_not_of_the_hash(c):
    c.set(c.at("plan"), 1, "0" * 64)


@tampering
def a_tracked_file_is_gone(c):
    c.tree([path for path in TRACKED if path != "src/net/tcp.c"])


@tampering
def a_tracked_file_is_invented(c):
    c.tree(sorted(TRACKED + ["LOG.md"]))


@tampering
def a_file_becomes_a_folder(c):
    c.tree(sorted([p for p in TRACKED if p != "src/x.c"] + ["src/x.c/y"]))


@tampering
def tracked_paths_are_out_of_order(c):
    c.tree(TRACKED[::-1])


@tampering
def the_tree_is_not_of_the_hash(c):
    c.set(c.at("tree"), 1, "f" * 64)


@tampering
def the_number_of_tracked_paths_is_another(c):
    c.set(c.at("tree"), 2, "8")


@tampering
def there_are_no_branches(c):
    c.set(c.at("set"), 2, "no-branches")


@tampering
def a_setting_makes_infrastructure(c):
    c.lines.insert(c.at("text"), "infra\tbigthings=big/**")
    c.lines.insert(c.at("text"), "infra\tbigthings=far/**")


# What excuses two that write migrations: a series that gives all of them numbers.
for name, a, b in (("a_series_covers_what_it_does_not_match", "3D", "3F"),
                   ("a_series_is_that_of_another_name", "3A", "3D")):
    field(name, lambda c, a=a, b=b: c.pair(a, b), 3, "parallel-branches")
field("a_series_given_as_a_pattern_excuses_nobody", lambda c: c.pair("3D", "3E"), 3, "sequential")


@tampering
def a_series_is_another_for_one_of_them(c):
    c.text(lambda t: t.replace("=db/**/*.sql", "=db/*/*.sql", 1))


@tampering
def what_a_series_gives_numbers_to_is_another_file(c):
    c.text(lambda t: t.replace("=db/migrations/4.sql", "=db/migrations/4.txt", 1))


@tampering
def a_setting_lays_a_series_elsewhere(c):
    c.lines.insert(c.at("text"), "series\tmigrations=elsewhere/*")


@tampering
def a_setting_makes_a_file_exclusive(c):
    c.lines.insert(c.at("text"), "exclusive\tsrc/**")


@tampering
def a_person_is_made_to_say_something(c):
    c.lines.insert(c.at("text"), "assert\t1A\t1J\tbelieve me")


@tampering
def a_person_says_it_without_reason(c):
    c.lines.insert(c.at("text"), "assert\t1A\t1J\t")


# Numbers and form.
@tampering
def the_number_of_pairs_is_another(c):
    c.set(c.at("pairs"), 1, "464")


@tampering
def only_some_pairs_are_said_to_be_listed(c):
    c.set(c.at("pairs"), 2, "some")


@tampering
def parallel_pairs_are_left_out(c):
    c.lines = [line for line in c.lines if not line.startswith("apart")]


@tampering
def a_ring_is_left_out(c):
    c.lines.pop(c.at("cycle"))


@tampering
def a_ring_is_invented(c):
    c.lines.append("cycle\t1\t2")


@tampering
def a_phase_of_a_ring_is_another(c):
    c.set(c.at("cycle"), 1, NUMBER["1A"])


@tampering
def a_pair_is_of_phases_that_are_none(c):
    c.set(c.pair("1A", "1B"), 2, "99")


@tampering
def a_number_has_a_sign(c):
    c.set(c.at("pairs"), 1, "+" + c.lines[c.at("pairs")].split("\t")[1])


@tampering
def a_field_is_written_in_another_way(c):
    c.set(c.pair("1A", "1B"), 8, "src/net/t%63p.c")


@tampering
def a_field_is_added(c):
    c.lines[c.pair("1A", "1B")] += "\tmore"


@tampering
def the_version_is_unknown(c):
    c.set(0, 1, "2")


@tampering
def a_word_is_unknown(c):
    c.lines.append("trust\tme")


class Run:
    def __init__(self, divisi, verify, folder):
        self.divisi, self.verify, self.folder = divisi, verify, folder
        self.environment = {"PATH": os.environ["PATH"], "HOME": folder, "LC_ALL": "C.UTF-8",
                            "GIT_CONFIG_NOSYSTEM": "1", "XDG_STATE_HOME": folder}
        self.n_bad = 0

    def call(self, *words, **more):
        return subprocess.run(words, env=self.environment, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more)

    def certify(self, plan, cwd=None):
        """The certificate of PLAN, or None when there is none to be had."""
        path = os.path.join(self.folder, "honest")
        if os.path.exists(path):
            os.unlink(path)
        self.call(self.divisi, "check", plan, "--certificate", path, cwd=cwd)
        if not os.path.exists(path):
            return None
        with open(path, "rb") as file:
            return file.read()

    def expect(self, name, data, status, *options):
        path = os.path.join(self.folder, "certificate")
        with open(path, "wb") as file:
            file.write(data)
        done = self.call(self.verify, *options, path)
        if done.returncode != status:
            self.n_bad += 1
            print("%s: exit %d, not %d: %s" % (name, done.returncode, status,
                                               (done.stdout + done.stderr).decode()))
        return done.stdout.decode()


def make_repository(run):
    """A repository with the tracked files and the plan, which is not tracked."""
    top = os.path.join(run.folder, "repo")
    for path in TRACKED:
        os.makedirs(os.path.join(top, os.path.dirname(path)), exist_ok=True)
        open(os.path.join(top, path), "w").close()
    plan = os.path.join(top, "2026-11-22-all-sorts.md")
    run.call("git", "init", "-q", top, check=True)
    run.call("git", "-C", top, "add", "-A", check=True)
    with open(plan, "w", encoding="utf-8") as file:
        file.write(plan_text())
    return top, plan


def try_lines(run, honest):
    """Every line of it dropped, doubled, and changed places with the next."""
    lines = Certificate(honest).lines
    for i, line in enumerate(lines):
        if line.startswith("made") or (line.startswith("apart") and i % 10):
            continue
        run.expect("line %d is dropped" % (i + 1), sealed(lines[:i] + lines[i + 1:]),
                   7 if i == 0 else 1)
        run.expect("line %d is doubled" % (i + 1), sealed(lines[:i + 1] + lines[i:]), 1)
        word = line.split("\t")[0]
        follow = lines[i + 1].split("\t")[0] if i + 1 < len(lines) else word
        if word[0] in "|+" or (word != follow and i > 0) or word in ("pair", "apart"):
            other = lines[:i] + lines[i + 1:i + 2] + lines[i:i + 1] + lines[i + 2:]
            if other != lines:
                run.expect("line %d changes places" % (i + 1), sealed(other), 1)


def try_options(run, honest, plan):
    """The certificate has to be of what the reader has in hand."""
    fields = dict(line.split("\t", 1) for line in Certificate(honest).lines
                  if line.split("\t")[0] in ("plan", "tree"))
    run.expect("its plan", honest, 0, "--plan", plan)
    run.expect("its plan hash", honest, 0, "--plan-hash", fields["plan"].split("\t")[0])
    run.expect("its tree", honest, 0, "--tree-hash", fields["tree"].split("\t")[0])
    run.expect("another plan", honest, 1, "--plan", __file__)
    run.expect("another plan hash", honest, 1, "--plan-hash", "0" * 64)
    run.expect("another tree", honest, 1, "--tree-hash", "0" * 64)
    run.expect("no plan there", honest, 5, "--plan", plan + ".gone")
    run.expect("an option nobody knows", honest, 2, "--force")
    run.expect("no certificate", b"hello\n", 7)
    run.expect("nothing", b"", 7)
    listing = run.call("git", "-C", os.path.dirname(plan), "ls-files", "-z").stdout
    if hashlib.sha256(listing).hexdigest() != fields["tree"].split("\t")[0]:
        run.n_bad += 1
        print("the hash of the tree is not that of git ls-files -z")
    said = run.expect("as JSON", honest, 0, "--json")
    if '"accepted":true' not in said:
        run.n_bad += 1
        print("--json says", said)


def main():
    divisi, verify, plans, examples = map(os.path.abspath, sys.argv[1:])
    with tempfile.TemporaryDirectory() as folder:
        run = Run(divisi, verify, folder)
        n_honest = 0
        for path in sorted(glob.glob(plans + "/**/*.md", recursive=True) +
                           glob.glob(examples + "/**/*.md", recursive=True)):
            data = run.certify(path, folder)
            if data is not None:
                n_honest += 1
                run.expect(path, data, 0)
        top, plan = make_repository(run)
        honest = run.certify(plan, top)
        if honest is None or honest != run.certify(plan, top):
            print("there is no certificate, or not twice the same")
            return 1
        run.expect("the honest one", honest, 0)
        for name, change in TAMPERINGS:
            certificate = Certificate(honest)
            change(certificate)
            run.expect(name, sealed(certificate.lines), 1)
        for at in range(0, len(honest), 97):
            changed = honest[:at] + bytes([honest[at] ^ 1]) + honest[at + 1:]
            run.expect("byte %d is changed" % at, changed, 7 if at < 19 else 1)
        for at in range(19, len(honest), 997):
            run.expect("cut off at %d" % at, honest[:at], 1)
        try_lines(run, honest)
        try_options(run, honest, plan)
        print("tampering: %d honest certificates, %d kinds of tampering, %d wrong"
              % (n_honest, len(TAMPERINGS), run.n_bad))
        return 1 if run.n_bad or n_honest < 5 or len(TAMPERINGS) < 50 else 0


if __name__ == "__main__":
    sys.exit(main())
