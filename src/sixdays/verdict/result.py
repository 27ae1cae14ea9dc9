"""What `judge` says, as values; `to_dict` is the JSON of design §15."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Word = Literal["better", "worse", "same", "not_yet_known"]


@dataclass(frozen=True, slots=True)
class Interval:
    """A value with its interval at a level (0.95). NaN never stands here: None says not known."""

    value: float | None
    low: float | None
    high: float | None
    level: float

    def to_dict(self) -> dict[str, float | None]:
        return {"value": self.value, "low": self.low, "high": self.high, "level": self.level}


@dataclass(frozen=True, slots=True)
class Method:
    """One arm. score: IQM over runs × tasks, None where every run diverged; low, high: its interval."""

    name: str
    runs: int
    tasks: int
    score: float | None
    low: float | None
    high: float | None
    diverged: int = 0
    running: int = 0

    def to_dict(self) -> dict[str, Any]:
        return {"runs": self.runs, "score": self.score, "low": self.low, "high": self.high,
                "tasks": self.tasks, "diverged": self.diverged, "running": self.running}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Next:
    """The cheapest step that could settle it. hours: None where no clock was logged. chance: 0 to 1.

    needed: the range of seeds an arm that the question may need in the end (80 %), or None.
    """

    text: str
    seeds: int
    hours: float | None
    chance: float | None
    needed: tuple[int, int] | None = None

    def to_dict(self) -> dict[str, Any]:
        needed = list(self.needed) if self.needed else None
        return {"text": self.text, "seeds": self.seeds, "hours": self.hours, "chance": self.chance, "needed": needed}


@dataclass(frozen=True, slots=True)
class Comparison:
    """One method against the baseline. p: two-sided, after Holm where there are several.

    improvement: probability that a run of the method beats one of the baseline, averaged over tasks.
    area: the same difference for the area under the curve. noise: the difference in units of the seed noise.
    by_task: task → difference with its interval. beside: the robust companions, JSON-able.
    look: seeds an arm that a look at it counts as, for a ledger: between those of the two arms.
    """

    method: str
    baseline: str
    word: Word
    difference: Interval
    p: float | None
    improvement: float | None
    area: Interval | None = None
    noise: float | None = None
    by_task: Mapping[str, Interval] = field(default_factory=dict)
    efficiency: Mapping[str, Any] = field(default_factory=dict)
    next: Next | None = None
    why: str = ""
    beside: Mapping[str, Any] = field(default_factory=dict)
    look: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        return {
            "method": self.method, "baseline": self.baseline, "verdict": self.word,
            "difference": self.difference.to_dict(), "p": self.p, "improvement": self.improvement,
            "area": self.area.to_dict() if self.area else None, "noise": self.noise,
            "by_task": {t: i.to_dict() for t, i in self.by_task.items()},
            "efficiency": dict(self.efficiency), "next": self.next.to_dict() if self.next else None, "why": self.why,
            "beside": dict(self.beside),
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Verdict:
    """The verdict. The first comparison is the one asked for; with one method there is none.

    looks: how often this comparison has been looked at, this time included.
    chance: P(better at this standard in the end), for the odds of a task with a claim; None before any data.
    outlook: what running experiments say (see `outlook`), JSON-able.
    sentence: ready to paste. error_bar: how the interval was made, and what varied.
    """

    word: Word
    standard: str
    metric: str
    higher_is_better: bool
    comparisons: tuple[Comparison, ...]
    methods: Mapping[str, Method]
    noise_floor: float | None
    looks: int
    next: Next | None
    warnings: tuple[str, ...]
    margin: float = 0.0
    level: float = 0.95
    chance: float | None = None
    outlook: Mapping[str, Any] = field(default_factory=dict)
    sentence: str = ""
    error_bar: str = ""

    @property
    def main(self) -> Comparison | None:
        return self.comparisons[0] if self.comparisons else None

    def to_dict(self) -> dict[str, Any]:
        main = self.main
        nothing = Interval(None, None, None, self.level)
        return {
            "schema": 1,
            "verdict": self.word,
            "standard": self.standard,
            "difference": (main.difference if main else nothing).to_dict(),
            "p": main.p if main else None,
            "improvement": main.improvement if main else None,
            "noise_floor": self.noise_floor,
            "methods": {name: m.to_dict() for name, m in self.methods.items()},
            "looks": self.looks,
            "next": self.next.to_dict() if self.next else None,
            "warnings": list(self.warnings),
            "metric": self.metric,
            "higher_is_better": self.higher_is_better,
            "margin": self.margin,
            "baseline": main.baseline if main else None,
            "method": main.method if main else None,
            "comparisons": [c.to_dict() for c in self.comparisons],
            "chance": self.chance,
            "outlook": dict(self.outlook),
            "sentence": self.sentence,
            "error_bar": self.error_bar,
        }
