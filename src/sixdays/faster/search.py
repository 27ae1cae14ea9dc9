"""What to measure next, until the budget is spent. It starts nothing: it says a Probe, and is told its Outcome.

    look     the command as it is, until it has progressed; then once more, to know what repeats
    improve  given patches · bundles of small switches, taken apart where a check fails · threads · flags · the rest,
             the largest bound first; each on top of what was kept before
    copies   side by side, with the threads that suit
    confirm  fresh mirrored pairs of the original and what was kept: only that ratio is claimed

Its clock is the time that outcomes carry, so a test can play a whole search without a process.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Iterable, Sequence
from dataclasses import dataclass, field, replace
from math import ceil, exp, hypot, isfinite, log, nan, sqrt
from statistics import stdev
from typing import TYPE_CHECKING, Literal

from sixdays.faster import compare, digests, mix, rate
from sixdays.faster.compare import Factor
from sixdays.faster.digests import Broken, Kept, Unchecked
from sixdays.faster.mix import Events
from sixdays.faster.model import Candidate, Kind, NotTried, Promise, Setting, Trace
from sixdays.faster.quiet import OF, REACHED, Runs, runs_of
from sixdays.faster.rate import KINDS, Unit
from sixdays.faster.report import UNCHANGED, Step, ThrownOut
from sixdays.faster.unit import counter_of
from sixdays.stats import median

if TYPE_CHECKING:
    from sixdays.faster.length import Length

Pair = tuple[Trace, Trace]  # of one thing and of another, run one after the other
Purpose = Literal["look", "again", "try", "copies", "confirm"]
HARMLESS = 1.0  # what a bundle of small switches must: each is meant to help, and together they are confirmed
WORTH = 1.03  # what a single measurement must show for a candidate to be kept on the way; the total is confirmed
SHORTEST_S = 1.0  # of a run that is compared as a whole
LEARNING = frozenset("torch tensorflow keras jax lightning pytorch_lightning transformers".split())
LOOKING = 0.25  # of the budget, at most, until the main phase was seen
GROWING = 0.1  # of the budget is looked at least, where episodes may grow
GLIMPSE_S = 10.0  # after which a rate is told, though the look goes on
LATEST = 0.04  # of the budget after its start a run's window begins, if an earlier one would not stand for the rest
WINDOW = (0.7, 5.0)  # seconds of progress that are compared; runs differ more from each other than within
SHORT = 100.0  # the budget ÷ a window, where that lies between
FAR_GAIN, FAR_RUNS = 2.0, 3  # from which gain on runs as far as the look tell more than they cost; of what was kept
CONFIRMING = 0.35  # of the budget, at least, is left for fresh pairs
COPIES_AGAIN = 3  # fresh runs of the quickest packing, at most
WORKS = 0.5  # CPU seconds a second from which a run works; below it sleeps, and CPU time says nothing of it
PAIRS = (3, 14)  # at least, at most
SEVERAL = 6  # pairs from which on their spread is believed
STRETCH_S, CPU_STRETCH_S = 0.05, 1.0  # in which runs are held against each other, at least; CPU time is seldom noted
STRETCHES = 64  # at most
RUN = (0.06, 0.12, 0.30)  # standard deviation of the log of one run's time: at least, where it is not known, at most
AGAIN = 2  # how often at most a change is measured again
SURE = 1.25  # the interval ÷ the narrowest that it can become, at which more pairs tell nothing new


@dataclass(frozen=True, slots=True)
class Probe:
    """One run to make.

    events: of the unit's counter, after which it may stop; 0: at `seconds`. enough: says of what was seen so far
    whether it may stop. seconds: the longest that it may take. stacks: sample them. text: what is tried, for people.
    """

    purpose: Purpose
    setting: Setting
    seconds: float
    text: str
    events: int = 0
    copies: int = 1
    stacks: bool = False
    enough: Callable[[Trace], bool] | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it. at: seconds since the search began, after it. problem: why it could not be run."""

    traces: tuple[Trace, ...]
    at: float
    problem: str = ""

    @property
    def trace(self) -> Trace:
        return self.traces[0]


@dataclass(frozen=True, slots=True)
class Asked:
    """What the user wants. unit: a word of the unit's text. length: of one whole run; doubt: why it is not known.
    cores: here.
    """

    budget_s: float = 600.0
    accept: tuple[Promise, ...] = ("same", "equivalent")
    seeds: int = 1
    unit: str | None = None
    length: Length | None = None
    doubt: str = ""
    cores: int = 1


Steps = Generator[Probe, Outcome, None]


@dataclass(slots=True)
class Search:
    """The state of a search: what was seen and what is kept. `look` and `improve` are generators of probes.

    target: the mix of events at which the total is said; empty: that of the window. far: the command, and what was
    kept, run as far as the look went, which tells their costs at that mix. repeatable: what the command does not
    repeat, in words. mixed: runs went different ways, and were compared at the original's mix of events. failed: why
    the command cannot be measured, in words; empty where it can. glimpse: the rate that the first look has seen while
    it still goes on. packing, packed: the quickest copies side by side that were confirmed. outside: what runs wrote
    outside of their copies. _quickest: copies, before that. _paired: what the fresh pairs are of.
    """

    asked: Asked
    unit: Unit | None = None
    window: tuple[float, float] = (0.0, 0.0)
    target: Events = field(default_factory=dict)
    looked: Trace | None = None
    original: list[Trace] = field(default_factory=list)
    repeatable: str = ""
    mixed: bool = False
    failed: str = ""
    glimpse: str = ""
    at: float = 0.0
    probes: int = 0
    best: Setting = ()
    steps: list[Step] = field(default_factory=list)
    others: list[Step] = field(default_factory=list)
    not_shown: list[Step] = field(default_factory=list)
    thrown_out: list[ThrownOut] = field(default_factory=list)
    not_tried: list[NotTried] = field(default_factory=list)
    fresh: list[Pair] = field(default_factory=list)
    far: tuple[list[Trace], list[Trace]] = field(default_factory=lambda: ([], []))
    all_pairs: list[float] = field(default_factory=list)
    packed: dict[int, float] = field(default_factory=dict)
    packing: Setting = ()
    loads: list[float] = field(default_factory=list)
    outside: set[str] = field(default_factory=set)
    _quickest: tuple[float, Setting] = (0.0, ())
    _paired: Setting = ()
    _of_best: list[Trace] = field(default_factory=list)
    _is_base_latest: bool = False
    _is_confirmed: bool = False

    @property
    def left(self) -> float:
        return self.asked.budget_s - self.at

    @property
    def last_of_best(self) -> Trace | None:
        """The latest run of what was kept so far."""
        return self._of_best[-1] if self._of_best else None

    @property
    def gain(self) -> float:
        """What was kept so far, as single measurements say; not claimed."""
        return exp(sum(log(s.factor.value) for s in self.steps))

    # look ------------------------------------------------------------------------------------------------------

    def look(self) -> Steps:
        """The command as it is: until its main phase was seen for long enough, and once more."""
        most = LOOKING * self.asked.budget_s
        look = Probe("look", (), most, "the command as it is", stacks=True, enough=self._is_enough)
        outcome = yield from self._run(look)
        trace = self.looked = outcome.trace if outcome.traces else Trace()
        if self._is_hopeless(outcome):
            return
        self.unit = rate.unit_of(trace, self.asked.unit) or (
            rate.whole_run(trace) if trace.seconds >= SHORTEST_S else None
        )
        if self.unit is None:
            self.failed = f"no progress to be seen in {trace.seconds:.0f} s"
            return
        latest = LATEST * self.asked.budget_s
        self.window, self.target = rate.representative(trace, self.unit, self._window_s(), latest)
        outcome = yield from self._run(self._probe("again", (), "the command once more"))
        if self._is_hopeless(outcome):
            return
        again = outcome.trace
        if not self._rate(again):
            self.failed = f"a second run did in {again.seconds:.0f} s less than the first in {self._until(trace):.0f} s"
            return
        found = digests.kept(trace, again, "same", None)
        self.repeatable = "" if isinstance(found, Kept) else found.why
        self.original.append(again)
        self._of_best, self._is_base_latest = [again], True

    def _is_hopeless(self, outcome: Outcome) -> bool:
        self.failed = outcome.problem or _failure(outcome.trace)
        return bool(self.failed)

    def _is_enough(self, trace: Trace) -> bool:
        """Whether a trace tells the unit, and holds its main phase for as long as is compared."""
        unit = rate.unit_of(trace, self.asked.unit)
        if unit is None or self._is_preparing(trace, unit):
            return False
        window = rate.window(trace, unit, self._window_s())
        begin, end = (rate.time_of(trace, unit, u) for u in window)
        is_long = begin is not None and end is not None and end - begin >= 0.8 * self._window_s()
        if (is_long or trace.seconds >= GLIMPSE_S) and (seen := rate.rate(trace, unit, window)):
            self.glimpse = f"{seen:,.0f}/s"
        if not is_long or rate.reached(trace, unit, self.asked.length):
            return False
        return trace.seconds >= GROWING * self.asked.budget_s or not rate.varies(trace, unit)

    def _is_preparing(self, trace: Trace, unit: Unit) -> bool:
        """Whether what moves may be the preparation of a program that learns, which has not begun to: data are read,
        counted, cached. Waited for in half of the time that a look may take.
        """
        learns = LEARNING & set(trace.modules) and not any(c.kind == "optimiser step" for c in trace.counters)
        is_told = bool(self.asked.unit) or unit.kind not in ("printed", "batch")
        return bool(learns) and not is_told and trace.seconds < 0.5 * LOOKING * self.asked.budget_s

    def _window_s(self) -> float:
        return min(max(self.asked.budget_s / SHORT, WINDOW[0]), WINDOW[1])

    # improve ---------------------------------------------------------------------------------------------------

    def improve(self, found: Sequence[tuple[bool, Sequence[Candidate | NotTried]]]) -> Steps:
        """Measures what levers propose, in their order. found: of each lever, whether its candidates go together."""
        self.not_tried += [c for _, proposed in found for c in proposed if isinstance(c, NotTried)]
        later: list[Candidate] = []
        packs: list[Candidate] = []
        for together, proposed in found:
            mine = [c for c in proposed if isinstance(c, Candidate)]
            packs += [c for c in mine if c.copies > 1]
            mine = [c for c in mine if c.copies == 1]
            later += [c for c in mine if c.promise in ("changed", "less")]
            mine = [c for c in mine if c.promise in ("same", "equivalent")]
            if together:
                for promise in ("same", "equivalent"):
                    yield from self._bundle([c for c in mine if c.promise == promise])
            else:
                yield from self._one_by_one(mine)
        yield from self._copies(packs)
        yield from self._confirm()
        self._is_confirmed = True
        if not self.total()[0].shown:  # nothing is built on it
            self.best, self._of_best, self._is_base_latest = (), self.original[-1:], False
        yield from self._confirm_copies()
        yield from self._all_classes(later)

    def _one_by_one(self, candidates: Iterable[Candidate]) -> Steps:
        """Each on top of the best so far; of those that exclude each other only the best stays."""
        for c in sorted(candidates, key=lambda c: -c.touches):
            if any(_exclude(c, k) for k in self.best) and self._is_worse_kind(c):
                continue
            yield from self._try((c,), WORTH)

    def _is_worse_kind(self, c: Candidate) -> bool:
        return any(k.lever == c.lever and k.promise == "same" and c.promise != "same" for k in self.best)

    def _bundle(self, candidates: Sequence[Candidate]) -> Steps:
        """All at once; where the check fails or the command breaks, halves of them, down to the culprit."""
        if not candidates:
            return
        ok = yield from self._try(tuple(candidates), HARMLESS, last=len(candidates) == 1)
        if ok or len(candidates) == 1:
            return
        half = len(candidates) // 2
        yield from self._bundle(candidates[:half])
        yield from self._bundle(candidates[half:])

    def _try(self, candidates: Setting, worth: float, *, last: bool = True) -> Generator[Probe, Outcome, bool]:
        """Measures candidates on top of the best; False where they broke something, and are to be taken apart.

        last: there is nothing to take apart: what is broken is thrown out.
        """
        setting = (*(k for k in self.best if not any(_exclude(k, c) for c in candidates)), *candidates)
        text = "; ".join(c.text for c in candidates)
        if self.left < self._for_confirming() + (1 if self._is_base_latest else 2) * self._cost(self.last_of_best):
            self.not_tried += [NotTried(c.lever, f"{c.text}: no time left in the budget") for c in candidates]
            return True
        outcome, pairs = yield from self._beside(setting, worth, text)
        why, unchecked = self._check(outcome, setting)
        if why:
            if last:
                self.thrown_out.append(ThrownOut(candidates[0], why))
            return last
        given = any(c.patch or c.argv for c in candidates)
        if unchecked and given and "changed" not in self.asked.accept:
            self.thrown_out.append(ThrownOut(candidates[0], f"it cannot be checked: {unchecked}"))
            return True
        value = self._value(pairs, setting)
        if value is None:
            if last:
                self.thrown_out.append(ThrownOut(candidates[0], "it did not get as far as the command itself"))
            return last
        step = Step(candidates, Factor(value, value, value), unchecked)
        if value < worth:
            self.not_shown.append(step)
            return True
        dropped = [s for s in self.steps if any(_exclude(k, c) for k in s.candidates for c in candidates)]
        for s in dropped:
            self.steps.remove(s)
            value *= s.factor.value
        self.steps.append(replace(step, factor=Factor(value, value, value)))
        self.best, self._of_best = setting, [b for _, b in pairs]
        self._is_base_latest = not self._is_base_latest  # the last run was of the one or of the other
        return True

    def _beside(
        self, setting: Setting, worth: float, text: str
    ) -> Generator[Probe, Outcome, tuple[Outcome, list[Pair]]]:
        """Runs of a setting, each beside one of what was kept so far: more than one pair where that cannot tell.

        Beside, because a machine is slow for half a minute and quick for another. The outcome is the last one.
        """
        base: Trace | None = yield from self._base()
        outcome = yield from self._run(self._probe("try", setting, text))
        pairs: list[Pair] = []
        while not self._check(outcome, setting)[0]:
            if base is None:  # after a run of the setting, in mirrored order
                base = yield from self._base()
            pairs.append((base, outcome.trace))
            enough = len(pairs) > AGAIN or not self._is_doubtful(pairs, setting, worth)
            if enough or self.left < self._for_confirming() + 2.0 * self._cost(self.last_of_best):
                break
            base = self._of_best[-1] if self._is_base_latest else None
            outcome = yield from self._run(self._probe("try", setting, f"{text}, once more"))
        return outcome, pairs

    def _base(self) -> Generator[Probe, Outcome, Trace]:
        """A run of what was kept so far: the latest run of all if it was one."""
        if not self._is_base_latest:
            outcome = yield from self._run(self._probe("try", self.best, "what was kept so far, once more"))
            if not self._check(outcome, self.best)[0]:
                self._of_best.append(outcome.trace)
                self.original += [] if self.best else [outcome.trace]
                self._is_base_latest = True
        return self._of_best[-1]

    def _is_doubtful(self, pairs: Sequence[Pair], setting: Setting, worth: float) -> bool:
        """Whether so many pairs cannot tell; one may have been luck, so it never shows that a change helps."""
        value = self._value(pairs, setting)
        if value is None:
            return False
        if len(pairs) == 1 and value >= worth:
            return True
        fewer = len(pairs) if self._runs(pairs) else sqrt(len(pairs))
        return abs(log(value / worth)) < self._spread() * sqrt(2.0) / fewer

    def _spread(self) -> float:
        """Standard deviation of the log of one run's rate, as the runs of the command itself show it."""
        logs = [log(r) for t in self.original if (r := self._rate(t)) > 0]
        if len(logs) < SEVERAL:
            return RUN[1]
        return min(max(stdev(logs), RUN[0]), RUN[2])

    def _value(self, pairs: Sequence[Pair], setting: Setting) -> float | None:
        """How many times sooner: without the machine's neighbours, else as most pairs say; None: it cannot be said."""
        if (runs := self._runs(pairs)) and (value := self._ratio(*_quiet(runs, OF), setting)) is not None:
            return value
        logs = [log(r) for r in self._ratios(pairs, setting) if r]
        return exp(median(logs)) if logs else None

    def _runs(self, pairs: Sequence[Pair], shortest: float = STRETCH_S) -> tuple[Runs, Runs] | None:
        """The runs of both sides in as many stretches, none below `shortest` seconds; None where those of one side did
        not do the same work.
        """
        if not pairs:
            return None
        sides = [list({id(t): t for t in side}.values()) for side in zip(*pairs, strict=True)]
        took = [end - begin for t in (*sides[0], *sides[1]) if (w := self._stretch(t)) for begin, end in [w]]
        n = int(min(max(min(took, default=0.0) / shortest, 1.0), STRETCHES))
        before, after = (runs_of(side, self._unit(), self.window, n) for side in sides)
        return (before, after) if before and after else None

    def _ratios(self, pairs: Sequence[Pair], setting: Setting) -> list[float | None]:
        return [self._ratio(a, b, setting, [x for _, x in pairs if x is not b]) for a, b in pairs]

    def _check(self, outcome: Outcome, setting: Setting) -> tuple[str, str]:
        """Why a setting is broken, and why it could not be checked; both empty where it keeps its promise.

        The command itself promises nothing: what it does not repeat is known from its second run.
        """
        if why := outcome.problem or _failure(outcome.trace):
            return why, ""
        if not setting or any(c.promise in ("changed", "less") for c in setting):
            return "", ""
        assert self.looked is not None
        found = _kept(self.looked, outcome.trace, setting, self.original[0])
        new = [c for c in setting if c not in self.best]
        is_more = new and len(new) + len(self.best) == len(setting) and len(self._of_best) > 1
        if is_more and not isinstance(found, Broken) and all(c.promise == "same" for c in new):
            found = _kept(self._of_best[-1], outcome.trace, new, self._of_best[-2])
        if isinstance(found, Broken):
            return found.why, ""
        return "", found.why if isinstance(found, Unchecked) else ""

    # copies ----------------------------------------------------------------------------------------------------

    def _copies(self, candidates: Sequence[Candidate]) -> Steps:
        """How many units a second all copies make together, by their number."""
        for c in candidates:
            if self.left < self._for_confirming() + self._cost(self.last_of_best, c.copies):
                self.not_tried.append(NotTried(c.lever, f"{c.text}: no time left in the budget"))
                continue
            setting = (*(k for k in self.best if not _exclude(k, c)), c)
            outcome = yield from self._run(self._probe("copies", setting, c.text, copies=c.copies))
            together, why = self._packed(outcome), self._check_copies(outcome, setting)
            if why:
                self.thrown_out.append(ThrownOut(c, why))
            elif together is None:
                self.not_tried.append(NotTried(c.lever, f"{c.text}: a copy did not get as far as one alone"))
            elif together > self._quickest[0]:
                self._quickest = (together, setting)

    def _check_copies(self, outcome: Outcome, setting: Setting) -> str:
        """Why copies are broken: one of them failed, or computes something else."""
        return self._check(outcome, setting)[0] or next((w for t in outcome.traces if (w := _failure(t))), "")

    def _packed(self, outcome: Outcome) -> float | None:
        if outcome.problem or any(_failure(t) for t in outcome.traces):
            return None
        return rate.packed(outcome.traces, self._unit(), self.window, self._usual(KINDS))

    def _confirm_copies(self) -> Steps:
        """The quickest packing of what was confirmed, afresh, beside the command alone: only that is reported."""
        if not self._quickest[1]:
            return
        chosen = self._quickest[1][-1]
        setting = (*(k for k in self.best if not _exclude(k, chosen)), chosen)
        cost = self._cost(self.original[-1]) + self._cost(self.last_of_best, chosen.copies)
        gains: list[float] = []
        while len(gains) < COPIES_AGAIN and self.left > cost:
            text = f"{chosen.copies} copies side by side, afresh"
            outcome = yield from self._run(self._probe("confirm", setting, text, copies=chosen.copies))
            if why := self._check_copies(outcome, setting):
                self.thrown_out.append(ThrownOut(chosen, f"afresh: {why}"))
                return
            alone = yield from self._run(self._probe("confirm", (), "the command as it is, afresh"))
            together, one = self._packed(outcome), 0.0 if self._check(alone, ())[0] else self._rate(alone.trace)
            if together is None or not one:
                break
            self.original.append(alone.trace)
            gains.append(log(together / one))
        kept = log(self.total()[0].value)
        logs = [g - kept for g in gains]
        # Three runs tell no interval of their own here: each must be more, and the middle one enough.
        if len(logs) > 1 and min(logs) > 0.0 and median(logs) >= log(compare.SHOWN):
            self.packing, self.packed = setting, {chosen.copies: self.rate_before * exp(median(gains))}
        elif gains:
            self.not_shown.append(Step((chosen,), compare.factor(logs)))

    # confirm ---------------------------------------------------------------------------------------------------

    def _confirm(self) -> Steps:
        """Mirrored pairs A B B A of the original and what was kept, until they agree or the time is over."""
        if not self.best:
            return
        self._paired = self.best
        order: list[Setting] = [(), self.best, self.best, ()]
        reserve = 0.0
        if copies := max((c.copies for c in self._quickest[1]), default=0):
            reserve = self._cost(self.original[-1]) + 1.2 * self._cost(self.last_of_best, copies)
        yield from self._run_far()
        while self.best and len(self.fresh) < PAIRS[1]:
            cost = self._cost(self.original[-1]) + self._cost(self.last_of_best)
            if len(self.fresh) >= PAIRS[0] and (self._is_sure() or self.left < cost + reserve):
                break
            if self.left < cost:
                break
            pair: dict[bool, Trace] = {}
            for setting in order[:2] if len(self.fresh) % 2 == 0 else order[2:]:
                text = f"{'what was kept' if setting else 'the command as it is'}, afresh"
                outcome = yield from self._run(self._probe("confirm", setting, text))
                if not self._holds(setting, self._check(outcome, setting)[0]):
                    return
                pair[bool(setting)] = outcome.trace
            self.fresh.append((pair[False], pair[True]))
            self.original.append(pair[False])

    def _holds(self, setting: Setting, why: str) -> bool:
        """Whether a fresh run kept its promise; where it did not after all, nothing is kept."""
        if why:
            self.thrown_out.append(ThrownOut(setting[-1] if setting else self.best[-1], f"afresh: {why}"))
            self.fresh, self.steps, self.best, self.far = [], [], (), ([], [])
        return not why

    def _run_far(self) -> Steps:
        """What was kept, and the command, as far as the look went: how costs move with the mix, a window is too short
        to tell. Only of a large gain, which may be one of some events alone; a small one moves less than runs do.

        Their numbers are not compared once more: so late the two have gone different ways.
        """
        assert self.looked is not None
        if not self.target or self.gain < FAR_GAIN:
            return
        events = ceil(self._unit().count(self.looked) / self.window[1] * self._events(self.looked))
        for setting, runs, gain in (*[(self.best, 1, self.gain)] * FAR_RUNS, ((), 0, 1.0)):
            seconds = self.looked.seconds / gain
            if self.left < seconds + self._for_confirming():
                return
            near = self._probe(
                "confirm", setting, f"{'what was kept' if setting else 'the command'}, as far as the look"
            )
            outcome = yield from self._run(replace(near, seconds=1.6 * seconds + 5.0, events=events))
            if not self._holds(setting, outcome.problem or _failure(outcome.trace)):
                return
            self.far[runs].append(outcome.trace)

    def pairs(self, *, cpu: bool = False) -> list[float]:
        """Log ratios of the fresh pairs by the wall clock, or by CPU time; NaN where one could not be compared."""
        of = self._fresh(cpu=cpu)
        shift, _ = self._shift(of)
        return [log(r) + shift if r else nan for r in self._ratios(of, self._paired)]

    def _fresh(self, *, cpu: bool) -> list[Pair]:
        return [(rate.on_cpu(a), rate.on_cpu(b)) for a, b in self.fresh] if cpu else self.fresh

    def _shift(self, pairs: Sequence[Pair]) -> tuple[float, float]:
        """What log ratios of the window are to be changed by to hold at the target mix, and its standard error.

        By the runs that went as far as the look; without them by the windows of the pairs. NaN where it is not known.
        """
        if not self.target:
            return 0.0, 0.0
        is_far = bool(self.far[1])
        assert self.looked is not None
        runs = ((self.looked, *self.far[0]), self.far[1]) if is_far else zip(*pairs, strict=True)
        paces = [[log(p) for t in of if (p := self._pace_of(t, is_far=is_far))] for of in runs]
        if len(paces) < 2 or not all(paces):
            return nan, 0.0
        error = sum(stdev(p) ** 2 / len(p) for p in paces if len(p) > 1)
        return median(paces[1]) - median(paces[0]), sqrt(error)

    def _factor(self, *, cpu: bool = False) -> Factor:
        """The factor of the fresh pairs, by the wall clock or by CPU time; 1 where they are too few.

        Without the machine's neighbours, where that agrees with the pairs themselves; else what the pairs say.
        """
        pairs = self._fresh(cpu=cpu)
        logs = [x for x in self.pairs(cpu=cpu) if isfinite(x)]
        plain = compare.factor(logs, hypot(compare.BETWEEN, self._shift(pairs)[1])) if len(logs) >= 2 else UNCHANGED
        runs = self._runs(pairs, CPU_STRETCH_S if cpu else STRETCH_S) if len(pairs) >= PAIRS[0] else None
        if runs is None:
            return plain
        of = min(OF, len(pairs) - 1)
        whole = self._log_ratio(runs, of)
        left_out = [self._log_ratio((runs[0].without(i), runs[1].without(i)), of) for i in range(len(pairs))]
        found = compare.jackknife(whole, left_out, self._between)
        return found if found and plain.low <= found.value <= plain.high else plain

    def _log_ratio(self, runs: tuple[Runs, Runs], of: int) -> float:
        """Of fresh runs, without the machine's neighbours, at the target mix; NaN where it cannot be said."""
        before, after = _quiet(runs, of)
        found = self._ratio(before, after, self._paired)
        return log(found) + self._shift([(before, after)])[0] if found else nan

    @property
    def _between(self) -> float:
        """Standard deviation of what more pairs do not tell: from one search to the next, and that of the runs that
        went as far as the look.
        """
        return hypot(compare.BETWEEN, self._shift(())[1] if self.far[1] else 0.0)

    @property
    def rate_before(self) -> float:
        """Units a second of the command as it is, of all runs of it but the first, which was watched."""
        return median([self._rate(t) for t in self.original]) * self._pace

    def total(self) -> tuple[Factor, str]:
        """The factor of the fresh pairs, 1 where none is shown; and by which clock, in words."""
        found, clock = self.measured()
        return found if found.shown else UNCHANGED, clock

    def measured(self) -> tuple[Factor, str]:
        """The factor of the fresh pairs, shown or not."""
        works = rate.cpu_share(self.original[0], self._unit(), self.window) >= WORKS
        cpu = self.pairs(cpu=True) if works else []
        which, clock = rate.clock(self.loads, self.pairs(), cpu, self.asked.cores)
        return self._factor(cpu=which == "cpu"), clock

    def _is_sure(self) -> bool:
        if len(self.fresh) < SEVERAL:
            return False
        found = self._factor()
        return log(found.high / found.low) < SURE * 2.0 * compare.half(self._between)

    def _all_classes(self, candidates: Sequence[Candidate]) -> Steps:
        """What else is accepted, each on top of what was kept; then all together, in two pairs with the original."""
        for c in candidates:
            if c.promise not in self.asked.accept:
                continue
            if self.left < 4.0 * self._cost(self.original[-1]):
                self.not_tried.append(NotTried(c.lever, f"{c.text}: no time left in the budget"))
                continue
            setting = (*(k for k in self.best if not _exclude(k, c)), c)
            outcome, pairs = yield from self._beside(setting, WORTH, c.text)
            why, _ = self._check(outcome, setting)
            if why:
                self.thrown_out.append(ThrownOut(c, why))
                continue
            value = self._value(pairs, (c,)) or 1.0
            (self.others if value >= WORTH else self.not_shown).append(Step((c,), Factor(value, value, value)))
        chosen: list[Candidate] = []
        for c in (s.candidates[0] for s in sorted(self.others, key=lambda s: -s.factor.value)):
            chosen += [] if any(_exclude(c, k) for k in chosen) else [c]
        setting = (*(k for k in self.best if not any(_exclude(k, c) for c in chosen)), *chosen)
        while chosen and len(self.all_pairs) < 2 and self.left > 2.0 * self._cost(self.original[-1]):
            a = yield from self._run(self._probe("confirm", (), "the command as it is, afresh"))
            b = yield from self._run(self._probe("confirm", setting, "with all classes, afresh"))
            why = self._check(a, ())[0] or self._check(b, setting)[0]
            ratio = None if why else self._ratio(a.trace, b.trace, tuple(chosen))
            if ratio is None:
                why = why or "it did not get as far as the command itself"
                self.thrown_out.append(ThrownOut(chosen[-1], f"with all classes, afresh: {why}"))
                self.all_pairs = []
                return
            self.all_pairs.append(log(ratio))

    # what came of it -------------------------------------------------------------------------------------------

    def said(self, probe: Probe, outcome: Outcome) -> str:
        """What a probe gave, in a word or two."""
        if any(t.candidate in probe.setting and t is self.thrown_out[-1] for t in self.thrown_out[-1:]):
            return "thrown out"
        if outcome.problem or not outcome.traces or self.unit is None:
            return "failed" if outcome.problem else ""
        if probe.purpose == "look" or not self.original:
            found = rate.rate(outcome.trace, self.unit, self.window) if self.window[1] else 0.0
            return f"{found:,.0f}/s" if found else ""
        if probe.copies > 1:
            together, one = self._packed(outcome), self._rate(self.original[0])
            return f"{together / one:.2f}× in all" if together and one else ""
        return f"{self._ratio(self.original[-1], outcome.trace, probe.setting) or 0.0:.2f}×"

    def _rate(self, trace: Trace) -> float:
        return rate.rate(trace, self._unit(), self.window)

    @property
    def _pace(self) -> float:
        """Units a second at the target mix ÷ in the window, of the command as it is."""
        assert self.looked is not None
        return self._pace_of(self.looked, is_far=True) or 1.0

    def _pace_of(self, trace: Trace, *, is_far: bool) -> float | None:
        """The same of any run. is_far: it went as far as the look, so that all of it tells its costs at the target."""
        assert self.looked is not None
        window, before = self._stretch(trace), self._usual(self.target)
        if not self.target or window is None or before is None:
            return None
        return mix.pace(trace, (window, before), ((window[0], trace.seconds) if is_far else window, self.target))

    def _usual(self, kinds: Collection[Kind]) -> Events | None:
        """The first look's mix of events in the window; None where one of the kinds did not happen in it."""
        assert self.looked is not None
        within = self._stretch(self.looked)
        found = {k: n for k, n in mix.events(self.looked, within).items() if k in kinds} if within else {}
        return found if len(found) == len(kinds) else None

    # what it rests on ------------------------------------------------------------------------------------------

    def _run(self, probe: Probe) -> Generator[Probe, Outcome, Outcome]:
        outcome = yield probe
        self._is_base_latest = False
        self.at, self.probes = outcome.at, self.probes + 1
        self.loads += [t.load for t in outcome.traces]
        self.outside |= {p for t in outcome.traces for p in t.outside if not _is_kept_aside(p)}
        return outcome

    def _probe(self, purpose: Purpose, setting: Setting, text: str, copies: int = 1) -> Probe:
        reference = self.last_of_best or self.looked
        assert reference is not None
        usual = self._until(reference)
        longer = max((c.start_s for c in setting), default=0.0)
        most = min(copies * (1.6 * usual + 5.0 + longer), max(self.left * 1.05, 1.0))
        return Probe(purpose, setting, most, text, self._events(reference), copies)

    def _events(self, trace: Trace) -> int:
        """How many events of the unit's counter the window ends after; 0 where a probe ends with its time."""
        unit = self._unit()
        if unit.kind == "printed":
            return ceil(self.window[1])
        c = counter_of(trace, unit)
        return 0 if c is None else ceil(self.window[1] / c.each) + 1

    def _until(self, trace: Trace) -> float:
        """Seconds from the start of a run to the end of the window."""
        return rate.time_of(trace, self._unit(), self.window[1]) or trace.seconds

    def _cost(self, trace: Trace | None, copies: int = 1) -> float:
        """Seconds that a probe of this kind takes, from the start of the copy to its last process."""
        return 0.0 if trace is None or not copies else copies * self._until(trace) + 1.0

    def _for_confirming(self) -> float:
        """Seconds to keep for fresh pairs; none once they were made."""
        if self._is_confirmed:
            return 0.0
        pair = self._cost(self.original[-1]) + self._cost(self.last_of_best)
        return max(PAIRS[0] * pair, min(CONFIRMING * self.asked.budget_s, PAIRS[1] * pair))

    def _ratio(self, before: Trace, after: Trace, setting: Setting, others: Sequence[Trace] = ()) -> float | None:
        """How many times sooner the same work is done; None where one of them did not get far enough.

        The same units of two runs that went different ways may hold other numbers of updates: the ratio is then that
        of the original's events. others: more runs of the same as `after`.
        """
        unit, (u0, u1) = self._unit(), self.window
        # A slow one is stopped before the end: it counts as far as it got.
        reach = min(unit.count(before), unit.count(after), u1)
        direct = rate.gain(before, after, unit, (u0, reach)) if reach >= u0 + REACHED * (u1 - u0) else None
        within = [self._stretch(t) for t in (before, after)]
        if within[0] is None or within[1] is None:
            return direct
        both, fewer = (within[0], within[1]), {k for c in setting for k in c.fewer}
        another = any(c.promise in ("changed", "less") for c in setting)  # it is meant to do other work
        if direct is not None and (another or mix.same_events(before, after, both, fewer)):
            return direct
        more = [(t, stretch) for t in others if (stretch := self._stretch(t)) is not None]
        by_mix = mix.ratio_by_mix(before, after, both, fewer, more)
        self.mixed |= by_mix is not None
        return direct if by_mix is None else by_mix

    def _stretch(self, trace: Trace) -> tuple[float, float] | None:
        """Seconds of a trace from the start of the window to its end, or to where the trace got; None before it."""
        unit = self._unit()
        begin, end = (rate.time_of(trace, unit, u) for u in self.window)
        if begin is None:
            return None
        return begin, end if end is not None else rate.time_of(trace, unit, unit.count(trace)) or begin

    def _unit(self) -> Unit:
        assert self.unit is not None
        return self.unit


def _kept(before: Trace, after: Trace, changes: Sequence[Candidate], again: Trace) -> Kept | Broken | Unchecked:
    """Whether a run with changes computes what one without them does, in the way that they promise."""
    promise: Promise = "same" if all(c.promise == "same" for c in changes) else "equivalent"
    fewer = tuple(k for c in changes for k in c.fewer)
    options = {_name(f).lstrip("-").rpartition(".")[2] for c in changes for f in c.flags}
    return digests.kept(before, after, promise, again, fewer, options)


def _quiet(runs: tuple[Runs, Runs], of: int) -> tuple[Trace, Trace]:
    """What both sides took, without the machine's neighbours: the quickest of as many runs on either side."""
    of = min(of, *(r.took.shape[0] for r in runs))
    return runs[0].quiet(of), runs[1].quiet(of)


def _is_kept_aside(path: str) -> bool:
    """A cache or a setting below a hidden folder of the user's, or a device: nothing that a run would spoil."""
    return "/." in path or path.startswith("/dev/")


def _exclude(a: Candidate, b: Candidate) -> bool:
    """Whether two candidates set the same thing, so that only one of them can be in."""
    flags = set(map(_name, a.flags)) & set(map(_name, b.flags))
    return a is not b and bool(
        flags
        or set(a.env) & set(b.env)
        or (a.argv and b.argv)
        or (a.lever, a.name) == (b.lever, b.name)
        or (a.group and (a.lever, a.group) == (b.lever, b.group))
    )


def _name(flag: Sequence[str]) -> str:
    """The option that a flag sets: `--workers` of `--workers 4`, `data.workers` of `data.workers=4`."""
    return flag[0].split("=", 1)[0]


def _failure(trace: Trace) -> str:
    """Why a run does not count: it crashed, was killed, or took too much."""
    if trace.stopped in ("memory", "disk"):
        return f"it took more {trace.stopped} than it may"
    if not trace.failed:
        return ""
    last = next((p.text.strip() for p in reversed(trace.printed) if p.text.strip()), "")
    how = f"signal {trace.signal}" if trace.signal is not None else f"exit status {trace.exit}"
    return f"it ended with {how}" + (f": {last}" if last else "")
