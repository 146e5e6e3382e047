#!/usr/bin/env python3
"""A journal as SQL text, for tests/data/journal: how a journal of each schema looks.

usage: journal_fixture.py JOURNAL VERSION >tests/data/journal/NNNN.sql

Takes the rows of JOURNAL (of any version from VERSION on) and writes them under the schema of
VERSION; texts kept beside the journal stay out.  JOURNAL is that of an end-to-end test:
SCRATCH/repo/.git/divisi/journal.db, whose SCRATCH becomes /home/tester.  Whoever adds
src/store/schema/NNNN-*.sql makes a small journal with it and commits what this prints; the
older files stay as they are.
"""

import hashlib
import os
import sqlite3
import sys

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
APPLICATION_ID = 0x64767369


def quoted(value):
    """VALUE as SQL."""
    if value is None or isinstance(value, int):
        return "NULL" if value is None else str(value)
    if isinstance(value, bytes):
        return "X'%s'" % value.hex()
    return "'%s'" % value.replace("'", "''")


def general(value, place):
    """VALUE with PLACE, a directory of this machine, made general."""
    if isinstance(value, bytes):
        return value.replace(place.encode(), b"/home/tester")
    if isinstance(value, str):
        value = value.replace(place.replace("/", "\\/"), "\\/home\\/tester")
        return value.replace(place, "/home/tester").replace("human:nobody", "human:tester")
    return value


def sum_of(before, row):
    """The sum of an event (seq, at, ... data) behind one whose sum is BEFORE."""
    text = "\x1f".join(str(value) for value in [before] + row[1:8])
    return int(hashlib.sha256(text.encode()).hexdigest()[:15], 16) | 1


def main(path, version):
    folder = os.path.join(TOP, "src/store/schema")
    place = os.path.abspath(path).split("/repo/.git/")[0]
    old = sqlite3.connect("file:%s?mode=ro" % path, uri=True)
    new = sqlite3.connect(":memory:")
    print("PRAGMA application_id = %d;\nPRAGMA user_version = %d;" % (APPLICATION_ID, version))
    for name in sorted(os.listdir(folder))[:version]:
        with open(os.path.join(folder, name), encoding="utf-8") as file:
            new.executescript(file.read())
    schema = new.execute("SELECT type, name, sql FROM sqlite_schema WHERE sql NOT NULL")
    rows = list(schema)
    for _, _, sql in rows:
        print(sql + ";")
    for kind, table, _ in rows:
        if kind != "table":
            continue
        columns = [row[1] for row in new.execute("PRAGMA table_info(%s)" % table)]
        names = ", ".join('"%s"' % c for c in columns)
        has_sum, last = "sum" in columns, 0
        if has_sum:
            names = names.replace(', "sum"', "")
        for row in old.execute("SELECT %s FROM %s ORDER BY 1" % (names, table)):
            if table == "blob":
                continue
            row = [general(value, place) for value in row]
            if has_sum:
                last = sum_of(last, row)
                row.append(last)
            print("INSERT INTO %s (%s) VALUES (%s);"
                  % (table, names + (', "sum"' if has_sum else ""), ", ".join(quoted(v) for v in row)))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(sys.argv[1], int(sys.argv[2]))
