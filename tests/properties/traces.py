"""Traces of runs whose costs are known: made by counting, not by running."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from sixdays.faster.model import Counter, Digest, Kind, Printed, Trace

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


def episodes(
    lengths: NDArray[np.int64], step: float, later: float, update: float, load: float = 1.0, **more: Any
) -> Trace:
    """One update after each episode, which costs `later` more for every step of it: the graph that was kept."""
    now, env, opt = load, list[float](), list[float]()
    for n in lengths:
        for _ in range(n):
            now += step
            env.append(now)
        now += update + n * later
        opt.append(now)
    made: dict[str, Any] = {"seconds": now, "stopped": "units", "cpu": np.array([[0.0, 0.0], [now, now]])} | more
    inner = len(opt) - 1
    return Trace(
        counters=(
            counter("env step", env, line=10, bursts=inner),
            counter("optimiser step", opt, line=20),
        ),
        **made,
    )


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


CHECKPOINTS = (*range(11), 20, 50, 100, 200, 500, 1000)


@dataclass(frozen=True)
class Learner:
    """A script that learns a classification in float32, really: what it computes is digested as the agent does.

    mirrored: rows of a batch are summed in the other order (a change of rounding alone). is_made(u): whether the u-th
    update has an effect; is_called(u): whether its `step` is called at all. cached: the first batch over and over.
    evaluate: after each so many updates, on `items` rows; printed with `print_every`. calls: of `step` per update, of which all but the first do nothing.
    scaled: the first parameters times so much.
    """

    seed: int = 0
    rate: float = 1e-3
    adam: bool = True
    hidden: int = 32
    mirrored: bool = False
    is_made: Callable[[int], bool] = lambda u: True
    is_called: Callable[[int], bool] = lambda u: True
    cached: bool = False
    data: int = 0
    evaluate: int = 20
    items: int = 256
    rows_at_once: int = 64
    print_every: int = 1
    calls: int = 1
    scaled: float = 1.0

    def trace(self, updates: int, **more: Any) -> Trace:
        """What is seen of it after so many updates, one each 10 ms."""
        start, world = np.random.default_rng(self.seed), np.random.default_rng(1000 + self.data)
        hidden = self.hidden
        theta = [
            (self.scaled * start.normal(0, 0.3, (8, hidden))).astype(np.float32),
            (self.scaled * start.normal(0, 0.3, (hidden, 3))).astype(np.float32),
        ]
        x, y = world.normal(0, 1, (2048, 8)).astype(np.float32), world.integers(0, 3, 2048)
        y = np.where(x[:, 0] > 0.3, 0, np.where(x[:, 1] > 0, 1, y))
        held_x, held_y = x[:256], y[:256]
        moments = [[np.zeros_like(t), np.zeros_like(t)] for t in theta]
        order = np.random.default_rng(self.seed + 7)
        batch, steps, evaluations, lines, digests = list[float](), list[float](), list[float](), list[Printed](), []
        digests.append(self._digest(theta, 0, {}))
        for u in range(1, updates + 1):
            rows = order.integers(256, 2048, 64)
            if u == 1 or not self.cached:
                xb, yb = x[rows], y[rows]
            batch.append(u * 0.01 - 0.005)
            gradient = _gradient(theta, xb[::-1] if self.mirrored else xb, yb[::-1] if self.mirrored else yb)
            for call in range(self.calls if self.is_called(u) else 0):
                steps.append(u * 0.01 - 0.004)
                if self.is_made(u) and call == 0:
                    self._step(theta, moments, gradient, len(steps))
                if len(steps) in CHECKPOINTS:
                    counts = {"batch": len(batch), "optimiser step": len(steps), "evaluation": len(evaluations)}
                    digests.append(self._digest(theta, len(steps), counts))
            if self.evaluate and u % self.evaluate == 0:
                evaluations += [u * 0.01 - 0.001] * -(-self.items // self.rows_at_once)
                right = np.mean(_forward(theta, held_x[: self.items])[1].argmax(1) == held_y[: self.items])
                if u % (self.evaluate * self.print_every) == 0:
                    lines.append(Printed(u * 0.01, f"update {u} accuracy {right:.4f} time {u * 0.01:.2f}s"))
        counters = (
            counter("batch", batch, line=5),
            counter("optimiser step", steps, line=6),
            counter("evaluation", evaluations, function="evaluate", line=7),
        )
        made: dict[str, Any] = {"seconds": updates * 0.01, "stopped": "units"} | more
        seen = tuple(c for c in counters if c.count)
        return Trace(counters=seen, digests=tuple(digests), printed=tuple(lines), **made)

    def _step(self, theta: list[Any], moments: list[Any], gradient: list[Any], t: int) -> None:
        for p, (m, v), g in zip(theta, moments, gradient, strict=True):
            if not self.adam:
                p -= np.float32(self.rate) * g
                continue
            m += np.float32(0.1) * (g - m)
            v += np.float32(0.001) * (g * g - v)
            size = m / np.float32(1 - 0.9**t) / (np.sqrt(v / np.float32(1 - 0.999**t)) + np.float32(1e-8))
            p -= np.float32(self.rate) * size

    def _digest(self, theta: list[Any], at: int, counts: dict[str, int]) -> Digest:
        bits = hashlib.blake2b(b"".join(t.tobytes() for t in theta)).hexdigest()
        values = np.concatenate([t.ravel() for t in theta]).astype(np.float64)
        shapes = " ".join(f"float32{t.shape}" for t in theta)
        function = {"evaluation": "evaluate"}
        named = {(k, "train.py", function.get(k, "main")): n for k, n in counts.items()}
        return Digest("parameters", 0, at, bits, values, shapes, named)


def _forward(theta: list[Any], x: Any) -> tuple[Any, Any]:
    h = np.maximum(x @ theta[0], 0)
    return h, h @ theta[1]


def _gradient(theta: list[Any], x: Any, y: Any) -> list[Any]:
    """Of the mean cross entropy; sums over rows go one by one, so that their order shows in the rounding."""
    h, z = _forward(theta, x)
    p = np.exp(z - z.max(1, keepdims=True))
    p = (p / p.sum(1, keepdims=True)).astype(np.float32)
    p[np.arange(len(y)), y] -= 1
    p /= np.float32(len(y))
    back = (p @ theta[1].T) * (h > 0)
    outer = x[:, :, None] * back[:, None, :]
    return [
        np.cumsum(outer, 0, dtype=np.float32)[-1],
        np.cumsum(h[:, :, None] * p[:, None, :], 0, dtype=np.float32)[-1],
    ]
