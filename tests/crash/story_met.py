"""The fourth play: sessions that meet.  Two stray into one file and are halted, a person orders
them; a cap is set, a review is waived, who reviewed nothing is refused, and branches go when
their work has landed."""

import os

PHASES = r"""
1A|quick|Writes: `1a`; Review: post-session|fake:write=1a:x fake:bash=sed -i s/^one/ONE/ lib/words; while ! test -e "$HOME/../../go"; do sleep 0.1; done; git add -A; git commit -qm 1a || true
1B|quick|Writes: `1b`|fake:write=1b:x fake:bash=sed -i s/^seven/SEVEN/ lib/words; while ! test -e "$HOME/../../go"; do sleep 0.1; done; git add -A; git commit -qm 1b || true
"""


class Met:
    """What the fourth play has of its own; story.py has the rest."""

    name, phases, patience_s = "met", PHASES, 200
    sample = "sample-met.txt"
    has_wishes = has_orders = True
    looks_s = 2
    may_be = r"|refs/divisi/.*/(tree|radar|met)[^/]*$"
    settings = (("merge", "ask"), ("verify", "true"), ("publish", "none"),
                ("radar.interval", "1"), ("review.start", "off"), ("branches", "delete"))

    def orders(self, case, status, seen):
        """What the person does about the plan as a whole, given what is there: one order."""
        open_ones = [c for c in status.get("conflicts", []) if c.get("state", "open") == "open"]
        if "cap-set" not in seen:
            return ["cost", "--plan-cap", "50"] if status.get("plans") else None
        if open_ones and "refused" not in seen:
            return ["dispatch", case.plan]
        tried = case.place + "/tried"
        if open_ones and not os.path.exists(tried):
            code, said = case.call("divisi", "try", "1A", "1B")
            case.note("try -> %d %s" % (code, said.strip()))
            if code == 0:
                with open(tried, "w", encoding="utf-8"):
                    pass
            return None
        if open_ones and "ruled" not in seen:
            return ["rule", open_ones[0]["id"], "--order", "1B", "--reason", "the smaller first"]
        if "ruled" in seen:
            with open(case.place + "/go", "w", encoding="utf-8"):
                pass
        return None

    def wish(self, case, session, seen):
        phase, state = session["phase"], session["state"]
        if (phase, state) == ("1A", "in-review") and "review-waived" not in seen:
            return ["review", phase, "--waive", "seen by ada"]
        return None

    def instead(self, session, what):
        """It is done without the review, not merged past it, whatever died meanwhile."""
        if "its work waits for its review" in what:
            return ["review", session, "--waive", "seen by ada"]
        return None

    def commits(self, lines):
        """The order is the ruling's; trees are compared at the end."""
        return lines

    def is_over(self, states):
        return bool(states) and set(states) <= {"done", "abandoned"}
