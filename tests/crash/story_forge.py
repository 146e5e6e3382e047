"""The fifth play: issues and pull requests on GitHub.  One session is merged there, one is given
up with its pull request open, one is done by an agent there; what is GitHub is a test server on
loopback that belongs to nobody who dies here (tests/tracker/server_github.mjs)."""

import json
import os
import re
import subprocess
import time
import urllib.error
import urllib.request

PHASES = r"""
1A|quick|Writes: `a`|fake:write=a:of a fake:bash=git add -A; git commit -qm 1a || true
1B|quick|Writes: `b`|fake:write=b:of b fake:bash=git add -A; git commit -qm 1b || true
1C|quick|Agent: Codex cloud; Writes: `c`|made elsewhere
"""
# What is written at a terminal: an editor gets the text and changes it, or not.
TYPED = """import os, pty, sys
sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:], lambda fd: os.read(fd, 1024))))"""
# A plan that is worked on where there are no worktrees: its issues are all that is made.
OTHER, ONE_MORE = "2026-11-22-other.md", "1A|quick|Writes: `d`|make it\n"
AWAY = """git config divisi.surface cowork; divisi dispatch "$0"; rc=$?
git config --unset divisi.surface; exit $rc"""
TOKEN = "lin_api_test_secret_token"
# The issues of the plan as fake_plan names them; there they are #1 and so on.
NAMED = ("T-100", "T-11", "T-12", "T-13")
THEIRS = "codex/elsewhere"


class There:
    """The test server of one case; it ends when its input does."""

    def __init__(self, case):
        home = case.place + "/there"
        os.mkdir(home)
        with open(home + "/said", "w", encoding="utf-8") as said:
            # Not of the case: who clears up after the case looks for its HOME.
            self.process = subprocess.Popen(
                ["node", case.dirs["source"] + "/tests/tracker/server_github.mjs",
                 case.dirs["source"] + "/trackers"], stdin=subprocess.PIPE,
                stdout=subprocess.PIPE, stderr=said, text=True, cwd=home,
                env={"PATH": case.environ["PATH"], "HOME": home, "LANG": "C.UTF-8"})
        self.address = "http://127.0.0.1:" + self.process.stdout.readline().strip()

    def ask(self, path, body=None):
        """What is answered at PATH."""
        request = urllib.request.Request(
            self.address + path, data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": "Bearer " + TOKEN, "X-GitHub-Api-Version": "2022-11-28",
                     "User-Agent": "a person"})
        with urllib.request.urlopen(request, timeout=30) as reply:
            return json.load(reply)

    def repo(self, path, body=None):
        return self.ask("/api/v3/repos/acme/gates/" + path, body)

    def order(self, **words):
        self.ask("/control", words)

    def end(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


class Forge:
    """What the fifth play has of its own; story.py has the rest."""

    name, phases, patience_s = "forge", PHASES, 200
    sample = "sample-forge.txt"
    has_wishes = has_orders = has_trackers = True
    looks_s = 2
    may_be = r"|refs/remotes/origin/.*$"  # what git notes of a remote
    settings = (("merge", "auto"), ("verify", "true"), ("publish", "forge"), ("radar", "off"),
                ("tracker", "github"), ("tracker.team", "acme/gates"))

    def furnish(self, case):
        origin = case.place + "/origin.git"
        case.call("git", "init", "--quiet", "--bare", origin)
        case.call("git", "remote", "add", "origin", origin)
        case.call("git", "push", "--quiet", "origin", "main")
        case.there = There(case)
        case.there.order(reset=True, seed=len(NAMED) + 2, git=origin,
                         checks=[["in_progress", None]])
        case.git("config", "divisi.tracker.url", case.there.address + "/api/v3")
        case.environ["GITHUB_TOKEN"] = TOKEN
        case.environ["DIVISI_WEBHOOK_GENERIC"] = "a-secret"
        case.edited, case.seen_to = False, set()
        case.call("bash", "-c", '. "$0/lib.sh"; . "$0/runs.sh"; fake_plan "$1"',
                  case.dirs["source"] + "/tests/e2e", OTHER, text=ONE_MORE)
        self.number(case, case.plan, NAMED, 1)
        self.number(case, OTHER, NAMED[:2], len(NAMED) + 1)

    @staticmethod
    def number(case, plan, names, first):
        """The issues of PLAN as GitHub names them, from #FIRST on."""
        with open(case.repo + "/" + plan, encoding="utf-8") as file:
            text = file.read()
        for n, name in enumerate(names, first):
            text = re.sub(r"\[%s(?=[]:])" % name, "[#%d" % n, text)
            text = text.replace("(local:%s)" % name,
                                "(https://github.com/acme/gates/issues/%d)" % n)
        with open(case.repo + "/" + plan, "w", encoding="utf-8") as file:
            file.write(text)

    def leave(self, case):
        case.there.end()

    # ---- the person ------------------------------------------------------------------------

    def orders(self, case, status, seen):
        """What the person does about a write that somebody else's change keeps from being made:
        ours stands on 1A, theirs on 1B."""
        code, said = case.call("divisi", "outbox", "--json")
        phases = {s["sub_issue"]: s["phase"] for s in case.sessions_of(status)}
        for letter in json.loads(said)["letters"] if code == 0 else ():
            if letter["state"] != "conflict":
                continue
            if phases.get(letter["issue"]) == "1B":
                return ["outbox", "drop", str(letter["id"]), "--reason", "theirs is right"]
            return ["outbox", "retry", str(letter["id"])]
        return None

    def is_changed_there(self, case):
        """Somebody else changes the issues of 1A and 1B, once, when both are delivered and
        nothing is owed to them."""
        there = {s["sub_issue"]: {"body": "Do something else."}
                 for s in case.sessions_of(case.status())
                 if s["phase"] in ("1A", "1B") and s["state"] == "mergeable"}
        if not case.edited and len(there) == 2 and self.is_all_sent(case):
            case.there.order(change=there)
            case.edited = True
        return case.edited

    def wish(self, case, session, seen):
        phase, state = session["phase"], session["state"]
        if phase == "1C" and state in ("unconfirmed", "active"):
            self.work_elsewhere(case, session)
            return ["delegate", phase]
        if phase == "1B" and state == "mergeable":
            return ["abandon", phase] if self.is_changed_there(case) else None
        if phase != "1B" and state == "mergeable" and self.is_given_up(case):
            case.there.order(checks=[["completed", "success"]])
            return ["merge", phase, "--yes"]
        return None

    def is_given_up(self, case):
        """Is 1B?  Before, nothing may be merged there."""
        return any(s["phase"] == "1B" and s["state"] == "abandoned"
                   for s in case.sessions_of(case.status()))

    def work_elsewhere(self, case, session):
        """What an agent there pushes, once, from a clone of its own, and asks to be merged."""
        there, origin = case.place + "/elsewhere", case.place + "/origin.git"
        if any(pull["head"] == THEIRS for pull in self.pulls(case)):
            return
        case.call("rm", "-rf", there)
        case.call("git", "clone", "--quiet", origin, there)
        with open(there + "/c", "w", encoding="utf-8") as file:
            file.write("of c\n")
        for words in (("checkout", "--quiet", "-b", THEIRS), ("add", "c"),
                      ("commit", "--quiet", "--message", "1c"),
                      ("push", "--quiet", "--force", "origin", THEIRS)):
            case.call("git", "-C", there, *words)
        if not case.is_dark:
            case.there.repo("pulls", {"title": "C", "head": THEIRS, "base": "main",
                                      "body": "Closes %s" % session["sub_issue"]})

    def is_over(self, states):
        return len(states) == 3 and set(states) == {"done", "abandoned"}

    def afterwards(self, case):
        if case.was_dark:
            self.clear_locks(case)
        if not self.is_all_sent(case):
            return False
        for _ in range(20):
            if case.is_dark:
                return False
            order = self.next_by_hand(case)
            if not order:
                return self.is_heard(case)
            code, said = case.call(*order)
            case.note("%s -> %d %s" % (" ".join(order[-4:]), code, said.strip()))
            if code == 0 or "as it was" in said:
                case.seen_to.add(" ".join(order))
        return False

    @staticmethod
    def clear_locks(case):
        """What gits that went with the power left; a doctor moves none that is younger."""
        for folder, _, files in os.walk(case.repo + "/.git/refs"):
            for name in files:
                if name.endswith(".lock"):
                    os.utime(folder + "/" + name, (0, 0))
        code, said = case.call("divisi", "doctor", "--mend", "--yes")
        case.note("doctor -> %d %s" % (code, said[-200:].strip()))

    def next_by_hand(self, case):
        """What the person has not done yet: an issue of the built-in tracker, what came from
        nowhere, what is ready, what was learned."""
        code, said = case.call("divisi", "issue", "export")
        if code:
            return ["divisi", "issue", "list"]
        found = {i["title"]: i for i in json.loads(said)}
        hand = found.get("By hand")
        typed = ["python3", "-c", TYPED, "divisi", "issue", "edit", hand["id"]] if hand else []
        for name in ("By hand", "Another"):
            if name not in found:
                return ["divisi", "issue", "new", name, "--body", "The first word"]
        other, is_told = found["Another"]["id"], "seen by ada" in json.dumps(hand)
        if not is_told and other not in json.dumps(hand["relations"]):
            return ["divisi", "issue", "relate", hand["id"], "related", other]
        if not is_told:
            return ["divisi", "issue", "comment", hand["id"], "seen by ada"]
        if other in json.dumps(hand["relations"]):
            return ["divisi", "issue", "unrelate", hand["id"], "related", other]
        if "first" in hand["body"]:
            return ["env", "GIT_EDITOR=sed -i s/first/last/", *typed]
        heard = self.feedback(case)
        if "by-hand" not in heard:
            return ["divisi", "feedback", "add", "whose", "--branch", "no/body", "--id", "by-hand"]
        if heard["by-hand"]["state"] == "escalated":
            return ["divisi", "decline", heard["by-hand"]["id"], "--reason", "nobody's"]
        for order in (["env", "GIT_EDITOR=true", *typed], ["divisi", "ready"],
                      ["divisi", "learn", "--forget"], ["sh", "-c", AWAY, OTHER]):
            if " ".join(order) not in case.seen_to:
                return order
        return None

    def feedback(self, case):
        """{delivery: feedback} of all there was."""
        code, said = case.call("divisi", "feedback", "--all", "--json")
        return {f["delivery"]: f for f in json.loads(said)["feedback"]} if code == 0 else {}

    def is_heard(self, case):
        """A word comes in through the door, beside a file that nobody can read."""
        spool, is_new = case.divisi_home + "/feedback", "came" not in self.feedback(case)
        if not is_new and not os.listdir(spool + "/"):
            return True
        os.makedirs(spool, exist_ok=True)
        torn = spool + "/%020d.json" % 1
        if is_new and not os.path.exists(torn + ".refused"):
            with open(torn, "w", encoding="utf-8") as file:
                file.write("{")
        door = subprocess.Popen(["divisi", "serve", "--webhooks", "127.0.0.1:0", "--json"],
                                cwd=case.repo, env=case.environ, stdout=subprocess.PIPE,
                                stderr=subprocess.DEVNULL, text=True)
        try:
            return self.is_told(case, door, spool, torn)
        finally:
            door.terminate()
            try:
                door.wait(10)
            except subprocess.TimeoutExpired:  # it stands still where somebody is to die
                door.kill()
                door.wait()
            door.stdout.close()

    def is_told(self, case, door, spool, torn):
        """Says it at DOOR, again and again as senders do, until it was taken."""
        port = re.search(r"port\D+(\d+)", door.stdout.readline())
        for _ in range(100):
            if not port or door.poll() is not None or case.is_dark:
                return False
            if "came" not in self.feedback(case):
                case.call("python3", case.dirs["source"] + "/tests/e2e/webhook_send.py", "one",
                          port[1], "generic", "a-secret",
                          '{"kind": "comment", "branch": "no/body", "text": "hello"}', "id=came")
            elif os.listdir(spool) == [os.path.basename(torn) + ".refused"]:
                return True
            time.sleep(0.1)
        return False

    def is_all_sent(self, case):
        """Waits until nothing is owed to GitHub any more."""
        for _ in range(100):
            order = self.orders(case, case.status(), ())
            if order:
                case.note("%s -> %d %s" % (" ".join(order), *case.call("divisi", *order)))
            code, said = case.call("divisi", "outbox", "--json")
            if case.is_dark:
                return False
            if code == 0 and json.loads(said)["pending"] == 0:
                return True
            time.sleep(0.1)
        return False

    # ---- what came of it -------------------------------------------------------------------

    def commits(self, lines):
        """They land as they come; what comes of it is the same."""
        return sorted(line.partition(" | ")[0] for line in lines if line) + [
            line.partition(" | ")[2] for line in lines[:1]]

    def pulls(self, case):
        return case.there.ask("/control")["requested"]

    def names(self, case):
        """{number: name}: numbers are given as they are asked for, by whoever comes first."""
        named = {}
        for issue in case.there.repo("issues?state=all&per_page=100"):
            phase = re.match(r"Batch \w+: Work on (\w+)", issue["title"])
            is_ours = issue.get("parent_issue_url", "").endswith("/1")
            named[issue["number"]] = "the %sissue of %s" % (
                "" if is_ours else "other ", phase[1]) if phase else ""
        for pull in self.pulls(case):
            named[pull["number"]] = "the pull request of " + pull["head"]
        return {number: name for number, name in named.items() if name}

    def renamed(self, case, text):
        named = self.names(case)
        text = re.sub(r"(#|issues/|pull/)(\d+)\b",
                      lambda m: named.get(int(m[2]), m[0]), text)
        text = re.sub(r"<!-- divisi:[-0-9a-f]+ -->", "<!-- divisi:MARK -->", text)
        return text.replace(case.there.address, "THERE")

    def comments(self, case, number):
        return sorted(self.renamed(case, c["body"]) for c in
                      case.there.repo("issues/%d/comments?per_page=100" % number))

    def remote(self, case):
        """Pull requests and branches there, and whether main is as here."""
        origin = case.place + "/origin.git"
        is_same = case.git("--git-dir", origin, "rev-parse", "main") == case.git(
            "rev-parse", "main")
        pulls = sorted([p["head"], p["state"], p["title"], self.renamed(case, p["body"]),
                        self.comments(case, p["number"])] for p in self.pulls(case))
        return case.plain(json.dumps([
            "main is as here" if is_same else "main is another", pulls,
            case.git("--git-dir", origin, "for-each-ref", "--format=%(refname)").split(),
            sorted([name, f["state"], f["action"]] for name, f in self.feedback(case).items())]))

    def issues(self, case):
        """{name: issue} there, of everybody, and of the built-in tracker."""
        found = super().issues(case)
        for issue in case.there.repo("issues?state=all&per_page=100"):
            number = issue["number"]
            found[self.names(case).get(number, "#%d" % number)] = {
                "title": issue["title"], "body": self.renamed(case, issue["body"]),
                "state": issue["state"], "reason": issue["state_reason"],
                "labels": sorted(label["name"] for label in issue["labels"]),
                "assignees": [who["login"] for who in issue["assignees"]],
                "comments": [{"kind": "comment", "body": text}
                             for text in self.comments(case, number)]}
        return found
