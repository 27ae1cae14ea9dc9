"""Stack samples → shares of the wall time by line, and the most that taking one away can give."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

from sixdays.faster.model import Frame, Stack, Trace

Site = tuple[str, int]
ROOM = 1.3  # a share of few samples may be larger than it looks


def is_own(frame: Frame) -> bool:
    """It lies in the user's project, and is not a library that was installed there."""
    is_relative = not frame.file.startswith(("/", "\\")) and frame.file[1:2] != ":"
    return is_relative and "<" not in frame.file and "site-packages" not in frame.file


def own(stack: Stack) -> Frame | None:
    """The innermost frame of the user's; None where a thread runs nothing of theirs."""
    return next((f for f in reversed(stack.frames) if is_own(f)), None)


def bound(share: float) -> float:
    """The most that taking a share of the time away can give: 1 / (1 − share).

    >>> bound(0.75)
    4.0
    """
    return 1.0 / (1.0 - share) if share < 1.0 else float("inf")


def working(trace: Trace) -> tuple[Stack, ...]:
    """The main thread's samples after the start: nothing is imported, something of the user's runs, no agent."""
    return tuple(s for s in trace.stacks if s.thread == "main" and own(s) is not None and not _is_aside(s))


def share(trace: Trace, predicate: Callable[[Stack], bool]) -> float:
    """The share of the time after the start, 0 to 1, for which a predicate holds; 0 where nothing was seen.

    Of a program none of which is the project's (a tool, a notebook) all that its main thread does counts.
    """
    stacks = working(trace) or tuple(s for s in trace.stacks if s.thread == "main" and not _is_aside(s))
    total = sum(s.seconds for s in stacks)
    return sum(s.seconds for s in stacks if predicate(s)) / total if total else 0.0


def below(stack: Stack, places: Iterable[str]) -> bool:
    """Whether a frame lies in one of these places: a part of its file's name, or ":" and its function."""
    return any(
        f.function == place[1:] if place.startswith(":") else place in f.file.replace("\\", "/")
        for f in stack.frames
        for place in places
    )


def seen(trace: Trace, places: Sequence[str]) -> float:
    """The share of the time below places, with room for what few samples do not tell."""
    return min(1.0, ROOM * share(trace, lambda s: below(s, places)))


def by_line(stacks: Iterable[Stack]) -> dict[Site, float]:
    """Seconds by (file, line) of the user's innermost frame, most first."""
    found: dict[Site, float] = defaultdict(float)
    for s in stacks:
        if (frame := own(s)) is not None:
            found[(frame.file, frame.line)] += s.seconds
    return dict(sorted(found.items(), key=lambda x: -x[1]))


def _is_aside(stack: Stack) -> bool:
    """It imports, or looks on for us."""
    return any("<frozen importlib" in f.file for f in stack.frames) or any(
        "/_sixdays_" in f.file for f in stack.frames[-1:]
    )
