"""Fits the shipped prior: how long people's work takes beside its estimate, from public data.

    SIXDAYS_DATA=… python fits/prior.py            writes src/sixdays/odds/prior.json
    (python fits/prior.py --print: shows it)

Sources (no licence stated, so only summary statistics are kept: quantiles of ln(actual/estimate) by size):
SiP, Jones & Cullum 2019 (arXiv:1901.01621); CESAW, Software Engineering Institute; Renzo's pomodoros,
Derek-Jones/renzo-pomodoro. Each source has the same weight, within a source each person.
"""

from __future__ import annotations

import csv
import gzip
import json
import os
import sys
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np

LEVELS = np.concatenate([[0.002, 0.01], np.arange(0.025, 0.98, 0.025), [0.99, 0.998]])
SIZES_H = (0.25, 1.0, 4.0, 16.0, 64.0)
BANDWIDTH = 0.9


@dataclass(frozen=True)
class Rows:
    """Tasks of one source: hours estimated and taken, who, when estimated and when finished (ordinal days)."""

    source: str
    estimate: np.ndarray
    actual: np.ndarray
    who: np.ndarray
    estimated: np.ndarray
    finished: np.ndarray
    kind: np.ndarray

    def only(self, mask: np.ndarray) -> Rows:
        return Rows(
            self.source,
            *(getattr(self, k)[mask] for k in ("estimate", "actual", "who", "estimated", "finished", "kind")),
        )


def folder() -> Path:
    found = os.environ.get("SIXDAYS_DATA")
    if not found:
        sys.exit(
            "set SIXDAYS_DATA to the folder with sip_tasks_dev.csv.gz, cesaw_tasks.csv.gz and renzo_pomodoro.csv.gz"
        )
    return Path(found)


def read(name: str) -> Rows:
    return {"sip": _sip, "cesaw": _cesaw, "renzo": _renzo}[name]()


def _rows(file: str) -> list[dict[str, str]]:
    with gzip.open(folder() / file, "rt", encoding="utf-8", errors="replace") as f:
        return list(csv.DictReader(f))


def _made(source: str, rows: list[tuple[float, float, str, int, int, str]]) -> Rows:
    rows = [r for r in rows if r[0] > 0 and r[1] > 0]
    return Rows(source, *(np.array(column) for column in zip(*rows, strict=True)))


def _sip() -> Rows:
    out = []
    for r in _rows("sip_tasks_dev.csv.gz"):
        try:
            days = [datetime.fromisoformat(r[k]).toordinal() for k in ("EstimateOn", "CompletedOn")]
            out.append((float(r["HoursEstimate"]), float(r["HoursActual"]), r["DeveloperID"], *days, r["SubCategory"]))
        except ValueError:
            continue
    return _made("sip", out)


def _cesaw() -> Rows:
    out = []
    for r in _rows("cesaw_tasks.csv.gz"):
        try:
            start, end = (
                datetime.strptime(r[f"task_actual_{k}_date"].split()[0], "%m/%d/%Y").toordinal()
                for k in ("start", "complete")
            )
            minutes = float(r["task_plan_time_minutes"]), float(r["task_actual_time_minutes"])
        except (ValueError, IndexError):
            continue
        out.append((minutes[0] / 60, minutes[1] / 60, r["person_key"], start, end, r["phase_short_name"]))
    return _made("cesaw", out)


def _renzo() -> Rows:
    out = []
    for r in _rows("renzo_pomodoro.csv.gz"):
        try:
            day = datetime.fromisoformat(r["date"]).toordinal()
            out.append(
                (
                    float(r["estimate_pomodoros"]) * 25 / 60,
                    float(r["actual_pomodoros"]) * 25 / 60,
                    "renzo",
                    day,
                    day,
                    "",
                )
            )
        except ValueError:
            continue
    return _made("renzo", out)


def fit(sources: list[Rows]) -> dict[str, object]:
    """Quantiles of ln(actual/estimate) around each size, sources and people weighted alike."""
    ratio = np.concatenate([np.log(s.actual / s.estimate) for s in sources])
    size = np.concatenate([np.log(s.estimate) for s in sources])
    weight = np.concatenate([_people_alike(s) / len(sources) for s in sources])
    table = []
    for hours in SIZES_H:
        near = weight * np.exp(-0.5 * ((size - np.log(hours)) / BANDWIDTH) ** 2)
        table.append([round(float(q), 4) + 0.0 for q in _weighted(ratio, near, LEVELS)])
    return {
        "what": "quantiles of ln(actual / estimate) of people's tasks by size; made by fits/prior.py",
        "sources": {s.source: len(s.estimate) for s in sources},
        "cite": [
            "SiP: Jones & Cullum 2019, arXiv:1901.01621",
            "CESAW: Software Engineering Institute, published by D. Jones",
            "Renzo: Derek-Jones/renzo-pomodoro",
        ],
        "ln_seconds": [round(float(np.log(h * 3600)), 4) for h in SIZES_H],
        "levels": [round(float(x), 4) for x in LEVELS],
        "log_ratios": table,
    }


def _people_alike(s: Rows) -> np.ndarray:
    """Between a row each and a person each: the square root of a person's rows, so that nobody is the prior."""
    _, at, count = np.unique(s.who, return_inverse=True, return_counts=True)
    each = 1 / np.sqrt(count)[at]
    return each / each.sum()


def _weighted(values: np.ndarray, weights: np.ndarray, levels: np.ndarray) -> np.ndarray:
    order = np.argsort(values, kind="stable")
    heights = np.cumsum(weights[order])
    return values[order][np.searchsorted(heights, levels * heights[-1]).clip(0, len(values) - 1)]


if __name__ == "__main__":
    made = fit([read("sip"), read("cesaw"), read("renzo")])
    text = json.dumps(made, indent=1) + "\n"
    if "--print" in sys.argv:
        print(text)
    else:
        Path(__file__).parent.parent.joinpath("src/sixdays/odds/prior.json").write_text(text, encoding="utf-8")
