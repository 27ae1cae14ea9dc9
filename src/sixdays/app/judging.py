"""judge: read the curves, count the look, call the engine, record."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path
from typing import Any

from sixdays.app.reading import Found, find_runs
from sixdays.app.settings import Options, nonce
from sixdays.errors import StoreError, UsageError
from sixdays.journal.records import Record, new_record
from sixdays.logs.progress import RunState, states
from sixdays.logs.runs import Run
from sixdays.stores.files import Journal
from sixdays.stores.texts import create_file
from sixdays.verdict.arms import choose_baseline
from sixdays.verdict.curves import Curve
from sixdays.verdict.looks import Look
from sixdays.verdict.metric import Metric, choose
from sixdays.verdict.outlook import outlook_summary
from sixdays.verdict.result import Verdict
from sixdays.verdict.standard import Standard, parse_standard, preset
from sixdays.verdict.verdict import judge

LOOK = "look taken"
COMPELLING = "compelling"
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
    verdict, notes = judge_again(curves, asked, metric, _ledger(asked.paths), _alone(asked.paths), options)
    verdict = replace(verdict, warnings=(*verdict.warnings, *warnings))
    return Judged(verdict, curves, (*found.notes, metric.why), notes)


def judge_again(
    curves: Sequence[Curve], asked: Asked, metric: Metric, ledger: Journal, file: str, options: Options
) -> tuple[Verdict, tuple[str, ...]]:
    """The verdict, the earlier looks in a ledger counted, and this one recorded there; notes where it cannot be.

    Looks are those of one pair at one metric and standard, whichever of the two was called the baseline, and however
    it was asked for. A look at data that were looked at before is none. file: the one that was judged, if it was one.
    """
    standard = standard_of(asked.standard or COMPELLING)
    pair = _pair(sorted({c.method for c in curves}), asked)
    key = {"file": file, "metric": metric.tag, "standard": standard.name}
    earlier = [r for r in ledger.records() if r.kind == LOOK and all(r.data.get(k) == v for k, v in key.items())]
    earlier = [r for r in earlier if _same(pair, (str(r.data["baseline"]), str(r.data["method"])))]
    verdict = judge_curves(curves, asked, standard, metric, looks=_looks(earlier, curves))
    key |= {"baseline": pair[0], "method": pair[1]}
    return verdict, _count(ledger, key, curves, verdict, options, earlier) if options.record else ()


def _pair(names: Sequence[str], asked: Asked) -> tuple[str, str]:
    """(baseline, method) as they are compared; method "" where every other group is."""
    baseline = choose_baseline(names, asked.baseline, asked.method)[0] if names else ""
    others = [n for n in names if n != baseline]
    return baseline, asked.method or (others[0] if len(others) == 1 else "")


def _same(a: tuple[str, str], b: tuple[str, str]) -> bool:
    """Whether a look at one pair is a look at the other: a look at all methods is one at each."""
    return set(a) == set(b) or (a[0] == b[0] and "" in (a[1], b[1]))


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
            margin=standard.margin if asked.margin is None else asked.margin,
            higher_is_better=metric.higher_is_better, metric=metric.tag, looks=looks or (), ledger=looks is not None,
            planned=asked.planned, window=asked.window, seed=seed,
        )  # fmt: skip
    except ValueError as e:
        raise UsageError(str(e), "sixdays judge PATH lists the groups that it found") from e
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
    if not found.runs:
        raise UsageError(f"no runs found in {', '.join(asked.paths)}", _hint(found))
    counts: dict[str, int] = {}
    for run in found.runs:
        for tag in run.tags:
            counts[tag] = counts.get(tag, 0) + 1
    try:
        metric = choose(counts, len(found.runs), asked=asked.metric, higher=asked.higher)
    except ValueError as e:
        raise UsageError(f"--metric: {e}" if asked.metric else str(e), "sixdays judge PATH --metric NAME") from e
    told = states(found.runs, options.now.timestamp(), goal=asked.goal)
    curves, without, units = [], [], set()
    for run, state in zip(found.runs, told, strict=True):
        curve = _curve(run, state, metric.tag)
        if curve is None:
            without.append(run.path)
            continue
        series = run.series(metric.tag)
        units.add(series.x if series else "")
        curves.append(curve)
    warnings = []
    if without:
        shown = ", ".join(without[:MOST_LISTED]) + (
            f" and {len(without) - MOST_LISTED} more" if len(without) > 4 else ""
        )
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
        warnings.append(f"{len(stuck)} runs are silent and not at their goal: {', '.join(s.path for s in stuck[:4])}")
    if not curves:
        raise UsageError(f"no run has a point of {metric.tag}", "")
    return tuple(curves), metric, tuple(warnings)


def _curve(run: Run, state: RunState, tag: str) -> Curve | None:
    series = run.series(tag)
    if series is None or not len(series.steps):
        return None
    goal = (
        state.goal if state.state in ("running", "stuck") else None
    )  # what ended short is a result, what is silent not
    place = run.place
    return Curve(place.task, place.group, place.seed, series.steps, series.values, goal, state.took_s)


def _hint(found: Found) -> str:
    if found.skipped:
        path, why = found.skipped[0]
        more = f" (and {len(found.skipped) - 1} more)" if len(found.skipped) > 1 else ""
        return f"{path}: {why}{more}"
    return "name a folder with logs of TensorBoard, W&B, MLflow, CSV or JSON lines"


# -- looks -----------------------------------------------------------------------------------


def _looks(earlier: Sequence[Record], curves: Sequence[Curve]) -> tuple[Look, ...]:
    """Earlier looks at other data: asking twice of the same curves is one look."""
    now = _print(curves)
    seen: dict[str, Look] = {}
    for r in earlier:
        name, seeds = str(r.data.get("data", "")), r.data.get("seeds")
        if name != now and isinstance(seeds, int) and seeds > 0:
            seen[name] = Look(seeds, r.at.isoformat())
    return tuple(seen.values())


def _count(
    ledger: Journal, key: dict[str, Any], curves: Sequence[Curve], verdict: Verdict, options: Options,
    earlier: Sequence[Record],
) -> tuple[str, ...]:  # fmt: skip
    """Records this look, unless the same data were looked at before; a folder that cannot be written is said."""
    name = _print(curves)
    if any(r.data.get("data") == name for r in earlier) or verdict.main is None:
        return ()
    seeds = _seeds(curves, (verdict.main.baseline, verdict.main.method))
    data = {**key, "data": name, "seeds": seeds, "verdict": verdict.word, "p": verdict.main.p}
    try:
        ledger.add(new_record(LOOK, options.now, options.who, data, nonce()))
    except StoreError as e:
        return (f"the look was not counted: {e.message}",)
    return ()


def _seeds(curves: Sequence[Curve], methods: Sequence[str]) -> int:
    """Finished runs an arm, of the arm and task that has fewest."""
    counts: dict[tuple[str, str], int] = {}
    for c in curves:
        if c.method in methods:
            counts[c.method, c.task] = counts.get((c.method, c.task), 0) + (not c.is_running)
    shared = set.intersection(*({t for m, t in counts if m == name} for name in methods))
    return max(1, min((n for (_, t), n in counts.items() if t in shared), default=1))


def _print(curves: Sequence[Curve]) -> str:
    """A short name of the data: the same curves have the same one, in whatever order they are read."""
    each = sorted(
        blake2b(
            f"{c.task}\0{c.method}\0{c.seed}\0".encode() + c.steps.tobytes() + c.values.tobytes(), digest_size=16
        ).digest()
        for c in curves
    )
    return blake2b(b"".join(each), digest_size=12).hexdigest()


def _ledger(paths: Sequence[str]) -> Journal:
    """The journal beside the logs: in the folder that was judged, or that holds all that was."""
    common = Path(os.path.commonpath([os.path.abspath(p) for p in paths]))
    return Journal((common if common.is_dir() else common.parent) / "journal")


def _alone(paths: Sequence[str]) -> str:
    """The name of the file that is judged by itself, so that files of one folder have looks of their own."""
    return os.path.basename(paths[0]) if len(paths) == 1 and not os.path.isdir(paths[0]) else ""


def write_page(path: Path, html: str) -> None:
    """Writes a page over an older one. Raises StoreError where the disk refuses."""
    create_file(path, html, over=True)


def check_verdict(asked: Asked, options: Options, word: str) -> tuple[Judged, int]:
    """The verdict, and 0 where it is this word, else 4."""
    judged = judge_paths(asked, options)
    return judged, 0 if judged.verdict.word == word.replace(" ", "_").replace("-", "_") else 4
