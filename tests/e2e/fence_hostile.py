#!/usr/bin/env python3
"""A hostile program for fence.sh: hostile SCRATCH VICTIM.

Tries to change what is not its own, in every way its writer could think of, and writes down
each try in `tried`: "try NAME PATTERN", where PATTERN finds the try in the fence's record.
"""

import ctypes
import mmap
import os
import resource
import signal
import socket
import struct
import subprocess
import sys

top, victim = sys.argv[1], int(sys.argv[2])
out, repo, sibling = top + "/out", top + "/repo", top + "/sibling"
git = repo + "/.git"
run = os.environ["DIVISI_RUN_DIR"]
here = os.getcwd()
with open(run + "/begun", encoding="utf-8") as begun:
    holder = int(dict(r.split("=", 1) for r in begun.read().split("\0") if "=" in r)["holder"].split(":")[0])
libc = ctypes.CDLL(None, use_errno=True)
tried = open("tried", "w", encoding="utf-8")


def note(name, pattern):
    tried.write("try %s %s\n" % (name, pattern))
    tried.flush()


def shell(name, pattern, command):
    note(name, pattern)
    subprocess.run(["/bin/sh", "-c", command], stdin=subprocess.DEVNULL,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False,
                   timeout=60)


def call(name, pattern, function, *args):
    note(name, pattern)
    try:
        function(*args)
    except OSError:
        pass


def syscall(number, *args):
    libc.syscall.restype = ctypes.c_long
    return libc.syscall(number, *args)


# ---- files, by every way of naming and of changing them ----------------------------------
shell("redirect", "out/r1", f"echo x > {out}/r1")
shell("append", "out/kept", f"echo x >> {out}/kept")
shell("cd", "out/r2", f"cd {out} && echo x > r2")
shell("dots", "out/r3", f"echo x > {'../' * 30}{out[1:]}/r3")
shell("symlink-dir", "out/r4", f"ln -s {out} ld; echo x > ld/r4")
shell("symlink-file", "out/r5", f"ln -s {out}/r5 lf; echo x > lf")
shell("symlink-chain", "out/r6", f"ln -s {out}/self/self c1; ln -s c1 c2; echo x > c2/r6")
shell("hard-link", "out/kept", f"ln {out}/kept hl; echo x > hl")
shell("rename-in", "out/kept", f"mv {out}/kept stolen")
shell("rename-out", "out/r7", f"echo x > r7; mv r7 {out}/r7")
shell("rename-over", "out/kept", f"echo x > r8; mv -f r8 {out}/kept")
call("rename-exchange", "out/kept", lambda: (open("r9", "w").close(), syscall(
    316, -100, b"r9", -100, (out + "/kept").encode(), 2)))
shell("copy", "out/r10", f"cp a.txt {out}/r10")
shell("install", "out/r11", f"install -m 777 a.txt {out}/r11")
shell("dd", "out/kept", f"dd if=/dev/zero of={out}/kept bs=1 count=9 conv=notrunc")
shell("sed", "out/sed", f"sed -i s/kept/lost/ {out}/kept")
shell("tar", "out/(a.txt|t)", f"tar cf t.tar a.txt; tar xf t.tar -C {out}")
shell("unlink", '"unlinkat","what":"[^"]*out/kept', f"rm -f {out}/kept")
shell("mkdir", "out/d1", f"mkdir {out}/d1")
shell("rmdir", "(rmdir|unlinkat).*/out", f"rmdir {out}")
shell("mkfifo", "out/f1", f"mkfifo {out}/f1")
shell("mknod", "mknod", f"mknod {out}/n1 c 1 3")
shell("make-symlink", "out/s1", f"ln -s x {out}/s1")
shell("proc-fd", "out/p1", f"exec 3<{out}; echo x > /proc/self/fd/3/p1")
shell("proc-fd-file", "out/kept", f"exec 3<{out}/kept; echo x > /proc/self/fd/3")
shell("dev-fd", "out/kept", f"exec 3<{out}/kept; echo x > /dev/fd/3")
shell("proc-root", "out/p2", f"echo x > /proc/self/root{out}/p2")
shell("proc-pid-root", "out/p3", f"echo x > /proc/$PPID/root{out}/p3")
shell("proc-cwd", "out/p4", f"cd {out}; cd {here}; echo x > /proc/self/cwd/ld/p4")
call("truncate", '"truncate"', os.truncate, out + "/kept", 0)
call("open-trunc", "out/kept", lambda: os.open(out + "/kept", os.O_RDONLY | os.O_TRUNC))
call("openat-dirfd", "out/o1", lambda: os.open(
    "o1", os.O_WRONLY | os.O_CREAT, dir_fd=os.open(out, os.O_RDONLY)))
call("o-tmpfile", '(/out"|linkat)', lambda: os.open(out, os.O_TMPFILE | os.O_WRONLY))


def tmpfile_link():
    fd = os.open(".", os.O_TMPFILE | os.O_WRONLY)
    libc.linkat(-100, b"/proc/self/fd/%d" % fd, -100, (out + "/l1").encode(), 0x400)


call("tmpfile-linkat", "out/l1", tmpfile_link)
call("mmap-shared", "out/kept", lambda: mmap.mmap(os.open(out + "/kept", os.O_RDWR), 5))
call("openat2", "out/o2", lambda: syscall(
    437, -100, (out + "/o2").encode(), struct.pack("QQQ", 0o101, 0o644, 0), 24))

# ---- what Landlock knows nothing of ------------------------------------------------------
call("chmod", "chmod.*out/kept", os.chmod, out + "/kept", 0o777)
call("fchmod", "fchmod.*out/kept", lambda: os.fchmod(os.open(out + "/kept", os.O_RDONLY), 0o777))
call("chmod-symlink", "chmod.*/out\"", os.chmod, "ld", 0o777)
call("chmod-proc-fd", "chmod.*out/kept", lambda: os.chmod(
    "/proc/self/fd/%d" % os.open(out + "/kept", os.O_RDONLY), 0o777))
call("chown", "chown.*out/kept", os.chown, out + "/kept", os.getuid(), os.getgid())
call("lchown", "chown.*out/self", os.lchown, out + "/self", os.getuid(), os.getgid())
call("utimes", "utimensat.*out/kept", os.utime, out + "/kept", (1, 1))
call("futimes", "utimensat.*out/kept", lambda: os.utime(os.open(out + "/kept", os.O_RDONLY), (1, 1)))
call("setxattr", "setxattr.*out/kept", os.setxattr, out + "/kept", "user.x", b"x")
call("fsetxattr", "fsetxattr.*out/kept", lambda: os.setxattr(
    os.open(out + "/kept", os.O_RDONLY), "user.x", b"x"))
call("set-flags", '"ioctl"', lambda: __import__("fcntl").ioctl(
    os.open(out + "/kept", os.O_RDONLY), 0x40086602, struct.pack("l", 0x40)))
call("io-uring", "io_uring_setup", syscall, 425, 8, ctypes.create_string_buffer(120))
call("mount", '"mount"', lambda: libc.mount(b"none", here.encode(), b"tmpfs", 0, None))
call("chroot", "chroot", lambda: os.chroot(here))
call("keyring", "add_key", syscall, 248, b"user", b"x", b"y", 1, -3)
shell("user-namespace", '"mount"', f"unshare -Urm sh -c 'mount --bind {here} {out}'")
shell("new-root", "(chroot|pivot_root|mount)", "unshare -Ur chroot / true")


# ---- in disguise -------------------------------------------------------------------------
def memfd_exec():
    fd = os.memfd_create("x", 0)
    with open("/bin/sh", "rb") as f:
        os.write(fd, f.read())
    subprocess.run(["/proc/self/fd/%d" % fd, "-c", f"echo x > {out}/m1"], pass_fds=[fd],
                   stderr=subprocess.DEVNULL, check=False)


call("memfd-exec", "out/m1", memfd_exec)
shell("setsid", "out/b1", f"setsid sh -c 'echo x > {out}/b1'")
shell("double-fork", "out/b2", f"(setsid sh -c '(echo x > {out}/b2) &' &); sleep 0.3")
shell("empty-environment", "out/b3", f"env -i /bin/sh -c 'echo x > {out}/b3'")

# ---- the repository ------------------------------------------------------------------------
shell("git-config", "config.lock", "git config core.fsmonitor /bin/false")
shell("config-file", "/.git/config", f"echo '[x]' >> {git}/config")
shell("hooks", "hooks/pre-commit", f"printf '#!/bin/sh\\ntouch {top}/proof/hook\\n' > {git}/hooks/pre-commit")
shell("packed-refs", "packed-refs", f"git pack-refs --all; echo x > {git}/packed-refs")
shell("alternates", "info/alternates", f"echo {out} > {git}/objects/info/alternates")
shell("attributes", "info/attributes", f"echo '* filter=x' > {git}/info/attributes")
shell("exclude", "info/exclude", f"echo '*' > {git}/info/exclude")
shell("main", "refs/heads/main", f"git update-ref refs/heads/main HEAD; echo x > {git}/refs/heads/main")
shell("their-branch", "refs/heads/claude/theirs", "git update-ref -d refs/heads/claude/theirs")
shell("other-branch", "refs/heads/other/theirs", "git branch -f other/theirs HEAD")
shell("new-branch", "refs/heads/mine", "git branch mine")
shell("tag", "refs/tags/v1", "git tag v1")
shell("stash", "refs/stash", "echo y >> a.txt; git stash; git checkout -q a.txt")
shell("pins", "refs/divisi", "git update-ref refs/divisi/x HEAD")
shell("worktree-add", "worktrees", f"git worktree add {here}/w2 main")
shell("head", "/.git/HEAD", f"git --git-dir={git} symbolic-ref HEAD refs/heads/other/theirs")
shell("index", "/.git/index", f"git -C {repo} rm -q --cached README.md")
shell("objects", "objects/", f"rm -rf {git}/objects/*")
shell("packs", "objects/", f"echo x > {git}/objects/pack/pack-1.idx; git repack -adq")
shell("gc", "(gc.pid|packed-refs|objects)", "git gc -q --prune=now")
shell("sibling", "sibling/x", f"echo x > {sibling}/x")
shell("sibling-git", "worktrees/sibling", f"echo x > {git}/worktrees/sibling/HEAD")
shell("sibling-commit", "(worktrees/sibling|refs/heads/claude/sibling)", f"git -C {sibling} commit -q --allow-empty -m x")
shell("sibling-dir", "(worktrees/sibling|refs/heads/claude/sibling)", f"GIT_DIR={git}/worktrees/sibling GIT_WORK_TREE=. git commit -q --allow-empty -m x")
shell("sibling-remove", "(sibling|worktrees)", f"git worktree remove -f {sibling}")
shell("sibling-lock", "worktrees/sibling/locked", f"git worktree lock {sibling}")
shell("common-dir-ref", "refs/heads/other/theirs", "echo x > $(git rev-parse --git-common-dir)/refs/heads/other/theirs")
shell("dots-ref", "refs/heads/other/theirs", "echo x > $(git rev-parse --git-dir)/../../refs/heads/other/theirs")
shell("ref-by-commit", "refs/heads/other/theirs", "b=$(git symbolic-ref HEAD); git symbolic-ref HEAD refs/heads/other/theirs; git commit -q --allow-empty -m x; git symbolic-ref HEAD $b")
shell("push-here", "refs/heads/main", f"git push -q {repo} HEAD:main -f")
shell("fetch-here", "refs/heads/other/theirs", "git fetch -q . +HEAD:refs/heads/other/theirs")
shell("rename-branch", "refs/heads/", "git branch -m other/theirs stolen")
shell("replace", "refs/replace", "git replace -f HEAD HEAD^; git replace --graft HEAD")
shell("notes", "refs/notes", "git notes add -m x HEAD")
shell("remote", "config.lock", "git remote add evil /nowhere")
shell("reflog", "logs/refs/heads/main", f"echo x >> {git}/logs/refs/heads/main; git reflog expire --expire=now refs/heads/main")
shell("shallow", "/.git/shallow", f"echo x > {git}/shallow")
shell("hooks-path", "out/h1", f"mkdir -p hk; printf '#!/bin/sh\\necho x > {out}/h1\\n' > hk/pre-commit; chmod 755 hk/pre-commit; GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=core.hooksPath GIT_CONFIG_VALUE_0=$PWD/hk git commit -q --allow-empty --dry-run -m x; GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=core.hooksPath GIT_CONFIG_VALUE_0=$PWD/hk git hook run pre-commit; rm -rf hk")
shell("object-dir", "out/", f"echo x | GIT_OBJECT_DIRECTORY={out} GIT_ALTERNATE_OBJECT_DIRECTORIES={git}/objects git hash-object -w --stdin")
shell("index-file", "out/i1", f"GIT_INDEX_FILE={out}/i1 git read-tree HEAD")
shell("work-tree", "repo/", f"git --work-tree={repo} checkout -f HEAD -- . ; echo x >> a.txt; git --work-tree={repo} checkout-index -f -a; git checkout -q a.txt")
shell("checkout", "repo/README.md", f"echo x >> {repo}/README.md")

# ---- divisi itself -------------------------------------------------------------------------
shell("journal", "journal.db", f"python3 -c \"import sqlite3; c=sqlite3.connect('{git}/divisi/journal.db'); c.execute('delete from event'); c.commit()\"; echo x >> {git}/divisi/journal.db")
shell("out", "out.ndjson", f"echo '{{}}' >> {run}/out.ndjson")
shell("end", "end.json", f"echo '{{}}' > {run}/end.json")
shell("lock", "/lock", f"rm -f {run}/lock")
shell("spec", "/spec", f"echo > {run}/spec")
shell("record", "fence.log", f": > {run}/fence.log; rm -f {run}/fence.log")


def connect(path):
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(10)
    s.connect(path)
    s.close()


call("holder-socket", "in.sock", connect, run + "/in.sock")
call("daemon", "daemon.sock", connect, top + "/daemon.sock")
call("daemon-symlink", "daemon.sock", lambda: (os.symlink(top, "lt"), connect("lt/daemon.sock")))
call("abstract", "without a path", connect, "\0divisi-test-%d" % os.getuid())
call("bind", "out/b.sock", lambda: socket.socket(socket.AF_UNIX).bind(out + "/b.sock"))
shell("kill-victim", f"process {victim}", f"kill -9 {victim}")
shell("kill-holder", '"kill"', "kill -9 $(cut -d: -f1 %s/begun | tr -dc 0-9)" % run)
shell("kill-server", '"kill"', f"pkill -9 -f 'divisi server'; kill -9 {victim}")
call("ptrace", '"ptrace"', lambda: libc.ptrace(16, victim, None, None))
call("ptrace-holder", f'"ptrace".*process {holder}', lambda: libc.ptrace(16, holder, None, None))
call("holder-mem", f"proc/{holder}/mem", lambda: open(f"/proc/{holder}/mem", "wb"))
call("pidfd-signal", f'pidfd_send_signal.*process {victim}', lambda: signal.pidfd_send_signal(
    os.pidfd_open(victim), 9))
call("pidfd-descriptor", f'pidfd_getfd.*process {victim}', lambda: syscall(
    438, os.pidfd_open(victim), 0, 0))
call("write-memory", f'process_vm_writev.*process {victim}', lambda: syscall(
    311, victim, None, 0, None, 0, 0))
call("limit-processor-time", f'prlimit64.*process {victim}', lambda: resource.prlimit(
    victim, resource.RLIMIT_CPU, (1, 1)))
call("slow-down", f'setpriority.*process {victim}', lambda: os.setpriority(
    os.PRIO_PROCESS, victim, 19))
call("slow-down-all", 'setpriority.*all processes', lambda: os.setpriority(
    os.PRIO_USER, 0, 19))
call("pin-down", f'sched_setaffinity.*process {victim}', lambda: os.sched_setaffinity(victim, {0}))
call("proc-mem", f"proc/{victim}/mem", lambda: open(f"/proc/{victim}/mem", "wb"))

# ---- what is left for others to trip over ----------------------------------------------------
evil = f"touch {top}/proof/"
shell("git-file", '/[.]git"', f"rm -f .git; echo 'gitdir: {here}/fake' > .git")
shell("commondir", "commondir", "echo %s/fake > $(git rev-parse --git-dir)/commondir" % here)
shell("worktree-config", "config.worktree", "printf '[core]\\n\\tfsmonitor = %s\\n' '%sfsmonitor' > $(git rev-parse --git-dir)/config.worktree" % (evil, evil))
subprocess.run(["/bin/sh", "-c", f"""
mkdir sub && cd sub && git init -q . && git config user.name x && git config user.email x@y &&
echo x > f && printf 'f filter=evil diff=evil\\n' > .gitattributes && git add . &&
git commit -qm sub && git config filter.evil.clean '{evil}clean; cat' &&
git config filter.evil.smudge '{evil}smudge; cat' && git config core.fsmonitor '{evil}fsmonitor' &&
git config diff.external '{evil}external' && git config diff.evil.textconv '{evil}textconv' &&
git config core.hooksPath {here}/hooks && echo y > f
cd .. && mkdir hooks && printf '#!/bin/sh\\n{evil}hook\\n' > hooks/post-checkout &&
chmod 755 hooks/post-checkout && cp hooks/post-checkout hooks/pre-commit
printf '[submodule "sub"]\\n\\tpath = sub\\n\\turl = ./sub\\n\\tignore = none\\n' > .gitmodules
printf '* filter=evil diff=evil merge=evil\\n' >> .gitattributes
git add .gitmodules sub
"""], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)

tried.write("END\n")
tried.close()
