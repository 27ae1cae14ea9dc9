"""Every transcript and example of the README and the docs is what the program prints."""

from __future__ import annotations

from pathlib import Path

import pytest

from sixdays.cli import COMMANDS
from tests.golden.pages import ROOT, doctests, pages, rewritten
from tests.golden.reference import PAGES


@pytest.mark.parametrize("page", pages(), ids=lambda p: p.stem)
def test_the_transcripts_of_a_page_are_true(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIXDAYS_NOW", "")
    assert rewritten(page, tmp_path) == page.read_text(encoding="utf-8"), "make golden rewrites it"


@pytest.mark.parametrize("page", pages(), ids=lambda p: p.stem)
def test_the_python_of_a_page_runs(page: Path, tmp_path: Path) -> None:
    failed, _ = doctests(page, tmp_path)
    assert not failed


@pytest.mark.parametrize("name", PAGES)
def test_the_reference_is_the_code(name: str) -> None:
    assert (ROOT / "docs" / "reference" / name).read_text(encoding="utf-8") == PAGES[name](), "make golden"


@pytest.mark.parametrize("page", pages(), ids=lambda p: p.stem)
def test_lines_of_transcripts_fit_a_terminal(page: Path) -> None:
    ours = False
    for line in page.read_text(encoding="utf-8").splitlines():
        if line.startswith(("```", "$ ")):
            ours = line.startswith("$ ") and "sixdays" in line and not line.startswith("$ cat")
        elif ours and not line.startswith(("+", "-", "   ")):  # lines of a diff are the plan's own
            assert len(line) <= 80, line


def test_every_command_is_in_the_docs() -> None:
    text = "\n".join(p.read_text(encoding="utf-8") for p in pages() if "reference" not in str(p))
    assert [name for name in COMMANDS if f"sixdays {name}" not in text] == []


def test_help_and_one_answer_fit_a_screen() -> None:
    from sixdays.cli import help_text

    assert len(help_text().splitlines()) <= 34
    assert max(map(len, help_text().splitlines())) <= 80
