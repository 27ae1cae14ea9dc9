"""Fresh mirrored pairs of the command and of what was kept: the factor that they show, and by which clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import hypot, isfinite, log, nan, sqrt
from statistics import stdev

from sixdays.faster import compare, rate
from sixdays.faster.compare import Factor
from sixdays.faster.model import Setting, Trace
from sixdays.faster.quiet import OF, Runs
from sixdays.faster.yardstick import CPU_STRETCH_S, STRETCH_S, Pair, Yardstick, quiet
from sixdays.stats import median

PAIRS = (3, 14)  # at least, at most
SEVERAL = 6  # pairs from which on their spread is believed
SURE = 1.25  # the interval ÷ the narrowest that it can become, at which more pairs tell nothing new
# CPU seconds a second from which a run works; below it sleeps, and CPU time says nothing of it. Nor does it of one that
# works on several cores: what these share out takes less time, not less CPU.
WORKS, SHARES = 0.5, 1.1


@dataclass(slots=True)
class Fresh:
    """setting: what was kept. far: the command, and what was kept, run as far as the look went, which tells their costs
    at the target mix.
    """

    by: Yardstick
    setting: Setting
    pairs: list[Pair] = field(default_factory=list)
    far: tuple[list[Trace], list[Trace]] = field(default_factory=lambda: ([], []))

    def measured(self, loads: Sequence[float], cores: int) -> tuple[Factor | None, str]:
        """The factor, shown or not, and by which clock, in words. loads: cores that others kept busy."""
        used = [[rate.cpu_share(t, self.by.unit, self.by.window) for t in pair] for pair in self.pairs]
        works = all(a >= WORKS and max(a, b) <= SHARES for a, b in used)
        cpu = self.log_ratios(cpu=True) if works else []
        which, clock = rate.clock(loads, self.log_ratios(), cpu, cores)
        return self.factor(cpu=which == "cpu"), clock

    def is_sure(self) -> bool:
        """Whether more pairs would tell nothing new."""
        if len(self.pairs) < SEVERAL:
            return False
        found = self.factor()
        return found is not None and log(found.high / found.low) < SURE * 2.0 * compare.half(self._between)

    def is_hopeless(self) -> bool:
        """Whether so much that it may be shown is out of the interval, or cannot be told at all."""
        found = self.factor()
        return found is None or found.high < compare.SHOWN

    def factor(self, *, cpu: bool = False) -> Factor | None:
        """By the wall clock or by CPU time; None where the pairs are too few.

        Without the machine's neighbours, where that agrees with the pairs themselves; else what the pairs say.
        """
        pairs = self._by_clock(cpu=cpu)
        logs = [x for x in self.log_ratios(cpu=cpu) if isfinite(x)]
        if len(logs) < 2:
            return None
        plain = compare.factor(logs, hypot(compare.BETWEEN, self._shift(pairs)[1]))
        runs = self.by.runs(pairs, CPU_STRETCH_S if cpu else STRETCH_S) if len(pairs) >= PAIRS[0] else None
        if runs is None:
            return plain
        of = min(OF, len(pairs) - 1)
        whole = self._log_ratio(runs, of)
        left_out = [self._log_ratio((runs[0].without(i), runs[1].without(i)), of) for i in range(len(pairs))]
        found = compare.jackknife(whole, left_out, self._between)
        return found if found and plain.low <= found.value <= plain.high else plain

    def log_ratios(self, *, cpu: bool = False) -> list[float]:
        """Of each pair, by the wall clock or by CPU time; NaN where one could not be compared."""
        pairs = self._by_clock(cpu=cpu)
        shift, _ = self._shift(pairs)
        return [log(r) + shift if r else nan for r in self.by.ratios(pairs, self.setting)]

    def is_mixed(self) -> bool:
        """Whether runs went different ways, and were compared at the original's mix of events."""
        return any(self.by.is_by_mix(a, b, self.setting) for a, b in self.pairs)

    def _by_clock(self, *, cpu: bool) -> list[Pair]:
        return [(rate.on_cpu(a), rate.on_cpu(b)) for a, b in self.pairs] if cpu else self.pairs

    def _log_ratio(self, runs: tuple[Runs, Runs], of: int) -> float:
        """Without the machine's neighbours, at the target mix; NaN where it cannot be said."""
        before, after = quiet(runs, of)
        found = self.by.ratio(before, after, self.setting)
        return log(found) + self._shift([(before, after)])[0] if found else nan

    def _shift(self, pairs: Sequence[Pair]) -> tuple[float, float]:
        """What log ratios of the window are to be changed by to hold at the target mix, and its standard error.

        By the runs that went as far as the look; without them by the windows of the pairs. NaN where it is not known.
        """
        if not self.by.target:
            return 0.0, 0.0
        is_far = bool(self.far[1])
        runs = ((self.by.looked, *self.far[0]), self.far[1]) if is_far else zip(*pairs, strict=True)
        paces = [[log(p) for t in of if (p := self.by.pace(t, is_far=is_far))] for of in runs]
        if len(paces) < 2 or not all(paces):
            return nan, 0.0
        error = sum(stdev(p) ** 2 / len(p) for p in paces if len(p) > 1)
        return median(paces[1]) - median(paces[0]), sqrt(error)

    @property
    def _between(self) -> float:
        """Standard deviation of what more pairs do not tell: from one search to the next, and that of the runs that
        went as far as the look.
        """
        return hypot(compare.BETWEEN, self._shift(())[1] if self.far[1] else 0.0)
