"""Stage 3: exhaustive search over all orders with CP-SAT, from the extra `[exact]` (rule K5).

Whole seconds, floors rounded down, the deadline up: only INFEASIBLE proves. Tasks on calendars are
relaxed to their working floor on the clock, waits to their floors. One fact at a time is taken away and
the search repeated; what cannot be taken away is the irreducible set that is shown.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import pairwise
from typing import Any

from sixdays.plan.network import Activity, Goal, Network
from sixdays.proof.certificate import Certificate, Fact
from sixdays.proof.chain import count_fact, deadline_fact, fresh_facts, rest_facts, tie_facts, wait_facts
from sixdays.proof.floors import Floor, bounds, one_try
from sixdays.proof.witness import meets

MOST_INTERVALS = 1_500
FIRST_S = 10.0  # of the budget, for the question itself; the rest explains the answer
EACH_S = 5.0

Key = tuple[str, int, int]  # (kind, activity or pool, other activity)


def installed() -> bool:
    return find_spec("ortools") is not None


@dataclass
class Budget:
    """Seconds of search that a command has left, over all targets."""

    left_s: float = 30.0


def prove_exact(
    network: Network, floors: tuple[Floor, ...], goal: Goal, budget: Budget, *, explain: bool = True
) -> tuple[Certificate | None, tuple[str, ...] | None]:
    """A certificate if no order meets the deadline; else, if one was found, that order (rule S2).

    explain: find the irreducible set of facts; without it the certificate has none.
    """
    if (greedy := meets(network, floors, bounds(network, floors, goal), goal)) is not None:
        return None, greedy
    search = _Search(network, floors, goal, budget)
    if search.size > MOST_INTERVALS or budget.left_s <= 0:
        return None, None
    keys = search.keys()
    feasible, order = search.solve(keys, FIRST_S)
    if feasible is not False:
        return None, order
    needed = search.irreducible(keys) if explain else keys
    facts = tuple(search.facts(needed)) if explain else ()
    return Certificate("exact", facts, None, None, window_ms=(0, goal.due_ms)), None


class _Search:
    def __init__(self, network: Network, floors: tuple[Floor, ...], goal: Goal, budget: Budget) -> None:
        self.network, self.floors, self.goal, self.budget = network, floors, goal, budget
        self.must_finish, self.must_start = network.needed[goal.name]
        needed = self.must_finish | self.must_start
        self.activities = [network.activities[i] for i in network.forward if i in needed]
        self.activities = [a for a in self.activities if a.done_ms is None]
        self.size = sum(one_try(a) + len(a.worked_ms) for a in self.activities)

    def keys(self) -> list[Key]:
        """The facts that the search may use: floors, ties, waits and counts of what the goal needs."""
        live = {a.index for a in self.activities}
        out: list[Key] = [("floor", a.index, 0) for a in self.activities if self._has_floor(a)]
        for a in self.activities:
            if a.to_come:
                out += [("tie", a.index, p) for p, _ in a.preds if p in live]
                if self.floors[a.index].wait_ms >= 1000:
                    out.append(("wait", a.index, 0))
        pools = {p for a in self.activities for p, _ in a.needs}
        return out + [("count", p, 0) for p in sorted(pools)]

    def _has_floor(self, a: Activity) -> bool:
        least = self.floors[a.index]
        return least.copy_ms >= 1000 or any(r >= 1000 for r in least.rest_ms)

    def irreducible(self, keys: list[Key]) -> list[Key]:
        """Deletion filter: a fact without which the rest is still impossible goes."""
        kept = list(keys)
        for key in keys:
            without = [k for k in kept if k != key]
            feasible, _ = self.solve(without, EACH_S)
            if feasible is False:
                kept = without
        return kept

    def facts(self, keys: Iterable[Key]) -> Iterable[Fact]:
        found: list[Fact] = []
        for kind, i, other in keys:
            if kind == "count":
                found.append(count_fact(self.network, i))
                continue
            a, least = self.network.activities[i], self.floors[i]
            if kind == "tie":
                found += tie_facts(self.network, a, self.network.activities[other])
            elif kind == "wait":
                found += wait_facts(self.network, least, a)
            else:
                rests = [f for rest in sorted(set(least.rest_ms)) for f in rest_facts(self.network, least, a, rest)]
                found += [f for f in (*rests, *fresh_facts(self.network, least, a)) if f.kind == "floor"]
        return [*dict.fromkeys(found), deadline_fact(self.network, self.goal)]

    def solve(self, keys: Iterable[Key], limit_s: float) -> tuple[bool | None, tuple[str, ...] | None]:
        """Whether the facts leave a schedule: True with its order, False, or None for not known in time."""
        limit_s = min(limit_s, self.budget.left_s)
        if limit_s <= 0:
            return None, None
        from ortools.sat.python import cp_model

        model = _Model(self, set(keys), cp_model)
        solver = cp_model.CpSolver()
        solver.parameters.max_time_in_seconds = limit_s
        solver.parameters.num_workers = 2
        solver.parameters.random_seed = 0
        solver.parameters.use_timetable_edge_finding_in_cumulative = True
        status = solver.solve(model.model)
        self.budget.left_s -= solver.wall_time
        if status == cp_model.INFEASIBLE:
            return False, None
        if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            return None, None
        starts = sorted((solver.value(v), i) for i, v in model.first.items())
        return True, tuple(self.network.activities[i].name for _, i in starts)


class _Model:
    """The CP-SAT model of some facts: an interval per copy, a cumulative per resource."""

    def __init__(self, search: _Search, keys: set[Key], cp: Any) -> None:
        self.search, self.keys = search, keys
        self.model = cp.CpModel()
        self.due = -(-search.goal.due_ms // 1000)
        lengths = [self.length(a) * max(1, one_try(a)) for a in search.activities]
        self.horizon = max(self.due, 0) + sum(lengths) + 1
        self.first: dict[int, Any] = {}
        self.ends: dict[int, list[Any]] = {}
        self.demands: dict[int, list[tuple[Any, int]]] = {}
        for a in search.activities:
            self.place(a)
        for p, demands in self.demands.items():
            if ("count", p, 0) in keys:
                capacity = search.network.pools[p].count
                self.model.add_cumulative([i for i, _ in demands], [k for _, k in demands], capacity)
        for i in search.goal.requires:
            for end in self.ends.get(i, ()):
                self.model.add(end <= self.due)

    def length(self, a: Activity) -> int:
        return self.search.floors[a.index].copy_ms // 1000 if ("floor", a.index, 0) in self.keys else 0

    def place(self, a: Activity) -> None:
        model, least = self.model, self.search.floors[a.index]
        ends: list[Any] = []
        with_floor = ("floor", a.index, 0) in self.keys
        for rest_ms in least.rest_ms:
            rest = rest_ms // 1000 if with_floor else 0
            if rest:
                self.hold(a, model.new_fixed_size_interval_var(0, rest, ""))
            ends.append(rest)
        starts = []
        copies = one_try(a)
        if a.index in self.search.must_start:
            copies = 0 if a.running else min(copies, 1)
        length = self.length(a)
        for _ in range(copies):
            start = model.new_int_var(0, self.horizon, "")
            if length:
                self.hold(a, model.new_fixed_size_interval_var(start, length, ""))
            starts.append(start)
            ends.append(start + length)
        for before, after in pairwise(starts):
            model.add(before <= after)  # copies are alike
        wait = least.wait_ms // 1000 if ("wait", a.index, 0) in self.keys else 0
        if starts:
            self.tie(a, starts[0], wait)
        self.first[a.index] = 0 if a.running or not starts else starts[0]
        self.ends[a.index] = ends

    def hold(self, a: Activity, interval: Any) -> None:
        for p, k in a.needs:
            self.demands.setdefault(p, []).append((interval, k))

    def tie(self, a: Activity, start: Any, wait: int) -> None:
        if wait:
            self.model.add(start >= wait)
        for p, started in a.preds:
            if ("tie", a.index, p) not in self.keys or p not in self.ends:
                continue
            for end in [self.first[p]] if started else self.ends[p]:
                self.model.add(start >= end + wait)
