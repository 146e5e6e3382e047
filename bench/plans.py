"""Plans and build graphs of any size, the same for everybody who runs this."""
import random

# Of every pair of phases: how many meet.  Ten patterns against ten others, each in one of
# AREAS directories: about 100 / AREAS.
FEW, MANY = 333_000, 2_780


def plan(n, areas, seed=7, name="bn"):
    """A complete plan without a lint: N phases of ten patterns each.

    Without AREAS each phase has one directory to itself.
    """
    dice = random.Random(seed)
    issue = name.upper()

    def link(i, title=""):
        return f"[{issue}-{i}{title}](local:{issue}-{i})"

    out = ["# Master Plan: A plan of many phases", "",
           f"**Parent issue:** {link(0, ': Everything')}", "**Date:** 2026-11-22",
           "**Supersedes:** none", "", "## Issue Registry", "",
           "| ID | Title | Status | Exec | Est | Depends On |",
           "|----|-------|--------|------|-----|------------|"]
    for i in range(1, n + 1):
        out.append(f"| {link(i)} | Work {i} | Todo | quick | 1pt | -- |")
    out += ["", "## Phase Map", "",
            "| Phase | Issues | Focus | Batch | Dependencies | Status |",
            "|-------|--------|-------|-------|--------------|--------|"]
    for i in range(1, n + 1):
        out.append(f"| {i}A | {link(i)} | Work {i} | 1 | None | Todo |")
    for i in range(1, n + 1):
        out += ["", f"### {i}A: Work {i}", "", "- Issue: " + link(i, f": Work {i}"),
                "- Mode: quick", "- Agent: command", "- Estimate: $0.30, 1pt",
                "- Writes: " + writes(dice, areas, name, i),
                "- Verify: `true`", "- Context:", "  - It was there before.",
                "  - It has a test.", "  - Nobody else knows it.", "- Tasks:",
                "  1. Change it.", "  2. Look at it.",
                f"- Deliverable: it is changed. Update {link(i)} with results.",
                "- Acceptance:", "  - [ ] it is changed"]
    out += ["", "## Session Registry", "",
            "| Session Name | Issue | Phase | Agent | Status |",
            "|--------------|-------|-------|-------|--------|",
            "", "## Verification", "", "- [ ] main is as it should be", ""]
    return "\n".join(out)


def writes(dice, areas, issue, i):
    if not areas:
        return f"`src/{issue}-{i}-work-{i}/**`"
    return ", ".join(f"`{pattern(dice, areas)}`" for _ in range(10))


def pattern(dice, areas):
    """Literals, a star, a tree: what plans hold, each inside one area."""
    area = f"src/area{dice.randrange(areas):06d}"
    return dice.choice((f"{area}/**", f"{area}/**", f"{area}/*/part*.c",
                        f"{area}/core/part1.c"))


def wide(n, seed=1):
    """Phases in table cells only, with reads, trees inside trees and names known late."""
    dice = random.Random(seed)
    out = ["# Master Plan: Scale", "", "## Phase Map", "",
           "| Phase | Issues | Focus | Batch | Dependencies | Mode | Reads | Writes |",
           "|---|---|---|---|---|---|---|---|"]
    for i in range(1, n + 1):
        reads = ", ".join(f"`docs/{dice.randrange(400)}/**`" for _ in range(4))
        writes = ", ".join(
            f"`src/{dice.randrange(50)}/{dice.randrange(50)}/**`, "
            f"`src/{dice.randrange(50)}/{dice.randrange(50)}/f{dice.randrange(9)}.c`, "
            f"`lib/**/n{dice.randrange(3000)}_*.h`" for _ in range(2))
        out.append(f"| P{i} | [X-{i}](local:X-{i}) | part {i} | 1 | None | quick "
                   f"| {reads} | {writes} |")
    return "\n".join(out) + "\n"


def lean(n, areas, seed=7):
    """Nothing but phases and their ten patterns, in table cells."""
    dice = random.Random(seed)
    out = ["# Master Plan: Scale", "", "## Phase Map", "",
           "| Phase | Issues | Focus | Mode | Writes |", "|---|---|---|---|---|"]
    for i in range(1, n + 1):
        out.append(f"| P{i} | [X-{i}](local:X-{i}) | part {i} | quick "
                   f"| {writes(dice, areas, 'x', i)} |")
    return "\n".join(out) + "\n"


def needs(i):
    """Ten earlier nodes for node I, as a phase has ten patterns."""
    return sorted({(i - 1 - k * k * 7) for k in range(10) if i - 1 - k * k * 7 >= 0})


def ninja(n):
    """A graph of N commands."""
    out = ["rule go", "  command = touch $out"]
    for i in range(n):
        out.append(f"build out{i}: go " + " ".join(f"out{k}" for k in needs(i)))
    return "\n".join(out) + "\n"


def ninja_files(n):
    """The same with ten files for each command, as a phase has ten patterns."""
    out = ["rule go", "  command = touch $out"]
    for i in range(n):
        made = " ".join(f"src/area{i}/f{k}.c" for k in range(10))
        used = " ".join(f"src/area{k}/f{(i + k) % 10}.c" for k in needs(i))
        out.append(f"build {made}: go {used}")
    return "\n".join(out) + "\n"


def make(n):
    out = [f"all: out{n - 1}"]
    for i in range(n):
        out.append(f"out{i}: " + " ".join(f"out{k}" for k in needs(i)) + "\n\ttouch $@")
    return "\n".join(out) + "\n"
