#!/usr/bin/env python3
"""The manual says what the program has, and nothing else.

usage: docs.py TOP [DIVISI]

Compares man/*.scd with the tables of the source: refusals and lints, kinds of errors,
settings, environment variables; and, when the program DIVISI is given, its commands and
their options as `divisi help --json` prints them.
"""

import json
import os
import re
import subprocess
import sys

STRING = r'"((?:\\.|[^"\\])*)"'


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def sources(top, *rooms):
    """All text of the C files of ROOMS (all rooms when none is named)."""
    text = []
    for folder, _, files in sorted(os.walk(os.path.join(top, "src"))):
        room = os.path.relpath(folder, os.path.join(top, "src")).split(os.sep)[0]
        if not rooms or room in rooms:
            text += [read(os.path.join(folder, f)) for f in sorted(files)
                     if f.endswith((".c", ".h"))]
    return re.sub(r"/\*.*?\*/", "", "\n".join(text), flags=re.S)


def plain(text):
    """A piece of scdoc without its escapes and marks."""
    return re.sub(r"\\(.)", r"\1", re.sub(r"(?<!\\)[*_]", "", text))


def differences(what, code, manual, page):
    """Messages for names in only one of the sets CODE and MANUAL."""
    return (["%s: %s %s is not described" % (page, what, name)
             for name in sorted(code - manual)] +
            ["%s: %s %s does not exist in the program" % (page, what, name)
             for name in sorted(manual - code)])


def code_problems(rows, page, name):
    """A table of (code, level, rule, words) against the page that lists it."""
    told = dict(re.findall(r"^\*([A-Z]\d\d)\* \((\w, [\w-]+)\)$", page, re.M))
    said = dict(re.findall(r"^\*([A-Z]\d\d)\* \(.*\)\n\t(.*)\.$", page, re.M))
    found = differences("rule", {row[0] for row in rows}, set(told), name)
    for code, level, rule, what in rows:
        words = what.replace('\\"', '"').replace("\\\\n", "\\n")
        if code in told and told[code] != "%s, %s" % (level, rule):
            found.append("%s: %s should say (%s, %s)" % (name, code, level, rule))
        if code in said and plain(said[code]).lower() != words.lower():
            found.append("%s: %s should say: %s" % (name, code, words))
    return found


def refusal_problems(top, man):
    """The table of policy/refusal.c against section RULES of divisi(1)."""
    rows = re.findall(r'\{ "(\w+)", "([\w-]+)", %s,\s*%s, \'(\w)\' \}' % (STRING, STRING),
                      read(os.path.join(top, "src/policy/refusal.c")))
    return code_problems([(c, level, rule, what) for c, rule, what, _, level in rows],
                         man["divisi.1"], "divisi.1")


def lint_problems(top, man):
    """The table of plan/lint.c against section MESSAGES of divisi-plan(5)."""
    rows = re.findall(r'\{ "(L\d\d)", \'(\w)\', "([\w-]+)",\s*%s \}' % STRING,
                      read(os.path.join(top, "src/plan/lint.c")))
    return code_problems(rows, man["divisi-plan.5"], "divisi-plan.5")


def kind_problems(top, man):
    """Exit and HTTP statuses of err.c against divisi-api(7)."""
    enum = re.findall(r"ERR_(\w+) = (\d+)", read(os.path.join(top, "src/base/err.h")))
    exits = {name: number for name, number in enum}
    table = re.findall(r'\[ERR_(\w+)\]\s*= \{ "([\w-]+)",\s*(\d+) \}',
                       read(os.path.join(top, "src/base/err.c")))
    code = {"%s %s %s" % (word, exits[name], http)
            for name, word, http in table if name != "NONE"}
    manual = {" ".join(row) for row in re.findall(
        r"^\|  ([\w-]+)\n:  (\d+)\n:  (\d+)$", man["divisi-api.7"], re.M)}
    return differences("kind", code, manual, "divisi-api.7")


def setting_problems(top, man):
    """Keys below divisi. in strings of the source against divisi-config(5)."""
    code = set()
    for key in re.findall(r'"divisi\.([a-z%][\w.%-]*[a-z])\.?"', sources(top)):
        code.add(re.sub(r"%s|%\.\*s", "X", key))
    manual = set()
    for line in re.findall(r"^\*divisi\..*", man["divisi-config.5"], re.M):
        key = line.split(" = ")[0]
        manual.add(plain(re.sub(r"\*_\w+_\*?", "X", key).replace("*", ""))[7:])
    return differences("setting", code, manual, "divisi-config.5")


def variable_problems(top, man):
    """Variables of ours that the source reads or sets against the two pages."""
    code = set(re.findall(r'"(DIVISI_[A-Z_]+)=?"', sources(top)))
    manual = set(re.findall(r"^\*(DIVISI\\?_[A-Z_\\]+)\*", man["divisi.1"] +
                            man.get("divisi-agent.7", ""), re.M))
    return differences("variable", code, {plain(name) for name in manual},
                       "divisi.1, divisi-agent.7")


def manual_commands(page):
    """{command: its options} of divisi(1); options in SYNOPSIS style or in the text."""
    found, command = {}, None
    for line in page.split("\n"):
        if line.startswith("#"):
            command = None
        head = re.match(r"\*divisi ([a-z]+)\*(.*)", line)
        if head:
            command = head.group(1)
            found.setdefault(command, set())
        if command:
            found[command] |= set(re.findall(r"--[a-z][a-z-]*", line))
    return found


def command_problems(man, program):
    """The command table as the program prints it against divisi(1)."""
    done = subprocess.run([program, "help", "--json"], stdout=subprocess.PIPE,
                          stdin=subprocess.DEVNULL, check=True)
    table = json.loads(done.stdout)
    common = set(re.findall(r"--[a-z][a-z-]*", man["divisi.1"].split("# COMMON OPTIONS")[1]
                            .split("\n# ")[0]))
    code = {c["name"]: {"--" + o.lstrip("-") for o in c["options"]}
            for c in table["commands"]}
    manual = manual_commands(man["divisi.1"])
    found = differences("command", set(code), set(manual), "divisi.1")
    for name in sorted(set(code) & set(manual)):
        found += differences("%s option" % name, code[name] - common,
                             manual[name] - common, "divisi.1")
    return found


def main():
    top = sys.argv[1]
    pages = os.path.join(top, "man")
    man = {name[:-4]: read(os.path.join(pages, name)) for name in os.listdir(pages)
           if name.endswith(".scd")}
    found = (refusal_problems(top, man) + lint_problems(top, man) +
             kind_problems(top, man) + setting_problems(top, man) +
             variable_problems(top, man))
    if len(sys.argv) > 2:
        found += command_problems(man, sys.argv[2])
    print("\n".join(found) or "docs: the manual and the program agree")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
