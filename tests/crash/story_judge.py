"""The third play: judgement and people.  A review of the plan gates it, its findings become
issues, a table is declined, one phase is worked on elsewhere; a person holds, interrupts, widens,
asks for a checkpoint and passes on what somebody said."""

import json

PHASES = r"""
1A|quick|Agent: Factory; Writes: `a`; Review: pre-dispatch|made elsewhere
1B|quick|Writes: `b`|fake:bash=while ! test -e "$HOME/../../go"; do sleep 0.1; done fake:ask=question:Which one? fake:write=b:of b fake:bash=git add -A; git commit -qm 1b || true
1C|quick|Writes: `c`|fake:ask=question:May I? fake:write=c:of c fake:bash=git add -A; git commit -qm 1c || true
"""
FINDINGS = {"reviewer": "ada", "recommendation": "REVISE", "findings": [
    {"severity": "critical", "text": "The parser reads past the end", "where": "c:1",
     "advice": "look at it", "effort": "medium"},
    {"severity": "important", "text": "Half of the cases have no test", "where": "b",
     "advice": "write them", "effort": "large"},
    {"severity": "important", "text": "Nobody tried what an empty file does", "where": "c",
     "advice": "try it", "effort": "small"}]}


class Judge:
    """What the third play has of its own; story.py has the rest."""

    name, phases, patience_s = "judge", PHASES, 60
    sample = "sample-judge.txt"
    has_wishes = has_orders = True
    looks_s = 2
    may_be = r"|refs/remotes/origin/(main|elsewhere)$"
    settings = (("merge", "ask"), ("verify", "true"), ("publish", "none"), ("radar", "off"),
                ("agent.factory.template", "web"))

    def furnish(self, case):
        case.call("git", "init", "--quiet", "--bare", case.place + "/origin.git")
        case.call("git", "remote", "add", "origin", case.place + "/origin.git")
        case.call("git", "push", "--quiet", "origin", "main")
        with open(case.place + "/findings.json", "w", encoding="utf-8") as file:
            json.dump(FINDINGS, file)

    def orders(self, case, status, seen):
        """What the person does about the plan as a whole, given what is there: one order."""
        reviews = [r for r in status.get("reviews", []) if r.get("findings")]
        batches = [b for p in status.get("plans", []) for b in p["batches"]]
        if not reviews:
            return ["review", case.plan, "--record", case.place + "/findings.json"]
        rows = {f["id"]: f for r in reviews for f in r["findings"]}
        if "findings-joined" not in seen and "I2" in rows:
            return ["findings", "join", "I1", "I2"]
        if any(not f["decision"] for f in rows.values()):
            return ["findings", "decide", "agree all", "--yes"]
        if not batches and "batch-declined" not in seen:
            return ["dispatch", case.plan]
        if batches and "batch-declined" not in seen and batches[-1]["hash"]:
            return ["decline", "--hash", batches[-1]["hash"], "--reason", "not yet"]
        return None

    def wish(self, case, session, seen):
        phase, state = session["phase"], session["state"]
        if phase == "1A" and state == "unconfirmed":
            self.work_elsewhere(case)
            return ["delegate", phase, "--branch", "elsewhere", "--done"]
        if (phase, state) == ("1B", "active") and "held" not in seen:
            return ["hold", phase]
        if phase == "1B" and "held" in seen and "resumed" not in seen:
            return ["resume", phase]
        if (phase, state) == ("1B", "active") and "interrupted" not in seen:
            return ["interrupt", phase]
        if phase == "1B" and "interrupted" in seen:
            with open(case.place + "/go", "w", encoding="utf-8"):
                pass  # it hears what it was told when it comes to its question
        if (phase, state) == ("1B", "failed"):
            return ["resume", phase]
        if (phase, state) == ("1C", "checkpoint") and "checkpoint-asked" not in seen:
            return ["checkpoint", phase]
        if (phase, state) == ("1C", "checkpoint") and "widen-asked" not in seen:
            return ["widen", phase, "lib/more", "--reason", "it needs more", "--yes"]
        if (phase, state) == ("1C", "checkpoint") and "feedback-came" not in seen:
            return ["feedback", "add", "the word is wrong", "--branch", session["branch"],
                    "--id", "said-once"]
        return None

    def instead(self, session, what):
        """What somebody said to an agent that died can wait until that is gone on with."""
        return [] if "from outside waits" in what else None

    def work_elsewhere(self, case):
        """What an agent elsewhere pushes, once, from a clone of its own."""
        there, origin = case.place + "/elsewhere", case.place + "/origin.git"
        if "elsewhere" in case.git("--git-dir", origin, "branch"):
            return
        case.call("rm", "-rf", there)
        case.call("git", "clone", "--quiet", origin, there)
        with open(there + "/a", "w", encoding="utf-8") as file:
            file.write("of a\n")
        for words in (("checkout", "--quiet", "-b", "elsewhere"), ("add", "a"),
                      ("commit", "--quiet", "--message", "1a"),
                      ("push", "--quiet", "origin", "elsewhere")):
            case.call("git", "-C", there, *words)

    def commits(self, lines):
        """They land as they come; what comes of it is the same."""
        return sorted(line.partition(" | ")[0] for line in lines if line) + [
            line.partition(" | ")[2] for line in lines[:1]]

    def comment(self, text):
        """What a checkpoint says of the state depends on whether an agent lived."""
        return text.partition("\n")[0] if text.startswith("checkpoint:") else text

    def is_over(self, states):
        return bool(states) and set(states) <= {"done", "abandoned"}

    def afterwards(self, case):
        """The person writes an issue by hand, each thing that is not there yet."""
        for _ in range(20):
            order = self.next_of_issue(case)
            if not order:
                return True
            code, said = case.call("divisi", "issue", *order)
            case.note("issue %s -> %d %s" % (" ".join(order), code, said.strip()))
            if case.is_dark:
                return False
        return False

    def next_of_issue(self, case):
        code, said = case.call("divisi", "issue", "export")
        if code:
            return ["list"]
        found = {issue["title"]: issue for issue in json.loads(said)}
        name = found.get("By hand", {}).get("id", "")
        text = json.dumps(found.get("By hand", {}))
        if not name:
            return ["new", "By hand"]
        if "seen by ada" not in text:
            return ["comment", name, "seen by ada"]
        if "findings.json" not in text:
            return ["attach", name, case.place + "/findings.json"]
        if not found["By hand"]["estimate"]:
            return ["edit", name, "--estimate", "5"]
        if "T-11" not in text:
            return ["relate", name, "related", "T-11"]
        if "From elsewhere" not in found:
            there = case.place + "/import.json"
            with open(there, "w", encoding="utf-8") as file:
                json.dump([{**found["By hand"], "id": "X-1", "title": "From elsewhere",
                            "uuid": "", "comments": [], "relations": []}], file)
            return ["import", there]
        return None
