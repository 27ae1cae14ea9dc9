"""Proofs against brute force, what is printed as enough, and relaxations that look worse."""

from __future__ import annotations

import argparse
import random
import time
from collections import Counter

from tests.oracles.brute import NOW, as_plan, earliest, random_tiny
from tests.oracles.test_proofs import half, prove
from tests.properties.plans import NOW as PLANS_NOW
from tests.properties.plans import random_plan
from tests.properties.test_schedule import relaxed

from sixdays.odds.forecast import Inputs, forecast
from sixdays.plan.changes import Setting, changes
from sixdays.plan.network import build
from sixdays.proof.exact import Budget, installed, prove_exact
from sixdays.proof.floors import floors_of
from sixdays.proof.prove import by_hand


def brute(plans: int, searched: int) -> None:
    rng = random.Random(2026)
    count: Counter[str] = Counter()
    began = time.perf_counter()
    for n in range(plans):
        tiny = random_tiny(rng)
        best = earliest(tiny)
        due = rng.choice((best - 1, best, rng.randint(best // 2, best + 1), rng.randint(best // 2, best + 1)))
        plan, actuals = as_plan(tiny, max(0, due))
        network = build(plan, NOW, actuals)
        goal = network.goals[0]
        if not network.is_open(goal):
            continue
        found = by_hand(network, goal)
        kind = found.kind if found else ""
        if not kind and n < searched and installed():
            kind = "exact" if prove_exact(network, floors_of(network), goal, Budget(30), explain=False)[0] else ""
        if max(0, due) >= best:
            count["possible"] += 1
            count["WRONG"] += bool(kind)
        else:
            count[kind or ("open" if n < searched else "open, not searched")] += 1
    impossible = sum(v for k, v in count.items() if k not in ("possible", "WRONG"))
    print(
        f"{plans:,} random tiny plans against brute force ({time.perf_counter() - began:.0f} s): wrong {count['WRONG']}"
    )
    print(
        "  of the impossible: "
        + ", ".join(f"{k} {v / impossible:.1%}" for k, v in count.most_common() if k not in ("possible", "WRONG"))
    )


def enough(plans: int) -> None:
    rng = random.Random(6)
    done = changes_seen = wrong = half_wrong = 0
    while done < plans:
        tiny = random_tiny(rng, most=4)
        plan, actuals = as_plan(tiny, max(0, earliest(tiny) - rng.randint(1, 6)))
        found = prove(plan, actuals, mend=True)
        if found is None:
            continue
        done += 1
        setting = Setting(NOW, started=frozenset(a.task for a in actuals))
        for mend in found.changes:
            if mend.enough:
                changes_seen += 1
                wrong += prove(changes(plan, mend.change, setting).plan, actuals) is not None
                if mend.change[0].endswith("faster"):
                    halved = [half(p) for p in mend.change]
                    half_wrong += prove(changes(plan, halved, setting).plan, actuals) is None
    print(
        f"{plans:,} impossible plans, {changes_seen:,} changes marked enough: {wrong} not enough; half a factor enough: {half_wrong}"
    )


def monotone(plans: int, tries: bool) -> None:
    rng = random.Random(9)
    done = worse = 0
    largest = 0.0
    while done < plans:
        plan, actuals = random_plan(rng, tries=tries)
        changed = relaxed(plan, rng)
        if changed is None:
            continue
        done += 1
        inputs = Inputs(PLANS_NOW, 300, actuals=actuals)
        before = forecast(plan, inputs)
        after = forecast(changed, inputs, base=before.run.order_names)
        loss = max(t.in_time - after.targets[n].in_time for n, t in before.targets.items())
        worse += loss > 0
        largest = max(largest, loss)
    print(
        f"{plans:,} relaxations {'with' if tries else 'without'} tries: lower odds in {worse} ({worse / plans:.1%}), largest loss {largest:.3f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--plans", type=int, default=50_000)
    plans = parser.parse_args([] if __name__ != "__main__" else None).plans
    brute(plans, plans // 25)
    enough(max(1000, plans // 50))
    monotone(max(1000, plans // 50), tries=False)
    monotone(max(1000, plans // 50), tries=True)


if __name__ == "__main__":
    main()
