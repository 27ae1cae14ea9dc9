"""Stage 2: more work than a resource has room for in some window (rules K2, K4).

Every pair of a release and a due time is a window. What must start at or after its beginning and
end by its end must fit into it: as unit time, or, where that proves nothing, as whole runs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from sixdays.plan.calendars import Calendar
from sixdays.plan.network import Goal, Network
from sixdays.proof.certificate import Certificate, Fact
from sixdays.proof.chain import (
    chain_facts,
    count_fact,
    deadline_fact,
    floor_fact,
    fresh_facts,
    hours_fact,
    tie_facts,
    wait_facts,
)  # fmt: skip
from sixdays.proof.floors import Bounds, Floor, one_try
from sixdays.quantities import show_seconds

MOST_STEPS = 4_000_000  # of a window and an item; past it some windows are left out: sound, less complete


@dataclass(frozen=True, slots=True)
class _Item:
    """Copies of one activity that use one pool: not before `head`, done by `due`. Times in ms."""

    activity: int
    head: int
    due: int
    floor: int
    units: int
    runs: int
    running: bool

    @property
    def energy(self) -> int:
        return self.floor * self.units * self.runs


@dataclass(frozen=True, slots=True)
class _Window:
    pool: int
    start: int
    end: int
    needs: int
    room: int
    items: tuple[_Item, ...]
    runs: int = 0
    fit: int = 0

    @property
    def rank(self) -> tuple[int, int, int]:
        """Largest shortfall first, then the shorter window, then the plan's order (rule K2)."""
        return (self.room - self.needs, self.end - self.start, self.pool)


def prove_pile(network: Network, floors: tuple[Floor, ...], found: Bounds, goal: Goal) -> Certificate | None:
    """A certificate if some window of some resource is too small; unit time first, then whole runs."""
    items = {p: _items(network, floors, found, p) for p in range(len(network.pools))}
    full = [w for p in items for w in _by_unit_time(network, p, items[p])]
    if not full:
        full = [w for p in items if network.pools[p].hours is None for w in _by_whole_runs(network, p, items[p])]
    if not full:
        return None
    best = min(full, key=lambda w: w.rank)
    return Certificate(
        "pile", _facts(network, floors, found, goal, best), best.needs, best.room,
        network.pools[best.pool].name, (best.start, best.end), best.runs, best.fit,
    )  # fmt: skip


def _items(network: Network, floors: tuple[Floor, ...], found: Bounds, pool: int) -> list[_Item]:
    out = []
    for i, due in found.due.items():
        a, least = network.activities[i], floors[i]
        units = next((k for p, k in a.needs if p == pool), 0)
        if not units or due is None or a.done_ms is not None:
            continue
        out += [_Item(i, 0, due, rest, units, n, True) for rest, n in Counter(least.rest_ms).items() if rest]
        runs = one_try(a)
        if runs and least.copy_ms:
            out.append(_Item(i, found.start[i], due, least.copy_ms, units, runs, False))
    return out


def _by_unit_time(network: Network, pool: int, items: list[_Item]) -> Iterator[_Window]:
    count, hours = network.pools[pool].count, network.pools[pool].hours
    calendar = Calendar((hours,), network.now) if hours else None
    worked: Callable[[int], int] = calendar.work_until if calendar else lambda at: max(at, 0)
    for start, inside in _windows(items):
        needs, before = 0, worked(start)
        for j, item in enumerate(inside):
            needs += item.energy
            if j + 1 < len(inside) and inside[j + 1].due == item.due:
                continue
            room = count * max(0, worked(item.due) - before)
            if needs > room:
                yield _Window(pool, start, item.due, needs, room, tuple(inside[: j + 1]))


def _by_whole_runs(network: Network, pool: int, items: list[_Item]) -> Iterator[_Window]:
    """At most ⌊count/q⌋·⌊window/m⌋ runs of at least m that need at least q units each (rule K4)."""
    count = network.pools[pool].count
    fresh = [i for i in items if not i.running]
    sizes = sorted({i.units for i in fresh})
    lengths = _thinned(sorted({i.floor for i in fresh}), MOST_STEPS // max(1, len(fresh) ** 2 * len(sizes)))
    for units in sizes:
        for length in lengths:
            large = [i for i in fresh if i.units >= units and i.floor >= length]
            for start, inside in _windows(large):
                runs = 0
                for j, item in enumerate(inside):
                    runs += item.runs
                    if j + 1 < len(inside) and inside[j + 1].due == item.due:
                        continue
                    fit = (count // units) * (max(0, item.due - start) // length)
                    if runs > fit:
                        yield _Window(
                            pool, start, item.due, runs * length, fit * length, tuple(inside[: j + 1]), runs, fit
                        )  # fmt: skip


def _windows(items: list[_Item]) -> Iterator[tuple[int, list[_Item]]]:
    """Each release time, with the items that are not released before it, the earliest due first."""
    by_due = sorted(items, key=lambda i: i.due)
    starts = _thinned(sorted({i.head for i in items}), MOST_STEPS // max(1, len(items)))
    for start in starts:
        yield start, [i for i in by_due if i.head >= start]


def _thinned(values: list[int], most: int) -> list[int]:
    most = max(1, most)
    return values if len(values) <= most else [values[i * len(values) // most] for i in range(most)]


def _facts(network: Network, floors: tuple[Floor, ...], found: Bounds, goal: Goal, window: _Window) -> tuple[Fact, ...]:
    """The runs in the window, the units, and the chains that open and close it."""
    pool = network.pools[window.pool]
    facts = [_run_fact(network, floors, item, pool.name) for item in window.items]
    facts.append(count_fact(network, window.pool))
    if pool.hours:
        facts.append(hours_fact(network, window.pool))
    if window.start > 0:
        for item in window.items:
            facts += chain_facts(network, floors, found, item.activity, ends=False)
    for item in window.items:
        facts += _behind(network, floors, found, item.activity)
    facts.append(deadline_fact(network, goal))
    return tuple(dict.fromkeys(facts))


def _run_fact(network: Network, floors: tuple[Floor, ...], item: _Item, resource: str) -> Fact:
    a, least = network.activities[item.activity], floors[item.activity]
    length = show_seconds(item.floor / 1000, 3)
    units = f"{item.units} {resource}"
    runs = "1 run" if item.runs == 1 else f"{item.runs} runs"
    if item.running:
        text = f"{a.name}: {runs} under way, at least {length} more on {units}"
    else:
        text = f"{a.name}: {runs} of at least {length} on {units}"
    return floor_fact(least, a, text)


def _behind(network: Network, floors: tuple[Floor, ...], found: Bounds, i: int) -> Iterable[Fact]:
    """What must still come after an activity before the deadline."""
    at, step = i, found.behind[i]
    while step is not None:
        a, least = network.activities[step], floors[step]
        yield from tie_facts(network, a, network.activities[at])
        yield from wait_facts(network, least, a)
        at, step = step, found.through[step]
        if step is None:
            yield from fresh_facts(network, least, a)
            if a.calendar:
                yield from (hours_fact(network, p) for p, _ in a.needs if network.pools[p].hours)
            step = found.behind[at]
