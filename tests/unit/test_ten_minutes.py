"""The ten-minute list from texts, logs and plans written by hand."""

from __future__ import annotations

import numpy as np
import pytest

from sixdays.faster.model import Machine
from sixdays.faster.ten_minutes import EVALUATES, THREADS, Item, pauses, ten_minutes
from sixdays.plan.model import Estimate, Plan, Resource, Task

SCRIPT = """\
import torch
from torch.utils.data import DataLoader

loader = DataLoader(data, batch_size=8)
optimiser = torch.optim.Adam(net.parameters())

def show():
    plt.savefig("x.png"); clock.tick(30)

for seed in range(5):
    for x in loader:
        optimiser.step()
        writer.add_scalar("loss", loss)
        show()
    validate(net)
plt.draw()
"""


def items(source: str, cores: int = 4) -> dict[str, Item]:
    return {i.text: i for i in ten_minutes(None, Machine(cores), {"train.py": source}, {})}


def plan(run: str = "python train.py", copies: int = 5, **more: object) -> Plan:
    takes = Estimate("number", 3600.0, 3600.0)
    task = Task("train", takes, run=run, copies=copies, needs=(("gpu", 1),) if more else ())
    return Plan({"train": task}, {"gpu": Resource("gpu", **more)} if more else {})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "line", "promise"),
    [
        ("Draw at the end, not while it trains", 8, "same"),
        ("Let workers load the data, or make it once", 4, "equivalent"),
        ("A fused optimiser", 5, "equivalent"),
        ("Log every hundredth step", 13, "same"),
        ("Evaluate less often", 15, "same"),
        ("Do not wait for the next frame while it trains", 8, "same"),
        ("Run seeds side by side, one thread each", 10, "equivalent"),
    ],
)
def test_a_sign_in_a_script_becomes_an_item_with_its_place(text: str, line: int, promise: str) -> None:
    found = items(SCRIPT)[text]
    assert found.evidence.startswith(f"train.py:{line}")
    assert (found.promise, found.command) == (promise, "sixdays faster -- python train.py")


def test_figures_that_are_all_kept_are_told_from_one_that_is_drawn_over() -> None:
    drawn = "Draw at the end, not while it trains"
    kept = items('for i in range(9):\n    plt.savefig(f"{i}.png")\n')[drawn]
    assert kept.evidence.startswith("train.py:2; each figure to a file of its own")
    assert "of its own" not in items('for i in range(9):\n    plt.savefig("now.png")\n')[drawn].evidence


def test_what_is_set_already_and_what_runs_once_is_not_listed() -> None:
    source = "DataLoader(d, num_workers=4)\ntorch.optim.Adam(p, fused=True)\nplt.savefig('x')\n"
    assert items(source) == {}


def test_threads_are_named_where_torch_may_take_all_cores() -> None:
    assert THREADS in items("import torch\n")
    assert THREADS not in items("import torch\ntorch.set_num_threads(1)\n")
    assert THREADS not in items("import torch\n", cores=1)


def test_the_largest_bound_per_minute_comes_first() -> None:
    found = ten_minutes(plan(), Machine(4), {"train.py": SCRIPT}, {})
    worth = [i.bound / i.minutes for i in found]
    assert len(found) > 5
    assert worth == sorted(worth, reverse=True)


def test_copies_of_a_task_fit_side_by_side_as_far_as_there_are_cores() -> None:
    found = {i.text: i for i in ten_minutes(plan(), Machine(4), {}, {})}
    assert found["train: 4 copies side by side, one thread each"].bound == 4.0
    assert not any("side by side" in i.text for i in ten_minutes(plan(copies=1), Machine(4), {}, {}))


def test_copies_that_the_plan_runs_side_by_side_already_are_not_counted_again() -> None:
    found = [i for i in ten_minutes(plan(count=2), Machine(2), {}, {}) if "side by side" in i.text]
    assert [(i.text, i.bound) for i in found] == [("train: 4 copies side by side, one thread each", 2.0)]


def test_copies_that_wait_for_a_machine_wait_once_in_one_job() -> None:
    found = ten_minutes(plan(wait=Estimate("number", 3600.0, 3600.0)), Machine(1), {}, {})
    assert found[0].bound == pytest.approx(2.0)  # an hour of waiting to an hour of work
    assert "wait once" in found[0].text


def test_a_plan_whose_task_runs_the_script_is_what_is_measured() -> None:
    found = ten_minutes(plan(copies=1), Machine(1), {"train.py": SCRIPT}, {})
    assert {i.command for i in found} == {"sixdays faster train"}


def test_regular_long_pauses_of_a_log_are_evidence_of_evaluation() -> None:
    took = np.tile([1.0, 1.0, 1.0, 1.0, 6.0], 4)  # 5 of 10 seconds above the usual second
    steps, seconds = np.arange(21.0) * 100, np.concatenate([[0.0], np.cumsum(took)])
    seen = pauses("run-1", steps, seconds)
    text, share = seen[EVALUATES.deed]
    assert text == "run-1: 50 % of the wall time in pauses every 500 steps"
    assert share == pytest.approx(0.5)
    (item,) = (i for i in ten_minutes(None, Machine(4), {"train.py": SCRIPT}, seen) if i.text == EVALUATES.deed)
    assert item.bound == pytest.approx(2.0)
    assert item.evidence.startswith("run-1")


def test_pauses_at_odd_moments_and_short_logs_are_no_evidence() -> None:
    took = np.ones(20)
    took[[2, 3, 9, 17]] = 8.0
    assert pauses("run", np.arange(21.0), np.concatenate([[0.0], np.cumsum(took)])) == {}
    assert pauses("run", np.arange(3.0), np.arange(3.0)) == {}


def test_where_nothing_is_known_nothing_is_listed() -> None:
    assert ten_minutes(None, Machine(4), {"broken.py": "def ("}, {}) == ()


def test_an_item_says_its_class_in_json() -> None:
    made = Item("Save less often", 1.5, 5.0, "same", "train.py:3").to_dict()
    assert (made["class"], made["bound"], made["command"]) == ("same", 1.5, None)
