"""What each way in loads: a test on modules, not on time (style §7)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = ("numpy", "ruamel", "rich", "asyncio", "click", "ortools", "pydantic", "jinja2", "http", "socket")
PLAN = "tasks: {train: {takes: 2d to 4d}}\ntargets: {paper: {deadline: 2031-05-15 23:59 AoE}}\n"


def loaded(folder: Path, *argv: str) -> set[str]:
    """The modules that a command line leaves loaded."""
    code = (
        "import json, sys\nfrom sixdays.cli import run\n"
        f"run({list(argv)!r})\nprint('\\nMODULES ' + json.dumps(sorted(sys.modules)))"
    )
    out = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "TZ": "UTC"},
    ).stdout
    return set(json.loads(out.rpartition("MODULES ")[2]))


@pytest.mark.parametrize("flag", ["--help", "--version"])
def test_help_and_version_load_nothing(flag: str, tmp_path: Path) -> None:
    modules = loaded(tmp_path, flag)
    assert not modules.intersection(HEAVY)
    ours = {m for m in modules if m.startswith("sixdays.")}
    assert ours <= {"sixdays.cli", "sixdays.errors"}


def test_odds_in_a_pipe_loads_no_screen_no_network_and_no_solver(tmp_path: Path) -> None:
    (tmp_path / "plan.yaml").write_text(PLAN, encoding="utf-8")
    modules = loaded(tmp_path, "odds", "--no-record")
    assert not modules.intersection(
        {"rich", "asyncio", "ortools", "pandas", "scipy", "http.client", "jinja2", "pydantic"}
    )


def test_importing_sixdays_loads_nothing_heavy(tmp_path: Path) -> None:
    code = "import sys, sixdays; print([m for m in sys.modules if m.split('.')[0] in ('numpy', 'ruamel', 'click')])"
    out = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert out.strip() == "[]"


def test_public_names_resolve_and_have_docstrings() -> None:
    import sixdays

    for name in sixdays.__all__:
        if not name.startswith("_"):
            assert getattr(sixdays, name).__doc__
    with pytest.raises(AttributeError):
        sixdays.nothing  # noqa: B018


def test_a_missing_solver_is_only_less_proof(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the extra [exact] everything works; what only the search proves stays virtually impossible (K5)."""
    from sixdays.proof import exact, prove

    monkeypatch.setattr(exact, "find_spec", lambda name: None)
    assert prove.Prover().search is False
