"""The JSON document of every command, as files: read the diff when one changes (`make golden`)."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any
from unittest.mock import patch

from sixdays.cli import run
from sixdays.faster.model import Machine
from tests.command import _in
from tests.golden.pages import ROOT

FOLDER = ROOT / "tests" / "golden" / "json"
MACHINE = ("sixdays.probes.inspect.machine", lambda *_, **__: Machine(cores=4))  # the list of `faster` speaks of it
FRIDAY = ("--now", "2016-11-04 18:00 America/Los_Angeles", "--draws", "2000", "--json")
# name → what is run first, then what is kept
COMMANDS: dict[str, tuple[tuple[str, ...], ...]] = {
    "odds": (("odds", "--no-record", *FRIDAY),),
    "sentence": (("2 x 3d one after another by 8 Nov AoE", *FRIDAY),),
    "what-if": (("what-if", "experiments 10x faster", *FRIDAY),),
    "suppose": (("suppose", "workshop", *FRIDAY),),
    "ask": (("ask", *FRIDAY),),
    "check": (("check", "--odds", "50%", *FRIDAY),),
    "start": (("start", "train-a", "--now", "2016-11-04T18:00-07:00", "--json"),),
    "done": (("done", "train-b", "--failed", "--now", "2016-11-04T18:00-07:00", "--json"),),
    "undo": (("what-if", "gpu 4", "--keep", *FRIDAY), ("undo", "--now", "2016-11-04T18:00-07:00", "--json")),
    "init": (("init", "new", "--yes", "--by", "8 Nov AoE", "--takes", "20h to 40h", *FRIDAY),),
    "demo": (("demo", "--quick", "--draws", "2000", "--json"),),
    "faster": (("faster", *FRIDAY),),
    "judge": (
        ("judge", "cliff-walking/curves.csv", "--baseline", "q-learning", "--now", "2026-11-25T12:00Z", "--json"),
    ),
    "logs": (("running/runs", "--by", "3 Dec AoE", "--now", "2026-11-25T12:00Z", "--draws", "2000", "--json"),),
    "invalid": (("odds", "--plan-is-wrong", *FRIDAY),),
}


def document(name: str) -> Any:
    """What a command prints with --json, on the plan of the story."""
    os.environ.update(TZ="UTC", SIXDAYS_WHO="you")
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(ROOT / "examples/nips-workshop/plan.yaml", folder)
        if name in ("judge", "logs"):
            shutil.copytree(ROOT / "examples", folder, dirs_exist_ok=True)
        if name == "invalid":
            Path(folder, "plan.yaml").write_text("tasks: {a: {takes: 4d to 2d, after: b}}\n", encoding="utf-8")
        for argv in COMMANDS[name]:
            out = StringIO()
            argv = tuple(a for a in argv if a != "--plan-is-wrong")
            with _in(Path(folder)), redirect_stdout(out), redirect_stderr(StringIO()), patch(*MACHINE):
                run(list(argv))
    made = json.loads(out.getvalue())
    if isinstance(made, dict) and "id" in made:
        made["id"] = "…"  # it holds the moment of writing
    return made


def text(name: str) -> str:
    return json.dumps(document(name), indent=1, ensure_ascii=False) + "\n"
