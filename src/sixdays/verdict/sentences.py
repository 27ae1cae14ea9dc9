"""The verdict's own texts: a sentence ready to paste, and what the error bar is."""

from __future__ import annotations

from sixdays.verdict.compare import Found
from sixdays.verdict.phrases import number, plural
from sixdays.verdict.result import Comparison
from sixdays.verdict.standard import Standard


def sentence(said: Comparison, found: Found | None, standard: Standard) -> str:
    """Ready to paste: standard, seeds, tasks, the difference with its interval. found: None for a record's rule."""
    d = said.difference
    if d.value is None:
        return f"not yet known ({standard.name}): {said.why}"
    name = standard.name if said.word != "not_yet_known" else f"not yet known ({standard.name})"
    if found is None:
        text = f"{name}: mean − {said.baseline} = {number(d.value)}"
    else:
        kind = "mean" if len(found.tasks) == 1 else "IQM"
        seeds, tasks = plural(found.seeds, "seed"), plural(len(found.tasks), "task")
        gone = found.method.diverged + found.baseline.diverged
        left_out = f" ({plural(gone, 'diverged run')} left out)" if gone else ""
        text = f"{name}: {seeds} on {tasks}{left_out}; {kind} difference {number(d.value)}"
    if d.low is not None and d.high is not None:
        text += f" [{100 * d.level:.3g} % CI {number(d.low, signed=False)}, {number(d.high, signed=False)}]"
    return text + (f", P(improvement) {said.improvement:.2f}" if said.improvement is not None else "")


def error_bar(found: Found | None, standard: Standard, window: float, x_unit: str) -> str:
    """How the interval of the difference was made, and what varied."""
    score = f"a run's score is the mean of its last {100 * window:g} %{f' of {x_unit}' if x_unit else ''}"
    if found is None or found.sides is None:
        return f"{score}; no interval of a difference"
    how = "t interval of the difference of means (Welch)"
    if len(found.tasks) > 1:
        how = (
            "difference of interquartile means over runs × tasks ± standard error of the stratified bootstrap "
            "× √(n/(n−1)) × t (Satterthwaite)"
        )
    seeds = " and ".join(f"{arm.seeds(found.tasks)} of {arm.name}" for arm in (found.method, found.baseline))
    varied = f"what varied is the seed (runs a task: {seeds}), not the {plural(len(found.tasks), 'task')}"
    return f"{100 * standard.level:.3g} % {how}; {score}; {varied}"
