"""Whether a candidate keeps what it promises: its digests against those of the original, bits or movements.

same        the same bits wherever the original repeats itself: parameters, actions, what was seen, printed numbers
equivalent  the same network, first parameters, early movements, and as many updates and evaluations per unit
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from math import inf

import numpy as np

from sixdays.faster import movement, progress, wording
from sixdays.faster.model import USUAL, Digest, FloatArray, Kind, Promise, Trace
from sixdays.faster.unit import Unit, plural, unit_of

Key = tuple[str, int, int]
EARLY = max(movement.LENGTH)
MANY = 10  # printed numbers that are the same to the last digit, where there is nothing else to compare
AGREED = 0.02  # of their movement: parameters that lie so near print the same numbers, nearly
STRAYED = 1e-3  # of its size, by which what was observed may differ and be the same data
ROUNDED = 1e-5  # of their length, by which first parameters may differ and be the same but for rounding
NAMES = {
    "parameters": "the parameters",
    "actions": "the actions",
    "seen": "what the environments gave back",
    "logged": "the logged numbers",
}


@dataclass(frozen=True, slots=True)
class Kept:
    """It keeps its promise, as far as `checked` says, in words."""

    checked: str


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
    items = tuple(_items(t) for t in (original, candidate, again or original))
    both = _Both(_by_key(original), _by_key(candidate), None if again is None else _by_key(again), items)
    unit = unit_of(original)
    if (other := _other_network(both)) is not None:
        return other
    if why := progress.stands_still(original, candidate):
        return Broken(why)
    streams, until = _streams(both, promise), 0
    if streams is None:
        early = _early(both, unit, fewer)
        if isinstance(early, Broken):
            return early
        until = early
    if unit is not None and (why := progress.strange(original, candidate, unit, fewer)):
        return Broken(why)
    if streams is not None:
        return streams
    has_environment = "own environments" in original.facts or any(c.kind == "env step" for c in original.counters)
    if (unlike := _late(both, has_environment)) is not None:
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
            return Unchecked(doubt)
        lines = whole
    if promise == "same" and (figure := _figure(original, candidate, again)):
        return Broken(f"the picture {figure} is another one")
    checked = [*_said(both, promise, until), *([f"{lines.count} printed numbers"] if lines.count else [])]
    return Kept(", ".join(checked)) if checked else Unchecked(_nothing(both))


@dataclass(frozen=True, slots=True)
class _Both:
    """The digests of the original (a), the candidate (b), and the original's second run, where there is one.

    items: of each of the three, how many items one evaluation is of, by its site.
    """

    a: Mapping[Key, Digest]
    b: Mapping[Key, Digest]
    again: Mapping[Key, Digest] | None
    items: tuple[Mapping[tuple[str, str, str], float], ...]

    @property
    def sites(self) -> list[int]:
        return sorted({k[1] for k in self.a if k[0] == "parameters"})

    def common(self, what: str, site: int | None = None) -> list[Key]:
        """Checkpoints that both have, in order."""
        return sorted((k for k in self.a.keys() & self.b.keys() if k[0] == what and site in (None, k[1])), key=_order)

    def is_seldom(self, tag: int) -> bool:
        """Whether the candidate logs a scalar clearly less often: it may be a mean since the last time."""
        n, m = (sum(k[:2] == ("logged", tag) for k in d) for d in (self.a, self.b))
        return m < wording.SELDOM * n

    def is_stable(self, key: Key) -> bool:
        """The original's second run has the same bits there, or did not get there.

        Of a scalar that is logged all must be: a rate in whole numbers is the same now and then by chance.
        """
        if self.again is None:
            return True
        keys = [k for k in self.a if k[:2] == key[:2]] if key[0] == "logged" else [key]
        return all(self.a[k].equals(self.again.get(k, self.a[k])) for k in keys)


def _items(trace: Trace) -> dict[tuple[str, str, str], float]:
    return {c.key: c.each for c in trace.counters if c.kind == "evaluation"}


def _order(key: Key) -> tuple[int, str, int]:
    return key[2], key[0], key[1]


def _by_key(trace: Trace) -> dict[Key, Digest]:
    return {(d.what, d.site, d.at): d for d in trace.digests}


# parameters ----------------------------------------------------------------------------------------------------


def _other_network(both: _Both) -> Broken | None:
    for key in both.common("parameters"):
        a, b = both.a[key].shapes, both.b[key].shapes
        if a != b:
            return Broken(f"another network: parameters {_short(b)} in place of {_short(a)}", key[2])
    return None


def _short(shapes: str) -> str:
    return shapes if len(shapes) <= 80 else shapes[:79] + "…"


def _streams(both: _Both, promise: Promise) -> Broken | Unchecked | None:
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


def _values(digests: Mapping[Key, Digest] | None, site: int) -> dict[int, FloatArray]:
    return {
        k[2]: d.values
        for k, d in (digests or {}).items()
        if k[0] == "parameters" and k[1] == site and d.values is not None
    }


def _doubt(both: _Both, until: int) -> str:
    """Why an equivalent candidate cannot be checked by what it computes, in words; empty where it can.

    until: the update until which parameters were compared.
    """
    if both.sites:
        if not until and any(_strays(both, site) == 1 for site in both.sites):
            return "its environments went another way before the first update"
        why = "the first updates could not be compared: the command does not repeat them, or rounding hides them"
        return "" if until else why
    actions = both.common("actions")
    if actions and all(both.a[k].equals(both.b[k]) for k in actions):
        return ""
    return "only printed numbers could be compared, and they agree nearly"


def _early(both: _Both, unit: Unit | None, fewer: Collection[Kind]) -> Broken | int:
    """The first update, of those that the original repeats, at which movements or counts disagree; else the last one
    at which all parameters were compared and agreed, 0 where none was. Compared is what was learnt from the same data.
    """
    agreed = []
    for site in both.sites:
        last = 0
        keys = both.common("parameters", site)
        mine, shapes = _values(both.a, site), both.a[keys[0]].shapes if keys else ""
        strayed = _strays(both, site)
        drifted = {s.at for s in movement.early(mine, _values(both.again, site), shapes) if movement.strange(s)}
        moved = {s.at: s for s in movement.early(mine, _values(both.b, site), shapes)}
        for key in keys:
            at = key[2]
            if at > EARLY or at >= min(drifted, default=at + 1) or at >= strayed:
                break
            why = _counts(both, key, unit, fewer) or (movement.strange(moved[at]) if at in moved else "")
            if why:
                return Broken(why, at)
            last = at if at in moved or both.a[key].equals(both.b[key]) else last
        agreed.append(last)
    return min(agreed, default=0)


def _strays(both: _Both, site: int) -> float:
    """The first update of an optimiser before which the environments had gone another way, though they began alike;
    infinite where there is none.

    A rounding grows in them: after a thousand steps of a walking robot two runs see other data, and learn otherwise.
    Told by what was observed at steps that both made after as many updates, also right before the update. What differs
    from the first step on, or at once after an update, did not grow: that is other data.
    """
    seen = both.common("seen")
    first = [k for k in seen if k[2] <= EARLY]
    if not first or not all(_is_near(both.a[k], both.b[k]) for k in first):
        return inf
    apart = [k for k in seen if _is_as_far(both.a[k], both.b[k]) and not _is_near(both.a[k], both.b[k])]
    since = min((_moved(both.a[k], "optimiser step") for k in apart), default=inf)
    for key in both.common("parameters", site):
        begun, state = ("begun", site, key[2] - 1), ("state", site, key[2])
        if _are_apart(both, begun):
            return inf
        if _moved(both.a[key], "optimiser step") > since:
            return key[2]
        if _are_apart(both, state) and _is_as_far(both.a[key], both.b[key]):
            return key[2]
    return inf


def _are_apart(both: _Both, key: Key) -> bool:
    return key in both.a and key in both.b and not _is_near(both.a[key], both.b[key])


def _is_as_far(a: Digest, b: Digest) -> bool:
    """Whether as many steps and updates had been made."""
    return all(_moved(a, kind) == _moved(b, kind) for kind in ("env step", "optimiser step"))


def _moved(digest: Digest, kind: Kind) -> int:
    """How many events of a kind there had been."""
    return sum(n for key, n in digest.counts.items() if key[0] == kind)


def _is_near(a: Digest, b: Digest) -> bool:
    """Whether what was observed is the same but for what rounding does at once."""
    if a.values is None or b.values is None or not a.values.size or a.values.shape != b.values.shape:
        return a.equals(b)
    size = np.abs(a.values[np.isfinite(a.values) & (a.values != 0.0)])
    usual = float(size.mean()) if size.size else 1.0
    return bool(np.allclose(b.values, a.values, rtol=STRAYED, atol=STRAYED * usual, equal_nan=True))


def _counts(both: _Both, key: Key, unit: Unit | None, fewer: Collection[Kind]) -> str:
    """What had been counted otherwise until an early update, in words: evaluations not fewer, the rest as many."""
    a, b, again = both.a[key].counts, both.b[key].counts, (both.again or {}).get(key, both.a[key]).counts
    for kind in progress.KINDS if a and b else ():
        if kind in fewer and (unit is None or unit.kind != kind):
            continue
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


def _late(both: _Both, has_environment: bool) -> Broken | None:
    """Late movements of another length, or, where no environment can amplify a rounding, of another direction."""
    for site in both.sites:
        a, b = _values(both.a, site), _values(both.b, site)
        if why := movement.late(a, b) or ("" if has_environment else movement.jumped(a, b)):
            return Broken(why, EARLY)
    return None


def _bits(both: _Both, fewer: Collection[Kind]) -> Broken | None:
    """The first checkpoint at which bits differ that the original repeats.

    What an environment gave is kept by site, so it is not asked where environments move less often by design.
    """
    for key in sorted((k for what in NAMES for k in both.common(what) if both.is_stable(k)), key=_order):
        what, site, at = key
        if what == "logged" and fewer and both.is_seldom(site):
            continue
        if (what in ("actions", "seen") and "env step" in fewer) or both.a[key].equals(both.b[key]):
            continue
        after = f"{'update' if what == 'parameters' else 'number' if what == 'logged' else 'step'} {at}"
        return Broken(f"after {after} {NAMES[what]} are not the same bits: equivalent at best", at)
    return None


def _is_same_network(both: _Both) -> bool:
    """Whether all parameters that the original repeats are the same bits, after updates too."""
    keys = [k for k in both.common("parameters") if both.is_stable(k)]
    return any(k[2] for k in keys) and all(both.a[k].equals(both.b[k]) for k in keys)


def _agreed(both: _Both) -> int:
    """The last update until which all parameters lie near their movement: what is printed until then must agree."""
    last = [0]
    for site in both.sites:
        a, b = _values(both.a, site), _values(both.b, site)
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


def _said(both: _Both, promise: Promise, until: int) -> Iterator[str]:
    """What was compared, in words."""
    if promise != "same":
        yield from [f"{NAMES['parameters']} until update {until}"] if until else []
        return
    for what, name in NAMES.items():
        last = max((k[2] for k in both.common(what) if k[2] > 0 and both.is_stable(k)), default=0)
        if last:
            yield f"{name} until {'update' if what == 'parameters' else 'step'} {last}"


def _nothing(both: _Both) -> str:
    if not both.a:
        return "nothing that it computes can be seen: no update, no environment, no printed number"
    if not both.a.keys() & both.b.keys():
        return "the two have no update, no step and no printed number in common"
    return "the command does not repeat its own numbers"
