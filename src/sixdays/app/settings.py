"""What every use case needs besides what it works on: clock, zone, seed, draws, who."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo


@dataclass(frozen=True, slots=True)
class Options:
    """What every use case needs besides the plan. zone: the machine's; who: the user's name."""

    now: datetime
    zone: tzinfo = UTC
    seed: int = 0
    draws: int = 10_000
    as_stated: bool = False
    record: bool = True
    who: str = "someone"


def nonce() -> str:
    """Rises with the real clock, so that records of one `--now` keep their order; two machines never meet."""
    return f"{time.time_ns():016x}{os.urandom(3).hex()}"
