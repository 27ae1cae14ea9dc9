"""By what runs are held against each other: the unit, the window of the run, the mix of events at which it is said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import exp, log

from sixdays.faster import evaluations, mix, rate
from sixdays.faster.mix import Events, Stretch
from sixdays.faster.model import USUAL, Kind, Setting, Trace
from sixdays.faster.quiet import OF, REACHED, Runs, runs_of
from sixdays.faster.unit import Unit, time_of, track
from sixdays.stats import median

Pair = tuple[Trace, Trace]  # of one thing and of another, run one after the other
STRETCH_S, CPU_STRETCH_S = 0.05, 1.0  # in which runs are held against each other, at least; CPU time is seldom noted
STRETCHES = 64  # at most


@dataclass(frozen=True, slots=True)
class Yardstick:
    """looked: the first look, which tells the usual mix of events. target: the mix at which the total is said; empty:
    that of the window.
    """

    unit: Unit
    window: tuple[float, float]
    looked: Trace
    target: Events = field(default_factory=dict)

    def rate(self, trace: Trace) -> float:
        """Units a second in the window, as far as a run got; 0 where it did not."""
        return rate.rate(trace, self.unit, self.window)

    def until(self, trace: Trace) -> float:
        """Seconds from the start of a run to the end of the window."""
        return time_of(trace, self.unit, self.window[1]) or trace.seconds

    def begin(self, trace: Trace) -> float:
        """Seconds from the start of a run to the start of the window."""
        return time_of(trace, self.unit, self.window[0]) or 0.0

    def stretch(self, trace: Trace) -> Stretch | None:
        """Seconds of a run from the start of the window to its end, or to where the run got; None before it."""
        begin, end = (time_of(trace, self.unit, u) for u in self.window)
        if begin is None:
            return None
        return begin, end if end is not None else time_of(trace, self.unit, self.unit.count(trace)) or begin

    # a pair ----------------------------------------------------------------------------------------------------

    def ratio(self, before: Trace, after: Trace, setting: Setting, others: Sequence[Trace] = ()) -> float | None:
        """How many times sooner the same work is done; None where one of them did not get far enough.

        The same units of two runs that went different ways may hold other numbers of updates: the ratio is then that
        of the original's events. setting: put into `after`. others: more runs of the same.
        """
        direct, (u0, u1) = None, self.window
        # A slow one is stopped before the end: it counts as far as it got.
        reach = min(self.unit.count(before), self.unit.count(after), u1)
        if reach >= u0 + REACHED * (u1 - u0):
            direct = rate.gain(before, after, self.unit, (u0, reach))
        both = self._both(before, after)
        found = direct
        if both is not None and (direct is None or self.is_by_mix(before, after, setting)):
            more = [(t, stretch) for t in others if (stretch := self.stretch(t)) is not None]
            by_mix = mix.ratio_by_mix(before, after, both, _fewer(setting), more)
            found = direct if by_mix is None else by_mix
        return found if found is None or both is None else _with_rest(found, before, after, both, setting)

    def is_by_mix(self, before: Trace, after: Trace, setting: Setting) -> bool:
        """Whether two runs went different ways, so that they are compared at the original's mix of events."""
        both = self._both(before, after)
        if both is None or any(c.promise not in USUAL for c in setting):  # these are meant to do other work
            return False
        return not mix.same_events(before, after, both, _fewer(setting))

    def _both(self, before: Trace, after: Trace) -> tuple[Stretch, Stretch] | None:
        a, b = self.stretch(before), self.stretch(after)
        return None if a is None or b is None else (a, b)

    # several pairs ---------------------------------------------------------------------------------------------

    def gain(self, pairs: Sequence[Pair], setting: Setting) -> float | None:
        """How many times sooner: without the machine's neighbours, else as most pairs say; None: it cannot be said."""
        if (runs := self.runs(pairs)) and (value := self.ratio(*quiet(runs, OF), setting)) is not None:
            return value
        logs = [log(r) for r in self.ratios(pairs, setting) if r]
        return exp(median(logs)) if logs else None

    def ratios(self, pairs: Sequence[Pair], setting: Setting) -> list[float | None]:
        """Of each pair; the other pairs tell what the events of the setting cost."""
        return [self.ratio(a, b, setting, [x for _, x in pairs if x is not b]) for a, b in pairs]

    def runs(self, pairs: Sequence[Pair], shortest: float = STRETCH_S) -> tuple[Runs, Runs] | None:
        """The runs of both sides in as many stretches, none below `shortest` seconds; None where those of one side did
        not do the same work.
        """
        if not pairs:
            return None
        sides = [list({id(t): t for t in side}.values()) for side in zip(*pairs, strict=True)]
        took = [end - begin for t in (*sides[0], *sides[1]) if (w := self.stretch(t)) for begin, end in [w]]
        n = int(min(max(min(took, default=0.0) / shortest, 1.0), STRETCHES))
        before, after = (runs_of(side, self.unit, self.window, n) for side in sides)
        return (before, after) if before and after else None

    # the mix of events -----------------------------------------------------------------------------------------

    @property
    def whole_pace(self) -> float:
        """Units a second at the target mix ÷ in the window, of the command as it is."""
        return self.pace(self.looked, is_far=True) or 1.0

    def pace(self, trace: Trace, *, is_far: bool) -> float | None:
        """The same of any run. is_far: it went as far as the look, so that all of it tells its costs at the target."""
        window, before = self.stretch(trace), self.usual
        if not self.target or window is None or before is None:
            return None
        return mix.pace(trace, (window, before), ((window[0], trace.seconds) if is_far else window, self.target))

    @property
    def usual(self) -> Events | None:
        """The first look's mix of events in the window; None where one of the kinds did not happen in it."""
        found = mix.per_unit(self.looked, *track(self.looked, self.unit), self.window)
        return found if all(found.values()) else None


def quiet(runs: tuple[Runs, Runs], of: int) -> Pair:
    """What both sides took, without the machine's neighbours: the quickest of as many runs on either side."""
    of = min(of, *(r.took.shape[0] for r in runs))
    return runs[0].quiet(of), runs[1].quiet(of)


def _with_rest(found: float, before: Trace, after: Trace, both: tuple[Stretch, Stretch], setting: Setting) -> float:
    """A ratio with the evaluations that a longer run holds: of what comes ten times rarer a window may have none."""
    left = [c.remains for c in setting if c.remains and "evaluation" in c.fewer]
    if not left or found <= 1.0:
        return found
    count, seconds = evaluations.within(before, *both[0])
    due = count * min(left) - evaluations.within(after, *both[1])[0]
    return found if due <= 0.0 else 1.0 / (1.0 / found + due * seconds / (both[0][1] - both[0][0]))


def _fewer(setting: Setting) -> set[Kind]:
    """Kinds of events that it makes fewer by design."""
    return {k for c in setting for k in c.fewer}
