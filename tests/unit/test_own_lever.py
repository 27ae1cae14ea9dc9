"""The lever of docs/write-a-lever.md, as its reader would put it in."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import pytest

from sixdays.faster.model import Candidate, Command, Machine, NotTried, Profile, Trace

PAGE = Path(__file__).parents[2] / "docs" / "write-a-lever.md"


def test_the_lever_of_the_docs_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (source,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S)
    (tmp_path / "asserts.py").write_text(source, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    lever = import_module("asserts").create({})
    for text, kind in (("def f(x):\n    assert x\n", Candidate), ("x = 1\n", NotTried)):
        profile = Profile(Command(("python", "t.py"), "/x"), Trace(), Machine(2), sources={"t.py": text})
        (found,) = lever.propose(profile)
        assert isinstance(found, kind)
        assert found.lever == lever.name == "asserts"
