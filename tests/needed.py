"""What a test needs and may not be here: without it the test is skipped, or fails where everything is required."""

from __future__ import annotations

import os
from importlib.util import find_spec

import pytest


def needed(*modules: str) -> None:
    """Skips the test that calls it where a module is missing; with SIXDAYS_REQUIRE_ALL=1 it fails."""
    if missing := [m for m in modules if find_spec(m) is None]:
        say = pytest.fail if os.environ.get("SIXDAYS_REQUIRE_ALL") == "1" else pytest.skip
        say(f"not installed: {', '.join(missing)}")
