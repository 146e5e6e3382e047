#!/usr/bin/env python3
"""Planning beside what people use to order work: `ninja -n`, `samu -n`, `make -n`.

A phase has ten patterns, so the graph that is measured against has ten files for each of as
many commands; the line "nodes alone" is the same graph with one file each.
"""
import os

import lib
import plans

SIZES = ((100, "few"), (100, "many"), (1000, "few"), (1000, "many"), (1000, "wide"),
         (10000, "few"), (10000, "many"))
AREAS = {"few": plans.FEW, "many": plans.MANY}


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as out:
        out.write(text)
    return path


def steps(build, path):
    """The parts, by a program that is nothing but them: {name: number}."""
    out = path + ".steps"
    lib.run([f"{build}/bench/plan_steps", path], stdout=out)
    with open(out, encoding="utf-8") as text:
        return {name: float(value) for name, value in map(str.split, text)}


def graphs(scratch, n):
    """Directories with the graphs of N nodes: with ten files each, and with one."""
    files, nodes = os.path.join(scratch, f"files-{n}"), os.path.join(scratch, f"nodes-{n}")
    write(os.path.join(files, "build.ninja"), plans.ninja_files(n))
    write(os.path.join(nodes, "build.ninja"), plans.ninja(n))
    write(os.path.join(nodes, "Makefile"), plans.make(n))
    return files, nodes


def parts(build, path, n):
    """What divisi spends on each step; the whole of them is what PERFORMANCE 1 bounds."""
    part = steps(build, path)
    whole = part["parse_ms"] + part["verdicts_ms"] + part["schedule_ms"]
    lib.value_of("  pairs that are not parallel", f"{part['pairs']:,.0f}")
    lib.value_of("  parse, decide all pairs, schedule", lib.seconds(whole / 1e3),
                 "≤ 10 ms" if n == 1000 else "")
    for name in ("parse", "verdicts", "schedule"):
        lib.value_of(f"    {name}", lib.seconds(part[f"{name}_ms"] / 1e3))
    lib.value_of("  all decided anew, for each phase", lib.seconds(
        (part["verdicts_ms"] + part["schedule_ms"]) / n / 1e3), "≤ 1 ms")
    lib.value_of("  one footprint changed, decided again",
                 lib.seconds(part["change_ms"] / 1e3),
                 f"{part['verdicts_ms'] / part['change_ms']:,.0f} x less than all")
    lib.value_of("  memory besides the answer",
                 lib.size(part["peak_kb"] * 1024 - part["answer_bytes"]),
                 "≤ 40 MB" if n == 10000 else "")
    lib.value_of("  the answer", lib.size(part["answer_bytes"]))


def one_size(build, scratch, n, word):
    files, nodes = graphs(scratch, n)
    divisi = f"{build}/src/cli/divisi"
    rounds = 3 if n > 1000 else 5
    goal = ("0.5" if word == "few" else "1.0") if n > 1000 else "1.0"
    plan_dir = os.path.join(scratch, f"plans-{n}")
    lean = plans.lean(n, AREAS[word]) if word in AREAS else plans.wide(n)
    full = plans.plan(n, AREAS[word]) if word in AREAS else None
    shapes = [("patterns alone", write(f"{plan_dir}/2026-11-22-lean-{word}.md", lean))]
    if full:
        shapes.append(("with all its text",
                       write(f"{plan_dir}/2026-11-22-full-{word}.md", full)))
    for shape, path in shapes:
        name = f"{n:,} phases, {word}, {shape}"

        def planner(*argv):
            return lambda: lib.run(argv, cwd=scratch, may_fail=True)

        def peer(cwd, *argv):
            return lambda: lib.run(argv, cwd=cwd)

        whole = planner(f"{build}/bench/plan_steps", path, "quiet")
        for tool, cwd, said in (("ninja", files, "ninja -n"), ("samu", files, "samu -n"),
                                ("ninja", nodes, "nodes alone"), ("make", nodes, "make -n")):
            if lib.missing(name, tool):
                continue
            lib.versus(name, said, peer(cwd, tool, "-n"), whole,
                       goal if said == "ninja -n" else "", rounds=rounds)
        for verb in (("plan",), ("check", "--json")):
            lib.versus("  divisi " + " ".join(verb), "ninja -n", peer(files, "ninja", "-n"),
                       planner(divisi, verb[0], path, *verb[1:]), "", rounds=rounds)
        parts(build, path, n)


def measure(build, scratch):
    lib.head()
    for n, word in SIZES:
        one_size(build, scratch, n, word)
    probe = steps(build, os.path.join(scratch, "plans-100", "2026-11-22-lean-few.md"))
    lib.value_of("verdict of two patterns", f"{probe['two_patterns_us']:.2f} us", "≤ 5 us")


if __name__ == "__main__":
    lib.main(measure)
