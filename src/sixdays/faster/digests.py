"""Whether a candidate keeps what it promises: its digests against those of the original, bits or movements.

same        the same bits wherever the original repeats itself: parameters, actions, what was seen, printed numbers
equivalent  the same network, first parameters, early movements, and as many updates and evaluations per unit
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from sixdays.faster import movement, progress, wording
from sixdays.faster.checkpoints import EARLY, Both, Key, both_of, moved, order, strays, values
from sixdays.faster.model import USUAL, Digest, Kind, Promise, Trace
from sixdays.faster.unit import Unit, of_kind, plural, unit_of

MANY = 10  # printed numbers that are the same to the last digit, where there is nothing else to compare
AGREED = 0.02  # of their movement: parameters that lie so near print the same numbers, nearly
SOON = 2000  # steps in which no rounding of a score changes an action
ROUNDED = 1e-5  # of their length, by which first parameters may differ and be the same but for rounding
NAMES = {
    "parameters": "the parameters",
    "actions": "the actions",
    "seen": "what the environments gave back",
    "logged": "the logged numbers",
}


@dataclass(frozen=True, slots=True)
class Kept:
    """It keeps its promise, as far as `checked` says, in words. aside: what is said otherwise at the same step beside
    what is promised: by evaluations that it makes less often.
    """

    checked: str
    aside: str = ""


@dataclass(frozen=True, slots=True)
class Broken:
    """It does not: why, in a sentence. at: the update or step; 0 where it is no matter of one."""

    why: str
    at: int = 0


@dataclass(frozen=True, slots=True)
class Unchecked:
    """Nothing could be compared, and why."""

    why: str


def kept(
    original: Trace,
    candidate: Trace,
    promise: Promise,
    again: Trace | None = None,
    fewer: Collection[Kind] = (),
    options: Collection[str] = (),
) -> Kept | Broken | Unchecked:
    """Whether a candidate computes what the original does, in the way that its class promises.

    again: a second run of the original: what it does not repeat is not asked of the candidate. fewer: kinds of
    counters that move less often by design. options: names that the candidate sets. Classes other than same and
    equivalent promise nothing.
    """
    if promise not in USUAL:
        return Unchecked("another experiment: not checked")
    both = both_of(original, candidate, again)
    unit = unit_of(original)
    less = _fewer(both, candidate, fewer)
    if (other := _other_network(both)) is not None:
        return other
    if why := progress.stands_still(original, candidate):
        return Broken(why)
    streams, until = _streams(both, promise), 0
    if streams is None:
        on_cpu = all(t.facts.get("device") == "cpu" for t in (original, candidate))
        early = _early(both, unit, less, is_exact=on_cpu)
        if isinstance(early, Broken):
            return early
        until = early
    if unit is not None and (why := progress.strange(original, candidate, unit, less)):
        return Broken(why)
    if streams is not None:
        return streams
    if (unlike := _late(both, original) or (_acting(both) if _chooses(original, fewer) else None)) is not None:
        return unlike
    if promise == "same" and (differing := _bits(both, fewer)) is not None:
        return differing
    exactly = promise == "same"
    near = wording.CLOSE if _is_same_network(both) else wording.NEAR
    lines = wording.compared(
        original, candidate, again, exact=exactly, until=_agreed(both), near=near, rarer=bool(fewer), options=options
    )
    if lines.why:
        return Broken(lines.why)
    if not exactly and (doubt := _doubt(both, until)):
        whole = wording.compared(original, candidate, again, exact=True, rarer=bool(fewer), options=options)
        if whole.why or whole.count < MANY or both.sites:
            few = f"only {whole.count} printed numbers could be compared, which is too few"
            return Unchecked(doubt if whole.why or both.sites or not whole.count else few)
        lines = whole
    if promise == "same" and (figure := _figure(original, candidate, again)):
        return Broken(f"the picture {figure} is another one")
    checked = [*_said(both, promise, until), *([f"{lines.count} printed numbers"] if lines.count else [])]
    return Kept(", ".join(checked), lines.aside) if checked else Unchecked(_nothing(both))


# parameters ----------------------------------------------------------------------------------------------------


def _other_network(both: Both) -> Broken | None:
    for key in both.common("parameters"):
        a, b = both.a[key].shapes, both.b[key].shapes
        if a != b:
            return Broken(f"another network: parameters {_short(b)} in place of {_short(a)}", key[2])
    return None


def _short(shapes: str) -> str:
    return shapes if len(shapes) <= 80 else shapes[:79] + "…"


def _streams(both: Both, promise: Promise) -> Broken | Unchecked | None:
    """Why early movements cannot be compared: the first parameters differ; None where they can."""
    firsts = [k for k in both.common("parameters") if k[2] == 0]
    if not all(map(both.is_stable, firsts)):
        return Unchecked("the command does not repeat its own first parameters: its random streams are not kept")
    if all(both.a[k].equals(both.b[k]) for k in firsts):
        return None
    if promise != "same" and all(_is_rounded(both.a[k], both.b[k]) for k in firsts):
        return None
    why = "it starts from other parameters: the random streams are not kept"
    return Broken(why) if promise == "same" else Unchecked(why)


def _is_rounded(a: Digest, b: Digest) -> bool:
    """Whether parameters differ by rounding alone: an orthogonal start is computed, in any number of threads."""
    if a.equals(b):
        return True
    if a.values is None or b.values is None or a.values.shape != b.values.shape:
        return False
    return bool(np.linalg.norm(b.values - a.values) <= ROUNDED * np.linalg.norm(a.values))


def _doubt(both: Both, until: int) -> str:
    """Why an equivalent candidate cannot be checked by what it computes, in words; empty where it can.

    until: the update until which parameters were compared.
    """
    if both.sites:
        if not until and any(strays(both, site) == 1 for site in both.sites):
            return "its environments went another way before the first update"
        why = "the first updates could not be compared: the command does not repeat them, or rounding hides them"
        return "" if until else why
    actions = both.common("actions")
    if actions and all(both.a[k].equals(both.b[k]) for k in actions):
        return ""
    return "only printed numbers could be compared, and they agree nearly"


def _early(both: Both, unit: Unit | None, fewer: Collection[Kind], is_exact: bool) -> Broken | int:
    """The first update, of those that the original repeats, at which movements or counts disagree; else the last one
    at which all parameters were compared and agreed, 0 where none was. Compared is what was learnt from the same data.
    is_exact: its products are not rounded (movement.BULK).
    """
    agreed = []
    for site in both.sites:
        last = 0
        keys = both.common("parameters", site)
        mine, shapes = values(both.a, site), both.a[keys[0]].shapes if keys else ""
        strayed = strays(both, site)
        drifted = {
            s.at for s in movement.early(mine, values(both.again, site), shapes) if movement.strange(s, is_exact)
        }
        theirs = {s.at: s for s in movement.early(mine, values(both.b, site), shapes)}
        for key in keys:
            at = key[2]
            if at > EARLY or at >= min(drifted, default=at + 1) or at >= strayed:
                break
            why = _counts(both, key, unit, fewer) or (movement.strange(theirs[at], is_exact) if at in theirs else "")
            if why:
                return Broken(why, at)
            last = at if at in theirs or both.a[key].equals(both.b[key]) else last
        agreed.append(last)
    return min(agreed, default=0)


def _counts(both: Both, key: Key, unit: Unit | None, fewer: Collection[Kind]) -> str:
    """What had been counted otherwise until an early update, in words: evaluations not fewer, the rest as many."""
    a, b, again = both.a[key].counts, both.b[key].counts, (both.again or {}).get(key, both.a[key]).counts
    for kind in progress.KINDS if a and b else ():
        if kind in fewer and (unit is None or unit.kind != kind or len(unit.lines) > 1):
            continue  # of several lines of one function the unit's own is not known here
        own = unit.key if unit is not None and kind in fewer else None
        n, m, twice = (
            sum(v * each.get(k, 1.0) for k, v in c.items() if k[0] == kind and own in (None, k))
            for c, each in zip((a, b, again), both.items, strict=True)
        )
        if n == twice and (m < n if kind == "evaluation" else m != n):
            return (
                f"until update {key[2]} it counted {m:,.0f} in place of {n:,.0f} {plural(kind)}: {_guess(kind, m < n)}?"
            )
    return ""


def _guess(kind: Kind, is_fewer: bool) -> str:
    if kind == "optimiser step":
        return "are updates left out" if is_fewer else "are updates added"
    if kind == "env step":
        return "does it learn more often" if is_fewer else "are updates left out, or steps only counted"
    if kind == "batch":
        return "is less data taken, or are updates only counted" if is_fewer else "are updates left out"
    return "is less evaluated"


def _late(both: Both, original: Trace) -> Broken | None:
    """Late movements of another length, or, where no environment can amplify a rounding, of another direction."""
    has_environment = "own environments" in original.facts or any(c.kind == "env step" for c in original.counters)
    for site in both.sites:
        a, b = values(both.a, site), values(both.b, site)
        if why := movement.late(a, b) or ("" if has_environment else movement.jumped(a, b)):
            return Broken(why, EARLY)
    return None


def _chooses(original: Trace, fewer: Collection[Kind]) -> bool:
    """Whether its actions are whole numbers, in environments that move as often by design."""
    return original.facts.get("actions") == "whole numbers" and "env step" not in fewer


def _acting(both: Both) -> Broken | None:
    """That it acts otherwise with the same bits of parameters, where actions are whole numbers: a rounding changes one
    of them in a million. Where all updates that are compared come before the next step, nothing else shows it.
    """
    updates = [k for k in both.common("parameters") if 0 < k[2] <= EARLY]
    if not updates or not all(both.is_stable(k) and both.a[k].equals(both.b[k]) for k in updates):
        return None
    seen = [k for k in both.common("seen") if both.is_stable(k)]
    for before, after in pairwise(sorted(seen, key=lambda k: k[1:])):
        of_one = before[1] == after[1] and both.a[before].equals(both.b[before])
        if of_one and not both.a[after].equals(both.b[after]):
            is_soon = after[2] - before[2] <= SOON and moved(both.a[before], "optimiser step") <= EARLY
            why = f"with the same parameters it acts otherwise after step {before[2]:,}"
            return Broken(why, EARLY) if is_soon else None
    return None


def _bits(both: Both, fewer: Collection[Kind]) -> Broken | None:
    """The first checkpoint at which bits differ that the original repeats.

    What an environment gave is kept by site, so it is not asked where environments move less often by design.
    """
    for key in sorted((k for what in NAMES for k in both.common(what) if both.is_stable(k)), key=order):
        what, site, at = key
        if what == "logged" and fewer and both.is_seldom(site):
            continue
        if (what in ("actions", "seen") and "env step" in fewer) or both.a[key].equals(both.b[key]):
            continue
        after = f"{'update' if what == 'parameters' else 'number' if what == 'logged' else 'step'} {at}"
        return Broken(f"after {after} {NAMES[what]} are not the same bits: equivalent at best", at)
    return None


def _fewer(both: Both, candidate: Trace, fewer: Collection[Kind]) -> Collection[Kind]:
    """Kinds of counters that need not move as often: batches neither where it has none and learnt the same from data
    that it takes in another way.
    """
    return {*fewer, "batch"} if not of_kind(candidate, "batch") and _is_same_network(both) else fewer


def _is_same_network(both: Both) -> bool:
    """Whether all parameters that the original repeats are the same bits, after updates too."""
    keys = [k for k in both.common("parameters") if both.is_stable(k)]
    return any(k[2] for k in keys) and all(both.a[k].equals(both.b[k]) for k in keys)


def _agreed(both: Both) -> int:
    """The last update until which all parameters lie near their movement: what is printed until then must agree."""
    last = [0]
    for site in both.sites:
        a, b = values(both.a, site), values(both.b, site)
        last.append(0)
        for at in sorted(a.keys() & b.keys() - {0}) if 0 in a and 0 in b else ():
            seen = movement.compare(at, a[at] - a[0], b[at] - b[0])
            if seen is not None and seen.apart > AGREED:
                break
            last[-1] = at
    return min(last[1:], default=0)


def _figure(original: Trace, candidate: Trace, again: Trace | None) -> str:
    """A picture that differs at the end, where both ended by themselves and the original repeats it."""
    if original.stopped or candidate.stopped or again is None or again.stopped:
        return ""
    stable = {n: h for n, h in original.figures.items() if again.figures.get(n) == h}
    return next((n for n, h in sorted(stable.items()) if candidate.figures.get(n) != h), "")


# what is said --------------------------------------------------------------------------------------------------


def _said(both: Both, promise: Promise, until: int) -> Iterator[str]:
    """What was compared, in words."""
    if promise != "same":
        yield from [f"{NAMES['parameters']} until update {until}"] if until else []
        return
    for what, name in NAMES.items():
        last = max((k[2] for k in both.common(what) if k[2] > 0 and both.is_stable(k)), default=0)
        if last:
            yield f"{name} until {'update' if what == 'parameters' else 'step'} {last}"


def _nothing(both: Both) -> str:
    if not both.a:
        return "nothing that it computes can be seen: no update, no environment, no printed number"
    if not both.a.keys() & both.b.keys():
        return "the two have no update, no step and no printed number in common"
    return "the command does not repeat its own numbers"
