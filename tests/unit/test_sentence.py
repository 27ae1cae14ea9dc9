"""One line of text (rule P7)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from sixdays.errors import UsageError
from sixdays.plan.sentence import EXAMPLES, read_sentence

NOW = datetime(2026, 11, 5, 12, tzinfo=UTC)


@pytest.mark.parametrize("text", EXAMPLES)
def test_the_examples_of_the_help_are_sentences(text: str) -> None:
    assert read_sentence(text, NOW, UTC).targets["target"].deadline > NOW


def test_bare_durations_are_exact_and_said_to_be_assumed() -> None:
    plan = read_sentence("2 x 3d one after another by 8 Nov AoE", NOW, UTC)
    assert list(plan.tasks) == ["step1", "step2"]
    assert plan.tasks["step1"].takes.floor_ms == 3 * 86_400_000
    assert plan.tasks["step1"].takes.basis == "assumed"
    assert plan.tasks["step2"].after[0].task == "step1"


def test_ranges_and_about_are_guesses() -> None:
    plan = read_sentence("about 3d, then 8h to 16h then exactly 1h by +9d", NOW, UTC)
    assert [t.takes.floor_ms for t in plan.tasks.values()] == [None, None, 3_600_000]
    assert plan.tasks["step3"].takes.basis == "stated"


def test_on_machines_as_many_side_by_side_as_fit() -> None:
    plan = read_sentence("60 x 8h on 8 gpu, then 1d by +9d", NOW, UTC)
    assert plan.resources["gpu"].count == 8
    assert plan.tasks["step1"].copies == 60
    assert plan.tasks["step2"].needs == ()


@pytest.mark.parametrize(
    "text",
    ["", "3d", "by Friday", "3 by Friday", "x by 8 Nov", "2 x by 8 Nov", "3d by", "3d by soon", "3d on 0 gpu by 8 Nov",
     "0 x 3d by 8 Nov", "3d on 2 gpu, then 3d on 3 gpu by 8 Nov", "9999999 x 3d by 8 Nov", "3d then by 8 Nov", "a" * 5000],
)  # fmt: skip
def test_what_is_no_sentence_says_how_to_write_one(text: str) -> None:
    with pytest.raises(UsageError) as e:
        read_sentence(text, NOW, UTC)
    assert "one after another" in e.value.hint
