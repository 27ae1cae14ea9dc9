"""Which column of a table is the step, the clock, the seed: by its name, checked on the first rows."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from sixdays.readers._cells import instant, is_absent, number

# Names without case and punctuation; the sooner in a row, the better. A prefix before a slash does not count.


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split())


STEPS = _names(
    "totaltimesteps timestepstotal totalenvinteracts totalenvsteps totalenvironmentsteps "
    "numenvstepssampledlifetime numenvstepssampled numstepssampled numagentstepssampled envsteps envstep "
    "environmentsteps environmentstep numenvsteps actorsteps actorstep agentsteps agentstep "
    "totalsteps totalnumsteps numsteps nsteps globalstep "
    "globalsteps trainerglobalstep step steps timestep timesteps numtimesteps totalframes frames frame "
    "numframes envframes "
    "gradientsteps gradientstep gradstep trainstep trainingstep trainingsteps trainsteps "
    "numupdates updates update nupdates optimizerstep tokens tokensseen numtokens totaltokens consumedtokens "
    "samples numsamples samplesseen consumedsamples examples examplesseen images imagesseen iteration "
    "iterations iter iters trainingiteration trainiter itr batch batches batchidx minibatch minibatches it t"
)
EPOCHS = _names("epoch epochs epochnum epochidx epochnumber curepoch currentepoch numepochs")
EPISODES = _names("episode episodes episodenum numepisodes totalepisodes episodestotal nepisodes numepisodeslifetime")
GENERATIONS = _names("generation generations gen round rounds evaluation evals trialnumber x")
LEARNER = _names("learnersteps learnerstep")  # beside actors that count environment steps
CLOCKS = _names("timestamp walltime datetime date time createdat loggedat ts timestampms timems unixtime epochtime")
ELAPSED = _names(
    "timeelapsed elapsed elapsedtime elapsedseconds elapseds timetotals totaltime totaltimes totalseconds "
    "runtime relativetime relativetimeprocess relativetimewall relativewalltime traintime trainingtime "
    "wallclock wallclocktime wallclocks walltimes timesec timeseconds times seconds secs hours "
    "accumulatedsubmissiontime timesinceresume walltime time duration minutes elapsedminutes mins "
    "elapsedhours hrs uptime learnertimeelapsed actortimeelapsed traintimems trainingtimems elapsedms timeelapsedms "
    "runtimems"
)
SEEDS = _names(
    "seed randomseed rngseed runseed seedid seeds run runid trial trialid replicate replica rep repeat repetition"
)
TASKS = _names(
    "task env envid envname environment environmentid environmentname game dataset datasetname benchmark "
    "domain taskname workload problem"
)
ITEMS = _names(
    "item itemid itemname example exampleid sample sampleid question questionid instance instanceid prompt promptid "
    "problemid taskid doc docid id idx index"
)
METHODS = _names(
    "checkpoint ckpt checkpointname "
    "method algo algorithm algorithmname agent agentname group model modelname variant approach optimizer "
    "optimiser expname experiment experimentname policy learner system setting configuration arm condition "
    "name"
)
TAGS = _names("metric metricname tag variable measure key")
VALUES = _names(
    "value values score scores result performance return returns reward rewards metricvalue y normalizedscore "
    "accuracy acc"
)
UNITS = {
    **dict.fromkeys(_names("traintimems trainingtimems elapsedms timeelapsedms runtimems"), 1e-3),
    "minutes": 60.0,
    "elapsedminutes": 60.0,
    "mins": 60.0,
    "hours": 3600.0,
    "elapsedhours": 3600.0,
    "hrs": 3600.0,
}
ROW = "row"


@dataclass(frozen=True, slots=True)
class Columns:
    """What the columns of a table are, by name. "" where there is none.

    kind: what x counts (`step`, `epoch`, `episode`, `second`, `row`). clock: absolute times; elapsed: since a start.
    keys: (role, column) for `method`, `task`, `seed` that differ between rows: they tell the runs of the file apart.
    index: of rows, as pandas writes it. local: the clock is text without a zone.
    tag, value: a table in long form has the name of the metric in one column and its value in another.
    """

    x: str = ""
    kind: str = ROW
    clock: str = ""
    elapsed: str = ""
    keys: tuple[tuple[str, str], ...] = ()
    tag: str = ""
    value: str = ""
    index: str = ""
    local: bool = False

    @property
    def taken(self) -> frozenset[str]:
        """Columns that are no metric."""
        return frozenset(
            (self.x, self.clock, self.elapsed, self.tag, self.index, *(c for _, c in self.keys))
            + ((self.value,) if self.tag else ())
        ) - {""}


@lru_cache(4096)
def plain(name: str) -> str:
    """A name without case, punctuation and what stands before a slash.

    >>> plain("time/total_timesteps")
    'totaltimesteps'
    """
    return re.sub(r"[^a-z0-9]+", "", re.sub(r"^.*[/|]", "", name.lower()).replace("(s)", "s"))


def choose(sample: Mapping[str, Sequence[object]]) -> Columns:
    """What the columns are, from their names and the cells of the first rows (None or "" where a cell is blank).

    >>> choose({"Epoch": ["0", "1"], "TotalEnvInteracts": ["4000", "8000"], "TestEpRet": ["1.5", "2"]}).x
    'TotalEnvInteracts'
    """
    names: dict[str, list[str]] = {}
    for column in sample:
        names.setdefault(plain(column), []).append(column)
    value, tag = _found(names, VALUES), _found(names, TAGS)
    if not (tag and value and _is_text(sample[tag])):
        tag = ""
    keys = _keys(names, sample)
    groups = (
        list(zip(*(sample[c] for _, c in keys), *((sample[tag],) if tag else ()), strict=True)) if keys or tag else None
    )
    clock = next((c for n in CLOCKS for c in names.get(n, ()) if _is_clock(sample[c])), "")
    elapsed = next((c for n in ELAPSED for c in names.get(n, ()) if c != clock and _rises(sample[c], None)), "")
    index, local = _index(sample), bool(clock) and _is_local(sample[clock])
    for strict in (True, False):  # a column that does not change yet is an x only where nothing else is one
        for kind, known in (
            ("step", STEPS),
            ("epoch", EPOCHS),
            ("episode", EPISODES),
            ("step", GENERATIONS),
            ("update", LEARNER),
        ):
            for column in (c for n in known for c in names.get(n, ())):
                if column in (clock, tag, *(c for _, c in keys)) or not _rises(sample[column], groups, strict):
                    continue
                return Columns(column, kind, clock, elapsed, keys, tag, value, index, local)
    if elapsed and elapsed != clock and _rises(sample[elapsed], groups):
        return Columns(elapsed, "second", clock, elapsed, keys, tag, value, index, local)
    return Columns("", ROW, clock, elapsed, keys, tag, value, index, local)


def _index(sample: Mapping[str, Sequence[object]]) -> str:
    """The first column, where it has no name of its own and counts rows from 0; else ""."""
    first = next(iter(sample), "")
    nameless = plain(first) == "unnamed0" or (first == "column 1" and not all(c.startswith("column ") for c in sample))
    return first if nameless and all(number(c) == i for i, c in enumerate(sample[first][:10])) else ""


def _found(names: Mapping[str, list[str]], known: Sequence[str]) -> str:
    return next((names[n][0] for n in known if n in names), "")


def _keys(names: Mapping[str, list[str]], sample: Mapping[str, Sequence[object]]) -> tuple[tuple[str, str], ...]:
    """Columns that tell runs apart: of each role the first that differs between rows; a name must come again."""
    found = []
    rows = max((len(c) for c in sample.values()), default=0)
    for role, known in (("method", METHODS), ("task", TASKS), ("seed", SEEDS)):
        for column in (c for n in known for c in names.get(n, ())):
            cells = [str(c).strip() for c in sample[column] if c is not None and str(c).strip()]
            kinds = len(set(cells))
            whole = all(re.fullmatch(r"-?\d+(\.0)?", c) for c in cells)
            text = _is_text(sample[column])
            if len(cells) > rows // 2 and kinds > 1 and (whole if role == "seed" and not text else text):
                found.append((role, column))
                break
    if [role for role, _ in found] == ["method"] and (item := _items(names, sample, sample[found[0][1]])):
        found.append(("task", item))  # each item once a method: an evaluation of some checkpoints
    lone = len(found) == 1 and found[0][0] == "method" and plain(found[0][1]) == "name"
    return () if lone else tuple(found)  # `name` alone may name items, not methods


def _items(names: Mapping[str, list[str]], sample: Mapping[str, Sequence[object]], methods: Sequence[object]) -> str:
    """The column that names items, where every method has each of them once and there are several; else ""."""
    for column in (c for n in ITEMS for c in names.get(n, ())):
        pairs = list(zip(methods, sample[column], strict=True))
        if len(set(pairs)) == len(pairs) and 1 < len({i for _, i in pairs}) < len(pairs):
            return column
    return ""


def is_seed(name: str) -> bool:
    """Whether a column names the seed: a setting, not a metric.

    >>> is_seed("random_seed"), is_seed("return")
    (True, False)
    """
    return plain(name) in SEEDS and "seed" in plain(name)


def _is_text(cells: Sequence[object]) -> bool:
    given = [c for c in cells if c is not None and not (isinstance(c, str) and is_absent(c))]
    return bool(given) and all(isinstance(c, str) and number(c) is None for c in given)


def _is_clock(cells: Sequence[object]) -> bool:
    given = [c for c in cells if c is not None and not (isinstance(c, str) and is_absent(c))]
    return bool(given) and all(instant(c) is not None for c in given[:20])


def _is_local(cells: Sequence[object]) -> bool:
    """Whether times are text that names no zone."""
    given = [c for c in cells if isinstance(c, str) and not is_absent(c)][:5]
    return bool(given) and all(number(c) is None and not re.search(r"(?:Z|[-+]\d\d:?\d\d)$", c.strip()) for c in given)


def _rises(cells: Sequence[object], groups: Sequence[object] | None, strict: bool = True) -> bool:
    """Whether a column can be an x: numbers that rarely go back, within each group of rows."""
    last: dict[object, float] = {}
    first: float | None = None
    back = count = 0
    differs = False
    for i, cell in enumerate(cells):
        x = number(cell)
        if x is None or not math.isfinite(x):
            if x is None and isinstance(cell, str) and not is_absent(cell):
                return False
            continue
        group = groups[i] if groups else None
        first = x if first is None else first
        differs = differs or x != first
        back += x < last.get(group, x)
        last[group] = x
        count += 1
    return count > 0 and back <= count // 10 and (differs or not strict or count == 1 or bool(groups))
