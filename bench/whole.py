#!/usr/bin/env python3
"""The whole way of a batch: three sessions from the approved table to merged work, beside
the same git commands by hand; and what the server costs while nothing happens."""
import json
import os
import signal
import subprocess
import time

import lib
import plans

# An agent that does its work at once: one file, one commit.
AGENT = r"""#!/bin/sh
echo '{"type":"started"}'
name=$(basename "$PWD")
mkdir -p "src/$name" && echo done >"src/$name/done" && git add --all &&
	git commit --quiet --message "Work" || exit 1
echo '{"type":"done","summary":"done"}'
"""
SLEEPER = "#!/bin/sh\necho '{\"type\":\"started\"}'\nexec sleep 1000\n"
BY_HAND = r"""set -e
for i in 1 2 3; do
	git worktree add --quiet -b "by-hand-$1-$i" "../by-hand/$1-$i" main
done
for i in 1 2 3; do
	(cd "../by-hand/$1-$i" && AGENT)
done
for i in 1 2 3; do
	git merge --quiet --no-edit --no-ff "by-hand-$1-$i"
	git worktree remove "../by-hand/$1-$i"
	git branch --quiet -d "by-hand-$1-$i"
done
"""


class Home:
    """A repository with its server, and nothing of the user's around it."""

    def __init__(self, build, scratch, name):
        self.divisi = f"{build}/src/cli/divisi"
        self.top = os.path.join(scratch, name, "repo")
        self.scratch = os.path.join(scratch, name)
        self.env = {"PATH": f"{build}/src/cli:{os.environ['PATH']}", "LC_ALL": "C.UTF-8",
                    "HOME": self.scratch, "XDG_STATE_HOME": self.scratch + "/state",
                    "XDG_RUNTIME_DIR": self.scratch, "GIT_CONFIG_NOSYSTEM": "1",
                    "USER": "bench", "LOGNAME": "bench", "SHELL": "/bin/sh"}
        self.server = None
        os.makedirs(self.top)
        self.git("init", "--quiet", "--initial-branch=main")
        for key, value in (("user.name", "bench"), ("user.email", "bench@example.invalid"),
                           ("divisi.main", "main"), ("divisi.verify", "true"),
                           ("divisi.project.bench", "Bench"), ("divisi.cap", "32"),
                           ("divisi.sandbox", "external")):
            self.git("config", key, value)
        self.git("commit", "--quiet", "--allow-empty", "--message", "Begin")

    def git(self, *words):
        subprocess.run(["git", *words], cwd=self.top, env=self.env, check=True,
                       stdout=subprocess.DEVNULL)

    def agent(self, text):
        path = os.path.join(self.scratch, "agent")
        with open(path, "w", encoding="ascii") as out:
            out.write(text)
        os.chmod(path, 0o755)
        self.git("config", "divisi.agent.command.program", path)

    def plan(self, name, n):
        path = os.path.join(self.top, f"2026-11-22-bench-{name}.md")
        with open(path, "w", encoding="utf-8") as out:
            out.write(plans.plan(n, None, name=name))
        return path

    def start(self):
        self.server = subprocess.Popen(
            [self.divisi, "server", "--foreground", "--top", self.top], env=self.env,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(lambda: os.path.exists(self.top + "/.git/divisi/sock") and
                 self.call("status") == 0)

    def call(self, *words):
        return subprocess.run([self.divisi, *words], cwd=self.top, env=self.env,
                              stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL, check=False).returncode

    def table(self, path):
        """Prepares the next batch; the hash of the table that waits for approval."""
        shown = subprocess.run([self.divisi, "dispatch", path, "--json"], cwd=self.top,
                               env=self.env, stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, check=False)
        return json.loads(shown.stdout)["hash"]

    def stop(self, how=signal.SIGTERM):
        self.server.send_signal(how)
        self.server.wait()

    def cpu(self):
        with open(f"/proc/{self.server.pid}/stat", encoding="utf-8") as text:
            fields = text.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def status(self, key):
        with open(f"/proc/{self.server.pid}/status", encoding="utf-8") as text:
            for row in text:
                if row.startswith(key + ":"):
                    return int(row.split()[1])
        return 0

    def memory(self):
        """Private bytes of the server, and what it has resident with its libraries."""
        with open(f"/proc/{self.server.pid}/smaps_rollup", encoding="utf-8") as text:
            own = sum(int(row.split()[1]) for row in text if row.startswith("Private_"))
        return own * 1024, self.status("VmRSS") * 1024


def wait_for(is_true, limit=60):
    end = time.monotonic() + limit
    while not is_true():
        if time.monotonic() > end:
            raise SystemExit("bench: waited in vain")
        time.sleep(0.02)


def batches(build, scratch):
    home = Home(build, scratch, "batches")
    home.agent(AGENT)
    home.start()
    os.makedirs(os.path.join(home.scratch, "by-hand"))
    agent = os.path.join(home.scratch, "agent")
    script = os.path.join(home.scratch, "by-hand.sh")
    with open(script, "w", encoding="ascii") as out:
        out.write(BY_HAND.replace("AGENT", agent))
    spent = []
    count = [0, 0]

    def ours():
        count[0] += 1
        path = home.plan(f"p{count[0]}", 3)
        before = home.cpu()
        sample = lib.run([home.divisi, "run", path, "--approve-all"], cwd=home.top,
                         env=home.env)
        spent.append(home.cpu() - before)
        return sample

    def by_hand():
        count[1] += 1
        return lib.run(["sh", script, count[1]], cwd=home.top, env=home.env)

    lib.versus("3 sessions, approved to merged", "git by hand", by_hand, ours, "",
               by="wall", rounds=3)
    lib.value_of("processor time of the server for it", lib.seconds(sorted(spent)[1]))
    home.stop()


def idle(home, name, seconds=10):
    ticks, woken = home.cpu(), home.status("voluntary_ctxt_switches")
    time.sleep(seconds)
    lib.value_of(f"{name}: wake-ups in {seconds} s",
                 str(home.status("voluntary_ctxt_switches") - woken), "0")
    lib.value_of(f"{name}: processor time in {seconds} s",
                 lib.seconds(home.cpu() - ticks), "0")
    own, resident = home.memory()
    lib.value_of(f"{name}: memory of its own", lib.size(own), "≤ 8 MB")
    lib.value_of(f"{name}: resident", lib.size(resident))


def sleepers(build, scratch, n):
    home = Home(build, scratch, f"sleepers{n}")
    home.agent(SLEEPER)
    path = home.plan("sleep", max(n, 3))
    home.start()
    if n == 0:
        idle(home, "server, nothing to do")
        home.stop()
        return
    if home.call("approve", "--hash", home.table(path)) != 0:
        raise SystemExit("bench: dispatch failed")
    runs = os.path.join(home.top, ".git/divisi/runs")
    wait_for(lambda: sum(os.path.exists(f"{runs}/{r}/agent")
                         for r in os.listdir(runs)) == n)
    home.stop(signal.SIGKILL)
    home.start()
    time.sleep(12)  # the radar looks twice more before it rests
    idle(home, f"server, {n} sessions adopted")
    home.call("abort", path)
    wait_for(lambda: all(os.path.exists(f"{runs}/{r}/end.json") for r in os.listdir(runs)))
    home.stop()


def measure(build, scratch):
    lib.head()
    batches(build, scratch)
    for n in (0, 3, 32):
        sleepers(build, scratch, n)


if __name__ == "__main__":
    lib.main(measure)
