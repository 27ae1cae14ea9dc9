"""Keys of configuration files with their values and lines. Text in, values out; nothing is evaluated."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

from sixdays.faster.option import Scalar, scalar

_LINE = re.compile(r"^(?P<indent>\s*)(?P<key>[\w./-]+|\"[^\"]+\"|'[^']+')\s*:(?:\s+(?P<value>.*))?$")
_COMMENT = re.compile(r"(?:^|\s)#.*$")


def keys(name: str, text: str) -> Iterator[tuple[str, Scalar, int]]:
    """(key with dots, value, line) of what a file sets to one value; lists and what cannot be read are passed over."""
    if name.endswith((".yaml", ".yml")):
        yield from _yaml(text)
        return
    try:
        data = json.loads(text) if name.endswith(".json") else tomllib.loads(text) if name.endswith(".toml") else {}
    except ValueError:
        return
    if isinstance(data, dict):
        lines = text.splitlines()
        for key, value in _flat(data, ""):
            tail = re.compile(rf"[\"']?{re.escape(key.rpartition('.')[2])}[\"']?\s*[:=]")
            yield key, value, next((i for i, line in enumerate(lines, 1) if tail.search(line)), 0)


def _yaml(text: str) -> Iterator[tuple[str, Scalar, int]]:
    r"""The `key: value` lines, nested by their indent.

    >>> list(_yaml("eval:\n  every: 10  # epochs\nplot: true\nsizes: [1, 2]\n"))
    [('eval.every', 10, 2), ('plot', True, 3)]
    """
    above: list[tuple[int, str]] = []
    for number, raw in enumerate(text.splitlines(), 1):
        m = _LINE.match(_COMMENT.sub("", raw[:2000]).rstrip())
        if not m:
            continue
        indent, key, value = len(m["indent"]), m["key"].strip("'\""), (m["value"] or "").strip()
        while above and above[-1][0] >= indent:
            above.pop()
        if not value or value[0] in "&|>":
            above.append((indent, key))
        elif value[0] not in "[{*!$":
            yield ".".join((*(k for _, k in above), key)), scalar(value), number


def _flat(data: Mapping[str, Any], before: str) -> Iterator[tuple[str, Scalar]]:
    for key, value in data.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{before}{key}.")
        elif value is None or isinstance(value, (bool, int, float, str)):
            yield f"{before}{key}", value
