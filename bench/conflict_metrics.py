"""What bench/conflicts counts, and the table of goals at its end."""
import math


def auc(truth, chance):
    """The chance that a conflict was given more than a pair without one."""
    order = sorted(range(len(chance)), key=chance.__getitem__)
    ranks, at = 0.0, 0
    while at < len(order):
        end, hits = at, 0
        while end < len(order) and chance[order[end]] == chance[order[at]]:
            hits += truth[order[end]]
            end += 1
        ranks += hits * (at + 1 + end) / 2
        at = end
    ones = sum(truth)
    if ones in (0, len(truth)):
        return float("nan")
    return (ranks - ones * (ones + 1) / 2) / (ones * (len(truth) - ones))


def brier(truth, chance):
    return sum((p - y) ** 2 for y, p in zip(truth, chance)) / max(1, len(truth))


def log_loss(truth, chance):
    total = 0.0
    for y, p in zip(truth, chance):
        p = min(max(p, 1e-6), 1 - 1e-6)
        total -= math.log(p if y else 1 - p)
    return total / max(1, len(truth))


def bins_of(truth, chance, n=10):
    bins = [[0, 0, 0.0] for _ in range(n)]
    for y, p in zip(truth, chance):
        one = bins[min(n - 1, int(p * n))]
        one[0] += 1
        one[1] += y
        one[2] += p
    return bins


def ece(truth, chance):
    return sum(abs(s - hits) for _, hits, s in bins_of(truth, chance)) / max(1, len(truth))


REACHED = []


def goal(name, what, value, aim, is_reached):
    """A line of the table at the end."""
    REACHED.append((name, what, value, aim, is_reached))


def summary():
    if not REACHED:
        return
    head("what each goal came to on these rows")
    for name, what, value, aim, is_reached in REACHED:
        print(f"{name:<4} {what:<58} {value:>9}  goal {aim:<9} "
              f"{'reached' if is_reached else 'NOT reached'}")
    print("G1 is `test_plan_glob_pairs 1500`, G2 bench/plan.py, G4 and G5 bench/radar.py: "
          "rows hold no repositories.")


def head(text):
    print(f"\n## {text}")


def short(repo):
    return repo.split("/")[-1][:16]


def missing(what):
    print(f"(no rows: {what})")
