#!/usr/bin/env python3
"""The arrows between the rooms of src/, as a test.

usage: layers.py [TOP]

Fails with file:line for an include that the table below does not allow, for a library
header outside its rooms, and for a public function whose name does not tell its header.
"""

import os
import re
import sys

BELOW_ENGINE = ("base plan policy core sys store git agent tracker exec hold forge"
                " radar .")

# A room may include itself and the rooms named here; "." is a file directly in src/.
ROOMS = {
    "base": "",
    "plan": "base",
    "policy": "base plan",
    "core": "base plan policy",
    "sys": "base",
    "store": "base plan policy core",
    "git": "base sys",
    "agent": "base",
    "tracker": "base sys store",
    "exec": "base sys",
    "hold": "base",
    "hook": "base",
    "verify": "",
    "forge": "base sys",
    "radar": "base sys git",
    "rehearse": "base plan policy core",
    "sim": BELOW_ENGINE + " engine",
    ".": "base agent tracker exec forge",
    "engine": BELOW_ENGINE,
    "web": BELOW_ENGINE + " engine",
    "mcp": "base sys",
    "tui": "base sys",
    "cli": BELOW_ENGINE + " rehearse sim mcp tui engine web",
}

# Header or folder of a library: the rooms or files that may include it.
LIBRARIES = {
    "sqlite3.h": "store",
    "curl/": "sys/curl_late.c sys/fetch.c tracker/http.c",
    "event2/": "sys engine web sim",
    "event.h": "",
    "json-c/": "store agent tracker engine web mcp cli",
    "curses.h": "tui",
    "ncurses.h": "tui",
    "sha1.h": "base/hmac.c",
    "sha2.h": "base/hash.c base/hmac.c",
    "cpuid.h": "base/sha256.c",
    "immintrin.h": "base/sha256.c",
    "utf8proc.h": "plan/glob_spell.c",
    "uthash.h": "sys store engine web",
}

# What belongs to the C library and the kernel: free for every room.
SYSTEM_FOLDERS = ("sys/", "linux/", "net/", "netinet/", "arpa/", "asm/", "bits/")
SYSTEM = set("""
    assert.h ctype.h dirent.h dlfcn.h errno.h fcntl.h fnmatch.h ftw.h getopt.h glob.h
    grp.h inttypes.h langinfo.h libgen.h limits.h locale.h math.h mntent.h netdb.h
    poll.h pthread.h pwd.h regex.h sched.h search.h setjmp.h signal.h spawn.h stdalign.h
    stdarg.h stdatomic.h stdbool.h stddef.h stdint.h stdio.h stdlib.h stdnoreturn.h
    string.h strings.h syslog.h termios.h time.h unistd.h utime.h wchar.h wctype.h
    """.split())

# Public functions whose header is named after a topic and not after a type.
TOPICS = {
    "base/file.h": "path",
    "base/mem.h": "xmalloc xcalloc xreallocarray xstrdup xstrndup xasprintf xvasprintf",
    "base/text.h": "utf8 span str",
    "policy/names.h": "session_label session_letter sub_issue_title branch_name"
                      " branch_check plan_file_name issue_id_ok runtime_name",
    "policy/refusal.h": "refuse",
    "store/journal.h": "blob meta",
    "plan/glob_nfa.h": "class",
    "plan/index.h": "entries",
    "plan/schedule_risk.h": "schedule risks",
    "cli/client.h": "js",
    "cli/dispatching.h": "ask",
    "cli/reviewing.h": "review",
    "cli/running.h": "run",
    "git/land.h": "commit",
    "git/local.h": "pathspec",
    "git/merge.h": "scratch",
    "git/worktree.h": "branch",
}

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(["<])([^">]+)[">]', re.M)
PROTOTYPE = re.compile(r"\b([A-Za-z_]\w*)\s*\((?!\*)")
TAG = re.compile(r"\b(?:struct|enum|union)\s+([A-Za-z_]\w*)")
NOT_FUNCTIONS = {"PRINTF", "NODISCARD", "__attribute__", "sizeof", "_Static_assert"}


def room_of(path):
    """The room of a path relative to src/."""
    return path.split("/")[0] if "/" in path else "."


def without_comments(text):
    """TEXT with comments and strings blanked out, line ends kept."""
    def blank(match):
        return re.sub(r"[^\n]", " ", match.group(0))
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"', blank, text, flags=re.S)


def library_problem(path, name):
    """Why PATH may not include <NAME>, or None."""
    if name in SYSTEM or name.startswith(SYSTEM_FOLDERS):
        return None
    for library, users in LIBRARIES.items():
        if name == library or (library.endswith("/") and name.startswith(library)):
            if room_of(path) in users.split() or path in users.split():
                return None
            return "<%s> may only be used by: %s" % (name, users or "nobody")
    return "<%s> is not in the library table of tools/layers.py" % name


def room_problem(path, name, src):
    """Why PATH may not include "NAME", or None."""
    room, other = room_of(path), room_of(name)
    if not os.path.isfile(os.path.join(src, name)):
        return '"%s" is no header below src/' % name
    if other == room or other in ROOMS[room].split():
        return None
    return "room %s may not include %s (it uses: %s)" % (
        room, other, ROOMS[room] or "nothing")


def include_problems(path, text, src):
    """All wrong includes of PATH."""
    found = []
    for match in INCLUDE.finditer(text):
        check = library_problem if match.group(1) == "<" else room_problem
        args = (path, match.group(2)) + (() if match.group(1) == "<" else (src,))
        problem = check(*args)
        if problem:
            line = text.count("\n", 0, match.start(2)) + 1
            found.append("src/%s:%d: %s" % (path, line, problem))
    return found


def public_functions(text):
    """(name, line) of every function prototype outside braces in a header's TEXT."""
    clean = re.sub(r"^[ \t]*#(?:\\\n|[^\n])*", lambda m: re.sub(r"[^\n]", " ", m.group(0)),
                   without_comments(text), flags=re.M)
    depth, start, found = 0, 0, []
    for at, char in enumerate(clean):
        if char == "{":
            depth += 1
        elif char == "}":
            depth -= 1
            start = at + 1
        elif char == ";" and depth == 0:
            piece = clean[start:at]
            names = [m for m in PROTOTYPE.finditer(piece)
                     if m.group(1) not in NOT_FUNCTIONS and not m.group(1).isupper()]
            if names and not piece.lstrip().startswith("typedef"):
                line = clean.count("\n", 0, start + names[0].start()) + 1
                found.append((names[0].group(1), line))
            start = at + 1
    return found


def nouns(path, text, src):
    """What public names of header PATH may begin with: files of its room, types it names."""
    found = {room_of(path)}
    for file in os.listdir(os.path.join(src, os.path.dirname(path))):
        stem = file.rsplit(".", 1)[0]
        found |= {stem, stem.rstrip("s")}
    for tag in TAG.findall(without_comments(text)):
        found |= {tag, tag.split("_")[0]}
    return found | set(TOPICS.get(path, "").split())


def name_problems(path, text, owners, src):
    """Public functions of header PATH that could be anybody's, or are somebody's."""
    found = []
    known = nouns(path, text, src)
    for name, line in public_functions(text):
        where = "src/%s:%d" % (path, line)
        # A room's internal.h is read inside the room only.
        if not path.endswith("/internal.h") and not any(
                name == noun or name.startswith(noun + "_") for noun in known):
            found.append("%s: %s() begins with no noun of its header" % (where, name))
        if owners.setdefault(name, path) != path:
            found.append("%s: %s() is also declared in src/%s"
                         % (where, name, owners[name]))
    return found


def check(top):
    """All problems below TOP/src, as lines."""
    src = os.path.join(top, "src")
    found, owners = [], {}
    for folder, folders, files in os.walk(src):
        folders.sort()
        for file in sorted(f for f in files if f.endswith((".c", ".h"))):
            path = os.path.relpath(os.path.join(folder, file), src)
            if room_of(path) not in ROOMS:
                found.append("src/%s:1: room %s is not in the table of tools/layers.py"
                             % (path, room_of(path)))
                continue
            with open(os.path.join(src, path), encoding="utf-8") as opened:
                text = opened.read()
            found += include_problems(path, text, src)
            if file.endswith(".h"):
                found += name_problems(path, text, owners, src)
    return found


def main():
    top = sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(
        os.path.dirname(os.path.abspath(__file__)))
    problems = check(top)
    print("\n".join(problems) if problems else "layers: every arrow points down")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
