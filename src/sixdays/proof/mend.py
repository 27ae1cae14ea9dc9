"""For every fact of a proof the smallest change that is enough, and the cheapest pair (rule K6).

Enough means that no stage proves the changed plan impossible any more. What is printed is what was
tried: the phrase is applied as `what-if` applies it, rounding included.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC
from decimal import ROUND_CEILING, ROUND_DOWN, Decimal
from itertools import combinations

from sixdays.errors import UsageError
from sixdays.plan.changes import Setting, changes
from sixdays.plan.model import Plan
from sixdays.plan.network import Goal, Network
from sixdays.proof.certificate import Certificate, Fact, Mend
from sixdays.quantities import later, show_instant, write_instant

MOST_FACTOR = Decimal(1000)
LEAST_FACTOR = Decimal("1e-6")
MOST_TRIALS = 1_500  # of changed plans; past it the rest is left out
MOST_PAIRED = 6  # facts tried in pairs, the longest first

Proved = Callable[[Plan, bool], bool]


def mends(network: Network, goal: Goal, certificate: Certificate, proved: Proved) -> tuple[Mend, ...]:
    """The cheapest pair, then for each fact what is enough of it alone, then what is not enough.

    proved: whether a changed plan is still proved impossible for this target, by search too if asked.
    """
    trial = _Trial(network, proved)
    facts = _once_each(certificate.facts)
    singles = [m for fact in facts for m in _of_fact(trial, goal, fact)]
    pairs = [] if any(m.enough and _is_faster(m) for m in singles) and len(facts) < 3 else _pairs(trial, facts)
    found = [*pairs, *singles]
    return tuple(sorted(found, key=lambda m: not m.enough))


class _Trial:
    """Tries phrases on the plan; counts, so that it ends."""

    def __init__(self, network: Network, proved: Proved) -> None:
        self.plan = network.plan
        started = frozenset(a.name for a in network.activities if a.worked_ms or a.lengths_s)
        self.setting = Setting(network.now, self.plan.zone or UTC, started)
        self.proved = proved
        self.left = max(60, MOST_TRIALS * 20 // max(20, len(network.activities)))

    def enough(self, phrases: Sequence[str], *, search: bool = True) -> bool:
        """Whether nothing is proved any more after these changes; False too where they cannot be done."""
        self.left -= 1
        try:
            return self.left >= 0 and not self.proved(changes(self.plan, phrases, self.setting).plan, search)
        except UsageError:
            return False


def _once_each(facts: Iterable[Fact]) -> list[Fact]:
    seen: dict[tuple[str, str, str], Fact] = {}
    for fact in facts:
        seen.setdefault((fact.kind, fact.subject, fact.other if fact.kind == "tie" else ""), fact)
    return list(seen.values())


def _of_fact(trial: _Trial, goal: Goal, fact: Fact) -> Iterator[Mend]:
    if fact.kind == "floor":
        yield _faster(trial, (fact.subject,)) or Mend(f"{fact.subject} faster: not enough alone", False, ())
        yield from _fewer_copies(trial, fact.subject)
    elif fact.kind == "tie":
        yield _untied(trial, fact.subject, fact.other)
    elif fact.kind == "count":
        yield _more_units(trial, fact.subject)
    elif fact.kind == "hours":
        phrase = f"{fact.subject} round the clock"
        yield _alone(f"{fact.subject} works round the clock", phrase, trial.enough([phrase]))
    elif fact.kind == "deadline":
        later = _later(trial, goal)
        yield later or Mend(f"a later deadline of {goal.name}: not enough alone", False, ())


def _alone(text: str, phrase: str, enough: bool) -> Mend:
    return Mend(text if enough else f"{text}: not enough alone", enough, (phrase,) if enough else ())


def _is_faster(mend: Mend) -> bool:
    return any(phrase.endswith("faster") for phrase in mend.change)


def _faster(trial: _Trial, tasks: tuple[str, ...]) -> Mend | None:
    """The least factor, the same on each task, with (factor − 1) rounded up to two significant digits."""

    def phrases(over: Decimal) -> list[str]:
        return [f"{task} {_plain(1 + over)}x faster" for task in tasks]

    over = _least(lambda d, search: trial.enough(phrases(d), search=search), MOST_FACTOR - 1)
    if over is None:
        return None
    who = " and ".join(tasks)
    return Mend(f"{who} {_plain(1 + over)} times faster", True, tuple(phrases(over)))


def _least(enough: Callable[[Decimal, bool], bool], most: Decimal) -> Decimal | None:
    """The least two-digit number that is enough; half of it is not. None where `most` is not.

    By what can be added up by hand first; the search is only asked whether it agrees.
    """
    for search in (False, True):
        found = _bisected(lambda d, s=search: enough(d, s), most)  # type: ignore[misc]
        if found is None or search or enough(found, True):
            return found
    return None


def _bisected(enough: Callable[[Decimal], bool], most: Decimal) -> Decimal | None:
    if not enough(most):
        return None
    low, high = Decimal(0), most
    while True:
        while (middle := _two_digits((low + high) / 2 if low else high / 32, ROUND_DOWN)) > low and middle < high:
            low, high = (low, middle) if enough(middle) else (middle, high)
            if high < LEAST_FACTOR:
                break
        # What can be proved need not shrink as the plan gets easier: look at the half that is promised.
        half = high / 2
        if half <= low or not enough(half):
            return high
        low, high = Decimal(0), _two_digits(half, ROUND_CEILING)
        if not enough(high):
            return None


def _two_digits(x: Decimal, rounding: str) -> Decimal:
    return x.quantize(Decimal(1).scaleb(x.adjusted() - 1), rounding=rounding) if x else x


def _plain(x: Decimal) -> str:
    return f"{x.normalize():f}"


def _fewer_copies(trial: _Trial, name: str) -> Iterator[Mend]:
    task = trial.plan.tasks[name]
    if task.copies < 2 or task.copies_key == "sweep":
        return
    if not trial.enough([f"{name} 1 seeds"]):
        yield Mend(f"fewer {task.copies_key} of {name}: not enough alone", False, ())
        return
    low, high = 1, task.copies  # low is enough, high is not
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if trial.enough([f"{name} {middle} seeds"]) else (low, middle)
    yield Mend(f"{name} with {low} {task.copies_key}, not {task.copies}", True, (f"{name} {low} seeds",))


def _untied(trial: _Trial, name: str, other: str) -> Mend:
    tie = next(t for t in trial.plan.tasks[name].after if t.task == other)
    if tie.started:
        phrase, text = f"{name} not after {other}", f"{name} need not wait for {other} to start"
    else:
        phrase, text = f"{name} beside {other}", f"{name} beside {other}, not after it"
    return _alone(text, phrase, trial.enough([phrase]))


def _more_units(trial: _Trial, name: str) -> Mend:
    low = trial.plan.resources[name].count
    high, most = 2 * low, 10_000 * low
    while not trial.enough([f"{name} {high}"]):
        if high > most:
            return Mend(f"more {name}: not enough alone", False, ())
        low, high = high, high * 4
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if trial.enough([f"{name} {middle}"]) else (middle, high)
    return Mend(f"{high} {name}", True, (f"{name} {high}",))


def _later(trial: _Trial, goal: Goal) -> Mend | None:
    """The earliest deadline that is enough, to the next minute."""
    base = goal.deadline.replace(second=0, microsecond=0)

    def at(minutes: int) -> str:
        return f"{goal.name} by {write_instant(later(base, 60.0 * minutes))}"

    low, high = 0, 60
    while not trial.enough([at(high)]):
        if high > 10_000_000:
            return None
        low, high = high, high * 4
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if trial.enough([at(middle)]) else (middle, high)
    when = show_instant(later(base, 60.0 * high), trial.setting.now)
    return Mend(f"{goal.name} closes {when} or later", True, (at(high),))


def _pairs(trial: _Trial, facts: Sequence[Fact]) -> list[Mend]:
    """The pair of tasks for which the same factor is least."""
    tasks = list(dict.fromkeys(f.subject for f in facts if f.kind == "floor"))
    if len(tasks) < 2:
        return []
    longest = sorted(tasks, key=lambda t: -(trial.plan.tasks[t].takes.floor_ms or 0))[:MOST_PAIRED]
    found: list[tuple[Decimal, Mend]] = []
    for pair in combinations([t for t in tasks if t in longest], 2):
        if (mend := _faster(trial, pair)) is not None:
            found.append((Decimal(mend.change[0].rsplit(" ", 2)[1].removesuffix("x")), mend))
    return [min(found, key=lambda f: f[0])[1]] if found else []
