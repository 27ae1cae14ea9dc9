"""The verdict: curves in, a word with its figures, its reasons and the next step out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sixdays.verdict import cautions
from sixdays.verdict.arms import Arm, areas, choose_baseline, gather
from sixdays.verdict.compare import Found, area, beside, by_task, compare, in_words, interval
from sixdays.verdict.curves import HUGE, Curve
from sixdays.verdict.decide import Rule, chance, next_step, words
from sixdays.verdict.efficiency import efficiency
from sixdays.verdict.estimators import Scores, estimate, iqm, noise
from sixdays.verdict.looks import Look
from sixdays.verdict.phrases import number, plural
from sixdays.verdict.power import visible
from sixdays.verdict.record import against_record
from sixdays.verdict.result import Comparison, Method, Next, Verdict
from sixdays.verdict.sentences import error_bar, sentence
from sixdays.verdict.standard import Standard, preset


def judge(
    curves: Iterable[Curve], *, baseline: str | None = None, method: str | None = None,
    standard: str | Standard = "compelling", margin: float | None = None, higher_is_better: bool = True,
    metric: str = "", x_unit: str = "", looks: Sequence[Look] = (), ledger: bool = False, planned: int | None = None,
    window: float = 0.05, seed: int = 0, outlook: Mapping[str, Any] | None = None,
) -> Verdict:  # fmt: skip
    """Whether the method is better than the baseline, at a standard of evidence. Values are used as given.

    curves: one run each, of any number of methods and tasks; one point is enough. Their order does not matter.
    baseline, method: names; left out, the verdict says in a warning which were taken, and why.
    margin: the smallest difference worth having, in the metric's own units; the standard's, else 0, if left out.
    The difference is method − baseline in those units; the word takes account of higher_is_better.
    looks: earlier looks at the same comparison, with other data. With them or with ledger=True this look spends its
    share of the standard's error, up to `planned` seeds an arm (left out: the standard's last planned look).
    window: the last part of a run that its score is the mean of.

    Raises:
        ValueError: no curve, or a margin that is below 0 or not finite.
        UsageError: a name that is not there.

    >>> runs = [Curve("Hopper", m, s, [1], [v + s % 3]) for m, v in (("sac", 10), ("mine", 20)) for s in range(10)]
    >>> judge(runs, baseline="sac").word
    'better'
    """
    bar = preset(standard) if isinstance(standard, str) else standard
    margin = bar.margin if margin is None else margin
    if not margin >= 0.0:
        raise ValueError(f"the smallest difference worth having cannot be below 0: {margin}")
    if margin > HUGE:
        raise ValueError(f"nothing differs by the smallest difference worth having: {margin}")
    baseline, method = (None if name is None else str(name) for name in (baseline, method))  # as a Curve's are
    sign = 1.0 if higher_is_better else -1.0
    arms, odd = gather(curves, window)
    rule = Rule(bar, margin, sign, tuple(looks), ledger or bool(looks), planned or bar.planned_looks[-1])
    found: list[Found] = []
    floor = noise([s for arm in arms for s in arm.scores.values()])
    methods = {arm.name: _method(arm, bar.level, seed) for arm in arms}
    warnings = [*odd, *cautions.of_arms(arms, sign)]
    if bar.record is not None:
        comparisons = against_record(arms, bar.record, sign, method)
    else:
        comparisons, found, notes = _against_baseline(arms, baseline, method, rule, seed)
        warnings += notes
    main = comparisons[0] if comparisons else None
    if main is None:
        warnings.append("one method only: described, not compared")
        if found_noise := cautions.seed_noise(arms):
            warnings.append(found_noise)
    following = main.next if main else _what_it_needs(arms, rule, floor.value if floor else None)
    return Verdict(
        main.word if main else "not_yet_known", bar.name, metric, higher_is_better, comparisons, methods,
        floor.value if floor else None, len(looks) + 1, following,
        tuple(dict.fromkeys(warnings)), rule.margin, bar.level,
        chance(found[0], main.word, rule, seed) if main and found else None,
        dict(outlook or {}), sentence(main, found[0] if found else None, bar) if main else "",
        error_bar(found[0] if found else None, bar, window, x_unit),
    )  # fmt: skip


def _against_baseline(
    arms: Sequence[Arm], baseline: str | None, method: str | None, rule: Rule, seed: int
) -> tuple[tuple[Comparison, ...], list[Found], list[str]]:
    """Every other method against the baseline, the one asked for first; and the warnings."""
    by_name = {arm.name: arm for arm in arms}
    chosen, how = choose_baseline(list(by_name), baseline, method)
    if len(arms) < 2:
        return (), [], []
    sign = rule.sign
    found = [compare(arm, by_name[chosen], sign, seed) for arm in arms if arm.name != chosen]
    found.sort(key=lambda f: (f.method.name != method, f.value is None, -sign * (f.value or 0.0), f.method.name))
    under = areas(arms)
    said = [_comparison(f, *s, rule, under, seed) for f, s in zip(found, words(found, rule), strict=True)]
    notes = [how] if how else []
    notes += cautions.of_comparison(found[0], said[0], rule.standard.error, sign)  # of the others the figures are there
    notes += cautions.of_sweep(said, found[0], method is not None)
    if found[0].seeds == 1 and (text := cautions.seed_noise(arms)):
        notes.append(text)
    if rule.spends and found[0].seeds > rule.planned:
        notes.append(f"{found[0].seeds} seeds an arm are beyond the {rule.planned} that were planned")
    return tuple(said), found, notes


def _comparison(
    found: Found, word: Any, why: str, p: float | None, rule: Rule, under: Mapping[str, Scores], seed: int
) -> Comparison:
    level = rule.standard.level
    better, in_noise = in_words(found, rule.sign)
    return Comparison(
        found.method.name, found.baseline.name, word, interval(found.value, found.estimate, level), p, better,
        area(under[found.method.name], under[found.baseline.name], level, seed), in_noise, by_task(found, level),
        efficiency(found.method, found.baseline, rule.sign, seed),
        next_step(found, rule, seed) if word == "not_yet_known" else None, why,
        beside(found, level, seed) if found.tasks else {}, found.look,
    )  # fmt: skip


def _method(arm: Arm, level: float, seed: int) -> Method:
    scores = arm.scores
    if not scores:
        return Method(arm.name, arm.runs, len(arm.raw), None, None, None, arm.diverged, arm.running)
    known = estimate(scores, seed)
    low, high = known.interval(level) if known and known.se > 0 else (None, None)
    return Method(arm.name, arm.runs, len(arm.raw), iqm(scores), low, high, arm.diverged, arm.running)


def _what_it_needs(arms: Sequence[Arm], rule: Rule, spread: float | None) -> Next | None:
    """What a comparison would need, where there is one method only."""
    if rule.standard.record is not None:
        return None
    tasks = len(arms[0].raw)
    seeds = rule.standard.least_seeds(tasks)
    text = f"a second method, {seeds} seeds an arm on {plural(tasks, 'task')}"
    if spread and tasks == 1:
        shown = number(visible(spread, seeds, rule.standard.error), signed=False)
        text += f": a difference of {shown} would then show with probability .8"
    hours = seeds * tasks * arms[0].seconds / 3600.0 if arms[0].seconds is not None else None
    return Next(text, seeds, hours, None)
