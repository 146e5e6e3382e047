#!/usr/bin/env python3
"""Tries to be the person whom divisi's server waits for: for fence_off.sh.

pretend WHO DIRECTORY HASH    from the repository: tries every way its writer could think of;
                              each leaves DIRECTORY/WHO.WAY with its exit status and words
pretend raw WAY SOCK HASH     one of the ways: the API without divisi's own client
pretend orphan DIRECTORY HASH kills the holder and goes on without a parent
"""

import os
import pty
import resource
import shutil
import socket
import subprocess
import sys
import time

SELF = os.path.abspath(__file__)
PATIENCE_S = 60


def raw(way, sock, wanted):
    body = '{"hash":"%s","actor":"human:tester"}' % wanted
    request = ("POST /v1/order/approve HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
               "Content-Length: %d\r\n\r\n%s" % (len(body), body)).encode()
    os.chdir(os.path.dirname(sock))
    if way == "raise":
        for limit in (resource.RLIM_INFINITY, 1 << 61):
            try:
                resource.setrlimit(10, (limit, limit))  # RLIMIT_LOCKS
            except (ValueError, OSError):
                pass
    if way == "renamed":
        with open("/proc/self/comm", "w", encoding="utf-8") as name:
            name.write("bash")
    s = socket.socket(socket.AF_UNIX)
    s.connect("sock")
    if way == "inherited":
        # Who connected is gone when its child asks.
        if os.fork() > 0:
            os._exit(4)
        os.setsid()
        time.sleep(0.3)
    s.sendall(request)
    said = b""
    while True:
        part = s.recv(65536)
        if not part:
            break
        said += part
    print(said.decode())
    if way == "inherited":
        keep(sys.argv[5], 0 if is_yes(said) else 4, said.decode())
    return 0 if is_yes(said) else 4


def is_yes(said):
    return said.startswith((b"HTTP/1.1 200", b"HTTP/1.1 202"))


def keep(path, status, text):
    with open(path + ".part", "w", encoding="utf-8") as file:
        file.write("%d\n%s" % (status, text))
    os.rename(path + ".part", path)


def pretend(who, out, wanted):
    approve = ["divisi", "approve", "--hash", wanted]
    sock = os.path.join(os.getcwd(), ".git/divisi/sock")
    clean = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"]}
    unmarked = {k: v for k, v in os.environ.items() if not k.startswith("DIVISI")}

    def path(way):
        return os.path.join(out, "%s.%s" % (who, way))

    def ran(way, argv, **how):
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, check=False, timeout=PATIENCE_S, **how)
        keep(path(way), done.returncode, done.stdout.decode(errors="replace"))

    def left(way, *before):
        """Detached by BEFORE, which runs its last argument, a script, somehow."""
        script = path(way) + ".sh"
        with open(script, "w", encoding="utf-8") as file:
            file.write("#!/bin/sh\ncd %s\n%s >%s.said 2>&1 </dev/null\n"
                       "{ echo $?; cat %s.said; } >%s.part; mv %s.part %s\n"
                       % (os.getcwd(), " ".join(approve), *[path(way)] * 5))
        os.chmod(script, 0o755)
        subprocess.run([*before, script], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, check=False, timeout=PATIENCE_S)
        wait(path(way))

    ran("direct", approve)
    ran("yes", ["sh", "-c", "yes | " + " ".join(approve)])
    ran("without-run", approve, env=unmarked)
    ran("clean", approve, env=clean)
    ran("as-root", approve, env={**clean, "USER": "root", "SUDO_USER": "root"})
    ran("setsid", ["setsid", "-w", *approve])
    ran("terminal", [sys.executable, SELF, "terminal", *approve])
    ran("namespace", ["sh", "-c", "unshare -Urpf --mount-proc true && exec unshare -Urpf "
                      "--mount-proc " + " ".join(approve) + "; exec " + " ".join(approve)])
    for way in ("plain", "renamed", "raise"):
        ran(way, [sys.executable, SELF, "raw", way, sock, wanted])
    subprocess.run([sys.executable, SELF, "raw", "inherited", sock, wanted, path("inherited")],
                   check=False)
    wait(path("inherited"))
    ran("answer", ["divisi", "answer", "S-A", "yes"])
    ran("merge", ["divisi", "merge", "S-A", "--yes"])
    ran("say", ["divisi", "say", "S-A", "go on"])
    ran("decline", ["divisi", "decline", "--hash", wanted])
    ran("stop", ["divisi", "server", "--stop"])
    left("left", "setsid", "-f")
    left("left-clean", "env", "-i", "PATH=" + os.environ["PATH"], "setsid", "-f")
    left("double-fork", "sh", "-c", '(setsid sh -c "(exec $0) &" "$0" &)')
    left("nohup", "nohup", "setsid", "sh", "-c", '(trap "" HUP TERM INT; exec "$0") & exit')
    if shutil.which("tmux"):
        left("tmux", "tmux", "-L", "pretend-%s-%d" % (who, os.getpid()), "new", "-d")


def wait(path):
    end = time.monotonic() + PATIENCE_S
    while not os.path.exists(path) and time.monotonic() < end:
        time.sleep(0.02)


def orphan(out, wanted):
    with open(os.path.join(os.environ["DIVISI_RUN_DIR"], "begun"), "rb") as file:
        begun = dict(record.split(b"=", 1) for record in file.read().split(b"\0") if b"=" in record)
    holder = int(begun[b"holder"].split(b":")[0])
    if os.fork() == 0:
        os.setsid()
        if os.fork() > 0:
            os._exit(0)
        os.dup2(os.open(os.devnull, os.O_RDWR), 0)
        os.dup2(0, 1)
        os.dup2(0, 2)
        # As a program of its own, so that nothing is left of its environment.
        os.execve(sys.executable, [sys.executable, SELF, "outlive", str(holder), os.getcwd(), out,
                                   wanted], {"PATH": os.environ["PATH"]})
    wait(os.path.join(out, "orphan.there"))
    os.kill(holder, 9)
    time.sleep(PATIENCE_S)


def outlive(holder, directory, out, wanted):
    keep(os.path.join(out, "orphan.there"), os.getpid(), "")
    while os.path.exists("/proc/%s" % holder):
        time.sleep(0.005)
    os.chdir(directory)
    body = '{"hash":"%s"}' % wanted
    common = subprocess.run(["git", "rev-parse", "--path-format=absolute", "--git-common-dir"],
                            stdout=subprocess.PIPE, check=True).stdout.decode().strip()
    os.chdir(common + "/divisi")
    said = b""
    try:
        s = socket.socket(socket.AF_UNIX)
        s.connect("sock")
        s.sendall(("POST /v1/order/approve HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                   "Content-Length: %d\r\n\r\n%s" % (len(body), body)).encode())
        said = s.recv(65536)
    finally:
        keep(os.path.join(out, "orphan"), 0 if is_yes(said) else 4, said.decode())
        time.sleep(3600)


def main():
    what, args = sys.argv[1], sys.argv[2:]
    if what == "raw":
        return raw(*args[:3])
    if what == "terminal":
        return os.waitstatus_to_exitcode(pty.spawn(args))
    if what == "orphan":
        return orphan(*args)
    if what == "outlive":
        return outlive(*args)
    return pretend(what, *args)


if __name__ == "__main__":
    sys.exit(main())
