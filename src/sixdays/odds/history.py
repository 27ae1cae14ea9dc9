"""How long things take beside what was said: the shipped prior, and corrections learned from history (rule E7).

A table of quantiles of ln(actual / estimate) carries everything, the atom at 1 included (it is the flat
piece at 0). The shipped prior is people's work on public data (`fits/prior.py`, sources in prior.json).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.resources import files
from math import log

import numpy as np

from sixdays.plan.actuals import Actual
from sixdays.stats import FloatArray

HALF_LIFE_DAYS = 180.0
BANDWIDTH = 0.5  # of ln estimate: an estimate of 2 h says little about one of 2 weeks
SHRINK = 10.0  # rows that a layer must weigh to count as much as what is behind it
NODES = 201
_LEVELS = (np.arange(NODES) + 0.5) / NODES


@dataclass(frozen=True, slots=True)
class RatioTable:
    """Quantiles of ln(actual / estimate): levels and values both rise, shape (nodes,)."""

    levels: FloatArray
    values: FloatArray

    def quantile(self, u: FloatArray) -> FloatArray:
        """The log ratio at probability u, same shape, monotone."""
        return np.interp(u, self.levels, self.values)

    def cdf(self, x: FloatArray) -> FloatArray:
        """P(log ratio < x), same shape; at the atom the probability below it."""
        at = np.searchsorted(self.values, x, side="left")
        low, high = np.maximum(at - 1, 0), np.minimum(at, len(self.values) - 1)
        gap = self.values[high] - self.values[low]
        part = np.where(gap > 0, (x - self.values[low]) / np.where(gap > 0, gap, 1.0), 0.0)
        inside = self.levels[low] + np.clip(part, 0.0, 1.0) * (self.levels[high] - self.levels[low])
        return np.where(x <= self.values[0], 0.0, np.where(x > self.values[-1], 1.0, inside))


def shipped_prior(estimate_s: float) -> RatioTable:
    """What people's work of this size takes beside its estimate, on public data."""
    sizes, levels, values = _prior()
    at = float(np.interp(log(estimate_s), sizes, np.arange(len(sizes))))
    low = min(int(at), len(sizes) - 2)
    mixed = values[low] + (at - low) * (values[low + 1] - values[low])
    return RatioTable(levels, mixed)


@cache
def _prior() -> tuple[FloatArray, FloatArray, FloatArray]:
    """ln seconds of the size bins, levels, and log ratios of shape (sizes, levels)."""
    text = files("sixdays.odds").joinpath("prior.json").read_text(encoding="utf-8")
    found = json.loads(text)
    return np.array(found["ln_seconds"]), np.array(found["levels"]), np.array(found["log_ratios"])


def corrected(
    estimate_s: float, history: Sequence[Actual], now: datetime, *, who: str = "", kind: str = ""
) -> RatioTable:
    """The distribution of the ratio for an estimate, learned from finished tasks.

    Kernel in the log-size of the estimate × recency, in three layers: one's own rows of this kind, one's
    own, everybody's; each is shrunk towards the next, the last towards the shipped prior.
    """
    rows = [a for a in history if a.estimate_s and a.took_s and a.finished and a.estimate_s[0] == a.estimate_s[1]]
    sizes = np.array([log(a.estimate_s[0]) for a in rows if a.estimate_s])
    ratios = np.array([log(a.took_s[-1]) for a in rows]) - sizes
    weights = np.array([_recency(a.finished, now) for a in rows if a.finished])
    weights = weights * np.exp(-0.5 * ((sizes - log(estimate_s)) / BANDWIDTH) ** 2)
    own = np.array([a.who == who for a in rows], dtype=bool)
    alike = own & np.array([a.kind == kind for a in rows], dtype=bool)
    layers = [(ratios[m], weights[m]) for m in (alike, own, np.ones(len(rows), dtype=bool))]
    return shrunk(layers, shipped_prior(estimate_s))


def shrunk(layers: Sequence[tuple[FloatArray, FloatArray]], prior: RatioTable) -> RatioTable:
    """Weighted rows, the most specific layer first, each shrunk towards the next, the last towards the prior.

    A layer of weight n counts n/(n + k), k = 10 (design §4).
    """
    values, shares = prior.quantile(_LEVELS), np.full(NODES, 1 / NODES)
    for rows, weights in reversed(layers):
        n = float(weights.sum())
        if n > 1e-9:
            share = n / (n + SHRINK)
            values = np.concatenate([values, rows])
            shares = np.concatenate([shares * (1 - share), share * weights / n])
    order = np.argsort(values, kind="stable")
    heights = np.cumsum(shares[order]) - shares[order] / 2
    return RatioTable(_LEVELS, np.interp(_LEVELS, heights, values[order]))


def range_correction(history: Sequence[Actual], now: datetime) -> tuple[float, float]:
    """(b, c): a range is corrected to μ + bσ and cσ, from z = (ln actual − μ)/σ of own ranges, shrunk to (0, 1)."""
    z, weights = [], []
    for a in history:
        if a.estimate_s is None or not a.took_s or a.finished is None or a.estimate_s[0] >= a.estimate_s[1]:
            continue
        low, high = log(a.estimate_s[0]), log(a.estimate_s[1])
        sigma = (high - low) / (2 * 1.644854)
        z.append((log(a.took_s[-1]) - (low + high) / 2) / sigma)
        weights.append(_recency(a.finished, now))
    if not z:
        return 0.0, 1.0
    w, x = np.array(weights), np.array(z)
    n = float(w.sum())
    b = float((w @ x) / (n + SHRINK))
    spread = float((w @ (x - b) ** 2 + SHRINK) / (n + SHRINK))
    return b, spread**0.5


def _recency(finished: datetime, now: datetime) -> float:
    return float(0.5 ** (max(0.0, (now - finished).total_seconds()) / 86400 / HALF_LIFE_DAYS))
