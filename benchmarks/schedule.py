"""Schedule simulation and whole forecasts against drawing the lognormals; SimPy as the peer."""

from __future__ import annotations

from functools import partial

import numpy as np
import simpy

from benchmarks.paired import ratio, row
from benchmarks.plans import NOW, lab
from sixdays.ask.proposals import affordable, proposals
from sixdays.ask.questions import questions
from sixdays.ask.suppose import suppose
from sixdays.ask.trials import Trials
from sixdays.odds.estimates import Draws, sample
from sixdays.odds.forecast import Inputs, closings, forecast, simulate
from sixdays.odds.order import Medians, dispatch_order
from sixdays.plan.network import build

DRAWS = 10_000


def lognormals(tasks: int) -> None:
    rng = np.random.default_rng(0)
    for _ in range(tasks):
        rng.lognormal(0.0, 1.0, DRAWS)


def main() -> None:
    print("ratio to drawing as many lognormals (tasks × 10,000), median (min to max)\n")
    for tasks in (20, 100, 1000):
        plan = lab(tasks)
        network = build(plan, NOW)
        lengths = sample(network, Draws(0, DRAWS))
        goals = [g for g in network.goals if network.is_open(g)]
        order = dispatch_order(network, sample(network, Medians()), goals)
        closing = closings(network)
        floor = partial(lognormals, tasks)
        repeats = 15 if tasks < 1000 else 5
        print(
            row(
                f"schedule, {tasks} tasks",
                ratio(partial(simulate, network, lengths, order, closing), floor, repeats),
                "≤ 1.0",
            )
        )
        inputs = Inputs(NOW, DRAWS)
        print(
            row(
                f"whole forecast with tries, {tasks} tasks",
                ratio(partial(forecast, plan, inputs), floor, repeats),
                "≤ 3.0",
            )
        )
        if tasks == 20:
            print(
                row("  the same without tries", ratio(partial(forecast, lab(20, tries=False), inputs), floor, repeats))
            )
            simpy_ratio(network, lengths, order, floor)
    plan = lab(20)
    made = forecast(plan, Inputs(NOW, DRAWS))
    ranked = len(proposals(plan, made, Trials(made), affordable(plan)))
    one = partial(forecast, plan, Inputs(NOW, DRAWS))
    found = ratio(lambda: questions(plan, forecast(plan, Inputs(NOW, DRAWS))), one, 5)
    per = 100 / max(1, ranked)
    print(row(f"{ranked} questions ranked and their forecast ÷ one forecast", found))
    print(
        row("  scaled to 100, what is done once for all of them too", tuple(1 + (f - 1) * per for f in found), "≤ 10")
    )  # type: ignore[arg-type]
    print(row("suppose ÷ one forecast", ratio(lambda: suppose(plan, made, "workshop"), one, 3), "≤ 200"))


def simpy_ratio(network: object, lengths: object, order: object, floor: object) -> None:
    """The same dispatch as processes of SimPy, on 20 draws, scaled to 10,000 (said so)."""
    draws = 20

    def peer() -> None:
        for k in range(draws):
            env = simpy.Environment()
            pools = [simpy.Resource(env, p.count) for p in network.pools]  # type: ignore[attr-defined]
            done = {a.index: env.event() for a in network.activities}  # type: ignore[attr-defined]

            def work(a, env=env, pools=pools, done=done, k=k):  # type: ignore[no-untyped-def]
                for p, _ in a.preds:
                    yield done[p]
                for _ in range(max(1, a.waiting)):
                    with pools[a.needs[0][0]].request() as request:
                        yield request
                        yield env.timeout(float(lengths[a.index].copy[k]))  # type: ignore[index]
                done[a.index].succeed()

            for i in order:  # type: ignore[attr-defined]
                env.process(work(network.activities[i]))  # type: ignore[attr-defined]
            env.run()

    found = tuple(f * DRAWS / draws for f in ratio(peer, floor, 5))  # type: ignore[arg-type]
    print(row(f"SimPy, the same plan ({draws} draws scaled)", found, "peer"))  # type: ignore[arg-type]


if __name__ == "__main__":
    main()
