"""Normal and Student tails, quantiles and proper scores; only what two engines use. NumPy only."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, exp, isfinite, lgamma, log, log1p

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]

# Rational functions fitted for this file to erfc and its inverse computed with 60 digits, least relative
# error; highest power first. tests/oracles/test_stats_scipy.py holds them to SciPy.
# P(Z > z)·exp(z²/2) for z from 0 to 38: relative error 1e-14.
_TAIL = (
    (0.3989422804499007, 9.76940173714584, 114.5776099667915, 833.3318620240401, 4093.2669359897627,
     13901.925375642826, 32026.555732319794, 46290.05116409215, 33063.23257087109),
    (1.0, 24.488258641602926, 288.2034751690319, 2113.3415391859753, 10545.499909799582, 36886.88336283315,
     89973.79917767897, 146955.5283670454, 145341.3879251554, 66126.46514174285),
)  # fmt: skip
# Quantile at ½ + y, over y, as a function of y² for |y| ≤ 0.45: 3e-13.
_CENTRE = (
    (31.13423305593241, -298.792733212161, 591.7501694204685, -476.7662026378218, 185.20244361239966,
     -34.637054198871226, 2.506628274631772),
    (54.1679335021522, -253.68174188810823, 374.9738593801303, -253.48145842921159, 87.14917007275132,
     -14.865382939429782, 1.0),
)  # fmt: skip
# Upper quantile at q, as a function of √(−2 ln q), for q from 1e-300 to 0.05: 1.4e-14.
_BEYOND = (
    (1.0000037399097432, 149.6235213911423, 5768.637036130908, 78209.53118558088, 418093.08372548677,
     855524.3819299842, 100196.72224398977, -1444177.6948383742, -817928.0819928485, -15675.67978509852),
    (1.0, 149.62670374922308, 5775.491406357889, 78982.54949707648, 441345.08125906804, 1099119.6475749502,
     1109733.6409990713, 298533.3284688296, -475.41090253682677),
)  # fmt: skip
_EDGE = 0.45
_LEAST = 1e-300
_MOST = 1.0 - 2.0**-53  # the largest number below 1


def normal_sf(z: FloatArray) -> FloatArray:
    """P(Z > z), same shape; relative error below 1e-12 down to 1e-300, 0 from z = 39 on.

    >>> round(float(normal_sf(np.array([1.959964]))[0]), 6)
    0.025
    """
    upper = _upper_tail(z)
    return np.where(z < 0, 1.0 - upper, upper)


def normal_cdf(z: FloatArray) -> FloatArray:
    """P(Z ≤ z), same shape; relative error as `normal_sf`, so that P(Z ≤ z) = P(Z > −z) to the digit."""
    upper = _upper_tail(z)
    return np.where(z > 0, 1.0 - upper, upper)


def upper_quantile(q: FloatArray) -> FloatArray:
    """The z with P(Z > z) = q, same shape; relative error below 1e-12.

    q is taken into [1e-300, 1 − 2⁻⁵³], so the result is finite: within −8.21 and 37.05.
    """
    q = np.clip(q, _LEAST, _MOST)
    y = 0.5 - q
    square = y * y
    np.minimum(square, _EDGE**2, out=square)
    z: FloatArray = y * _ratio(_CENTRE, square)
    out = np.flatnonzero(np.abs(y) > _EDGE)
    if len(out):
        low = q[out]
        beyond = _ratio(_BEYOND, np.sqrt(-2.0 * np.log(np.minimum(low, 1.0 - low))))
        z[out] = np.copysign(beyond, y[out])
    return z


def normal_quantile(p: FloatArray) -> FloatArray:
    """The z with P(Z ≤ z) = p, same shape; see `upper_quantile`."""
    return -upper_quantile(p)


def nearest_rank(values: FloatArray, levels: Sequence[float]) -> FloatArray:
    """Quantiles that are values: the ⌈p·n⌉-th smallest, shape (levels,).

    >>> nearest_rank(np.array([3.0, 1.0, 2.0]), (0.1, 0.5, 0.9)).tolist()
    [1.0, 2.0, 3.0]
    """
    at = [max(0, ceil(p * len(values) - 1e-9) - 1) for p in levels]
    return np.asarray(np.partition(values, at)[at], dtype=float)


def t_sf(t: float, df: float) -> float:
    """P(T > t) for Student's t with df > 0 degrees of freedom, whole or not; the normal tail for df = inf.

    Half of the regularised incomplete beta function I_x(df/2, 1/2) at x = df / (df + t²).

    >>> round(t_sf(2.7764451, 4.0), 6)
    0.025
    """
    if not isfinite(df):
        return float(normal_sf(np.array([float(t)]))[0])
    t2 = t * t
    half = 0.5 * _incomplete_beta(df / 2.0, 0.5, df / (df + t2), t2 / (df + t2))
    return half if t >= 0 else 1.0 - half


def t_quantile(p: float, df: float) -> float:
    """The t with P(T ≤ t) = p for 0 < p < 1, by bisection on the tail; relative error below 1e-10.

    >>> round(t_quantile(0.975, 4.0), 4)
    2.7764
    """
    if p < 0.5:
        return -t_quantile(1.0 - p, df)
    tail, low, high = 1.0 - p, 0.0, 1.0
    while t_sf(high, df) > tail:
        low, high = high, 2.0 * high
    while high - low > 1e-12 * high:
        middle = 0.5 * (low + high)
        low, high = (middle, high) if t_sf(middle, df) > tail else (low, middle)
    return 0.5 * (low + high)


def chi2_quantile(p: float, df: float) -> float:
    """The x with P(X ≤ x) = p for the chi-square law, 0 < p < 1, by bisection; relative error below 1e-9.

    >>> round(chi2_quantile(0.95, 10.0), 3)
    18.307
    """
    low, high = 0.0, df
    while _lower_gamma(df / 2.0, high / 2.0) < p:
        low, high = high, 2.0 * high
    while high - low > 1e-12 * high:
        middle = 0.5 * (low + high)
        low, high = (middle, high) if _lower_gamma(df / 2.0, middle / 2.0) < p else (low, middle)
    return 0.5 * (low + high)


def _lower_gamma(a: float, x: float) -> float:
    """The regularised lower incomplete gamma function P(a, x), by its series."""
    if x <= 0.0:
        return 0.0
    term = total = 1.0 / a
    n = a
    while term > 1e-17 * total:
        n += 1.0
        term *= x / n
        total += term
    front = a * log(x) - x - lgamma(a) + log(total)
    return min(1.0, exp(front))


def _incomplete_beta(a: float, b: float, x: float, y: float) -> float:
    """I_x(a, b) with y = 1 − x given apart, so that nothing is lost near 1: Lentz's continued fraction."""
    if x <= 0.0:
        return 0.0
    if y <= 0.0:
        return 1.0
    if x > (a + 1.0) / (a + b + 2.0):
        return 1.0 - _incomplete_beta(b, a, y, x)
    log_x, log_y = (log(v) if v < 0.5 else log1p(-w) for v, w in ((x, y), (y, x)))
    front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log_x + b * log_y) / a
    c, d = 1.0, 1.0 / (1.0 - (a + b) * x / (a + 1.0))
    fraction = d
    for m in range(1, 10_000):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for term in (even, odd):
            d, c = 1.0 / (1.0 + term * d), 1.0 + term / c
            fraction *= c * d
        if abs(c * d - 1.0) < 1e-15:
            break
    return front * fraction


def median(values: ArrayLike) -> float:
    """The median of some numbers, as NumPy's at a tenth of its cost for few; NaN where there are none or one is NaN.

    >>> median([3.0, 1.0, 2.0, 10.0])
    2.5
    """
    ordered = np.sort(np.asarray(values, dtype=float))
    n = len(ordered)
    return float(0.5 * (ordered[(n - 1) // 2] + ordered[n // 2])) if n and ordered[-1] == ordered[-1] else float("nan")


def crps_sample(draws: FloatArray, observed: float) -> float:
    """Continuous ranked probability score of a sample against what came: E|X − y| − E|X − X'| / 2.

    Source: Gneiting & Raftery 2007, equation 21.
    """
    ordered = np.sort(draws)
    n = len(ordered)
    weights = 2.0 * np.arange(1, n + 1) - n - 1.0
    return float(np.abs(ordered - observed).mean() - (weights @ ordered) / n**2)


def _upper_tail(z: FloatArray) -> FloatArray:
    """P(Z > |z|), same shape."""
    x = np.abs(z)
    np.minimum(x, 40.0, out=x)  # far beyond the last tail that is not 0, and finite
    tail = np.square(x)
    tail *= -0.5
    np.exp(tail, out=tail)
    tail *= _ratio(_TAIL, x)
    return tail


def _ratio(coefficients: tuple[Sequence[float], Sequence[float]], x: FloatArray) -> FloatArray:
    """A rational function, highest power first, same shape."""
    above, below = (_polynomial(c, x) for c in coefficients)
    above /= below
    return above


def _polynomial(coefficients: Sequence[float], x: FloatArray) -> FloatArray:
    """Horner's scheme in one array: a new one for each step would cost more than the arithmetic."""
    total = coefficients[0] * x
    for c in coefficients[1:-1]:
        total += c
        total *= x
    total += coefficients[-1]
    return total
