"""The fifth play: guests.  One agent speaks by ACP, takes a question back, asks by divisi's own
tools and dies; one meets a limit; a person allows by rule, takes one over in tmux and gives it
back, another program takes a worktree away; a plan is aborted before it is begun anew."""

import hashlib
import os
import shutil
import time

PHASES = r"""
1A|quick|Agent: gemini; Writes: `a`|what the guest does
1B|quick|Writes: `b`|fake:tool=make all:no rule fake:bash=echo x >"$HOME/outside"; echo torn >.ccc-state.json fake:ask=question:Which one? fake:bash=rm -f .ccc-state.json .divisi-ccc-state.json fake:write=b:of b fake:bash=git add b; git commit -qm 1b || true
1C|quick|Deliverable: c|fake:ask=question:Who does it?
1D|quick|Agent: claude; Writes: `1D.txt`|odd:limit
"""
# What a person does in the place of an agent, on a terminal.
HAND = """#!/bin/sh
echo "$DIVISI_RUN" >>"$HOME/../../started"
while ! test -e "$HOME/../../hand"; do sleep 0.1; done
echo of c >c
git add c
git commit -qm 1c
"""
STARTED = """#!/bin/sh
[ "$1" = --version ] || echo "$DIVISI_RUN" >>"$HOME/../../started"
ODD_ALWAYS=odd:commit exec python3 "%s" "$@"
"""
PAUSE_S = 5


class Guests:
    """What the fifth play has of its own; story.py has the rest."""

    name, phases, patience_s = "guests", PHASES, 300
    sample = "sample-guests.txt"
    has_wishes = has_orders = True
    looks_s = 2
    may_be = ""
    settings = (("merge", "ask"), ("verify", "true"), ("publish", "none"), ("radar", "off"),
                ("cap", "4"), ("silence-timeout", "3"), ("worktree.copy", "kept"))

    def furnish(self, case):
        guest, fakes = case.place + "/guest", case.dirs["source"] + "/tests/fakes/"
        os.mkdir(guest)
        shutil.copy(fakes + "claude_odd.py", guest)
        files = {"hand": HAND, "gemini": STARTED % (fakes + "agent_guest.py"),
                 "claude": STARTED % (guest + "/claude_odd.py"),
                 "version": "2.1.330 (Claude Code)\n"}
        for name, text in files.items():
            with open(guest + "/" + name, "w", encoding="utf-8") as file:
                file.write(text)
            os.chmod(guest + "/" + name, 0o755)
        for name in ("gemini", "claude"):
            case.git("config", "divisi.agent.%s.program" % name, guest + "/" + name)
        case.git("config", "divisi.agent.command.interactive", guest + "/hand")
        # What an agent starts of divisi passes points, too.
        case.git("config", "--add", "divisi.env", "CRASH_POINTS")
        case.environ.update(TMUX_TMPDIR=case.place + "/tmp", ANTHROPIC_API_KEY="none",
                            GEMINI_API_KEY="none")
        for name in ("gemini/GEMINI.md", "claude/CLAUDE.md"):
            os.makedirs(case.home + "/." + os.path.dirname(name))
            with open(case.home + "/." + name, "w", encoding="utf-8") as file:
                file.write("Be brief.\n")
        os.makedirs(case.repo + "/kept/below")
        os.symlink("below/file", case.repo + "/kept/link")
        for path, text in (("kept/below/file", "kept\n"), (".gitignore", "kept\n")):
            with open(case.repo + "/" + path, "w", encoding="utf-8") as file:
                file.write(text)
        case.call("git", "add", "--all")
        case.call("git", "commit", "--quiet", "--message", "More")

    def orders(self, case, status, seen):
        """What the person does about the plan as a whole, given what is there: one order."""
        if "plan-asserted" not in seen or not all(
                os.path.exists(case.place + "/asserted-" + other) for other in ("1A", "1B", "1D")):
            return self.give_word(case)
        if "plan-aborted" not in seen:
            if "overridden" not in seen or not status.get("plans"):
                return ["dispatch", case.plan, "--override", "G14", "--reason", "it is me"]
            return ["abort", case.plan, "--reason", "not so"]
        self.pause_once(case)
        return None

    def pause_once(self, case):
        """What a server of another repository says of an account of this person."""
        there = case.home + "/state/divisi/accounts/"
        mark = case.place + "/paused"
        if os.path.exists(mark):
            return
        os.makedirs(there, mode=0o700, exist_ok=True)
        name = hashlib.sha256(b"gemini").hexdigest()[:16]
        for path in (there + name + ".pause", mark):
            with open(path, "w", encoding="utf-8") as file:
                file.write("%d\nits limit\ngemini\n" % ((time.time() + PAUSE_S) * 1000))

    def give_word(self, case):
        """1C says nothing of what it writes: the person does, pair by pair, until each stands."""
        for other in ("1A", "1B", "1D"):
            mark = case.place + "/asserted-" + other
            if os.path.exists(mark):
                continue
            order = ["assert", case.plan, "1C", other, "--reason", "different files"]
            code, said = case.call("divisi", *order)
            case.note("%s -> %d %s" % (" ".join(order), code, said.strip()))
            if (code == 0 or "decided already" in said) and not case.is_dark:
                with open(mark, "w", encoding="utf-8"):
                    pass
        return ["status"]

    def answer(self, case, name):
        """Each question in its own way, and that of 1B when it was asked on new ground."""
        if name.endswith("1A"):
            return ["divisi", "approve", name, "--session"]
        if name.endswith("1C") or not os.path.exists(case.place + "/gone"):
            return []
        return ["divisi", "approve", name, "--reason", "blue"]

    def wish(self, case, session, seen):
        phase, state = session["phase"], session["state"]
        if not session["id"].startswith("p2."):
            return None  # of the plan that was aborted
        if phase == "1A" and "ask-answered" in seen and "allowance-ended" not in seen:
            return ["approvals", "--forget", "r1"]
        if (phase, state) == ("1B", "checkpoint"):
            return self.take_tree(case, session, seen)
        if (phase, state) == ("1C", "checkpoint"):
            return ["takeover", phase, "--tmux"]
        if (phase, state) == ("1C", "claimed"):
            return self.work_by_hand(case, session)
        if phase == "1C" and "landing-blocked" in seen and self.is_mine(case.repo + "/c"):
            os.unlink(case.repo + "/c")
            return ["merge", phase, "--yes"]
        return None

    def is_mine(self, path):
        """Is it still the person's own file, or what a power cut left of it, not what landed?"""
        if not os.path.exists(path):
            return False
        with open(path, encoding="utf-8") as file:
            return file.read() != "of c\n"

    def work_by_hand(self, case, session):
        """When it is done, a file of the person's own is in the way of what is to land."""
        with open(case.place + "/hand", "w", encoding="utf-8"):
            pass
        if session["running"]:
            return None
        path = session["path"]
        if not case.git("-C", path, "ls-tree", "HEAD", "c"):  # it went with the power
            with open(path + "/c", "w", encoding="utf-8") as file:
                file.write("of c\n")
            case.call("git", "-C", path, "add", "c")
            case.call("git", "-C", path, "commit", "-q", "-m", "1c")
        with open(case.repo + "/c", "w", encoding="utf-8") as file:
            file.write("mine\n")
        return ["handback", session["phase"], "--done"]

    def take_tree(self, case, session, seen):
        """A checkpoint first; then another program takes the worktree away."""
        if "checkpoint-asked" not in seen:
            return ["checkpoint", session["phase"]]
        if "tree-gone" not in seen and "checkpointed" in seen:
            case.call("rm", "-rf", session["path"])
        if "tree-gone" in seen:
            with open(case.place + "/gone", "w", encoding="utf-8"):
                pass
        return None

    def commits(self, lines):
        """They land as they come; what comes of it is the same."""
        return sorted(line.partition(" | ")[0] for line in lines if line) + [
            line.partition(" | ")[2] for line in lines[:1]]

    def comment(self, text):
        """What a checkpoint says of the state depends on whether an agent lived."""
        return text.partition("\n")[0] if text.startswith("checkpoint:") else text

    def is_over(self, states):
        return bool(states) and set(states) <= {"done", "abandoned"}
