"""From figures to words: the standard's minimum, looks, several methods; why it is not yet known, and what next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sixdays.verdict.arms import Arm
from sixdays.verdict.compare import Found, harmonic
from sixdays.verdict.looks import Look, error_now
from sixdays.verdict.phrases import and_, hours_text, near, number, plural, probability
from sixdays.verdict.power import Chances, chances, needed, pilot
from sixdays.verdict.result import Next, Word
from sixdays.verdict.standard import Standard

_MORE = (1, 2, 3, 4, 5, 7, 10, 15, 20, 30)


@dataclass(frozen=True, slots=True)
class Rule:
    """What a word must meet. sign: 1.0 where higher is better. planned: seeds an arm at the last look.

    spends: looks share the standard's error; else this look has all of it.
    """

    standard: Standard
    margin: float
    sign: float
    looks: tuple[Look, ...]
    spends: bool
    planned: int

    def error(self, seeds: float, tasks: int, share: int = 1, earlier: Sequence[Look] | None = None) -> float:
        """The two-sided error that a look with so many seeds may use, a share of it where several are compared."""
        total = self.standard.error / share
        if not self.spends:
            return total
        looks = self.looks if earlier is None else earlier
        return error_now(seeds, looks, total, least=self.standard.least_seeds(tasks), planned=self.planned)


def words(found: Sequence[Found], rule: Rule) -> tuple[tuple[Word, str, float | None], ...]:
    """For every comparison the word, why it is not yet known, and p after Holm (1979)."""
    bars, adjusted = [_bar(one, rule) for one in found], _holm([one.p for one in found])
    # what cannot be said anyway, or lies within the margin, comes last: it does not keep the others from a word
    order = sorted(range(len(found)), key=lambda i: (bars[i] != "", found[i].least_error(rule.margin)))
    out: dict[int, tuple[Word, str, float | None]] = {}
    open_ = True
    for rank, i in enumerate(order):
        one, why, share = found[i], bars[i], len(found) - rank
        error = rule.error(one.look, len(one.tasks), share)
        word = "not_yet_known" if why else one.word(error, rule.margin, rule.sign)
        if word in ("better", "worse") and not open_:
            word, why = "not_yet_known", "a clearer comparison was not shown, and Holm stops there"
        open_ = open_ and word in ("better", "worse")
        out[i] = word, why or _why(one, word, error, rule, share), adjusted[i]
    return tuple(out[i] for i in range(len(found)))


def _holm(p: Sequence[float | None]) -> list[float | None]:
    """Every p after Holm (1979), in the order given; those not known count in the number.

    >>> _holm([0.04, None, 0.01])
    [0.08, None, 0.03]
    """
    out: list[float | None] = [None] * len(p)
    largest = 0.0
    for rank, (value, i) in enumerate(sorted((value, i) for i, value in enumerate(p) if value is not None)):
        out[i] = largest = max(largest, min(1.0, (len(p) - rank) * value))
    return out


def next_step(found: Found, rule: Rule, seed: int) -> Next:
    """The cheapest number of further seeds that settles it with a chance of one half, else that of the best chance."""
    tasks, now = max(1, len(found.tasks)), found.seeds
    least = max(rule.standard.least_seeds(tasks), now + 1)
    most = max(rule.planned, least) if rule.spends else max(rule.planned, 2 * now, least)
    if rule.spends and now >= rule.planned:
        return Next(
            f"the {rule.planned} planned seeds an arm are used up: name the method now and repeat it with fresh seeds, "
            "as a comparison of its own", 0, None, None,
        )  # fmt: skip
    first = _before_more(found)
    if found.sides is None or first:
        return Next(first, 0, None, None) if first else _step(found, least, None, None)
    rng = np.random.default_rng(seed)
    seen = pilot(found.sides, rng)
    need = needed(seen, rule.standard.error, rule.margin)
    earlier = (*rule.looks, Look(found.look))
    best: tuple[int, float] | None = None
    for target in sorted({least, *rule.standard.planned_looks, *(now + k for k in _MORE), most}):
        if least <= target <= most:
            settled = _after(found, rule, target, earlier, seed).settled
            if best is None or settled > best[1]:
                best = target, settled
            if settled >= 0.5:
                break
    target, chance = best or (least, None)
    return _step(found, target, chance, need)


def chance(found: Found, word: Word, rule: Rule, seed: int) -> float | None:
    """Posterior probability that it is better in the end, at the planned number of seeds; None before any repeat."""
    if word == "better":
        return 1.0
    if found.sides is None:
        return None
    least = rule.standard.least_seeds(len(found.tasks))
    target = max(rule.planned, least) if rule.spends else max(rule.planned, 2 * found.seeds, least)
    return _after(found, rule, target, (*rule.looks, Look(found.look)), seed).better


def _after(found: Found, rule: Rule, target: int, earlier: Sequence[Look], seed: int) -> Chances:
    """What may come out when both arms have been brought to so many seeds."""
    assert found.sides is not None
    rng = np.random.default_rng(seed)
    seen = pilot(found.sides, rng)
    have = found.sides.n_a, found.sides.n_b
    more = tuple(max(0, round(target - n)) for n in have)
    look = harmonic([n + k for n, k in zip(have, more, strict=True)])
    error = rule.error(max(look, found.look), len(found.tasks), 1, earlier)
    return chances(seen, (more[0], more[1]), error, rule.margin, rule.sign, rng)


def _before_more(found: Found) -> str:
    """What comes before any further run, "" where nothing does."""
    arms = found.method, found.baseline
    if any(arm.only_running for arm in arms):
        return "let the runs that are running come to their end"
    if gone := [arm.name for arm in arms if not arm.scores]:
        return f"find out why every run of {and_(gone)} diverged"
    if not found.tasks:
        return f"run {and_([arm.name for arm in arms])} on the same tasks"
    return "find out why no score varies with the seed" if found.seeds > 1 and found.sides is None else ""


def _step(found: Found, target: int, chance: float | None, need: tuple[int, int] | None) -> Next:
    tasks = found.tasks or tuple(sorted(found.method.curves.keys() | found.baseline.curves.keys()))
    extra: list[tuple[Arm, int, int]] = []
    for arm in (found.method, found.baseline):
        short = [max(0, target - len(arm.raw.get(t, ()))) for t in tasks]
        extra.append((arm, max(short, default=0), sum(short)))
    some = [e for e in extra if e[1]]
    hours: float | None = None
    if all(arm.seconds is not None for arm, _, _ in some):
        hours = sum((arm.seconds or 0.0) * runs for arm, _, runs in some) / 3600.0
    who = [f"{plural(k, 'more seed')} of {arm.name}" for arm, k, _ in some]
    if len({k for _, k, _ in some}) == 1:
        who = [f"{plural(some[0][1], 'more seed')} of {and_([arm.name for arm, _, _ in some])}"]
    text = f"{and_(who)} on {plural(len(tasks), 'task')}"
    under_way = sum(min(arm.running, runs) for arm, _, runs in some)
    parts = [f"{plural(under_way, 'run')} of them under way"] if under_way else []
    parts += [hours_text(hours)] if hours is not None else []
    parts.append("the chance is not known" if chance is None else f"settles it with probability {probability(chance)}")
    return Next(f"{text}: {', '.join(parts)}", max((k for _, k, _ in some), default=0), hours, chance, need)


def _bar(found: Found, rule: Rule) -> str:
    """What keeps any word from being said, "" where nothing does."""
    standard, tasks = rule.standard, len(found.tasks)
    waiting = [arm.name for arm in (found.method, found.baseline) if arm.only_running]
    if waiting:
        return f"every run of {and_(waiting)} is still running"
    if not tasks:
        gone = [a.name for a in (found.method, found.baseline) if not a.scores]
        return f"every run of {and_(gone)} diverged" if gone else "the two have no task in common"
    if found.sides is None and found.seeds == 1:
        return "one run an arm says nothing about another seed: the recipe cannot be judged"
    if not standard.is_enough(found.seeds, tasks):
        least = standard.least_seeds(tasks)
        if found.seeds >= least:
            fewest = min(r.tasks for r in standard.enough)
            return f"{standard.name} asks for {plural(fewest, 'task')}; there {near(tasks)}"
        return f"{standard.name} asks for {least} seeds an arm on {plural(tasks, 'task')}; there {near(found.seeds)}"
    if found.sides is None:
        return "no score varies with the seed: do the seeds differ?"
    if rule.spends and rule.error(found.look, tasks) <= 0.0:
        if any(look.seeds > found.look for look in rule.looks):
            return "an earlier look had more seeds than this one"
        return f"the error allowed is used up: the plan was {rule.planned} seeds an arm, and they have been looked at"
    return ""


def _why(found: Found, word: Word, error: float, rule: Rule, share: int) -> str:
    """How near it is, where it is not yet known; what an adjusted interval says, where it was adjusted."""
    estimate = found.estimate
    if estimate is None or error <= 0.0:
        return ""
    low, high = estimate.interval(1.0 - error)
    level = f"{100 * (1 - error):.3g} %"
    adjusted = error < rule.standard.error * (1 - 1e-9)
    cause = and_(
        (["the looks planned"] if rule.spends else []) + ([f"{share} comparisons (Holm)"] if share > 1 else [])
    )
    kept = f" (for {cause})" if adjusted else ""
    shown = f"its {level} interval{kept} is {number(low)} to {number(high)}"
    if word != "not_yet_known":
        return shown if adjusted else ""
    if found.worst is not None and found.word(error, rule.margin, rule.sign) == "not_yet_known":
        plain = Found(found.method, found.baseline, found.tasks, found.seeds, found.value, found.sides, found.p, None)
        if plain.word(error, rule.margin, rule.sign) != "not_yet_known":
            return "the word would change with the diverged runs counted as the worst score seen"
    if low <= 0.0 <= high:
        return f"{shown}: it holds 0"
    if rule.margin > 0 and min(abs(low), abs(high)) <= rule.margin:
        return f"{shown}: it is not beyond the margin of {rule.margin:g}"
    return f"{shown}, but the permutation test does not agree (p = {found.p:.2g})"
