"""MLflow's SQLite store, `mlflow.db`: several runs in one file. Opened so that nothing is ever written."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any
from urllib.parse import quote

from sixdays.errors import LogError
from sixdays.logs.series import Ended, Log, Scalar
from sixdays.readers import Tick, Wanted
from sixdays.readers._files import Source, opened
from sixdays.readers._flat import scalar
from sixdays.readers._points import Shelf, settle

_MAGIC = b"SQLite format 3\0"
_ENDED: dict[Any, Ended] = {"FINISHED": "done", "FAILED": "failed", "KILLED": "failed"}
_MOST_TEXT = 1 << 20
_MOST_WORK = 100_000_000  # SQLite's own steps in a file of one MB, at most; in proportion to the size beyond


def create(options: dict[str, Any]) -> Reader:
    return Reader()


class Reader:
    name, title, rank, alone = "mlflow_sqlite", "MLflow database", 7, True
    names = ("*.db", "*.sqlite", "*.sqlite3")

    def claims(self, path: str, head: bytes) -> bool:
        return (head.startswith(_MAGIC) and b"latest_metrics" in head) or path.endswith("mlflow.db")

    def read(
        self, path: str, *, cursor: Any = None, wanted: Wanted = None, ends: bool = False, tick: Tick = None
    ) -> tuple[Log, ...]:
        with opened(path, tick) as source:
            if not source.size:
                return ()
            if not source.at(0, 16) == _MAGIC:
                raise LogError(f"{path}: it is no SQLite file", "give the folder mlruns, or mlflow.db")
            with _database(path, source.size) as base:
                return self.parse(source, base, cursor, wanted)

    def parse(
        self, source: Source, base: sqlite3.Connection, cursor: Any = None, wanted: Wanted = None
    ) -> tuple[Log, ...]:
        """The runs of an open database. A cursor holds the last row read; it goes on only from rows that are there."""
        try:
            last = base.execute("select max(rowid) from metrics").fetchone()[0] or 0
            begun = cursor.get("row", 0) if isinstance(cursor, dict) and isinstance(cursor.get("row"), int) else 0
            if begun > last:
                source.note("there are fewer rows than before: read anew")
                begun = 0
            found = _runs(base)
            configs = _configs(base)
            shelves = _points(base, wanted, begun)
        except (sqlite3.Error, OverflowError, ValueError, MemoryError) as e:
            raise LogError(
                f"{source.path}: it is no MLflow database that we can read: {e}",
                "give the folder mlruns, or export the runs as CSV",
            ) from e
        out = []
        for run, (name, status, experiment) in found.items():
            notes = list(source.notes)
            series = shelves.pop(run, Shelf()).series("step", notes, source.path)
            config = {"mlflow.run_name": name, "mlflow.experiment": experiment, **configs.get(run, {})}
            out.append(
                Log(source.path, run if not name else f"{name} {run[:8]}", self.name, series, config,
                    ended=_ENDED.get(status, ""), written=source.written, cursor={"row": last}, notes=tuple(notes))
            )  # fmt: skip
        return tuple(out)

    def merged(self, logs: tuple[Log, ...]) -> tuple[Log, ...]:
        return logs


def _runs(base: sqlite3.Connection) -> dict[str, tuple[str, Any, str]]:
    rows = base.execute(
        "select r.run_uuid, r.name, r.status, e.name from runs r left join experiments e using (experiment_id)"
        " where coalesce(r.lifecycle_stage, 'active') = 'active' order by r.start_time, r.run_uuid"
    )
    return {str(run): (str(name or ""), status, str(experiment or "")) for run, name, status, experiment in rows}


def _configs(base: sqlite3.Connection) -> dict[str, dict[str, Scalar]]:
    out: dict[str, dict[str, Scalar]] = {}
    for run, key, value in base.execute("select run_uuid, key, value from params"):
        out.setdefault(str(run), {})[str(key)] = scalar(str(value))
    return out


def _points(base: sqlite3.Connection, wanted: Wanted, begun: int) -> dict[str, Shelf]:
    out: dict[str, Shelf] = {}
    keys = [k for (k,) in base.execute("select distinct key from metrics where rowid > ?", (begun,))]
    for key in keys:
        if wanted is not None and not wanted(str(key)):
            continue
        rows = base.execute(
            "select run_uuid, step, value, timestamp, is_nan from metrics where key is ? and rowid > ? order by rowid",
            (key, begun),
        )
        while part := rows.fetchmany(50_000):
            for run, step, value, ms, is_nan in part:
                number = float("nan") if is_nan or value is None else float(value)
                out.setdefault(str(run), Shelf())[str(key)].add(
                    float(step or 0), number, float(ms) / 1000 if ms else float("nan")
                )
            settle(out.values())
    return out


@contextmanager
def _database(path: str, size: int) -> Iterator[sqlite3.Connection]:
    """A database opened for reading; on a file system that allows no locks, as one that nobody changes."""
    error: Exception | None = None
    for mode in ("mode=ro", "mode=ro&immutable=1"):
        try:
            with closing(sqlite3.connect(f"file:{quote(path)}?{mode}", uri=True)) as base:
                bounded(base, size)
                base.execute("select count(*) from sqlite_master").fetchone()
                yield base
                return
        except (sqlite3.Error, UnicodeDecodeError) as e:
            error = e
    raise LogError(f"{path}: it cannot be read: {error}", "copy the file and read the copy") from error


def bounded(base: sqlite3.Connection, size: int) -> None:
    """Sets limits: no cell, no work out of proportion to the size of the file, whatever the file claims."""
    base.text_factory = lambda b: b.decode("utf-8", "replace")
    base.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, min(_MOST_TEXT, max(size, 65536)))
    left = [max(size >> 20, 1)]

    def tick() -> int:
        left[0] -= 1
        return left[0] < 0

    base.set_progress_handler(tick, _MOST_WORK)
