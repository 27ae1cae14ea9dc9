"""Traces of runs whose costs are known: made by counting, not by running."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from sixdays.faster.model import Counter, Kind, Printed, Trace

FloatArray = NDArray[np.float64]


def counter(kind: Kind, times: Sequence[float] | FloatArray, **more: Any) -> Counter:
    """A counter in `train.py`, `main`, whose events were over at these times."""
    given: dict[str, Any] = {"file": "train.py", "function": "main", "line": 1, "count": len(times)} | more
    first = float(times[0]) if len(times) else 0.0
    return Counter(kind=kind, times=np.asarray(times, dtype=float), **({"first": first} | given))


@dataclass(frozen=True)
class Run:
    """A script that learns: each environment step costs `step` seconds, each `every` of them an update of `update`.

    learning: the first environment step with an update. evaluate: after each so many updates, `items` evaluation
    steps of `step` seconds each; 0: never. load: seconds before the first step. compiling: more for the first update.
    """

    step: float = 0.001
    update: float = 0.004
    every: int = 4
    learning: int = 0
    evaluate: int = 0
    items: int = 20
    load: float = 1.0
    compiling: float = 0.0

    def trace(self, steps: int, **more: Any) -> Trace:
        """What is seen of it after so many environment steps."""
        now, env, opt, evals = self.load, list[float](), list[float](), list[float]()
        gaps, evaluated = set[int](), set[int]()
        for i in range(1, steps + 1):
            now += self.step
            env.append(now)
            gaps.add(len(opt))
            if i > self.learning and i % self.every == 0:
                now += self.update + (0.0 if opt else self.compiling)
                opt.append(now)
                if self.evaluate and len(opt) % self.evaluate == 0:
                    for _ in range(self.items):
                        now += self.step
                        evals.append(now)
                    evaluated.add(len(opt))
        inner = range(1, max(len(opt), 1))
        counters = [
            counter("env step", env, line=10, bursts=len(gaps & set(inner))),
            counter("optimiser step", opt, line=20),
            counter("env step", evals, function="evaluate", line=30, bursts=len(evaluated & set(inner))),
        ]
        made: dict[str, Any] = {"seconds": now, "stopped": "units", "cpu": np.array([[0.0, 0.0], [now, now]])} | more
        return Trace(counters=tuple(c for c in counters if c.count), **made)


runs = st.builds(
    Run,
    step=st.floats(1e-4, 1e-2),
    update=st.floats(1e-4, 5e-2),
    every=st.integers(1, 64),
    learning=st.sampled_from([0, 0, 500]),
    evaluate=st.sampled_from([0, 0, 5, 20]),
    items=st.integers(1, 50),
    load=st.floats(0, 20),
    compiling=st.floats(0, 10),
)


def printing(lines: Sequence[tuple[float, str]], **more: Any) -> Trace:
    """A trace of a command of which only its lines are seen."""
    made: dict[str, Any] = {"seconds": lines[-1][0] if lines else 1.0, "stopped": "time"} | more
    return Trace(printed=tuple(Printed(at, text) for at, text in lines), **made)
