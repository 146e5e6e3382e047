#!/usr/bin/env python3
"""The verbs that need no server, as a person and as a program see them.

usage: verbs.py DIVISI PLANS

PLANS is tests/data/plans: every plan there goes through `check` and `plan`, with the
outcome written beside it where one is.  Each claim is a function; the last line counts.
"""

import glob
import json
import os
import subprocess
import sys
import tempfile

DIVISI, PLANS = (os.path.abspath(p) for p in sys.argv[1:3])
PIPELINE = os.path.join(PLANS, "review-pipeline.md")
SCRATCH = tempfile.TemporaryDirectory()
CLAIMS = []


def claim(function):
    CLAIMS.append(function)
    return function


def run(*args, cwd=None, **kwargs):
    env = {"PATH": kwargs.pop("path", "") + os.environ["PATH"], "LC_ALL": "C.UTF-8", "HOME": "/nonexistent",
           "GIT_CONFIG_NOSYSTEM": "1", "GIT_CEILING_DIRECTORIES": "/"}
    for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS"):
        if name in os.environ:
            env[name] = os.environ[name]
    return subprocess.run([DIVISI] + list(args), cwd=cwd or "/", env=env,
                          stdin=subprocess.DEVNULL, capture_output=True, timeout=60,
                          **kwargs)


def text(*args, **kwargs):
    done = run(*args, **kwargs)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def value(*args, expect=0, **kwargs):
    done = run(*args, "--json", **kwargs)
    assert done.returncode == expect, (args, done.returncode, done.stderr)
    return json.loads(done.stdout)


def plan_file(body, name="2026-11-22-test-plan.md"):
    folder = tempfile.mkdtemp(dir=SCRATCH.name)
    path = os.path.join(folder, name)
    with open(path, "w", encoding="utf-8") as file:
        file.write(body)
    return path


def one_phase(**keys):
    """A plan of one phase; a key set to None is left out."""
    section = {"Issue": "[X-2: A](https://x.test/X-2)", "Mode": "tdd", "Agent": "claude",
               "Estimate": "$3, 3pt", "Writes": "`src/**`", "Verify": "`make check`",
               "Context": "\n  - one\n  - two\n  - three", "Tasks": "\n  1. do it",
               "Deliverable": "done.", "Acceptance": "\n  - [ ] it works"}
    section.update(keys)
    lines = "\n".join("- %s: %s" % (k, v) for k, v in section.items() if v is not None)
    return ("# Master Plan: T\n\n**Parent issue:** [X-1: T](https://x.test/X-1)\n"
            "**Date:** 2026-11-22\n\n## Phase Map\n\n"
            "| Phase | Issues | Focus | Batch | Dependencies |\n|---|---|---|---|---|\n"
            "| 1A | [X-2](https://x.test/X-2) | Thing | 1 | None |\n\n### 1A: Thing\n\n"
            + lines + "\n")


@claim
def every_plan_has_the_expected_outcome():
    for path in sorted(glob.glob(os.path.join(PLANS, "*.expect.json"))):
        with open(path, encoding="utf-8") as file:
            want = json.load(file)
        plan = path.replace(".expect.json", ".md")
        check, table = value("check", plan), value("plan", plan)
        found = {frozenset((p["a"], p["b"])): p for p in check["pairs"]}
        for pair in want.get("pairs", []):
            got = found[frozenset((pair["a"], pair["b"]))]
            for key in set(pair) - {"a", "b"}:
                assert got[key] == pair[key], (plan, pair, got)
        batches = table["batches"]
        if "batches" in want:
            ids = [[s["phase"] for s in b["sessions"]] for b in batches]
            assert ids == want["batches"], ids
        if "kinds" in want:
            assert [b["kind"] for b in batches] == want["kinds"]
        launch = {s["phase"]: s["launch_as"] for b in batches for s in b["sessions"]}
        for phase, mode in want.get("launch_as", {}).items():
            assert launch[phase] == mode, (phase, launch[phase])


@claim
def hostile_plans_end_as_written_beside_them():
    with open(os.path.join(PLANS, "hostile", "expect.tsv"), encoding="utf-8") as file:
        rows = [r.split("\t") for r in file.read().splitlines() if not r.startswith("#")]
    assert rows
    for name, status, _ in rows:
        path = os.path.join(PLANS, "hostile", name)
        for args in (("check", path), ("check", path, "--json"), ("plan", path)):
            done = run(*args)
            assert done.returncode == int(status), (args, done.returncode)
            assert b"\x1b" not in done.stdout + done.stderr, args
        json.loads(run("check", path, "--json").stdout)


@claim
def check_prints_place_level_code_mend_and_rule():
    status, out, _ = text("check", os.path.join(PLANS, "hostile", "bare-issue.md"))
    line = [l for l in out.splitlines() if " P02 " in l][0]
    assert status == 0 and ":10:8: warning P02 " in line, line
    assert "  fix: " in line and line.endswith("[S-56]"), line


@claim
def check_json_has_the_shape_of_the_contract():
    got = value("check", PIPELINE)
    assert set(got["plan"]) == {"title", "path", "sha256", "plan_hash"}
    phase = got["phases"][0]
    for key in ("id focus mode issue reads writes creates deletes renames appends produces"
                " consumes infra depends_on unknown").split():
        assert key in phase, key
    assert len(got["pairs"]) == got["pairs_total"] == 21
    for key in "a b verdict first question kind witness reason".split():
        assert key in got["pairs"][0], key
    for lint in got["lint"]:
        assert lint["level"] in "EW"
        for key in "code level rule file line column message fix".split():
            assert key in lint, key
    assert got["cycles"] == []
    cycle = value("check", os.path.join(PLANS, "hostile", "cycle.md"), expect=1)
    assert len(cycle["cycles"]) == 1


@claim
def plan_json_has_the_shape_of_the_contract():
    got = value("plan", PIPELINE)
    for key in "batches critical_path lower_bound length plan_hash".split():
        assert key in got, key
    session = got["batches"][0]["sessions"][0]
    assert session == {
        "label": "S-A", "phase": "1A", "issue": "REV-101", "focus": "Finding store",
        "mode": "tdd", "launch_as": "Bypass permissions", "worktree": "yes",
        "agent": "claude", "branch": "claude/rev-101-finding-store",
        "estimate_cents": {"low": 300, "mid": 300, "high": 300}, "points": 3, "merge": 1,
    }, session
    track = [s for b in got["batches"] for s in b["sessions"] if s["phase"] == "2C"][0]
    assert track["estimate_cents"] == {"low": 400, "mid": 600, "high": 800}


@claim
def the_table_has_the_columns_of_the_method():
    status, out, _ = text("plan", PIPELINE)
    head = [l for l in out.splitlines() if l.startswith("| Session")][0]
    assert status == 0
    assert [c.strip() for c in head.strip("|").split("|")] == [
        "Session", "Issue", "Focus", "Mode", "Est. Cost", "Agent", "Worktree", "Branch",
        "Merge"]
    assert "| S-A     | [REV-101](https://linear.app/acme/issue/REV-101) |" in out
    assert "launch as Plan mode" in out and "1A before 1C: " in out


@claim
def a_verdict_shows_its_questions_and_decides_the_status():
    status, out, _ = text("verdict", PIPELINE, "1A", "1C")
    assert status == 1 and "=> SEQUENTIAL, first 1A" in out
    assert [l.split()[0] for l in out.splitlines() if l.startswith("  ")
            and l.split()[0].isdigit()] == ["1", "2", "3"]
    status, out, _ = text("verdict", PIPELINE, "1A", "1B")
    assert status == 0 and "=> PARALLEL OK" in out
    got = value("verdict", PIPELINE, "1D", "1B")
    assert got["verdict"] == "parallel-branches" and got["question"] == 2
    assert [t["question"] for t in got["trace"]] == [1, 2, 3]
    assert text("verdict", PIPELINE, "1A", "9Z")[0] == 5
    assert text("verdict", PIPELINE, "1A", "1A")[0] == 2
    assert text("verdict", PIPELINE, "1A")[0] == 2


@claim
def a_verdict_needs_no_plan():
    cases = [
        (["--a-writes", "src/api/**", "--b-writes", "src/**"], 0, "parallel-branches", 2),
        (["--a-writes", "src/a.c", "--b-reads", "src/*.c"], 1, "sequential", 1),
        (["--a-writes=x/a", "--b-writes=y/b"], 0, "parallel", None),
        (["--a-writes", "x/a", "--a-infra", "ci", "--b-writes", "y/b", "--b-infra", "ci"],
         1, "sequential", 3),
        (["--a-writes", "x/a", "--a-produces", "api:v1", "--b-writes", "y/b",
          "--b-consumes", "api:v1"], 1, "sequential", 1),
        (["--a-writes", "x"], 1, "sequential", None),
    ]
    for args, status, verdict, question in cases:
        got = value("verdict", *args, expect=status)
        assert got["verdict"] == verdict, (args, got)
        assert question is None or got["question"] == question, (args, got)
    for args in (["--a-writes", "../x", "--b-writes", "y"],
                 ["--a-writes", "/etc", "--b-writes", "y"],
                 ["--a-writes", "", "--b-writes", "y"],
                 [PIPELINE, "1A", "1B", "--a-writes", "x"]):
        assert text("verdict", *args)[0] == 2, args
    assert run("verdict", b"--a-writes=\xff", "--b-writes=y").returncode == 7


@claim
def fmt_is_stable_and_check_says_so():
    path = plan_file(open(PIPELINE, encoding="utf-8").read())
    status, out, _ = text("fmt", path)
    before = open(path, encoding="utf-8").read()
    assert status == 0 and out != before
    assert text("fmt", path, "--check")[0] == 1
    assert open(path, encoding="utf-8").read() == before
    assert text("fmt", "--write", path)[0] == 0
    assert open(path, encoding="utf-8").read() == out
    assert text("fmt", path, "--check")[0] == 0
    broken = os.path.join(PLANS, "hostile", "duplicate-id.md")
    assert text("fmt", broken)[0] == 1


@claim
def a_prompt_is_whole_or_refused():
    repo = tempfile.mkdtemp(dir=SCRATCH.name)
    subprocess.run(["git", "init", "-q", "-b", "main", repo], check=True)
    path = os.path.join(repo, "2026-11-22-test-plan.md")
    with open(path, "w", encoding="utf-8") as file:
        file.write(one_phase())
    status, out, err = text("prompt", path, "1A")
    assert status == 0, err
    assert out.startswith("Implement on [X-2: A](https://x.test/X-2)\n(Phase 1A: Thing) ")
    assert "\nLaunch from: %s (required" % os.path.realpath(repo) in out
    got = value("prompt", path, "1A")
    assert got["text"] == out and got["lint"] == [] and len(got["sha256"]) == 64
    with open(path, "w", encoding="utf-8") as file:
        file.write(one_phase(Context="\n  - only one"))
    status, out, err = text("prompt", path, "1A")
    assert status == 3 and out == "" and "error P03" in err, err
    assert value("prompt", path, "1A", expect=3)["text"] is None
    assert text("prompt", path, "9Z")[0] == 5
    assert text("check", path)[0] == 0


@claim
def agents_points_and_projects_are_linted():
    def codes(**keys):
        got = json.loads(run("check", plan_file(one_phase(**keys)), "--json").stdout)
        return {(l["code"], l["level"]) for l in got["lint"] if l["code"][0] == "G"}
    assert codes() == set()
    assert codes(Estimate="$3, 8pt") == {("G22", "W")}
    assert ("G15", "W") in codes(Agent="factory", Mode="pair", Estimate=None)
    assert ("G15", "W") in codes(Agent="cursor", Mode="checkpoint", Estimate=None)
    assert ("G15", "W") in codes(Agent="hal")


@claim
def advice_comes_from_options_and_plans():
    assert value("advise", "--subtasks", "6", "--one-session",
                 "--shared-tree")["recommend"] == "swarm"
    assert value("advise", "--own-ci")["recommend"] == "dispatch"
    assert value("advise", PIPELINE)["recommend"] == "dispatch"
    assert text("advise", "--subtasks", "many")[0] == 2


@claim
def errors_have_a_kind_a_status_and_a_mend():
    status, _, err = text("check", "/nowhere/plan.md")
    assert status == 5 and err.startswith("divisi: "), err
    got = value("check", "/nowhere/plan.md", expect=5)
    assert got["error"]["kind"] and got["error"]["exit"] == 5
    assert text("check")[0] == 2
    assert text("check", PIPELINE, "more")[0] == 2
    status, _, err = text("check", "--jsno", PIPELINE)
    assert status == 2 and "--json" in err
    status, _, err = text("chek", PIPELINE)
    assert status == 2 and "did you mean check" in err


@claim
def help_knows_every_command_and_the_trigger_words():
    table = value("help")["commands"]
    groups = ["plan", "run", "session", "land", "keep"]
    order = [groups.index(c["group"]) for c in table]
    assert order == sorted(order)
    names = [c["name"] for c in table]
    assert len(set(names)) == len(names)
    status, out, _ = text("help")
    assert status == 0 and max(len(l) for l in out.splitlines()) <= 80
    for name in names:
        for args in (("help", name), (name, "--help"), (name, "-h")):
            status, out, _ = text(*args)
            assert status == 0 and out.startswith("usage: divisi %s" % name), args
        assert "  %s " % name in text("help")[1]
    wordings = {  # S-3
        "dispatch parallel sessions": "dispatch",
        "can these phases run in parallel": "verdict",
        "launch sessions from master plan": "dispatch",
        "session dispatch template": "prompt",
        "parallel vs sequential": "verdict",
        "coordinate multiple sessions": "status",
        "multi-session dispatch": "dispatch",
    }
    for words, verb in wordings.items():
        for args in (("help", words), ("help", *words.split()), ("help", words + "?")):
            _, out, err = text(*args)
            assert (verb in names and out.startswith("usage: divisi %s" % verb)
                    or verb not in names and '"%s"' % verb in err), (args, out, err)
    assert text("Can these phases run in parallel?")[1].startswith("usage: divisi verdict")


@claim
def version_is_told_both_ways():
    assert text("--version")[1] == text("version")[1]
    assert text("version")[1].startswith("divisi %s\n" % value("version")["version"])


@claim
def completions_are_shell_and_name_every_command():
    names = [c["name"] for c in value("help")["commands"]]
    for shell in ("bash", "zsh", "fish"):
        status, out, _ = text("completions", shell)
        assert status == 0 and all(n in out for n in names), shell
    subprocess.run(["bash", "-n"], input=run("completions", "bash").stdout, check=True)
    script = (run("completions", "bash").stdout.decode() +
              "\nCOMP_WORDS=(divisi ver); COMP_CWORD=1; _divisi; echo ${COMPREPLY[*]}"
              "\nCOMP_WORDS=(divisi fmt --w); COMP_CWORD=2; _divisi; echo ${COMPREPLY[*]}")
    done = subprocess.run(["bash", "-c", script], capture_output=True, check=True)
    assert done.stdout.decode() == "verdict version\n--write\n", done.stdout
    assert text("completions", "tcsh")[0] == 2


@claim
def settings_of_the_repository_count():
    repo = tempfile.mkdtemp(dir=SCRATCH.name)
    subprocess.run(["git", "init", "-q", "-b", "main", repo], check=True)
    path = os.path.join(repo, "2026-11-22-test-plan.md")
    with open(path, "w", encoding="utf-8") as file:
        file.write(one_phase(Agent=None))
    assert value("plan", path)["batches"][0]["sessions"][0]["agent"] == "claude"
    subprocess.run(["git", "-C", repo, "config", "divisi.agent", "command"], check=True)
    session = value("plan", path)["batches"][0]["sessions"][0]
    assert session["agent"] == "command" and session["branch"] == "command/x-2-thing"
    subprocess.run(["git", "-C", repo, "config", "divisi.project.other", "Other"],
                   check=True)
    assert "N02" in {l["code"] for l in value("check", path)["lint"]}
    subprocess.run(["git", "-C", repo, "config", "divisi.project", "test"], check=True)
    assert "N02" not in {l["code"] for l in value("check", path)["lint"]}
    subprocess.run(["git", "-C", repo, "config", "divisi.cap", "none"], check=True)
    status, _, err = text("plan", path)
    assert status == 7 and "divisi.cap" in err, err


OLD_GIT = """#!/bin/sh
for word in "$@"; do
	case $word in
	version) echo "git version 2.36.0"; exit 0 ;;
	merge-tree) echo "usage: git merge-tree BASE A B" >&2; exit 129 ;;
	esac
done
PATH=${PATH#*:} exec git "$@"
"""


@claim
def an_older_git_never_makes_two_sides_of_a_link_parallel():
    top = tempfile.mkdtemp(dir=SCRATCH.name)
    old = tempfile.mkdtemp(dir=SCRATCH.name)
    with open(os.path.join(old, "git"), "w", encoding="utf-8") as file:
        file.write(OLD_GIT)
    os.chmod(os.path.join(old, "git"), 0o755)
    git = ["git", "-C", top, "-c", "user.name=T", "-c", "user.email=t@t.test"]
    subprocess.run(git + ["init", "-q", "-b", "main"], check=True)
    os.makedirs(os.path.join(top, "src"))
    os.symlink("src", os.path.join(top, "old"))
    with open(os.path.join(top, "src", "a.c"), "w", encoding="utf-8"):
        pass
    subprocess.run(git + ["add", "."], check=True)
    subprocess.run(git + ["commit", "-qm", "one"], check=True)
    ask = ("verdict", "--a-writes", "src/a.c", "--b-writes", "old/a.c")
    status, out, err = text(*ask, cwd=top, path=old + ":")
    assert "PARALLEL on separate branches" in out and "link" in out, out + err
    # A link whose object is missing and that is not checked out leads nobody knows where.
    blob = subprocess.run(git + ["rev-parse", "HEAD:old"], check=True, text=True,
                          capture_output=True).stdout.strip()
    os.unlink(os.path.join(top, ".git", "objects", blob[:2], blob[2:]))
    os.unlink(os.path.join(top, "old"))
    status, out, err = text(*ask, cwd=top)
    assert status == 1 and "nobody knows where that leads" in out, out + err
    # What needs the newer git says so, and with what it is mended.
    status, out, err = text("conflicts", cwd=top, path=old + ":")
    assert status != 0 and "too old" in err and "fix: install git" in err, err
    # Where the repository cannot be read at all, that is said.
    with open(os.path.join(top, ".git", "HEAD"), "w", encoding="utf-8") as file:
        file.write("ref: refs/heads/main\n")
    with open(os.path.join(top, ".git", "config"), "a", encoding="utf-8") as file:
        file.write("[core\n")
    status, out, err = text(*ask, cwd=top)
    assert "warning: what the repository tracks is not known" in err, err


@claim
def a_full_disk_is_not_success():
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = subprocess.run([DIVISI, "check", PIPELINE], stdout=full,
                              stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)
    assert done.returncode == 8, done.returncode


def repository_of_siblings(n_pairs):
    """A repository where two branches of each pair change hub.txt, always the same line."""
    top = tempfile.mkdtemp(dir=SCRATCH.name)
    subprocess.run(["git", "init", "-q", "-b", "main", top], check=True)
    stream, mark, when = [], [0], [1700000000]
    lines = [f"line {i}\n" for i in range(400)]

    def commit(ref, files, parents):
        mark[0] += 1
        when[0] += 60
        stream.append(f"commit refs/heads/{ref}\nmark :{mark[0]}\n"
                      f"committer T <t@example.org> {when[0]} +0000\ndata 1\nx\n")
        for word, parent in zip(("from", "merge"), parents):
            stream.append(f"{word} :{parent}\n")
        for path, body in files.items():
            stream.append(f"M 100644 inline {path}\ndata {len(body)}\n{body}\n")
        return mark[0]

    hub, calm = ["hub\n"], list(lines)
    at = commit("main", {"hub.txt": "".join(hub), "calm.txt": "".join(calm)}, [])
    for i in range(n_pairs):
        path, body = ("hub.txt", hub) if i % 2 else ("calm.txt", calm)
        tips = []
        for side in range(2):
            mine = list(body)
            mine[0 if path == "hub.txt" else 100 + 150 * side] = f"{i} {side}\n"
            tips.append((commit(f"b{i}-{side}", {path: "".join(mine)}, [at]), mine))
        for side, (tip, _) in enumerate(tips):
            body[0 if path == "hub.txt" else 100 + 150 * side] = f"{i} {side}\n"
            at = commit("main", {path: "".join(body)}, [at, tip])
    done = subprocess.run(["git", "-C", top, "fast-import", "--quiet"],
                          input="".join(stream).encode(), check=False)
    assert done.returncode == 0
    subprocess.run(["git", "-C", top, "reset", "-q", "--hard", "main"], check=True)
    return top


@claim
def what_landed_is_learned_measured_and_used():
    top = repository_of_siblings(60)
    dry = value("learn", "--dry-run", cwd=top)
    assert dry["pairs"] == 60 and dry["conflicts"] == 30 and not dry["kept"], dry
    assert dry["learned"]["log_loss"] < dry["shipped"]["log_loss"], dry
    assert sum(b["pairs"] for b in dry["reliability"]) == 60, dry
    sides = ["verdict", "--a-writes", "hub.txt", "--b-writes", "hub.txt"]
    before = value(*sides, cwd=top)["risk"]
    assert value("learn", cwd=top)["kept"]
    after = value(*sides, cwd=top)
    assert after["risk"] > before and after["risk_files"][0]["path"] == "hub.txt", after
    calm = value("verdict", "--a-writes", "calm.txt", "--b-writes", "calm.txt", cwd=top)
    assert calm["risk"] < 0.2, calm
    assert "learned here" in text(*sides, cwd=top)[1]
    assert text("learn", "--forget", cwd=top)[0] == 0
    assert value(*sides, cwd=top)["risk"] == before


@claim
def what_is_learned_wrongly_is_done_without():
    top = repository_of_siblings(2)
    few = value("learn", cwd=top)
    assert not few["kept"] and "too little" in few["verdict"], few
    os.makedirs(os.path.join(top, ".git", "divisi"), exist_ok=True)
    with open(os.path.join(top, ".git", "divisi", "risk"), "w", encoding="utf-8") as file:
        file.write("divisi-risk 2\nfile nonsense\n")
    status, out, err = text("verdict", "--a-writes", "hub.txt", "--b-writes", "hub.txt",
                            cwd=top)
    assert status == 0 and "shipped weights" in out and "line 2" in err, (out, err)
    assert text("learn", cwd=SCRATCH.name)[0] == 5
    assert text("learn", "--landings", "0", cwd=top)[0] == 2


@claim
def a_price_of_conflicts_buys_a_batch():
    top = repository_of_siblings(1)
    rows = "".join(
        f"| 1{c} | [X-{i}](local:X-{i}) | part {c} | None | `hub.txt` |\n"
        for i, c in enumerate("AB", 1))
    path = os.path.join(top, "2026-11-22-test-plan.md")
    with open(path, "w", encoding="utf-8") as file:
        file.write("# Master Plan: x\n\n## Phase Map\n\n"
                   "| Phase | Issues | Focus | Dependencies | Writes |\n"
                   "|---|---|---|---|---|\n" + rows)
    free = value("plan", path, cwd=top)
    assert free["length"] == free["least"] == 1 and free["expected_conflicts"] > 0.3, free
    subprocess.run(["git", "-C", top, "config", "divisi.conflict-cost", "5"], check=True)
    dear = value("plan", path, cwd=top)
    assert dear["length"] == 2 and dear["least"] == 1, dear
    assert dear["lower_bound"] == 1 and dear["expected_conflicts"] == 0, dear
    assert "divisi.conflict-cost" in text("plan", path, cwd=top)[1]
    rolling = value("plan", "--rolling", path, cwd=top)["rolling"]
    assert [s["start"] for s in rolling["starts"]] == [0, 1] and rolling["length"] == 2
    assert rolling["batches"] == 2 and rolling["expected_conflicts"] == 0, rolling
    assert "Without batches" in text("plan", "--rolling", path, cwd=top)[1]
    subprocess.run(["git", "-C", top, "config", "divisi.conflict-cost", "-1"], check=True)
    assert text("plan", path, cwd=top)[0] == 7


def repository_of_pairs():
    """A repository where src/a.h changes with src/a.c in 5 of 6 landings."""
    top = tempfile.mkdtemp(dir=SCRATCH.name)
    git = ["git", "-C", top, "-c", "user.name=T", "-c", "user.email=t@example.org"]
    subprocess.run(["git", "init", "-q", "-b", "main", top], check=True)
    os.makedirs(os.path.join(top, "src"))
    for i in range(6):
        for path in ("src/a.c", "src/a.h")[:1 if i == 5 else 2]:
            with open(os.path.join(top, path), "w", encoding="utf-8") as file:
                file.write(f"int widget_open(void) {{ return {i}; }}\n" if "c" in path[-1]
                           else f"/* {i} */\n")
        subprocess.run(git + ["add", "."], check=True)
        subprocess.run(git + ["commit", "-qm", f"W-{i}: change"], check=True)
    return top


def map_of(*rows):
    return ("# Master Plan: x\n\n## Phase Map\n\n"
            "| Phase | Issues | Focus | Dependencies | Writes |\n|---|---|---|---|---|\n"
            + "".join(f"| 1{'ABC'[i]} | [{issue}](local:{issue}) | {focus} | None | {writes} "
                      "|\n" for i, (issue, focus, writes) in enumerate(rows)))


@claim
def a_footprint_is_proposed_with_its_evidence_and_written_when_accepted():
    top = repository_of_pairs()
    path = os.path.join(top, "2026-11-22-test-plan.md")
    with open(path, "w", encoding="utf-8") as file:
        file.write(map_of(("X-1", "Fix src/a.c", ""), ("X-2", "Speed up widget_open()", ""),
                          ("W-3", "Something else", "")))
    got = {p["id"]: {i["path"]: i for i in p["items"]}
           for p in value("footprint", path, cwd=top)["phases"]}
    assert got["1A"]["src/a.c"]["source"] == "text", got
    assert got["1A"]["src/a.h"]["source"] == "history", got
    assert "5 of its 6 landings" in got["1A"]["src/a.h"]["evidence"], got
    assert got["1B"]["src/a.c"]["source"] == "symbol", got
    assert got["1C"]["src/a.c"]["source"] == "earlier work", got
    with open(path, encoding="utf-8") as file:
        before = file.read()
    assert text("footprint", path, "--min", "101", "--write", cwd=top)[0] == 0
    with open(path, encoding="utf-8") as file:
        assert file.read() == before
    assert value("footprint", path, "1A", "--write", cwd=top)["written"]
    phases = {p["id"]: p for p in value("check", path, cwd=top)["phases"]}
    assert sorted(phases["1A"]["writes"]) == ["src/a.c", "src/a.h"], phases
    assert phases["1B"]["unknown"], phases
    assert text("footprint", path, "9Z", cwd=top)[0] == 5
    assert text("footprint", cwd=top)[0] == 2


@claim
def what_a_plan_forgot_is_a_warning_and_no_more():
    top = repository_of_pairs()
    path = os.path.join(top, "2026-11-22-test-plan.md")
    with open(path, "w", encoding="utf-8") as file:
        file.write(map_of(("X-1", "one", "`src/a.c`"), ("X-2", "two", "`src/a.h`")))
    checked = value("check", path, cwd=top)
    told = [l for l in checked["lint"] if l["code"] == "L22"]
    assert {l["level"] for l in told} == {"W"}, told
    assert any("src/a.h changes with src/a.c in 83 % of landings (5 of 6)" in l["message"]
               for l in told), told
    pair = checked["pairs"][0]
    assert pair["verdict"] == "parallel-branches" and pair["kind"] == "directory", pair
    # Alone, without history, there is nothing to be said.
    bare = plan_file(map_of(("X-1", "Fix src/a.c", "")))
    assert value("footprint", bare)["phases"][0]["items"] == []


def main():
    failed = 0
    for number, function in enumerate(CLAIMS, 1):
        try:
            function()
            print("ok %d - %s" % (number, function.__name__))
        except Exception as error:  # a claim fails, the others are still told
            failed += 1
            print("not ok %d - %s" % (number, function.__name__))
            print("# %s: %s" % (type(error).__name__, str(error)[:1500]))
    print("1..%d" % len(CLAIMS))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
