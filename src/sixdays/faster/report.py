"""What a search for speed found, as one value; its JSON is design §15."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sixdays.faster.compare import Factor
from sixdays.faster.model import Candidate, NotTried, Promise

if TYPE_CHECKING:
    from sixdays.faster.diagnosis import Line

SLOW_S = 5.0  # seconds of a start from which on it is worth a word
UNCHANGED = Factor(1.0, 1.0, 1.0)
PROPOSED = "--propose"  # the name of a patch that a proposer wrote


@dataclass(frozen=True, slots=True)
class Step:
    """Candidates that were measured together: by how much, and what their check said.

    factor: on top of what was kept before. unchecked: why nothing could be compared; empty where it was.
    """

    candidates: tuple[Candidate, ...]
    factor: Factor
    unchecked: str = ""

    @property
    def lever(self) -> str:
        return self.candidates[0].lever

    @property
    def promise(self) -> Promise:
        """The dearest class among them."""
        return max((c.promise for c in self.candidates), key=_PRICE.__getitem__)

    @property
    def text(self) -> str:
        return "; ".join(c.text for c in self.candidates)

    def to_dict(self, patch: str | None = None) -> dict[str, Any]:
        return {
            "lever": self.lever,
            "text": self.text,
            "class": self.promise,
            "factor": _factor(self.factor),
            "patch": patch,
            "names": [c.name for c in self.candidates],
            "unchecked": self.unchecked or None,
        }


_PRICE: dict[Promise, int] = {"same": 0, "equivalent": 1, "changed": 2, "less": 3}


@dataclass(frozen=True, slots=True)
class ThrownOut:
    """A candidate that broke its promise, or the command."""

    candidate: Candidate
    why: str

    def to_dict(self) -> dict[str, Any]:
        c = self.candidate
        return {"lever": c.lever, "text": c.text, "class": c.promise, "why": self.why}


@dataclass(frozen=True, slots=True)
class Speedups:
    """The result of `sixdays faster`.

    unit: in words, one of them. phase: of the run in which it was measured. rates: units per second of one copy.
    factor: same and equivalent together, confirmed on fresh pairs; 1 where nothing was kept. factor_all_classes: with
    the others that were accepted. copies: side by side, of the quickest answer; packing: what is put into each of
    them; packed: units per second of all copies by their number. answer_s: of `seeds` copies of `length` units (of
    1,000 where unknown: length_known; length_text says from where, or why not). start_s: until the first unit; warm_s:
    that the units before the window took longer, of what is compiled or cached, with what was kept. clock: what was
    measured and why. load: cores kept busy by others. threads: that PyTorch used, None where it did not. repeatable:
    the command itself repeats its numbers; empty, or what does not. pairs: fresh ones behind the factor; seen: what
    they gave, shown or not; None where they were too few. interrupted: it was stopped early.
    """

    unit: str
    phase: str
    rate_before: float
    rate_after: float
    factor: Factor
    factor_all_classes: Factor
    kept: tuple[Step, ...] = ()
    others: tuple[Step, ...] = ()
    not_shown: tuple[Step, ...] = ()
    thrown_out: tuple[ThrownOut, ...] = ()
    not_tried: tuple[NotTried, ...] = ()
    diagnosis: tuple[Line, ...] = ()
    copies: int = 1
    packing: tuple[Candidate, ...] = ()
    packed: tuple[tuple[int, float], ...] = ()
    seeds: int = 1
    length: float = 1000.0
    length_text: str = ""
    length_known: bool = False
    answer_s_before: float = 0.0
    answer_s_after: float = 0.0
    start_s: float = 0.0
    warm_s: float = 0.0
    confirmed: bool = False
    pairs: int = 0
    seen: Factor | None = None
    clock: str = ""
    load: float = 0.0
    threads: int | None = None
    probes: int = 0
    seconds: float = 0.0
    repeatable: str = ""
    interrupted: bool = False
    notes: tuple[str, ...] = field(default_factory=tuple)

    @property
    def setting(self) -> tuple[Candidate, ...]:
        """All that is kept, in the order in which it was put in."""
        return tuple(c for step in self.kept for c in step.candidates)

    @property
    def delivered(self) -> tuple[Candidate, ...]:
        """What is put into a command that the user starts: into each copy, where several run side by side."""
        return self.packing if self.copies > 1 else self.setting

    @property
    def answer_factor(self) -> float:
        """How many times sooner the answer comes."""
        return self.answer_s_before / self.answer_s_after if self.answer_s_after else 1.0

    def to_dict(self) -> dict[str, Any]:
        return {
            "schema": 1,
            "unit": self.unit,
            "phase": self.phase,
            "rate_before": self.rate_before,
            "rate_after": self.rate_after,
            "factor": _factor(self.factor),
            "factor_all_classes": _factor(self.factor_all_classes),
            "copies": self.copies,
            "packed": {str(k): rate for k, rate in self.packed},
            "seeds": self.seeds,
            "length": self.length if self.length_known else None,
            "length_text": self.length_text,
            "answer_s_before": self.answer_s_before,
            "answer_s_after": self.answer_s_after,
            "kept": [s.to_dict(_given(s)) for s in (*self.kept, *self.others)],
            "not_shown": [s.to_dict(_given(s)) for s in self.not_shown],
            "thrown_out": [t.to_dict() for t in self.thrown_out],
            "not_tried": [{"lever": n.lever, "why": n.why} for n in self.not_tried],
            "diagnosis": [line.to_dict() for line in self.diagnosis],
            "confirmed": self.confirmed,
            "pairs": self.pairs,
            "seen": _factor(self.seen) if self.seen else None,
            "start_s": self.start_s,
            "warm_s": self.warm_s,
            "repeatable": self.repeatable,
            "clock": self.clock,
            "load": self.load,
            "threads": self.threads,
            "probes": self.probes,
            "seconds": self.seconds,
            "interrupted": self.interrupted,
            "notes": list(self.notes),
        }


@dataclass(frozen=True, slots=True)
class Delivery:
    """argv, env: the command line with what was kept. preamble: the text of fast_start.py, empty where none is needed.

    diff: against the project's root: given patches, the preamble and the line that loads it; empty where the command
    line says it all. entry: the script that the line goes into, file: fast_start.py; relative to the root.
    has_patch: a given patch is among it.
    """

    argv: tuple[str, ...]
    env: tuple[tuple[str, str], ...] = ()
    preamble: str = ""
    diff: str = ""
    entry: str = ""
    root: str = "."
    file: str = ""
    has_patch: bool = False

    @property
    def line(self) -> str:
        """What to type: what is set in the environment, then the words."""
        return " ".join([*(f"{k}={shlex.quote(v)}" for k, v in self.env), shlex.join(self.argv)])

    def to_dict(self) -> dict[str, Any]:
        return {
            "argv": list(self.argv),
            "env": dict(self.env),
            "preamble": self.preamble or None,
            "diff": self.diff.encode("utf-8", "replace").decode() or None,  # of a script in another encoding
        }


def _factor(f: Factor) -> dict[str, float]:
    return {"value": f.value, "low": f.low, "high": f.high}


def _given(step: Step) -> str | None:
    """The file of a patch that was given, by its name; a proposed one has no file (the delivery has it)."""
    return next((c.name for c in step.candidates if c.patch and c.name != PROPOSED), None)
