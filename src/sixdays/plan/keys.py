"""Every key of a plan file: one table, which the parser, the JSON Schema and the reference read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any


@dataclass(frozen=True, slots=True)
class Key:
    """form: a row of FORMS. help: one line. example: a value that works."""

    name: str
    form: str
    help: str
    example: str
    required: bool = False


PLAN = (
    Key("question", "text", "what the paper asks", "Do imagined rollouts halve the samples SAC needs?"),
    Key("zone", "zone", "where hours are, and times typed without a zone", "America/Los_Angeles"),
    Key("proposal", "proposal", "free text for the proposal", "{fastest test: one seed on Hopper}"),
    Key("resources", "resources", "what tasks need: machines by count, people by hours", "{gpu: 2}"),
    Key("tasks", "tasks", "the work", "{train: {takes: 2d to 4d}}", required=True),
    Key("risks", "risks", "what may go wrong", "{diverges: {odds: 25%, repeats: train}}"),
    Key("targets", "targets", "the deadlines", "{icml: {deadline: 2017-02-24 23:59 UTC}}"),
)
PROPOSAL = (
    Key("differs", "text", "what differs from the state of the art", "rollouts of length 1"),
    Key("why better", "text", "why that should be better", "the model is only trusted where it is good"),
    Key("fastest test", "text", "the fastest experiment that could end the project", "one seed on Hopper"),
)
RESOURCE = (
    Key("count", "count", "how many of yours may be used at once; 1 by default", "2"),
    Key("hours", "hours", "when a person works, one span of the day", "9:00-19:00"),
    Key("days", "days", "on which days; every day by default", "mon-sat"),
    Key("zone", "zone", "where the hours are", "Europe/Berlin"),
    Key("wait", "estimate", "time in the queue before a run starts", "10min to 6h"),
    Key("limit", "duration", "the queue's time limit of one run", "24h"),
    Key("shared", "flag", "one pool for several plans", "true"),
    Key("launcher", "text", "who starts runs: local, slurm or ray", "slurm"),
    Key("partition", "text", "the cluster's partition", "long"),
)
TASK = (
    Key("takes", "estimate", "how long one copy takes", "2d to 4d", required=True),
    Key("needs", "needs", "units of resources that it holds until it ends", "{gpu: 1}"),
    Key("after", "after", "the tasks that it waits for", "[baseline, {data: started}]"),
    Key("seeds", "count", "copies with seeds 0, 1, …", "5"),
    Key("copies", "count", "copies of one task", "60"),
    Key("sweep", "sweep", "one copy for each combination", "{lr: [1e-3, 3e-4], env: [hopper, walker]}"),
    Key("tries", "tries", "it is repeated until a try convinces", "{works: 40%, each: 1 in 12}"),
    Key("run", "text", "the command; read, shown, never run unasked", "python train.py --seed {seed}"),
    Key("shell", "flag", "`run` is given to a shell", "true"),
    Key("logs", "text", "where its logs are", "runs/*sac*"),
    Key("claim", "text", "what it should show", "reaches 3000 in half the steps of baseline"),
    Key("stop if", "text", "when to stop it early", "below baseline at 40 % of the steps"),
    Key("minutes", "number", "minutes to find out about a change of this task", "20"),
)
TRIES = (
    Key("works", "odds", "would you bet on the idea itself? 100% by default", "40%"),
    Key("each", "odds", "the chance that one try convinces if the idea works", "1 in 12", required=True),
    Key("side by side", "count", "tries at once", "2"),
    Key("at most", "count", "tries before giving up, failed ones included", "10"),
)
RISK = (
    Key("odds", "odds", "the chance that it strikes", "40%", required=True),
    Key("stops", "names", "tasks whose targets fail", "[method]"),
    Key("repeats", "names", "the task that takes its time once more", "confirm"),
    Key("adds", "estimate", "a delay", "6h to 1d"),
    Key("to", "names", "the tasks that it delays", "[baseline, method]"),
)
TARGET = (
    Key("deadline", "when", "a time with its zone, or FILE#CONFERENCE", "2016-11-08 23:59 AoE", required=True),
    Key("requires", "names", "the tasks that must finish; every task by default", "[write]"),
    Key("standard", "text", "the standard of evidence", "preliminary"),
    Key("worth", "number", "how much it is worth beside the other targets", "3"),
    Key("moves", "moves", "the deadline may move later", "{odds: 15%, by: 7d}"),
)
MOVES = (
    Key("odds", "odds", "the chance that it moves", "15%", required=True),
    Key("by", "estimate", "by how much", "7d", required=True),
)

SECTIONS: Mapping[str, tuple[Key, ...]] = MappingProxyType(
    {
        "plan": PLAN, "proposal": PROPOSAL, "resource": RESOURCE, "task": TASK,
        "tries": TRIES, "risk": RISK, "target": TARGET, "moves": MOVES,
    }
)  # fmt: skip

_DURATION = r"(\d+(\.\d*)?|\.\d+)\s*(s|sec|min|h|hr|hour|d|day|w|week)[a-z]*"
_ODDS: dict[str, Any] = {
    "oneOf": [
        {"type": "string", "pattern": r"^\s*([\d.]+\s*%|\d+(\.\d+)?\s+in\s+\d+(\.\d+)?)\s*$"},
        {"type": "number", "minimum": 0, "maximum": 1},
    ]
}
_NAMES: dict[str, Any] = {"oneOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]}
_SCALAR: dict[str, Any] = {"type": ["string", "number", "boolean"]}
_COUNT: dict[str, Any] = {"type": "integer", "minimum": 1}

FORMS: Mapping[str, dict[str, Any]] = MappingProxyType(
    {
        "text": _SCALAR,
        "zone": {"type": "string"},
        "count": _COUNT,
        "number": {"type": "number", "minimum": 0},
        "flag": {"type": "boolean"},
        "odds": _ODDS,
        "duration": {"type": "string", "pattern": rf"^({_DURATION}\s*)+$"},
        "estimate": {"type": "string", "pattern": r"^\s*(about\s|exactly\s|at least\s)?.*\d.*$"},
        "hours": {"type": "string", "pattern": r"^\s*\d{1,2}:\d{2}\s*(-|–|to)\s*\d{1,2}:\d{2}\s*$"},
        "days": _NAMES,
        "when": {"type": "string"},
        "names": _NAMES,
        "needs": {"oneOf": [_NAMES, {"type": "object", "additionalProperties": _COUNT}]},
        "after": {
            "oneOf": [
                {"type": "string"},
                {"type": "object", "additionalProperties": {"enum": ["started", "finished"]}},
                {"type": "array", "items": {"type": ["string", "object"]}},
            ]
        },
        "sweep": {"type": "object", "additionalProperties": {"type": "array", "items": _SCALAR, "minItems": 1}},
    }
)
_MAPS = {"resources": "resource", "tasks": "task", "risks": "risk", "targets": "target"}


def json_schema() -> dict[str, Any]:
    """The JSON Schema of a plan file, for editors. The parser is stricter: it knows names and dates."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "a plan of sixdays",
        **_object(PLAN),
        "$defs": {name: _object(keys) for name, keys in SECTIONS.items() if name != "plan"},
    }


def _object(keys: tuple[Key, ...]) -> dict[str, Any]:
    required = [k.name for k in keys if k.required]
    made: dict[str, Any] = {
        "type": "object",
        "additionalProperties": False,
        "properties": {k.name: {**_form(k.form), "description": f"{k.help}. Example: {k.example}"} for k in keys},
    }
    return {**made, "required": required} if required else made


def _form(form: str) -> dict[str, Any]:
    if form in SECTIONS:
        return {"$ref": f"#/$defs/{form}"}
    if form in _MAPS:
        each: dict[str, Any] = {"$ref": f"#/$defs/{_MAPS[form]}"}
        if form == "resources":
            each = {"oneOf": [_COUNT, {"type": "null"}, each]}
        return {"type": "object", "additionalProperties": each}
    return FORMS[form]
