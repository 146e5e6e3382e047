"""The fifth play: a person's verbs.  Settings are made and one making of them fails; a table is
edited, a rule overridden, an agent spoken to and an issue written in an editor; a worktree is
taken away behind our back; a door for webhooks, a doctor, a new program, a damaged journal."""

import base64
import hashlib
import hmac
import http.client
import json
import os
import pty
import re
import shutil
import signal
import sqlite3
import subprocess
import threading
import time

PHASES = r"""
1A|quick|Writes: `a`, `list`|fake:tool=look:failed fake:ask=question:Which one? fake:write=a:of a fake:bash=git show $(git merge-base HEAD main):list >list; echo a >>list; git add -A; git commit -qm 1a || true
1B|quick|Writes: `b`, `list`|fake:write=b:of b fake:ask=question:Go on? fake:bash=git show $(git merge-base HEAD main):list >list; echo b >>list; git add -A; git commit -qm 1b || true
"""
FINDINGS = {"reviewer": "ada", "recommendation": "REVISE", "findings": [
    {"severity": "important", "text": "Half of the cases have no test", "where": "b",
     "advice": "write them", "effort": "large"}]}
LATER = "docs/2026-11-23-later.md"
LOOK = ["status"]  # the person did something that is no order of one line
ISSUE_EDITOR = "sed -i s/^Drafted$/Written/"


def put(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


class Verbs:
    """What the fifth play has of its own; story.py has the rest."""

    name, phases, patience_s = "verbs", PHASES, 240
    sample = "sample-verbs.txt"
    has_wishes = has_orders = True
    may_be = r"|refs/divisi/verify(-\d+)?/(head|base)$"
    # Whoever verifies leaves something behind, for the next one to clear away.
    settings = (("merge", "ask"), ("verify", "echo x >>junk"), ("publish", "none"),
                ("radar", "off"), ("united", "list"))

    def furnish(self, case):
        os.mkdir(case.place + "/did")
        os.mkdir(case.place + "/bin")
        for name in ("divisi", "divisi-hold"):
            shutil.copy(case.dirs["bin"] + "/" + name, case.place + "/bin/")
        case.environ["PATH"] = case.place + "/bin:" + case.environ["PATH"]
        # Beside the plan, of a writer that died; the next one clears it away.
        put(case.repo + "/" + case.plan + ".divisi-aBcDeF", "")
        put(case.place + "/findings.json", json.dumps(FINDINGS))
        put(case.repo + "/list", "first\n")
        os.mkdir(case.repo + "/docs")
        case.call("bash", "-c", '. "$0/lib.sh"; . "$0/runs.sh"; fake_plan "$1"',
                  case.dirs["source"] + "/tests/e2e", LATER,
                  text="7A|quick|Context: none|change lib/words\n")
        self.commit(case, "list", "docs")

    # ---- how a person does things ----------------------------------------------------------

    def commit(self, case, *paths):
        case.git("-c", "core.fsync=all", "add", "--", *paths)
        case.git("-c", "core.fsync=all", "commit", "--quiet", "--message", "Of the person",
                 "--", *paths)

    def once(self, case, name, done):
        """What leaves nothing to be seen is done until it succeeded; was it to be done?"""
        mark = case.place + "/did/" + name
        if os.path.exists(mark) or case.is_dark:
            return False
        is_done = done()
        case.note("%s -> %s" % (name, is_done))
        if is_done and not case.is_dark:
            put(mark, "")
        return True

    def verb(self, case, *words, wanted=(0,), text=""):
        code, said = case.call("divisi", *words, text=text)
        case.note("%s -> %d %s" % (" ".join(words), code, said.strip()[:1500]))
        return code in wanted

    def at_terminal(self, case, words, keys=(), editor="true"):
        """A verb at a terminal of its own, with KEYS typed one at each question."""
        ours, theirs = pty.openpty()
        child = subprocess.Popen(["setsid", "--ctty", "divisi", *words], cwd=case.repo,
                                 env={**case.environ, "EDITOR": editor}, stdin=theirs,
                                 stdout=theirs, stderr=theirs)
        os.close(theirs)
        heard, left = "", list(keys)

        def listen():
            nonlocal heard
            try:
                while True:
                    heard += os.read(ours, 4096).decode(errors="replace")
                    if left and heard.count("decline ?") > len(keys) - len(left):
                        os.write(ours, left.pop(0).encode())
            except OSError:
                return

        listener = threading.Thread(target=listen, daemon=True)
        listener.start()
        try:
            code = child.wait(60)
        except subprocess.TimeoutExpired:
            child.kill()
            code = child.wait()
        listener.join(5)
        os.close(ours)
        case.note("%s -> %d %s" % (" ".join(words), code, heard.strip()[-300:]))

    # ---- before and while ------------------------------------------------------------------

    def orders(self, case, status, seen):
        """What the person does about the plan as a whole, given what is there: one order."""
        if self.make_settings(case):
            return LOOK
        reviews = [r for r in status.get("reviews", []) if r.get("findings")]
        batches = [b for p in status.get("plans", []) for b in p["batches"]]
        if not reviews:
            return ["review", case.plan, "--record", case.place + "/findings.json"]
        if not reviews[0]["findings"][0]["decision"]:
            return ["findings", "decide", "agree all", "--yes"]
        if "finding-done" not in seen:
            return ["findings", "done", "I1", "--reason", "they are written"]
        if not batches and "batch-declined" not in seen:
            # The table is edited and made again; whoever comes next approves it.
            self.at_terminal(case, ["dispatch", case.plan, "--override", "G14", "--reason",
                                    "it is clean enough"], ("e\n", "\x04"))
            return LOOK
        return None

    def make_settings(self, case):
        if not case.git("ls-tree", "HEAD", ".divisi/config"):
            self.once(case, "init fails", lambda: self.init_fails(case))
            if case.is_dark:
                return True
            self.verb(case, "init", "--yes")
            if not case.is_dark and os.path.exists(case.repo + "/.divisi/config"):
                self.commit(case, ".divisi")
            return True
        return False

    def init_fails(self, case):
        """The plan cannot be written, so nothing of it all is."""
        os.chmod(case.repo + "/docs", 0o555)
        code, said = case.call("divisi", "init", "--yes", "--plan", LATER)
        case.note("init -> %d %s" % (code, said.strip()[-300:]))
        os.chmod(case.repo + "/docs", 0o755)
        return code > 0

    def wish(self, case, session, seen):
        phase, state = session["phase"], session["state"]
        if (phase, state) == ("1A", "checkpoint") and "said" not in seen:
            self.at_terminal(case, ["say", phase], editor="echo the second >")
            return LOOK
        if (phase, state) == ("1A", "checkpoint") and self.once(
                case, "lock", lambda: self.lock_again(case, session)):
            return LOOK
        if (phase, state) == ("1B", "checkpoint") and "parked" not in seen:
            return ["park", phase]
        if (phase, state) == ("1B", "parked"):
            if "tree-gone" not in seen:
                self.take_away(case, session)
                return LOOK
            return ["resume", phase]
        return None

    def lock_again(self, case, session):
        """A worktree that is locked no more is locked again by the doctor."""
        case.git("worktree", "unlock", session["path"])
        self.verb(case, "doctor", "--mend", "--yes", wanted=(0, 1))
        return "\nlocked" in case.git("worktree", "list", "--porcelain").partition(
            session["path"])[2].partition("\n\n")[0]

    def take_away(self, case, session):
        """Another tool removes the worktree."""
        case.git("worktree", "remove", "--force", "--force", session["path"])

    def is_over(self, states):
        return len(states) == 2 and set(states) == {"done"}

    # ---- afterwards --------------------------------------------------------------------------

    def afterwards(self, case):
        for _ in range(30):
            if not self.next_of_house(case):
                return not case.is_dark
            if case.is_dark:
                return False
        return False

    def next_of_house(self, case):
        """Does one thing that is to be done; says whether there was one."""
        if os.path.exists(case.place + "/did/damaged"):
            return self.once(case, "rescue", lambda: self.rescue(case))  # nothing else works
        return (self.next_of_issue(case)
                or self.once(case, "forget", lambda: self.verb(case, "learn", "--forget"))
                or self.once(case, "ready", lambda: self.verb(case, "ready"))
                or self.once(case, "mcp", lambda: self.ask_mcp(case))
                or self.once(case, "door", lambda: self.open_door(case))
                or self.once(case, "word", lambda: self.verb(
                    case, "feedback", "add", "which one is it?", "--branch", "nobody",
                    "--id", "said-2"))
                or self.settle_feedback(case)
                or self.bring_back(case)
                or self.once(case, "doctor", lambda: self.call_doctor(case))
                or self.once(case, "upgrade", lambda: self.upgrade(case))
                or self.once(case, "rescue", lambda: self.rescue(case)))

    def next_of_issue(self, case):
        code, said = case.call("divisi", "issue", "export")
        if code:
            return not case.is_dark
        issues = json.loads(said)
        found = {issue["title"]: issue for issue in issues}
        written = found.get("Written") or found.get("Drafted")
        if not written:
            return self.verb(case, "issue", "new", "Drafted") or True
        name, text = written["id"], json.dumps(written.get("relations", written))
        if "Written" not in found:
            self.at_terminal(case, ["issue", "edit", name], editor="true")
            self.at_terminal(case, ["issue", "edit", name], editor=ISSUE_EDITOR)
        elif "T-12" not in text and "T-11" not in text:
            self.verb(case, "issue", "relate", name, "related", "T-11")
        elif "T-12" not in text:
            self.verb(case, "issue", "relate", name, "related", "T-12")
        elif "T-11" in text:
            self.verb(case, "issue", "unrelate", name, "related", "T-11")
        else:
            return False
        return True

    def ask_mcp(self, case):
        lines = [{"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {
            "protocolVersion": "2025-06-18", "capabilities": {},
            "clientInfo": {"name": "t", "version": "1"}}},
            {"jsonrpc": "2.0", "method": "notifications/initialized"},
            {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {
                "name": "status", "arguments": {}}}]
        return self.verb(case, "mcp", text="".join(json.dumps(l) + "\n" for l in lines))

    def open_door(self, case):
        """A sender elsewhere sends once, and again until it was taken."""
        with open(case.place + "/door", "w", encoding="utf-8") as out:
            door = subprocess.Popen(
                ["divisi", "serve", "--webhooks", "127.0.0.1:0", "--json"], cwd=case.repo,
                env={**case.environ, "DIVISI_WEBHOOK_GENERIC": "a-secret"}, stdout=out,
                stderr=out)
        is_taken, end = False, time.monotonic() + 20
        while not is_taken and door.poll() is None and time.monotonic() < end:
            time.sleep(0.05)
            with open(case.place + "/door", encoding="utf-8") as file:
                port = re.search(r'"port": ?(\d+)', file.read())
            if port:
                is_taken = self.send(case, int(port[1])) in (200, 202)
        while is_taken and not case.is_dark and door.poll() is None:
            if self.feedback(case) or time.monotonic() > end:
                break
            time.sleep(0.1)
        if door.poll() is None:
            door.send_signal(signal.SIGTERM)
            door.wait()
        return is_taken and bool(self.feedback(case))

    def send(self, case, port):
        """What a sender sends is taken once, however often it comes; the status."""
        body = b'{"kind": "comment", "branch": "nobody", "text": "it is red"}'
        now = str(int(time.time()))
        digest = hmac.new(b"a-secret", b"said-1.%s.%s" % (now.encode(), body), hashlib.sha256)
        conn = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            conn.request("POST", "/generic", body=body, headers={
                "webhook-id": "said-1", "webhook-timestamp": now,
                "webhook-signature": "v1," + base64.b64encode(digest.digest()).decode()})
            return conn.getresponse().status
        except OSError:
            return 0
        finally:
            conn.close()

    def feedback(self, case):
        code, said = case.call("divisi", "feedback", "--all", "--json")
        return json.loads(said).get("feedback", []) if code == 0 else []

    def settle_feedback(self, case):
        for one in self.feedback(case):
            if one["state"] == "escalated":
                self.verb(case, "feedback", "dismiss", one["id"], "--reason", "it is green")
                return True
        return False

    def bring_back(self, case):
        """What was pinned of a worktree that another tool took becomes a branch."""
        if case.git("for-each-ref", "refs/heads/back"):
            return False
        self.verb(case, "salvage", "1B", "--restore", "head", "--branch", "back")
        return True

    def call_doctor(self, case):
        """What a git and a writer that died left is moved and removed."""
        lock, left = case.repo + "/.git/refs/heads/x.lock", case.divisi_home + "/journal.db.aBcDeF"
        if not os.path.exists(case.place + "/did/broken"):
            for path in (lock, left):
                put(path, "")
                os.utime(path, (0, 0))
            put(case.place + "/did/broken", "")
        self.verb(case, "doctor", "--mend", "--yes", wanted=(0, 1))
        return not os.path.exists(lock) and not os.path.exists(left)

    def upgrade(self, case):
        """Another build takes the program's place; the server becomes it when it is at rest."""
        program = case.place + "/bin/divisi"
        case.status()
        if not os.path.exists(case.place + "/did/replaced"):
            shutil.copy(program, program + ".next")
            os.rename(program + ".next", program)
            put(case.place + "/did/replaced", "")
        end = time.monotonic() + 30
        while time.monotonic() < end and not case.is_dark:
            if not any("(deleted)" in self.program_of(pid) for pid in case.those("server")):
                return case.status() != {}
            time.sleep(0.1)
        return False

    def program_of(self, pid):
        try:
            return os.readlink("/proc/%d/exe" % pid)
        except OSError:
            return ""

    def rescue(self, case):
        """An index of the journal is damaged; what is printed is done."""
        journal = case.divisi_home + "/journal.db"
        if not os.path.exists(case.place + "/did/damaged"):
            case.stop()
            if case.is_dark:
                return False
            damage(journal)
            put(case.place + "/did/damaged", "")
        code, said = case.call("divisi", "status")
        case.note("status -> %d %s" % (code, said.strip()[-400:]))
        way = re.search(r"to go on with these: (.*)", said)
        if way:
            case.call("sh", "-e", "-c", way[1])
        return case.status() != {}

    def commits(self, lines):
        """They land as they come; what comes of it is the same but for the order of a list."""
        return sorted(line.partition(" | ")[0] for line in lines if line)

    def comment(self, text):
        """The record of the review says what is so when it is written, and it is written twice."""
        return text.partition("\n")[0] if text.startswith("rdr:") else text

    def remote(self, case):
        """What is on the target: its files, and what both added to their list."""
        names = case.git("ls-tree", "-r", "--name-only", "main").split()
        return " ".join(names + sorted(case.git("show", "main:list").split()))


def damage(journal):
    """Overwrites one index, which tells nothing that its table does not."""
    db = sqlite3.connect("file:%s?immutable=1" % journal, uri=True)
    size = db.execute("PRAGMA page_size").fetchone()[0]
    page = db.execute("SELECT rootpage FROM sqlite_master WHERE type = 'index'"
                      " ORDER BY rootpage").fetchone()[0]
    db.close()
    with open(journal, "r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * size)
