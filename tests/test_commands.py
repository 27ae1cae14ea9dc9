"""The commands as a user calls them: records, edits, exit codes, streams, JSON."""

from __future__ import annotations

import json

import pytest

from tests.command import Sixdays

NOW = ("--now", "2031-03-05T12:00:00Z")
PLAN = """\
zone: UTC
resources: {gpu: 2, me: {hours: 9:00-17:00}}
tasks:
  base: {takes: 10h to 20h, needs: {gpu: 1}, seeds: 3}
  method:
    after: base  # settings
    takes: 10h to 20h
    needs: {gpu: 1}
    tries: {works: 60%, each: 1 in 4}
  write: {after: [method], takes: 8h to 16h, needs: {me: 1}}
risks:
  down: {odds: 10%, adds: 6h to 1d, to: [base]}
targets:
  workshop: {deadline: 2031-03-10 23:59 AoE, requires: [method, write]}
  icml: {deadline: 2031-04-10 23:59 AoE, requires: [method, write], worth: 3}
"""
SHAPE = {
    "targets": {
        "verdict",
        "odds",
        "in_time",
        "not_stopped",
        "error",
        "odds_with_moves",
        "deadline",
        "finish",
        "tries",
        "certificate",
    },
    "tasks": {"criticality", "basis", "finish"},
    "questions": {"text", "change", "odds_after", "gain", "minutes", "leverage", "command"},
}


def document(sixdays: Sixdays, *argv: str) -> dict:  # type: ignore[type-arg]
    ran = sixdays(*argv, *NOW, "--json")
    assert ran.code in (0, 4, 5), ran.err
    return dict(json.loads(ran.out))


def test_the_json_of_odds_has_the_promised_shape(sixdays: Sixdays) -> None:
    sixdays.write("plan.yaml", PLAN)
    found = document(sixdays, "odds")
    assert found["schema"] == 1
    assert found["now"] == "2031-03-05T12:00:00+00:00"
    assert found["draws"] == 10000
    for section, keys in SHAPE.items():
        rows = found[section].values() if isinstance(found[section], dict) else found[section]
        for row in rows:
            assert keys <= set(row), section
    assert found["targets"]["workshop"]["deadline"] == "2031-03-11T11:59:00Z"
    tries = found["targets"]["workshop"]["tries"]["method"]
    assert set(tries) == {"fit", "works", "each", "failed"}
    assert found["problems"] == []


def test_odds_are_the_same_twice_and_another_seed_is_another_draw(sixdays: Sixdays) -> None:
    sixdays.write("plan.yaml", PLAN)
    one, two = (document(sixdays, "odds", "--no-record") for _ in range(2))
    assert one == two
    assert document(sixdays, "odds", "--no-record", "--seed", "7")["targets"] != one["targets"]


def test_every_question_shows_what_its_what_if_shows(sixdays: Sixdays) -> None:
    """Q2: odds_after is the worth-weighted mean of the odds after the change."""
    sixdays.write("plan.yaml", PLAN)
    asked = [q for q in document(sixdays, "odds", "--no-record")["questions"] if q["change"]]
    assert asked
    for question in asked[:5]:
        after = document(sixdays, "what-if", *question["change"])["after"]["targets"]
        mean = (after["workshop"]["odds"] + 3 * after["icml"]["odds"]) / 4
        assert question["odds_after"] == pytest.approx(mean, abs=1e-9), question["text"]
        assert question["leverage"] == pytest.approx(question["gain"] / question["minutes"])


def test_what_happened_replaces_what_was_guessed(sixdays: Sixdays) -> None:
    sixdays.write("plan.yaml", PLAN)
    assert sixdays("start", "base", *NOW).out == "2 of 3 copies of base began 2031-03-05T12:00:00Z\n"
    assert sixdays("done", "base", "--copy", "1", "--took", "12h", "--now", "2031-03-06T00:00Z").code == 0
    found = json.loads(sixdays("odds", "--now", "2031-03-06T01:00Z", "--json").out)
    assert found["tasks"]["base"]["basis"] == "its finished copies"
    assert sixdays("done", "base", "--now", "2031-03-06T14:00Z").code == 0
    assert sixdays("done", "method", "--failed", "2", "--now", "2031-03-07T14:00Z").code == 0
    found = json.loads(sixdays("odds", "--now", "2031-03-07T15:00Z", "--json").out)
    assert found["targets"]["icml"]["tries"]["method"]["failed"] == 2
    assert found["tasks"]["base"]["finish"]["p50"] == "2031-03-06T14:00:00Z"
    assert {s["kind"] for s in found["moved"]} == {"record", "clock"}


@pytest.mark.parametrize(
    "argv",
    [("start", "bas"), ("done", "base", "--failed"), ("start", "base", "--at", "2032-01-01"), ("start", "base", "--copy", "9"),
     ("done", "base", "--took", "soon"), ("done", "base", "--copy", "0"), ("what-if", "x"), ("suppose", "iclr"),
     ("suppose", "--by", "never"), ("check", "--odds", "40"), ("odds", "--draws", "0"), ("odds", "--nope"), ("undo",),
     ("odds", "--now", "soon"), ("init",)],
)  # fmt: skip
def test_a_wrong_command_line_exits_2_and_changes_nothing(sixdays: Sixdays, argv: tuple[str, ...]) -> None:
    sixdays.write("plan.yaml", PLAN)
    ran = sixdays(*argv, *(() if "--now" in argv else NOW))
    assert ran.code == 2, ran.err
    assert ran.out == ""
    assert ran.err
    assert sixdays.read() == PLAN
    assert not (sixdays.folder / "journal").exists()


def test_keep_and_undo_touch_only_their_lines(sixdays: Sixdays) -> None:
    text = PLAN.replace("\n", "\r\n")
    sixdays.write("plan.yaml", text)
    assert sixdays("what-if", "base 2 seeds", "method beside base", "--keep", *NOW).code == 0
    assert sixdays.read() == text.replace("seeds: 3", "seeds: 2").replace("after: base  #", "after: {base: started}  #")
    assert sixdays("what-if", "gpu 4", "--keep", *NOW).code == 0
    for _ in range(2):
        assert sixdays("undo", *NOW).code == 0
    assert sixdays.read() == text
    assert sixdays("undo", *NOW).code == 2


def test_undo_refuses_where_the_plan_was_edited_by_hand(sixdays: Sixdays) -> None:
    sixdays.write("plan.yaml", PLAN)
    sixdays("what-if", "gpu 4", "--keep", *NOW)
    sixdays.write("plan.yaml", sixdays.read() + "# mine\n")
    ran = sixdays("undo", *NOW)
    assert ran.code == 2
    assert "edited since" in ran.err
    assert sixdays.read().endswith("# mine\n")


def test_check_is_an_exit_code(sixdays: Sixdays) -> None:
    """P6."""
    sixdays.write("plan.yaml", PLAN)
    assert sixdays("check", "--odds", "1%", *NOW).code == 0
    assert sixdays("check", "--odds", "99%", *NOW).code == 4
    sixdays.write("plan.yaml", PLAN.replace("takes: 8h to 16h", 'takes: "at least 90h, 100h to 160h"'))
    assert sixdays("check", *NOW).code == 5


def test_ask_writes_what_was_answered_and_respects_what_was_not(sixdays: Sixdays) -> None:
    sixdays.write("plan.yaml", PLAN)
    first = document(sixdays, "ask")["questions"]
    assert 1 <= len(first) <= 3
    ran = sixdays("ask", *NOW, input="w\ny\ns\n")
    assert ran.code == 0, ran.err
    assert sixdays.read() != PLAN
    later = [q["text"] for q in document(sixdays, "ask")["questions"]]
    assert first[0]["text"] not in later  # wrong: never again
    kinds = [json.loads(p.read_text())["kind"] for p in sorted((sixdays.folder / "journal").glob("*.json"))]
    assert {"question wrong", "question answered", "question skipped", "plan edited"} <= set(kinds)


def test_the_premortem_becomes_a_risk(sixdays: Sixdays) -> None:
    sixdays.write("plan.yaml", "tasks: {train: {takes: 2d to 4d}}\ntargets: {x: {deadline: 2031-03-30 AoE}}\n")
    ran = sixdays("ask", *NOW, input="s\n" * 0 + "curves: not convincing\n3\nmore seeds\n" * 1)
    if "What happened?" in ran.out:
        assert "odds: 40%" in sixdays.read()
        assert sixdays("odds", *NOW).code == 0


def test_init_asks_five_questions_and_shows_odds(sixdays: Sixdays) -> None:
    typed = "it learns\n+9d\npython train.py --seed 0\n2d to 4d\n2\n"
    ran = sixdays("init", *NOW, input=typed)
    assert ran.code == 0, ran.err
    assert "Wrote plan.yaml" in ran.out
    assert "paper · " in ran.out
    assert (sixdays.folder / ".sixdays" / "plan.schema.json").exists()
    assert sixdays("init", *NOW).code == 2


def test_init_with_every_question_skipped_is_a_plan_too(sixdays: Sixdays) -> None:
    assert sixdays("init", *NOW, input="\n\n\n\n\n").code == 0
    assert sixdays("check", *NOW).code == 0


def test_a_wrong_answer_is_asked_again(sixdays: Sixdays) -> None:
    ran = sixdays("init", *NOW, input="\nsoon\n+9d\n\n4d to 2d\n2d to 4d\n\n")
    assert ran.code == 0
    assert "did you mean 2d to 4d?" in ran.out
    assert "takes: 2d to 4d" in sixdays.read()


def test_two_plans_on_one_pool(sixdays: Sixdays) -> None:
    """P9: names get the folder's name; each target has its odds together and alone."""
    text = "resources: {{gpu: {{count: {n}, shared: true}}}}\ntasks: {{t: {{takes: 20h to 40h, needs: {{gpu: 1}}, seeds: 4}}}}\ntargets: {{x: {{deadline: 2031-03-08 12:00 UTC}}}}\n"
    sixdays.write("anna/plan.yaml", text.format(n=4))
    sixdays.write("ben/plan.yaml", text.format(n=4))
    found = document(sixdays, "anna", "ben")
    assert set(found["targets"]) == {"anna/x", "ben/x"}
    assert found["targets"]["ben/x"]["odds"] < found["targets"]["ben/x"]["alone"]
    sixdays.write("ben/plan.yaml", text.format(n=3))
    ran = sixdays("anna", "ben", *NOW)
    assert ran.code == 3
    assert "ben/plan.yaml:1:13" in ran.err


def test_suppose_says_what_has_to_happen(sixdays: Sixdays) -> None:
    sixdays.write("plan.yaml", PLAN)
    found = document(sixdays, "suppose", "workshop", "--by", "2031-03-08 12:00 UTC")
    assert set(found) == {"schema", "target", "by", "enough", "odds", "changes", "statements", "searched"}
    assert found["by"] == "2031-03-08T12:00:00Z"
    assert found["searched"]["sets"] >= found["searched"]["changes"]
    if found["enough"]:
        phrases = [p for c in found["changes"] for p in c["change"]]
        after = document(sixdays, "what-if", *phrases, "workshop by 2031-03-08T12:00:00Z")["after"]["targets"][
            "workshop"
        ]
        assert after["odds"] == pytest.approx(found["odds"]["after"], abs=0.02)


def test_a_sentence_with_changes(sixdays: Sixdays) -> None:
    sentence = "2 x 3d one after another by 8 Mar 2031 AoE"
    change = document(sixdays, sentence)["targets"]["target"]["certificate"]["changes"][0]["change"]
    found = document(sixdays, "what-if", *change, "--plan", sentence)
    assert found["before"]["verdict"] == "impossible"
    assert found["after"]["verdict"] != "impossible"


def test_the_plan_of_the_demo_is_the_example() -> None:
    from sixdays.app.story import plan_text, script_text
    from tests.golden.pages import ROOT

    example = ROOT / "examples/nips-workshop"
    assert plan_text() == (example / "plan.yaml").read_text(encoding="utf-8")
    assert script_text() == (example / "train.py").read_text(encoding="utf-8")


def test_the_demo_spends_half_a_minute_on_its_script(
    sixdays: Sixdays, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it says was measured is what it says it used; the factor itself is this machine's."""
    room = tmp_path_factory.mktemp("room")
    monkeypatch.setenv("TMPDIR", str(room))
    found = next(s for s in json.loads(sixdays("demo", "--json").out)["scenes"] if s["scene"] == "faster")
    measured = found["measured"]
    assert measured["unit"] == "episode"
    assert measured["probes"] >= 2  # on a busy machine there is time for no more
    assert not any(t["class"] == "same" for t in measured["thrown_out"])
    if measured["confirmed"]:
        assert f"{measured['factor']['value']:.3g} times" in found["heading"]
    assert not list(room.iterdir())
    assert not any(sixdays.folder.iterdir())


def test_the_demo_tells_the_story(sixdays: Sixdays) -> None:
    ran = sixdays("demo", "--quick")
    assert ran.code == 0, ran.err
    for words in (
        "IMPOSSIBLE as planned",
        "VIRTUALLY IMPOSSIBLE",
        "times faster than now",
        "You can afford 3 more tries",
    ):
        assert words in ran.out
    scenes = json.loads(sixdays("demo", "--quick", "--json").out)["scenes"]
    assert [s["scene"] for s in scenes][:2] == ["long shot", "impossible"]
    assert not any(sixdays.folder.iterdir())


def test_bare_without_a_plan_shows_the_help(sixdays: Sixdays) -> None:
    ran = sixdays()
    assert ran.code == 0
    assert ran.out.startswith("Will your experiments make the deadline?")


def test_a_plan_without_targets_is_valid(sixdays: Sixdays) -> None:
    """P1."""
    sixdays.write("plan.yaml", "tasks: {a: {takes: exactly 10h}}\n")
    found = document(sixdays, "odds")
    assert found["verdict"] is None
    assert found["tasks"]["a"]["finish"]["p50"] == "2031-03-05T22:00:00Z"
    assert "its tasks finish" in sixdays("odds", *NOW).out


def test_after_three_resolved_tasks_their_success_rate_is_shown(sixdays: Sixdays) -> None:
    """T7: three tasks with 1 + 2 + 3 tries: 1 in 2.0 convinced."""
    tasks = "".join(f"  m{i}: {{takes: 10h, tries: {{each: 1 in 4}}}}\n" for i in range(4))
    sixdays.write("plan.yaml", f"tasks:\n{tasks}targets: {{x: {{deadline: 2031-03-30 AoE}}}}\n")
    for i in range(3):
        if i:
            sixdays("done", f"m{i}", "--failed", str(i), *NOW)
        assert "your last" not in sixdays("odds", *NOW).out
        sixdays("done", f"m{i}", *NOW)
    assert "1 in 2.0 tries convinced; you say 1 in 4" in sixdays("odds", *NOW).out.replace("\n    ", " ")
