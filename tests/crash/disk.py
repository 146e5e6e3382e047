"""The disk behind powercut.c: begins it, and builds what it holds without power."""

import os
import shutil
import subprocess


def environ(case, library):
    """The variables that put the programs of CASE on such a disk."""
    return {"LD_PRELOAD": library, "POWERCUT_ROOT": case.disk, "POWERCUT_STATE": case.cut,
            "POWERCUT_STRICT": case.divisi_home}


def begin(case, library):
    """Everything that is there now has been there for long."""
    for name in ("data", "dirs"):
        os.makedirs(os.path.join(case.cut, name))
    case.environ.update(environ(case, library))
    subprocess.run(["python3", "-c", "import os; os.sync()"], env=case.environ, check=True)


def listings(case):
    """{key of a directory: its entries (type, mode, key, name, target)}."""
    found = {}

    def take(path):
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            entries = None
            for line in file.read().split("\n"):
                if line.startswith("D "):
                    entries = found[line[2:]] = []
                elif line:
                    kind, mode, key, rest = line.split(" ", 3)
                    name, _, target = rest.partition("\t")
                    entries.append((kind, int(mode, 8), key, name, target))

    take(case.cut + "/tree")
    for name in os.listdir(case.cut + "/dirs"):
        take(os.path.join(case.cut, "dirs", name))
    return found


def restore(case):
    """Puts the synced tree in the place of the one that was there; what was lost, by path."""
    found = listings(case)
    with open(case.cut + "/tree", encoding="utf-8") as file:
        root = file.readline().split()[1]
    made, lost = case.disk + ".after", []

    def build(path, key):
        os.mkdir(path)
        for kind, mode, below, name, target in found.get(key, []):
            full = os.path.join(path, name)
            if kind == "d":
                build(full, below)
                os.chmod(full, mode)
            elif kind == "l":
                os.symlink(target, full)
            elif kind == "f":
                saved = os.path.join(case.cut, "data", below)
                if os.path.exists(saved):
                    shutil.copyfile(saved, full)
                else:
                    open(full, "w", encoding="utf-8").close()
                os.chmod(full, mode)

    build(made, root)
    before = case.disk + ".before"
    os.rename(case.disk, before)
    os.rename(made, case.disk)
    for folder, _, files in os.walk(before):
        for name in files:
            old = os.path.join(folder, name)
            new = case.disk + old[len(before):]
            if not os.path.exists(new):
                lost.append(os.path.relpath(new, case.disk) + " (gone)")
            elif os.path.isfile(old) and os.path.getsize(old) != os.path.getsize(new):
                lost.append("%s (%d of %d bytes)" % (
                    os.path.relpath(new, case.disk), os.path.getsize(new), os.path.getsize(old)))
    shutil.rmtree(before)
    return sorted(lost)
