"""What a run's progress is: the unit, and when how many of them were done."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from sixdays.faster import printed
from sixdays.faster.model import EVERY, SPARSE, Counter, FloatArray, Kind, Trace

WORDS: dict[str, str] = {
    "env step": "environment step",
    "optimiser step": "optimiser step",
    "batch": "batch",
    "evaluation": "evaluation",
    "run": "run",
}
SYNONYMS = {
    "env step": "environment env frame timestep transition interaction",
    "optimiser step": "optimiser optimizer update gradient iteration",
    "batch": "batch sample item",
}
UNCOUNTED = frozenset(("others step", "own environments"))  # facts: its environments are not counted
FEEDS = 0.02  # share of the gaps between updates in which an environment moves at least, if the updates came first
SELDOM = 0.5  # of the updates: what moves between fewer of them does not train
NEARLY = 0.9  # two sites that move in as many gaps but for this are taken for equals
PARTLY, MOSTLY = 0.1, 0.5  # of the time that lines span which are progress: of a run that goes on, and of a whole one
SURELY = 3  # gaps between updates in which a site moves that is taken for one that a patch has moved

Site = tuple[tuple[str, ...], int, int]  # the key of a counter, its line, how often it moved
# As the agent has it. One that trains too is none, nor is one that asks whether a move is valid.
EVALUATION = re.compile(
    r"^(?!(?:.*_)?(?:train|fit|learn)(?:_(?:and_)?(?:eval|valid|val|test)|$))(?!.*(?:eval|valid|val|test)\w*_and_(?:train|fit|learn))"
    r"(?:(?:.*_)?(?:eval\w*|validat\w*|val|test|tests|testing)(?:_|$)|(?:.*(?<!is)_)?valid(?:_(?:epoch|step|loop|set|fn|func|one_epoch|model|batch))?$)"
)


@dataclass(frozen=True, slots=True)
class Unit:
    """What counts as progress. word: one of them; text: with its place.

    key: of its counter, or (pattern, position) of a printed number; see printed.Growing. lines: of all sites of the
    same key, in order, of which its own is the place-th. elsewhere: other functions in which its kind moved.
    """

    kind: Kind | Literal["run"]
    key: tuple[str, ...]
    text: str
    word: str
    lines: tuple[int, ...] = ()
    place: int = 0
    elsewhere: frozenset[str] = frozenset()

    def count(self, trace: Trace) -> float:
        """How many of them a trace has."""
        numbers, _ = track(trace, self)
        return float(numbers[-1]) if numbers.size else 0.0


def plural(word: str) -> str:
    """More than one of them.

    >>> plural("environment step"), plural("batch")
    ('environment steps', 'batches')
    """
    return word + ("es" if word.endswith(("tch", "sh", "s", "x")) else "s")


def unit_of(trace: Trace, wanted: str | None = None, *, so_far: bool = False) -> Unit | None:
    """The counter that is progress; None where nothing grows.

    The environment site that moves with the optimiser, else the optimiser, else batches, else a printed number that
    grows, else lines that come again. wanted: a word of what the user counts in; the first that fits; none where it is
    the run itself. so_far: it goes on, and an environment that has not moved since the first update may yet; else that
    one was collected from, and is no progress.
    """
    units = _units(trace) if wanted != "run" else []
    if wanted:
        asked = printed.singular(wanted.lower()).replace("-", " ").replace("_", " ")
        by_word = [u for u in units if asked in f"{u.kind} {u.word} {SYNONYMS.get(u.kind, '')}".lower()]
        units = by_word or [u for u in units if asked in u.text.lower()]
    if units and not (wanted or so_far) and _is_collected(trace, units[0]):
        return next(u for u in units if u.kind == "optimiser step")
    return units[0] if units else None


def words_of(trace: Trace) -> tuple[str, ...]:
    """What may be progress, in words, the likeliest first."""
    return tuple(dict.fromkeys(u.word for u in _units(trace)))


def whole_run(trace: Trace) -> Unit | None:
    """The run itself as the one unit, where it ended well by itself; else None."""
    return Unit("run", (), "the whole run", "run") if trace.ended_well else None


def _units(trace: Trace) -> list[Unit]:
    """All that may be progress, the likeliest first."""
    steps = sorted(of_kind(trace, "optimiser step"), key=lambda c: (-c.count, c.first))
    environments = feeding(of_kind(trace, "env step"), steps)
    batches = sorted(of_kind(trace, "batch"), key=lambda c: (-c.count, c.first))
    others = [c for c in of_kind(trace, "env step") if c not in environments]
    grown = printed.growing(trace.printed, (MOSTLY if trace.ended_well else PARTLY) * trace.seconds)
    if trace.ended_well:
        grown = tuple(g for g in grown if g.token != printed.LINES)  # the run itself tells more
    elif not grown:  # it may have stopped
        grown = printed.growing(trace.printed)
    lines = [
        Unit("printed", (g.pattern, str(g.token)), printed.place_of(g), printed.name_of(g.pattern, g.token))
        for g in grown
    ]
    first = environments if environments else steps
    ranked = [*first, *(c for c in (*steps, *batches, *others) if c not in first)]
    return [_named(trace, c) for c in ranked] + lines


def of_kind(trace: Trace, kind: Kind) -> list[Counter]:
    return [c for c in trace.counters if c.kind == kind and c.times.size]


def feeding(environments: list[Counter], steps: list[Counter]) -> list[Counter]:
    """Environment sites that the updates learn from: those that move between most updates, the first of equals.

    One that moves seldom is still the source of the updates if it moved before the first of them (a long rollout,
    then many updates); after it, it is an evaluation. So is what a function does that is named so.
    """
    training = {(c.file, c.function) for c in steps}  # `test_dqn(args)` of a library trains, whatever it is called
    trains = [c for c in environments if not is_evaluation_name(c.function) or (c.file, c.function) in training]
    environments = trains or ([] if steps else environments)
    if not environments or not steps:  # not what tries the first policy out, before all else
        most = max((c.count for c in environments), default=0)
        return sorted((c for c in environments if 2 * c.count >= most), key=lambda c: (c.first, -c.count))
    most = max(c.bursts for c in environments)
    if not most:
        return [c for c in sorted(environments, key=lambda c: -c.count) if c.first < steps[0].first][:1]
    moving = sorted((c for c in environments if c.bursts >= NEARLY * most), key=lambda c: c.first)
    begun = min(s.first for s in steps)
    seldom = most < FEEDS * max(s.count for s in steps)
    return [] if seldom and moving[0].first > begun else moving


def is_evaluation_name(name: str) -> bool:
    """A function of this name evaluates: `evaluate`, `run_validation`, `test`.

    >>> is_evaluation_name("validate_epoch"), is_evaluation_name("latest")
    (True, False)
    """
    return bool(EVALUATION.search(name))


def _is_collected(trace: Trace, unit: Unit) -> bool:
    """Whether it is an environment that did not move any more once an optimiser had begun: collected, then learned."""
    moved = counter_of(trace, unit) if unit.kind == "env step" else None
    steps = of_kind(trace, "optimiser step")
    return moved is not None and bool(steps) and bool(moved.times[-1] <= min(s.first for s in steps))


def acting(trace: Trace) -> list[Counter]:
    """The environment sites that the updates of a trace learn from; see feeding."""
    return feeding(of_kind(trace, "env step"), of_kind(trace, "optimiser step"))


def _named(trace: Trace, c: Counter) -> Unit:
    lines = sorted({o.line for o in trace.counters if o.key == c.key})
    within = f" in {c.function}" if c.function and c.function != "<module>" else ""
    text = f"{WORDS[c.kind]} at {c.file}:{c.line}{within}"
    elsewhere = frozenset(o.function for o in trace.counters if o.kind == c.kind) - {c.function}
    return Unit(c.kind, c.key, text, WORDS[c.kind], tuple(lines), lines.index(c.line), elsewhere)


def counted(unit: Unit, sites: Iterable[Site]) -> int:
    """How often a unit was counted in another run, by the sites that it has shown so far.

    It is at its place among the lines of its function; while there are fewer of them, as in a run that tries its first
    policy out before it learns, at the one nearest to its own. Where nothing of that key is to be seen, a patch may
    have moved it: the most active one of its kind, but for the functions in which others were.
    """
    sites = list(sites)
    lines = sorted({line for key, line, _ in sites if key == unit.key})
    if lines:
        return max((n for key, line, n in sites if key == unit.key and line == _own_line(unit, lines)), default=0)
    return max((n for key, _, n in sites if key[0] == unit.kind and key[2] not in unit.elsewhere), default=0)


def _own_line(unit: Unit, lines: list[int]) -> int | None:
    """Which of a run's lines of the same key is the unit's; None where it has not come to that yet."""
    if len(lines) >= len(unit.lines):
        return lines[unit.place]
    own = unit.lines[unit.place]
    return next((n for n in lines if min(unit.lines, key=lambda known: abs(known - n)) == own), None)


def counter_of(trace: Trace, unit: Unit) -> Counter | None:
    """The unit's counter in another trace: by its site, see `counted`; where a patch moved that, the likeliest."""
    mine = [c for c in of_kind(trace, unit.kind) if c.function not in unit.elsewhere] if unit.kind != "run" else []
    same = [c for c in mine if c.key == unit.key]
    own = _own_line(unit, sorted({c.line for c in same})) if same else None
    if own is not None:
        return max((c for c in same if c.line == own), key=lambda c: c.count)
    if same:  # of several lines some went with a patch, or have not come yet
        likeliest = max(same, key=lambda c: c.bursts)
        return likeliest if likeliest.bursts >= SURELY else None
    acting = feeding(mine, of_kind(trace, "optimiser step")) if unit.kind == "env step" else []
    return next(iter(acting or sorted(mine, key=lambda c: -c.count)), None)


def track(trace: Trace, unit: Unit) -> tuple[FloatArray, FloatArray]:
    """How many units were done (n,), and when (n,), at each moment that was noted."""
    if unit.kind == "run":
        return (np.array([1.0]), np.array([trace.seconds])) if trace.ended_well else (np.zeros(0), np.zeros(0))
    if unit.kind == "printed":
        found = printed.grown(trace.printed, unit.key[0], int(unit.key[1]))
        return (found.values, found.times) if found else (np.zeros(0), np.zeros(0))
    c = counter_of(trace, unit)
    return (np.zeros(0), np.zeros(0)) if c is None else (c.each * event_numbers(c.times.size), c.times)


def event_numbers(n: int) -> FloatArray:
    """Which events the n noted ones are: each, and after the first EVERY each SPARSE-th."""
    index = np.arange(1, n + 1, dtype=np.float64)
    return np.where(index <= EVERY, index, EVERY + SPARSE * (index - EVERY))


def time_of(trace: Trace, unit: Unit, u: float) -> float | None:
    """Seconds at which the u-th unit was over; 0 for u ≤ 0, unless 0 was noted; None where it did not get there."""
    return at_unit(*track(trace, unit), u)


def at_unit(numbers: FloatArray, times: FloatArray, u: float) -> float | None:
    if not numbers.size or u > numbers[-1]:
        return None
    return 0.0 if u <= 0 < numbers[0] else float(np.interp(u, numbers, times))


def done(numbers: FloatArray, times: FloatArray, at: FloatArray) -> FloatArray:
    """Units that were over at given moments."""
    padded = np.concatenate([[0.0], numbers])
    return padded[np.searchsorted(times, at, side="right")]


def moments(trace: Trace, unit: Unit, window: tuple[float, float]) -> tuple[float, float] | None:
    """When a window began and ended; None where the trace did not get there."""
    numbers, times = track(trace, unit)
    begin, end = at_unit(numbers, times, window[0]), at_unit(numbers, times, window[1])
    return None if begin is None or end is None or end <= begin else (begin, end)
