"""Estimates → draws: how long each activity takes in each draw (rules E1–E9, R3, R4, S4).

Every stream is keyed by (seed, what, name), so an edit of the plan redraws only what it renames
(rule E9), and the first k of n draws are the draws that k alone would give.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b
from math import ceil, exp, log, sqrt

import numpy as np
from numpy.typing import NDArray

from sixdays import stats
from sixdays.odds import history as past
from sixdays.plan.actuals import Actual
from sixdays.plan.model import Estimate, Risk
from sixdays.plan.network import Activity, Network

FloatArray = NDArray[np.float64]

RHO = 0.2  # rule E8: within person and week .10 and .21 on public estimates; no data for machines
RANGE_SIGMAS = 2 * 1.644854  # rule E1: a range holds the middle 90 %
ASSUMED_SIGMA = 0.42  # rule E7: a single number of an experiment is 0.5–2×
Z_90 = 1.281552  # the 90 % quantile of a standard normal
KEPT = 5_000_000  # numbers kept of each sort, 40 MB: what is not is drawn again, to the same values
FINISHED_SIGMA = 0.1  # rule E5: copies of one task around those that have finished


class Draws:
    """n draws of every random quantity of a plan, made when first asked for and, up to a bound, kept."""

    def __init__(self, seed: int, n: int, whole: Draws | None = None) -> None:
        self.seed = seed
        self.n = n
        self._whole = whole
        self._made: dict[tuple[str, str], FloatArray] = {}
        self._lengths: dict[object, Lengths] = {}

    def first(self, n: int) -> Draws:
        """The first n of these draws."""
        return self if n >= self.n else Draws(self.seed, n, self)

    def normal(self, what: str, name: str) -> FloatArray:
        """Standard normals, shape (n,)."""
        return self._stream(what, name, normal=True)

    def uniform(self, what: str, name: str) -> FloatArray:
        """Uniforms in [0, 1), shape (n,)."""
        return self._stream(what, name, normal=False)

    def _stream(self, what: str, name: str, *, normal: bool) -> FloatArray:
        if (found := self._made.get((what, name))) is not None:
            return found
        if self._whole is not None and (wide := self._whole._made.get((what, name))) is not None:
            made = wide[: self.n]
        else:
            key = blake2b(f"{self.seed}\0{what}\0{name}".encode(), digest_size=16).digest()
            rng = np.random.Generator(np.random.SFC64(int.from_bytes(key, "big")))
            made = rng.standard_normal(self.n) if normal else rng.random(self.n)
        if len(self._made) * self.n < KEPT:
            self._made[what, name] = made
        return made

    def remembered(self, key: object, make: Callable[[], Lengths]) -> Lengths:
        """Lengths that were drawn before, so that a changed plan redraws only what it changes."""
        found = self._lengths.get(key)
        if found is None:
            found = make()
            if len(self._lengths) * self.n < KEPT:
                self._lengths[key] = found
        return found


@dataclass(frozen=True, slots=True)
class Law:
    """The distribution of one copy's length: a constant, a lognormal, or a median times a ratio table.

    least_s: the length is drawn given that it is not below this (rules E2, E6).
    basis: what it rests on, in the words of the screen.
    """

    median_s: float
    sigma: float
    least_s: float
    basis: str
    table: past.RatioTable | None = None

    def draw(self, z: FloatArray) -> FloatArray:
        """Lengths in seconds for standard normals z, monotone in z, same shape."""
        if self.table is not None:
            u = stats.normal_cdf(z)
            if self.least_s > 0:
                below = float(self.table.cdf(np.array([log(self.least_s / self.median_s)]))[0])
                u = below + (1 - below) * u
            lengths: FloatArray = self.median_s * np.exp(self.table.quantile(u))
        elif self.sigma == 0:
            lengths = np.full(z.shape, self.median_s)
        else:
            mu = log(self.median_s)
            if self.least_s > 0:
                z = _not_below((log(self.least_s) - mu) / self.sigma, z)
            lengths = np.exp(mu + self.sigma * z)
        return np.maximum(lengths, self.least_s) if self.least_s > 0 else lengths

    @property
    def middle_s(self) -> float:
        """The median, the least it can be taken into account."""
        if self.least_s <= 0 and self.table is None:
            return self.median_s
        return float(self.draw(np.zeros(1))[0])


def _not_below(a: float, z: FloatArray) -> FloatArray:
    """Standard normals given that they are ≥ a: S(z') = S(a)·S(z), with upper tails so that it
    stays exact when almost everything lies below a (rule E2).
    """
    if a < -9:
        return z
    tail = stats.normal_sf(z)
    if a < 36:
        return stats.upper_quantile(stats.normal_sf(np.array([a]))[0] * tail)
    return np.sqrt(a * a - 2 * np.log(tail))  # S(x) ~ φ(x)/x, so the square is a² plus an exponential


def law(a: Activity, network: Network, *, as_stated: bool, history: Sequence[Actual] | None) -> Law:
    """The distribution of one copy of an activity, given what it has done so far."""
    floor_s = (a.takes.floor_ms or 0) / 1000
    least = max(floor_s, a.worked_ms[0] / 1000 if a.worked_ms else 0.0)
    if a.lengths_s:
        known = np.log(np.array(a.lengths_s))
        sigma = float(np.std(known, ddof=1)) if len(known) > 2 else FINISHED_SIGMA
        least = max(min(floor_s, *a.lengths_s), a.worked_ms[0] / 1000 if a.worked_ms else 0.0)
        return Law(float(np.mean(a.lengths_s)), sigma, least, "its finished copies")
    if known_left := [w / 1000 + left[1] for w, left in zip(a.worked_ms, a.left_s, strict=True) if left]:
        return Law(float(np.mean(known_left)), FINISHED_SIGMA, least, "its own rate")
    takes = a.takes
    given = ", given how long it has run" if a.running else ""
    if takes.form == "exact":
        return Law(takes.low_s, 0.0, least, "assumed" if takes.basis == "assumed" else "stated")
    if takes.form == "range":
        mu, sigma = log(takes.median_s), log(takes.high_s / takes.low_s) / RANGE_SIGMAS
        if history and not as_stated and not a.experiment:
            b, c = past.range_correction(history, network.now)
            mu, sigma = mu + b * sigma, c * sigma
        return Law(exp(mu), sigma, least, "your guess" + given)
    if as_stated:
        return Law(takes.low_s, 0.0, least, "your guess" + given)
    if a.experiment:
        return Law(takes.low_s, ASSUMED_SIGMA, least, "your guess, 0.5–2× assumed" + given)
    table = past.corrected(takes.low_s, history, network.now) if history else past.shipped_prior(takes.low_s)
    basis = "your guess, corrected by your history" if history else "your guess, corrected as people's usually need"
    return Law(takes.low_s, 0.0, least, basis + given, table)


@dataclass(frozen=True, slots=True)
class Lengths:
    """Draws for one activity, seconds, each of shape (n,).

    copy: one copy that has not started. rest: what is left of each running copy.
    wait: in the queue, before it takes units. delay: added before it is ready, or None.
    tries: the number of tries needed, inf where the idea cannot work; None without tries.
    again: rounds or copies repeated because a risk struck, as a count.
    """

    copy: FloatArray
    rest: tuple[FloatArray, ...]
    wait: FloatArray | None
    delay: FloatArray | None
    tries: FloatArray | None
    again: FloatArray | None


def sample(
    network: Network, draws: Draws, *, as_stated: bool = False, history: Sequence[Actual] | None = None
) -> list[Lengths | None]:
    """Draws for every activity, by its index; None for those that are finished."""
    out: list[Lengths | None] = []
    risks = network.plan.risks
    for a in network.activities:
        if a.done_ms is not None:
            out.append(None)
            continue
        struck = tuple(risks[r] for r in (*a.repeats, *a.adds))
        key = (a.name, a.takes, a.worked_ms, a.left_s, a.lengths_s, a.wait, a.limit_ms, a.speed, a.group, a.rounds,
               a.experiment, struck, as_stated)  # fmt: skip
        make = partial(_sample, a, network, draws, as_stated=as_stated, history=history)
        out.append(draws.remembered(key, make))
    return out


def _sample(
    a: Activity, network: Network, draws: Draws, *, as_stated: bool, history: Sequence[Actual] | None
) -> Lengths:
    what = law(a, network, as_stated=as_stated, history=history)
    rho = 0.0 if as_stated else RHO
    if what.sigma == 0 and what.table is None:
        whole = np.full(draws.n, max(what.median_s, what.least_s))
    else:
        whole = what.draw(_correlated(draws, a, rho))
    wait = drawn(a.wait, draws, "wait", a.name) if a.wait else None
    wholes = [
        whole if left is None else w / 1000 + _left(left, _correlated(draws, a, rho))
        for w, left in zip(a.worked_ms, a.left_s, strict=True)
    ]
    rest = tuple((length - w / 1000) / a.speed for length, w in zip(wholes, a.worked_ms, strict=True))
    copy = whole / a.speed if a.speed != 1.0 else whole
    if a.limit_ms:
        limit = a.limit_ms / 1000
        more = wait if wait is not None else 0.0
        rest = tuple(
            r + np.maximum(np.ceil(length / limit) - max(1, ceil(w / a.limit_ms)), 0) * more
            for r, length, w in zip(rest, wholes, a.worked_ms, strict=True)
        )
        copy = copy + np.maximum(np.ceil(copy / limit - 1e-9) - 1, 0) * more
    again = _struck([network.plan.risks[r] for r in a.repeats], draws)
    if again is not None and a.rounds is None:
        rest = tuple(r + again * copy for r in rest)
        copy = copy * (1 + again)
    tries = _tries_needed(a.rounds.each, a.rounds.works, draws, a.name) if a.rounds else None
    return Lengths(copy, rest, wait, _delay(a, network, draws), tries, again)


def _left(left_s: tuple[float, float, float], z: FloatArray) -> FloatArray:
    """What is left of a running copy, from its own progress: a lognormal with a side for each half (rule E6)."""
    p10, p50, p90 = (max(x, 1e-3) for x in left_s)
    lower, upper = log(p50 / p10) / Z_90, log(p90 / p50) / Z_90
    made: FloatArray = p50 * np.exp(np.where(z < 0, lower, upper) * z)
    return made


def _correlated(draws: Draws, a: Activity, rho: float) -> FloatArray:
    """√ρ·Z_g + √(1−ρ)·ε, g the first resource that it needs (rule E8)."""
    own = draws.normal("duration", a.name)
    if rho == 0:
        return own
    mixed: FloatArray = own * sqrt(1 - rho)
    mixed += sqrt(rho) * draws.normal("common", a.group)
    return mixed


def drawn(estimate: Estimate, draws: Draws, what: str, name: str) -> FloatArray:
    """Draws of a wait or a delay: never corrected, never correlated (rules E1, E7)."""
    least = (estimate.floor_ms or 0) / 1000
    sigma = log(estimate.high_s / estimate.low_s) / RANGE_SIGMAS if estimate.form == "range" else 0.0
    return Law(estimate.median_s, sigma, least, "").draw(draws.normal(what, name))


def _struck(risks: list[Risk], draws: Draws) -> FloatArray | None:
    """How many of these risks strike, in each draw."""
    if not risks:
        return None
    total = np.zeros(draws.n)
    for risk in risks:
        total += draws.uniform("coin", risk.name) < risk.odds
    return total


def _delay(a: Activity, network: Network, draws: Draws) -> FloatArray | None:
    """What the risks that add time add, in seconds of the activity's own working time (rule R4)."""
    total: FloatArray | None = None
    for name in a.adds:
        risk = network.plan.risks[name]
        assert risk.adds is not None
        added = (draws.uniform("coin", name) < risk.odds) * drawn(risk.adds, draws, "size", name)
        total = added if total is None else total + added
    return total


def _tries_needed(each: float, works: float, draws: Draws, name: str) -> FloatArray:
    """K, geometric, inf where the idea does not work (rule T1). One stream each for coin and count."""
    u = draws.uniform("tries", name)
    needed = np.ones(draws.n) if each >= 1 else np.maximum(np.ceil(np.log1p(-u) / np.log1p(-each)), 1)
    return np.where(draws.uniform("works", name) < works, needed, np.inf)
