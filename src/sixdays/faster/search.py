"""What to measure next, until the budget is spent. It starts nothing: it says a Probe, and is told its Outcome.

    look     the command as it is, until it has progressed; then once more, to know what repeats
    improve  what levers propose, small ranks first: given patches and commands · options of the command · bundles of
             small switches, taken apart where a check fails · threads · data · the GPU; of one lever what touches most
             first; each on top of what was kept before
    copies   side by side, with the threads that suit
    confirm  fresh mirrored pairs of the original and what was kept: only that ratio is claimed; so are copies, afresh
    others   what else is accepted, each on top of what was confirmed, then all together

Its clock is the time that outcomes carry, so a test can play a whole search without a process.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass, field, replace
from math import ceil, exp, log, sqrt
from statistics import stdev

from sixdays.faster import compare, digests, phases, printed, rate, wording
from sixdays.faster.compare import Factor
from sixdays.faster.digests import Broken, Kept, Unchecked
from sixdays.faster.fresh import PAIRS, SEVERAL, Fresh
from sixdays.faster.model import USUAL, Candidate, NotTried, Promise, Setting, Trace
from sixdays.faster.probe import Asked, Outcome, Probe, Purpose, Steps
from sixdays.faster.report import Step, ThrownOut
from sixdays.faster.setting import exclude, option_of, patched, put_in
from sixdays.faster.unit import Unit, counter_of, moments, unit_of, whole_run, words_of
from sixdays.faster.yardstick import Pair, Yardstick
from sixdays.stats import median

LONG = 0.8  # of a window, that the first look must hold
SHORTEST_S = 1.0  # of a run that is compared as a whole
LOOKING = 0.25  # of the budget, at most, until the main phase was seen
GROWING = 0.1  # of the budget is looked at least, where episodes may grow
SAMPLED = (0.1, 15.0)  # of the budget, and seconds: the first look lasts so long
GLIMPSE_S = 10.0  # after which a rate is told, though the look goes on
LATEST = 0.04  # of the budget after its start a run's window begins, if an earlier one would not stand for the rest
WINDOW = (0.7, 5.0)  # seconds of progress that are compared; runs differ more from each other than within
SHORT = 100.0  # the budget ÷ a window, where that lies between
FAR_GAIN, FAR_RUNS = 2.0, 3  # from which gain on runs as far as the look tell more than they cost; of what was kept
CONFIRMING = 0.35  # of the budget, at least, is left for fresh pairs
PACKING = 0.2  # at most, for copies
SLOWER, SPARE_S = 1.6, 5.0  # a run may take so many times what is usual, and so much longer
ONE_SIDED = 1.64  # standard deviations that nineteen of twenty do not fall short of
LATE = 0.05  # of what is left, that any other run may take beyond it
CLASSES_AT = 2  # pairs for whose time one of the other classes is tried; all together are confirmed by as many
OVER = 0.08  # of the budget, that the fewest fresh pairs, and a second run of copies, may take beyond it
COPIES_AGAIN = 3  # fresh runs of the quickest packing, at most
RUN = (0.06, 0.12, 0.30)  # standard deviation of the log of one run's time: at least, where it is not known, at most


@dataclass(frozen=True, slots=True)
class _Bar:
    """What a change must give to be kept on the way; the total is confirmed. again: how often at most it is measured
    again. is_meant: small switches, each of which is meant to help: few pairs do not show that they do not.
    """

    worth: float
    again: int
    is_meant: bool = False

    def is_doubtful(self, value: float, pairs: int, doubt: float) -> bool:
        """Whether so many pairs cannot tell; one may have been luck, so it never shows that a change helps."""
        if self.is_meant:
            return pairs == 1 or value < self.worth
        return (pairs == 1 and value >= self.worth) or abs(log(value / self.worth)) < doubt

    def is_met(self, value: float, doubt: float) -> bool:
        return value >= self.worth * (exp(-2.0 * doubt) if self.is_meant else 1.0)


SINGLE, SMALL = _Bar(1.03, again=2), _Bar(1.0, again=3, is_meant=True)


@dataclass(frozen=True, slots=True)
class _Packing:
    """Copies side by side as they were measured once: units a second of all together, seconds that the run took.

    step: as which it stands among what is not shown, until it is confirmed.
    """

    step: Step
    together: float
    took: float

    @property
    def candidate(self) -> Candidate:
        return self.step.candidates[0]


@dataclass(slots=True)
class Search:
    """The state of a search: what was seen and what is kept. `look` and `improve` are generators of probes.

    by: how runs are held against each other, known once the first look is over. repeatable: what the command does not
    repeat, in words. failed: why the command cannot be measured, in words; empty where it can. glimpse: the rate that
    the first look has seen while it still goes on. fresh: pairs of the command and of what was kept; everything: of the
    command and of that with what else is accepted. packing, packed: the quickest copies side by side that were
    confirmed. outside: what runs wrote outside of their copies. notes: what else a reader should know. _later: other
    experiments, tried last. _packs: copies to try; _packings: what they made together, before that. _of_best: runs of
    what is kept; _is_base_latest: the latest run of all is one of them.
    """

    asked: Asked
    by: Yardstick | None = None
    looked: Trace | None = None
    original: list[Trace] = field(default_factory=list)
    repeatable: str = ""
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
    fresh: Fresh | None = None
    everything: Fresh | None = None
    packed: dict[int, float] = field(default_factory=dict)
    packing: Setting = ()
    loads: list[float] = field(default_factory=list)
    outside: set[str] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)
    _later: list[Candidate] = field(default_factory=list)
    _packs: list[Candidate] = field(default_factory=list)
    _packings: list[_Packing] = field(default_factory=list)
    _of_best: list[Trace] = field(default_factory=list)
    _is_base_latest: bool = False
    _is_confirmed: bool = False

    @property
    def left(self) -> float:
        return self.asked.budget_s - self.at

    @property
    def unit(self) -> Unit | None:
        return self.by.unit if self.by else None

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
        look = Probe("look", (), most, "the command as it is", stacks=True, enough=self._look_until)
        outcome = yield from self._run(look)
        trace = self.looked = outcome.trace if outcome.traces else Trace()
        if self._note_failure(outcome):
            return
        unit = unit_of(trace, self.asked.unit) or self._whole(trace)
        if unit is None:
            self.failed = self._without_unit(trace)
            return
        if why := phases.halted(trace, unit):
            self.failed = why
            return
        latest = LATEST * self.asked.budget_s
        window, target = phases.representative(trace, unit, self._window_s(), latest)
        by = self.by = Yardstick(unit, window, trace, target)
        if target and by.pace(trace, is_far=True) is None:  # too few events tell what it costs there
            by = self.by = replace(by, target={})
        outcome = yield from self._run(self._probe("again", (), "the command once more"))
        if self._note_failure(outcome):
            return
        again = outcome.trace
        if not by.rate(again):
            self.failed = f"a second run did in {again.seconds:.0f} s less than the first in {by.until(trace):.0f} s"
            return
        found = digests.kept(trace, again, "same", None)
        self.repeatable = "" if isinstance(found, Kept) else found.why
        self.original.append(again)
        self._of_best, self._is_base_latest = [again], True

    def _whole(self, trace: Trace) -> Unit | None:
        """The run itself as the unit, where nothing in it is, or the user asks for it."""
        is_asked = self.asked.unit in (None, "run")
        return whole_run(trace) if is_asked and trace.seconds >= SHORTEST_S else None

    def _without_unit(self, trace: Trace) -> str:
        counted = words_of(trace) if self.asked.unit else ()
        if not counted:
            way = ": a longer --budget looks longer" if trace.stopped == "time" else ""
            return f"no progress to be seen in {trace.seconds:.0f} s{way}"
        return (
            f'nothing called "{self.asked.unit}" was counted in {trace.seconds:.0f} s, but {", ".join(counted)}: '
            "name one of them with --unit, or leave it out"
        )

    def cut_short(self, trace: Trace) -> None:
        """The first look as far as it got when the user stopped it: it tells a rate, where it has seen progress."""
        self.looked = self.looked or trace
        unit = unit_of(self.looked, self.asked.unit)
        if self.by is None and unit is not None:
            self.by = Yardstick(unit, phases.window(self.looked, unit, self._window_s()), self.looked)
        if not self.original and self.by is not None and self.by.rate(self.looked):
            self.original = [self.looked]

    def _note_failure(self, outcome: Outcome) -> bool:
        self.failed = outcome.failure
        return bool(self.failed)

    def _look_until(self, trace: Trace) -> bool:
        """Whether a trace tells the unit, and holds its main phase for as long as is compared; notes a glimpse."""
        unit = unit_of(trace, self.asked.unit, so_far=True)
        if unit is None or self._is_preparing(trace, unit):
            return False
        window = phases.window(trace, unit, self._window_s())
        within = moments(trace, unit, window)
        is_long = within is not None and within[1] - within[0] >= LONG * self._window_s()
        if (is_long or trace.seconds >= GLIMPSE_S) and (seen := rate.rate(trace, unit, window)):
            self.glimpse = _per_second(seen)
        units = self.asked.length.value if self.asked.length else None
        if not is_long or phases.not_yet(trace, unit, units) or trace.seconds < self._sampled_s():
            return False
        return trace.seconds >= GROWING * self.asked.budget_s or not phases.varies(trace, unit)

    def _is_preparing(self, trace: Trace, unit: Unit) -> bool:
        """Whether what moves may be the preparation of a program that learns, which has not begun to: data are read,
        counted, cached. Waited for in half of the time that a look may take.
        """
        learns = "torch" in trace.modules and not any(c.kind == "optimiser step" for c in trace.counters)
        is_told = bool(self.asked.unit) or unit.kind not in ("printed", "batch")
        is_vague = not self.asked.unit and unit.kind == "printed" and unit.key[1:] == (str(printed.LINES),)
        may_be = (learns and not is_told) or is_vague or phases.learns_unseen(trace, unit)
        return may_be and trace.seconds < 0.5 * LOOKING * self.asked.budget_s

    def _sampled_s(self) -> float:
        """Seconds of a look after which its samples tell lines of nearly equal shares apart."""
        return min(SAMPLED[0] * self.asked.budget_s, SAMPLED[1])

    def _window_s(self) -> float:
        return min(max(self.asked.budget_s / SHORT, WINDOW[0]), WINDOW[1])

    # improve ---------------------------------------------------------------------------------------------------

    def improve(self, found: Sequence[tuple[bool, Sequence[Candidate | NotTried]]]) -> Steps:
        """Measures what levers propose, in their order. found: of each lever, whether its candidates go together."""
        self.not_tried += [c for _, proposed in found for c in proposed if isinstance(c, NotTried)]
        self._packs = [c for _, proposed in found for c in proposed if isinstance(c, Candidate) and c.copies > 1]
        for together, proposed in found:
            mine = [c for c in proposed if isinstance(c, Candidate)]
            mine = [c for c in mine if c.copies == 1]
            self._later += [c for c in mine if c.promise not in USUAL]
            mine = [c for c in mine if c.promise in USUAL]
            if together:
                for promise in USUAL:
                    yield from self._bundle([c for c in mine if c.promise == promise])
            else:
                yield from self._one_by_one(mine)
        yield from self._copies(self._packs)
        yield from self._confirm()
        self._is_confirmed = True
        total = self.measured()[0]
        kept = total.value if total and total.shown else 1.0
        if kept == 1.0:  # nothing is built on it
            self.best, self._of_best, self._is_base_latest = (), self.original[-1:], False
        yield from self._confirm_copies(kept)
        yield from self._all_classes(self._later)

    def _one_by_one(self, candidates: Iterable[Candidate]) -> Steps:
        """Each on top of the best so far; of those that exclude each other only the best stays."""
        for c in sorted(candidates, key=lambda c: -c.touches):
            if any(exclude(c, k) for k in self.best) and self._is_worse_kind(c):
                continue
            yield from self._try((c,), SINGLE)

    def _is_worse_kind(self, c: Candidate) -> bool:
        return any(k.lever == c.lever and k.promise == "same" and c.promise != "same" for k in self.best)

    def _bundle(self, candidates: Sequence[Candidate]) -> Steps:
        """All at once; where the check fails or the command breaks, halves of them, down to the culprit."""
        if not candidates:
            return
        ok = yield from self._try(tuple(candidates), SMALL, last=len(candidates) == 1)
        if ok or len(candidates) == 1:
            return
        half = len(candidates) // 2
        yield from self._bundle(candidates[:half])
        yield from self._bundle(candidates[half:])

    def _try(
        self, candidates: Setting, bar: _Bar, *, last: bool = True, instead: bool = False
    ) -> Generator[Probe, Outcome, bool]:
        """Measures candidates on top of the best; False where they broke something, and are to be taken apart.

        last: there is nothing to take apart: what is broken is thrown out. instead: of patches of the same files,
        where it does not apply on top of them.
        """
        files = {f for c in candidates for f in patched(c)} if instead else set()
        base = [k for k in self.best if not files & patched(k)]
        setting = put_in(base, candidates)
        text = "; ".join(c.text for c in candidates)
        cost = (1 if self._is_base_latest else 2) * self._cost(self.last_of_best)
        if self.left < self._for_confirming() + cost + max(c.start_s for c in candidates):
            self.not_tried += map(_no_time, candidates)
            return True
        outcome, pairs = yield from self._beside(setting, bar, text)
        if outcome.problem and not instead and any(patched(c) & patched(k) for c in candidates for k in self.best):
            return (yield from self._try(candidates, bar, last=last, instead=True))
        why, unchecked = self._check(outcome, setting)
        given = any(c.patch or c.argv for c in candidates)
        if why:
            if last:
                self._reject(candidates[0], why, is_change=given and not outcome.failure)
            return last
        value = self._by.gain(pairs, setting)
        if value is None:  # nothing of it can be checked
            if last:
                self.thrown_out.append(ThrownOut(candidates[0], "it did not get as far as the command itself"))
            return last
        if given:
            candidates, setting = self._priced(candidates, setting, outcome.trace)
        if unchecked and given:
            self._reject(candidates[0], f"it cannot be checked: {unchecked}", is_change=True)
            return True
        if any(c.promise not in self.asked.accept for c in candidates):
            self.thrown_out.append(ThrownOut(candidates[0], "it rounds otherwise: equivalent, which is not accepted"))
            return True
        if not bar.is_met(value, self._doubt(pairs)):
            self.not_shown.append(Step(candidates, self._on_the_way(value, pairs), unchecked))
            return True
        for s in [s for s in self.steps if not all(any(k is c for c in setting) for k in s.candidates)]:
            self.steps.remove(s)
            value *= s.factor.value
        if given and (line := wording.silent(self.original[0], outcome.trace)):
            self.notes.append(f'With {text} lines like "{line}" are printed no more.')
        self._note_aside(candidates, outcome.trace)
        self.steps.append(Step(candidates, self._on_the_way(value, pairs), unchecked))
        self.best, self._of_best = setting, [b for _, b in pairs]
        self._is_base_latest = not self._is_base_latest  # the last run was of the one or of the other
        return True

    def _note_aside(self, candidates: Setting, trace: Trace) -> None:
        """What evaluations and means say otherwise at the same step, where they are made less often."""
        assert self.looked is not None
        seldom = [c for c in candidates if c.fewer]
        found = _kept(self.looked, trace, candidates, self.original[0]) if seldom else None
        if isinstance(found, Kept) and found.aside:
            names = ", ".join(c.name for c in seldom)
            self.notes.append(
                f"With {names} {found.aside} at the same step: the training is the same, but what tells of it averages "
                "since the last time, or draws from a random stream of its own."
            )

    def _reject(self, c: Candidate, why: str, *, is_change: bool) -> None:
        """Throws out. is_change: somebody gave it and it runs: another experiment, where those are accepted."""
        if is_change and "changed" in self.asked.accept:
            self._later.append(replace(c, promise="changed", text=f"{c.text} ({why})"))
        else:
            self.thrown_out.append(ThrownOut(c, why))

    def _priced(self, candidates: Setting, setting: Setting, trace: Trace) -> tuple[Setting, Setting]:
        """Changes that somebody gave claim to be equivalent; where all bits are the same, so is their class."""
        assert self.looked is not None
        all_same = tuple(replace(c, promise="same") for c in setting)
        if not isinstance(_kept(self.looked, trace, all_same, self.original[0]), Kept):
            return candidates, setting
        same = tuple(replace(c, promise="same") for c in candidates)
        return same, (*(c for c in setting if c not in candidates), *same)

    def _on_the_way(self, value: float, pairs: Sequence[Pair]) -> Factor:
        """A gain with the interval that so few pairs leave; it is not claimed."""
        half = compare.half(self._doubt(pairs))
        return Factor(value, value * exp(-half), value * exp(half))

    def _beside(self, setting: Setting, bar: _Bar, text: str) -> Generator[Probe, Outcome, tuple[Outcome, list[Pair]]]:
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
            value = self._by.gain(pairs, setting)
            doubtful = value is not None and bar.is_doubtful(value, len(pairs), self._doubt(pairs))
            enough = len(pairs) > bar.again or not doubtful
            if enough or self.left < self._for_confirming(copies=True) + 2.0 * self._cost(self.last_of_best):
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

    def _doubt(self, pairs: Sequence[Pair]) -> float:
        """Standard deviation of the log ratio that pairs tell: without neighbours it falls as fast as they grow."""
        count = max(len(pairs), 1)
        return self._spread() * sqrt(2.0) / (count if self._by.runs(pairs) else sqrt(count))

    def _spread(self) -> float:
        """Standard deviation of the log of one run's rate, as the runs of the command itself show it."""
        logs = [log(r) for t in self.original if (r := self._by.rate(t)) > 0]
        if len(logs) < SEVERAL:
            return RUN[1]
        return min(max(stdev(logs), RUN[0]), RUN[2])

    def _check(self, outcome: Outcome, setting: Setting) -> tuple[str, str]:
        """Why a setting is broken, and why it could not be checked; both empty where it keeps its promise.

        The command itself promises nothing: what it does not repeat is known from its second run.
        """
        if outcome.failure:
            return outcome.failure, ""
        if not setting or any(c.promise not in USUAL for c in setting):
            return "", ""
        assert self.looked is not None
        checked = [_kept(self.looked, t, setting, self.original[0]) for t in _comparable(outcome.traces)]
        if (broken := next((f for f in checked if isinstance(f, Broken)), None)) is not None:
            return f"one of the copies: {broken.why}" if len(checked) > 1 else broken.why, ""
        found = checked[0]
        new = [c for c in setting if c not in self.best]
        is_more = new and len(new) + len(self.best) == len(setting) and len(self._of_best) > 1
        if is_more and all(c.promise == "same" for c in new):
            found = _kept(self._of_best[-1], outcome.trace, new, self._of_best[-2])
        if isinstance(found, Broken):
            return found.why, ""
        return "", found.why if isinstance(found, Unchecked) else ""

    # copies ----------------------------------------------------------------------------------------------------

    def _copies(self, candidates: Sequence[Candidate]) -> Steps:
        """How many units a second all copies make together, by their number."""
        for c in candidates:
            copies = bool(self._packings)
            if self.left < self._for_confirming(copies=copies) + self._cost(self.last_of_best, c.copies):
                self.not_tried.append(_no_time(c))
                continue
            setting = put_in(self.best, (c,))
            before = self.at
            outcome = yield from self._run(self._probe("copies", setting, c.text))
            together, why = self._packed(outcome), self._check(outcome, setting)[0]
            if why:
                self.thrown_out.append(ThrownOut(c, why))
            elif together is None:
                self.not_tried.append(NotTried(c.lever, f"{c.text}: a copy did not get as far as one alone"))
            else:
                once = together / (self._by.rate(self.original[0]) * self.gain)
                self._packings.append(_Packing(Step((c,), self._on_the_way(once, [])), together, self.at - before))
                self.not_shown.append(self._packings[-1].step)

    def _packed(self, outcome: Outcome) -> float | None:
        if outcome.failure:
            return None
        return rate.packed(outcome.traces, self._by.unit, self._by.window, self._by.usual)

    def _confirm_copies(self, kept: float) -> Steps:
        """The quickest packing of what was confirmed, afresh, beside the command alone: only that is reported.

        kept: the factor that was confirmed for one copy.
        """
        packing = self._chosen_packing(kept, self.left)
        if packing is None:
            return
        chosen, cost = packing.candidate, self._cost_of_copies(packing)
        setting = put_in(self.best, (chosen,))
        gains: list[float] = []
        while len(gains) < COPIES_AGAIN and self.left + self._over(len(gains) == 1) > cost:
            text = f"{chosen.copies} copies side by side, afresh"
            outcome = yield from self._run(self._probe("confirm", setting, text))
            if why := self._check(outcome, setting)[0]:
                self.not_shown.remove(packing.step)
                self.thrown_out.append(ThrownOut(chosen, f"afresh: {why}"))
                return
            alone = yield from self._run(self._probe("confirm", (), "the command as it is, afresh"))
            together, one = self._packed(outcome), 0.0 if alone.failure else self._by.rate(alone.trace)
            if together is None or not one:
                break
            self.original.append(alone.trace)
            gains.append(log(together / one))
        logs = [g - log(kept) for g in gains]
        # Three runs tell no interval of their own here: each must be more, the middle one enough, and their mean more
        # than runs of the command itself differ.
        if gains:
            self.not_shown.remove(packing.step)
        surely = sum(logs) / max(len(logs), 1) - ONE_SIDED * sqrt(2.0 / max(len(logs), 1)) * self._spread()
        if len(logs) > 1 and min(logs) > 0.0 and surely > 0.0 and median(logs) >= log(compare.SHOWN):
            self.packing, self.packed = setting, {chosen.copies: self.rate_before * exp(median(gains))}
        elif gains:
            self.not_shown.append(Step((chosen,), compare.factor(logs)))

    def _chosen_packing(self, kept: float, within: float) -> _Packing | None:
        """That of the soonest answer, of those that can be run twice within so many seconds: once tells nothing."""
        one, asked = self._by.rate(self.original[0]) * kept, self.asked

        def seconds(p: _Packing) -> tuple[float, float]:
            packed = {p.candidate.copies: p.together}
            return compare.answer(asked.seeds, 1.0, one, packed, cores=asked.cores).seconds, -p.together

        costs = [(p, self._cost_of_copies(p)) for p in self._packings]
        twice = [p for p, cost in costs if cost < within and 2.0 * cost < within + self._over(True)]
        return min(twice, key=seconds, default=None)

    def _cost_of_copies(self, packing: _Packing) -> float:
        """Seconds of one confirmation: the command alone, and the copies."""
        return self._cost(self.original[-1]) + packing.took

    def _over(self, is_needed: bool) -> float:
        """Seconds beyond the budget that a run may take without which those before it tell nothing."""
        return OVER * self.asked.budget_s if is_needed else 0.0

    # confirm ---------------------------------------------------------------------------------------------------

    def _confirm(self) -> Steps:
        """Mirrored pairs A B B A of the original and what was kept, until they agree or the time is over."""
        if not self.best:
            return
        self.fresh = fresh = Fresh(self._by, self.best)
        order: list[Setting] = [(), self.best, self.best, ()]
        yield from self._run_far(fresh)
        packing = self._chosen_packing(self.gain, self.left - PAIRS[0] * self._pair_s)
        once = self._cost_of_copies(packing) if packing else 0.0
        reserve = max(once, 2.0 * once - self._over(True))
        while self.best and len(fresh.pairs) < PAIRS[1]:
            cost = self._pair_s
            is_enough = len(fresh.pairs) >= PAIRS[0]
            if is_enough and (fresh.is_sure() or fresh.is_hopeless() or self.left < cost + reserve):
                break
            if self.left + self._over(not is_enough) < cost:
                break
            pair: dict[bool, Trace] = {}
            for setting in order[:2] if len(fresh.pairs) % 2 == 0 else order[2:]:
                text = f"{'what was kept' if setting else 'the command as it is'}, afresh"
                outcome = yield from self._run(self._probe("confirm", setting, text))
                if self._gives_up(setting, self._check(outcome, setting)[0]):
                    return
                pair[bool(setting)] = outcome.trace
            fresh.pairs.append((pair[False], pair[True]))
            self.original.append(pair[False])

    def _gives_up(self, setting: Setting, why: str) -> bool:
        """Whether a fresh run broke its promise; where that was of what was kept, nothing is kept from here on.

        Where the command itself failed, the pairs until then say what they say.
        """
        if why and setting:
            self.thrown_out.append(ThrownOut(setting[-1], f"afresh, with all that was kept: {why}"))
            self.not_shown += self.steps
            self.fresh, self.steps, self.best = None, [], ()
        elif why:
            self.repeatable = "; ".join(filter(None, (self.repeatable, f"that it ends well: once {why}")))
        return bool(why)

    def _run_far(self, fresh: Fresh) -> Steps:
        """What was kept, and the command, as far as the look went: how costs move with the mix, a window is too short
        to tell. Only of a large gain, which may be one of some events alone; a small one moves less than runs do.

        Their numbers are not compared once more: so late the two have gone different ways.
        """
        by = self._by
        if not by.target or self.gain < FAR_GAIN:
            return
        events = ceil(by.unit.count(by.looked) / by.window[1] * self._events(by.looked))
        for setting, gain in (*[(self.best, self.gain)] * FAR_RUNS, ((), 1.0)):
            seconds = by.looked.seconds / gain
            if self.left < seconds + self._for_confirming():
                return
            text = f"{'what was kept' if setting else 'the command'}, as far as the look"
            outcome = yield from self._run(Probe("confirm", setting, SLOWER * seconds + SPARE_S, text, events))
            if self._gives_up(setting, outcome.failure):
                return
            fresh.far[bool(setting)].append(outcome.trace)

    @property
    def rate_before(self) -> float:
        """Units a second of the command as it is, of all runs of it but the first, which was watched."""
        return median([self._by.rate(t) for t in self.original]) * self._by.whole_pace

    def measured(self) -> tuple[Factor | None, str]:
        """The factor of the fresh pairs, shown or not, None where it is not known; and by which clock, in words."""
        if self.fresh is None:
            return None, rate.clock(self.loads, [], [], self.asked.cores)[1]
        return self.fresh.measured(self.loads, self.asked.cores)

    def _all_classes(self, candidates: Sequence[Candidate]) -> Steps:
        """What else is accepted, each on top of what was kept; then all together, in two pairs with the original."""
        for c in candidates:
            if c.promise not in self.asked.accept:
                continue
            if self.left < CLASSES_AT * 2.0 * self._cost(self.original[-1]):
                self.not_tried.append(_no_time(c))
                continue
            setting = put_in(self.best, (c,))
            outcome, pairs = yield from self._beside(setting, SINGLE, c.text)
            why, _ = self._check(outcome, setting)
            if why:
                self.thrown_out.append(ThrownOut(c, why))
                continue
            value = self._by.gain(pairs, (c,)) or 1.0
            step = Step((c,), self._on_the_way(value, pairs))
            (self.others if SINGLE.is_met(value, self._doubt(pairs)) else self.not_shown).append(step)
        chosen: list[Candidate] = []
        for c in (s.candidates[0] for s in sorted(self.others, key=lambda s: -s.factor.value)):
            chosen += [] if any(exclude(c, k) for k in chosen) else [c]
        setting = put_in(self.best, chosen)
        self.everything = fresh = Fresh(self._by, setting)
        while chosen and len(fresh.pairs) < CLASSES_AT and self.left > 2.0 * self._cost(self.original[-1]):
            a = yield from self._run(self._probe("confirm", (), "the command as it is, afresh"))
            b = yield from self._run(self._probe("confirm", setting, "with all classes, afresh"))
            why = a.failure or self._check(b, setting)[0]
            if not why and self._by.ratio(a.trace, b.trace, setting) is None:
                why = "it did not get as far as the command itself"
            if why:
                self.thrown_out.append(ThrownOut(chosen[-1], f"with all classes, afresh: {why}"))
                self.everything = None
                return
            fresh.pairs.append((a.trace, b.trace))

    # what came of it -------------------------------------------------------------------------------------------

    def said(self, probe: Probe, outcome: Outcome) -> str:
        """What a probe gave, in a word or two."""
        if any(t.candidate in probe.setting for t in self.thrown_out[-1:]):
            return "thrown out"
        if outcome.problem or not outcome.traces or self.by is None:
            return "failed" if outcome.problem else ""
        if probe.purpose == "look" or not self.original:
            found = self.by.rate(outcome.trace)
            return _per_second(found) if found else ""
        if probe.copies > 1:
            together, one = self._packed(outcome), self.by.rate(self.original[0])
            return f"{together / one:.2f}× in all" if together and one else ""
        return f"{self.by.ratio(self.original[-1], outcome.trace, probe.setting) or 0.0:.2f}×"

    # what it rests on ------------------------------------------------------------------------------------------

    def _run(self, probe: Probe) -> Generator[Probe, Outcome, Outcome]:
        outcome = yield probe
        self._is_base_latest &= not outcome.traces
        self.at, self.probes = outcome.at, self.probes + 1
        self.loads += [t.load for t in outcome.traces]
        self.outside |= {p for t in outcome.traces for p in t.outside if not _is_kept_aside(p)}
        return outcome

    def _probe(self, purpose: Purpose, setting: Setting, text: str) -> Probe:
        reference = self.last_of_best or self.looked
        assert reference is not None
        usual = self._by.until(reference)
        longer = max((c.start_s for c in setting), default=0.0)
        over = OVER * self.asked.budget_s if purpose == "confirm" else LATE * self.left
        probe = Probe(purpose, setting, SLOWER * usual + SPARE_S + longer, text, self._events(reference))
        return replace(probe, seconds=min(probe.copies * probe.seconds, max(self.left + over, 1.0)))

    def _events(self, trace: Trace) -> int:
        """How many events of the unit's counter the window ends after; 0 where a probe ends with its time."""
        unit, end = self._by.unit, self._by.window[1]
        if unit.kind == "printed":
            return ceil(end)
        c = counter_of(trace, unit)
        if c is None:
            return 0
        is_slow = self._by.rate(trace) < c.each  # one more event would take more than a second
        return ceil(end / c.each) + (0 if is_slow else 1)

    def _cost(self, trace: Trace | None, copies: int = 1) -> float:
        """Seconds that a probe of this kind takes, from the start of the copy to its last process."""
        return 0.0 if trace is None else max(copies / self.asked.cores, 1.0) * self._by.until(trace) + 1.0

    @property
    def _pair_s(self) -> float:
        """Seconds of a fresh pair: the command, and what was kept."""
        return self._cost(self.original[-1]) + self._cost(self.last_of_best)

    def _for_confirming(self, *, copies: bool = False) -> float:
        """Seconds to keep for fresh pairs; none once they were made. copies: and for two side by side, of several
        seeds: what is tried once more, or is a larger packing, must not take their time.
        """
        if self._is_confirmed:
            return 0.0
        is_kept = copies and self._packs and self.asked.seeds > 1
        one, two = self._cost(self.original[-1]), self._cost(self.last_of_best, 2)
        packing = min(two + 2.0 * (one + two), PACKING * self.asked.budget_s) if is_kept else 0.0
        return max(PAIRS[0] * self._pair_s + packing, min(CONFIRMING * self.asked.budget_s, PAIRS[1] * self._pair_s))

    @property
    def _by(self) -> Yardstick:
        assert self.by is not None
        return self.by


def _kept(before: Trace, after: Trace, changes: Sequence[Candidate], again: Trace) -> Kept | Broken | Unchecked:
    """Whether a run with changes computes what one without them does, in the way that they promise."""
    promise: Promise = "same" if all(c.promise == "same" for c in changes) else "equivalent"
    fewer = tuple(k for c in changes for k in c.fewer)
    options = {option_of(f).lstrip("-").rpartition(".")[2] for c in changes for f in c.flags}
    return digests.kept(before, after, promise, again, fewer, options)


def _comparable(copies: Sequence[Trace]) -> Sequence[Trace]:
    """Copies that compute what the first does: all, unless a stream is free, of which each gets a seed of its own."""
    return copies[:1] if any(t.facts.get("seeded") for t in copies) else copies


def _per_second(pace: float) -> str:
    return f"{pace:,.0f}/s" if pace >= 100.0 else f"{pace:.3g}/s"


def _no_time(c: Candidate) -> NotTried:
    return NotTried(c.lever, f"{c.text}: no time left in the budget", for_time=True)


def _is_kept_aside(path: str) -> bool:
    """A cache or a setting below a hidden folder of the user's, or a device: nothing that a run would spoil."""
    return "/." in path or path.startswith("/dev/")
