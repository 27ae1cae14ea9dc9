"""`sixdays faster` alone: the ten-minute list from the plan, the scripts, the logs and the machine. Runs nothing."""

from __future__ import annotations

import os
from itertools import islice
from pathlib import Path

from sixdays.app.folders import walk
from sixdays.app.project import open_project
from sixdays.app.reading import find_runs
from sixdays.app.settings import Options
from sixdays.app.wanted import Place
from sixdays.faster.ten_minutes import Item, pauses
from sixdays.faster.ten_minutes import ten_minutes as listed
from sixdays.logs.runs import Run
from sixdays.probes import inspect

MOST_SCRIPTS, MOST_BYTES = 40, 500_000
MOST_FOLDERS, NEWEST, MOST_LOG = 200, 5, 5_000_000  # what is looked at within a second


def ten_minutes(plan: str, options: Options, place: Place) -> tuple[Item, ...]:
    """What is worth ten minutes here, from the plan, the scripts and logs beside it and the machine.

    Raises:
        PlanError: there is a plan, and it is invalid.
    """
    project = open_project((plan,), options) if os.path.exists(plan) else None
    sources = {}
    for file in sorted(Path(place.cwd).glob("*.py"))[:MOST_SCRIPTS]:
        if file.is_file() and file.stat().st_size < MOST_BYTES:
            sources[file.name] = file.read_text(encoding="utf-8", errors="replace")
    machine = inspect.machine(place.env, 0.05, gpus_too=False)
    return listed(project.plan if project else None, machine, sources, _evidence(place.cwd))


def _evidence(cwd: str) -> dict[str, tuple[str, float]]:
    """What the newest logs show: of several that show the same, the one that shows the most."""
    logs = []
    for folder in islice(walk(cwd, "", lambda path, why: None), MOST_FOLDERS):
        for name, _ in folder.logs:
            stat = os.stat(folder.file(name))
            if stat.st_size <= MOST_LOG:
                logs.append((stat.st_mtime, folder.file(name), folder.show(name)))
    found: dict[str, tuple[str, float]] = {}
    for _, path, shown in sorted(logs, reverse=True)[:NEWEST]:
        for run in find_runs([path]).runs:
            for deed, seen in _pauses(run, shown).items():
                if seen[1] > found.get(deed, ("", 0.0))[1]:
                    found[deed] = seen
    return found


def _pauses(run: Run, shown: str) -> dict[str, tuple[str, float]]:
    """Of the series that was written most often: it knows the pauses best."""
    series = [s for log in run.logs if log.clock == "log" for s in log.series.values()]
    longest = max(series, key=lambda s: s.times.size, default=None)
    return {} if longest is None else pauses(shown, longest.steps, longest.times)
