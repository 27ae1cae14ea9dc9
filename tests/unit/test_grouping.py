"""Grouping: every row of the table by its example, then whole folders."""

from __future__ import annotations

import pytest

from sixdays.logs.grouping import place
from sixdays.logs.layouts import LAYOUTS, Layout
from sixdays.logs.runs import Place
from sixdays.logs.series import Scalar


def told(paths: list[str], **options: object) -> list[tuple[str, str, str]]:
    return [(p.group, p.task, p.seed) for p in place([(path, {}) for path in paths], **options)]  # type: ignore[arg-type]


@pytest.mark.parametrize("row", LAYOUTS, ids=[f"{i}-{row.name}" for i, row in enumerate(LAYOUTS)])
def test_each_row_says_of_its_example_what_stands_beside_it(row: Layout) -> None:
    path, (group, task, seed) = row.example
    assert told([path]) == [(group, task, seed or "0")]
    assert row.pattern.search(path) or row.name in {"time", "hash", "number", "environment"}


def test_a_folder_of_a_public_project_comes_out_as_methods_tasks_and_seeds() -> None:
    cross = [(a, e, s) for a in ("sac", "ppo") for e in ("Hopper-v4", "Walker2d-v4") for s in (1, 2, 3)]
    cleanrl = [f"runs/{e}__{a}__{s}__{1700000000 + i}" for i, (a, e, s) in enumerate(cross)]
    zoo = [f"logs/{a}/{e}_{s}/monitor.csv" for a, e, s in cross]
    flat = [f"{a}-{e}-s{s}.csv" for a, e, s in cross]
    for paths in (cleanrl, zoo, flat):
        assert told(paths) == [(a, e, str(s)) for a, e, s in cross]


def test_settings_that_differ_split_a_group_and_are_named() -> None:
    names: list[tuple[str, dict[str, Scalar]]] = [(f"runs/{k}", {"optimizer.lr": lr, "seed": s, "gpu": k, "log_dir": f"/x/y/{k}"})
             for k, (lr, s) in enumerate((lr, s) for lr in (0.001, 0.01) for s in (0, 1))]  # fmt: skip
    assert [(p.group, p.seed) for p in place(names)] == [
        ("runs lr=0.001", "0"), ("runs lr=0.001", "1"), ("runs lr=0.01", "0"), ("runs lr=0.01", "1")
    ]  # fmt: skip


def test_two_experiments_in_one_folder_are_two_groups() -> None:
    names = [(f"run_{k}", {"arch": "unet" if k < 3 else "dit", "seed": k % 3}) for k in range(6)]
    assert [p.group for p in place(names)] == ["unet"] * 3 + ["dit"] * 3


def test_what_differs_only_with_the_seed_or_only_with_the_task_is_not_in_the_group() -> None:
    names = [(f"ppo/{e}/{s}", {"seed": s, "env_seed": s + 100, "run_name": f"ppo-{e}-{s}", "lr": len(e)})
             for e in ("Pong", "Breakout") for s in (3, 4)]  # fmt: skip
    assert {p.group for p in place(names)} == {"ppo"}
    assert [(p.task, p.seed) for p in place(names)] == [
        ("Pong", "3"),
        ("Pong", "4"),
        ("Breakout", "3"),
        ("Breakout", "4"),
    ]


def test_default_is_a_group_where_another_stands_beside_it() -> None:
    found = told(
        [f"logs/{t}/{s}/{g}/eval.csv" for t in ("walker-run", "dog-trot") for s in (1, 2) for g in ("default", "mine")]
    )
    assert {(g, t) for g, t, _ in found} == {(g, t) for g in ("default", "mine") for t in ("walker-run", "dog-trot")}
    assert {g for g, *_ in told([f"logs/default/{s}.csv" for s in (1, 2)])} == {"runs"}


def test_the_exponent_of_a_rate_is_no_seed() -> None:
    found = told([f"ppo_lr{lr}_seed{s}" for lr in ("1e-3", "3e-4") for s in (1, 2)])
    assert [g for g, *_ in found] == ["ppo_lr1e-3"] * 2 + ["ppo_lr3e-4"] * 2


def test_numbers_that_are_sizes_are_not_seeds() -> None:
    assert [g for g, *_ in told(["resnet-18/log.csv", "resnet-50/log.csv"])] == ["resnet_18", "resnet_50"]
    assert [g for g, *_ in told([f"mlp_layers_{n}/s{s}" for n in (2, 4) for s in (0, 1)])] == [
        "mlp_layers_2", "mlp_layers_2", "mlp_layers_4", "mlp_layers_4"
    ]  # fmt: skip


def test_runs_without_a_seed_are_numbered_in_order_of_path_two_before_ten() -> None:
    found = place([(f"mine/abc{k}_2024-01-{k:02d}", {}) for k in (10, 2, 1)], "*{group}abc*")
    assert [(p.seed, p.how) for p in place([(f"a/2024-01-{k:02d}", {}) for k in (10, 2, 1)])] == [
        ("2", "order"), ("1", "order"), ("0", "order")
    ]  # fmt: skip
    assert len(found) == 3


def test_an_unknown_task_beside_known_ones_is_a_task() -> None:
    paths = [f"{m}/{e}/{s}" for m in ("a", "b") for e in ("Pong", "Breakout", "MyGame") for s in (0, 1)]
    assert {(g, t) for g, t, _ in told(paths)} == {(m, e) for m in ("a", "b") for e in ("Pong", "Breakout", "MyGame")}


def test_a_pattern_says_where_group_task_and_seed_stand() -> None:
    found = told(["x/mine/peg_s1/log.csv", "x/mine/peg_s2/log.csv"], pattern="{group}/{task}_s{seed}/*")
    assert found == [("mine", "peg", "1"), ("mine", "peg", "2")]
    assert told(["deep/er/net7-4.csv"], pattern="{group}-{seed}") == [("net7", "", "4")]
    assert place([("a/b_s3", {})], "{group}_s{seed}")[0].how == "--group"


@pytest.mark.parametrize(
    ("pattern", "says"),
    [("{group}/{sed}", "character 9: there is no {sed}; did you mean"), ("{group", "character 1: the brace is never closed"),
     ("a}b{seed}", "character 2"), ("{seed}_{seed}", "stands twice"), ("runs/*", "names nothing")],
)  # fmt: skip
def test_a_pattern_that_is_none_says_where_and_how_to_mend_it(pattern: str, says: str) -> None:
    with pytest.raises(ValueError, match="character") as e:
        place([("a/b", {})], pattern)
    assert says in str(e.value)


def test_a_mapping_goes_before_everything() -> None:
    mapping = {"a/0": Place("baseline", "Pong", "7"), "b/*": Place("mine", "Pong")}
    found = place([("a/0", {"seed": 1}), ("b/x", {"seed": 1}), ("b/y", {"seed": 2})], mapping=mapping)
    assert [(p.group, p.task, p.seed, p.how) for p in found] == [
        ("baseline", "Pong", "7", "mapping"), ("mine", "Pong", "0", "mapping"), ("mine", "Pong", "1", "mapping")
    ]  # fmt: skip


def test_a_seed_that_every_config_repeats_yields_to_the_one_in_the_path() -> None:
    assert [p.seed for p in place([(f"ppo_s{k}", {"seed": 0}) for k in (1, 2)])] == ["1", "2"]


def test_no_runs_have_no_places() -> None:
    assert place([]) == ()


def test_groups_that_only_a_day_tells_apart_keep_it() -> None:
    paths = [f"{day}_muon_seed{s}.csv" for day in ("20260501", "20260614") for s in range(3)] + ["base_seed0.csv"]
    groups = [p.group for p in place([(path, {}) for path in paths])]
    assert groups == ["muon 20260501"] * 3 + ["muon 20260614"] * 3 + ["base"]
    reruns = place([(f"muon_seed{s}_2026-05-0{s + 1}_10-00-00.csv", {}) for s in range(3)])
    assert {p.group for p in reruns} == {"muon"}
