"""What a search found, as one value: the factor that fresh pairs confirmed, and the time to answer that it buys."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from sixdays.faster import compare, evaluations, phases, rate
from sixdays.faster.length import Length
from sixdays.faster.rate import BUSY
from sixdays.faster.report import SLOW_S, UNCHANGED, Speedups
from sixdays.stats import median

if TYPE_CHECKING:
    from sixdays.faster.compare import Answer, Factor
    from sixdays.faster.diagnosis import Line
    from sixdays.faster.mix import Events
    from sixdays.faster.model import Trace
    from sixdays.faster.probe import Asked
    from sixdays.faster.search import Search
    from sixdays.faster.yardstick import Yardstick

ANY_LENGTH = 1000.0  # units, where the length of a run is not known
ONE_RUN = Length(1.0, "run", "it was measured as a whole")
NAMED = 3  # paths, at most
MADE_ANEW = 10_000_000  # bytes from which on what each run makes is worth a word, if its start is slow


def conclusion(s: Search, diagnosis: Sequence[Line], seconds: float, *, interrupted: bool = False) -> Speedups:
    """What is known now; only what fresh pairs confirmed is claimed. seconds: that the search took."""
    assert s.by is not None
    unit, first, asked = s.by.unit, s.original[0], s.asked
    seen, clock = s.measured()
    total = seen if seen and seen.shown else UNCHANGED
    before = s.rate_before
    after = before * total.value
    length = ONE_RUN if unit.kind == "run" else asked.length
    last = (s.last_of_best if total.shown else None) or first
    alone, best = _answer(asked, s.by, first, before, {}, length), _answer(asked, s.by, last, after, s.packed, length)
    steps, load = tuple(s.steps), median(s.loads) if s.loads else 0.0
    return Speedups(
        unit=unit.word,
        phase="".join(p.text for p in phases.phases(first, unit)[-1:]),
        rate_before=before,
        rate_after=after,
        factor=total,
        factor_all_classes=_all_classes(s, total),
        kept=steps if total.shown else (),
        others=tuple(s.others),
        not_shown=(*s.not_shown, *(() if total.shown else steps)),
        thrown_out=tuple(s.thrown_out),
        not_tried=tuple(s.not_tried),
        diagnosis=tuple(diagnosis),
        copies=best.copies,
        packing=s.packing,
        packed=tuple(s.packed.items()),
        seeds=asked.seeds,
        length=length.value if length else ANY_LENGTH,
        length_text=length.text if length else asked.doubt,
        length_known=length is not None,
        answer_s_before=alone.seconds,
        answer_s_after=best.seconds,
        start_s=rate.start(last, unit) if unit.kind != "run" else 0.0,
        warm_s=rate.warm_up(last, unit, s.by.window),
        confirmed=total.shown,
        pairs=len(s.fresh.pairs) if s.fresh else 0,
        seen=seen,
        clock=clock,
        load=load,
        threads=int(threads) if (threads := last.facts.get("torch threads", "")).isdigit() else None,
        probes=s.probes,
        seconds=seconds,
        repeatable=s.repeatable,
        interrupted=interrupted,
        notes=tuple(_notes(s, s.by, seen, load)),
    )


def _answer(
    asked: Asked, by: Yardstick, trace: Trace, pace: float, packed: Mapping[int, float], length: Length | None
) -> Answer:
    """The time to the answer: its runs begin as `trace` did, and go on at a pace, units a second.

    What came before the window counts as so many units as take as long in it; what came after the last unit of a look
    that ended, counts as it was. Any 1,000 units have no beginning.
    """
    start, units = 0.0, length.value if length else ANY_LENGTH
    if length and by.unit.kind != "run":
        start, skipped = rate.start(trace, by.unit) + rate.end(by.looked, by.unit), by.window[0]
        if skipped < units:
            units += max(by.begin(trace) - rate.start(trace, by.unit), 0.0) * pace - skipped
    return compare.answer(asked.seeds, units, pace, packed, start, asked.cores)


def _all_classes(s: Search, total: Factor) -> Factor:
    """The factor with what else is accepted; that without it where it is not known."""
    return (s.everything.measured(s.loads, s.asked.cores)[0] if s.everything else None) or total


def _notes(s: Search, by: Yardstick, seen: Factor | None, load: float) -> Iterator[str]:
    """What a reader of the factor should know besides."""
    yield from s.notes
    if s.fresh and s.fresh.is_mixed():
        yield "Runs went different ways, so they were compared at the original's mix of events."
    if by.target:
        yield _growing(by.target)
    if s.steps and seen and seen.value < compare.SHOWN:
        yield (
            f"What seemed to help on the way gave {seen.value:.2f}× ({seen.low:.2f} to {seen.high:.2f}) afresh: "
            "too little to claim."
        )
    looked, within = by.looked, by.stretch(by.looked)
    why = phases.not_yet(looked, by.unit, s.asked.length.value if s.asked.length else None)
    if why and looked.stopped == "time" and not phases.is_seen_once(looked, by.unit):  # that is the next note
        yield (
            f"The first look, of {looked.seconds:.0f} s, was too short for it: {why}. What is said here is of the time "
            "before that; a longer --budget looks longer."
        )
    if phases.learns_unseen(looked, by.unit) and len(phases.phases(looked, by.unit)) == 1:
        yield (
            "Updates of JAX and TensorFlow are not seen: if it acts by chance before it learns, what is said here may "
            "be of that time."
        )
    if within and (share := evaluations.left_out(looked, within)) > evaluations.SEEN_ONCE:
        yield (
            f"It evaluates too seldom for short runs: {share:.0%} of the first look, none of it in what was compared. "
            "Factor and time to answer are of what lies between."
        )
    if looked.wrote >= MADE_ANEW and rate.start(looked, by.unit) >= SLOW_S:
        yield (
            f"The first run wrote {looked.wrote / 1e6:,.0f} MB: what it downloads or prepares is made anew in each "
            "copy. Run it once yourself, and short runs start sooner."
        )
    if "learners" in looked.facts:
        yield f"{looked.facts['learners']} processes learn: units and rates are of one of them."
    if load >= BUSY:
        yield f"Others kept {load:.1f} cores busy: on a quiet machine it may gain less, or more."
    if s.outside:
        names = sorted(s.outside)
        more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
        yield f"Short runs wrote outside of their copies: {', '.join(names[:NAMED])}{more}."
    for name in (k for k in looked.facts if k == "agent error" or k.startswith("hook ")):
        yield f"Not all of the command was seen ({name}: {looked.facts[name]})."


def _growing(target: Events) -> str:
    steps = target["env step"] / target["optimiser step"]
    of = max(steps, 1.0 / steps)
    times = f"{of:,.{0 if of >= 10.0 else 1}f} {'environment steps an update' if steps >= 1.0 else 'updates a step'}"
    return f"Episodes change as it learns: the factor holds at {times}, as in all that the first look saw."
