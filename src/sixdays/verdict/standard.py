"""Standards of evidence: presets and files of the user's, parsed from text."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from sixdays.errors import UsageError, did_you_mean

PRESETS = ("preliminary", "compelling")
_KEYS = {
    "": ("level", "enough", "planned_looks", "margin", "record"),
    "enough": ("seeds", "tasks"),
    "record": ("number", "sigma", "error"),
}


@dataclass(frozen=True, slots=True)
class Enough:
    """A number of seeds an arm, on at least so many tasks."""

    seeds: int
    tasks: int


@dataclass(frozen=True, slots=True)
class Record:
    """Mean against a fixed number, the spread of one run known, one-sided at an error."""

    number: float
    sigma: float
    error: float


@dataclass(frozen=True, slots=True)
class Standard:
    """What a comparison must show. level: of intervals. planned_looks: seeds an arm, rising; the last: the plan."""

    name: str
    level: float
    enough: tuple[Enough, ...]
    planned_looks: tuple[int, ...]
    margin: float = 0.0
    record: Record | None = None

    @property
    def error(self) -> float:
        """Two-sided."""
        return 1.0 - self.level

    def least_seeds(self, tasks: int) -> int:
        """How many seeds an arm are enough on so many tasks; for fewer than any rule allows, those of the smallest."""
        fewest = min(rule.tasks for rule in self.enough)
        return min(rule.seeds for rule in self.enough if rule.tasks <= max(tasks, fewest))

    def is_enough(self, seeds: int, tasks: int) -> bool:
        return any(seeds >= rule.seeds and tasks >= rule.tasks for rule in self.enough)


def preset(name: str) -> Standard:
    """The preset of this name.

    Raises:
        UsageError: there is none.

    >>> preset("compelling").least_seeds(5), preset("compelling").least_seeds(4)
    (5, 10)
    """
    if name not in PRESETS:
        hint = did_you_mean(name, PRESETS, f"there are: {', '.join(PRESETS)}; or give a file")
        raise UsageError(f'there is no standard "{name}"', hint)
    text = files("sixdays.verdict").joinpath("standards", f"{name}.toml").read_text(encoding="utf-8")
    return parse_standard(text, name)


def parse_standard(text: str, name: str) -> Standard:
    r"""The standard in a TOML text; its keys are those of the presets.

    Raises:
        UsageError: no TOML, an unknown or missing key, or a value that is none.

    >>> parse_standard("level = 0.9\nenough = [{seeds = 4, tasks = 2}]\nplanned_looks = [4, 8]", "ours").level
    0.9
    """
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{name}: {error}", "a standard is a TOML file like the presets") from error
    _known(table, "", name)
    level = _number(table, "level", name, 0.5, 1.0)
    rules = table.get("enough")
    if not isinstance(rules, list) or not rules or not all(isinstance(r, dict) for r in rules):
        raise UsageError(f"{name}: enough must list at least one rule", "enough = [{seeds = 5, tasks = 5}]")
    enough = []
    for rule in rules:
        _known(rule, "enough", name)
        enough.append(Enough(_whole(rule.get("seeds"), "seeds", name, 2), _whole(rule.get("tasks"), "tasks", name, 1)))
    looks = table.get("planned_looks", [max(r.seeds for r in enough)])
    if not isinstance(looks, list) or not looks:
        raise UsageError(f"{name}: planned_looks must be a list of seeds", "planned_looks = [5, 10, 20]")
    planned = tuple(_whole(n, "planned_looks", name, 1) for n in looks)
    if list(planned) != sorted(set(planned)):
        raise UsageError(f"{name}: planned_looks must rise", "planned_looks = [5, 10, 20]")
    margin = _number(table, "margin", name, -1e-300, 1e300) if "margin" in table else 0.0
    return Standard(name, level, tuple(enough), planned, margin, _record(table.get("record"), name))


def _record(table: Any, name: str) -> Record | None:
    if table is None:
        return None
    if not isinstance(table, dict):
        raise UsageError(f"{name}: record must be a table", "[record]")
    _known(table, "record", name)
    return Record(
        _number(table, "number", name, -1e300, 1e300), _number(table, "sigma", name, 0.0, 1e300),
        _number(table, "error", name, 0.0, 0.5),
    )  # fmt: skip


def _known(table: Mapping[str, Any], where: str, name: str) -> None:
    for key in table:
        if key not in _KEYS[where]:
            hint = did_you_mean(key, _KEYS[where], f"known: {', '.join(_KEYS[where])}")
            raise UsageError(f'{name}: unknown key "{key}"{f" in {where}" if where else ""}', hint)


def _number(table: Mapping[str, Any], key: str, name: str, above: float, below: float) -> float:
    value = table.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float) or not above < value < below:
        bounds = f" between {above:g} and {below:g}" if below < 1e300 else (" above 0" if above == 0.0 else "")
        raise UsageError(f"{name}: {key} must be a number{bounds}", f"{key} is {value!r}")
    return float(value)


def _whole(value: Any, key: str, name: str, least: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise UsageError(f"{name}: {key} must be a whole number, at least {least}", f"it is {value!r}")
    return value
