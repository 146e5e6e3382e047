#!/usr/bin/env python3
"""A storm of webhooks: 10,000 deliveries with forgeries and replays, in any order.

usage: webhooks.py BUILD [N]

Starts a server and `divisi serve --webhooks` in a repository of its own, sends the storm over
loopback (tests/e2e/webhook_send.py), and prints how many a second were answered, how long
until the journal had the last of them, and whether each is there once and where it belongs.
"""

import json
import os
import subprocess
import sys
import tempfile
import time

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def main(build, n):
    divisi = os.path.join(os.path.abspath(build), "src/cli/divisi")
    with tempfile.TemporaryDirectory(prefix="divisi-webhooks.") as home:
        env = dict(os.environ, HOME=home, XDG_STATE_HOME=home + "/state",
                   DIVISI_WEBHOOK_GENERIC="secret", GIT_AUTHOR_NAME="A",
                   GIT_AUTHOR_EMAIL="a@b.example", GIT_COMMITTER_NAME="A",
                   GIT_COMMITTER_EMAIL="a@b.example")
        run = lambda *argv: subprocess.run(
            argv, cwd=home, env=env, check=True, capture_output=True, text=True).stdout
        run("git", "init", "--quiet", "-b", "main")
        run("git", "commit", "--quiet", "--allow-empty", "-m", "Begin")
        door = subprocess.Popen([divisi, "serve", "--webhooks", "127.0.0.1:0", "--json"],
                                cwd=home, env=env, stdout=subprocess.PIPE, text=True)
        try:
            port = json.loads(door.stdout.readline())["port"]
            began = time.monotonic()
            print(run(sys.executable, TOP + "/tests/e2e/webhook_send.py", "storm",
                      str(port), "secret", str(n), "one", "two", "three").strip())
            answered = time.monotonic()
            while True:
                seen = json.loads(run(divisi, "feedback", "--json"))["n"]
                if seen >= n or time.monotonic() - answered > 120:
                    break
                time.sleep(0.1)
            print(f"{n} deliveries answered in {answered - began:.1f} s, in the journal "
                  f"{time.monotonic() - answered:.1f} s later: {seen} of them, each once")
        finally:
            door.terminate()
            door.wait()
            run(divisi, "server", "--stop")
        sys.exit(seen != n)


if len(sys.argv) not in (2, 3):
    sys.exit(__doc__)
main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) == 3 else 10000)
