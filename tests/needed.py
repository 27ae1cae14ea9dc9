"""What a test needs and may not be here: without it the test is skipped, or fails where everything is required."""

from __future__ import annotations

import os
from importlib.util import find_spec

import pytest


def needed(*names: str) -> None:
    """Skips the test that calls it where a module, or a program by its path, is not here; with SIXDAYS_REQUIRE_ALL=1
    it fails.
    """
    if missing := [n for n in names if not (os.path.exists(n) if os.sep in n else find_spec(n))]:
        say = pytest.fail if os.environ.get("SIXDAYS_REQUIRE_ALL") == "1" else pytest.skip
        say(f"not installed: {', '.join(missing)}")
