"""The what-if grammar: every row of the table, and what it refuses (rule Q1)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from sixdays.errors import UsageError
from sixdays.plan.changes import PHRASES, Setting, change, changes
from sixdays.plan.edit import apply
from sixdays.plan.model import Plan
from sixdays.plan.parse import read
from sixdays.plan.rewrite import edits

NOW = datetime(2016, 10, 14, 18, tzinfo=UTC)
TEXT = """\
resources:
  gpu: 2
  me: {hours: 9:00-19:00, days: mon-sat, zone: UTC}
tasks:
  baseline: {takes: 2d to 4d, needs: {gpu: 1}, seeds: 5}
  ablation: {takes: "at least 1d, 30h", needs: {gpu: 1}, after: baseline}
  method:
    after: baseline   # the settings
    takes: exactly 3d
    needs: {gpu: 1}
    tries: {works: 40%, each: 1 in 12}
  sweep: {takes: 5M steps at 900/s, sweep: {lr: [1, 2]}}
  write:
    after: [method, ablation]
    takes: 2d to 4d
    needs: {me: 1}
risks:
  diverges: {odds: 25%, repeats: baseline}
  dull: {odds: 40%, stops: [ablation]}
targets:
  workshop: {deadline: 2016-11-08 23:59 AoE, requires: [write]}
"""


def plan() -> Plan:
    return read(TEXT)


def after(*phrases: str, started: frozenset[str] = frozenset()) -> Plan:
    return changes(plan(), phrases, Setting(NOW, UTC, started)).plan


@pytest.mark.parametrize("row", PHRASES, ids=lambda r: r.form)
def test_the_example_of_every_form_works(row: object) -> None:
    example = row.example  # type: ignore[attr-defined]
    assert change(plan(), example, Setting(NOW)).plan != plan()


def test_faster_divides_every_number_floors_too() -> None:
    """2d to 4d at 2x: 1d to 2d; at least 1d, 30h: at least 12h, 15h; 900/s: 1800/s."""
    assert after("baseline 2x faster").tasks["baseline"].takes.text == "1d to 2d"
    assert after("ablation 2x faster").tasks["ablation"].takes.text == "at least 12h, 15h"
    assert after("sweep 2x faster").tasks["sweep"].takes.text == "5M steps at 1800/s"
    assert after("method 7x faster").tasks["method"].takes.floor_ms == 3 * 86_400_000 // 7
    assert after("write 2x faster").tasks["write"].takes.text == "10h to 20h"  # days of ten hours


def test_experiments_are_those_that_machines_run() -> None:
    """E7, Q1."""
    made = after("experiments 10x faster")
    assert made.tasks["write"] == plan().tasks["write"]
    assert made.tasks["baseline"].takes.low_s == 17280


def test_faster_on_what_has_started_is_said_of_the_rest() -> None:
    made = after("method 2x faster", started=frozenset({"method"}))
    assert made.tasks["method"].takes == plan().tasks["method"].takes
    assert made.tasks["method"].speed == 2.0
    with pytest.raises(UsageError, match="cannot be written"):
        edits(plan(), made)


def test_what_is_dropped_leaves_what_it_waited_for() -> None:
    made = after("method dropped")
    assert [t.task for t in made.tasks["write"].after] == ["baseline", "ablation"]
    made = after("write dropped")
    assert made.targets["workshop"].requires == ("method", "ablation")
    assert "dull" not in after("ablation dropped").risks


def test_beside_works_whichever_of_the_two_waits() -> None:
    for phrase in ("method beside baseline", "baseline beside method"):
        assert after(phrase).tasks["method"].after[0].started


def test_a_longer_day_keeps_the_work() -> None:
    """C3: 2d to 4d are 20 h to 40 h of a ten-hour day, whatever the day becomes."""
    made = after("me 2 hours more")
    assert made.resources["me"].hours is not None
    assert made.resources["me"].hours.span_text == "9:00-21:00"
    assert (made.tasks["write"].takes.low_s, made.tasks["write"].takes.high_s) == (72000, 144000)
    assert after("me round the clock").tasks["write"].takes.low_s == 72000


@pytest.mark.parametrize(
    "phrase",
    ["", "faster", "baselin 2x faster", "baseline 0x faster", "baseline 2x", "method takes", "method takes 4d to 2d",
     "sweep 3 seeds", "baseline 0 seeds", "baseline 2 side by side", "write beside baseline", "write not after baseline",
     "gpu 0", "gpu two", "cpu 3", "me 20 hours more", "gpu 2 hours more", "gpu round the clock", "workshop +", "workshop +3",
     "workshop by never", "workshop by 2016-13-01 AoE", "diverges 120%", "all faster", "drop method", "x" * 1000],
)  # fmt: skip
def test_anything_else_is_refused_with_a_hint(phrase: str) -> None:
    with pytest.raises(UsageError):
        after(phrase)


@pytest.mark.parametrize(
    "row", [r for r in PHRASES if "x faster" not in r.example or "all" not in r.example], ids=lambda r: r.form
)
def test_what_is_kept_reads_back_as_what_was_tried(row: object) -> None:
    """The text after `--keep` says what was computed: same estimates, ties, counts, deadlines."""
    made = change(plan(), row.example, Setting(NOW)).plan  # type: ignore[attr-defined]
    again = read(apply(TEXT, edits(plan(), made)))
    assert {n: (t.takes.low_s, t.takes.high_s, t.takes.floor_ms, t.copies, t.tries, [(x.task, x.started) for x in t.after])
            for n, t in again.tasks.items()} == {
            n: (t.takes.low_s, t.takes.high_s, t.takes.floor_ms, t.copies, t.tries, [(x.task, x.started) for x in t.after])
            for n, t in made.tasks.items()}  # fmt: skip
    assert {n: (r.count, r.hours) for n, r in again.resources.items()} == {
        n: (r.count, r.hours) for n, r in made.resources.items()
    }
    assert {n: r.odds for n, r in again.risks.items()} == pytest.approx({n: r.odds for n, r in made.risks.items()})
    assert {n: (t.deadline, t.requires) for n, t in again.targets.items()} == {
        n: (t.deadline, t.requires) for n, t in made.targets.items()
    }
    assert "# the settings" in apply(TEXT, edits(plan(), made)) or "after" in row.form  # type: ignore[attr-defined]
