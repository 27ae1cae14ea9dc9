"""Small writers of every log format, for tests: rows of (step, value, time) and a tag make a file.

`SAMPLES` holds one for each reader, by its name; the conformance suite fails for a reader that has none.
"""

from __future__ import annotations

import csv
import json
import sqlite3
import struct
import zipfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import numpy as np

from sixdays.readers._wire import masked

Row = tuple[float, float, float]
START = 1_700_000_000.0


@dataclass(frozen=True)
class Sample:
    """How one format is written. file: its name in a run's folder.

    write: (folder, rows, tag) → the file to read. torn: the file that grows, of that one.
    tag: under which name the reader gives the values, where the format fixes it.
    counted: steps are not written but counted, so that they cannot go back. whole: the file is written anew each time.
    timed: the format has a clock. noise: what else may be in it is in `extra` of the tests of that reader.
    """

    file: str
    write: Callable[[Path, Sequence[Row], str], Path]
    torn: Callable[[Path, str], Path] = lambda path, tag: path
    tag: str = ""
    counted: bool = False
    whole: bool = False
    timed: bool = True
    x: str = "step"
    steps: Callable[[Sequence[Row]], list[float]] = field(default=lambda rows: [r[0] for r in rows])


def rows(n: int, *, first: int = 0, every: int = 10, slope: float = 0.370137) -> list[Row]:
    """A run that rises: n points, a second apart."""
    return [(float(every * i), slope * i + 0.125731, START + i) for i in range(first, first + n)]


# --- protobuf


def varint(value: int) -> bytes:
    out = bytearray()
    value &= (1 << 64) - 1
    while True:
        byte = value & 127
        value >>= 7
        out.append(byte | (128 if value else 0))
        if not value:
            return bytes(out)


def message(*fields: tuple[int, Any]) -> bytes:
    """Fields as (number, value): int → varint, float → double, bytes or str → length-delimited, ("f", x) → float."""
    out = b""
    for number, value in fields:
        if isinstance(value, (bytes, str)):
            data = value.encode() if isinstance(value, str) else value
            out += varint(number << 3 | 2) + varint(len(data)) + data
        elif isinstance(value, tuple):
            out += varint(number << 3 | 5) + struct.pack("<f", value[1])
        elif isinstance(value, float):
            out += varint(number << 3 | 1) + struct.pack("<d", value)
        else:
            out += varint(number << 3) + varint(value)
    return out


def frame(data: bytes) -> bytes:
    length = struct.pack("<Q", len(data))
    return length + struct.pack("<I", masked(length)) + data + struct.pack("<I", masked(data))


def event(step: int, tag: str, value: float, time: float) -> bytes:
    return frame(message((1, time), (2, step), (5, message((1, message((1, tag), (2, ("f", value))))))))


def tensor_event(step: int, tag: str, tensor: bytes, time: float, metadata: bytes = b"") -> bytes:
    """An event of TensorFlow 2: the scalar is a tensor; `metadata` names the plug-in."""
    value = message((1, tag), (9, metadata), (8, tensor)) if metadata else message((1, tag), (8, tensor))
    return frame(message((1, time), (2, step), (5, message((1, value)))))


def tensorboard(
    folder: Path, points: Sequence[Row], tag: str, name: str = "events.out.tfevents.1700000000.host.1.0"
) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    start = frame(message((1, points[0][2] if points else START), (3, "brain.Event:2")))
    path.write_bytes(start + b"".join(event(int(s), tag, v, t) for s, v, t in points))
    return path


def wandb_records(
    points: Sequence[Row], tag: str, config: dict[str, Any], *, exit_code: int | None = None
) -> list[bytes]:
    settings = message(*((1, message((1, k), (16, json.dumps(v)))) for k, v in config.items()))
    run = message((17, message((1, "abc123"), (3, "project"), (4, settings), (8, "swift-river-1"))))
    out = [message((21, message((1, message((1, "0.31.0")))))), run]
    for i, (step, value, time) in enumerate(points):
        items = [
            (tag, json.dumps(value)),
            ("_timestamp", json.dumps(time)),
            ("_step", str(int(step))),
            ("image", '{"a": 1}'),
        ]
        history = message(*((1, message((2, k), (16, v))) for k, v in items), (2, message((1, int(step)))))
        out.append(message((1, i), (2, history)))
    if exit_code is not None:
        out.append(message((18, message((1, exit_code), (2, 5)))))
    return out


def wandb_blocks(records: Sequence[bytes]) -> bytes:
    out = bytearray(b":W&B\xe1\xbe\0")
    for record in records:
        at, first = 0, True
        while True:
            room = 32768 - len(out) % 32768
            if room < 7:
                out += bytes(room)
                continue
            part = record[at : at + room - 7]
            at += len(part)
            last = at == len(record)
            kind = bytes([1 if first and last else 2 if first else 4 if last else 3])
            out += struct.pack("<IH", zlib.crc32(part, zlib.crc32(kind)), len(part)) + kind + part
            first = False
            if last:
                break
    return bytes(out)


def wandb(folder: Path, points: Sequence[Row], tag: str, exit_code: int | None = None, **config: Any) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "run-abc123.wandb"
    path.write_bytes(wandb_blocks(wandb_records(points, tag, config, exit_code=exit_code)))
    return path


# --- databases


def mlflow(folder: Path, points: Sequence[Row], tag: str, status: int = 1, **params: Any) -> Path:
    metric = folder / "metrics" / tag
    metric.parent.mkdir(parents=True, exist_ok=True)
    metric.write_text("".join(f"{int(t * 1000)} {v!r} {int(s)}\n" for s, v, t in points), encoding="utf-8")
    (folder / "params").mkdir(exist_ok=True)
    for key, value in params.items():
        (folder / "params" / key).write_text(str(value))
    meta = folder / "meta.yaml"
    meta.write_text(
        f"run_id: 0a1b2c3d4e5f60718293a4b5c6d7e8f9\nrun_name: calm-owl-1\nstart_time: 1700000000000\nstatus: {status}\n"
    )
    return meta


def mlflow_sqlite(
    folder: Path, points: Sequence[Row], tag: str, runs: Sequence[str] = ("a",), status: str = "RUNNING"
) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "mlflow.db"
    path.unlink(missing_ok=True)
    base = sqlite3.connect(path)
    base.executescript(
        """
        create table experiments (experiment_id integer primary key, name text);
        create table runs (run_uuid text primary key, name text, status text, start_time bigint, lifecycle_stage text, experiment_id integer);
        create table metrics (key text, value float, timestamp bigint, run_uuid text, step bigint, is_nan boolean);
        create table latest_metrics (key text, value float, timestamp bigint, run_uuid text, step bigint, is_nan boolean);
        create table params (key text, value text, run_uuid text);
        insert into experiments values (1, 'first');
        """
    )
    for i, run in enumerate(runs):
        base.execute(
            "insert into runs values (?, ?, ?, ?, 'active', 1)", (run * 32, f"run {run}", status, 1700000000000 + i)
        )
        base.execute("insert into params values ('seed', ?, ?)", (str(i), run * 32))
        base.executemany(
            "insert into metrics values (?, ?, ?, ?, ?, ?)",
            [(tag, 0.0 if v != v else v, int(t * 1000), run * 32, int(s), v != v) for s, v, t in points],
        )
    base.commit()
    base.close()
    return path


# --- text


def table(
    path: Path, header: Sequence[str], cells: Sequence[Sequence[Any]], delimiter: str = ",", before: str = ""
) -> Path:
    """A table; None is a blank."""
    path.parent.mkdir(parents=True, exist_ok=True)
    out = StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([["" if c is None else repr(c) if isinstance(c, float) else c for c in row] for row in cells])
    path.write_text(before + out.getvalue(), encoding="utf-8")
    return path


def jsonl(path: Path, records: Sequence[dict[str, Any]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in records), encoding="utf-8")
    return path


def monitor(
    path: Path, episodes: Sequence[tuple[float, int, float]], t_start: float = START, column: str = "r"
) -> Path:
    header = "#" + json.dumps({"t_start": t_start, "env_id": "Hopper-v4"}) + "\n"
    names = ["r", "l", "t"] if column == "r" else ["r", "l", "t", column]
    cells = [(r, n, round(t, 6), *((r,) if column != "r" else ())) for r, n, t in episodes]
    return table(path, names, cells, before=header)


def _monitor(folder: Path, points: Sequence[Row], tag: str) -> Path:
    return monitor(folder / "0.monitor.csv", [(v, 10, t - START + 0.25) for _, v, t in points], column=tag)


def _monitor_steps(points: Sequence[Row]) -> list[float]:
    return [10.0 * (i + 1) for i in range(len(points))]


def _progress(folder: Path, points: Sequence[Row], tag: str) -> Path:
    cells = [(int(s), v, t - START) for s, v, t in points]
    return table(folder / "progress.csv", ["time/total_timesteps", tag, "time/time_elapsed"], cells)


def spinning_up(folder: Path, points: Sequence[Row], tag: str = "AverageTestEpRet") -> Path:
    cells = [(i, int(s), v, t - START) for i, (s, v, t) in enumerate(points)]
    return table(folder / "progress.txt", ["Epoch", "TotalEnvInteracts", tag, "Time"], cells, "\t")


def _rllib(folder: Path, points: Sequence[Row], tag: str) -> Path:
    config = {"env": "CartPole-v1", "seed": 3, "lr": 0.1, "model": {"fcnet_hiddens": [64, 64]}}
    records = [
        {
            tag: v,
            "timesteps_total": int(s),
            "training_iteration": i + 1,
            "timestamp": t,
            "time_total_s": float(i),
            "config": config,
        }
        for i, (s, v, t) in enumerate(points)
    ]
    return jsonl(folder / "result.json", records)


def _lightning(folder: Path, points: Sequence[Row], tag: str) -> Path:
    cells: list[tuple[Any, ...]] = []
    for i, (s, v, _) in enumerate(points):
        cells += [(i, int(s), None, v * 2), (i, int(s), v, None)]
    return table(folder / "metrics.csv", ["epoch", "step", tag, "train_loss"], cells)


def _huggingface(folder: Path, points: Sequence[Row], tag: str) -> Path:
    return huggingface(folder / "trainer_state.json", points, tag)


def huggingface(path: Path, points: Sequence[Row], tag: str = "eval_loss", max_steps: int = 100_000) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    history = [{"epoch": s / 100, "step": int(s), tag: v} for s, v, _ in points]
    at = int(points[-1][0]) if points else 0
    state = {"log_history": history, "global_step": at, "max_steps": max_steps, "num_train_epochs": 3}
    path.write_text(json.dumps(state), encoding="utf-8")
    return path


def _keras(folder: Path, points: Sequence[Row], tag: str) -> Path:
    names = sorted(["loss", tag])
    return table(folder / "training.csv", ["epoch", *names], [(int(s), *((v,) * len(names))) for s, v, _ in points])


def _tries(folder: Path, points: Sequence[Row], tag: str) -> Path:
    cells = [(f"{i:07x}", v, "keep", f"idea {i}") for i, (_, v, _) in enumerate(points)]
    return table(folder / "results.tsv", ["commit", tag, "status", "description"], cells, "\t")


def _dreamer(folder: Path, points: Sequence[Row], tag: str) -> Path:
    return jsonl(folder / "metrics.jsonl", [{"step": int(s), tag: v} for s, v, _ in points])


def _jsonl(folder: Path, points: Sequence[Row], tag: str) -> Path:
    return jsonl(folder / "run.jsonl", [{"global_step": int(s), tag: v, "timestamp": t} for s, v, t in points])


def _json_file(folder: Path, points: Sequence[Row], tag: str) -> Path:
    path = folder / "curve.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([{"step": int(s), tag: v, "timestamp": t} for s, v, t in points]), encoding="utf-8")
    return path


def _text(folder: Path, points: Sequence[Row], tag: str) -> Path:
    path = folder / "train.log"
    path.parent.mkdir(parents=True, exist_ok=True)
    shown = [f"step: {int(s)}, {tag}: {v}, wall_time: {t}\n" for s, v, t in points]
    path.write_text("".join(shown), encoding="utf-8")
    return path


def _table(folder: Path, points: Sequence[Row], tag: str) -> Path:
    return table(folder / "run.csv", ["step", "wall_time", tag], [(int(s), t, v) for s, v, t in points])


def _wandb_csv(folder: Path, points: Sequence[Row], tag: str) -> Path:
    names = ["Step", f"run one - {tag}", f"run one - {tag}__MIN", f"run one - {tag}__MAX"]
    return table(folder / "wandb_export.csv", names, [(int(s), v, v, v) for s, v, _ in points])


def npz(path: Path, steps: Any, results: Any, lengths: Any) -> Path:
    """What Stable-Baselines3's EvalCallback keeps."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for name, values in (("timesteps", steps), ("results", results), ("ep_lengths", lengths)):
            out = BytesIO()
            np.lib.format.write_array(out, np.asarray(values))
            archive.writestr(f"{name}.npy", out.getvalue())
    return path


def _evaluations(folder: Path, points: Sequence[Row], tag: str) -> Path:
    values = np.array([[v, v] for _, v, _ in points]).reshape(-1, 2)
    return npz(
        folder / "evaluations.npz",
        np.array([int(s) for s, _, _ in points], dtype=np.int64),
        values,
        np.zeros(values.shape, dtype=int),
    )


SAMPLES: dict[str, Sample] = {
    "dreamer": Sample("metrics.jsonl", _dreamer, timed=False),
    "evaluations": Sample("evaluations.npz", _evaluations, tag="eval/mean_reward", whole=True, timed=False),
    "huggingface": Sample("trainer_state.json", _huggingface, whole=True, timed=False),
    "jsonl": Sample("run.jsonl", _jsonl),
    "json_file": Sample("curve.json", _json_file, whole=True),
    "keras": Sample("training.csv", _keras, x="epoch", timed=False),
    "lightning": Sample("metrics.csv", _lightning, timed=False),
    "mlflow": Sample("meta.yaml", mlflow, lambda path, tag: path.parent / "metrics" / tag),
    "mlflow_sqlite": Sample("mlflow.db", mlflow_sqlite, whole=True),
    "monitor": Sample("0.monitor.csv", _monitor, counted=True, steps=_monitor_steps),
    "progress": Sample("progress.csv", _progress, timed=False),
    "rllib": Sample("result.json", _rllib),
    "table": Sample("run.csv", _table),
    "tensorboard": Sample("events.out.tfevents.1700000000.host.1.0", tensorboard),
    "text": Sample("train.log", _text),
    "tries": Sample(
        "results.tsv",
        _tries,
        counted=True,
        timed=False,
        x="try",
        steps=lambda points: [i + 1.0 for i in range(len(points))],
    ),
    "wandb": Sample("run-abc123.wandb", wandb),
    "wandb_csv": Sample("wandb_export.csv", _wandb_csv, timed=False),
}
