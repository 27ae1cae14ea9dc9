"""The ledger of looks: what was looked at before, and this look recorded, in the journal beside the logs."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

from sixdays.app.settings import Options, nonce
from sixdays.errors import StoreError
from sixdays.journal.records import Record, new_record
from sixdays.stores.files import Journal
from sixdays.verdict.arms import choose_baseline
from sixdays.verdict.curves import Curve
from sixdays.verdict.looks import Look
from sixdays.verdict.result import Verdict

LOOK = "look taken"


@dataclass(frozen=True, slots=True)
class Ledger:
    """Looks at one pair, whichever of the two was called the baseline, at whatever standard, however it was asked for.

    file: the one that is judged, where it is one by itself: files of one folder have looks of their own.
    pair: (baseline, method) as they are compared; method "" where every other group is.
    window: the part of a run that is scored; another one is another score.
    """

    journal: Journal
    file: str
    metric: str
    window: float
    pair: tuple[str, str]
    all_records: tuple[Record, ...]

    @property
    def records(self) -> tuple[Record, ...]:
        """The earlier looks at this pair and metric."""
        return tuple(r for r in self.all_records if self._is_ours(r) and r.data.get("metric") == self.metric)

    def looks(self, curves: Sequence[Curve]) -> tuple[Look, ...]:
        """Earlier looks at other data: asking twice of the same curves is one look."""
        seen = {}
        for r in self._of_other_data(curves):
            seeds = r.data.get("seeds")
            if isinstance(seeds, int | float) and seeds > 0:
                seen[str(r.data.get("data", ""))] = Look(float(seeds), r.at.isoformat())
        return tuple(seen.values())

    @property
    def planned(self) -> int | None:
        """The seeds an arm that the first look said it would stop at."""
        said = next((r.data["planned"] for r in self.records if r.data.get("planned")), None)
        return said if isinstance(said, int) else None

    def warnings(self, verdict: Verdict, curves: Sequence[Curve], planned: int | None) -> tuple[str, ...]:
        """What the earlier looks make doubtful about this one."""
        out = []
        if planned and self.planned and planned != self.planned:
            out.append(f"{self.planned} seeds an arm were planned at the first look: that plan holds, not {planned}")
        others = sorted({str(r.data.get("metric")) for r in self.all_records if self._is_ours(r)} - {self.metric})
        if others:
            out.append(f"this pair was judged on {', '.join(others)} as well: the best of several metrics proves less")
        if verdict.main and any(r.data.get("seeds") == verdict.main.look for r in self._of_other_data(curves)):
            out.append("an earlier look had as many seeds and other data: if runs were replaced, this is no fresh look")
        return tuple(out)

    def count(self, curves: Sequence[Curve], verdict: Verdict, planned: int | None, options: Options) -> str:
        """Records this look, unless the same data were looked at before; why not, where it cannot be."""
        name = self._print(curves)
        if verdict.main is None or any(r.data.get("data") == name for r in self.records):
            return ""
        if not options.record:
            return "this look was not counted (--no-record)"
        data: dict[str, Any] = {
            "file": self.file, "metric": self.metric, "standard": verdict.standard, "baseline": self.pair[0],
            "method": self.pair[1], "data": name, "seeds": verdict.main.look, "verdict": verdict.word,
            "p": verdict.main.p, "planned": self.planned or planned,
        }  # fmt: skip
        try:
            self.journal.add(new_record(LOOK, options.now, options.who, data, nonce()))
        except StoreError as e:
            return f"the look was not counted: {e.message}"
        return ""

    def _is_ours(self, record: Record) -> bool:
        told = (str(record.data.get("baseline", "")), str(record.data.get("method", "")))
        return record.data.get("file", "") == self.file and _overlap(self.pair, told)

    def _of_other_data(self, curves: Sequence[Curve]) -> list[Record]:
        now = self._print(curves)
        return [r for r in self.records if r.data.get("data") != now]

    def _print(self, curves: Sequence[Curve]) -> str:
        """A short name of the finished runs that are compared, in whatever order they are read."""
        arms = {self.pair[0], self.pair[1]} if self.pair[1] else None
        each = sorted(_digest(c) for c in curves if not c.is_running and (arms is None or c.method in arms))
        return blake2b(b"".join(each) + f"{self.window:g}".encode(), digest_size=12).hexdigest()


def ledger(
    journal: Journal,
    file: str,
    metric: str,
    window: float,
    curves: Sequence[Curve],
    asked: tuple[str | None, str | None],
) -> Ledger:
    """The ledger of a comparison. asked: baseline and method as the user named them.

    Raises:
        UsageError: a name is not among the groups.
    """
    names = sorted({c.method for c in curves})
    baseline = choose_baseline(names, *asked)[0] if names else ""
    others = [n for n in names if n != baseline]
    pair = (baseline, asked[1] or (others[0] if len(others) == 1 else ""))
    found = tuple(r for r in journal.records() if r.kind == LOOK)
    return Ledger(journal, file, metric, window, pair, found)


def beside(paths: Sequence[str]) -> Journal:
    """The journal in the folder that is judged, or that holds all that is."""
    common = Path(os.path.commonpath([os.path.abspath(p) for p in paths]))
    return Journal((common if common.is_dir() else common.parent) / "journal")


def alone(paths: Sequence[str]) -> str:
    """The name of the file that is judged by itself; "" otherwise."""
    return os.path.basename(paths[0]) if len(paths) == 1 and not os.path.isdir(paths[0]) else ""


def _overlap(a: tuple[str, str], b: tuple[str, str]) -> bool:
    """Whether a look at one is a look at the other: at all methods is at every pair that holds the baseline."""
    if a[1] and b[1]:
        return set(a) == set(b)
    return not (a[1] or b[1]) or bool({a[0], b[0]} & ({*a} & {*b} - {""}))


def _digest(c: Curve) -> bytes:
    head = f"{c.task}\0{c.method}\0{c.seed}\0".encode()
    return blake2b(head + c.steps.tobytes() + c.values.tobytes(), digest_size=16).digest()
