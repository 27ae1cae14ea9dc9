"""Levers: one file each for an idea of what could be faster, behind one protocol. Found by listing.

A lever proposes and never measures: the engine runs each candidate, checks its class and prices it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from sixdays.faster.model import Candidate, NotTried, Profile


class Lever(Protocol):
    """What a file in this folder makes with `create(options)`.

    name: the file's. rank: the smaller, the sooner its candidates are tried.
    together: its candidates that are "same" or "equivalent" are tried in one bundle first, taken apart only where
    the bundle's check fails.
    """

    name: str
    rank: int
    together: bool

    def propose(self, profile: Profile) -> Sequence[Candidate | NotTried]:
        """Candidates for a command, and what does not apply here with the reason; empty where nothing applies."""
        ...
