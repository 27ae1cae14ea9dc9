"""`judge` and `check --verdict` as a user calls them: words, looks, tables, pages, mistakes."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

import sixdays as api
from tests.command import Sixdays

ROOT = Path(__file__).resolve().parents[1]
KEYS = {"schema", "verdict", "standard", "difference", "p", "improvement", "noise_floor", "methods", "looks", "next",
        "warnings"}  # fmt: skip
NOW = ("--now", "2026-11-25T12:00:00Z")


@pytest.fixture
def sixdays(tmp_path: Path) -> Sixdays:
    return Sixdays(tmp_path)


def _curves(folder: Path, arms: dict[str, tuple[float, int]], *, spread: float = 10.0, last: int = 40) -> None:
    """runs/METHOD_s0/progress.csv …: method → (top, seeds), 40 points to 1M steps, hourly."""
    for method, (top, seeds) in arms.items():
        for seed in range(seeds):
            rng = np.random.default_rng([len(method), seed])
            end = top + rng.normal(0, spread)
            path = folder / "runs" / f"{method}_s{seed}" / "progress.csv"
            path.parent.mkdir(parents=True, exist_ok=True)
            rows = [
                f"{i * 25_000},{end * (1 - np.exp(-i / 8)):.4f},2026-11-01T{i % 24:02}:00:00Z"
                for i in range(1, last + 1)
            ]
            path.write_text("\n".join(["total_timesteps,eval/mean_reward,time", *rows]) + "\n", encoding="utf-8")


def test_the_json_has_the_agreed_keys_and_no_nan(sixdays: Sixdays) -> None:
    _curves(sixdays.folder, {"sac": (100, 10), "mine": (140, 10)})
    ran = sixdays("judge", "runs", "--baseline", "sac", "--json", *NOW)
    assert ran.code == 0, ran.err
    made = json.loads(ran.out)
    assert set(made) >= KEYS
    assert made["verdict"] == "better"
    assert set(made["difference"]) == {"value", "low", "high", "level"}
    assert made["methods"]["mine"]["runs"] == 10
    assert "NaN" not in ran.out


def test_asking_again_of_the_same_data_is_no_look_and_a_new_seed_is_one(sixdays: Sixdays) -> None:
    _curves(sixdays.folder, {"sac": (100, 10), "mine": (101, 10)})
    looks = []
    for seeds in (10, 10, 11):
        _curves(sixdays.folder, {"sac": (100, seeds), "mine": (101, seeds)})
        looks.append(json.loads(sixdays("judge", "runs", "--baseline", "sac", "--json", *NOW).out)["looks"])
    assert looks == [1, 1, 2]
    assert len(list((sixdays.folder / "runs" / "journal").glob("*.json"))) == 2


def test_no_record_counts_nothing_and_writes_nothing(sixdays: Sixdays) -> None:
    _curves(sixdays.folder, {"sac": (100, 3), "mine": (140, 3)})
    before = sorted(sixdays.folder.rglob("*"))
    assert sixdays("judge", "runs", "--no-record", *NOW).code == 0
    assert sorted(sixdays.folder.rglob("*")) == before


def test_a_folder_that_cannot_be_written_is_said_and_the_verdict_given(sixdays: Sixdays) -> None:
    _curves(sixdays.folder, {"sac": (100, 10), "mine": (140, 10)})
    (sixdays.folder / "runs" / "journal").write_text("a file where the folder would be", encoding="utf-8")
    ran = sixdays("judge", "runs", "--baseline", "sac", *NOW)
    assert ran.code == 0
    assert "BETTER" in ran.out
    assert "not counted" in ran.err


def test_the_verdict_as_an_exit_code(sixdays: Sixdays) -> None:
    _curves(sixdays.folder, {"sac": (100, 10), "mine": (140, 10)})
    how = ("runs", "--baseline", "sac", "--no-record", *NOW)
    assert sixdays("check", "--verdict", "better", *how).code == 0
    assert sixdays("check", "--verdict", "worse", *how).code == 4
    assert sixdays("check", "--verdict", "better").code == 2


def test_tables_and_a_page_are_made(sixdays: Sixdays) -> None:
    _curves(sixdays.folder, {"sac": (100, 10), "mine": (140, 10)})
    how = ("judge", "runs", "--baseline", "sac", "--no-record", *NOW)
    assert "| method |" in sixdays(*how, "--table", "markdown").out
    assert r"\begin{tabular}" in sixdays(*how, "--table", "latex").out
    ran = sixdays(*how, "--html", "page.html")
    assert ran.code == 0, ran.err
    page = (sixdays.folder / "page.html").read_text(encoding="utf-8")
    assert "<svg" in page
    assert "<script" not in page


@pytest.mark.parametrize(
    ("argv", "code", "said"),
    [
        (("judge", "nowhere"), 2, "nowhere"),
        (("judge", "empty"), 2, "no runs found"),
        (("judge", "runs", "--metric", "acc"), 2, "they log"),
        (("judge", "runs", "--baseline", "sacc"), 2, "sac"),
        (("judge", "runs", "--standard", "compeling"), 2, "compelling"),
        (("judge", "runs", "--standard", "gone.toml"), 2, "gone.toml"),
        (("judge", "runs", "--goal", "many"), 2, "--goal"),
        (("judge", "runs", "--format", "wandbb"), 2, "wandb"),
        (("judge", "runs", "--group", "{grup}"), 2, "group"),
    ],
)
def test_a_mistake_says_what_and_how_to_mend_it(sixdays: Sixdays, argv: tuple[str, ...], code: int, said: str) -> None:
    _curves(sixdays.folder, {"sac": (100, 3), "mine": (140, 3)})
    (sixdays.folder / "empty").mkdir()
    ran = sixdays(*argv, *NOW)
    assert ran.code == code, ran.err
    assert said in ran.err
    assert not (sixdays.folder / "runs" / "journal").exists()


def test_a_run_without_the_metric_is_named(sixdays: Sixdays) -> None:
    _curves(sixdays.folder, {"sac": (100, 3), "mine": (140, 3)})
    other = sixdays.write("runs/mine_s9/progress.csv", "total_timesteps,loss\n1,2\n2,1\n")
    made = json.loads(sixdays("judge", "runs", "--metric", "mean_reward", "--json", "--no-record", *NOW).out)
    assert any("do not log" in w and "mine_s9" in w for w in made["warnings"]), (made["warnings"], other)


def test_a_metric_of_unknown_sign_says_which_was_taken(sixdays: Sixdays) -> None:
    rows = "\n".join(f"{m},{s},1,{v}" for m, v in (("a", 1.0), ("b", 2.0)) for s in range(3))
    sixdays.write("r.csv", f"method,seed,step,zeta\n{rows}\n")
    made = json.loads(sixdays("judge", "r.csv", "--json", "--no-record", *NOW).out)
    assert any("--lower" in w for w in made["warnings"])


def test_a_task_of_the_plan_is_judged_and_moves_the_odds(sixdays: Sixdays) -> None:
    _curves(sixdays.folder, {"sac": (100, 5), "mine": (60, 5)})
    sixdays.write(
        "plan.yaml",
        """\
zone: UTC
tasks:
  sac: {takes: 1h to 2h, seeds: 5, logs: runs/sac*}
  mine: {takes: 1h to 2h, seeds: 5, logs: runs/mine*, after: sac, claim: mine ends above sac}
  write: {takes: 1d, after: mine}
targets:
  paper: {deadline: 2026-12-20 23:59 AoE, requires: [write], standard: preliminary}
""",
    )
    ran = sixdays("judge", "mine", "--json", *NOW)
    assert ran.code == 0, ran.err
    made = json.loads(ran.out)
    assert made["verdict"] == "worse"
    assert made["before"]["targets"]["paper"]["not_stopped"] == 1.0
    assert made["after"]["targets"]["paper"]["not_stopped"] < 0.05
    assert json.loads(sixdays("odds", "--json", *NOW).out)["targets"]["paper"]["odds"] < 0.05
    assert (sixdays.folder / "journal").is_dir()
    assert sixdays("judge", "sac", *NOW).code == 2  # it claims nothing


def test_python_judges_arrays_and_paths_alike(sixdays: Sixdays) -> None:
    _curves(sixdays.folder, {"sac": (100, 10), "mine": (140, 10)})
    curves = api.read_curves(sixdays.folder / "runs", metric="mean_reward")
    assert len(curves) == 20
    on_arrays = api.judge(curves, baseline="sac", higher_is_better=True)
    on_paths = api.judge(sixdays.folder / "runs", baseline="sac")
    assert on_arrays.word == on_paths.word == "better"
    assert on_arrays.main is not None
    assert on_paths.main is not None
    assert on_arrays.main.difference == on_paths.main.difference


def test_the_examples_are_judged_as_their_authors_would() -> None:
    """Sarsa's online return beats Q-learning's on the cliff walk (Sutton & Barto, example 6.6)."""
    made = api.judge(ROOT / "examples/cliff-walking/curves.csv", baseline="q-learning")
    assert made.word == "better"


def test_what_the_logs_of_others_say_is_only_read(sixdays: Sixdays) -> None:
    """Reading leaves every file as it was, times included."""
    shutil.copytree(ROOT / "examples/running/runs", sixdays.folder / "runs")
    before = {p: (p.stat().st_mtime_ns, p.read_bytes()) for p in (sixdays.folder / "runs").rglob("*") if p.is_file()}
    assert sixdays("runs", "--by", "3 Dec AoE", *NOW).code == 0
    assert {p: (p.stat().st_mtime_ns, p.read_bytes()) for p in before} == before
    assert os.listdir(sixdays.folder) == ["runs"]


def test_a_look_is_one_however_it_is_asked_for(sixdays: Sixdays) -> None:
    """Spelling the path otherwise, naming the arms or swapping them does not make the earlier looks go away."""
    asked = (("runs",), ("./runs/", "--baseline", "sac"), ("runs", "--baseline", "mine"), ("runs", "--margin", "1"))
    looks = []
    for seeds, argv in zip(range(10, 14), asked, strict=True):
        _curves(sixdays.folder, {"sac": (100, seeds), "mine": (101, seeds)})
        looks.append(json.loads(sixdays("judge", *argv, "--json", *NOW).out)["looks"])
    assert looks == [1, 2, 3, 4]


def test_asking_after_every_seed_keeps_the_error(sixdays: Sixdays) -> None:
    """The bar of a later look is higher than that of one alone: what one look of 12 seeds shows, the third does not."""
    _curves(sixdays.folder, {"sac": (100, 12), "mine": (113, 12)})
    alone = json.loads(sixdays("judge", "runs", "--baseline", "sac", "--json", "--no-record", *NOW).out)
    for seeds in (10, 11):
        for path in (sixdays.folder / "runs").glob(f"*_s1[{seeds - 10}-9]/progress.csv"):
            path.unlink()
        _curves(sixdays.folder, {"sac": (100, seeds), "mine": (113, seeds)})
        assert sixdays("judge", "runs", "--baseline", "sac", *NOW).code == 0
    _curves(sixdays.folder, {"sac": (100, 12), "mine": (113, 12)})
    third = json.loads(sixdays("judge", "runs", "--baseline", "sac", "--json", *NOW).out)
    assert third["p"] == alone["p"]
    assert (alone["verdict"], third["verdict"], third["looks"]) == ("better", "not_yet_known", 3)


def test_a_rule_for_stopping_is_proposed_and_nothing_is_done(sixdays: Sixdays) -> None:
    """Half-way runs of mine are far below sac; with no claim the rule is read all the same."""
    _curves(sixdays.folder, {"sac": (100, 3)})
    _curves(sixdays.folder, {"mine": (10, 2)}, last=20)
    for seed in range(2):
        sixdays.write(f"runs/mine_s{seed}/config.yaml", f"seed: {seed}\ntotal_timesteps: 1000000\n")
    sixdays.write(
        "plan.yaml",
        """\
tasks:
  sac: {takes: 40h to 50h, seeds: 3, logs: runs/sac*}
  mine: {takes: 40h to 50h, seeds: 2, logs: runs/mine*, after: [sac], stop if: below baseline at 40 % of the steps}
targets: {paper: {deadline: 2026-12-20 23:59 AoE}}
""",
    )
    made = json.loads(sixdays("odds", "--json", "--now", "2026-11-01T20:30:00Z").out)
    (asked,) = [q["text"] for q in made["questions"] if q["text"].startswith("Stop ")]
    assert "mine seed 0" in asked
    assert "below baseline" in asked


def test_runs_that_can_no_longer_change_the_verdict_are_left_out_by_a_change(sixdays: Sixdays) -> None:
    """Ten seeds an arm far apart are better at any standard; ten more of each cannot change that."""
    _curves(sixdays.folder, {"sac": (100, 10), "mine": (200, 10)}, spread=3)
    sixdays.write(
        "plan.yaml",
        """\
zone: UTC
tasks:
  sac: {takes: 40h to 50h, seeds: 20, logs: runs/sac*}
  mine: {takes: 40h to 50h, seeds: 20, logs: runs/mine*, claim: mine beats sac}
targets: {paper: {deadline: 2026-12-20 23:59 AoE}}
""",
    )
    made = json.loads(sixdays("odds", "--json", *NOW).out)
    (asked,) = [q for q in made["questions"] if q["text"].startswith("Leave out")]
    assert "20 of the 20 runs" in asked["text"]
    assert sorted(asked["change"]) == ["mine 10 seeds", "sac 10 seeds"]
    assert sixdays("what-if", *asked["change"], *NOW).code == 0


def test_the_plan_of_the_first_look_holds_and_other_metrics_are_remembered(sixdays: Sixdays) -> None:
    _curves(sixdays.folder, {"sac": (100, 10), "mine": (101, 10)})
    sixdays("judge", "runs", "--planned", "12", *NOW)
    _curves(sixdays.folder, {"sac": (100, 11), "mine": (101, 11)})
    made = json.loads(sixdays("judge", "runs", "--planned", "40", "--json", *NOW).out)
    assert any("12 seeds an arm were planned" in w for w in made["warnings"])
    assert made["looks"] == 2


def test_a_growing_arm_beside_a_finished_baseline_is_looked_at_anew(sixdays: Sixdays) -> None:
    """The baseline stays at ten seeds; each further seed of the method is another look, not the same one."""
    looks = []
    for seeds in (10, 14, 20):
        _curves(sixdays.folder, {"sac": (100, 10), "mine": (101, seeds)})
        looks.append(json.loads(sixdays("judge", "runs", "--baseline", "sac", "--json", *NOW).out)["looks"])
    assert looks == [1, 2, 3]
    kept = [
        json.loads(p.read_text(encoding="utf-8"))["data"]["seeds"] for p in (sixdays.folder / "runs/journal").iterdir()
    ]
    assert len(set(kept)) == 3


def test_a_look_at_another_standard_is_a_look(sixdays: Sixdays) -> None:
    _curves(sixdays.folder, {"sac": (100, 10), "mine": (101, 10)})
    sixdays("judge", "runs", "--standard", "preliminary", *NOW)
    _curves(sixdays.folder, {"sac": (100, 11), "mine": (101, 11)})
    assert json.loads(sixdays("judge", "runs", "--json", *NOW).out)["looks"] == 2


def test_a_result_that_is_no_number_to_its_end_has_diverged_even_where_the_rest_is_fine(sixdays: Sixdays) -> None:
    """Frames a second go on while the return is NaN and the run is silent: a result, not a run that still runs."""
    _curves(sixdays.folder, {"sac": (100, 10), "mine": (140, 10)})
    for seed in range(8, 12):
        rows = [
            f"{i * 25_000},{'nan' if i > 15 else 50 + seed},{1000 + i},2026-11-01T{i % 24:02}:00:00Z"
            for i in range(1, 21)
        ]
        sixdays.write(
            f"runs/mine_s{seed}/progress.csv", "\n".join(["total_timesteps,eval/mean_reward,fps,time", *rows])
        )
        sixdays.write(f"runs/mine_s{seed}/config.yaml", f"seed: {seed}\ntotal_timesteps: 1000000\n")
    made = json.loads(sixdays("judge", "runs", "--baseline", "sac", "--json", "--no-record", *NOW).out)
    assert made["methods"]["mine"]["diverged"] == 4
    assert made["methods"]["mine"]["running"] == 0
    assert made["verdict"] == "not_yet_known"  # with them at the worst score it does not hold
    states = [r["state"] for r in json.loads(sixdays("runs", "--json", *NOW).out)["runs"]]
    assert states.count("failed") == 4


def test_a_pattern_that_names_no_run_is_said(sixdays: Sixdays) -> None:
    _curves(sixdays.folder, {"sac": (100, 3), "mine": (140, 3)})
    ran = sixdays("judge", "runs", "--group", "{group}/{seed}x", "--no-record", *NOW)
    assert ran.code == 2
    assert "names none of the 6 runs" in ran.err


def test_what_cannot_be_measured_or_read_in_a_plan_is_said(sixdays: Sixdays) -> None:
    _curves(sixdays.folder, {"mine": (140, 3)})
    sixdays.write(
        "plan.yaml",
        """\
tasks:
  mine: {takes: 1h to 2h, seeds: 3, logs: runs/mine*, claim: beats foo, stop if: whenever}
  other: {takes: 1h to 2h, logs: nowhere/*}
""",
    )
    said = [p["message"] for p in json.loads(sixdays("odds", "--json", *NOW).out)["problems"]]
    assert any("names no other task" in m for m in said)
    assert any("whenever" in m for m in said)
    assert any("no folder nowhere" in m for m in said)


def test_a_task_has_a_verdict_as_an_exit_code_too(sixdays: Sixdays) -> None:
    _curves(sixdays.folder, {"sac": (100, 10), "mine": (140, 10)})
    sixdays.write(
        "plan.yaml",
        """\
tasks:
  sac: {takes: 1h to 2h, seeds: 10, logs: runs/sac*}
  mine: {takes: 1h to 2h, seeds: 10, logs: runs/mine*, claim: beats sac}
""",
    )
    assert sixdays("check", "--verdict", "better", "mine", *NOW).code == 0
