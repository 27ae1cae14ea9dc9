"""Checkpoints of two runs side by side: the digests that both have, and where their environments parted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf

import numpy as np

from sixdays.faster import movement, wording
from sixdays.faster.evaluations import acts
from sixdays.faster.model import Digest, FloatArray, Kind, Trace

Key = tuple[str, int, int]
EARLY = max(movement.LENGTH)
STRAYED = 1e-3  # of its size, by which what was observed may differ and be the same data


@dataclass(frozen=True, slots=True)
class Both:
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
        return sorted((k for k in self.a.keys() & self.b.keys() if k[0] == what and site in (None, k[1])), key=order)

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


def both_of(original: Trace, candidate: Trace, again: Trace | None) -> Both:
    items = tuple(_items(t) for t in (original, candidate, again or original))
    return Both(_by_key(original), _by_key(candidate), None if again is None else _by_key(again), items)


def _items(trace: Trace) -> dict[tuple[str, str, str], float]:
    """Of each site that evaluates its items; none of one that acts, which a patch may do without eval mode."""
    return {c.key: 0.0 if acts(trace, c) else c.each for c in trace.counters if c.kind == "evaluation"}


def _by_key(trace: Trace) -> dict[Key, Digest]:
    return {(d.what, d.site, d.at): d for d in trace.digests}


def order(key: Key) -> tuple[int, str, int]:
    return key[2], key[0], key[1]


def values(digests: Mapping[Key, Digest] | None, site: int) -> dict[int, FloatArray]:
    return {
        k[2]: d.values
        for k, d in (digests or {}).items()
        if k[0] == "parameters" and k[1] == site and d.values is not None
    }


def strays(both: Both, site: int) -> float:
    """The first update of an optimiser before which the environments had gone another way, though they began alike;
    infinite where there is none.

    A rounding grows in them: after a thousand steps of a walking robot two runs see other data, and learn otherwise.
    Told by what was observed at steps that both made after as many updates, also right before the update. What differs
    from the first step on, or at once after an update, did not grow: that is other data.
    """
    seen = both.common("seen")
    first = [k for k in seen if k[2] <= EARLY]
    if not first or not all(is_near(both.a[k], both.b[k]) for k in first):
        return inf
    apart = [k for k in seen if _is_as_far(both.a[k], both.b[k]) and not is_near(both.a[k], both.b[k])]
    since = min((moved(both.a[k], "optimiser step") for k in apart), default=inf)
    for key in both.common("parameters", site):
        begun, state = ("begun", site, key[2] - 1), ("state", site, key[2])
        if _are_apart(both, begun):
            return inf
        if moved(both.a[key], "optimiser step") > since:
            return key[2]
        if _are_apart(both, state) and _is_as_far(both.a[key], both.b[key]):
            return key[2]
    return inf


def _are_apart(both: Both, key: Key) -> bool:
    return key in both.a and key in both.b and not is_near(both.a[key], both.b[key])


def _is_as_far(a: Digest, b: Digest) -> bool:
    """Whether as many steps and updates had been made."""
    return all(moved(a, kind) == moved(b, kind) for kind in ("env step", "optimiser step"))


def moved(digest: Digest, kind: Kind) -> int:
    """How many events of a kind there had been."""
    return sum(n for key, n in digest.counts.items() if key[0] == kind)


def is_near(a: Digest, b: Digest) -> bool:
    """Whether what was observed is the same but for what rounding does at once."""
    if a.values is None or b.values is None or not a.values.size or a.values.shape != b.values.shape:
        return a.equals(b)
    size = np.abs(a.values[np.isfinite(a.values) & (a.values != 0.0)])
    usual = float(size.mean()) if size.size else 1.0
    return bool(np.allclose(b.values, a.values, rtol=STRAYED, atol=STRAYED * usual, equal_nan=True))
