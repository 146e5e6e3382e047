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

# Two that share a file and land in the announced order, the first with a question; then one
# that reads what they made.  An agent that is started again does what is left to do.
PHASES = r"""
1A|quick|Writes: `lib/`|fake:ask=question:Which colour? fake:bash=git show HEAD:lib/words | sed s/^one/ONE/ >$TMPDIR/w && mv $TMPDIR/w lib/words fake:bash=git commit -qam 1a || true
1B|quick|Writes: `lib/`|fake:bash=git show HEAD:lib/words | sed s/^seven/SEVEN/ >$TMPDIR/w && mv $TMPDIR/w lib/words fake:bash=git commit -qam 1b || true
2A|quick|Reads: `lib/words`; Writes: `two`|fake:write=two:of two fake:bash=git add -A; git commit -qm 2a || true
"""

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

    def __init__(self, place, dirs):
        self.place, self.dirs = place, dirs
        self.disk = os.path.join(place, "disk")
        self.repo = os.path.join(self.disk, "repo")
        self.points = os.path.join(place, "points")
        self.cut = os.path.join(place, "cut")
        self.home = os.path.join(self.disk, "home")
        self.divisi_home = os.path.join(self.repo, ".git", "divisi")
        self.story = []
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
        for key, value in (("main", "main"), ("merge", "auto"), ("verify", "true"),
                           ("env", "LD_PRELOAD POWERCUT_ROOT POWERCUT_STATE POWERCUT_STRICT"),
                           ("agent.command.program", self.dirs["bin"] + "/scripted")):
            self.git("config", "divisi." + key, value)
        for path in kept:
            self.git("config", "--add", "divisi.fence.write", path)
        self.call("bash", "-c", '. "$0/lib.sh"; . "$0/runs.sh"; fake_plan "$1"',
                  self.dirs["source"] + "/tests/e2e", PLAN, text=PHASES)

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
            if "asks you" in what:
                order = ["divisi", "approve", name, "--reason", "blue"]
            elif "divisi resume" in command:
                order = ["divisi", "resume", name]
            elif "not committed" in what:
                self.restore_files(status, name)
                order = ["divisi", "approve", name]
            elif "divisi approve" in command and name:
                order = ["divisi", "approve", name]
            elif command.startswith(("git ", "rm ", "divisi approve ")):
                order = ["sh", "-c", command]
            else:
                order = None
            if order:
                code, said = self.call(*order)
                self.note("%s: %s -> %d %s" % (what, " ".join(order), code, said.strip()))
            else:
                self.note("nobody knows what to do about: %s | %s"
                          % (what, need.get("command", "")))
                return False
        return True

    def restore_files(self, status, name):
        """What a power cut made of files that were committed is not what anybody wants."""
        for plan in status.get("plans", []):
            for batch in plan["batches"]:
                for session in batch["sessions"]:
                    if session["id"] == name and self.was_dark:
                        self.call("git", "-C", session["path"], "reset", "-q", "--hard")

    def run_once(self):
        """`divisi run` to its end; its exit status."""
        code, said = self.call("divisi", "run", PLAN, "--approve-all")
        self.note("run -> %d: %s" % (code, said.strip().split("\n")[-1] if code else "complete"))
        self.said = said
        return code

    def play(self):
        """A person brings the plan to its end, whatever happens; true when it got there."""
        end, lost = time.monotonic() + PATIENCE_S, 0
        while time.monotonic() < end:
            code = self.run_once()
            if self.is_dark:
                return False
            if code == 0:
                return True
            if code == 4:
                if not self.serve_needs(self.status()):
                    lost += 1
                if self.is_dark:
                    return False
            else:
                lost += 1
            if lost > 6:
                return False
        self.note("out of patience")
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

    def plan_death(self, program, point, n, how):
        write(self.points + "/at", "%s %s %d %s\n" % (program, point, n, how))
        self.environ["CRASH_POINTS"] = self.points

    def dead_pid(self, client):
        """Waits for the death; the pid of who stands at the point, 0 when it never came."""
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            text = read(self.points + "/died")
            if text.endswith("\n"):
                return int(text)
            if not client.is_alive():
                return 0
            time.sleep(0.003)
        return 0

    def strike(self, victim, pid):
        """VICTIM dies while PID stands still at the point; who survives goes on."""
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
        """{id: (fields, comments)} of the built-in tracker."""
        _, said = self.call("divisi", "issue", "export")
        found = {}
        for issue in json.loads(said):
            comments = sorted("%s: %s" % (c["kind"], self.plain(c["body"]))
                              for c in issue.pop("comments"))
            for name in ("created_at", "updated_at", "uuid", "version"):
                issue.pop(name, None)
            text = self.plain(json.dumps(issue, sort_keys=True))
            found[issue["id"]] = {"fields": text, "comments": comments}
        return found

    def sessions(self):
        status = self.status()
        return {s["id"]: {"state": s["state"], "runs": s["runs"], "phase": s["phase"]}
                for p in status.get("plans", []) for b in p["batches"] for s in b["sessions"]}

    def leftovers(self):
        """What nobody would ever clean up."""
        left = []
        for folder, folders, files in os.walk(self.disk):
            for name in files:
                path = os.path.relpath(os.path.join(folder, name), self.disk)
                if name.endswith((".lock", ".new")) and not re.search(
                        r"divisi/(git|server)\.lock$|slots/\d+\.lock$", path):
                    left.append(path)
                # A removal that was not synced is undone; the next pin clears it away.
                if name.startswith("pin.index") and not self.was_dark or re.search(r"\.[A-Za-z0-9]{6}$", name) and (
                        "journal.db" in name or PLAN in name):
                    left.append(path)
            if os.path.basename(folder) == "runs":
                left += ["runs/" + f for f in folders if not re.fullmatch(r"p\d+\.\d+\.\w+\.r\d+", f)]
        left += ["process: " + line for line in self.living().values()]
        return sorted(left)

    def outcome(self):
        """All that is compared with the play in which nobody died."""
        refs = self.git("for-each-ref", "--format=%(refname)").split()
        extra = re.compile(r"refs/divisi/.*/(snapshot|reflog|head|candidate|base)-\d+$"
                           + (r"|refs/divisi/verify/head$" if self.was_dark else ""))
        got = {
            "sessions": self.sessions(),
            "issues": self.issues(),
            "commits": self.git("log", "--format=%s | %T", "main").split("\n"),
            "refs": sorted(r for r in refs if not extra.match(r)),
            "pins": sorted(r for r in refs if extra.match(r)),
            "worktrees": sorted(self.plain(line) for line in self.git(
                "worktree", "list", "--porcelain").split("\n") if line.startswith("worktree ")),
            "status": self.git("status", "--porcelain"),
            "plan": self.plain(read(os.path.join(self.repo, PLAN))),
            "fsck": [line for line in self.git("fsck", "--full").split("\n")
                     if line and not line.startswith(("dangling", "notice", "Checking"))],
        }
        self.stop()
        got["left over"] = self.leftovers()
        got["trees"] = sorted(
            d for d in os.listdir(self.home + "/state/divisi/worktrees/"
                                  + os.listdir(self.home + "/state/divisi/worktrees")[0]))
        starts = read(self.place + "/started").split()
        got["starts"] = {run: starts.count(run) for run in set(starts)}
        return got

    def remove(self):
        self.kill_everything()
        shutil.rmtree(self.place, ignore_errors=True)
