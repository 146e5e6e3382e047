"""The sixth play: a panel.  A plan is made while the clock is ahead, and gone on with when that was
put right; its research is found sufficient.  A reviewer fails, three debate; two sessions that do
not merge meet no more, and git loses what the radar knew; a copy of it all is set aside."""

import json
import os
import time

PHASES = r"""
1A|quick|Writes: `a`, `lib/`; Review: pre-dispatch|fake:bash=rm -f more; sed -i s/^one/ONE/ lib/words; echo first >new; touch -d 2001-01-01 new; git add new fake:ask=question:Is it so? fake:bash=git checkout -q HEAD -- lib/words; echo more >more fake:ask=question:Is it gone? fake:bash=rm -f new more; echo of a >a; git add -A; git commit -qm 1a || true
1B|quick|Writes: `lib/`|fake:bash=sed -i s/^one/Eins/ lib/words fake:ask=question:May I? fake:bash=git commit -qam 1b || true
"""
LOOKED_UP = "2026-11-22-looked-up.md"
TRACK = (r"8A|spike (analysis-only)|Reads: `**`; Output: evidence|Q1: which store?"
         r' fake:bash=cp .divisi/evidence.json "$DIVISI_OUTPUT"' "\n")
EVIDENCE = {"summary": "an answer", "evidence": [
    {"type": "empirical", "question": "Q1", "answer": "sqlite", "claim": "it was measured",
     "confidence": "high",
     "source": {"title": "A bench", "url": "https://www.example.org/%d/" % n}} for n in (1, 2)]}
FOUND = {"recommendation": "REVISE", "findings": [
    {"severity": "critical", "text": "The token is written to the log unmasked", "where": "a"}]}
THREE = ("security-skeptic", "ops-realist", "ux-advocate")
AHEAD_S = 3600
LOOK = ["status"]  # the person did something that is no order of one line


def put(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


class Panel:
    """What the play of a panel has of its own; story.py has the rest."""

    name, phases, patience_s = "panel", PHASES, 240
    sample = "sample-panel.txt"
    has_orders = True
    looks_s = 2
    may_be = r"|refs/divisi/.*/(tree|radar|met)[^/]*$"
    settings = (("merge", "auto"), ("verify", "true"), ("publish", "none"), ("radar", "tell"),
                ("agent", "command"), ("radar.interval", "1"), ("review.start", "off"),
                ("research.sources", "1"))

    def furnish(self, case):
        os.mkdir(case.place + "/did")
        os.makedirs(case.repo + "/.divisi/personas")
        for name in THREE:
            put(case.repo + "/.divisi/personas/%s.md" % name,
                'The view of %s.\nfake:bash=cp .divisi/found.json "$DIVISI_OUTPUT"\n' % name)
        put(case.repo + "/.divisi/personas/one-who-fails.md", "Nobody.\nfake:fail=I cannot\n")
        put(case.repo + "/.divisi/found.json", json.dumps(FOUND))
        put(case.repo + "/.divisi/evidence.json", json.dumps(EVIDENCE))
        case.git("add", ".divisi")
        case.git("commit", "--quiet", "--message", "More")
        case.call("bash", "-c", '. "$0/lib.sh"; . "$0/runs.sh"; fake_plan "$1"',
                  case.dirs["source"] + "/tests/e2e", LOOKED_UP, text=TRACK)

    def verb(self, case, *words):
        code, said = case.call("divisi", *words)
        case.note("%s -> %d %s" % (" ".join(words), code, said.strip()[-300:]))
        return code

    # ---- the plans ---------------------------------------------------------------------------

    def orders(self, case, status, seen):
        """What the person does about the plan as a whole, given what is there: one order."""
        plan = next((p for p in status.get("plans", [])
                     if os.path.basename(p["path"]) == LOOKED_UP), None)
        if not plan or not os.path.exists(case.place + "/did/clock"):
            self.set_clock(case)
            return LOOK
        for need in status.get("needs", []):
            if "for your approval of table" in need.get("what", ""):
                return need["command"].split()[1:]
        return self.order_research(plan) or self.order_panel(case, status)

    def set_clock(self, case):
        """A plan is made while the clock is ahead by an hour; then that is put right."""
        preload = case.environ.get("LD_PRELOAD")
        case.environ["LD_PRELOAD"] = os.path.dirname(case.dirs["bin"]) + "/libpowercut.so"
        case.environ["POWERCUT_AHEAD"] = str(AHEAD_S)
        self.verb(case, "dispatch", LOOKED_UP)
        case.stop()
        case.environ.pop("POWERCUT_AHEAD", None)
        if not preload:
            case.environ.pop("LD_PRELOAD", None)
        if not case.is_dark:
            put(case.place + "/did/clock", "")

    def order_panel(self, case, status):
        """One reviewer fails; then three debate, and a person decides."""
        review = next((r for r in status.get("reviews", [])
                       if os.path.basename(r["plan"]) == case.plan), None)
        if not review:
            return ["review", case.plan, "--option", "D", "--persona", "one-who-fails"]
        if review["panel"] == "asked":
            return ["review", case.plan]
        if review["panel"]:
            time.sleep(0.2)
            return LOOK
        if not review["findings"]:
            return ["review", case.plan, "--option", "F", "--persona", ",".join(THREE)]
        if not review["findings"][0]["decision"]:
            return ["findings", "decide", "reject all: seen", "--yes"]
        return None

    def order_research(self, plan):
        """What was looked up is judged when it is there."""
        if (plan.get("research") or {}).get("verdict") == "sufficient":
            return None
        states = [s["state"] for b in plan["batches"] for s in b["sessions"]]
        if states == ["done"]:
            return ["research", LOOKED_UP, "--assess"]
        time.sleep(0.2)
        return LOOK

    # ---- two that meet -----------------------------------------------------------------------

    def answer(self, case, name):
        """1A goes on when it was seen to meet 1B, and again when it does no more; then 1B."""
        status = case.status()
        sessions = {s["phase"]: s for s in case.sessions_of(status)}
        is_open = any(c.get("state", "open") == "open" for c in status.get("conflicts", []))
        path, say = sessions["1A"]["path"], ["divisi", "approve", name, "--reason", "blue"]
        if name != sessions["1A"]["id"]:
            return say if sessions["1A"]["state"] in ("mergeable", "merging", "done") else []
        if os.path.exists(path + "/more"):
            return [] if is_open else say
        if not is_open:
            return []
        # What was added is taken back, and git forgets it: the radar has seen it.
        case.git("-C", path, "reset", "--quiet")
        case.git("prune", "--expire=now")
        return say

    def instead(self, session, what):
        """Who meets is only told; it was seen."""
        return ["conflicts"] if "do not merge" in what or "both wrote" in what else None

    def is_over(self, states):
        return bool(states) and set(states) <= {"done", "abandoned"}

    # ---- a copy --------------------------------------------------------------------------------

    def afterwards(self, case):
        """What was copied with its home gets one of its own, and is thrown away."""
        mark, copy = case.place + "/did/copy", case.disk + "/copy"
        if os.path.exists(mark):
            return True
        if case.was_dark or not os.path.isdir(copy):
            case.stop()
            case.call("rm", "-rf", copy, copy + ".new")
            case.call("cp", "-a", case.repo, copy + ".new")
            case.call("mv", copy + ".new", copy)
        for words in ("doctor --mend --yes", "status", "server --stop"):
            code, said = case.call("sh", "-c", "cd '%s' && divisi %s" % (copy, words))
            case.note("in the copy: %s -> %d %s" % (words, code, said.strip()[-300:]))
        if case.is_dark or not os.path.exists(copy + "/.git/divisi.aside-1/journal.db"):
            return False
        case.call("rm", "-rf", copy)
        put(mark, "")
        return True

    def commits(self, lines):
        """They land as they come; what comes of it is the same."""
        return sorted(line.partition(" | ")[0] for line in lines if line) + [
            line.partition(" | ")[2] for line in lines[:1]]

    def comment(self, text):
        """What a checkpoint says of the state depends on whether an agent lived."""
        return text.partition("\n")[0] if text.startswith("checkpoint:") else text
