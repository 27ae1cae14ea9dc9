"""judge: read the curves, count the look, call the engine, record."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sixdays.app.ledger import alone, beside, ledger
from sixdays.app.reading import Found, find_runs
from sixdays.app.settings import Options
from sixdays.errors import UsageError
from sixdays.logs.progress import RunState, states
from sixdays.logs.series import Series
from sixdays.plan.network import STANDARD
from sixdays.quantities import listed
from sixdays.stores.files import Journal
from sixdays.stores.texts import create_file
from sixdays.verdict.curves import Curve
from sixdays.verdict.looks import Look
from sixdays.verdict.metric import Metric, choose
from sixdays.verdict.outlook import outlook_summary
from sixdays.verdict.result import Verdict
from sixdays.verdict.standard import Standard, parse_standard, preset
from sixdays.verdict.verdict import judge

NO_CLAIM = "No claim was written down before the first look, as far as is known."
MOST_LISTED = 4


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be judged, and how. higher: what the user says of the sign of the metric; None: by its name.

    events: steps at which something scheduled happens; before the first of them nothing is decided.
    """

    paths: tuple[str, ...]
    baseline: str | None = None
    method: str | None = None
    metric: str | None = None
    higher: bool | None = None
    standard: str | None = None
    margin: float | None = None
    group: str | None = None
    format: str | None = None
    goal: float | None = None
    planned: int | None = None
    window: float = 0.05
    events: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Judged:
    """A verdict with what it rests on. curves: all, those under way too. found: what was read, in words."""

    verdict: Verdict
    curves: tuple[Curve, ...]
    found: tuple[str, ...]
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        return {**self.verdict.to_dict(), "found": list(self.found)}


def judge_paths(asked: Asked, options: Options, *, tick: Callable[[int], None] | None = None) -> Judged:
    """The verdict on the runs in some folders or files. A look is recorded beside the logs.

    Raises:
        UsageError: no run is there, or what was asked for is not among them. LogError: a log cannot be read.
    """
    found = find_runs(asked.paths, group=asked.group, format=asked.format, tick=tick)
    curves, metric, warnings = curves_of(found, asked, options)
    verdict, notes = judge_again(curves, asked, metric, beside(asked.paths), alone(asked.paths), options)
    verdict = replace(verdict, warnings=(*verdict.warnings, *warnings), error_bar=f"{verdict.error_bar} {NO_CLAIM}")
    return Judged(verdict, curves, (*found.notes, metric.why), (*unread(found), *notes))


def judge_again(
    curves: Sequence[Curve], asked: Asked, metric: Metric, journal: Journal, file: str, options: Options
) -> tuple[Verdict, tuple[str, ...]]:
    """The verdict, the earlier looks in a journal counted, and this one recorded there; notes where it is not."""
    kept = ledger(journal, file, metric.tag, asked.window, curves, (asked.baseline, asked.method))
    held = replace(asked, planned=kept.planned or asked.planned)
    verdict = judge_curves(curves, held, standard_of(asked.standard or STANDARD), metric, looks=kept.looks(curves))
    verdict = replace(verdict, warnings=(*verdict.warnings, *kept.warnings(verdict, curves, asked.planned)))
    note = kept.count(curves, verdict, asked.planned, options)
    return verdict, (note,) if note else ()


def judge_curves(
    curves: Sequence[Curve],
    asked: Asked,
    standard: Standard,
    metric: Metric,
    *,
    looks: Sequence[Look] | None,
    seed: int = 0,
) -> Verdict:
    """The verdict on the curves that have ended; what the running ones say stands in its outlook.

    looks: earlier ones, where there is a ledger; None where there is none.
    """
    try:
        verdict: Verdict = judge(
            curves, baseline=asked.baseline, method=asked.method, standard=standard,
            margin=asked.margin,
            higher_is_better=metric.higher_is_better, metric=metric.tag, looks=looks or (), ledger=looks is not None,
            planned=asked.planned, window=asked.window, seed=seed,
        )  # fmt: skip
    except ValueError as e:
        raise UsageError(str(e), "sixdays judge --help says what each option takes") from e
    main = verdict.main
    if main is None or not any(c.is_running for c in curves):
        return verdict
    summary = outlook_summary(
        curves, {}, main.baseline, main.method, higher_is_better=metric.higher_is_better, events=asked.events
    )
    return replace(verdict, outlook=summary)


def standard_of(name: str) -> Standard:
    """A preset by its name, else the file of this name. Raises UsageError."""
    path = Path(name)
    if path.suffix != ".toml" and not path.is_file():
        return preset(name)
    try:
        return parse_standard(path.read_text(encoding="utf-8"), name)
    except (OSError, UnicodeDecodeError) as e:
        why = getattr(e, "strerror", None) or "it is not text"
        raise UsageError(f"{name}: {why}", "a standard is a TOML file; the presets are good examples") from e


def curves_of(found: Found, asked: Asked, options: Options) -> tuple[tuple[Curve, ...], Metric, tuple[str, ...]]:
    """The curves of the metric that is judged, which one it is, and what is odd."""
    some(found, asked.paths)
    counts: dict[str, int] = {}
    for run in found.runs:
        for tag in run.tags:
            counts[tag] = counts.get(tag, 0) + 1
    try:
        metric = choose(counts, asked=asked.metric, higher=asked.higher)
    except ValueError as e:
        raise UsageError(f"--metric: {e}" if asked.metric else str(e), "sixdays judge PATH --metric NAME") from e
    told = states(found.runs, options.now.timestamp(), goal=asked.goal)
    curves, without, units = [], [], set()
    for run, state in zip(found.runs, told, strict=True):
        series, place = run.series(metric.tag), run.place
        if series is None or not len(series.steps):
            without.append(run.path)
            continue
        units.add(series.x)
        goal = _goal(state, series)
        curves.append(Curve(place.task, place.group, place.seed, series.steps, series.values, goal, state.took_s))
    warnings = []
    if without:
        shown = listed(without, MOST_LISTED)
        warnings.append(f"{len(without)} of {len(found.runs)} runs do not log {metric.tag} and are not judged: {shown}")
    if len(units) > 1:
        raise UsageError(
            f"steps count different things in these runs: {', '.join(sorted(units))}",
            "judge runs of one kind: curves on different axes cannot be compared",
        )
    if not metric.sure:
        warnings.append(f"whether more {metric.tag} is better is not known; taken so (--lower turns it)")
    stuck = [s for s in told if s.state == "stuck"]
    if stuck:
        are = "1 run is" if len(stuck) == 1 else f"{len(stuck)} runs are"
        warnings.append(f"{are} silent and not at the goal: {', '.join(s.path for s in stuck[:4])}")
    if not curves:
        raise UsageError(f"no run has a point of {metric.tag}", "")
    return tuple(curves), metric, tuple(warnings)


def _goal(state: RunState, series: Series) -> float | None:
    """The goal of a run that has not ended, in the steps of its series; what ended short or diverged is a result."""
    if state.state not in ("running", "stuck") or not state.goal or series.diverged:
        return None
    if state.x == series.x or not state.steps:
        return state.goal
    return float(series.steps.max()) * state.goal / state.steps  # the log counts the goal in other units


def unread(found: Found) -> tuple[str, ...]:
    """What looked like a log and could not be read, and why."""
    shown = [f"not read: {path}: {why}" for path, why in found.skipped[:MOST_LISTED]]
    more = len(found.skipped) - len(shown)
    return (*shown, f"and {more} more") if more > 0 else tuple(shown)


def some(found: Found, paths: Sequence[str]) -> None:
    """Raises UsageError where nothing was found, with what could not be read."""
    if found.runs:
        return
    hint = "name a folder with logs of TensorBoard, W&B, MLflow, CSV or JSON lines"
    if found.skipped:
        path, why = found.skipped[0]
        more = f" (and {len(found.skipped) - 1} more)" if len(found.skipped) > 1 else ""
        hint = f"{path}: {why}{more}"
    raise UsageError(f"no runs found in {', '.join(paths)}", hint)


def write_page(path: Path, html: str) -> None:
    """Writes a page over an older one. Raises StoreError where the disk refuses."""
    create_file(path, html, over=True)


def exit_code(judged: Judged, word: str) -> int:
    """0 where the verdict is this word, else 4."""
    return 0 if judged.verdict.word == word.replace(" ", "_").replace("-", "_") else 4
