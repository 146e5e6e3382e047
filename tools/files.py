"""The files of this tree that are committed or about to be (never build products)."""

import os
import subprocess

SKIPPED_DIRS = {".git", ".cache", "__pycache__"}


def tree_files(top):
    """Relative paths of all files: from git where there is one, else from a walk."""
    git = subprocess.run(
        ["git", "-C", top, "ls-files", "-z", "--cached", "--others",
         "--exclude-standard"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    if git.returncode == 0 and os.path.exists(os.path.join(top, ".git")):
        names = [os.fsdecode(name) for name in git.stdout.split(b"\0") if name]
        return sorted(n for n in names if os.path.isfile(os.path.join(top, n)))
    found = []
    for folder, folders, files in os.walk(top):
        folders[:] = [f for f in folders
                      if f not in SKIPPED_DIRS and not f.startswith("build")]
        found += [os.path.relpath(os.path.join(folder, f), top) for f in files]
    return sorted(found)


def read_text(path):
    """The text of PATH, or None when it is not text."""
    with open(path, "rb") as file:
        data = file.read()
    if b"\0" in data:
        return None
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return None
