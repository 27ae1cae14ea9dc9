"""What `faster` shows as it works: on a terminal what is tried, the best so far and the time left; else a line a run."""

from __future__ import annotations

import io
import sys

import pytest

from sixdays.app.speeding_up import Told
from sixdays.cli.live import Live

TRYING = Told("fused\x1b[2J optimiser", "", 1.5, 320.0)
GAVE = Told("fused optimiser", "1.31×", 1.5, 300.0)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_shows_what_is_tried_and_keeps_what_it_gave(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("TERM", "xterm")
    with Live() as live:
        live.tell(TRYING)
        assert live._status is not None
        shown = str(live._status.renderable.text)
        live.tell(GAVE)
    assert shown == "best so far 1.50× · 5 min 20 s left · trying: fused·[2J optimiser"
    assert "1.31×        fused optimiser" in screen.getvalue()
    assert "\x1b[2J" not in screen.getvalue()


def test_elsewhere_each_run_is_a_line_when_it_is_over(capsys: pytest.CaptureFixture[str]) -> None:
    with Live() as live:
        live.tell(TRYING)
        live.tell(GAVE)
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == "  1.31×        fused optimiser · best so far 1.50× · 5 min left\n"


def test_a_program_that_reads_the_answer_is_told_nothing_on_the_way(capsys: pytest.CaptureFixture[str]) -> None:
    with Live(quiet=True) as live:
        live.tell(GAVE)
    assert capsys.readouterr() == ("", "")
