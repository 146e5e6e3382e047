#!/usr/bin/env python3
"""The crash points of src/: none is forgotten, and which there are.

usage: crash_points.py [TOP]          complains about what makes something last outside DURABLE()
       crash_points.py [TOP] --list   prints every point, one a line

What makes something last is a system call of the table CALLS, a write of the store's API, a
tracker's call, a started process, and a git that is not known only to read.
"""

import os
import re
import sys

# System calls that change what a restart finds, or start a process.
CALLS = """fsync fdatasync sync syncfs sync_file_range msync
    rename renameat renameat2 link linkat symlink symlinkat mknod mkfifo bind
    unlink unlinkat rmdir remove mkdir mkdirat truncate ftruncate
    posix_spawn posix_spawnp fork vfork clone execv execve execvp execvpe fexecve system popen
    """.split()

# Commits of the store, which outside of it happen under a name that says what for.
STORE = """journal_append act_begin act_finish store_commit blob_put store_meta_put
    issue_create issue_update issue_comment issue_relate issue_attach""".split()

TRACKER = r"tracker\s*->\s*(?:create|update|comment|relate|attach)"

# Where a point cannot stand around the call: the child goes on behind it, or nobody does.
BY_HAND = {
    ("hold/agent.c", "fork"): "agent.fork",
    ("hold/agent.c", "execve"): "agent.exec",
    ("hold/pids.c", "fork"): "pids.fork",
    ("hold/hold.c", "fork"): "hold.detach",
    ("cli/cmd_mcp.c", "execv"): "hook.exec",
    ("cli/handover.c", "execv"): "server.handover",
}

# The store's own insides, and the adapter in front of it: their callers have the points.
# The simulator has no disk.  What the holder does in place of an agent is the agent's.  A
# program that prints a token leaves nothing behind, and of what a tracker's program does the
# callers have the points.
INSIDE = {"store": STORE, "tracker/local.c": STORE, "sim/disk.c": STORE,
          "hold/doing.c": CALLS, "tracker/token.c": CALLS, "tracker/command.c": CALLS}

# Verbs of git that leave the repository and its worktrees as they are.
READING = """cat-file diff diff-tree for-each-ref log ls-files merge-base remote rev-list
    rev-parse show-ref status symbolic-ref var version worktree-list config-get config-blob config-type
    config-f config-z config-default merge-file check-ref-format ls-remote show diff-index
    diff-files name-rev describe grep blame hash-object ls-tree check-ignore pack-objects""".split()
# Verbs that change something; each has points before and behind its start and at its end.
CHANGING = """add branch checkout clean commit commit-tree config-add config-local fetch
    config-replace-all config-unset-all merge merge-tree push read-tree reset restore unpack-objects update-index
    update-ref worktree-add worktree-lock worktree-remove worktree-unlock write-tree
    """.split()
NESTED = ("worktree", "config")
# Git in scratch repositories that are thrown away: nothing is to be found again there.
SCRATCH = ("cli/agent_trial.c", "cli/doctor_agents.c")

DURABLE = re.compile(r"\bDURABLE(_OF)?\s*\(")
POINT = re.compile(r'\bcrash_point(_of)?\s*\(\s*"([^"]+)"')
CALL = re.compile(r"(?<![\w.>])(%s)\s*\(" % "|".join(CALLS))
STORED = re.compile(r"(?<![\w.>])(%s)\s*\(" % "|".join(STORE))
TRACKED = re.compile(r"\b(%s)\s*\(" % TRACKER)
DEFINITION = re.compile(r"^(%s)\(" % "|".join(STORE), re.M)


def without_comments(text):
    return re.sub(r"/\*.*?\*/|//[^\n]*",
                  lambda m: re.sub(r"[^\n]", " ", m.group(0)), text, flags=re.S)


def without_strings(text):
    return re.sub(r'"(?:\\.|[^"\\\n])*"',
                  lambda m: '"' + "_" * (len(m.group(0)) - 2) + '"', text)


def closing(text, start):
    """Where the parenthesis that is opened at START is closed."""
    depth = 0
    for at in range(start, len(text)):
        depth += {"(": 1, ")": -1}.get(text[at], 0)
        if depth == 0:
            return at
    return len(text)


def sources(top):
    """(path below src/, text without comments) of every C file but the points' own."""
    src = os.path.join(top, "src")
    for folder, _, files in sorted(os.walk(src)):
        for name in sorted(files):
            path = os.path.relpath(os.path.join(folder, name), src)
            if name.endswith(".c") and path != "base/crash.c":
                with open(os.path.join(folder, name), encoding="utf-8") as file:
                    yield path, without_comments(file.read())


def durables(text):
    """(start, end, name, is_family) of every DURABLE() and DURABLE_OF()."""
    bare = without_strings(text)
    for match in DURABLE.finditer(bare):
        end = closing(bare, match.end() - 1)
        name = re.match(r'\s*"([^"]+)"', text[match.end():])
        yield match.start(), end, name and name.group(1), bool(match.group(1))


def is_inside(path, call):
    return any(call in calls and (path == place or path.startswith(place + "/"))
               for place, calls in INSIDE.items())


def git_words(text):
    """The verbs of git in TEXT, as the points are named."""
    found = []
    for match in re.finditer(r'GIT_ARGS\(((?:\s*"[^"]*"\s*,?|[^()"]|\([^()]*\))*)', text):
        words = re.findall(r'"([^"]*)"', match.group(1))
        while words and words[0].startswith("-"):
            words = words[1:]
        found.append((match.start(), words))
    for match in re.finditer(r'git_list_add\(&args, "([a-z-]+)"\);', text):
        if not match.group(1).startswith("-"):
            found.append((match.start(), [match.group(1)]))
    for start, words in found:
        if not words or not re.fullmatch(r"[a-z][a-z-]+", words[0]):
            continue
        if words[0] in NESTED and len(words) > 1:
            yield start, "%s-%s" % (words[0], words[1].lstrip("-").split("=")[0])
        elif words[0] not in NESTED:
            yield start, words[0]


def check_file(path, text):
    """Complaints about one file."""
    spans = list(durables(text))
    bare = without_strings(text)
    defined = {m.start() for m in DEFINITION.finditer(bare)}
    points = {m.group(2) for m in POINT.finditer(text)}

    def place(at):
        return "src/%s:%d" % (path, text.count("\n", 0, at) + 1)

    for pattern in (CALL, STORED, TRACKED):
        for match in pattern.finditer(bare):
            call = match.group(1)
            if match.start() in defined or is_inside(path, call):
                continue
            if any(start < match.start() < end for start, end, _, _ in spans):
                continue
            if BY_HAND.get((path, call)) in points:
                continue
            yield "%s: %s() outside DURABLE(): a death there would not be tried" % (
                place(match.start()), call)
    for start, _, name, _ in spans:
        if not name:
            yield "%s: a point's name is a literal" % place(start)
    if path.startswith(("git/", "engine/", "cli/")) and path not in SCRATCH:
        for start, word in git_words(text):
            if word not in READING and word not in CHANGING:
                yield ("%s: git %s is in neither list of tools/crash_points.py: does it"
                       " change the repository?" % (place(start), word))


def check(top):
    """All complaints."""
    problems, seen = [], {}
    for path, text in sources(top):
        problems += check_file(path, text)
        names = [(name, start) for start, _, name, family in durables(text) if not family]
        names += [(m.group(2), m.start()) for m in POINT.finditer(text) if not m.group(1)]
        for name, start in names:
            if name in seen:
                problems.append("src/%s:%d: the point %s is in %s already" % (
                    path, text.count("\n", 0, start) + 1, name, seen[name]))
            seen[name] = path
    return problems


def read(top, path):
    with open(os.path.join(top, "src", path), encoding="utf-8") as file:
        return without_comments(file.read())


def words_of(top, family):
    """What may stand behind a family's name."""
    if family == "journal":
        return re.findall(r'\[HAP_\w+\]\s*= "([a-z-]+)"', read(top, "core/happening.c"))
    if family.startswith("git"):
        used = {word for path, text in sources(top) for _, word in git_words(text)}
        return sorted(word for word in CHANGING if word in used)
    runners = re.findall(r'\{ "([a-z-]+)", (\w+) \}', read(top, "engine/acts.c"))
    if family == "tracker-commit":
        # Pull requests are never in the built-in tracker, and a look there writes nothing.
        return [kind for kind, runner in runners if runner == "track_act"
                and not kind.startswith("pull-") and kind != "delegate-look"]
    return [kind for kind, runner in runners if runner.endswith(("_act", "_launch"))]


def list_points(top):
    """Every point there is, by family and word."""
    found = []
    for _, text in sources(top):
        for _, _, name, family in durables(text):
            words = [".%s" % w for w in words_of(top, name)] if family else [""]
            found += ["%s%s.%s" % (name, word, when)
                      for word in words for when in ("before", "after")]
        for match in POINT.finditer(text):
            words = ["." + w for w in words_of(top, match.group(2))] if match.group(1) else [""]
            found += ["%s%s.here" % (match.group(2), word) for word in words]
    return sorted(set(found))


def main():
    words = [word for word in sys.argv[1:] if word != "--list"]
    top = words[0] if words else os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    if "--list" in sys.argv:
        print("\n".join(list_points(top)))
        return 0
    problems = check(top)
    print("\n".join(problems) or "crash points: %d" % len(list_points(top)))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
