"""Normal tails, quantiles and proper scores, vectorised; only what two engines use. NumPy only."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, sqrt

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

# Chebyshev coefficients on [-1, 1] of log(erfc(x)/t) + x² as a function of 2t − 1, t = 2/(2 + x): interpolated
# for this file from scipy.special.erfcx; relative error of erfc below 4e-13 down to 1e-300 (tests/oracles).
_ERFC = (
    -0.6513268598908547, 0.6419697923564902, 0.019476473204185756, -0.009561514786808528, -0.0009465953444820287,
    0.00036683949785273906, 4.252332480708388e-05, -2.027857811259817e-05, -1.6242900041714467e-06,
    1.303655835168244e-06, 1.5626442410425238e-08, -8.523809643466487e-08, 6.529055022630698e-09,
    5.0593429854563584e-09, -9.913636700637783e-10, -2.2736569335075878e-10, 9.646880185760507e-11,
    2.3933469422714144e-12, -6.885428434737109e-12, 8.939401351750337e-13, 3.1335314757997646e-13,
    -1.1311492654802512e-13, 8.33208848983016e-16, 6.416604603120215e-15,
)  # fmt: skip

# Rational approximation of the normal quantile, relative error 1.2e-9 (P. J. Acklam), refined below.
_A = (
    -39.69683028665376,
    220.9460984245205,
    -275.9285104469687,
    138.3577518672690,
    -30.66479806614716,
    2.506628277459239,
)
_B = (-54.47609879822406, 161.5858368580409, -155.6989798598866, 66.80131188771972, -13.28068155288572, 1.0)
_C = (
    -0.007784894002430293,
    -0.3223964580411365,
    -2.400758277161838,
    -2.549732539343734,
    4.374664141464968,
    2.938163982698783,
)
_D = (0.007784695709041462, 0.3224671290700398, 2.445134137142996, 3.754408661907416, 1.0)
_CENTRE = 0.02425
_LEAST = 1e-300


def normal_sf(z: FloatArray) -> FloatArray:
    """P(Z > z), same shape; relative error below 1e-12 down to 1e-300.

    >>> round(float(normal_sf(np.array([1.959964]))[0]), 6)
    0.025
    """
    x = np.abs(z) / sqrt(2.0)
    t = 2.0 / (2.0 + x)
    upper: FloatArray = 0.5 * t * np.exp(_chebyshev(2.0 * t - 1.0) - x * x)
    return np.where(z < 0, 1.0 - upper, upper)


def normal_cdf(z: FloatArray) -> FloatArray:
    """P(Z ≤ z), same shape."""
    return normal_sf(-z)


def upper_quantile(q: FloatArray) -> FloatArray:
    """The z with P(Z > z) = q, for q from 1e-300 to 1; same shape.

    One Newton step on the logarithm of the tail makes the rational approximation exact to 1e-12.
    """
    q = np.clip(q, _LEAST, 1.0 - 1e-16)
    z = -_rational(q)
    tail = np.maximum(normal_sf(z), _LEAST)
    density = np.exp(-0.5 * z * z) / sqrt(2.0 * np.pi)
    return z + tail * np.log(tail / q) / np.maximum(density, 1e-310)


def normal_quantile(p: FloatArray) -> FloatArray:
    """The z with P(Z ≤ z) = p; same shape."""
    return -upper_quantile(np.asarray(p, dtype=float))


def nearest_rank(values: FloatArray, levels: Sequence[float]) -> FloatArray:
    """Quantiles that are values: the ⌈p·n⌉-th smallest, shape (levels,).

    >>> nearest_rank(np.array([3.0, 1.0, 2.0]), (0.1, 0.5, 0.9)).tolist()
    [1.0, 2.0, 3.0]
    """
    at = [max(0, ceil(p * len(values) - 1e-9) - 1) for p in levels]
    return np.asarray(np.partition(values, at)[at], dtype=float)


def crps_sample(draws: FloatArray, observed: float) -> float:
    """Continuous ranked probability score of a sample against what came: E|X − y| − E|X − X'| / 2.

    Source: Gneiting & Raftery 2007, equation 21.
    """
    ordered = np.sort(draws)
    n = len(ordered)
    weights = 2.0 * np.arange(1, n + 1) - n - 1.0
    return float(np.abs(ordered - observed).mean() - (weights @ ordered) / n**2)


def _chebyshev(x: FloatArray) -> FloatArray:
    """The series at x, by Clenshaw's recurrence."""
    twice = 2.0 * x
    b0 = np.full_like(x, _ERFC[-1])
    b1 = np.zeros_like(x)
    for c in _ERFC[-2:0:-1]:
        b0, b1 = twice * b0 - b1 + c, b0
    return x * b0 - b1 + _ERFC[0]


def _rational(p: FloatArray) -> FloatArray:
    """The lower quantile, relative error 1.2e-9."""
    r = np.minimum(p, 1.0 - p)
    q = np.clip(p, _CENTRE, 1.0 - _CENTRE) - 0.5
    s = q * q
    centre = q * _horner(_A, s) / _horner(_B, s)
    if (r >= _CENTRE).all():
        return centre
    u = np.sqrt(-2.0 * np.log(np.minimum(r, _CENTRE)))
    tail = _horner(_C, u) / _horner(_D, u)
    return np.where(r < _CENTRE, np.where(p < 0.5, tail, -tail), centre)


def _horner(coefficients: Sequence[float], x: FloatArray) -> FloatArray:
    total = np.full_like(x, coefficients[0])
    for c in coefficients[1:]:
        total = total * x + c
    return total
