"""The plays: what is planned, how the repository is set up, and what a person does.

A person acts on what there is to see, never on what was done before: so whoever went on after a
death does the right thing, and a command that was already carried out is not given twice.
"""

import json
import os
import re
import shutil
import stat

from story_forge import Forge as ForgeOwn
from story_guests import Guests as GuestsOwn
from story_judge import Judge as JudgeOwn
from story_met import Met as MetOwn
from story_panel import Panel as PanelOwn
from story_verbs import Verbs as VerbsOwn

# Two that share a file and land in the announced order, the first with a question; then one
# that reads what they made.  An agent that is started again does what is left to do.
PLAIN = r"""
1A|quick|Writes: `lib/`|fake:ask=question:Which colour? fake:bash=git show HEAD:lib/words | sed s/^one/ONE/ >$TMPDIR/w && mv $TMPDIR/w lib/words fake:bash=git commit -qam 1a || true
1B|quick|Writes: `lib/`|fake:bash=git show HEAD:lib/words | sed s/^seven/SEVEN/ >$TMPDIR/w && mv $TMPDIR/w lib/words fake:bash=git commit -qam 1b || true
2A|quick|Reads: `lib/words`; Writes: `two`|fake:write=two:of two fake:bash=git add -A; git commit -qm 2a || true
"""

# Whatever goes otherwise than planned: numbers that collide, a file that is made again, work
# that nobody committed, an agent that dies, one that is held and parked, one that is given up,
# a change that breaks the checks; in a tracker elsewhere, with a remote to push to.
ROUGH = r"""
1A|quick|Renumbers: schema:main; Creates: `db/*_a.sql`; Writes: `index`|fake:estimate=0.20 fake:usage=0.02 fake:write=db/0002_a.sql:a fake:bash=ls db >index; git add -A; git commit -qm 1a || true
1B|quick|Renumbers: schema:main; Creates: `db/*_b.sql`; Writes: `index`|fake:ask=question:Which one? fake:write=db/0002_b.sql:b fake:bash=ls db >index; git add -A; git commit -qm 1b || true
1C|quick|Writes: `c`|fake:die=KILL fake:write=c:of c
2A|quick|Reads: `c`; Writes: `d`|fake:ask=question:Go on? fake:write=d:of d fake:bash=git add -A; git commit -qm 2a || true
2B|quick|Reads: `c`; Writes: `e`|fake:write=e:of e fake:ask=question:Go on? fake:bash=git add -A; git commit -qm 2b || true
2C|quick|Reads: `c`; Writes: `broken`, `f`|fake:write=f:of f fake:write=broken:yes fake:bash=git add -A; git commit -qm 2c || true
"""


class Plain:
    """All goes as planned, with the tracker of the machine."""

    name, phases, patience_s = "plain", PLAIN, 200
    sample = "sample.txt"
    has_wishes = has_orders = has_trackers = False
    looks_s = 60  # how long a person looks on while nobody asks
    may_be = ""  # refs that are there or not, as it goes
    settings = (("merge", "auto"), ("verify", "true"))

    def furnish(self, case):
        pass

    def leave(self, case):
        """Ends what furnish began."""

    def wish(self, case, session, seen):
        """What the person wants of a session, unasked: the words of an order; SEEN has what
        happened to it."""
        return None

    def answer(self, case, name):
        """What the person does when session NAME asks: the words of a command; [] to wait."""
        return ["divisi", "approve", name, "--reason", "blue"]

    def orders(self, case, status, seen):
        """What the person does about the plan as a whole: the words of an order, or None."""
        return None

    def instead(self, session, what):
        """What the person says to WHAT that SESSION needs, where it is not what everybody would."""
        return None

    def is_over(self, states):
        """Is the plan over, though `divisi run` does not say so?"""
        return False

    def afterwards(self, case):
        """What a person does when all is over; says whether it succeeded."""
        return True

    def put_back(self, path):
        """What a power cut made of files that were never committed, as their agent wrote them."""

    def commits(self, lines):
        """What is compared of the target's commits, "SUBJECT | TREE", the latest first."""
        return lines

    def comment(self, text):
        """What is compared of a comment, "KIND: TEXT"."""
        return text

    def remote(self, case):
        """What was published, in words."""
        return ""

    def issues(self, case):
        """{id: issue} of the built-in tracker."""
        _, said = case.call("divisi", "issue", "export")
        found = {}
        for issue in json.loads(said):
            for name in ("created_at", "updated_at", "uuid", "version"):
                issue.pop(name, None)
            found[issue["id"]] = issue
        return found


class Rough(Plain):
    """Whatever can go otherwise does, in a tracker elsewhere."""

    name, phases, patience_s = "rough", ROUGH, 200
    sample = "sample-rough.txt"
    has_wishes = True
    # What a cut-off command left in a scratch worktree; ignored files, torn or not; what git
    # notes of a remote when it has pushed.
    may_be = (r"|refs/divisi/verify(-\d+)?/(head|base)$|refs/divisi/.*/ignored-\d+$"
              r"|refs/remotes/origin/main$")
    settings = (("merge", "ask"), ("verify", "! test -e broken"), ("publish", "branch"),
                ("tracker", "command"), ("radar", "off"), ("worktree.setup", "test -e .env"),
                ("worktree.copy", ".env"), ("series", "schema:main=db/*.sql"),
                ("derived", "index=ls db >index"))

    def furnish(self, case):
        there = case.place + "/there"
        os.mkdir(there)
        shutil.copy(case.dirs["source"] + "/tests/fakes/tracker_command.py", there + "/program")
        os.chmod(there + "/program", 0o755)
        kept = ["T-100", "T-11", "T-12", "T-13", "T-21", "T-22", "T-23"]
        with open(there + "/state.json", "w", encoding="utf-8") as file:
            json.dump({"clock": 1, "keys": {}, "issues": {
                name: {"id": name, "title": "t", "body": "theirs", "parent": "",
                       "status": "Todo", "labels": [], "estimate": 0, "assignee": "",
                       "delegate": "", "comments": [], "related": [], "files": [],
                       "updated_at": 1} for name in kept}}, file)
        case.git("config", "divisi.tracker.program", there + "/program")
        os.makedirs(case.repo + "/db")
        for path, text in (("db/0001_first.sql", "first\n"), ("index", "0001_first.sql\n"),
                           (".gitignore", ".env\n"), (".env", "SECRET=none\n")):
            with open(case.repo + "/" + path, "w", encoding="utf-8") as file:
                file.write(text)
        case.call("git", "add", "--all")
        case.call("git", "commit", "--quiet", "--message", "More")
        # Another machine: our power cut is not its own.
        case.call("git", "init", "--quiet", "--bare", case.place + "/origin.git")
        case.call("git", "remote", "add", "origin", case.place + "/origin.git")

    def wish(self, case, session, seen):
        phase, state = session["phase"], session["state"]
        if (phase, state) == ("1B", "checkpoint") and "said" not in seen:
            return ["say", phase, "the second"]
        if (phase, state) == ("2A", "checkpoint") and "parked" not in seen:
            return ["park", phase]
        if (phase, state) == ("2A", "parked"):
            return ["claim", phase]
        if (phase, state) == ("2A", "claimed"):
            return ["handback", phase]
        if (phase, state) == ("2B", "checkpoint"):
            return ["abandon" if "parked" in seen else "park", phase]
        if (phase, state) == ("2B", "parked"):
            case.call("git", "worktree", "remove", "--force", session["path"])
            return ["resume", phase]
        return None

    def is_over(self, states):
        return len(states) == 6 and set(states) == {"done", "abandoned"}

    def afterwards(self, case):
        os.chmod(case.divisi_home, 0o755)
        # Locks of gits that went with the power; a doctor moves none that is younger.
        for folder, _, files in os.walk(case.repo + "/.git/refs") if case.was_dark else ():
            for name in files:
                if name.endswith(".lock"):
                    os.utime(folder + "/" + name, (0, 0))
        code, said = case.call("divisi", "doctor", "--mend", "--yes")
        case.note("doctor -> %d %s" % (code, said[-200:].strip()))
        return stat.S_IMODE(os.stat(case.divisi_home).st_mode) == 0o700

    def put_back(self, path):
        if os.path.exists(path + "/c") and not os.path.getsize(path + "/c"):
            with open(path + "/c", "w", encoding="utf-8") as file:
                file.write("of c\n")

    def commits(self, lines):
        """Sessions of one batch land as they come; what comes of it is the same."""
        return sorted(line.partition(" | ")[0] for line in lines if line) + [
            line.partition(" | ")[2] for line in lines[:1]]

    def remote(self, case):
        there = case.git("--git-dir", case.place + "/origin.git", "rev-parse", "main")
        return "as here" if there == case.git("rev-parse", "main") else there

    def issues(self, case):
        with open(case.place + "/there/state.json", encoding="utf-8") as file:
            text = file.read()
        # Numbers are given as they are asked for, by whoever comes first.
        for name, issue in json.loads(text)["issues"].items():
            phase = re.search(r"\(Phase (\w+):", issue["body"])
            if phase and name.startswith("FT-"):
                text = re.sub(r"\b%s\b" % name, "FT-" + phase.group(1), text)
        issues = json.loads(text)["issues"]
        for issue in issues.values():
            del issue["updated_at"]
            # The plan hangs there once for each text that it had.
            issue["files"] = sorted(set(issue["files"]))
        return issues


class Judge(JudgeOwn, Plain):
    """Judgement and people."""


class Met(MetOwn, Plain):
    """Sessions that meet."""


class Guests(GuestsOwn, Plain):
    """Agents of all kinds, and other programs."""


class Forge(ForgeOwn, Plain):
    """Pull requests, and agents there."""


class Verbs(VerbsOwn, Plain):
    """A person's verbs."""


class Panel(PanelOwn, Plain):
    """Panels, research, and what is gone again."""


STORIES = {story.name: story for story in (
    Plain(), Rough(), Judge(), Met(), Guests(), Forge(), Verbs(), Panel())}
