"""How many units the whole run has, as its options, constants and loops say; nothing where they do not agree."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sixdays.faster import printed
from sixdays.faster.bounds import is_own
from sixdays.faster.loaders import loaders
from sixdays.faster.model import Frame, Trace
from sixdays.faster.option import Option, given
from sixdays.faster.unit import UNCOUNTED, Unit, counter_of, done, is_evaluation_name, of_kind, plural, track, unit_of

# What a name counts, by its last part; before it only words that say how many.
_BEFORE = r"(?:(?:total|max|maximum|num|number|nb|no|n|i|of|train|training|global)_?)*"
_AFTER = r"(?:_(?:num|number|max|total|count|limit))?"
_COUNTED = tuple(
    (kind, re.compile(_BEFORE + core + _AFTER))
    for kind, core in (
        ("env step", r"(?:(?:env|environment|agent)_?)?(?:time_?steps?|frames|interactions|transitions)"),
        ("env step", r"(?:env|environment|agent)_?steps?"),
        ("optimiser step", r"(?:gradient|grad|optimizer|optimiser|optim|opt)_?(?:steps|updates)"),
        ("update", r"(?:iters?|iterations?|updates|batches)"),
        ("step", r"steps?"),
        ("epoch", r"epochs?"),
        ("generation", r"generations?"),
        ("sweep", r"sweeps"),
        ("round", r"(?:(?:boost(?:ing)?_)?rounds?|estimators)"),
        ("simulation", r"(?:sims|simulations|replications)"),
        ("episode", r"(?:episodes?|epis?|eps?|games|trials)"),
    )
)
_ASIDE = re.compile(r"eval|test|valid|warm|burn|pretrain|init|render|demo")  # loops beside the training
_OF_ROUND = re.compile(r"\b(?:per|(?:in|of|for|within) (?:each|every|an?|one)) (episode|epoch|game|rollout)\b", re.I)
_ENDLESS = 1e13  # written for "until it is stopped"
_ROUNDS = frozenset(("epoch", "episode", "update", "generation", "round"))
_PER = re.compile(r"(?:num_|n_)?(\w+?)_per_(?:epoch|iter|iteration|update|round|generation)")
MANY, APART = 20, 1.3  # batches from which on updates for each of them are told; how far these are from what is said
ALIKE = (3, 0.05, 2)  # rounds that must hold as many units, but for a share or so many that a line comes late
COUNTED = 50  # more sure than any name: that the unit is counted once in each pass of the loop
PLANNED = 100  # more sure than anything that is read
_ACCUMULATED = re.compile(r"(?:grad(?:ient)?_accum\w*|accum\w*_(?:steps|batches|iters?)|accum(?:ulation)?|update_freq)")


@dataclass(frozen=True, slots=True)
class Length:
    """How long the whole run is. unit: what is counted; text: where that is known from, a sentence's part."""

    value: float
    unit: str
    text: str


@dataclass(frozen=True, slots=True)
class _Found:
    """score: how surely it is the length. vague: steps, without a word for all of them: perhaps those of an epoch."""

    score: int
    length: Length
    vague: bool = False

    def as_of(self, unit: str, times: int = 1, per: str = "") -> _Found:
        """The same in another unit."""
        said = self.length
        return _Found(self.score, Length(said.value * times, unit, said.text + per), self.vague)


def length(
    options: Sequence[Option],
    argv: Sequence[str] = (),
    trace: Trace | None = None,
    wanted: str | None = None,
    planned: Length | None = None,
) -> tuple[Length | None, str]:
    """The length of the whole run; None, and why in words, where it is not said, or said in two ways.

    options, argv: what can be set, and what is. trace: a run of the command; the length is then in the unit that it
    progresses in, or None where it cannot be said in that unit. wanted: a word of the unit that the user counts in.
    planned: what the plan says of it, in its own word: that holds, where it can be said in the unit.
    """
    asked = [given(o, argv) for o in options]
    said = [f for o in asked if (f := _read(o))]
    if planned:
        word = planned.unit.lower() or "step"
        said.append(_Found(PLANNED, Length(planned.value, _kind(word) or word.rstrip("s"), planned.text)))
    unit = unit_of(trace, wanted) if trace is not None else None
    if trace is not None and unit is not None:
        said += [f for o in asked if (f := _once(o, unit, trace))]
    if trace is not None and unit is not None and trace.ended_well:
        return Length(unit.count(trace), unit.kind, "the first short run came to its end"), ""
    if not said:
        return None, "no option, constant or loop says how long the run is"
    if trace is not None and unit is None:
        return None, "no progress is seen that a length could be counted in"
    fit = said if trace is None or unit is None else [c for f in said if (c := _converted(f, unit, trace, asked))]
    if trace is not None and unit is not None and trace.stopped:  # it had done more when we stopped it
        fit = [f for f in fit if f.length.value >= unit.count(trace)]
    if not fit:
        text = max(said, key=lambda f: f.score).length.text
        return None, f"{text}: how many {plural(unit.word if unit else 'unit')} that is, is not known"
    best = max(fit, key=lambda f: f.score)
    others = [f for f in fit if f.score == best.score]
    if best.vague:
        others += [f for f in said if f.length.unit in _ROUNDS and f.score > 0]
    for other in others:
        if other.length.value != best.length.value:
            return None, f"it is said in two ways: {best.length.text}; {other.length.text}"
    return best.length, ""


def totals(options: Sequence[Option]) -> tuple[float, ...]:
    """All numbers that may say how long a run is, each in a word of its own."""
    return tuple(f.length.value for o in options if (f := _read(o)))


def _read(option: Option) -> _Found | None:
    """What an option says of the length, and how surely."""
    tail = option.name.rpartition(".")[2]
    kind, counted = _kind(tail), _kind(option.counter)
    if option.loop == "inner" and not tail.startswith("total"):
        return None  # so often in each episode or epoch
    each = _OF_ROUND.search(option.help) if not tail.startswith("total") else None
    if each and kind != each[1].lower().replace("game", "episode"):
        return None
    if option.loop == "outer" and not _ASIDE.search(tail) and (not kind or counted in ("epoch", "episode")):
        kind = counted
    value, is_given = option.value, option.given is not None
    if not kind or isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    if not (1 if is_given else 2) <= value < _ENDLESS:
        return None
    score = 4 * is_given + 3 * (option.loop == "outer") + option.chosen + (option.style != "constant")
    score += 4 if tail.startswith("total") else 2 if tail.startswith("max") else 1
    score += kind == "env step"
    is_most = tail.startswith("max") and (is_given or option.loop == "outer")  # else perhaps of an episode
    vague = kind == "step" and not tail.startswith("total") and not is_most
    return _Found(score, Length(float(value), kind, _text(option, value, is_given)), vague)


def _once(option: Option, unit: Unit, trace: Trace) -> _Found | None:
    """What a loop says in each pass of which the unit is counted once."""
    c = counter_of(trace, unit)
    value = option.value
    if (
        c is None
        or (c.file, c.line) not in option.once
        or isinstance(value, bool)
        or not isinstance(value, (int, float))
    ):
        return None
    each = f"one {unit.word}" if c.each == 1.0 else f"{c.each:g} {plural(unit.word)}"
    text = f"{_text(option, value, option.given is not None)}, {each} in each pass"
    return _Found(COUNTED, Length(value * c.each, unit.kind, text)) if value >= 2 else None


def _kind(name: str) -> str:
    return next((k for k, pattern in _COUNTED if pattern.fullmatch(name)), "")


def _text(option: Option, value: float, is_given: bool) -> str:
    number = f"{value:,.0f}" if float(value).is_integer() else f"{value:,g}"
    if is_given:
        return f"{number} from {option.spelling} on the command line"
    if option.style == "constant" or (option.file and not option.file.endswith(".py")):  # it stands there
        return f"{number} from {option.spelling} ({option.where})"
    return f"{number} from {option.spelling}, its default ({option.where})"


# another unit ----------------------------------------------------------------------------------------------------


def _converted(found: _Found, unit: Unit, trace: Trace, options: Sequence[Option]) -> _Found | None:
    """The same length in the unit of progress; None where it cannot be said in it."""
    said = found.length
    if unit.kind == "printed":
        same = re.sub(r"[^a-z]", "", unit.word.lower()).rstrip("s") in _words(said.unit)
        lap = printed.lap(trace.printed, unit.key[0], int(unit.key[1])) if said.unit == "epoch" and not same else 0
        if lap:
            return found.as_of(unit.kind, lap, f" × {lap:,} {plural(unit.word)} in each")
        return found if same else None
    if said.unit in ("step", "update") and unit.kind == "optimiser step" and UNCOUNTED & trace.facts.keys():
        return None  # steps are probably those of the environments, and an iteration may hold many updates
    if said.unit in (unit.kind, "step"):
        return found.as_of(unit.kind)
    if said.unit in _ROUNDS and (each := _each(options, unit, trace)):
        return found.as_of(unit.kind, each[0], f" × {each[1]}")
    learns = unit.kind in ("optimiser step", "batch")
    if learns and said.unit == "update" and not any(c.kind == "env step" for c in trace.counters):
        return found.as_of(unit.kind)
    times, which = 0, ""
    if learns and said.unit == "epoch" and (batches := _batches(trace)):
        times = math.ceil(batches * _per_batch(trace, unit, options)) if unit.kind == "optimiser step" else batches
    elif said.unit in _ROUNDS:
        times, which = _seen_each(said.unit, unit, trace), " that was seen"
    return found.as_of(unit.kind, times, f" × {times:,} {plural(unit.word)} in each{which}") if times else None


def _seen_each(word: str, unit: Unit, trace: Trace) -> int:
    """Units in each round, where the run prints the rounds and all that it printed held as many; else 0."""
    numbers, times = track(trace, unit)
    for g in printed.growing(trace.printed):
        if printed.name_of(g.pattern, g.token) not in _words(word):
            continue
        at = done(numbers, times, g.times)
        held, rounds = np.diff(at)[at[:-1] > 0], np.diff(g.values)[at[:-1] > 0]
        if rounds.size < ALIKE[0]:
            continue
        each = round(float(held.sum() / rounds.sum()))
        if each and np.all(np.abs(held - each * rounds) <= np.maximum(ALIKE[1] * each * rounds, ALIKE[2])):
            return each
    return 0


def _each(options: Sequence[Option], unit: Unit, trace: Trace) -> tuple[int, str] | None:
    """Units in each round, where an option says it: steps_per_epoch. Updates are no steps of an environment."""
    acts = UNCOUNTED & trace.facts.keys() or any(c.kind == "env step" for c in trace.counters)
    kinds = ("step",) if unit.kind == "env step" else ("update",) if acts else ("step", "update")
    for o in options:
        m = _PER.fullmatch(o.name.rpartition(".")[2])
        if m and isinstance(o.value, int) and o.value > 1 and _kind(m[1]) in (*kinds, unit.kind):
            return o.value, _text(o, o.value, o.given is not None)
    return None


def _words(kind: str) -> frozenset[str]:
    words = {
        "update": "update iteration iter it batch step",
        "step": "step timestep iteration iter it",
        "env step": "step timestep frame",
        "optimiser step": "step update iteration iter",
        "epoch": "epoch ep",
        "round": "round iteration iter it",
        "episode": "episode epi ep game trial",
    }
    return frozenset(words.get(kind, kind).split())


def _per_batch(trace: Trace, unit: Unit, options: Sequence[Option]) -> float:
    """Updates for each batch: as options say, unless the run clearly made others, as critics that learn more often."""
    said = 1.0 / _accumulated(options)
    sites = [c for c in of_kind(trace, "batch") if is_own(Frame(c.file, c.line, c.function))]  # a bar's: of any loop
    batches = max((c.count for c in sites if not is_evaluation_name(c.function)), default=0)
    seen = unit.count(trace) / batches if batches >= MANY else said
    return said if said / APART <= seen <= said * APART else seen


def _accumulated(options: Sequence[Option]) -> int:
    """How many batches one update takes."""
    for o in options:
        if _ACCUMULATED.fullmatch(o.name.rpartition(".")[2]) and isinstance(o.value, int) and o.value > 1:
            return o.value
    return 1


def _batches(trace: Trace) -> int:
    """Batches of one epoch of the training's loader, as the agent saw it: the one that shuffles, else the longest."""
    found = [(x.is_shuffled, math.ceil(x.items / x.batch)) for x in loaders(trace) if x.items and x.batch]
    return max(found)[1] if found else 0
