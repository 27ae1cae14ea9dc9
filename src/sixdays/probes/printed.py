"""Lines that a command printed → a number that grows, as a Counter; the numbers of its first lines, as Digests.

For commands that the agent cannot see into: other languages, programs without a known library.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sixdays.faster.model import EVERY, Counter, Digest, Printed

_NUMBER = re.compile(r"(?<![\w.])[-+]?(?:\d[\d_,]*(?:\.\d+)?|\.\d+)(?:[eE][-+]?\d+)?")
_BAR = re.compile(r"[\u2580-\u259f#=>\-.]{2,}|[\u2580-\u259f]|\s+|\x1b\[[\d;]*[A-Za-z]")  # progress bars, colours
_CLOCK = re.compile(r"\d{4}-\d\d-\d\d|\d{1,2}:\d\d(?::\d\d)?(?:[.,]\d+)?")  # dates and times of day say nothing
# What stands before a number that may grow and is no progress.
_OTHER = re.compile(
    r"(sps|fps|[^ ]*/s|sec\w*|rate|speed|reward|return|score|acc\w*|time|elapsed|eta|loss|gpu|pid|port|seed)$"
)
LEAST, SHAPES = 3, 16
MOMENTS = frozenset(m * 10**e for m in (1, 2, 3, 5) for e in range(6))


def counters(lines: Sequence[Printed]) -> tuple[Counter, ...]:
    """One Counter for each kind of line in which a whole number grows, in the order of appearance."""
    made = []
    for shape, found in _by_shape(lines).items():
        if len(found) < LEAST:
            continue
        at = np.array([p.at for p, _ in found])
        values = np.array([v for _, v in found])
        column = _growing(values, shape)
        if column is not None:
            made.append(_counter(shape, at, values[:, column], found[0][0].at))
    return tuple(made)


def digests(lines: Sequence[Printed]) -> tuple[Digest, ...]:
    """The numbers of the 1st, 2nd, 3rd, 5th, 10th … line of each kind."""
    return tuple(
        Digest(
            what="printed",
            site=site,
            at=n,
            hash=hashlib.blake2b(np.array(values).tobytes(), digest_size=8).hexdigest(),
            values=np.array(values),
            shapes=shape,
        )
        for site, (shape, found) in enumerate(_by_shape(lines).items())
        for n, (_, values) in enumerate(found, 1)
        if n in MOMENTS
    )


def _by_shape(lines: Sequence[Printed]) -> dict[str, list[tuple[Printed, list[float]]]]:
    """Lines by their text with the numbers taken out, the first few kinds; lines without a number are left out."""
    found: dict[str, list[tuple[Printed, list[float]]]] = {}
    for line in lines:
        text = _BAR.sub(" ", _CLOCK.sub(" ", line.text))
        words = _NUMBER.findall(text)
        shape = _NUMBER.sub("#", text).strip()[:80]
        if words and (shape in found or len(found) < SHAPES):
            kind = found.setdefault(shape, [])
            values = [_value(w) for w in words]
            if not kind or len(values) == len(kind[0][1]):
                kind.append((line, values))
    return found


def _value(word: str) -> float:
    return float(word.replace(",", "").replace("_", ""))


def _growing(values: NDArray[np.float64], shape: str) -> int | None:
    """The column of a whole number that grows: evenly if one does, else the one that comes furthest."""
    steps = np.diff(values, axis=0)
    names = [re.sub(r"[\W_]+$", "", part).lower() for part in shape.split("#")]
    other = np.array([bool(_OTHER.search(name)) for name in (names + [""] * values.shape[1])[: values.shape[1]]])
    whole = ~other & (values == np.round(values)).all(axis=0) & (steps >= 0).all(axis=0) & (values[-1] > values[0])
    even = whole & (steps == steps[0]).all(axis=0)
    candidates = np.flatnonzero(even if even.any() else whole)
    if not len(candidates):
        return None
    return int(candidates[np.argmax((values[-1] - values[0])[candidates])])


def _counter(shape: str, at: NDArray[np.float64], values: NDArray[np.float64], first: float) -> Counter:
    steps = np.diff(values)
    if (steps == steps[0]).all():
        return Counter("printed", "", shape, 0, at, len(at), each=float(steps[0]), first=first)
    new = np.concatenate(([True], steps > 0))  # a line that says the same again says nothing
    stride = max(1.0, np.ceil((values[-1] - values[0]) / EVERY))
    units = np.arange(values[0] + stride, values[-1] + 0.5, stride)
    times = np.interp(units, values[new], at[new])
    return Counter("printed", "", shape, 0, times, len(times), each=float(stride), first=first)
