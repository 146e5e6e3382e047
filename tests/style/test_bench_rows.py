#!/usr/bin/env python3
"""What bench/conflicts makes of rows that lack something.  usage: test_bench_rows.py TOP"""
import gzip
import os
import sys
import tempfile

sys.path.insert(0, os.path.join(sys.argv[1], "bench"))
sys.dont_write_bytecode = True
import conflict_data as data_of  # noqa: E402

LANDINGS = ("repo\tland\tbase_idx\tland_idx\tfiles\n"
            "a b/c\taaa\t0\t2\tx.c:M;y.c:A\n"
            "a b/c\tbbb\t1\t3\tx.c:M\n")
PAIRS = ("repo\tsample\tlandA\tlandB\tnshared\tconflict\n"
         "a b/c\tu\taaa\tbbb\t1\t1\n"
         "a b/c\tu\taaa\tbbb\t1\t\n"
         "a b/c\tu\taaa\tgone\t1\t0\n")


def data_in(**tables):
    with tempfile.TemporaryDirectory() as folder:
        for name, text in tables.items():
            with open(os.path.join(folder, name + ".tsv"), "wb") as out:
                out.write(text)
        return data_of.Data(folder)


def refused(**tables):
    try:
        data_in(**tables)
    except SystemExit as error:
        return str(error)
    return "nothing"


def expect(what, is_so):
    if not is_so:
        sys.exit(f"bench rows: {what}")


found = data_in(landings=gzip.compress(LANDINGS.encode()), pairs=PAIRS.encode())
expect("a compressed table is read whatever it is called", len(found.landing) == 2)
expect("one cannot be judged and one is of an unknown landing",
       len(found.pairs) == 1 and found.n_unknown == 1)
expect("other repositories than those of the weights", not found.is_fitted_to())
lines = found.pair_rows("a b/c", "u", "aaa", "bbb", "1")
expect(f"without pairfiles the common files are those of the landings: {lines}",
       lines == ["P a%20b/c 1 2 1 1 0 0 3", "F 0 -1 0 0 x.c"])
found = data_in(landings=LANDINGS.replace("\n", "\r\n").encode(), pairs=PAIRS.encode())
expect("lines may end as elsewhere", found.landing["a b/c", "bbb"].files == {"x.c": "M"})
expect("a column is named that is not there",
       "pairs.tsv: no column nshared" in refused(pairs=PAIRS.replace("nshared", "n").encode()))
expect("a short row is told by its line",
       "landings.tsv:3: not as many" in refused(landings=LANDINGS.replace("\tx.c:M\n", "\n")
                                                .encode()))
expect("half a file is no file", "landings.tsv: " in refused(
    landings=gzip.compress(LANDINGS.encode())[:-9]))
expect("a folder without tables is told", "holds none of" in refused())
