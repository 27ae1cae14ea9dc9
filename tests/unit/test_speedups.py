"""What a search found, as JSON (design §15) and as lines."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from sixdays.app.tries import tries
from sixdays.errors import UsageError
from sixdays.faster.compare import Factor, factor
from sixdays.faster.diagnosis import Line
from sixdays.faster.model import Candidate, Command, NotTried
from sixdays.faster.report import UNCHANGED, Delivery, Speedups, Step, ThrownOut
from sixdays.faster.setting import PREAMBLE, changed, preamble
from sixdays.render.faster import answer_lines, delivery_lines, plan_lines, speedup_lines

OFF = Candidate("switches", "validation", "distributions are not validated", "same", preamble=("import torch",))
ONE = Candidate("threads", "1 thread", "1 thread on 2 cores", "equivalent", env={"OMP_NUM_THREADS": "1"})
LIAR = Candidate("given", "p.diff", "the patch p.diff", "equivalent", patch="--- a\n")
NOTHING = Speedups(
    "optimiser step", "from the start", 100.0, 100.0, UNCHANGED, UNCHANGED, answer_s_before=10.0, answer_s_after=10.0
)
FOUND = Speedups(
    "environment step", "after 10 environment steps, when the optimiser steps", 400.0, 800.0, factor([0.69, 0.70, 0.69]),
    factor([0.69, 0.70, 0.69]), kept=(Step((OFF,), Factor(1.3, 1.3, 1.3)), Step((ONE,), Factor(1.5, 1.5, 1.5))),
    thrown_out=(ThrownOut(LIAR, "after update 1 the parameters had moved 1.010 times as far"),),
    not_tried=(NotTried("gpu", "there is no GPU here"),), copies=2, packed=((2, 1500.0),), seeds=5, length=1e6,
    length_text="1,000,000 from --total-timesteps", length_known=True, answer_s_before=12500.0, answer_s_after=3500.0,
    confirmed=True, pairs=3, probes=14, seconds=580.0, load=0.1, clock="wall clock; others kept 0.1 cores busy",
)  # fmt: skip
KEYS = {
    "schema", "unit", "phase", "rate_before", "rate_after", "factor", "factor_all_classes", "copies",
    "answer_s_before", "answer_s_after", "kept", "not_shown", "not_tried", "diagnosis", "confirmed", "load", "probes",
    "seconds",
}  # fmt: skip


@pytest.mark.parametrize("found", [NOTHING, FOUND])
def test_the_json_has_the_promised_shape_and_its_numbers_are_never_null(found: Speedups) -> None:
    made = found.to_dict()
    assert made.keys() >= KEYS
    for name in ("factor", "factor_all_classes"):
        assert list(made[name]) == ["value", "low", "high"]
        assert all(isinstance(v, float) for v in made[name].values())
    assert all(isinstance(made[k], float) for k in ("answer_s_before", "answer_s_after"))


def test_what_is_kept_says_its_lever_class_and_factor() -> None:
    kept = FOUND.to_dict()["kept"]
    assert [(k["lever"], k["class"], k["factor"]["value"]) for k in kept] == [
        ("switches", "same", 1.3), ("threads", "equivalent", 1.5),
    ]  # fmt: skip
    assert FOUND.to_dict()["thrown_out"][0]["why"].startswith("after update 1")


def test_the_answer_is_told_in_words_within_the_width() -> None:
    lines = [*speedup_lines(FOUND), *answer_lines(FOUND)]
    text = "\n".join(lines)
    assert lines[0].startswith("2.00× ")
    assert "confirmed on 3 fresh pairs" in text
    assert "Thrown out" in text
    assert "1.010 times as far" in text
    assert "5 seeds of 1,000,000 environment steps" in text
    assert "2 copies side by side" in text
    assert max(map(len, lines)) <= 80


def test_a_line_of_which_nothing_can_go_has_no_share() -> None:
    lines = (
        Line("t.py", 7, 0.0, "products", 1.0, "90 % in products"),
        Line("t.py", 9, 0.05, "saving", 1.1, "it saves"),
    )
    text = "\n".join(speedup_lines(replace(FOUND, diagnosis=lines)))
    assert "t.py:7  90 % in products" in text
    assert "t.py:9  5 %  it saves" in text


def test_nothing_that_helps_is_told_as_a_result() -> None:
    text = "\n".join(speedup_lines(NOTHING))
    assert "No change tried here makes it faster" in text
    assert "To have it" not in text


def test_what_fresh_pairs_could_not_confirm_is_told_with_its_number() -> None:
    lines = speedup_lines(replace(NOTHING, seen=Factor(3.13, 0.73, 13.5), pairs=2))
    assert lines[0].startswith("Not confirmed: 3.13× (0.73 to 13.50) in 2 fresh pairs.")


def test_what_could_not_be_tried_or_confirmed_for_want_of_time_is_no_finding() -> None:
    untried = replace(NOTHING, not_tried=(NotTried("gpu", "no GPU here"),))
    assert speedup_lines(untried)[0] == "No change could be tried: why not stands below."
    late = replace(untried, not_tried=(*untried.not_tried, NotTried("switches", "no time left", for_time=True)))
    text = " ".join(" ".join(speedup_lines(late)).split())
    assert text.startswith("No change could be tried in this budget: one run of it takes too long. A longer --budget")
    assert text.index("switches: no time left") < text.index("gpu: no GPU here")
    helped = replace(untried, not_shown=(Step((OFF,), Factor(1.5, 1.3, 1.7)),), pairs=1)
    assert " ".join(" ".join(speedup_lines(helped)[:2]).split()).startswith(
        "Not confirmed: what seemed to help on the way stands below. A longer --budget tells more."
    )
    stopped = replace(NOTHING, interrupted=True)
    assert "Interrupted: nothing is confirmed yet." in speedup_lines(stopped)
    assert "Interrupted" not in " ".join(speedup_lines(replace(stopped, copies=2, packed=((2, 180.0),))))


def test_what_is_kept_though_a_few_pairs_were_against_it_is_shown_with_its_doubt() -> None:
    doubtful = Step((OFF,), Factor(0.93, 0.81, 1.07))
    text = " ".join(" ".join(speedup_lines(replace(FOUND, kept=(doubtful,), not_shown=(doubtful,)))).split())
    assert text.count("(too few pairs to tell: 0.81 to 1.07)") == 1


def test_a_long_preamble_is_named_and_a_short_one_shown() -> None:
    made = Delivery(("python", "train.py"), (), "x = 1\n" * 40, "diff", "train.py", "/p")
    text = " ".join(" ".join(delivery_lines(made)).split())
    assert "(40 plain lines)" in text
    assert "x = 1" not in text
    assert "  x = 1" in delivery_lines(replace(made, preamble="x = 1\n"))


def test_what_is_delivered_is_text_that_the_user_owns() -> None:
    made = changed(Command(("python", "train.py"), "/p"), (OFF, ONE))
    assert dict(made.env) == {"OMP_NUM_THREADS": "1"}
    text = preamble((OFF, ONE))
    compile(text, PREAMBLE, "exec")
    assert "sixdays" not in text
    lines = delivery_lines(Delivery(made.argv, (("OMP_NUM_THREADS", "1"),), text, "diff", "train.py", "/p"))
    assert "  OMP_NUM_THREADS=1 python train.py" in lines
    assert "  import torch" in lines


def test_a_run_under_way_is_advised_on() -> None:
    assert "start it anew: it ends 2 h sooner" in "\n".join(plan_lines("train", 7200.0, ""))
    assert "let it finish: 1 h sooner" in "\n".join(plan_lines("train", -3600.0, ""))
    assert plan_lines("train", None, "") == []


def test_what_is_given_to_try_is_a_patch_or_a_command(tmp_path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.diff").write_text("--- a/x\n+++ b/x\n", encoding="utf-8")
    found = tries(["a.diff", "python 'other one.py'"], "helper --fast")
    assert list(found.patches) == ["a.diff"]
    assert found.commands == {"python 'other one.py'": ("python", "other one.py")}
    assert found.propose == ("helper", "--fast")
    for wrong in ("missing.diff", "'open"):
        with pytest.raises(UsageError):
            tries([wrong], None)


def test_a_patch_keeps_the_ends_of_its_lines(tmp_path: Path) -> None:
    file = tmp_path / "my.diff"
    file.write_bytes(b"--- a/x.py\r\n+++ b/x.py\r\n")
    assert tries([str(file)], None).patches == {str(file): "--- a/x.py\r\n+++ b/x.py\r\n"}
