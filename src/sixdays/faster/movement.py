"""How far parameters moved, candidate against original: rounding moves them alike, another algorithm does not.

Under the same streams θ_u − θ_0 of the first updates must agree in length, element by element, and in direction. Late
differences prove nothing, because runs diverge by chaos; late *lengths* must still be of one order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from sixdays.faster.model import FloatArray

_AFTER = (1, 2, 3, 5, 10)  # updates, at which limits were measured; between them by line
LENGTH = dict(zip(range(1, 11), np.interp(range(1, 11), _AFTER, (0.002, 0.002, 0.003, 0.004, 0.008)), strict=True))
"""How far the median ratio of movements may be from 1 after so many updates.

Measured (torch 2.13, CPU; perceptron, convolutions with dropout, transformer; Adam and SGD with momentum): fused and
foreach optimisers, 1 against 2 threads and sums in other orders gave 1 ± 0.00001 at each of these updates and lay at
most 0.02 % apart; a learning rate off by 1 % gave 1.0100 after update 1 and 1.0097 after update 10.
"""
APART = dict(zip(range(1, 11), np.interp(range(1, 11), _AFTER, (0.10, 0.08, 0.08, 0.10, 0.15)), strict=True))
"""How far apart the movements may lie after so many updates, relative to the original's (L2).

Measured: products rounded to 11 bits, as TF32 does, at most 0.004; to 8 bits, 0.11 after the first update (Adam makes
a whole step of the sign of a small gradient) and 0.02 after the tenth; other data 0.34 and more; the first batch over
and over 0.29 and more from update 2 on.
"""
BULK = 0.002
"""How far apart the third quartile of elements may lie from update 2 on, relative to each one's own movement, where
products are not rounded to fewer bits: on a CPU.

Measured (the same; seven networks, five optimisers): sums in other orders at most 0.00001 at each of the ten updates,
while few elements whose gradients are zero but for rounding (biases before a batch norm) took the distance in L2 to
0.06; one row of 64 other than the original's 0.016 and more, a critic's answers one step old 0.005. TF32 gives up to
0.013 after the third, so it is not asked on a GPU.
"""
LATE = (0.6, 1.7)  # geometric mean of late lengths, over SOME stretches or more
WILD = (1 / 3, 3.0)  # the same of a single late stretch
SOME = 3
MOVING = 0.1  # elements that moved by at least this share of the largest are compared
# From the one distance to the other between two checkpoints rounding does not grow, unless it grew so before; and how
# much more it may grow then.
CLOSE, JUMP, GROWN = 1e-3, 0.05, 3.0
STILL = 1e-3  # a movement shorter than this share of the original's is none
_STEP = {"bfloat16": 2.0**-8, "float16": 2.0**-11}  # relative distance of neighbouring numbers; float32: 2**-24


@dataclass(frozen=True, slots=True)
class Seen:
    """The two movements after an update.

    length: the median ratio of elements. apart: their distance, relative to the original's. aside: the same once the
    candidate's is scaled to the original's length: what is left is direction. bulk: the third quartile of the
    elements' distances, each relative to its own movement, beyond what the rounding of the parameters allows.
    """

    at: int
    length: float
    apart: float
    aside: float
    bulk: float


def compare(at: int, a: FloatArray, b: FloatArray, rounding: FloatArray | float = 0.0) -> Seen | None:
    """Movements a (original) and b compared, each shape (n,); None where the original did not move.

    rounding: how far a movement may be off because parameters are rounded, shape (n,).
    """
    size = np.abs(a)
    if not size.size or not np.all(np.isfinite(a)) or size.max() == 0.0:
        return None
    if not np.all(np.isfinite(b)):
        return Seen(at, float("inf"), float("inf"), float("inf"), float("inf"))
    moving = size >= MOVING * size.max()
    length, whole = float(np.median(b[moving] / a[moving])), float(np.linalg.norm(a))
    scaled = b / length if abs(length) > STILL else b
    beyond = np.maximum(np.abs(b - a) - rounding, 0.0)[moving] / size[moving]
    bulk = float(np.quantile(beyond, 0.75))
    return Seen(at, length, float(np.linalg.norm(b - a)) / whole, float(np.linalg.norm(scaled - a)) / whole, bulk)


def early(original: Mapping[int, FloatArray], candidate: Mapping[int, FloatArray], dtype: str = "") -> tuple[Seen, ...]:
    """The movements of the first updates that both have; empty where they start from different parameters.

    original, candidate: values by update, 0 before the first. dtype: a text that names the parameters' types.
    """
    if 0 not in original or 0 not in candidate or original[0].shape != candidate[0].shape:
        return ()
    a0, b0 = original[0], candidate[0]
    rounding = 2.0 * _step(dtype) * np.abs(a0)
    seen = (
        compare(u, original[u] - a0, candidate[u] - b0, u * rounding)
        for u in sorted(LENGTH)
        if u in original and u in candidate and not _is_hidden(a0, original[u] - a0, dtype)
    )
    return tuple(s for s in seen if s is not None)


def _step(dtype: str) -> float:
    return next((s for name, s in _STEP.items() if name in dtype), 2.0**-24)


def _is_hidden(values: FloatArray, moved: FloatArray, dtype: str) -> bool:
    """Whether a movement is so small that the rounding of the parameters themselves hides a difference of 0.2 %."""
    step, size = _step(dtype), np.abs(moved)
    if not size.size or size.max() == 0.0:
        return False
    moving = size >= MOVING * size.max()
    noise = float(np.median(step * np.abs(values[moving]) / size[moving]))
    return bool(noise / np.sqrt(np.count_nonzero(moving)) > LENGTH[1] / 3.0)


def strange(seen: Seen, is_exact: bool = False) -> str:
    """What is wrong with a movement, in words; empty where it agrees. is_exact: its products are not rounded (BULK)."""
    after = f"after update {seen.at} the parameters had"
    if abs(seen.length) < STILL:
        return f"{after} not moved: are updates left out?"
    is_off, is_aside = abs(seen.length - 1.0) > LENGTH[seen.at], seen.aside > APART[seen.at]
    far = f"moved {seen.length:.3f} times as far"
    if is_off and is_aside:
        left_out = "are updates left out, or is it " if seen.at > 1 and 0.2 < seen.length < 0.85 else ""
        return f"{after} {far} and elsewhere ({seen.apart:.0%} apart): {left_out}other data, or another loss?"
    if is_off:
        return f"{after} {far}: another learning rate{', or another loss' if seen.at > 1 else ''}?"
    if is_aside:
        return f"{after} moved elsewhere ({seen.apart:.0%} apart): other data, or another loss?"
    if is_exact and seen.at > 1 and seen.bulk > BULK:
        far = f"{seen.bulk:.1%} apart, farther than rounding goes"
        return f"{after} moved elsewhere ({far}): other data, another loss, or another precision?"
    return ""


def late(original: Mapping[int, FloatArray], candidate: Mapping[int, FloatArray]) -> str:
    """What is wrong with how far parameters moved between late updates, in words; empty where nothing is."""
    common = [u for u in sorted(original) if u in candidate and u >= max(LENGTH)]
    ratios = []
    for u, v in pairwise(common):
        a = float(np.linalg.norm(original[v] - original[u]))
        b = float(np.linalg.norm(candidate[v] - candidate[u]))
        if not a or not np.isfinite(a):
            continue
        if not WILD[0] <= b / a <= WILD[1]:
            how = "had not moved" if b < STILL * a else f"had moved {b / a:.2f} times as far"
            return f"from update {u} to {v} the parameters {how}: are updates left out?"
        ratios.append(b / a)
    if len(ratios) < SOME:
        return ""
    mean = float(np.exp(np.mean(np.log(ratios))))
    if LATE[0] <= mean <= LATE[1]:
        return ""
    return f"from update {common[0]} on the parameters moved {mean:.2f} times as far: are updates left out?"


def jumped(original: Mapping[int, FloatArray], candidate: Mapping[int, FloatArray]) -> str:
    """That movements agreed closely and then lay apart at once, in words; empty where they drifted or agreed.

    A rounding that a learner amplifies grows exponentially, in the checkpoints before as in the one after.
    """
    common = sorted(original.keys() & candidate.keys())
    if not common or common[0] != 0:
        return ""
    all_seen = [compare(u, original[u] - original[0], candidate[u] - candidate[0]) for u in common[1:]]
    seen = [s for s in all_seen if s is not None]
    for first, before, after in zip((None, *seen), seen, seen[1:], strict=False):
        if before.apart <= CLOSE and after.apart > JUMP and not _is_growth(first, before, after):
            return (
                f"the parameters agreed until update {before.at} and lay {after.apart:.0%} apart after update "
                f"{after.at}: are updates left out, or other data?"
            )
    return ""


def _is_growth(first: Seen | None, before: Seen, after: Seen) -> bool:
    """Whether movements drift apart as fast as they did from one checkpoint to the next before."""
    if first is None or first.apart <= 0.0 or before.apart <= first.apart:
        return False
    growth = np.log(before.apart / first.apart) / (before.at - first.at)
    return bool(np.log(after.apart / before.apart) <= growth * (after.at - before.at) + np.log(GROWN))
