"""Files that the vendors' own packages wrote, read by the vendors' readers and by ours."""

from __future__ import annotations

import importlib
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sixdays.app.reading import find_runs
from sixdays.logs.series import Log
from sixdays.plugins import create


def vendor(module: str, why: str) -> Any:
    """The vendor's package; without it the test is skipped, or fails where everything is required."""
    if os.environ.get("SIXDAYS_REQUIRE_ALL") == "1":
        return importlib.import_module(module)
    return pytest.importorskip(module, reason=why)


def read(name: str, path: Path) -> Log:
    (log,) = create("readers", name).read(str(path))
    return log  # type: ignore[no-any-return]


@pytest.mark.filterwarnings("ignore")
def test_event_files_of_tensorboard_are_read_as_tensorboard_reads_them(tmp_path: Path) -> None:
    why = "pip install tensorboard"
    writer = vendor("tensorboard.summary.writer.event_file_writer", why).EventFileWriter(str(tmp_path))
    event_pb2 = vendor("tensorboard.compat.proto.event_pb2", why)
    summary_pb2 = vendor("tensorboard.compat.proto.summary_pb2", why)
    tensor_util = vendor("tensorboard.util.tensor_util", why)
    accumulator = vendor("tensorboard.backend.event_processing.event_accumulator", why)
    metadata = summary_pb2.SummaryMetadata()
    metadata.plugin_data.plugin_name = "scalars"
    rng = random.Random(0)
    step = 0
    for i in range(500):
        step += rng.choice((1, 127, 128, 70_000, 1 << 33))
        old = summary_pb2.Summary.Value(
            tag="train/loss é", simple_value=rng.choice((rng.random(), 1e30, float("nan"), float("inf")))
        )
        single = summary_pb2.Summary.Value(
            tag="new", metadata=metadata, tensor=tensor_util.make_tensor_proto(np.float32(rng.random()))
        )
        double = summary_pb2.Summary.Value(
            tag="double", metadata=metadata, tensor=tensor_util.make_tensor_proto(rng.random(), dtype=np.float64)
        )
        both = summary_pb2.Summary.Value(tag="pair " + "x" * 120, simple_value=i)
        for values in ([old], [single], [double, both]):
            writer.add_event(
                event_pb2.Event(wall_time=1.7e9 + i / 7, step=step, summary=summary_pb2.Summary(value=values))
            )
    writer.close()
    theirs = accumulator.EventAccumulator(str(tmp_path), size_guidance={"scalars": 0, "tensors": 0})
    theirs.Reload()
    (path,) = tmp_path.iterdir()
    ours = read("tensorboard", path)
    expected = {t: [(e.wall_time, e.step, e.value) for e in theirs.Scalars(t)] for t in theirs.Tags()["scalars"]}
    expected |= {
        t: [(e.wall_time, e.step, float(tensor_util.make_ndarray(e.tensor_proto))) for e in theirs.Tensors(t)]
        for t in theirs.Tags()["tensors"]
    }
    assert set(ours.series) == set(expected)
    for tag, events in expected.items():
        found = ours.series[tag]
        np.testing.assert_array_equal(np.c_[found.times, found.steps, found.values], events)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "dtype", ["float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "uint32", "bool"]
)
def test_scalars_of_any_type_are_read(dtype: str, tmp_path: Path) -> None:
    why = "pip install tensorboard"
    tensor_util = vendor("tensorboard.util.tensor_util", why)
    from sixdays.readers._events import tensor

    for value in (0, 1, -3, 100):
        number = np.array(abs(value) if dtype.startswith(("uint", "bool")) else value, dtype=dtype)
        assert tensor(tensor_util.make_tensor_proto(number).SerializeToString()) == float(number)
        packed = tensor_util.make_tensor_proto(number)
        packed.tensor_content = number.tobytes()
        assert tensor(packed.SerializeToString()) == float(number)


def test_the_hparams_of_tensorboard_are_the_run_s_settings(tmp_path: Path) -> None:
    why = "pip install tensorboard"
    api = vendor("tensorboard.plugins.hparams.summary", why)
    event_pb2 = vendor("tensorboard.compat.proto.event_pb2", why)
    writer = vendor("tensorboard.summary.writer.event_file_writer", why).EventFileWriter(str(tmp_path))
    summary = api.session_start_pb({"lr": 0.25, "seed": 3, "env": "Hopper", "deep": True})
    writer.add_event(event_pb2.Event(wall_time=1.7e9, step=0, summary=summary))
    writer.close()
    (path,) = tmp_path.iterdir()
    assert read("tensorboard", path).config == {"lr": 0.25, "seed": 3, "env": "Hopper", "deep": True}


WANDB = """
import sys, wandb
run = wandb.init(project="p", name="sac-hopper", group="sac", mode="offline", dir=sys.argv[1],
                 config={"seed": 3, "env": {"name": "Hopper"}, "layers": [64, 64]}, settings=wandb.Settings(console="off"))
for i in range(3000):
    run.log({"train/return": i / 8, "nan": float("nan"), "é": i, "nested": {"a": i * 2}, "text": "x" * 50}, step=i * 10)
run.finish(exit_code=int(sys.argv[2]))
"""


@pytest.mark.parametrize("code", [0, 1])
def test_offline_files_of_wandb_hold_what_was_logged(code: int, tmp_path: Path) -> None:
    vendor("wandb", "pip install wandb (62 MB)")
    env = {
        **os.environ,
        "WANDB_MODE": "offline",
        "WANDB_SILENT": "true",
        "WANDB_ERROR_REPORTING": "false",
        "HOME": str(tmp_path),
    }
    done = subprocess.run(
        [sys.executable, "-c", WANDB, str(tmp_path), str(code)], env=env, capture_output=True, text=True
    )
    assert done.returncode in (0, code), done.stderr
    (run,) = find_runs([str(tmp_path / "wandb")]).runs
    (log,) = run.logs
    assert (log.format, log.ended) == ("wandb", "failed" if code else "done")
    assert {k: run.config[k] for k in ("seed", "env.name", "layers")} == {
        "seed": 3,
        "env.name": "Hopper",
        "layers": "64, 64",
    }
    assert (run.config["wandb.name"], run.config["wandb.group"]) == ("sac-hopper", "sac")
    assert {"train/return", "nan", "é", "nested/a"} <= set(log.series)
    steps = 10.0 * np.arange(3000)
    for tag, values in (
        ("train/return", steps / 80),
        ("é", steps / 10),
        ("nested/a", steps / 5),
        ("nan", steps * np.nan),
    ):
        np.testing.assert_array_equal(log.series[tag].steps, steps)
        np.testing.assert_array_equal(log.series[tag].values, values)
    assert np.isfinite(log.series["é"].times).all()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("store", ["file", "sqlite"])
def test_stores_of_mlflow_are_read_as_mlflow_reads_them(
    store: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
    monkeypatch.chdir(tmp_path)
    mlflow: Any = vendor("mlflow", "pip install mlflow-skinny")
    if store == "sqlite":
        vendor("alembic", "pip install sqlalchemy alembic, which mlflow-skinny leaves out")
    client = mlflow.MlflowClient(f"file:{tmp_path}/mlruns" if store == "file" else f"sqlite:///{tmp_path}/mlflow.db")
    experiment = client.create_experiment("first")
    expected = {}
    for seed, status in ((0, "FINISHED"), (1, "FAILED"), (2, None)):
        run = client.create_run(experiment, run_name=f"sac_{seed}")
        client.log_param(run.info.run_id, "seed", seed)
        for i in range(20):
            client.log_metric(
                run.info.run_id,
                "train/loss",
                float("nan") if i == 3 else 1 / (i + 1),
                timestamp=1_700_000_000_000 + i * 250,
                step=i * 50,
            )
            client.log_metric(
                run.info.run_id, "return", i * 2.5 + seed, timestamp=1_700_000_000_000 + i * 250, step=i * 50
            )
        if status:
            client.set_terminated(run.info.run_id, status)
        expected[str(seed)] = {
            key: [(m.timestamp / 1000, m.step, m.value) for m in client.get_metric_history(run.info.run_id, key)]
            for key in ("train/loss", "return")
        }
    runs = find_runs([str(tmp_path)]).runs
    assert {r.place.seed: r.logs[0].ended for r in runs} == {"0": "done", "1": "failed", "2": ""}
    for run in runs:
        for key, points in expected[run.place.seed].items():
            found = run.logs[0].series[key]
            ours = np.c_[found.times, found.steps, found.values]
            theirs = np.array(sorted(points, key=lambda p: p[1]))
            np.testing.assert_array_equal(ours, theirs)
