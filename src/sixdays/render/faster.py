"""What `sixdays faster` found, as lines: the factor, what is kept, what it buys, where the time goes."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import Protocol

from sixdays.faster.compare import SHOWN, Factor
from sixdays.faster.fresh import PAIRS
from sixdays.faster.model import Command, NotTried
from sixdays.faster.report import SLOW_S, Delivery, Speedups, Step
from sixdays.faster.ten_minutes import Item
from sixdays.faster.unit import plural
from sixdays.quantities import show_seconds
from sixdays.render.changes import clean_diff
from sixdays.render.problems import clean
from sixdays.render.text import indented

TEN = 10
FEW_S = 10.0  # below which whole seconds tell a factor badly
SHORT = 30  # lines of a preamble that are shown at once
MOST = 6  # of each list; --json has all


class Asks(Protocol):
    """What is to be made faster."""

    @property
    def command(self) -> Command: ...
    @property
    def budget_s(self) -> float: ...


def opening(what: Asks) -> list[str]:
    """What is going to be run, for how long, and where."""
    where = (
        f"short runs for up to {show_seconds(what.budget_s)}, in copies of {what.command.root}; nothing there changes"
    )
    return [clean(shlex.join(what.command.argv)), where]


def speedup_lines(s: Speedups) -> list[str]:
    """What was measured: the factor, what is kept, where the time goes, what else was tried."""
    lines = [*kept_lines(s), *_others(s)]
    lines += _listed("Thrown out", [f"{t.candidate.text}: {t.why}" for t in s.thrown_out])
    lines += _where(s)
    lines += _listed("Measured, not shown", [_step(x) for x in s.not_shown])
    lines += _listed("Not tried", _reasons(s.not_tried))
    return [*lines, *_basis(s), ""]


def kept_lines(s: Speedups) -> list[str]:
    """The factor, and the changes behind it."""
    return [
        *_headline(s),
        "",
        *_listed("Kept (each as measured on the way; the total is what was confirmed)", [_kept(x) for x in s.kept]),
        *_listed("What that may cost you", list(dict.fromkeys(c.spoils for c in s.delivered if c.spoils))),
    ]


def _headline(s: Speedups) -> list[str]:
    rates = f"{_rate(s.rate_before)} → {_rate(s.rate_after)} {plural(s.unit)} a second, one copy"
    if s.kept and s.confirmed:
        promise = "the same numbers" if all(k.promise == "same" for k in s.kept) else "the same algorithm"
        checked = "" if not any(k.unchecked for k in s.kept) else ", as far as it could be checked"
        first = f"{_times(s.factor)} faster, {promise}{checked}: confirmed on {s.pairs} fresh pairs."
        return [*indented(first, ""), *indented(rates, "")]
    rate = f"{_rate(s.rate_before)} {plural(s.unit)} a second, one copy"
    if s.interrupted and not s.packed:
        return [*indented("Interrupted: nothing is confirmed yet.", ""), *indented(rate, "")]
    nothing = "No change tried here makes it faster by 8 % or more."
    more = " A longer --budget tells more." * (s.pairs < PAIRS[1])
    if s.seen and s.seen.value >= SHOWN:
        nothing = f"Not confirmed: {_times(s.seen)} in {s.pairs} fresh pairs.{more}"
    elif not s.packed and not s.seen and any(x.factor.value >= SHOWN for x in s.not_shown):
        nothing = f"Not confirmed: what seemed to help on the way stands below.{more}"
    elif s.not_tried and not (s.not_shown or s.thrown_out or s.packed or s.others):
        nothing = "No change could be tried: why not stands below."
        if any(n.for_time for n in s.not_tried):
            nothing = f"No change could be tried in this budget: one run of it takes too long.{more}"
    if s.packed and s.copies > 1:
        k, together = s.packed[0]
        nothing += f" {k} copies side by side make {together / s.rate_before:.2g}× as much."
    return [*indented(nothing, ""), *indented(rate, "")]


def _others(s: Speedups) -> list[str]:
    if not s.others:
        return []
    is_measured = s.factor_all_classes != s.factor
    total = f"all together {_times(s.factor_all_classes)}" if is_measured else "all together: not measured"
    return _listed("Other experiments, as you accept them", [*(_step(x) for x in s.others), total])


def answer_lines(s: Speedups) -> list[str]:
    """What it comes to: the time to the answer, before and after."""
    length = f"{s.length:,.0f} {plural(s.unit)}"
    what = f"{s.seeds} seeds of {length}" if s.seeds > 1 else length
    why = f": {s.length_text}" if s.length_text else ""
    known = s.length_text if s.length_known else f"the length of a run is not known{why}; say it with --units N"
    lines = [f"Time to answer, {what}"]
    times = (s.answer_s_before, s.answer_s_after)
    before, after = (f"{t:.2g} s" if t < FEW_S else show_seconds(t) for t in times)
    how = f", {s.copies} copies side by side" if s.copies > 1 else ""
    lines += indented(f"{before} → {after}: {s.answer_factor:.2g}×{how}")
    lines += indented(f"({known})")
    if s.seeds == 1 and s.packed:
        k, rate = s.packed[0]
        gain = rate / s.rate_before if s.rate_before else 1.0
        lines += indented(
            f"{k} copies side by side make {gain:.2g}× as many {plural(s.unit)} a second in all: --seeds {k}"
        )
    return lines


def _where(s: Speedups) -> list[str]:
    if not s.diagnosis:
        return []
    shares = [f"{100 * d.share:.0f} %  " if d.share else "" for d in s.diagnosis]
    found = [f"{d.file}:{d.line}  {share}{d.text}" for share, d in zip(shares, s.diagnosis, strict=True)]
    return _listed("Where the time goes", found)


def _reasons(not_tried: Sequence[NotTried]) -> list[str]:
    """Why each was not tried; first what a longer budget has room for."""
    return [f"{n.lever}: {n.why}" for n in sorted(not_tried, key=lambda n: not n.for_time)]


def _basis(s: Speedups) -> list[str]:
    said = [f"Measured: {s.phase}." if s.phase else "", s.clock, s.repeatable and f"Not repeated: {s.repeatable}."]
    if max(s.start_s, s.warm_s) >= SLOW_S:
        said.append(f"Apart from that: {s.start_s:.0f} s until the first {s.unit}, {s.warm_s:.0f} s to warm up.")
    said.append(f"{s.probes} short runs in {show_seconds(s.seconds)}.")
    return [line for text in (*said, *s.notes) if text for line in indented(text, "")]


def delivery_lines(made: Delivery, copies: int = 1) -> list[str]:
    """How to have what was found: the command line, and the text of the preamble with the line that loads it."""
    lines = [f"To have it, {copies} copies of this at a time" if copies > 1 else "To have it", f"  {clean(made.line)}"]
    if made.preamble:
        file, patched = made.file, ", and the patches above are in" * made.has_patch
        module = file.rpartition("/")[2].removesuffix(".py")
        text = made.preamble.rstrip().split("\n")
        is_short = len(text) <= SHORT
        size = "these lines" if is_short else f"{len(text)} plain lines"
        lines += indented(
            f"once {file} ({size}) is there, {made.entry} begins with `import {module}` (after lines that set "
            f"os.environ){patched}: --apply shows all that, asks, and does it"
        )
        lines += ["", f"  # {file}", *(f"  {clean(line)}" for line in text)] if is_short else []
    elif made.diff:
        lines += indented("with the patches above: --apply puts them in")
    return [*lines, ""]


def plan_lines(task: str, saved_s: float | None, diff: str) -> list[str]:
    """Of a task that runs now: start it anew, or let it finish; and what was written into the plan."""
    lines = []
    if saved_s is not None:
        sooner = show_seconds(abs(saved_s))
        advice = (
            f"start it anew: it ends {sooner} sooner" if saved_s > 0 else f"let it finish: {sooner} sooner than anew"
        )
        lines += ["", *indented(f"{task} runs now: {advice}.", "")]
    if diff:
        lines += ["", *clean_diff(diff), "", "Written. sixdays undo takes it back."]
    return lines


def ten_minute_lines(items: Sequence[Item]) -> list[str]:
    """The list that `sixdays faster` alone prints; nothing was run."""
    if not items:
        return ["Nothing here tells what could be faster: name a command, sixdays faster -- python train.py"]
    lines = ["Ten minutes that could make it faster, the most per minute first. Nothing was run.", ""]
    for i, item in enumerate(items[:TEN], 1):
        bound = f"up to {item.bound:.1f}×" if item.bound < 100 else "no bound known"
        lines += indented(f"{i:>2}  {item.text}", " ")
        lines += indented(f"{bound} · {item.promise} · {item.minutes:g} min · {item.evidence}", "     ")
        if item.command:
            lines += [f"     {clean(item.command)}"]
    return lines


def _listed(heading: str, rows: Sequence[str]) -> list[str]:
    if not rows:
        return []
    lines = [heading]
    for row in rows[:MOST]:
        lines += indented(clean(row))
    if len(rows) > MOST:
        lines += indented(f"and {len(rows) - MOST} more (--json has all)")
    return [*lines, ""]


def _step(x: Step) -> str:
    unchecked = f" (not checked: {x.unchecked})" if x.unchecked else ""
    return f"{x.factor.value:.2f}×  {x.promise}  {x.text}{unchecked}"


def _kept(x: Step) -> str:
    """A small switch stays until pairs say that it harms: a few that say so by chance are shown with their doubt."""
    doubt = f" (too few pairs to tell: {x.factor.low:.2f} to {x.factor.high:.2f})" if x.factor.value < 1.0 else ""
    return _step(x) + doubt


def _times(f: Factor) -> str:
    return f"{f.value:.2f}× ({f.low:.2f} to {f.high:.2f})"


def _rate(r: float) -> str:
    return f"{r:,.0f}" if r >= 100 else f"{r:.3g}"
