"""Fewer seeds and earlier stops: no probe can measure them, so they are said in words, with what they cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sixdays.faster.model import Candidate, NotTried, Profile

# docs/measured.md, "Early decision at .95 with three seeds": mean share of the run, and wrong among the decided.
SHARE_RUN, WRONG = 0.59, 0.025


@dataclass(frozen=True, slots=True)
class Less:
    name: str = "less"
    rank: int = 60
    together: bool = False

    def propose(self, profile: Profile) -> Sequence[Candidate | NotTried]:
        """What less work would buy, where the user takes it: a rate does not change by it, so nothing is tried."""
        if "less" not in profile.accept or not profile.trace.counters:
            return []
        found = [
            NotTried(
                self.name,
                f"decide early with `sixdays judge`: {1 / SHARE_RUN:.1f} times less to run on average, "
                f"{WRONG:.1%} of decisions wrong",
            )
        ]
        if profile.seeds > 1:
            found.append(NotTried(self.name, f"fewer seeds than {profile.seeds}: `sixdays judge` says what they show"))
        return found


def create(options: dict[str, Any]) -> Less:
    return Less()
