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
BANDWIDTH = 1.0  # of ln estimate: an estimate of 2 h says little about one of 2 weeks
SHRINK_LOCAL = 10.0  # own rows near in size against all own rows
SHRINK_PRIOR = 5.0  # own rows against the shipped prior: own history takes over fast (design §4)
SHRINK_RANGE = 10.0
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


def corrected(estimate_s: float, history: Sequence[Actual], now: datetime) -> RatioTable:
    """The distribution of the ratio for an estimate, learned from finished tasks.

    Kernel in the log-size of the estimate × recency (half-life 180 days) × shrinkage: near rows
    towards all own rows, those towards the shipped prior.
    """
    sizes, ratios, weights = _rows(history, now)
    prior = shipped_prior(estimate_s)
    if not len(ratios):
        return prior
    near = weights * np.exp(-0.5 * ((sizes - log(estimate_s)) / BANDWIDTH) ** 2)
    return mixture(ratios, near, weights, prior)


def mixture(ratios: FloatArray, near: FloatArray, own: FloatArray, prior: RatioTable) -> RatioTable:
    """Own rows weighted by size, shrunk towards own rows, shrunk towards the prior, as one table."""
    n_near, n_own = float(near.sum()), float(own.sum())
    local = n_near / (n_near + SHRINK_LOCAL)
    share_own = n_own / (n_own + SHRINK_PRIOR)
    weights = share_own * (local * near / max(n_near, 1e-12) + (1 - local) * own / max(n_own, 1e-12))
    values = np.concatenate([ratios, prior.quantile(_LEVELS)])
    weights = np.concatenate([weights, np.full(NODES, (1 - share_own) / NODES)])
    order = np.argsort(values, kind="stable")
    heights = np.cumsum(weights[order]) - weights[order] / 2
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
    b = float((w @ x) / (n + SHRINK_RANGE))
    spread = float((w @ (x - b) ** 2 + SHRINK_RANGE) / (n + SHRINK_RANGE))
    return b, spread**0.5


def _rows(history: Sequence[Actual], now: datetime) -> tuple[FloatArray, FloatArray, FloatArray]:
    """ln estimate, ln ratio and weight of each finished task that had a single number."""
    rows = [
        (log(a.estimate_s[0]), log(a.took_s[-1] / a.estimate_s[0]), _recency(a.finished, now))
        for a in history
        if a.estimate_s and a.took_s and a.finished and a.estimate_s[0] == a.estimate_s[1]
    ]
    made = np.array(rows, dtype=float).reshape(-1, 3)
    return made[:, 0], made[:, 1], made[:, 2]


def _recency(finished: datetime, now: datetime) -> float:
    return float(0.5 ** (max(0.0, (now - finished).total_seconds()) / 86400 / HALF_LIFE_DAYS))
