#!/usr/bin/env python3
"""Planning beside what people use to order work: `ninja -n`, `make -n`."""
import os

import lib
import plans

SIZES = ((100, "few", plans.FEW), (100, "many", plans.MANY),
         (1000, "few", plans.FEW), (1000, "many", plans.MANY), (1000, "wide", None),
         (10000, "few", plans.FEW), (10000, "many", plans.MANY))


def write(path, text):
    with open(path, "w", encoding="utf-8") as out:
        out.write(text)
    return path


def steps(build, path):
    """The parts, by a program that is nothing but them: {name: number}."""
    out = path + ".steps"
    lib.run([f"{build}/bench/plan_steps", path], stdout=out)
    with open(out, encoding="utf-8") as text:
        return {name: float(value) for name, value in map(str.split, text)}


def one_size(build, scratch, n, word, areas):
    name = f"{n:,} phases, {word}" + (" conflicts" if areas else "")
    text = plans.plan(n, areas) if areas else plans.wide(n)
    home = os.path.join(scratch, f"{n}")
    os.makedirs(home, exist_ok=True)
    write(os.path.join(home, "build.ninja"), plans.ninja(n))
    write(os.path.join(home, "Makefile"), plans.make(n))
    path = write(os.path.join(home, f"2026-11-22-bench-{word}.md"), text)
    divisi = f"{build}/src/cli/divisi"
    rounds = 3 if n > 1000 else 5
    goal = ("0.5" if word == "few" else "1.0") if n > 1000 else "1.0"
    last = {}

    def ours(verb, *options):
        def go():
            name = " ".join((verb, *options))
            last[name] = lib.run([divisi, verb, path, *options], cwd=scratch)
            return last[name]
        return go

    def peer(*argv):
        return lambda: lib.run(argv, cwd=home)

    ninja, make = peer("ninja", "-n"), peer("make", "-n")
    for tool, run in (("ninja", ninja), ("make", make)):
        if lib.missing(name, tool):
            continue
        lib.versus(name + ": check --json", tool + " -n", run, ours("check", "--json"),
                   goal, rounds=rounds)
        lib.versus(name + ": plan", tool + " -n", run, ours("plan"), "", rounds=rounds)
    part = steps(build, path)
    whole = part["parse_ms"] + part["verdicts_ms"] + part["schedule_ms"]
    lib.value_of("  pairs in the answer", f"{part['pairs']:,.0f}")
    lib.value_of("  parse, decide all pairs, schedule", lib.seconds(whole / 1e3),
                 "≤ 10 ms" if n == 1000 else "")
    lib.value_of("  of that parsing", f"{100 * part['parse_ms'] / whole:.0f} %")
    lib.value_of("  memory besides the answer",
                 lib.size(part["peak_kb"] * 1024 - part["answer_bytes"]), "≤ 40 MB")
    lib.value_of("  the answer", lib.size(part["answer_bytes"]))
    lib.value_of("  peak memory of check --json", lib.size(last["check --json"].rss))


def measure(build, scratch):
    lib.head()
    for n, word, areas in SIZES:
        one_size(build, scratch, n, word, areas)
    probe = steps(build, os.path.join(scratch, "100", "2026-11-22-bench-few.md"))
    lib.value_of("verdict of two patterns", f"{probe['two_patterns_us']:.2f} us", "≤ 5 us")


if __name__ == "__main__":
    lib.main(measure)
