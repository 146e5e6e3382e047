#!/usr/bin/env python3
"""The goals of the conflict calculus on recorded changes, per repository and pooled.

usage: bench/conflicts.py BUILD_DIR --data DIR [--fit] [--quick]

DIR holds merges, pairs, pairfiles, plans, plans_pairs, plans_focus, plans_focus_pairs,
semantic and landings as .tsv or .tsv.gz; what is missing is left out with a word.  The
judgement is the program's own C code (conflict_rows); only the metrics are made here.
--fit prints weights fitted to these rows and nothing else; --quick leaves G8 out, which
takes longest.
"""
import collections
import itertools
import os
import random
import statistics
import subprocess
import sys

import conflict_data as data_of
from conflict_metrics import (auc, bins_of, brier, ece, goal, head, log_loss, missing, short,
                              summary)

SHIPPED, OTHERS, LEARNED, REFIT = range(4)
MODELS = ("shipped weights", "weights of the other repositories",
          "the same + own landings", "shipped + own landings")


def ask(build, words, lines):
    """What conflict_rows prints for LINES: a list of lists of numbers."""
    if not lines:
        return []
    text = "\n".join(lines) + "\n"
    got = subprocess.run([f"{build}/bench/conflict_rows", *words], check=True,
                         input=text.encode("utf-8", "surrogateescape"),
                         stdout=subprocess.PIPE).stdout.decode()
    return [[float(word) for word in line.split()] for line in got.splitlines()]


# G3, G4: what git itself says of branches that exist.

def merges(data, build):
    head("G3 textual verdict of existing branches: hunks that touch, against git's merge")
    found = [row for row in data_of.rows(data.folder, "merges") if row["status"] == "ok"]
    if not found:
        return missing("merges")
    print("divisi runs git's merge itself, so its verdict is git's; the rule of the hunks "
          "is the explanation and the filter before it")
    print(f"{'repository':<18} {'merges':>7} {'conflict':>9} {'precision':>10} {'recall':>8}"
          f" {'share a file':>13} {'missed':>7}")
    by = collections.defaultdict(list)
    for row in found:
        by[row["repo"]].append(row)
        by["(all)"].append(row)
    for repo in sorted(by):
        said = hit = both = shared = missed = 0
        for row in by[repo]:
            gap = row["min_gap"]
            flag = (gap != "" and int(gap) <= 0) or int(row["nstruct"] or 0) > 0
            truth = row["conflict"] == "1"
            said += flag
            hit += truth
            both += flag and truth
            shared += int(row["nshared"] or 0) > 0
            missed += truth and int(row["nshared"] or 0) == 0
        print(f"{short(repo):<18} {len(by[repo]):>7} {hit:>9} {both / max(1, said):>10.3f}"
              f" {both / max(1, hit):>8.4f} {shared / len(by[repo]):>12.1%} {missed:>7}")
    head("G4 latency of git's merge, as recorded in the rows (now: bench/radar)")
    took = sorted(float(row["merge_tree_ms"]) for row in found if row["merge_tree_ms"])
    print("one process each: p50 %.1f ms, p90 %.1f ms" % (
        took[len(took) // 2], took[len(took) * 9 // 10]))


# G6, G7: the probability at planning time.

class Risk:
    """What the program says of every pair that shares a file, and of pairs of plans."""

    def __init__(self, data, build):
        self.sharing = [row for row in data.pairs if int(row["nshared"]) > 0]
        lines, keys = [], []
        of_repo = collections.defaultdict(list)
        for row in self.sharing:
            of_repo[row["repo"]].append((row["sample"], row["landA"], row["landB"],
                                         row["conflict"], None))
        self.plan_pairs = {}
        for name in ("plans_pairs", "plans_focus_pairs"):
            for row in data_of.rows(data.folder, name):
                key = row["repo"], row["landA"][:12], row["landB"][:12]
                shared = data_of.names(row["shared"])
                self.plan_pairs[key] = (row["conflict"] == "1", None)
                if shared and (row["repo"], row["landA"]) in data.landing:
                    of_repo[row["repo"]].append(("", row["landA"], row["landB"],
                                                 row["conflict"], shared))
        for repo in sorted(of_repo):
            for sample, a, b, conflict, shared in of_repo[repo]:
                lines += data.pair_rows(repo, sample, a, b, conflict, shared)
                keys.append((repo, sample, a, b))
        got = ask(build, ["risk"], lines) if lines else []
        said = dict(zip(keys, got))
        fitted = data.is_fitted_to()
        self.prior, self.learned = (OTHERS, LEARNED) if fitted else (SHIPPED, REFIT)
        self.truth = [int(row["conflict"]) for row in self.sharing]
        self.chance = [said[row["repo"], row["sample"], row["landA"], row["landB"]]
                       for row in self.sharing]
        for (repo, sample, a, b), chance in said.items():
            key = repo, a[:12], b[:12]
            if key in self.plan_pairs and sample == "":
                self.plan_pairs[key] = (self.plan_pairs[key][0], chance)

    def model(self, which):
        return [chance[which] for chance in self.chance]


def probability(data, risk):
    head("G6 probability at planning time, pairs that share a file")
    if not risk.sharing:
        return missing("pairs")
    print("On the rows the weights were fitted to, read the second and third model; on "
          "held-out rows, as the first and the fourth are: " + (
              "these are the former." if data.is_fitted_to() else "these are the latter."))
    counts = [int(row["nshared"]) for row in risk.sharing]
    best = risk.model(risk.learned)
    area, error, off = (measure(risk.truth, best) for measure in (auc, brier, ece))
    goal("G6", "AUC, " + MODELS[risk.learned], f"{area:.3f}", ">= 0.84", area >= 0.84)
    goal("G6", "Brier", f"{error:.4f}", "<= 0.105", error <= 0.105)
    goal("G6", "ECE", f"{off:.3f}", "<= 0.03", off <= 0.03)
    for which, name in enumerate(MODELS):
        print(f"\n{name}")
        print(f"{'repository':<18} {'pairs':>6} {'conflict':>9} {'AUC':>7} {'Brier':>7}"
              f" {'of base':>8} {'log loss':>9} {'ECE':>7} {'AUC of count':>13}")
        for repo in data.repos() + ["(all)"]:
            at = [i for i, row in enumerate(risk.sharing)
                  if repo in (row["repo"], "(all)")]
            if not at:
                continue
            truth = [risk.truth[i] for i in at]
            chance = [risk.chance[i][which] for i in at]
            rate = sum(truth) / len(truth)
            print(f"{short(repo):<18} {len(at):>6} {rate:>8.1%} {auc(truth, chance):>8.3f}"
                  f" {brier(truth, chance):>7.4f} {rate * (1 - rate):>8.4f}"
                  f" {log_loss(truth, chance):>9.4f} {ece(truth, chance):>7.4f}"
                  f" {auc(truth, [counts[i] for i in at]):>13.3f}")
        print("  said:     " + "  ".join(
            f"{s / n:>6.2f}" for n, _, s in bins_of(risk.truth, risk.model(which)) if n))
        print("  happened: " + "  ".join(
            f"{hits / n:>6.2f}" for n, hits, _ in bins_of(risk.truth, risk.model(which))
            if n))


CUTS = [cut / 100 for cut in range(50, 91, 2)]


def cut_elsewhere(risk, chance):
    """What is called sequential and yet clean, when the least chance for it is chosen on
    the other repositories so that at most a fifth of theirs is."""
    by = collections.defaultdict(list)
    for row, y, p in zip(risk.sharing, risk.truth, chance):
        by[row["repo"]].append((p, y))
    called = clean = 0
    chosen = set()
    for repo, mine in by.items():
        rest = [one for other in by if other != repo for one in by[other]]

        def wrong(cut):
            above = [y for p, y in rest if p >= cut]
            return 1 - sum(above) / max(1, len(above))

        cut = next((cut for cut in CUTS if wrong(cut) <= 0.19), CUTS[-1])
        chosen.add(cut)
        called += sum(p >= cut for p, _ in mine)
        clean += sum(p >= cut and not y for p, y in mine)
    return called, clean, f"p >= {min(chosen):.2f} to {max(chosen):.2f}"


def grades(data, risk):
    head("G7 uniform pairs called parallel that conflict (p < 0.05 or no common file), "
         "sharing pairs called sequential that would not have (p >= 0.5)")
    if not risk.sharing:
        return missing("pairs")
    shares = [row for row in data.pairs if int(row["nshared"]) == 0
              and row["sample"] == "u"]
    uniform = [row["sample"] == "u" for row in risk.sharing]
    silent = len(shares)
    silent_bad = sum(row["conflict"] == "1" for row in shares)
    for which, name in enumerate(MODELS):
        chance = risk.model(which)
        low = [y for y, p, u in zip(risk.truth, chance, uniform) if u and p < 0.05]
        high = [y for y, p in zip(risk.truth, chance) if p >= 0.5]
        n, bad = silent + len(low), silent_bad + sum(low)
        if which == risk.learned:
            wrong = bad / max(1, n)
            goal("G7", "called parallel, and in conflict", f"{wrong:.2%}", "<= 0.15 %",
                 wrong <= 0.0015)
        print(f"{name:<36} parallel {bad} of {n:,} = {bad / max(1, n):.3%}    sequential "
              f"{len(high) - sum(high)} of {len(high)} = "
              f"{(len(high) - sum(high)) / max(1, len(high)):.1%}")
        called, clean, least = cut_elsewhere(risk, chance)
        if which == risk.learned:
            wrong = clean / max(1, called)
            goal("G7", f"called sequential, and clean ({least})", f"{wrong:.1%}", "<= 20 %",
                 wrong <= 0.2)
            wrong = (len(high) - sum(high)) / max(1, len(high))
            goal("G7", "called sequential, and clean (p >= 0.5)", f"{wrong:.1%}", "<= 20 %",
                 wrong <= 0.2)
        print(f"{'':<36} a cut found on the other repositories ({least}): sequential "
              f"{clean} of {called} = {clean / max(1, called):.1%}")
    n = len(risk.truth)
    print(f"{'(same file = sequential)':<36} parallel {silent_bad} of {silent:,} = "
          f"{silent_bad / max(1, silent):.3%}    sequential {n - sum(risk.truth)} of {n} = "
          f"{(n - sum(risk.truth)) / n:.1%}")


# G8: declarations that leave files out.

def partner_lines(data, repo, lands, declared):
    """Landings and questions of REPO in the order of history, and the paths' numbers."""
    number = {}
    lines = []
    asked = sorted(lands, key=lambda land: data.landing[repo, land].base)
    known = iter(data.landings[repo] + [None])
    landing = next(known)
    for land in asked:
        while landing and landing.index <= data.landing[repo, land].base:
            lines.append("L " + " ".join(
                str(number.setdefault(path, len(number))) for path in landing.files))
            landing = next(known)
        lines.append("Q " + " ".join(
            str(number.setdefault(path, len(number))) for path in declared[repo, land]))
    return [f"N {len(number)}"] + lines, number, asked


def partners(data, build, pairs, declared):
    """Per landing: the paths that history changes with what is declared, and how often."""
    lands = collections.defaultdict(set)
    for row in pairs:
        lands[row["repo"]].update((row["landA"], row["landB"]))
    found = {}
    for repo in lands:
        lines, number, asked = partner_lines(data, repo, lands[repo], declared)
        path_of = {n: path for path, n in number.items()}
        got = subprocess.run([f"{build}/bench/conflict_rows", "partners"], check=True,
                             input="\n".join(lines).encode() + b"\n",
                             stdout=subprocess.PIPE).stdout.decode()
        for land, line in zip(asked, got.splitlines()):
            found[repo, land] = {path_of[int(word.split(":")[0])]: float(word.split(":")[1])
                                 for word in line.split()}
    return found


def hidden(declared_a, declared_b, partners_a, partners_b):
    """The files that not both declare, and how surely both touch them all the same."""
    for path, share in partners_a.items():
        if path in declared_b:
            yield path, share
        elif path in partners_b and path not in declared_a:
            # Two guesses at one file: half as sure as both together would be.
            yield path, 0.5 * share * partners_b[path]
    for path, share in partners_b.items():
        if path in declared_a:
            yield path, share


def collisions(data, pairs, declared, known, build):
    """The chance that a pair collides where not both declare; 2 when both declare a file."""
    lines, at = [], []
    for index, row in enumerate(pairs):
        a, b = (row["repo"], row["landA"]), (row["repo"], row["landB"])
        if not declared[a] & declared[b]:
            at.append(index)
            lines.append("H")
            asked = min(data.landing[a].base, data.landing[b].base)
            lines += ["U %.6f %d %d %s" % (
                sure, data.sizes.get((row["repo"], path), -1),
                data.hot(row["repo"], path, asked), path) for path, sure in hidden(
                    declared[a], declared[b], known.get(a, {}), known.get(b, {}))]
    chance = [2.0] * len(pairs)
    for index, (said,) in zip(at, ask(build, ["hidden"], lines)):
        chance[index] = said
    return chance


DRAWS = (8, 1, 2, 3)
BUDGETS = (0.08, 0.10, 0.12)


def leak(data, pairs, build, seed):
    """(chance, conflict, repository) of each pair when 30 % of all files are left out."""
    dice = random.Random(seed)
    declared = {}
    for key, one in data.landing.items():
        files = sorted(one.files)
        declared[key] = {path for path in files if dice.random() < 0.7} or set(files[:1])
    known = partners(data, build, pairs, declared)
    return [(chance, row["conflict"] == "1", row["repo"])
            for row, chance in zip(pairs, collisions(data, pairs, declared, known, build))]


def recalls(rows):
    """Recall and share flagged: by what is declared, then with history to each budget."""
    mine = sorted(rows, key=lambda row: -row[0])
    hits = max(1, sum(row[1] for row in mine))
    sure = [row for row in mine if row[0] > 1]
    flagged = [sure] + [[row for row in mine[:max(len(sure), int(budget * len(mine)))]
                         if row[0] > 0] for budget in BUDGETS]
    return [(sum(row[1] for row in part) / hits, len(part) / len(mine)) for part in flagged]


def leaks(data, build):
    head("G8 recall of conflicts when 30 % of the touched files are not declared "
         f"(uniform pairs; the mean of {len(DRAWS)} draws of what is left out)")
    pairs = [row for row in data.pairs if row["sample"] == "u"]
    if not pairs:
        return missing("pairs")
    draws = [leak(data, pairs, build, seed) for seed in DRAWS]
    print(f"{'repository':<18}{'pairs':>7}{'declared':>16}" + "".join(
        f"{'+ history to ' + str(round(100 * b)) + ' %':>19}" for b in BUDGETS))
    for repo in sorted({row["repo"] for row in pairs}) + ["(all)"]:
        got = [recalls([row for row in rows if repo in (row[2], "(all)")]) for rows in draws]
        text = "".join(
            f"{statistics.mean(one[i][0] for one in got):>11.3f} at "
            f"{statistics.mean(one[i][1] for one in got):>5.1%}" for i in range(4))
        n = len(pairs) if repo == "(all)" else sum(row["repo"] == repo for row in pairs)
        print(f"{short(repo):<18}{n:>7}{text}")
    spread = [one[2][0] for one in map(recalls, draws)]
    mean = statistics.mean(spread)
    goal("G8", "recall at 10 % flagged, 30 % of the files undeclared", f"{mean:.3f}",
         ">= 0.85", mean >= 0.85)
    print(f"with history to 10 %, draw by draw: {min(spread):.3f} to {max(spread):.3f}")


# G9, G10, G11: schedules and landing orders.

class Plan:
    def __init__(self, row, risk):
        self.repo, self.row = row["repo"], row
        self.lands = data_of.names(row["lands"])
        self.k, self.least = len(self.lands), int(row["lb"])
        self.pairs = []
        for i, a in enumerate(self.lands):
            for k in range(i + 1, self.k):
                b = self.lands[k]
                found = (risk.plan_pairs.get((self.repo, a, b)) or
                         risk.plan_pairs.get((self.repo, b, a)))
                if found:
                    self.pairs.append((i, k, *found))

    def risks(self, model):
        for i, k, truth, chance in self.pairs:
            p = truth if model is None else chance[model] if chance else 0.02
            if p > 0:
                yield "R %d %d %.6f" % (i, k, p)


def schedule(build, plans, model, price):
    lines = []
    for plan in plans:
        lines.append(f"S {plan.k} 3 {price}")
        lines += plan.risks(model)
    return [[int(r) for r in got] for got in ask(build, ["schedule"], lines)]


def outcome(plans, answers):
    """Rounds over the lower bound, conflicts per plan, cost at r = 1 per plan."""
    rounds = sum(max(answer) + 1 for answer in answers)
    least = max(1, sum(plan.least for plan in plans))
    met = sum(truth and answer[i] == answer[k]
              for plan, answer in zip(plans, answers) for i, k, truth, _ in plan.pairs)
    n = max(1, len(plans))
    return rounds / least, met / n, (rounds + met) / n


def column(plans, rounds, conflicts):
    """The same for a rule whose schedule the rows hold."""
    r = sum(int(plan.row[rounds]) for plan in plans)
    c = sum(int(plan.row[conflicts]) for plan in plans)
    least = max(1, sum(plan.least for plan in plans))
    return (r / least, c / len(plans), (r + c) / len(plans))


def schedule_goals(name, got, above):
    most, conflicts = (1.01, 0.03) if name == "G9" else (1.05, 0.12)
    goal(name, "rounds over the lower bound, a conflict costs 1", f"x{got[0]:.3f}",
         f"<= x{most}", got[0] <= most)
    goal(name, "conflicts per plan", f"{got[1]:.3f}", f"<= {conflicts}", got[1] <= conflicts)
    if name == "G10":
        goal(name, "cost above the truth known", f"{above:.1%}", "<= 3 %", above <= 0.03)


def schedules(data, build, risk, name, goal_of, model):
    head(f"{goal_of} {name}: rounds over the lower bound, conflicts per plan, "
         f"cost rounds + conflicts")
    plans = [Plan(row, risk) for row in data_of.rows(data.folder, name)]
    if not plans:
        return missing(name)
    print(f"chances: {MODELS[model]}")
    rules = [("keep nothing apart", column(plans, "r0", "c0")),
             ("same file apart", column(plans, "rF", "cF")),
             ("same directory apart", column(plans, "rD", "cD")),
             ("divisi, risk breaks ties (default)",
              outcome(plans, schedule(build, plans, model, 0)))]
    kept = schedule(build, plans, model, 1)
    rules += [("divisi, a conflict costs 1 batch", outcome(plans, kept)),
              ("divisi, a conflict costs 1.2",
               outcome(plans, schedule(build, plans, model, 1.2))),
              ("divisi, a conflict costs 1.5",
               outcome(plans, schedule(build, plans, model, 1.5))),
              ("divisi, a conflict costs 3",
               outcome(plans, schedule(build, plans, model, 3)))]
    best = schedule(build, plans, None, 1)
    rules.append(("the truth known, costs 1", outcome(plans, best)))
    small = [i for i, plan in enumerate(plans) if plan.k <= 8]
    rules.append(("k <= 8: costs 1", outcome([plans[i] for i in small],
                                             [kept[i] for i in small])))
    for rule, (over, met, cost) in rules:
        print(f"{rule:<38} x{over:.3f} {met:>8.3f} {cost:>8.3f}")
    above = outcome(plans, kept)[2] / outcome(plans, best)[2] - 1
    print(f"{'cost above the truth known':<38} {above:.1%}")
    if model == risk.learned:
        schedule_goals(goal_of, outcome(plans, kept), above)
    print("per repository, a conflict costs 1:")
    for repo in sorted({plan.repo for plan in plans}):
        at = [i for i, plan in enumerate(plans) if plan.repo == repo]
        over, met, _ = outcome([plans[i] for i in at], [kept[i] for i in at])
        print(f"  {short(repo):<18} {len(at):>5} plans  x{over:.3f} {met:>8.3f}"
              f"  (nothing apart {column([plans[i] for i in at], 'r0', 'c0')[1]:.3f})")


def resolved(plan, order):
    """How many branches of ORDER conflict with one that landed before them."""
    at = {branch: n for n, branch in enumerate(order)}
    return len({k if at[k] > at[i] else i for i, k, truth, _ in plan.pairs if truth})


def fewest(plan):
    """The fewest branches that any order leaves to resolve: the others hold no conflict."""
    met = [(i, k) for i, k, truth, _ in plan.pairs if truth]
    inside = sorted({branch for pair in met for branch in pair})
    for n in range(len(inside)):
        for some in itertools.combinations(inside, n):
            if all(i in some or k in some for i, k in met):
                return n
    return len(inside)


def landing(data, build, risk, name, model):
    head(f"G11 landing order, {name} that hold a conflict: branches to resolve")
    plans = [plan for plan in (Plan(row, risk) for row in data_of.rows(data.folder, name))
             if any(pair[2] for pair in plan.pairs)]
    if not plans:
        return missing(name)

    def ask_orders(which):
        lines = []
        for plan in plans:
            lines.append(f"S {plan.k} 0 0")
            lines += plan.risks(which)
        return [[int(b) for b in got] for got in ask(build, ["landing"], lines)]

    dice = random.Random(4)
    best = sum(map(fewest, plans))
    hub_last = sum(map(resolved, plans, ask_orders(None)))
    chosen = sum(map(resolved, plans, ask_orders(model)))
    by_chance = sum(resolved(plan, dice.sample(range(plan.k), plan.k))
                    for plan in plans for _ in range(20)) / 20
    n = len(plans)
    goal("G11", f"{name}: branches to resolve, over the best order",
         f"x{hub_last / best:.3f}", "<= x1.02", hub_last / best <= 1.02)
    for rule, total in (("any order", by_chance), ("from the plan alone, " + MODELS[model],
                                                   chosen),
                        ("hub last, trial merges known (at landing)", hub_last)):
        print(f"{rule:<52} {total / n:.3f}  x{total / best:.3f}")


# G12: alarms about clean merges.

def vocabulary(found):
    """Per repository, in how many of its rows (whatever became of them) a name was found."""
    seen = collections.defaultdict(collections.Counter)
    for row in found:
        seen[row["repo"]].update(set(signatures(row)))
    return seen


def signatures(row):
    return [name for column in ("S2_signature", "S2m_signature_multiline")
            for name in (row.get(column) or "").split(",") if name]


SEMANTIC_GOALS = {"git": (0.6, 0.03), "others": (0.4, 0.04)}


def semantic(data, _):
    head("G12 semantic alarms: recall among amended merges, alarms among the others")
    found = list(data_of.rows(data.folder, "semantic"))
    if not found:
        return missing("semantic")
    rules = [("S1", ["S1_gone_but_used"]), ("S2", ["S2_signature"]),
             ("S2m", ["S2m_signature_multiline"]), ("S3", ["S3_both_define"]),
             ("S5", ["S5_include_dropped"]),
             ("S1+S2", ["S1_gone_but_used", "S2_signature"]),
             ("S1+S2+S2m+S5", ["S1_gone_but_used", "S2_signature",
                               "S2m_signature_multiline", "S5_include_dropped"])]
    seen = vocabulary(found)

    def own_words(row):
        # A name that is found merge after merge is vocabulary, as `error` or `printf`.
        return bool(row.get("S1_gone_but_used") or any(
            seen[row["repo"]][name] == 1 for name in signatures(row)))
    print("The rows hold what each rule found, so this rates the rules; the program applies "
          "them in bench/radar.")
    for group, inside in (("git", lambda r: r == "git/git"),
                          ("others", lambda r: r != "git/git"), ("all", lambda r: True)):
        rows = [row for row in found if inside(row["repo"])]
        amended = [row for row in rows if row["amended"] == "1"]
        clean = [row for row in rows if row["amended"] != "1"]
        print(f"{group}: {len(amended)} amended, {len(clean)} clean")
        for name, columns in rules:
            if not amended or not clean:
                continue
            flagged = [sum(any(row.get(c) for c in columns) for row in part)
                       for part in (amended, clean)]
            print(f"  {name:<28} recall {flagged[0] / len(amended):.2f}"
                  f"  alarm {flagged[1] / len(clean):.3f}")
        if amended and clean:
            recall = sum(map(own_words, amended)) / len(amended)
            alarm = sum(map(own_words, clean)) / len(clean)
            print(f"  {'S1+S2+S2m, no vocabulary':<28} recall {recall:.2f}"
                  f"  alarm {alarm:.3f}")
            if group in SEMANTIC_GOALS:
                least, most = SEMANTIC_GOALS[group]
                goal("G12", f"{group}: recall at {alarm:.1%} alarms", f"{recall:.2f}",
                     f">= {least} at {most:.0%}", recall >= least and alarm <= most)


def main():
    argv = [word for word in sys.argv[1:] if word not in ("--fit", "--quick")]
    if len(argv) != 3 or argv[1] != "--data":
        sys.exit(__doc__)
    build = os.path.abspath(argv[0])
    if not os.access(f"{build}/bench/conflict_rows", os.X_OK):
        sys.exit(f"bench: {build}/bench/conflict_rows is not built: "
                 f"ninja -C {argv[0]} bench/conflict_rows")
    data = data_of.Data(argv[2])
    if "--fit" in sys.argv:
        lines = []
        for row in data.pairs:
            if int(row["nshared"]) > 0:
                lines += data.pair_rows(row["repo"], row["sample"], row["landA"],
                                        row["landB"], row["conflict"])
        text = "\n".join(lines) + "\n"
        subprocess.run([f"{build}/bench/conflict_rows", "risk", "--fit"], check=True,
                       input=text.encode("utf-8", "surrogateescape"))
        return
    merges(data, build)
    if data.n_unknown:
        print(f"\n({data.n_unknown} pairs are left out: landings tell nothing of them)")
    risk = Risk(data, build)
    probability(data, risk)
    grades(data, risk)
    if "--quick" not in sys.argv:
        leaks(data, build)
    for model in (risk.prior, risk.learned):
        schedules(data, build, risk, "plans", "G9", model)
        schedules(data, build, risk, "plans_focus", "G10", model)
    for name in ("plans", "plans_focus"):
        landing(data, build, risk, name, risk.learned)
    semantic(data, build)
    summary()


if __name__ == "__main__":
    main()
