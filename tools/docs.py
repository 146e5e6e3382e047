#!/usr/bin/env python3
"""The manual says what the program has, and nothing else.

usage: docs.py TOP [DIVISI [--write]]

Compares man/*.scd with the tables of the source: refusals and lints, kinds of errors,
settings, environment variables; and, when the program DIVISI is given, the command sections
of divisi(1) and the completions with what the program's own table says.  --write puts these
in order instead of complaining.
"""

import json
import os
import re
import subprocess
import sys
import textwrap

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


def route_problems(top, man):
    """The routes of web/, and the orders of the engine, against divisi-api(7)."""
    page = man["divisi-api.7"]
    code = set(re.findall(r'\{ \{ "([A-Z]+)", "(/[^"]*)"', sources(top, "web")))
    manual = set(re.findall(r"^\*([A-Z]+) (/[^*]*)\*", page, re.M))
    found = differences("route", {" ".join(r) for r in code}, {" ".join(r) for r in manual},
                        "divisi-api.7")
    orders = set(re.findall(r'\{ "([a-z-]+)",\s+order_\w+,', sources(top, "engine")))
    text = page.split("*POST /v1/order/*")[1].split("\n\n")[0]
    return found + differences("order", orders, set(re.findall(r"\*([a-z-]+)\*", text)),
                               "divisi-api.7")


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
    return differences("variable", code, {n.replace("\\", "") for n in manual},
                       "divisi.1, divisi-agent.7")


GROUPS = {
    "plan": "COMMANDS TO PLAN",
    "run": "COMMANDS TO RUN",
    "session": "COMMANDS FOR A SESSION",
    "land": "COMMANDS TO LAND",
    "keep": "COMMANDS TO KEEP HOUSE",
}
COMPLETIONS = {"bash": "divisi.bash", "zsh": "_divisi", "fish": "divisi.fish"}


def ask(program, *args):
    """What PROGRAM prints for ARGS."""
    return subprocess.run([program, *args], stdin=subprocess.DEVNULL, check=True,
                          stdout=subprocess.PIPE, text=True).stdout


def escaped(text):
    """TEXT so that scdoc prints it as it is."""
    return re.sub(r"([\\_*#~`])", r"\\\1", text)


def marked(synopsis):
    """A synopsis line with words to type in bold and words to replace underlined."""
    name, _, rest = synopsis.partition(" ")
    rest = re.sub(r"-{1,2}[a-z][a-z-]*|[A-Z][A-Z_]*|[a-z]+",
                  lambda m: ("_%s_" if m.group(0).isupper() else "*%s*") % m.group(0), rest)
    return "*divisi %s* %s" % (name, rest)


def wrapped(text, indent):
    """TEXT filled to the width of a page's source."""
    text = textwrap.fill(escaped(text), 88, initial_indent=indent, subsequent_indent=indent,
                         break_long_words=False, break_on_hyphens=False,
                         expand_tabs=False)
    # A dash that begins a line would begin a list.
    return re.sub(r"(?m)^(\s*)-", r"\1\\-", text)


def command_text(command, common):
    """The manual's paragraph about one command."""
    lines = [marked(line).strip() for line in command["synopsis"].split("\n")]
    text = "++\n".join(lines) + "\n"
    for paragraph in (command["help"] or command["summary"] + ".").split("\n\n"):
        text += wrapped(paragraph[0].upper() + paragraph[1:], "\t") + "\n\n"
    for option in command["options"]:
        if option["name"] in common:
            continue
        value = " _%s_" % escaped(option["value"]) if option["value"] else ""
        summary = option["summary"][0].upper() + option["summary"][1:] + "."
        text += "\t*--%s*%s\n%s\n\n" % (option["name"], value, wrapped(summary, "\t\t"))
    return text


def command_sections(table, common):
    """All command sections of divisi(1), made from the program's table."""
    text = ""
    for group, title in GROUPS.items():
        commands = [c for c in table["commands"] if c["group"] == group]
        if commands:
            text += "# %s\n\n" % title
            text += "".join(command_text(command, common) for command in commands)
    return text


def event_sections(table):
    """Every kind of event and every field of divisi-events(5), from the program's tables."""
    shared = {}
    text = "# KINDS\n\n"
    for kind in table["kinds"]:
        fields, like = kind["fields"], shared.get(kind["fields"])
        if like and len(fields) > 200:
            fields = "The fields of %s." % like
        else:
            shared[fields] = kind["kind"]
            fields = "Fields: %s." % fields.replace(" ", ", ") if fields else "No fields."
        text += "*%s*\n%s\n\n" % (kind["kind"],
                                 wrapped(kind["words"] + " " + fields, "\t"))
    text += ("# FIELDS\n\n_sN.x_ is _x_ of the N-th session of a table, counted from 0. "
             "(n) is a number.\n\n")
    for field in table["fields"]:
        mark = " (n)" if field["type"] == "number" else ""
        text += "*%s*%s\n%s\n\n" % (escaped(field["name"]), mark,
                                   wrapped(field["words"] + ".", "\t"))
    return text


def event_problems(table):
    """Fields of kinds that have no words, and words of fields that no kind has."""
    told = {field["name"] for field in table["fields"]}
    used = {name.removeprefix("sN.") for kind in table["kinds"]
            for name in kind["fields"].split()}
    return (differences("field", used, told, "divisi-events.5") +
            ["src/core/events.c: kind %s has no words and fields" % kind["kind"]
             for kind in table["kinds"] if not kind["words"]])


def generated(top, man, program):
    """{path: its text} of what is made from the program's table."""
    page = man["divisi.1"]
    begin, end = page.index("# COMMANDS"), page.index("# SESSIONS")
    common = set(re.findall(r"^\*--([a-z-]+)\*", page[:begin], re.M))
    files = {os.path.join(top, "man/divisi.1.scd"): page[:begin] + command_sections(
        json.loads(ask(program, "help", "--json")), common) + page[end:]}
    page = man["divisi-events.5"]
    begin, end = page.index("# KINDS"), page.index("# SEE ALSO")
    files[os.path.join(top, "man/divisi-events.5.scd")] = page[:begin] + event_sections(
        json.loads(ask(program, "events", "--kinds", "--json"))) + page[end:]
    for shell, name in COMPLETIONS.items():
        files[os.path.join(top, "completions", name)] = ask(program, "completions", shell)
    return files


def generated_problems(top, man, program, write):
    """Where the committed text differs from the program's; mends it when WRITE."""
    found = []
    for path, text in generated(top, man, program).items():
        if os.path.exists(path) and read(path) == text:
            continue
        if write:
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
        else:
            found.append("%s: is not what the program says; mend with: tools/docs.py . %s"
                         " --write" % (os.path.relpath(path, top), program))
    return found


def main():
    top = sys.argv[1]
    pages = os.path.join(top, "man")
    man = {name[:-4]: read(os.path.join(pages, name)) for name in os.listdir(pages)
           if name.endswith(".scd")}
    found = (refusal_problems(top, man) + lint_problems(top, man) +
             kind_problems(top, man) + route_problems(top, man) + setting_problems(top, man) +
             variable_problems(top, man))
    if len(sys.argv) > 2:
        found += event_problems(json.loads(ask(sys.argv[2], "events", "--kinds", "--json")))
        found += generated_problems(top, man, sys.argv[2], "--write" in sys.argv)
    print("\n".join(found) or "docs: the manual and the program agree")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
