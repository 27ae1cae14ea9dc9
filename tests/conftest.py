from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.command import Sixdays

settings.register_profile("default", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
settings.load_profile("default")


@pytest.fixture
def sixdays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sixdays:
    """The command line in an empty folder, in UTC, as nobody in particular."""
    for name in ("SIXDAYS_NOW", "SIXDAYS_SEED", "SIXDAYS_DRAWS", "SIXDAYS_PLAN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("SIXDAYS_WHO", "tester")
    return Sixdays(tmp_path)
