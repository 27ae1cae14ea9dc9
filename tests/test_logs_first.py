"""`sixdays FOLDER`, `init --from` and `logs:` as a user meets them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.command import Sixdays

ROOT = Path(__file__).resolve().parents[1]
NOW = ("--now", "2026-11-25T12:00:00Z")


@pytest.fixture
def sixdays(tmp_path: Path) -> Sixdays:
    """A folder with the simulated logs of examples/running: sac 5 done; mine 2 done, 1 running, 1 silent."""
    shutil.copytree(ROOT / "examples" / "running" / "runs", tmp_path / "runs")
    return Sixdays(tmp_path)


def test_states_slots_and_tries_in_json(sixdays: Sixdays) -> None:
    ran = sixdays("runs", "--by", "3 Dec AoE", "--json", *NOW)
    assert ran.code == 0, ran.err
    made = json.loads(ran.out)
    assert set(made) >= {
        "schema",
        "now",
        "verdict",
        "draws",
        "targets",
        "tasks",
        "questions",
        "problems",
        "runs",
        "slots",
    }
    states = [r["state"] for r in made["runs"]]
    assert (states.count("done"), states.count("running"), states.count("stuck")) == (7, 1, 1)
    assert set(made["runs"][0]) >= {
        "path",
        "group",
        "seed",
        "state",
        "steps",
        "goal",
        "started",
        "last",
        "took_s",
        "left_s",
    }
    (running,) = [r for r in made["runs"] if r["state"] == "running"]
    assert 0 < running["left_s"]["p10"] <= running["left_s"]["p50"] <= running["left_s"]["p90"]
    assert made["slots"] == 2
    fit = made["targets"]["3 Dec AoE"]["tries"]["next"]["fit"]
    # A try takes about 30 h; 6.5 days less 2 of writing on two slots, one of them free in 5 h: five each.
    assert 9 <= fit["p50"] <= 12
    assert fit["p10"] <= fit["p50"] <= fit["p90"]


def test_the_first_lines_say_what_was_found_and_how_it_was_grouped(sixdays: Sixdays) -> None:
    out = sixdays("runs", *NOW).out
    assert out.index("9 runs in 2 groups") < out.index("done")
    assert "--by" in out


def test_the_writing_closes_the_room_for_tries(sixdays: Sixdays) -> None:
    def fits(*more: str) -> int:
        made = json.loads(sixdays("runs", "--by", "3 Dec AoE", "--json", *more, *NOW).out)
        return int(made["targets"]["3 Dec AoE"]["tries"]["next"]["fit"]["p50"])

    assert fits("--write", "7d") < fits() < fits("--write", "1h")


def test_a_plan_is_proposed_shown_and_written_on_yes_alone(sixdays: Sixdays) -> None:
    asked = ("init", "--from", "runs", "--by", "3 Dec AoE", *NOW)
    no = sixdays(*asked, input="n\n")
    assert "logs: runs/mine" in no.out
    assert not (sixdays.folder / "plan.yaml").exists()
    yes = sixdays(*asked, input="y\n")
    assert yes.code == 0, yes.err
    assert "requires: [mine, write]" in sixdays.read()
    assert sixdays(*asked).code == 2  # never over a plan that is there


def test_the_proposed_plan_knows_what_its_logs_say(sixdays: Sixdays) -> None:
    assert sixdays("init", "--from", "runs", "--by", "3 Dec AoE", "--yes", *NOW).code == 0
    made = json.loads(sixdays("odds", "--json", "--no-record", *NOW).out)
    assert made["tasks"]["sac"]["basis"] == "done"
    assert made["tasks"]["mine"]["basis"] in ("its own rate", "its finished copies")


def test_logs_tie_runs_to_tasks_and_silent_ones_are_said(sixdays: Sixdays) -> None:
    sixdays.write(
        "plan.yaml",
        """\
zone: UTC
resources: {gpu: 2}
tasks:
  sac: {takes: 5d to 9d, needs: {gpu: 1}, seeds: 5, logs: runs/sac*}
  mine: {takes: 5d to 9d, needs: {gpu: 1}, seeds: 4, after: sac, logs: runs/mine*}
targets: {paper: {deadline: 2026-12-20 23:59 AoE, requires: [mine]}}
""",
    )
    made = json.loads(sixdays("odds", "--json", *NOW).out)
    assert made["tasks"]["mine"]["basis"] == "its finished copies"
    assert any("mine_hopper_s2" in p["message"] and "stuck" in p["message"] for p in made["problems"])
    # The running seed ends in about 5 h, the silent one runs again for about 30 h beside it.
    finish = made["tasks"]["mine"]["finish"]["p50"]
    assert "2026-11-26T15" <= finish <= "2026-11-27T00"


def test_what_the_logs_told_since_is_said_to_have_moved_the_odds(sixdays: Sixdays) -> None:
    sixdays.write(
        "plan.yaml",
        """\
zone: UTC
tasks: {sac: {takes: 9d to 30d, seeds: 5, logs: later/sac*}}
targets: {paper: {deadline: 2026-12-08 23:59 AoE}}
""",
    )
    assert sixdays("odds", *NOW).code == 0
    shutil.copytree(sixdays.folder / "runs", sixdays.folder / "later")
    ran = sixdays("odds", "--json", *NOW)
    assert any(s["text"] == "logs of sac" and s["change"]["paper"] > 0.3 for s in json.loads(ran.out)["moved"]), ran.out


def test_tasks_that_share_logs_take_the_groups_of_their_names(sixdays: Sixdays) -> None:
    sixdays.write(
        "plan.yaml",
        """\
zone: UTC
tasks:
  Sac: {takes: 1d to 2d, seeds: 5, logs: runs}
  mine: {takes: 1d to 2d, seeds: 4, logs: runs}
  other: {takes: 1d to 2d, logs: runs}
""",
    )
    made = json.loads(sixdays("odds", "--json", *NOW).out)
    assert made["tasks"]["Sac"]["basis"] == "done"
    assert made["tasks"]["other"]["basis"].startswith("your guess")


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (("nothing",), "no runs found"),
        (("runs", "--by", "someday"), "--by"),
        (("runs", "--write", "long"), "--write"),
        (("runs", "--goal", "-3"), "--goal"),
        (("runs", "--group", "{seed"), "group"),
    ],
)
def test_mistakes_are_said(sixdays: Sixdays, argv: tuple[str, ...], said: str) -> None:
    (sixdays.folder / "nothing").mkdir()
    ran = sixdays(*argv, *NOW)
    assert ran.code == 2
    assert said in ran.err


def test_runs_of_unknown_length_are_guessed_and_that_is_said(sixdays: Sixdays) -> None:
    """Nothing tells how long they take: the odds are not those of having finished."""
    for seed in range(3):
        rows = "\n".join(f"{i},{i * 0.1}" for i in range(1, 9))
        sixdays.write(f"fresh/a_seed{seed}.csv", f"step,score\n{rows}\n")
    ran = sixdays("fresh", "--by", "+3d", "--goal", "100")
    assert ran.code == 0, ran.err
    assert "Guessed, since no log tells it" in ran.out


def test_a_proposed_plan_finds_its_runs_where_names_begin_with_the_environment(sixdays: Sixdays) -> None:
    for method in ("sac", "mine"):
        for seed in range(2):
            rows = "\n".join(f"{i},{i * 0.1},2026-11-2{seed}T{i:02}:00:00Z" for i in range(1, 9))
            for env in ("Hopper-v4", "Walker2d-v4"):
                name = f"cl/{env}__{method}__{seed}__17000000{seed}0/progress.csv"
                sixdays.write(name, f"step,score,time\n{rows}\n")
    text = sixdays("init", ".", "--from", "cl", "--yes", *NOW).out
    assert "logs: cl/*sac*" in text, text
    assert "logs: cl/*mine*" in text
