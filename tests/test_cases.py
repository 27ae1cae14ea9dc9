"""The worked cases, through the command line as a user calls it, and through `--json`."""

from __future__ import annotations

import json
import math
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.command import Sixdays

CASES = sorted((Path(__file__).parent / "cases").glob("*.yaml"))


@pytest.mark.parametrize("path", CASES, ids=lambda p: p.stem)
def test_the_worked_case_gives_what_it_says(path: Path, sixdays: Sixdays) -> None:
    case = yaml.safe_load(path.read_text(encoding="utf-8"))
    if case.get("plan"):
        sixdays.write("plan.yaml", case["plan"])
    for before in case.get("before", []):
        ran = sixdays(*before, *([] if "--now" in before else ["--now", case["now"]]))
        assert ran.code == 0, ran.err
    name = case.get("command", "odds")
    extra = ["--no-record"] if name == "odds" else []
    ran = sixdays(name, *map(str, case.get("args", [])), "--now", case["now"], "--json", *extra)
    assert ran.code == case.get("exit", 0), ran.err
    if not case.get("expect"):
        return
    found = json.loads(ran.out)
    for where, wanted in case["expect"].items():
        assert matches(at(found, where), wanted), f"{where}: {at(found, where)!r}, wanted {wanted!r}"


def at(found: Any, path: str) -> Any:
    """What stands at a dotted path; the longest key first, so that names may hold dots."""
    if not path:
        return found
    if isinstance(found, list):
        head, _, rest = path.partition(".")
        return at(found[int(head)], rest) if int(head) < len(found) else None
    if not isinstance(found, dict):
        return None
    for key in sorted(found, key=len, reverse=True):
        if path == key or path.startswith(key + "."):
            return at(found[key], path[len(key) + 1 :])
    return None


def matches(got: Any, wanted: Any) -> bool:
    if not isinstance(wanted, dict):
        return bool(got == wanted)
    if "any_of" in wanted:
        return any(matches(got, w) for w in wanted["any_of"])
    if "contains" in wanted:
        return str(wanted["contains"]).lower() in json.dumps(got, ensure_ascii=False).lower()
    if "time" in wanted:
        return abs(_seconds(got) - _seconds(wanted["time"])) <= float(wanted.get("within", 1))
    if "about" in wanted:
        return abs(float(got) - float(wanted["about"])) <= float(wanted.get("within", 0))
    return float(wanted.get("at_least", -math.inf)) <= float(got) <= float(wanted.get("at_most", math.inf))


def _seconds(text: str) -> float:
    return datetime.fromisoformat(str(text).replace("Z", "+00:00")).timestamp()
