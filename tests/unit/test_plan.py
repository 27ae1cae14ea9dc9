"""Reading a plan: every form, every message (design §3)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from sixdays.errors import PlanError, Problem
from sixdays.plan.estimate import parse_estimate
from sixdays.plan.keys import json_schema
from sixdays.plan.model import Hours, Plan
from sixdays.plan.parse import read
from sixdays.quantities import Unreadable

SMALL = "tasks: {a: {takes: 3d}}\n"


def problems(text: str) -> tuple[Problem, ...]:
    with pytest.raises(PlanError) as e:
        read(text)
    return e.value.problems


def test_two_lines_are_a_plan() -> None:
    plan = read("tasks: {train: {takes: 2d to 4d}}\ntargets: {paper: {deadline: 2026-05-15 23:59 AoE}}\n")
    assert plan.tasks["train"].takes.low_s == 172800
    assert plan.targets["paper"].requires == ("train",)  # P1: left out, every task


def test_every_key_of_the_design_is_read() -> None:
    plan = read(
        """
question: Does it work?
zone: America/Los_Angeles
proposal: {differs: a, why better: b, fastest test: c}
resources:
  gpu: {count: 8, wait: 10min to 6h, limit: 24h, shared: true, launcher: slurm, partition: long}
  me: {hours: 9:00-19:00, days: mon-sat}
  cpu:
tasks:
  baseline: {takes: 2d to 4d, needs: {gpu: 1}, seeds: 5, run: "python t.py --seed {seed}", logs: runs/*sac*}
  method:
    after: {baseline: started}
    takes: "at least 2d, 2d to 4d"
    needs: gpu
    tries: {works: 40%, each: 1 in 12, side by side: 2, at most: 10}
    claim: reaches 3000
    stop if: below baseline
    minutes: 20
  sweep: {takes: 5M steps at 900/s, needs: [gpu, cpu], sweep: {lr: [1e-3, 3e-4], env: [hopper, walker]}}
  write: {after: [baseline, {method: finished}], takes: 1d, needs: {me: 1}}
risks:
  dull: {odds: 40%, stops: [method]}
  diverges: {odds: 1 in 4, repeats: baseline}
  down: {odds: 0.1, adds: 6h to 1d, to: [baseline, method]}
targets:
  icml: {deadline: 2017-02-24 23:59 UTC, requires: write, standard: compelling, worth: 3, moves: {odds: 15%, by: 7d}}
"""
    )
    assert plan.tasks["sweep"].copies == 4
    assert plan.tasks["sweep"].sweep[0] == ("lr", ("1e-3", "3e-4"))  # the text written, not a number
    assert plan.tasks["write"].takes.low_s == 10 * 3600  # a working day of `me` (C3)
    assert plan.resources["me"].hours is not None
    assert plan.resources["me"].hours.text == "9–19, mon–sat"
    assert plan.tasks["method"].after[0].started
    assert plan.risks["down"].to == ("baseline", "method")
    assert plan.targets["icml"].moves is not None


@pytest.mark.parametrize(
    ("text", "line", "column", "message"),
    [
        ("", 1, 1, "the plan is empty"),
        ("- a\n", 1, 1, "must be a map"),
        ("targets: {}\n", 1, 1, "there is no `tasks`"),
        ("tasks:\n", 1, 1, "there are no tasks"),
        ("tasks: {a: {}}\n", 1, 9, '"a" has no `takes`'),
        ("tasks: {a: {takes: }}\n", 1, 13, "`takes` has no value"),
        ("tasks: {a: 3d}\n", 1, 12, "must be a map"),
        ("tasks: {a: {takes: 3}}\n", 1, 20, "has no unit"),
        ("tasks: {a: {takes: 4d to 2d}}\n", 1, 20, "from less to more"),
        ("tasks: {a: {takes: -1d}}\n", 1, 20, "cannot be negative"),
        ("tasks: {a: {takes: .inf}}\n", 1, 20, ""),
        ("tasks: {a: {takes: nan h}}\n", 1, 20, ""),
        ("tasks: {a: {takes: 1e400h}}\n", 1, 21, "not a unit"),
        ("tasks: {a: {takes: at least 3d}}\n", 1, 20, "not how long it takes"),
        ('tasks: {a: {takes: "at least 5d, 2d to 4d"}}\n', 1, 20, "not below the upper end"),
        ('tasks: {a: {takes: "at least 5d, 4d"}}\n', 1, 20, "above the estimate"),
        ("tasks: {a: {takes: 3d, seeds: 0}}\n", 1, 31, "not between"),
        ("tasks: {a: {takes: 3d, seeds: 2, copies: 3}}\n", 1, 34, "both say"),
        ("tasks: {a: {takes: 3d, sweep: {lr: []}}}\n", 1, 32, "no values"),
        ("tasks: {a: {takes: 3d, tries: {works: 40%}}}\n", 1, 24, "no `each`"),
        ("tasks: {a: {takes: 3d, tries: {each: 0}}}\n", 1, 38, "never convinces"),
        ("tasks: {a: {takes: 3d, after: b}}\n", 1, 31, 'unknown task "b"'),
        ("tasks: {a: {takes: 3d, after: a}}\n", 1, 31, "waits for itself"),
        ("tasks: {a: {takes: 3d, needs: {gpu: 1}}}\n", 1, 32, 'unknown resource "gpu"'),
        ("tasks: {all: {takes: 3d}}\n", 1, 9, "no task may be called"),
        (SMALL + "tasks: {}\n", 2, 1, "stands twice"),
        (SMALL + "taks: {}\n", 2, 1, 'unknown key "taks"'),
        (SMALL + "resources: {gpu: 0}\n", 2, 18, "not between"),
        (SMALL + "resources: {gpu: -1}\n", 2, 18, "not between"),
        (SMALL + "resources: {me: {hours: 19:00-9:00}}\n", 2, 25, "does not end after it begins"),
        (SMALL + "resources: {me: {hours: 9:00-25:00}}\n", 2, 25, "not a time of day"),
        (SMALL + "resources: {me: {days: [moonday]}}\n", 2, 25, "not a day"),
        (SMALL + "zone: PST\n", 2, 7, "abbreviation"),
        (SMALL + "risks: {r: {odds: 25, stops: [a]}}\n", 2, 19, "more than 1"),
        (SMALL + "risks: {r: {odds: 25%}}\n", 2, 9, "says nothing of what it does"),
        (SMALL + "risks: {r: {odds: 25%, stops: [a], repeats: a}}\n", 2, 9, "two things"),
        (SMALL + "risks: {r: {odds: 25%, adds: 1h}}\n", 2, 9, "adds time to no task"),
        (SMALL + "risks: {r: {odds: 25%, stops: [b]}}\n", 2, 32, 'unknown task "b"'),
        (SMALL + "targets: {x: {requires: [a]}}\n", 2, 11, "no `deadline`"),
        (SMALL + "targets: {x: {deadline: 2031-03-08 23:59}}\n", 2, 25, "does not say where"),
        (SMALL + "targets: {x: {deadline: 2031-03-08 AoE UTC}}\n", 2, 25, "not a time zone"),
        (SMALL + "targets: {x: {deadline: 2031-03-08 AoE, requires: []}}\n", 2, 41, "requires nothing"),
        (SMALL + "targets: {x: {deadline: 2031-03-08 AoE, worth: -1}}\n", 2, 48, "not a number of 0 or more"),
        (SMALL + "targets: {x: {deadline: c.yml#iclr}}\n", 2, 25, "cannot be read"),
    ],
)
def test_what_is_wrong_is_said_where_it_stands(text: str, line: int, column: int, message: str) -> None:
    found = problems(text)
    assert any((p.line, p.column) == (line, column) and message in p.message for p in found), found
    assert all(p.message and p.file == "plan.yaml" for p in found)


def test_all_problems_come_at_once_in_the_order_of_the_file() -> None:
    found = problems("tasks:\n  a: {takes: 4d to 2d}\n  b: {takes: 3, after: c}\ntargets: {x: {deadline: soon}}\n")
    assert [p.line for p in found] == [2, 3, 3, 4]


def test_a_cycle_is_printed() -> None:
    (found,) = problems(
        "tasks:\n  a: {takes: 1h, after: c}\n  b: {takes: 1h, after: a}\n  c: {takes: 1h, after: {b: started}}\n"
    )
    assert "a → c → b → a" in found.message
    assert found.hint == "drop one `after`: line 2 or line 3 or line 4"


def test_people_who_never_meet() -> None:
    found = problems(
        "resources: {a: {hours: 9:00-12:00, zone: UTC}, b: {hours: 13:00-17:00, zone: UTC}}\n"
        "tasks: {t: {takes: 3h, needs: {a: 1, b: 1}}}\n"
    )
    assert "never work at the same time" in found[0].message


def test_a_day_that_two_calendars_measure_differently() -> None:
    """Rule C4."""
    found = problems(
        "resources: {a: {hours: 9:00-12:00}, b: {hours: 9:00-17:00}}\ntasks: {t: {takes: 1d, needs: {a: 1, b: 1}}}\n"
    )
    assert found[0].hint == "write hours: 16h"


def test_odd_things_are_warnings() -> None:
    plan = read(
        "resources: {gpu: 1}\ntasks: {a: {takes: 3d, seeds: 3}, b: {takes: 1h, needs: gpu, seeds: 2, run: python x.py}}\n"
    )
    assert [w.level for w in plan.warnings] == ["warning", "warning"]
    assert "all at once" in plan.warnings[0].message
    assert "{seed}" in plan.warnings[1].hint


def test_a_command_of_two_lines_needs_a_shell() -> None:
    assert "needs a shell" in problems('tasks: {a: {takes: 3d, run: "x\\ny"}}\n')[0].message
    read('tasks: {a: {takes: 3d, shell: true, run: "x\\ny"}}\n')


@pytest.mark.parametrize(
    ("text", "low_h", "high_h", "floor_h"),
    [("3d", 72, 72, None), ("exactly 3d", 72, 72, 72), ("2d to 4d", 48, 96, None), ("about 3h", 3, 3, None),
     ("at least 2d, 2d to 4d", 48, 96, 48), ("at least 1h, 3h", 3, 3, 1), ("7200 steps at 1/s", 2, 2, None),
     ("3.6M steps at 500 to 1000/s", 1, 2, None), ("90k updates at 1/min", 1500, 1500, None)],
)  # fmt: skip
def test_the_forms_of_an_estimate(text: str, low_h: float, high_h: float, floor_h: float | None) -> None:
    """Rules E1 to E4."""
    e = parse_estimate(text)
    assert (e.low_s / 3600, e.high_s / 3600) == pytest.approx((low_h, high_h))
    assert e.floor_ms == (None if floor_h is None else floor_h * 3_600_000)


@pytest.mark.parametrize(
    "text", ["exactly 2d to 4d", "exactly 5M steps at 9/s", "at least 1h, exactly 2h", "2 to 4d", "1h to 2h to 3h"]
)
def test_estimates_that_say_two_things(text: str) -> None:
    with pytest.raises(Unreadable):
        parse_estimate(text)


def test_a_conference_list_beside_the_plan() -> None:
    """Rule P8: the paper's deadline, and the abstract's apart."""
    lists = "- {title: ICLR, year: 2027, id: iclr27, deadline: '2026-10-02 23:59:59', abstract_deadline: '2026-09-25 23:59:59', timezone: UTC-12}\n"
    text = SMALL + "targets: {x: {deadline: c.yml#iclr}, y: {deadline: c.yml#iclr27.abstract}}\n"
    plan = read(text, beside=lambda name: lists)
    assert plan.targets["x"].deadline == datetime(2026, 10, 3, 11, 59, 59, tzinfo=UTC)
    assert plan.targets["y"].deadline == datetime(2026, 9, 26, 11, 59, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "hint"), [("1d-2d", "write 1d to 2d"), ("2 - 4h", "write 2h to 4h"), ("2 to 4d", "write 2d to 4d")]
)
def test_a_range_written_otherwise_is_shown_the_right_way(text: str, hint: str) -> None:
    with pytest.raises(Unreadable) as e:
        parse_estimate(text)
    assert e.value.hint == hint


def test_the_schema_takes_the_plan_of_the_design() -> None:
    made = json_schema()
    assert made["required"] == ["tasks"]
    assert made["$defs"]["task"]["required"] == ["takes"]
    assert set(made["properties"]) == {"question", "zone", "proposal", "resources", "tasks", "risks", "targets"}


def test_ten_megabytes_are_refused() -> None:
    (found,) = problems("# " + "x" * 10_000_001)
    assert "larger than 10 MB" in found.message


def test_a_plan_is_a_value() -> None:
    assert isinstance(read(SMALL), Plan)
    assert read(SMALL) == read(SMALL)


def test_hours_are_written_with_or_without_minutes() -> None:
    def hours(text: str) -> Hours | None:
        return (
            read(f"resources: {{me: {{hours: {text}}}}}\ntasks: {{a: {{takes: 1h, needs: me}}}}\n")
            .resources["me"]
            .hours
        )

    for text in ("9-18", "9:00-18:00", "09:00 to 18"):
        found = hours(text)
        assert found is not None
        assert (found.start_min, found.end_min) == (540, 1080)
