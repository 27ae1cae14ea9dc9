"""Plug-ins: a kind is a folder of ours, a name is a file in it, `create(options)` makes one. No registry."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

from sixdays.errors import PluginError, did_you_mean


def names(kind: str) -> tuple[str, ...]:
    """The plug-ins of a kind (`readers`, `stores`, …), sorted.

    >>> "tensorboard" in names("readers")
    True
    """
    folder = Path(__file__).parent / kind
    return tuple(sorted(p.stem for p in folder.glob("*.py") if not p.stem.startswith("_")))


def create(kind: str, name: str, options: dict[str, Any] | None = None) -> Any:
    """The plug-in of this kind and name. Raises PluginError with the names that there are."""
    known = names(kind)
    if name not in known:
        raise PluginError(f'there is no {kind} "{name}"', did_you_mean(name, known, f"there are: {', '.join(known)}"))
    return import_module(f"sixdays.{kind}.{name}").create(options or {})
