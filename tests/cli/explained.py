#!/usr/bin/env python3
"""why-not, what-if, diff, plan --graph and simulate, as a person and as a program see them.

usage: explained.py DIVISI PLANS
"""

import json
import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree

DIVISI, PLANS = (os.path.abspath(p) for p in sys.argv[1:3])
PIPELINE = os.path.join(PLANS, "review-pipeline.md")
SCRATCH = tempfile.TemporaryDirectory()
CLAIMS = []


def claim(function):
    CLAIMS.append(function)
    return function


def run(*args):
    env = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "HOME": "/nonexistent",
           "GIT_CONFIG_NOSYSTEM": "1", "GIT_CEILING_DIRECTORIES": "/"}
    done = subprocess.run([DIVISI] + list(args), cwd="/", env=env, timeout=60,
                          stdin=subprocess.DEVNULL, capture_output=True)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def value(*args, expect=0):
    status, out, err = run(*args, "--json")
    assert status == expect, (args, status, out, err)
    return json.loads(out)


def pairs_of(plan):
    return {(p["a"], p["b"]): p for p in value("check", plan)["pairs"]}


@claim
def every_verdict_has_a_record_with_rule_evidence_and_remedy():
    """CONFLICTS 5.5 and G15."""
    found = value("why-not", PIPELINE)
    wanted = {k: p for k, p in pairs_of(PIPELINE).items() if p["verdict"] != "parallel"}
    assert {(p["a"], p["b"]) for p in found["pairs"]} == set(wanted)
    for record in found["pairs"]:
        pair = wanted[record["a"], record["b"]]
        assert all(record[k] == v for k, v in pair.items()), record
        assert record["rule"] and record["reason"] and len(record["trace"]) == 3
        assert record["would_change"] or record["advice"], record
    assert [p["phase"] for p in found["places"]] == \
        [p["id"] for p in value("check", PIPELINE)["phases"]]
    for place in found["places"]:
        assert len(place["not_earlier"]) == place["batch"] - 1
        assert all(step["reason"] for step in place["not_earlier"])


def repository(commits):
    """A repository whose history is COMMITS, each a list of files that changed."""
    top = tempfile.mkdtemp(dir=SCRATCH.name)

    def git(*args):
        subprocess.run(["git", "-C", top, "-c", "user.name=n", "-c", "user.email=n@n"] + list(args),
                       check=True, capture_output=True, env={"PATH": os.environ["PATH"]})

    git("init", "-qb", "main")
    for number, files in enumerate(commits):
        for name in files:
            path = os.path.join(top, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "a", encoding="utf-8") as out:
                print(number, file=out)
        git("add", "-A")
        git("commit", "-qm", "change %d" % number)
    return top


@claim
def a_record_holds_what_history_changes_together_and_the_weights():
    """CONFLICTS 5.5: co_change and the model's version, the same for the same state."""
    top = repository([["src/a.c", "src/a.h"]] * 6 + [["src/b.c"], ["src/a.c"]])
    plan = os.path.join(top, "plan.md")
    with open(plan, "w", encoding="utf-8") as out:
        out.write("""# Master Plan: Two

| Phase | Issues | Focus | Batch | Dependencies | Status |
|-------|--------|-------|-------|--------------|--------|
| 1A | [T-1](local:T-1) | The source | 1 | None | Todo |
| 1B | [T-2](local:T-2) | The header | 1 | None | Todo |

### 1A: The source

- Issue: [T-1: The source](local:T-1)
- Writes: `src/a.c`

### 1B: The header

- Issue: [T-2: The header](local:T-2)
- Writes: `src/a.h`
""")
    found = value("why-not", plan, "1A", "1B")
    partners = {(c["phase"], c["file"], c["partner"]): c for c in found["co_change"]}
    change = partners["1A", "src/a.c", "src/a.h"]
    assert change["support"] == 6 and abs(change["conf"] - 6 / 7) < 0.01, change
    assert ("1B", "src/a.h", "src/a.c") in partners
    assert 0.05 < found["risk_undeclared"] < 1, found
    assert found["model_version"].startswith("shipped/") and len(found["model_version"]) == 20
    assert found["model_version"] == value("plan", plan)["model_version"]
    assert found == value("why-not", plan, "1B", "1A")
    assert "src/a.h changes with src/a.c in" in " ".join(run("why-not", plan, "1A", "1B")[1].split())


@claim
def the_same_plan_gives_the_same_bytes():
    assert run("why-not", PIPELINE, "--json") == run("why-not", PIPELINE, "--json")
    assert run("plan", PIPELINE, "--graph", "svg") == run("plan", PIPELINE, "--graph", "svg")


@claim
def what_is_said_to_help_does_help():
    """Each remedy, given to what-if, makes the pair what it was said to become."""
    n = 0
    for record in value("why-not", PIPELINE)["pairs"]:
        for remedy in record["would_change"]:
            options = []
            for edit in remedy["edits"]:
                sign = "-" if edit["do"] == "drop" else "+"
                name = edit["list"].replace("depends_on", "depends")
                options += ["--" + name, "%s%s=%s" % (edit["phase"], sign, edit["item"])]
            changed = {(p["a"], p["b"]): p for p in
                       value("what-if", PIPELINE, *options)["pairs"]}
            after = changed[record["a"], record["b"]]["new"]["verdict"]
            # Emptied lists make a phase unknown in a plan; the remedy speaks of the pair.
            if after != remedy["becomes"]:
                assert changed[record["a"], record["b"]]["new"]["kind"] == "unknown"
            n += 1
    assert n > 0


@claim
def what_if_shows_only_what_differs():
    pair = next(p for p in pairs_of(PIPELINE).values() if p["verdict"] == "parallel")
    option = ("--writes", pair["a"] + "+=zz/one.c", "--writes", pair["b"] + "+=zz/one.c")
    found = value("what-if", PIPELINE, *option)
    mine = [p for p in found["pairs"] if (p["a"], p["b"]) == (pair["a"], pair["b"])]
    assert mine[0]["old"]["verdict"] == "parallel"
    assert mine[0]["new"] == {"verdict": "parallel-branches", "first": None, "kind": "waw",
                              "witness": "zz/one.c",
                              "reason": "both may write `zz/one.c`"}, mine
    assert found["n_changes"] >= 1
    same = value("what-if", PIPELINE, "--reads", pair["a"] + "+=zz/alone.c")
    assert same["pairs"] == [] and same["phases"] == [] and same["n_changes"] == 0
    fewer = value("what-if", PIPELINE, "--cap", "1")
    assert fewer["new"]["batches"] > fewer["old"]["batches"]


@claim
def diff_is_one_when_the_schedules_differ():
    assert value("diff", PIPELINE, PIPELINE)["n_changes"] == 0
    with open(PIPELINE, encoding="utf-8") as file:
        text = file.read()
    path = os.path.join(SCRATCH.name, "2026-11-22-other-plan.md")
    first = value("check", PIPELINE)["phases"][0]["id"]
    with open(path, "w", encoding="utf-8") as file:
        file.write(text.replace("| %s |" % first, "| 9Z |", 1)
                   .replace("### %s:" % first, "### 9Z:", 1))
    found = value("diff", PIPELINE, path, expect=1)
    changes = {(p["phase"], p["change"]) for p in found["phases"]}
    assert (first, "gone") in changes and ("9Z", "new") in changes, changes
    status, out, _ = run("diff", PIPELINE, path)
    assert status == 1 and "gone: " + first in out


@claim
def why_not_answers_as_verdict_does():
    for (a, b), pair in pairs_of(PIPELINE).items():
        status, out, _ = run("why-not", PIPELINE, a, b)
        assert status == (1 if pair["verdict"] == "sequential" else 0)
        assert pair["reason"] in " ".join(out.split())
        assert run("why-not", PIPELINE, b, a)[1] == out


@claim
def the_graph_as_text_fits_eighty_columns():
    for name in sorted(os.listdir(PLANS)):
        if not name.endswith(".md"):
            continue
        status, out, err = run("plan", os.path.join(PLANS, name), "--graph", "text")
        assert status == 0, err
        assert "critical path" in out and "level 1" in out
        assert max(map(len, out.split("\n"))) <= 80, out


@claim
def the_graph_as_svg_is_well_formed_and_shows_every_phase():
    space = "{http://www.w3.org/2000/svg}"
    for name in sorted(os.listdir(PLANS)):
        if not name.endswith(".md"):
            continue
        path = os.path.join(PLANS, name)
        status, out, err = run("plan", path, "--graph", "svg")
        assert status == 0, err
        top = ElementTree.fromstring(out)
        ids = [t.text for t in top.iter(space + "text") if t.get("class") == "id"]
        assert ids == [p["id"] for p in value("check", path)["phases"]]
        drawn = [p for p in top.iter(space + "path") if p.find(space + "title") is not None]
        wanted = [p for p in value("check", path)["pairs"]
                  if p["verdict"] != "parallel" and p["kind"] not in ("closure", "unknown")]
        assert len(drawn) >= len(wanted)
        assert "prefers-color-scheme:dark" in out


@claim
def hostile_text_stays_text_in_the_picture():
    path = os.path.join(SCRATCH.name, "2026-11-22-evil-plan.md")
    with open(path, "w", encoding="utf-8") as file:
        file.write("# Master Plan: <script>alert(1)</script>&\n\n## Phase Map\n\n"
                   "| Phase | Issues | Focus | Batch | Dependencies |\n|-|-|-|-|-|\n"
                   "| 1A | [X-2](local:X-2) | <b onload=\"x\">&amp; | 1 | None |\n\n"
                   "### 1A: <b onload=\"x\">&amp;\n\n- Writes: `a<b>&\"c`\n")
    _, out, _ = run("plan", path, "--graph", "svg")
    ElementTree.fromstring(out)
    assert "<script" not in out and "<b " not in out


@claim
def a_simulation_is_the_same_for_the_same_seed_and_compares_settings():
    few = ("simulate", PIPELINE, "--rounds", "20")
    found = value(*few)
    assert run(*few, "--json") == run(*few, "--json")
    assert {(s["mode"], s["cap"]) for s in found["settings"]} == \
        {(mode, cap) for mode in ("batch", "rolling") for cap in range(2, 9)}
    chosen = [s for s in found["settings"] if s["chosen"]]
    assert [(s["mode"], s["cap"]) for s in chosen] == [("batch", 3)]
    for s in found["settings"]:
        assert 0 < s["finish_p50_ms"] <= s["finish_p90_ms"]
        assert 0 < s["cost_p50_cents"] <= s["cost_p90_cents"]
        assert 0 <= s["over_budget"] <= 1 and s["interruptions_p50"] > 0
    assert {t["what"] for t in found["timeline"]} <= {"works", "person", "lands"}
    assert {t["phase"] for t in found["timeline"]} == \
        {p["id"] for p in value("check", PIPELINE)["phases"]}
    other = value(*few, "--seed", "2", "--cap", "12", "--rolling", "--budget", "0.01",
                  "--merge", "auto", "--approve-all")
    chosen = [s for s in other["settings"] if s["chosen"]]
    assert [(s["mode"], s["cap"]) for s in chosen] == [("rolling", 12)]
    assert chosen[0]["over_budget"] == 1
    assert chosen[0]["interruptions_p50"] < found["settings"][0]["interruptions_p50"]


@claim
def the_timeline_fits_eighty_columns():
    status, out, err = run("simulate", PIPELINE, "--rounds", "5")
    assert status == 0, err
    bars = out.split("a middling round")[1].split("# works")[0].split("\n")[1:]
    assert len([bar for bar in bars if "#" in bar]) == \
        len(value("check", PIPELINE)["phases"])
    assert max(map(len, bars)) <= 80, bars


@claim
def wrong_words_are_refused_with_a_way_out():
    for args, status, word in (
            (("what-if", PIPELINE), 2, "--writes"),
            (("what-if", PIPELINE, "--writes", "src/x"), 2, "1B=ITEM"),
            (("what-if", PIPELINE, "--writes", "9Z=x"), 5, "9Z"),
            (("what-if", PIPELINE, "--writes", "1A=../x"), 2, ".."),
            (("what-if", PIPELINE, "--renames", "1A=x"), 2, "FROM->TO"),
            (("why-not", PIPELINE, "9Z"), 5, "9Z"),
            (("why-not", PIPELINE, "1A", "1A"), 2, "itself"),
            (("plan", PIPELINE, "--graph", "png"), 2, "svg"),
            (("plan", PIPELINE, "--graph", "svg", "--json"), 2, "exclude"),
            (("simulate",), 2, "plan"),
            (("simulate", PIPELINE, "--rounds", "0"), 2, "rounds"),
            (("simulate", PIPELINE, "--budget", "lots"), 2, "budget"),
            (("simulate", PIPELINE, "--merge", "never"), 2, "merge"),
            (("diff", PIPELINE), 2, "diff"),
            (("diff", PIPELINE, "/nowhere.md"), 5, "nowhere")):
        got, out, err = run(*args)
        assert got == status and word in out + err, (args, got, out, err)


def main():
    failed = 0
    for number, function in enumerate(CLAIMS, 1):
        try:
            function()
            print("ok %d %s" % (number, function.__name__))
        except Exception as error:  # each claim stands alone
            failed += 1
            print("not ok %d %s\n# %s: %s" % (number, function.__name__,
                                              type(error).__name__, error))
    print("1..%d" % len(CLAIMS))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
