"""Nested values as flat ones with dotted keys; JSON that never raises; the flat part of YAML."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from sixdays.logs.series import Scalar

MOST_KEYS = 2000
_DEEP = 12


def parsed(text: str | bytes) -> Any:
    """JSON as values; None where it is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def flat(value: Mapping[Any, Any], *, joint: str = ".", deep: int = _DEEP) -> dict[str, Scalar]:
    """Scalars of nested mappings by dotted keys. Lists of scalars become text; W&B's `{value: x}` becomes x.

    >>> flat({"env": {"name": "Hopper"}, "lr": {"value": 0.1, "desc": None}, "layers": [64, 64]})
    {'env.name': 'Hopper', 'lr': 0.1, 'layers': '64, 64'}
    """
    out: dict[str, Scalar] = {}
    for key, item in _walk(value, joint, "", deep):
        out[key] = item
        if len(out) >= MOST_KEYS:
            break
    return out


def _walk(value: Mapping[Any, Any], joint: str, before: str, deep: int) -> Iterator[tuple[str, Scalar]]:
    for key, item in value.items():
        name = f"{before}{key}"
        if isinstance(item, Mapping) and "value" in item and set(item) <= {"value", "desc"}:
            item = item["value"]
        if isinstance(item, Mapping):
            if deep:
                yield from _walk(item, joint, name + joint, deep - 1)
        elif isinstance(item, (list, tuple)):
            if len(item) <= 64 and all(isinstance(i, (str, int, float, bool)) for i in item):
                yield name, ", ".join(map(str, item))
        elif item is None or isinstance(item, (str, int, float, bool)):
            yield name, item if not isinstance(item, str) else item[:1000]


_LINE = re.compile(
    r"^(?P<indent> *)(?:- +)?(?P<key>[^\s#'\"{\[&*!|>%@`][^:#]*?|'[^']*'|\"[^\"]*\")\s*:(?:\s+(?P<value>.*))?$"
)
_OVERRIDE = re.compile(r"^- +\+{0,2}(?P<key>[\w./@-]+)=(?P<value>.*)$")


def yaml_lines(text: str) -> dict[str, Scalar]:
    r"""The `key: scalar` lines of a YAML file, nested by their indent; what is more than that is passed over.

    No tag is acted on, nothing is evaluated. Lines `- key=value` (Hydra's overrides) count as well.

    >>> yaml_lines("env:\n  name: Hopper-v4  # it hops\nseed: 3\nlr:\n  desc: null\n  value: 0.001\n")
    {'env.name': 'Hopper-v4', 'seed': 3, 'lr': 0.001}
    """
    out: dict[str, Scalar] = {}
    stack: list[tuple[int, str]] = []
    for line in text.splitlines()[: 20 * MOST_KEYS]:
        if m := _OVERRIDE.match(line.strip()):
            out[m["key"]] = scalar(m["value"])
            continue
        m = _LINE.match(line.rstrip()[:2000])
        if not m:
            continue
        indent, key = len(m["indent"]), m["key"].strip("'\"")
        while stack and stack[-1][0] >= indent:
            stack.pop()
        value = _without_comment(m["value"] or "")
        name = ".".join((*(k for _, k in stack), key))
        if not value or value[0] in "&*!|>":
            if len(stack) < _DEEP:
                stack.append((indent, key))
        elif value[0] in "{[":
            found = parsed(value)
            if isinstance(found, list):
                out.update(flat({name: found}))
            elif value[0] == "[":
                out[name] = value.strip("[] ")[:1000]
        else:
            out[name] = scalar(value)
        if len(out) >= MOST_KEYS:
            break
    return {
        (k[: -len(".value")] if k.endswith(".value") and k != ".value" else k): v
        for k, v in out.items()
        if not k.endswith(".desc")
    }


def _without_comment(value: str) -> str:
    value = value.strip()
    if value[:1] in ("'", '"'):
        end = value.find(value[0], 1)
        return value[: end + 1] if end > 0 else value
    return re.split(r"\s+#", value, maxsplit=1)[0].strip() if not value.startswith("#") else ""


def scalar(text: str) -> Scalar:
    """A YAML scalar: number, truth value, null, or text.

    >>> scalar("1e-3"), scalar("'7'"), scalar("true"), scalar("~"), scalar("07-x")
    (0.001, '7', True, None, '07-x')
    """
    text = text.strip()
    if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"":
        return text[1:-1][:1000]
    lower = text.lower()
    if lower in ("null", "~", "none", ""):
        return None
    if lower in ("true", "false"):
        return lower == "true"
    for kind in (int, float):
        try:
            return kind(text) if len(text) < 40 else text[:1000]
        except ValueError:
            continue
    return text[:1000]
