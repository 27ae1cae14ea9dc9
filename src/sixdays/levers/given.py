"""Changes that a person or an assistant has written: patches and other commands, measured and checked like ours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sixdays.faster.model import Candidate, NotTried, Profile


@dataclass(frozen=True, slots=True)
class Given:
    """patches: name → unified diff; commands: name → words."""

    patches: Mapping[str, str] = field(default_factory=dict)
    commands: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    name: str = "given"
    rank: int = 0
    together: bool = False

    def propose(self, profile: Profile) -> Sequence[Candidate | NotTried]:
        """One candidate each; they claim to be the same algorithm, and the digests say whether that is so."""
        patches = [patch(name, text) for name, text in self.patches.items()]
        commands = [
            Candidate(self.name, name, f"in its place: {name}", "equivalent", argv=words)
            for name, words in self.commands.items()
        ]
        return [*patches, *commands]


def patch(name: str, text: str) -> Candidate:
    """A unified diff as a candidate. name: its file's."""
    return Candidate("given", name, f"the patch {name}", "equivalent", patch=text)


def create(options: dict[str, Any]) -> Given:
    return Given(options.get("patches", {}), options.get("commands", {}))
