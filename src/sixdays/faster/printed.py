"""Numbers in printed lines: the pattern of a line, its values, which of them are clocks, and one that grows."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from sixdays.faster.model import FloatArray, Printed

_NUMBER = re.compile(r"[-+]?(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?(?:[eE][-+]?\d+)?|[-+]?\b(?:nan|inf)\b")
_COLOUR = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_NOISE = re.compile(
    r"\d{4}-\d\d-\d\d"  # dates
    r"|[\u2500-\u259f]+|[#=>.]{2,}"  # bars of progress
    r"|(?<=\w)\[\d+\](?=:? (?:DEBUG|INFO|NOTICE|WARN|ERROR|CRITICAL))"  # numbers of processes
    r'|(?<=\.py):\d+|(?<=\.py", )line \d+'  # places in sources: a first line put in moves them all
)
# A time of day, a time or a speed with its unit: the unit of a bar moves with the speed, from ms/step to s/step.
_TIMED = re.compile(
    r"\d{1,2}:\d\d(?::\d\d)?(?:[.,]\d+)?|"
    r"(?<![\w.])(?<!\d,)(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:e[-+]?\d+)?"
    r"(?:(?:us|µs|ms|s|min|h)\b(?:/\w+)?|m(?=\s*\d+(?:\.\d+)?s\b)|d(?=\s*\d+h\b)|\s?(?:it|steps?|samples?|batch(?:es)?)/s(?:ec(?:ond)?)?\b)"
)
_CLOCK_BEFORE = re.compile(
    r"(?<![^\W_])(?:(?:wall|clock)?times?|elapsed|eta|took|seconds?|secs?|minutes?|hours?|ms|fps|sps|speed"
    r"|throughput|per second|mfu|mem|memory|pid|date|duration|runtime|dt|spent"
    r"|t_(?:samples?|updates?|eval|train|total|forward|backward|steps?|data|iter|epoch|rollout|learn)|(?:ms|s|secs?)/\w+|\w+/s(?:ec(?:ond)?)?)"
    r"[\W_]*(?:\(\w+\)\W*)?$",
    re.IGNORECASE,
)
_CLOCK_AFTER = re.compile(
    r"\s?(?:s|secs?|seconds?|ms|us|µs|mins?|minutes?|hours?|h|fps|sps|[kmg]i?b|(?:\w+\s?)?/s(?:ec(?:ond)?)?|s/\w+"
    r"|(?:\w+\s)?per\s(?:s|sec|second))\b",
    re.IGNORECASE,
)
BEGINNING, AND_SO_ON = 3, " …"  # numbers that a beginning may hold; how its pattern ends
KNOWN = 1 << 15  # lines whose parts are kept: those of a run are asked for again and again
FEWEST = 4  # lines through which a number must grow to count as progress
LINES = -1  # in place of a number's position: the lines themselves are counted


def ending(lines: Iterable[str], most: int) -> str:
    """The last lines that say anything, in one; empty where none does.

    >>> ending(["Process 1:", "", "ValueError: x "], 2)
    'Process 1: | ValueError: x'
    """
    return " | ".join([line.strip()[:200] for line in lines if line.strip()][-most:])


@functools.lru_cache(KNOWN)
def parts(text: str) -> tuple[str, tuple[float, ...]]:
    """The line with each number as `#`, and the numbers.

    >>> parts("step 1,000: loss -2.5e-1 (12:30:01)")
    ('step #: loss # ( t )', (1000.0, -0.25))
    >>> parts("20/422 12ms/step, 1,234 it/s")
    ('#/# t , t', (20.0, 422.0))
    >>> parts("train.py:196: FutureWarning: 2 of them"), parts("2026-11-30 host train[7275] INFO epoch 3")
    (('train.py : FutureWarning: # of them', (2.0,)), ('host train INFO epoch #', (3.0,)))
    """
    text = " ".join(_NOISE.sub(" ", _TIMED.sub(" t ", _COLOUR.sub(" ", text))).replace("#", " ").split())
    return _NUMBER.sub("#", text), tuple(float(n.replace(",", "")) for n in _NUMBER.findall(text))


def is_clock(pattern: str, token: int) -> bool:
    """Whether a number of a line tells time, speed or memory, as its neighbours say: it varies from run to run.

    >>> is_clock("step #, # it/s", 1), is_clock("step #, # it/s", 0)
    (True, False)
    >>> [is_clock("Time # (#) Data # (#) Loss # (#)", i) for i in range(6)]
    [True, True, True, True, False, False]
    >>> is_clock("T_update # t_loss #", 0), is_clock("T_update # t_loss #", 1)
    (True, False)
    """
    around = pattern.split("#")
    before = around[token].strip()
    if before == "(" and token:  # its mean so far
        return is_clock(pattern, token - 1)
    if before.lower().endswith("data") and re.search(r"\btime\b", pattern, re.IGNORECASE):  # that it was waited for
        return True
    return bool(_CLOCK_BEFORE.search(around[token]) or _CLOCK_AFTER.match(around[token + 1]))


def name_of(pattern: str, token: int) -> str:
    """The word beside a number: before it, else after it, or after its total; "number" where there is none.

    >>> name_of("Episode: #, reward #", 0), name_of("| epoch # | #/# batches |", 1), name_of("[#] train-rmse:#", 0)
    ('episode', 'batch', 'iteration')
    """
    if token == LINES:
        return "line"
    around = pattern.split("#")
    if (around[token], around[token + 1][:1]) == ("[", "]"):  # as XGBoost and LightGBM begin their lines
        return "iteration"
    has_total = around[token + 1].strip() == "/" and token + 2 < len(around)
    before = re.findall(r"[^\W\d_]{2,}", around[token])
    after = re.findall(r"^\s*([^\W\d_]{2,})" if has_total else r"[^\W\d_]{2,}", around[token + 1 + has_total])
    unnamed = "iteration" if has_total else "number"
    return singular((before[-1] if before else after[0] if after else unnamed).lower())


def place_of(found: Growing) -> str:
    """What grows, in words: `the number "epoch" in "epoch #: loss #"`."""
    if found.token == LINES:
        return f'lines like "{found.pattern}"'
    return f'the number "{name_of(found.pattern, found.token)}" in "{found.pattern}"'


def singular(word: str) -> str:
    """One of them.

    >>> singular("epochs"), singular("batches"), singular("loss")
    ('epoch', 'batch', 'loss')
    """
    if re.search(r"(?:tch|sh|x|ss)es$", word):
        return word[:-2]
    return word[:-1] if re.search(r"[^sui]s$", word) else word


Line = tuple[float, tuple[float, ...]]  # when, and its numbers


def by_pattern(printed: Iterable[Printed]) -> dict[str, list[Line]]:
    """When each line came and its numbers, by pattern, in the order of the first of each."""
    lines: dict[str, list[Line]] = {}
    for line in printed:
        pattern, values = parts(line.text)
        if values:
            lines.setdefault(pattern, []).append((line.at, values))
    return lines


def whole(printed: Iterable[Printed]) -> dict[str, list[Line]]:
    """The same as far as all lines are there: after the gap of a flood how many it swallowed is not known."""
    return by_pattern(line for line in printed if not line.is_late)


def tells_time_alone(pattern: str) -> bool:
    """Whether all numbers of a line are clocks: it may be said each minute, whatever was done."""
    return all(is_clock(pattern, i) for i in range(pattern.count("#")))


def _by_beginning(printed: Iterable[Printed]) -> dict[str, list[Line]]:
    """The same by the text up to one of the first numbers of a line."""
    lines: dict[str, list[Line]] = {}
    for line in printed:
        pattern, values = parts(line.text)
        words = pattern.split("#")
        for n in range(1, min(len(values), BEGINNING) + 1):
            if is_clock(pattern, n - 1) or words[n].startswith("%"):
                continue
            lines.setdefault("#".join(words[:n]) + "#" + AND_SO_ON, []).append((line.at, values[:n]))
    return lines


@dataclass(frozen=True, slots=True)
class Growing:
    """A number that grows: where it stands, its values (n,) and when each was printed first (n,).

    token: its position among the numbers of the line; LINES where it is the count of such lines.
    """

    pattern: str
    token: int
    values: FloatArray
    times: FloatArray


def growing(printed: Iterable[Printed], over: float = 0.0) -> tuple[Growing, ...]:
    """Numbers that grow through at least FEWEST lines, the likeliest progress first.

    over: seconds from the first to the last of them at least: a table is printed at once, and data are loaded before.

    Likeliest: no percentage, whole numbers, in equal strides, on the most lines, nearest to the line's start. Where no
    line comes again, as each holds words of its own, the text up to a number is its pattern. Where no number grows
    (`loss 0.31`), how often a line with the same words came does.
    """
    printed = tuple(printed)
    found = (_of(by_pattern(_counted(printed)), over), _of(_by_beginning(printed), over), _lines_of(printed, over))
    return next(filter(None, found), ())


def _counted(printed: Iterable[Printed]) -> Iterator[Printed]:
    """Without lines after the gap of a flood that say how far of a total: how often that began anew is not known."""
    for line in printed:
        if not (line.is_late and _with_total(parts(line.text)[0])):
            yield line


def _of(by_pattern: Mapping[str, list[Line]], over: float) -> tuple[Growing, ...]:
    found: list[tuple[tuple[bool, bool, bool, int, int], Growing]] = []
    for pattern, lines in by_pattern.items():
        if len(lines) < FEWEST:
            continue
        for token in range(len(lines[0][1])):
            made = _grows(pattern, token, lines, FEWEST)
            if made is not None and made.times[-1] - made.times[0] >= over:
                strides = np.diff(made.values)
                regular = float(np.median(np.abs(strides - np.median(strides)))) <= 0.01 * float(np.median(strides))
                whole = bool(np.all(made.values == np.floor(made.values)))
                is_share = pattern.split("#")[token + 1].startswith("%")
                found.append(((is_share, not whole, not regular, -made.values.size, token), made))
    return tuple(g for _, g in sorted(found, key=lambda f: f[0]))


def _lines_of(printed: Iterable[Printed], over: float) -> tuple[Growing, ...]:
    """Of each pattern that came again and again how many such lines there were, the most frequent first."""
    found = (
        _number_of(pattern, lines)
        for pattern, lines in whole(printed).items()
        if len(lines) >= FEWEST and lines[-1][0] - lines[0][0] >= over and not tells_time_alone(pattern)
    )
    return tuple(sorted(found, key=lambda g: -g.values.size))


def _number_of(pattern: str, lines: Sequence[Line]) -> Growing:
    return Growing(pattern, LINES, np.arange(1.0, len(lines) + 1.0), np.array([at for at, _ in lines]))


def grown(printed: Iterable[Printed], pattern: str, token: int) -> Growing | None:
    """The same of a number that is known to be progress, from its first line on; None where it has none, or falls."""
    if token == LINES:
        same = whole(printed).get(pattern)
        return _number_of(pattern, same) if same else None
    lines = (_by_beginning if pattern.endswith(AND_SO_ON) else by_pattern)(_counted(printed)).get(pattern)
    return _grows(pattern, token, lines, 1) if lines else None


def lap(printed: Iterable[Printed], pattern: str, token: int) -> int:
    """What a number reached before it began anew, as in each epoch: the total behind it; 0 where it never did."""
    table = np.array([values for _, values in by_pattern(printed).get(pattern, [])])
    if table.size and _has_total(pattern, token, table) and np.any(np.diff(table[:, token]) < 0):
        return int(table[0, token + 1])
    return 0


def _with_total(pattern: str) -> list[int]:
    """Numbers of a line behind which their total stands: `#/#`, `# of #`."""
    return [i for i, between in enumerate(pattern.split("#")[1:-1]) if between.strip() in ("/", "of")]


def _has_total(pattern: str, token: int, table: FloatArray) -> bool:
    """Whether a total stands behind a column, and is always the same."""
    return token in _with_total(pattern) and token + 1 < table.shape[1] and not np.any(np.diff(table[:, token + 1]))


def _unrolled(pattern: str, token: int, table: FloatArray) -> FloatArray:
    """A column of numbers; one of a total that stands behind it goes on where it begins anew, as in epochs: from near
    the total to near the start. Workers that take turns count down and up in between, which is no progress.
    """
    values = table[:, token]
    if not _has_total(pattern, token, table):
        return values
    half = 0.5 * table[:, token + 1]
    anew = (np.diff(values) < 0) & (values[:-1] >= half[:-1]) & (values[1:] <= half[1:])
    return np.asarray(values + np.concatenate([[0.0], np.cumsum(anew)]) * table[:, token + 1], dtype=np.float64)


def _is_scale(values: FloatArray) -> bool:
    """Whether each is a multiple of the one before, as 1, 10, 100 or 16, 32, 64: a setting that is tried out.

    Not 1, 2, 4, 8: so some programs tell how far they are.
    """
    strides = np.diff(values)
    ratios = strides[1:] / strides[:-1]
    is_even = bool(ratios.size) and bool(np.allclose(ratios, ratios[0])) and ratios[0] >= 1.5 and values[0] > 1
    return bool(ratios.size) and (is_even or bool(np.all(ratios >= 5.0)))


def _grows(pattern: str, token: int, lines: Sequence[Line], fewest: int) -> Growing | None:
    """One number of a pattern, if it never falls, is no clock, and takes enough values."""
    at, values = np.array([t for t, _ in lines]), _unrolled(pattern, token, np.array([v for _, v in lines]))
    if is_clock(pattern, token) or not np.all(np.isfinite(values)) or np.any(np.diff(values) < 0):
        return None
    firsts = np.concatenate([[True], np.diff(values) > 0])
    values, at = values[firsts], at[firsts]
    if values.size < fewest or values[-1] <= 0 or (fewest > 1 and _is_scale(values)):
        return None
    passed = (values[-1] - values[0]) / max(at[-1] - at[0], 1e-9)
    is_whole = bool(np.all(values == np.floor(values)))
    if not is_whole and 0.95 < passed < 1.05:  # it counts seconds
        return None
    return Growing(pattern, token, values, at)
