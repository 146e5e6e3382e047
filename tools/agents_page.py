#!/usr/bin/env python3
"""The table of agents and situations, docs/agents.md.

usage: agents_page.py TOP                      says whether the page is up to date
       agents_page.py TOP --write              makes it anew
       agents_page.py TOP --seen testlog.json  takes what a run of the tests showed, makes it

The page is made from the catalogues of src/policy/, the versions that the tests install, the
situations of tests/e2e/situations.sh, and docs/agents.seen: what the claims "AGENT,
SITUATION: ..." of the real programs came to when they were last run, and remarks by hand.
"""

import json
import os
import re
import sys

SEEN, PAGE = "docs/agents.seen", "docs/agents.md"
CLAIM = re.compile(r"^(ok|not ok) \d+ - ([a-z-]+), ([a-z0-9-]+): (.*)$", re.M)
MODES = ("quick", "tdd", "pair", "checkpoint", "swarm", "spike")
MEANING = {
    "success": "It writes, commits and is done.",
    "denial": "In ask mode a person says no to a command, and yes to the rest.",
    "plan": "In plan mode it shows its plan, and works when that is approved.",
    "question": "It asks a person, and goes on with the answer.",
    "two-turns": "Its work is not committed; a person says so, and it goes on.",
    "amid-turn": "A person speaks amid its words, and that is done, too.",
    "budget": "It spends what it may, is held, and may spend more.",
    "spent": "It spends what it may, and a person says no.",
    "fail-400": "The model's API answers 400.",
    "fail-401": "The model's API answers 401.",
    "fail-429": "The model's API answers 429: parked until the limit is over.",
    "fail-500": "The model's API answers 500, each time.",
    "fail-529": "The model's API answers 529, each time.",
    "fail-once": "The model's API answers 500 once.",
    "interrupt-stream": "It is interrupted while it speaks, and goes on.",
    "interrupt-tool": "It is interrupted in a command, which dies; it goes on.",
    "kill-agent": "The agent is killed, and resumed in the same conversation.",
    "kill-holder": "Its holder is killed; it is resumed by itself.",
    "kill-server": "The server is killed; the session goes on untouched.",
    "park-tool": "It is parked in a command: nothing of it lives on.",
    "storm": "Its command fails three times alike: stopped, and let go on by a person.",
    "early": "In plan mode it wants to write before its plan is approved.",
    "fenced": "It tries to write outside its fence, and works on inside.",
}


def read(top, name):
    with open(os.path.join(top, name), encoding="utf-8") as file:
        return file.read()


def situations(top):
    """The names of tests/e2e/situations.sh, in their order."""
    rows = read(top, "tests/e2e/situations.sh").split("<<'END'\n")[1].split("\nEND\n")[0]
    return [line.split("|")[0] for line in rows.split("\n") if line]


def versions(top):
    """The version of each agent's package that the tests install."""
    found = dict(re.findall(r"^\t([\w-]+)\) echo \S+@([\d.]+) ;;",
                            read(top, "tests/e2e/agents_install.sh"), re.M))
    if "codex" in found:
        found["codex-exec"] = found["codex"]  # the same program
    found["claude"] = re.search(r"VERSION:-([\d.]+)\}",
                                read(top, "tests/e2e/claude/install.sh")).group(1)
    return found


def mode_marks(text, masks):
    """The six execution modes by an expression of BIT() and the named masks."""
    names = set(re.findall(r"BIT\((\w+)\)", text.split("~")[0]))
    for mask, modes in masks.items():
        if mask in text:
            names |= modes
    return {name.lower() for name in names - set(re.findall(r"~BIT\((\w+)\)", text))}


def agents(top):
    """[(name, shown, allowed modes, modes with a warning)] of those that run here."""
    text = re.sub(r"/\*.*?\*/", "", read(top, "src/policy/catalogue.c"), flags=re.S)
    every = {mode.upper() for mode in MODES}
    masks = {"ALL_MODES": every, "BUT_CHECKPOINT": every - {"CHECKPOINT"}}
    found = []
    for row in re.findall(r"\{\s*(\.name = .*?)\n\t\}", text, re.S):
        field = dict(re.findall(r"\.(\w+) = (.*?),\n", row + "\n"))
        if "adapter" in field:
            found.append((field["name"].strip('"'), field["shown"].strip('"'),
                          mode_marks(field.get("modes", ""), masks),
                          mode_marks(field.get("warned", ""), masks)))
    return found


def limits(top):
    """What catalogue.c says each agent is limited by."""
    text = read(top, "src/policy/catalogue.c")
    return dict(re.findall(r'\.name = "([\w-]+)",(?:(?!\.name).)*?\.constraint =\s*"([^"]+)"',
                           text, re.S))


def seen(top):
    """({(agent, situation): (held, failed, without means)}, [(agent, situation, text)])"""
    cells, remarks = {}, []
    for line in read(top, SEEN).split("\n"):
        part = line.split("\t")
        if len(part) == 5:
            cells[part[0], part[1]] = tuple(int(number) for number in part[2:])
        elif len(part) == 4 and part[0] == "remark":
            remarks.append(tuple(part[1:]))
        elif line and not line.startswith("#"):
            sys.exit("%s: not a row: %s" % (SEEN, line))
    return cells, remarks


def take(top, log):
    """Puts what the tests in LOG showed into docs/agents.seen; others' rows stay."""
    cells, fresh = seen(top)[0], {}
    with open(log, encoding="utf-8", errors="replace") as file:
        for line in file:
            for good, agent, name, text in CLAIM.findall(json.loads(line).get("stdout") or ""):
                count = fresh.setdefault((agent, name), [0, 0, 0])
                count[2 if "# SKIP" in text else 0 if good == "ok" else 1] += 1
    cells.update(fresh)
    kept = [line for line in read(top, SEEN).split("\n") if line.startswith(("#", "remark\t"))]
    rows = ["\t".join([*key, *map(str, count)]) for key, count in sorted(cells.items())]
    with open(os.path.join(top, SEEN), "w", encoding="utf-8") as file:
        file.write("\n".join(kept + rows) + "\n")


def cell(count):
    if not count or not any(count):
        return "."
    held, failed, lacking = count
    if lacking:
        return "-"
    return "**%d of %d**" % (held, held + failed) if failed else str(held)


def table(head, rows):
    lines = [head, ["---"] * len(head)] + rows
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def page(top):
    """The whole text of docs/agents.md."""
    cells, remarks = seen(top)
    tried, limited = versions(top), limits(top)
    ours = [row for row in agents(top) if row[0] in tried]
    text = "# Agents and situations\n\n"
    text += ("Made by `tools/agents_page.py`; what the tests showed is in `agents.seen`.\n\n"
             "Each program is the real one, from its npm package, against a model of the\n"
             "tests' own on loopback, in a fence, several at once. `divisi doctor agents` says\n"
             "what is on your machine.\n\n")
    text += table(["Agent", "Named in a plan", "Version", "Modes", "With a warning", "Mind"],
                  [[shown, "`%s`" % name, tried[name],
                    " ".join(m for m in MODES if m in modes) or "none",
                    " ".join(m for m in MODES if m in warned) or "none",
                    limited.get(name, "")] for name, shown, modes, warned in ours])
    text += ("\n## What was seen\n\nA number: so many claims about the situation were tested, "
             "and all held. **n of m**: the\nothers failed. `-`: the program has no means for "
             "it. `.`: not run, or not reached.\n\n")
    text += table(["Situation"] + [name for name, *_ in ours],
                  [[name] + [cell(cells.get((agent, name))) for agent, *_ in ours]
                   for name in situations(top)])
    text += "\n## What is known not to work\n\n"
    for agent, name, words in remarks:
        text += "- **%s, %s:** %s\n" % (agent, name, words)
    text += "\n## The situations\n\n"
    text += table(["Situation", "What happens"],
                  [[name, MEANING[name]] for name in situations(top)])
    text += ("\n## To run them\n\n`./check --all` installs every agent and runs its tests; "
             "`tools/agents_page.py . --seen\nTESTLOG` takes what they showed from meson's "
             "`testlog.json`.\n")
    return text


def problems(top):
    """What is wrong with the rows that the page is made from."""
    names, known = situations(top), {row[0] for row in agents(top)}
    cells, remarks = seen(top)
    rows = sorted(set(cells) | {(agent, name) for agent, name, _ in remarks})
    return (["%s: no situation %s" % (SEEN, n) for _, n in rows if n not in names] +
            ["%s: no agent %s" % (SEEN, a) for a, _ in rows if a not in known] +
            ["tools/agents_page.py: %s has no words" % n for n in names if n not in MEANING] +
            ["%s: %s, %s failed a claim and has no remark" % (SEEN, *key)
             for key, count in sorted(cells.items())
             if count[1] and key not in {remark[:2] for remark in remarks}])


def main():
    top = sys.argv[1]
    if "--seen" in sys.argv:
        take(top, sys.argv[sys.argv.index("--seen") + 1])
    found = problems(top)
    path = os.path.join(top, PAGE)
    if not found and len(sys.argv) > 2:
        with open(path, "w", encoding="utf-8") as file:
            file.write(page(top))
    if not found and (not os.path.exists(path) or read(top, PAGE) != page(top)):
        found = ["%s: is not up to date; mend with: tools/agents_page.py . --write" % PAGE]
    print("\n".join(found) or "agents_page: the page is up to date")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
