"""MLflow's file store: `mlruns/EXPERIMENT/RUN/metrics/KEY`, lines `milliseconds value step`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import numpy as np

from sixdays.errors import LogError, Problem
from sixdays.logs.series import Ended, Log, Scalar
from sixdays.readers import Tick, Wanted
from sixdays.readers._cells import floats
from sixdays.readers._files import Source, lines, opened
from sixdays.readers._flat import scalar, yaml_lines
from sixdays.readers._points import Shelf, settle

_ENDED: dict[Scalar, Ended] = {
    3: "done",
    4: "failed",
    5: "failed",
    "FINISHED": "done",
    "FAILED": "failed",
    "KILLED": "failed",
}
_TAGS = ("mlflow.runName", "mlflow.source.name", "mlflow.source.git.commit")
_MOST_FILES = 10_000


def create(options: dict[str, Any]) -> Reader:
    return Reader()


class Reader:
    name, title, rank, alone = "mlflow", "MLflow", 8, False
    names = ("meta.yaml",)

    def claims(self, path: str, head: bytes) -> bool:
        return os.path.basename(path) == "meta.yaml" and (b"run_id:" in head or b"run_uuid:" in head)

    def read(
        self, path: str, *, cursor: Any = None, wanted: Wanted = None, ends: bool = False, tick: Tick = None
    ) -> tuple[Log, ...]:
        if os.path.isdir(path):
            path = os.path.join(path, "meta.yaml")
        with opened(path) as source:
            text = source.at(0, 1 << 16).decode("utf-8", "replace")
            written = source.written
        meta = yaml_lines(text)
        if not text.strip():
            return ()
        if "run_id" not in meta and "run_uuid" not in meta:
            raise LogError(f"{path}:1: it is no MLflow run: no run_id", "give the folder mlruns")
        folder = os.path.dirname(path)
        config: dict[str, Scalar] = {f"mlflow.{k}": v for k, v in meta.items() if k in ("run_name", "experiment_id")}
        config |= {k: scalar(v) for k, v in _texts(os.path.join(folder, "params"))}
        config |= {k: v for k, v in _texts(os.path.join(folder, "tags")) if k in _TAGS}
        shelf, where, notes = Shelf(), dict[str, Any](), list[Problem]()
        begun = cursor if isinstance(cursor, dict) else {}
        for key, file in _metrics(os.path.join(folder, "metrics")):
            if wanted is None or wanted(key):
                with opened(file, tick) as source:
                    where[key] = _metric(source, shelf, key, begun.get(key), ends)
                    notes += source.notes
                    written = max(filter(None, (written, source.written)), default=None)
        series = shelf.series("step", notes, path)
        ended = _ENDED.get(meta.get("status"), "")
        return (
            Log(path, "", self.name, series, config, ended=ended, written=written, cursor=where, notes=tuple(notes)),
        )

    def merged(self, logs: tuple[Log, ...]) -> tuple[Log, ...]:
        return logs


def _metric(source: Source, shelf: Shelf, key: str, cursor: Any, ends: bool) -> dict[str, Any]:
    at = source.resumed(cursor)
    offset, number = at.get("offset", 0), at.get("line", 1)
    for block in lines(source, offset, number, ends=ends):
        if block.torn:
            source.note("the last line is not finished: left out", "", block.number)
            break
        rows = [r for line in block.lines if len(r := line.split()) in (2, 3)]
        if len(rows) < len(block.lines):
            source.note("some lines are not `milliseconds value step`: left out", "", block.number)
        if rows:
            (ms, ok), (values, given) = floats([r[0] for r in rows]), floats([r[1] for r in rows])
            steps, whole = floats([r[2] if len(r) > 2 else "0" for r in rows])
            keep = np.isfinite(steps)
            for there in (ok, given, whole):
                keep = keep if there is None else keep & there
            shelf[key].extend(steps[keep], values[keep], ms[keep] / 1000)
        offset, number = block.offset, block.number + len(block.lines)
        settle((shelf,))
    return source.cursor(offset, line=number)


def _metrics(folder: str) -> Iterator[tuple[str, str]]:
    """(key, file) of all metrics; keys may hold slashes."""
    count = 0
    for here, _, names in os.walk(folder):
        for name in sorted(names):
            count += 1
            if count > _MOST_FILES:
                return
            path = os.path.join(here, name)
            yield os.path.relpath(path, folder).replace(os.sep, "/"), path


def _texts(folder: str) -> Iterator[tuple[str, str]]:
    for key, path in _metrics(folder):
        with opened(path) as source:
            yield key, source.at(0, 1000).decode("utf-8", "replace").strip()
