"""One play of the main job: a repository, a plan, a person, and perhaps a death in between."""

import fcntl
import json
import os
import re
import shutil
import signal
import subprocess
import time

PLAN = "2026-11-22-crash.md"
PATIENCE_S = 60

AGENT = """#!/bin/sh
echo "$DIVISI_RUN" >>"$HOME/../../started"
exec python3 "%s/tests/fakes/agent_scripted.py"
"""


def write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def read(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except FileNotFoundError:
        return ""


class Case:
    """A directory with a disk (repository and home) and what is beside it."""

    def __init__(self, place, dirs, story):
        self.place, self.dirs, self.plot = place, dirs, story
        self.disk = os.path.join(place, "disk")
        self.repo = os.path.join(self.disk, "repo")
        self.points = os.path.join(place, "points")
        self.n_passed = 0  # bytes of what was passed when somebody died
        self.cut = os.path.join(place, "cut")
        self.home = os.path.join(self.disk, "home")
        self.divisi_home = os.path.join(self.repo, ".git", "divisi")
        self.plan, self.story = PLAN, []
        self.is_dark = self.was_dark = False
        self.environ = {
            "PATH": dirs["bin"] + ":/usr/local/bin:/usr/bin:/bin", "HOME": self.home,
            "TMPDIR": os.path.join(place, "tmp"), "LANG": "C.UTF-8", "TERM": "dumb",
            "USER": "tester", "LOGNAME": "tester", "SHELL": "/bin/sh",
            "GIT_CONFIG_NOSYSTEM": "1", "XDG_STATE_HOME": self.home + "/state",
            "XDG_CONFIG_HOME": self.home + "/config", "XDG_RUNTIME_DIR": place + "/tmp"}

    def note(self, text):
        self.story.append(text)

    def call(self, *argv, limit=PATIENCE_S, text=""):
        """Runs a program to its end; (status, what it said)."""
        try:
            done = subprocess.run(argv, cwd=self.repo, env=self.environ, timeout=limit,
                                  input=text, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True, errors="replace")
        except subprocess.TimeoutExpired as late:
            return 124, "no end of: %s\n%s" % (" ".join(argv), late.stdout)
        return done.returncode, done.stdout

    def git(self, *argv):
        return self.call("git", *argv)[1]

    def make(self):
        """The repository as a person has it before the first command."""
        for folder in (self.repo + "/lib", self.home, self.place + "/tmp", self.points):
            os.makedirs(folder)
        # What the play itself keeps of an agent is written by the agent, behind its fence.
        write(self.place + "/started", "")
        kept = [self.place + "/started", self.points, self.cut]
        write(self.home + "/.gitconfig", "[user]\n\tname = divisi test\n\temail ="
              " test@example.invalid\n[init]\n\tdefaultBranch = main\n\ttemplateDir =\n"
              "[advice]\n\tdetachedHead = false\n")
        self.git("init", "--quiet")
        write(self.repo + "/lib/words", "one\ntwo\nthree\nfour\nfive\nsix\nseven\n")
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "Begin")
        for key, value in self.plot.settings + (
                ("main", "main"),
                ("env", "LD_PRELOAD POWERCUT_ROOT POWERCUT_STATE POWERCUT_STRICT"),
                ("agent.command.program", self.dirs["bin"] + "/scripted")):
            self.git("config", "divisi." + key, value)
        for path in kept:
            self.git("config", "--add", "divisi.fence.write", path)
        self.call("bash", "-c", '. "$0/lib.sh"; . "$0/runs.sh"; fake_plan "$1"',
                  self.dirs["source"] + "/tests/e2e", PLAN, text=self.plot.phases)
        self.plot.furnish(self)

    # ---- the person --------------------------------------------------------------------

    def status(self):
        """What `divisi status` says, or {} while nobody answers."""
        code, said = self.call("divisi", "status", "--json")
        try:
            return json.loads(said) if code == 0 else {}
        except ValueError:
            return {}

    def serve_needs(self, status):
        """Does what a person is asked to; the words of what was done."""
        for need in status.get("needs", []):
            if self.is_dark:
                return False
            name, what = need.get("session", ""), need.get("what", "")
            command = need.get("command", "")
            if "`git update-ref" in what:
                self.git(*what.partition("`git ")[2].partition("`")[0].split())
                self.call("divisi", "doctor", "--mend", "--yes")
            lock = re.search(r"git's lock file (\S+) is in the way", what)
            if lock and self.was_dark and os.path.exists(lock[1]):
                os.unlink(lock[1])  # its git went with the power
            answer = self.plot.instead(name, what)
            if answer == []:
                continue  # it can wait
            if answer:
                order = ["divisi"] + answer
            elif lock:
                order = command.split()
            elif "asks you" in what or what.startswith("asks permission"):
                order = self.plot.answer(self, name)
            elif what.startswith("claimed by"):
                order = []  # by that very person
            elif "divisi resume" in command:
                order = ["divisi", "resume", name]
            elif "not committed" in what:
                self.restore_files(status, name)
                order = ["divisi", "approve", name]
            elif command.startswith("mend it in "):
                self.mend(command.split()[3])
                order = ["divisi", "merge", name, "--yes"]
            elif "divisi merge" in command and name:
                order = ["divisi", "merge", name, "--yes"]
            elif "divisi approve" in command and name:
                order = ["divisi", "approve", name]
            elif command.startswith(("git ", "rm ", "divisi approve ")):
                order = ["sh", "-c", command]
            else:
                order = None
            if order == []:
                continue
            if order:
                code, said = self.call(*order)
                if "refused G18" in said:
                    # An agent that forgot with the power that it died already dies again.
                    code, said = self.call(*order, "--override", "G18", "--reason", "again")
                self.note("%s: %s -> %d %s" % (what, " ".join(order), code, said.strip()))
            else:
                self.note("nobody knows what to do about: %s | %s"
                          % (what, need.get("command", "")))
                return False
        return True

    def mend(self, path):
        """Takes out what breaks the checks."""
        # Without power the commit may be lost, and the file gone all the same.
        if self.git("-C", path, "ls-tree", "HEAD", "broken"):
            self.call("git", "-C", path, "rm", "-q", "--force", "--ignore-unmatch", "broken")
            self.call("git", "-C", path, "commit", "-q", "--message", "Mend it")

    def order_once(self):
        """Does what the person wants of the whole plan; says whether there was anything."""
        status = self.status()
        if not status:
            return False
        kinds = {kind for _, kind in self.seen(self.sessions_of(status))}
        order = self.plot.orders(self, status, kinds)
        if order:
            code, said = self.call("divisi", *order)
            self.note("%s -> %d %s" % (" ".join(order), code, said.strip()))
        return bool(order)

    def grant_wishes(self):
        """Does what the person wants, asked or not; says whether there was anything."""
        did = False
        sessions = self.sessions_of(self.status())
        happened = self.seen(sessions) if self.plot.has_wishes else set()
        for session in sessions:
            if self.is_dark:
                return False
            seen = {kind for phase, kind in happened if phase in (session["phase"], None)}
            order = self.plot.wish(self, session, seen)
            if order:
                code, said = self.call("divisi", *order)
                self.note("%s -> %d %s" % (" ".join(order), code, said.strip()))
                did = did or code == 0
        return did

    def restore_files(self, status, name):
        """What a power cut made of files that were committed is not what anybody wants."""
        for plan in status.get("plans", []):
            for batch in plan["batches"]:
                for session in batch["sessions"]:
                    if session["id"] == name and self.was_dark:
                        self.call("git", "-C", session["path"], "checkout", "-q", "HEAD", "--", ".")
                        self.plot.put_back(session["path"])

    def run_once(self):
        """`divisi run` to its end; its exit status."""
        code, said = self.call("divisi", "run", PLAN, "--approve-all", limit=self.plot.looks_s)
        if code == 124 and self.plot.looks_s < PATIENCE_S:
            code = 4  # it goes on without being looked at: the person has something to do
        self.note("run -> %d: %s" % (code, said.strip().split("\n")[-1] if code else "complete"))
        self.said = said
        return code

    def play(self):
        """A person brings the plan to its end, whatever happens; true when it got there."""
        end, lost = time.monotonic() + self.plot.patience_s, 0
        while time.monotonic() < end:
            if self.plot.has_orders and self.order_once() and not self.is_dark:
                continue
            if self.is_dark:
                return False
            code = self.run_once()
            if self.is_dark:
                return False
            if code == 0:
                return self.finish(end)
            if code == 4:
                did = self.grant_wishes()
                status = self.status()
                if not status.get("needs") and self.plot.is_over(
                        [s["state"] for s in self.sessions_of(status)]):
                    return self.finish(end)
                if not did and not self.serve_needs(status):
                    lost += 1
                if self.is_dark:
                    return False
            else:
                lost += 1
            if lost > 6:
                return False
        self.note("out of patience")
        return False

    def finish(self, end):
        """What is done when all is over, again when a death came between."""
        while time.monotonic() < end:
            if self.plot.afterwards(self):
                return not self.is_dark
            if self.is_dark:
                return False
        self.note("nothing more can be done")
        return False

    # ---- who lives -----------------------------------------------------------------------

    def living(self):
        """{pid: command line} of every process of this case (zombies do not live)."""
        mark = ("HOME=" + self.home).encode()
        found = {}
        for pid in os.listdir("/proc"):
            if not pid.isdigit() or int(pid) == os.getpid():
                continue
            try:
                with open("/proc/%s/environ" % pid, "rb") as file:
                    if mark not in file.read().split(b"\0"):
                        continue
                with open("/proc/%s/stat" % pid, encoding="utf-8", errors="replace") as file:
                    if file.read().rpartition(")")[2].split()[0] in "ZX":
                        continue
                with open("/proc/%s/cmdline" % pid, "rb") as file:
                    found[int(pid)] = file.read().replace(b"\0", b" ").decode(
                        errors="replace").strip()
            except (FileNotFoundError, ProcessLookupError, PermissionError):
                pass
        return found

    def those(self, kind):
        """Pids of the servers or the holders."""
        return [pid for pid, line in self.living().items()
                if (" server --top" in line if kind == "server" else
                    line.startswith("divisi-hold"))]

    def kill(self, pids):
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass

    def kill_everything(self):
        for _ in range(100):
            pids = self.living()
            if not pids:
                return
            self.kill(pids)
            time.sleep(0.01)

    # ---- the death -----------------------------------------------------------------------

    def plan_death(self, program, point, n, how, file="at"):
        """FILE is "next" for whoever dies when the first is dead."""
        write(self.points + "/" + file, "%s %s %d %s\n" % (program, point, n, how))
        self.environ["CRASH_POINTS"] = self.points

    def forget_death(self):
        """Whoever goes on is the first to pass anything, on a disk that is as it is now."""
        for name in ("points", "died", "at"):
            if os.path.exists(self.points + "/" + name):
                os.unlink(self.points + "/" + name)
        shutil.rmtree(self.cut, ignore_errors=True)

    def note_death(self):
        """It happened: nobody dies any more, and what is passed from here on counts apart."""
        for name in ("at", "next"):
            if os.path.exists(self.points + "/" + name):
                os.unlink(self.points + "/" + name)
        self.n_passed = len(read(self.points + "/points"))

    def passed_since_death(self):
        """The lines of what was passed since the last death."""
        return read(self.points + "/points")[self.n_passed:].splitlines()

    def dead_pid(self, client, n=1):
        """Waits for the N-th death; the pid of who stands at the point, 0 when it never came."""
        end = time.monotonic() + self.plot.patience_s
        while time.monotonic() < end:
            lines = read(self.points + "/died").split("\n")
            if len(lines) > n:
                return self.outer_pid(int(lines[n - 1]))
            if not client.is_alive():
                return 0
            time.sleep(0.003)
        return 0

    def outer_pid(self, pid):
        """What PID, which may be a number of a namespace of its own, is called out here."""
        for outer in self.living():
            numbers = re.search(r"^NSpid:(.*)", read("/proc/%d/status" % outer), re.M)
            if numbers and numbers[1].split()[-1] == str(pid):
                return outer
        return pid

    def stands_still(self, pid):
        """Waits until PID, which said that it stops, was stopped: a SIGCONT before that is lost."""
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            if read("/proc/%d/stat" % pid).rpartition(")")[2].split()[:1] in (["T"], ["Z"], []):
                return
            time.sleep(0.001)

    def strike(self, victim, pid):
        """VICTIM dies while PID stands still at the point; who survives goes on."""
        self.stands_still(pid)
        self.kill(self.those("server") if victim in ("server", "both") else [])
        self.kill(self.those("hold") if victim in ("holder", "both") else [])
        try:
            os.kill(pid, signal.SIGCONT)
        except ProcessLookupError:
            pass

    def cut_power(self, client):
        """Nothing is synced any more, everybody dies, the person, too, goes away."""
        self.is_dark = True
        write(self.cut + "/halt", "")
        with open(self.cut + "/lock", "a", encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            while client.is_alive():
                self.kill_everything()
                client.join(0.02)
            self.kill_everything()

    def power_on(self):
        """The machine is back, on a disk that holds what it got."""
        for name in list(self.environ):
            if name.startswith(("LD_PRELOAD", "POWERCUT")):
                del self.environ[name]
        self.was_dark = True
        self.is_dark = False

    # ---- what came of it -----------------------------------------------------------------

    def stop(self):
        self.call("divisi", "server", "--stop")
        end = time.monotonic() + 10
        while self.living() and time.monotonic() < end:
            time.sleep(0.02)

    def plain(self, text):
        """TEXT without what differs from play to play."""
        text = text.replace(self.place, "PLACE")
        text = re.sub(r"\b[0-9a-f]{64}\b|\b[0-9a-f]{40}\b|\b[0-9a-f]{10,12}\b", "OID", text)
        text = re.sub(r'"(at|edited_at)": \d+', r'"\1": AT', text)
        return re.sub(r"repo-[0-9a-f]{8}", "repo-HASH", text)

    def issues(self):
        """{id: (fields, comments)} of the tracker."""
        found = {}
        for name, issue in self.plot.issues(self).items():
            comments = sorted(self.plot.comment("%s: %s" % (c["kind"], self.plain(c["body"])))
                              for c in issue.pop("comments"))
            text = self.plain(json.dumps(issue, sort_keys=True))
            found[name] = {"fields": text, "comments": comments}
        return found

    def seen(self, sessions):
        """{(phase, kind of event)} of all that happened so far to SESSIONS."""
        phases = {s["id"]: s["phase"] for s in sessions}
        found = set()
        for line in self.call("divisi", "events", "--json")[1].splitlines():
            try:
                event = json.loads(line)
            except ValueError:
                continue
            entity = event["entity"].partition("/")[2]
            found.add((phases.get(entity), event["cause"]))
        return found

    @staticmethod
    def sessions_of(status):
        return [s for p in status.get("plans", []) for b in p["batches"] for s in b["sessions"]]

    def sessions(self):
        status = self.status()
        return {s["id"]: {"state": s["state"], "runs": s["runs"], "phase": s["phase"]}
                for s in self.sessions_of(status)}

    def leftovers(self):
        """What nobody would ever clean up."""
        left = []
        for folder, folders, files in os.walk(self.disk):
            for name in files:
                path = os.path.relpath(os.path.join(folder, name), self.disk)
                if name.endswith((".lock", ".new")) and not re.search(
                        r"divisi/(git|server)\.lock$|slots/\d+\.lock$|accounts/\w+\.lock$|divisi/aside/", path):
                    left.append(path)
                # A removal that was not synced is undone; the next pin clears it away.
                if name.startswith("pin.index") and not self.was_dark or re.search(r"\.[A-Za-z0-9]{6}$", name) and (
                        "journal.db" in name or PLAN in name):
                    left.append(path)
            left += [f for f in folders if re.fullmatch(r"rescue\.\d+\.tmp", f)]
            if os.path.basename(folder) == "runs":
                left += ["runs/" + f for f in folders if not re.fullmatch(r"p\d+\.\d+\.[\w.-]+\.r\d+", f)]
        left += ["process: " + line for line in self.living().values()]
        return sorted(left)

    def outcome(self):
        """All that is compared with the play in which nobody died."""
        refs = self.git("for-each-ref", "--format=%(refname)").split()
        extra = re.compile(r"refs/divisi/.*/(snapshot|reflog|head|candidate|base)-\d+$"
                           + (r"|refs/divisi/verify/head$" if self.was_dark else "")
                           + self.plot.may_be)
        got = {
            "sessions": self.sessions(),
            "issues": self.issues(),
            "commits": self.plot.commits(
                self.git("log", "--format=%s | %T", "main").split("\n")),
            "refs": sorted(r for r in refs if not extra.match(r)),
            "pins": sorted(r for r in refs if extra.match(r)),
            "worktrees": sorted(self.plain(line) for line in self.git(
                "worktree", "list", "--porcelain").split("\n") if line.startswith("worktree ")
                and not (self.was_dark and re.search(r"/verify-\d+$", line))),
            "status": self.git("status", "--porcelain"),
            "remote": self.plot.remote(self),
            "plan": self.plain(read(os.path.join(self.repo, PLAN))),
            "fsck": [line for line in self.git("fsck", "--full").split("\n")
                     if line and not line.startswith(("dangling", "notice", "Checking"))
                     # What git noted of a commit that it did not sync.
                     and not (self.was_dark and "invalid reflog entry" in line)],
        }
        self.stop()
        got["left over"] = self.leftovers()
        got["trees"] = sorted(
            d for d in os.listdir(self.home + "/state/divisi/worktrees/"
                                  + os.listdir(self.home + "/state/divisi/worktrees")[0]))
        starts = read(self.place + "/started").split()
        got["starts"] = {run: starts.count(run) for run in set(starts)}
        return got

    def leave(self):
        """Nothing of it lives any more."""
        self.kill_everything()
        self.plot.leave(self)

    def remove(self):
        self.leave()
        shutil.rmtree(self.place, ignore_errors=True)
