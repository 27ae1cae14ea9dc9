"""From folders to runs: what belongs together, what is configuration, what is passed over."""

from __future__ import annotations

import json
import os
import zipfile
from pathlib import Path

import pytest
from tests import logfiles
from tests.logfiles import START, rows

from sixdays.app.folders import of_text
from sixdays.app.reading import Found, find_runs
from sixdays.errors import LogError, UsageError
from sixdays.readers.text import decoded


def paths(found: Found) -> list[str]:
    return [r.path for r in found.runs]


def test_event_files_of_one_folder_are_one_run_that_was_restarted(tmp_path: Path) -> None:
    folder = tmp_path / "runs" / "ppo_s1"
    logfiles.tensorboard(folder, rows(10), "loss", "events.out.tfevents.1.h.1.0")
    logfiles.tensorboard(
        folder, [(s, v, t + 100) for s, v, t in rows(10, first=5)], "loss", "events.out.tfevents.2.h.1.0"
    )
    found = find_runs([str(tmp_path)])
    assert paths(found) == ["runs/ppo_s1"]
    assert list(found.runs[0].logs[0].series["loss"].steps) == [10.0 * i for i in range(15)]


def test_event_files_written_at_the_same_time_are_different_runs(tmp_path: Path) -> None:
    for i in (1, 2):
        logfiles.tensorboard(
            tmp_path, [(s, v, t + i / 10) for s, v, t in rows(10)], "loss", f"events.out.tfevents.{i}.h.1.0"
        )
    assert len(find_runs([str(tmp_path)]).runs) == 2


def test_train_and_validation_folders_are_parts_of_the_run_above(tmp_path: Path) -> None:
    for part in ("train", "validation"):
        logfiles.tensorboard(tmp_path / "vit" / part, rows(5), "epoch_loss")
    found = find_runs([str(tmp_path)])
    assert paths(found) == ["vit"]
    assert set(found.runs[0].tags) == {"train/epoch_loss", "validation/epoch_loss"}


def test_train_and_eval_tables_of_one_folder_are_one_run(tmp_path: Path) -> None:
    for name in ("train.csv", "eval.csv"):
        logfiles.table(
            tmp_path / "walker" / "1" / name, ["frame", "episode_reward"], [(i * 1000, i * 1.5) for i in range(5)]
        )
    found = find_runs([str(tmp_path)])
    assert paths(found) == ["walker/1"]
    assert set(found.runs[0].tags) == {"train/episode_reward", "eval/episode_reward"}


def test_tables_of_one_folder_are_runs_of_their_own(tmp_path: Path) -> None:
    for name in ("sac_0.csv", "sac_1.csv", "td3_0.csv"):
        logfiles.table(tmp_path / name, ["step", "return"], [(i, i * 2.0) for i in range(5)])
    found = find_runs([str(tmp_path)])
    assert paths(found) == ["sac_0.csv", "sac_1.csv", "td3_0.csv"]
    assert [(r.place.group, r.place.seed) for r in found.runs] == [("sac", "0"), ("sac", "1"), ("td3", "0")]
    assert found.notes[0].startswith("3 runs in 2 groups: table 3")


def test_a_table_in_long_form_holds_several_runs(tmp_path: Path) -> None:
    cells = [
        (method, env, seed, step, step * 0.5 + seed)
        for method in ("sac", "td3") for env in ("Hopper", "Walker") for seed in range(3) for step in range(0, 50_000, 1000)
    ]  # fmt: skip
    logfiles.table(tmp_path / "all.csv", ["algo", "env", "seed", "step", "score"], cells)
    for ends in (False, True):
        found = find_runs([str(tmp_path)], ends=ends)
        assert len(found.runs) == 12
        assert {(r.place.group, r.place.task, r.place.seed) for r in found.runs} == {
            (m, e, str(s)) for m in ("sac", "td3") for e in ("Hopper", "Walker") for s in range(3)
        }
        assert all(len(r.logs[0].series["score"].steps) == 50 for r in found.runs)
        assert found.runs[0].path == "all.csv#sac/Hopper/0"


def test_a_long_table_of_final_scores_needs_no_step(tmp_path: Path) -> None:
    cells = [(m, s, v) for m, s, v in (("sac", 0, 1.5), ("sac", 1, 2.5), ("td3", 0, 0.5), ("td3", 1, 3.5))]
    logfiles.table(tmp_path / "scores.csv", ["method", "seed", "score"], cells)
    runs = find_runs([str(tmp_path / "scores.csv")]).runs
    assert [(r.place.group, r.place.seed, float(r.logs[0].series["score"].values[0])) for r in runs] == [
        ("sac", "0", 1.5), ("sac", "1", 2.5), ("td3", "0", 0.5), ("td3", "1", 3.5),
    ]  # fmt: skip


def test_names_of_metrics_may_stand_in_a_column(tmp_path: Path) -> None:
    cells = [(step, tag, step * k) for step in range(30) for tag, k in (("loss", 1.0), ("accuracy", 2.0))]
    logfiles.table(tmp_path / "m.csv", ["step", "metric", "value"], cells)
    assert set(find_runs([str(tmp_path)]).runs[0].tags) == {"loss", "accuracy"}


def test_hydra_settings_beside_a_run_tell_its_seed(tmp_path: Path) -> None:
    for i in range(3):
        folder = tmp_path / "multirun" / "2024-01-02" / "03-04-05" / str(i)
        logfiles.table(folder / "metrics.csv", ["epoch", "step", "val_acc"], [(e, e * 100, e / 10) for e in range(5)])
        (folder / ".hydra").mkdir()
        (folder / ".hydra" / "config.yaml").write_text(f"seed: {10 + i}\nalgo:\n  name: sac\n  lr: 0.001\n")
        (folder / ".hydra" / "overrides.yaml").write_text(f"- seed={10 + i}\n")
    found = find_runs([str(tmp_path)])
    assert [r.place.seed for r in found.runs] == ["10", "11", "12"]
    assert found.runs[0].config["algo.lr"] == 0.001
    assert len({r.place.group for r in found.runs}) == 1


def test_settings_above_a_run_hold_and_its_own_come_first(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("lr: 1\nenv: Hopper\n")
    logfiles.table(tmp_path / "a" / "progress.csv", ["step", "loss"], [(0, 1.0), (1, 0.5)])
    (tmp_path / "a" / "params.json").write_text(json.dumps({"lr": 2, "net": {"width": 64}}))
    config = find_runs([str(tmp_path)]).runs[0].config
    assert (config["lr"], config["env"], config["net.width"]) == (2, "Hopper", 64)


def test_settings_of_wandb_lose_their_wrappers(tmp_path: Path) -> None:
    folder = tmp_path / "wandb" / "run-20240101_120000-abc123"
    logfiles.wandb(folder, rows(4), "loss", exit_code=0)
    (folder / "files").mkdir()
    (folder / "files" / "config.yaml").write_text(
        "_wandb:\n  value:\n    cli_version: 0.16\nseed:\n  desc: null\n  value: 7\n"
    )
    (folder / "files" / "wandb-metadata.json").write_text(json.dumps({"args": ["--env-id", "Hopper-v4", "--lr=0.1"]}))
    (tmp_path / "wandb" / "latest-run").symlink_to(folder)
    found = find_runs([str(tmp_path)])
    assert paths(found) == ["wandb/run-20240101_120000-abc123"]
    run = found.runs[0]
    assert (run.place.seed, run.config["env_id"], run.config["lr"], run.logs[0].ended) == (
        "7",
        "Hopper-v4",
        0.1,
        "done",
    )


def test_workers_of_one_monitored_run_are_put_in_order_of_time(tmp_path: Path) -> None:
    logfiles.monitor(tmp_path / "ppo_1" / "0.monitor.csv", [(1.0, 10, 1.0), (2.0, 10, 3.0)])
    logfiles.monitor(tmp_path / "ppo_1" / "1.monitor.csv", [(5.0, 30, 2.0), (6.0, 30, 4.0)])
    logfiles.npz(tmp_path / "ppo_1" / "evaluations.npz", [10, 20], [[1.0, 3.0], [2.0, 4.0]], [[5, 5], [5, 5]])
    found = find_runs([str(tmp_path)])
    assert paths(found) == ["ppo_1"]
    series = found.runs[0].series("r")
    assert series is not None
    assert list(series.steps) == [10.0, 40.0, 50.0, 80.0]
    assert list(series.values) == [1.0, 5.0, 2.0, 6.0]
    assert found.runs[0].created == START + 1
    means = found.runs[0].series("eval/mean_reward")
    assert means is not None
    assert list(means.values) == [2.0, 3.0]


def test_of_checkpoints_the_last_tells_the_run(tmp_path: Path) -> None:
    for n in (9, 10):
        logfiles.huggingface(tmp_path / "bert_s0" / f"checkpoint-{n}" / "trainer_state.json", rows(n), max_steps=90)
    found = find_runs([str(tmp_path)])
    assert paths(found) == ["bert_s0"]
    log = found.runs[0].logs[0]
    assert (len(log.series["eval_loss"].steps), log.goal, log.ended) == (10, 90.0, "done")


def test_ray_says_the_same_in_three_files_and_one_is_read(tmp_path: Path) -> None:
    folder = tmp_path / "PPO" / "PPO_CartPole-v1_abc12_00000"
    logfiles.SAMPLES["rllib"].write(folder, rows(5), "episode_reward_mean")
    logfiles.SAMPLES["progress"].write(folder, rows(5), "episode_reward_mean")
    logfiles.tensorboard(folder, rows(5), "ray/tune/episode_reward_mean")
    run = find_runs([str(tmp_path)]).runs[0]
    assert set(run.tags) == {"episode_reward_mean", "training_iteration"}
    assert run.config["model.fcnet_hiddens"] == "64, 64"


def test_a_group_pattern_and_a_mapping_file_override(tmp_path: Path) -> None:
    for name in ("mine_hop_s0.csv", "mine_hop_s1.csv"):
        logfiles.table(tmp_path / "logs" / name, ["step", "return"], [(0, 1.0), (1, 2.0)])
    runs = find_runs([str(tmp_path / "logs")], group="{group}_{task}_s{seed}").runs
    assert [(r.place.group, r.place.task, r.place.seed) for r in runs] == [("mine", "hop", "0"), ("mine", "hop", "1")]
    mapping = tmp_path / "places.csv"
    mapping.write_text("path,group,task,seed\nmine_hop_s0.csv,A,x,7\nmine_hop_s1.csv,B,y,8\n")
    runs = find_runs([str(tmp_path / "logs")], group=str(mapping)).runs
    assert [(r.place.group, r.place.seed) for r in runs] == [("A", "7"), ("B", "8")]
    mapping.write_text("path,group\na.csv\n")
    with pytest.raises(LogError, match=r"places\.csv:2: 1 cells"):
        find_runs([str(tmp_path / "logs")], group=str(mapping))
    mapping.write_text("file,method\n")
    with pytest.raises(LogError, match=r"places\.csv:1: its columns are file, method"):
        find_runs([str(tmp_path / "logs")], group=str(mapping))


def test_what_is_not_there_or_unknown_is_said(tmp_path: Path) -> None:
    with pytest.raises(LogError, match="there is no such file or folder"):
        find_runs([str(tmp_path / "nothing")])
    with pytest.raises(UsageError, match='there is no format "tensorbord"') as e:
        find_runs([str(tmp_path)], format="tensorbord")
    assert e.value.hint == 'did you mean "tensorboard"?'
    assert find_runs([str(tmp_path)]) == Found((), ("no runs found",), ())


def test_folders_that_link_to_each_other_are_visited_once(tmp_path: Path) -> None:
    logfiles.tensorboard(tmp_path / "a" / "run", rows(3), "loss")
    (tmp_path / "a" / "loop").symlink_to(tmp_path / "a")
    (tmp_path / "a" / "up").symlink_to("/")
    (tmp_path / "b").symlink_to(tmp_path / "a" / "run")
    assert paths(find_runs([str(tmp_path)])) == ["a/run"]


def test_folders_of_tools_and_hidden_ones_are_passed_over(tmp_path: Path) -> None:
    for name in (".git", "__pycache__", "node_modules", ".venv", ".sixdays"):
        logfiles.tensorboard(tmp_path / name / "run", rows(3), "loss")
    assert not find_runs([str(tmp_path)]).runs


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may read everything")
def test_what_may_not_be_read_is_skipped_and_said(tmp_path: Path) -> None:
    logfiles.tensorboard(tmp_path / "good", rows(3), "loss")
    logfiles.tensorboard(tmp_path / "bad", rows(3), "loss")
    (tmp_path / "bad").chmod(0)
    found = find_runs([str(tmp_path)])
    (tmp_path / "bad").chmod(0o700)
    assert paths(found) == ["good"]
    assert found.skipped == (("bad", "Permission denied"),)


def test_a_broken_log_is_skipped_and_the_rest_is_read(tmp_path: Path) -> None:
    logfiles.tensorboard(tmp_path / "good", rows(3), "loss")
    path = logfiles.wandb(tmp_path / "new", rows(3), "loss")
    path.write_bytes(b":W&B\xe1\xbe\x09" + path.read_bytes()[7:])
    found = find_runs([str(tmp_path)])
    assert paths(found) == ["good"]
    assert found.skipped == (("new/run-abc123.wandb", "a W&B file of a version that we do not know (e1be09)"),)


def test_ten_thousand_other_files_are_not_opened(tmp_path: Path) -> None:
    for i in range(10_000):
        (tmp_path / f"sample_{i}.png").touch()
    logfiles.tensorboard(tmp_path, rows(3), "loss")
    assert len(find_runs([str(tmp_path)]).runs) == 1


def test_a_format_that_is_named_is_used_whatever_the_name(tmp_path: Path) -> None:
    path = tmp_path / "noise.out"
    path.write_text("step,loss\n0,1.5\n10,0.5\n")
    assert find_runs([str(path)], format="table").runs[0].tags == ("loss",)
    assert find_runs([str(path)]).runs[0].tags == ("loss",)


def test_runs_of_several_folders_keep_their_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("mine", "base"):
        logfiles.table(tmp_path / name / "0" / "log.csv", ["step", "loss"], [(0, 1.0), (1, 2.0)])
    assert paths(find_runs(["mine", "base"])) == ["base/0", "mine/0"]
    assert [r.place.group for r in find_runs(["mine", "base"]).runs] == ["base", "mine"]


def test_a_glance_and_a_whole_reading_agree_on_the_ends(tmp_path: Path) -> None:
    for i in range(3):
        logfiles.spinning_up(tmp_path / f"sac_s{i}", rows(5000))
    whole, glance = find_runs([str(tmp_path)]), find_runs([str(tmp_path)], ends=True)
    for a, b in zip(whole.runs, glance.runs, strict=True):
        x, y = a.series("AverageTestEpRet"), b.series("AverageTestEpRet")
        assert x is not None
        assert y is not None
        assert (x.steps[-1], x.values[-1]) == (y.steps[-1], y.values[-1])
        assert len(y.steps) < 1000 < len(x.steps)


def test_nothing_in_a_configuration_is_evaluated() -> None:
    text = "a: !!python/object/apply:os.system ['true']\nb: &x 3\nc: *x\nd: {e: 1}\nlist:\n  - 1\n"
    assert set(of_text(text, "config.yaml")) <= {"b", "list"}


def test_wanted_is_asked_with_the_name_that_the_tag_will_have(tmp_path: Path) -> None:
    for part in ("train", "validation"):
        logfiles.tensorboard(tmp_path / "vit" / part, rows(5), "loss")
    found = find_runs([str(tmp_path)], wanted=lambda tag: tag == "validation/loss")
    assert found.runs[0].tags == ("validation/loss",)


def test_an_archive_that_claims_a_shape_of_fractions_is_refused(tmp_path: Path) -> None:
    path = logfiles.npz(tmp_path / "evaluations.npz", [10, 20], [[1.0, 3.0], [2.0, 4.0]], [[5, 5], [5, 5]])
    with zipfile.ZipFile(path) as archive:
        held = {n: archive.read(n) for n in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in held.items():
            archive.writestr(name, data.replace(b"(2, 2)", b"(2., 2)").replace(b"}  ", b"} ", 1))
    assert find_runs([str(tmp_path)]).skipped[0][0] == "evaluations.npz"


def test_items_of_two_checkpoints_are_tasks_of_two_groups(tmp_path: Path) -> None:
    rows = [f"{c},{i},{i % 5 + (c == 'b') / 2}" for c in "ab" for i in range(30)]
    path = tmp_path / "items.csv"
    path.write_text("\n".join(["checkpoint,item,score", *rows]) + "\n", encoding="utf-8")
    runs = find_runs([str(path)]).runs
    assert {r.place.group for r in runs} == {"a", "b"}
    assert len({r.place.task for r in runs}) == 30


def test_a_column_of_one_seed_is_a_setting_and_no_metric(tmp_path: Path) -> None:
    path = tmp_path / "run.csv"
    path.write_text("seed,step,score\n3,1,0.5\n3,2,0.6\n", encoding="utf-8")
    (run,) = find_runs([str(path)]).runs
    assert run.tags == ("score",)
    assert run.place.seed == "3"


def test_progress_in_a_trainer_state_is_no_setting(tmp_path: Path) -> None:
    for seed, best in ((1, 0.9), (2, 0.8)):
        path = logfiles.huggingface(tmp_path / f"bert-seed{seed}" / "trainer_state.json", rows(5))
        state = json.loads(path.read_text()) | {"epoch": best, "best_metric": best, "total_flos": best * 1e9}
        path.write_text(json.dumps(state))
    assert {r.place.group for r in find_runs([str(tmp_path)]).runs} == {"bert"}


def test_two_files_of_one_tracker_with_plain_names_are_one_run(tmp_path: Path) -> None:
    for name in ("metrics.jsonl", "scores.jsonl"):
        logfiles.jsonl(tmp_path / "dreamer_1" / name, [{"step": i, "episode/score": i * 1.5} for i in range(5)])
    assert paths(find_runs([str(tmp_path)])) == ["dreamer_1"]


def test_a_folder_named_train_with_a_configuration_of_its_own_is_a_run(tmp_path: Path) -> None:
    for i, name in enumerate(("train", "train2")):
        logfiles.table(tmp_path / "detect" / name / "results.csv", ["epoch", "mAP"], [(e, e / 10) for e in range(5)])
        (tmp_path / "detect" / name / "args.yaml").write_text(f"model: yolo.pt\nseed: {i}\n")
    found = find_runs([str(tmp_path)])
    assert [(r.path, r.place.group, r.place.seed) for r in found.runs] == [
        ("detect/train", "yolo.pt", "0"), ("detect/train2", "yolo.pt", "1")
    ]  # fmt: skip


def test_between_semicolons_a_comma_is_the_decimal_point(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("step;return\n0;1,5\n10;-2,25\n20;3e2\n")
    found = find_runs([str(tmp_path / "a.csv")]).runs[0].logs[0].series["return"]
    assert list(found.values) == [1.5, -2.25, 300.0]


def test_times_in_milliseconds_are_times(tmp_path: Path) -> None:
    logfiles.table(tmp_path / "a.csv", ["timestamp_ms", "step", "r"], [(int(START) * 1000 + i, i, i) for i in range(3)])
    logfiles.table(tmp_path / "b.csv", ["train_time_ms", "step", "r"], [(i * 500, i, i) for i in range(3)])
    a, b = (find_runs([str(tmp_path / f"{n}.csv")]).runs[0].logs[0].series["r"].times for n in "ab")
    assert a[0] == START
    assert list(b - b[0]) == pytest.approx([0.0, 0.5, 1.0])


def test_a_short_run_of_an_export_keeps_its_own_end_in_a_glance(tmp_path: Path) -> None:
    cells = [(i, i * 1.0, i * 1.0 if i < 1000 else None) for i in range(2000)]
    logfiles.table(tmp_path / "e.csv", ["Step", "a - return", "b - return"], cells)
    found = find_runs([str(tmp_path / "e.csv")], ends=True)
    assert [r.logs[0].series["return"].steps[-1] for r in found.runs] == [1999.0, 999.0]


def test_printed_lines_are_a_log_where_no_tracker_wrote(tmp_path: Path) -> None:
    lines_ = [f"step:{i}/100 train_time:{i * 500}ms" + (f" val_loss:{9 - i}" if i % 5 == 0 else "") for i in range(41)]
    source = "import os\nx = 1\n" * 2000
    for seed in (1, 2):
        path = tmp_path / "a" / f"mine_s{seed}.txt"
        path.parent.mkdir(exist_ok=True)
        path.write_text(source + "\n".join(lines_) + "\nstep:41/1")
        os.utime(path, (START, START))
    (tmp_path / "README.txt").write_text("Step 1: install. Step 2: seed = 3.\n")
    found = find_runs([str(tmp_path)], ends=True)
    assert [(r.place.group, r.place.seed) for r in found.runs] == [("mine", "1"), ("mine", "2")]
    log = found.runs[0].logs[0]
    assert (log.goal, list(log.series["val_loss"].steps)) == (100.0, [5.0 * i for i in range(9)])
    assert log.series["val_loss"].times[-1] == START
    logfiles.tensorboard(tmp_path / "a" / "tb", rows(5), "loss")
    assert paths(find_runs([str(tmp_path)])) == ["a/tb"]


@pytest.mark.parametrize(("line", "expected"), [
    ("iter 250: loss 2.3421, time 123.45ms, mfu 17.89%", {"step": 250.0, "loss": 2.3421, "time": 0.12345, "mfu": 17.89}),
    ("step 250: train loss 2.1, val loss 2.2", {"step": 250.0, "train loss": 2.1, "val loss": 2.2}),
    ("Epoch [3/10], Loss: 0.25, Acc: 97.5%", {"Epoch": 3.0, "_goal": 10.0, "Loss": 0.25, "Acc": 97.5}),
    ("2025-11-20 03:04:05,123 INFO root: step=10 return=-1e3 sps=5",
     {"timestamp": "2025-11-20 03:04:05.123", "step": 10.0, "return": -1000.0, "sps": 5.0}),
    ("2025-11-20 03:04:05 | INFO | valid | {\"valid_loss\": \"3.1\", \"valid_num_updates\": \"100\"}",
     {"timestamp": "2025-11-20 03:04:05", "valid_loss": "3.1", "valid_num_updates": "100", "num_updates": "100"}),
    ("\x1b[32mglobal_step=1,024, episodic_return=[21.0]\x1b[0m", {"step": 1024.0, "episodic_return": 21.0}),
    ("saved checkpoint-500 in 3.2s", None),
    ("learning rate: 0.1, batch size: 32", None),
    ("for step in range(10): loss = 1", None),
])  # fmt: skip
def test_what_one_printed_line_says(line: str, expected: dict[str, object] | None) -> None:
    assert decoded(line) == expected


def test_a_json_file_is_records_or_columns_or_sacreds_metrics(tmp_path: Path) -> None:
    shapes: dict[str, object] = {
        "list": [{"step": i * 10, "loss": 1.5 * i} for i in range(6)],
        "columns": {"lr": 0.1, "step": [i * 10 for i in range(6)], "loss": [1.5 * i for i in range(6)], "sizes": [64]},
        "sacred": {"loss": {"steps": [i * 10 for i in range(6)], "values": [1.5 * i for i in range(6)],
                            "timestamps": [f"2025-11-20T03:04:0{i}" for i in range(6)]}},
    }  # fmt: skip
    for name, shape in shapes.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "metrics.json").write_text(json.dumps(shape))
        (tmp_path / name / "config.json").write_text(json.dumps({"hidden_sizes": [64, 64, 64], "steps": 7, "seed": 1}))
        (tmp_path / name / "boxes.json").write_text(json.dumps([{"image_id": 1, "bbox": [1, 2, 3, 4], "score": 0.5}]))
    found = find_runs([str(tmp_path)])
    assert (paths(found), found.skipped) == (["columns", "list", "sacred"], ())
    for run in found.runs:
        s = run.logs[0].series["loss"]
        assert (list(s.steps), list(s.values)) == ([i * 10.0 for i in range(6)], [i * 1.5 for i in range(6)])
    assert list(found.runs[2].logs[0].series["loss"].times[:2] % 60) == [0.0 + 0, 1.0]


def test_a_history_in_json_needs_no_step_and_is_counted(tmp_path: Path) -> None:
    (tmp_path / "vit_seed1.json").write_text(
        json.dumps({"loss": [1.0, 0.5, 0.4, 0.3, 0.2], "val_loss": [2, 1, 1, 1, 1]})
    )
    run = find_runs([str(tmp_path)]).runs[0]
    assert (run.place.group, list(run.logs[0].series["val_loss"].values)) == ("vit", [2.0, 1.0, 1.0, 1.0, 1.0])


@pytest.mark.parametrize("name", ["", "Unnamed: 0"])
def test_the_index_that_pandas_writes_is_no_metric(name: str, tmp_path: Path) -> None:
    logfiles.table(tmp_path / "a.csv", [name, "step", "r"], [(i, i * 10, i / 2) for i in range(5)])
    assert set(find_runs([str(tmp_path / "a.csv")]).runs[0].tags) == {"r"}


@pytest.mark.parametrize(("zone", "written", "hours"), [("", 8 * 3600, 8), ("", 8 * 3600 + 300, 0), ("Z", 3600, 0)])
def test_times_without_a_zone_are_in_that_of_the_file(zone: str, written: int, hours: int, tmp_path: Path) -> None:
    path = logfiles.jsonl(
        tmp_path / "a.jsonl", [{"time": f"2023-11-14 22:13:2{i}{zone}", "step": i, "r": i} for i in range(5)]
    )
    os.utime(path, (START + 4 + written, START + 4 + written))
    log = find_runs([str(path)]).runs[0].logs[0]
    assert log.series["r"].times[0] == START + hours * 3600
    assert any("UTC-8" in n.message for n in log.notes) == bool(hours)
