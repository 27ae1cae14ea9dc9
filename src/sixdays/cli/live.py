"""What `faster` is doing, as it does it: on stderr; a moving line on a terminal, one line a probe elsewhere."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import TYPE_CHECKING

from sixdays.quantities import show_seconds
from sixdays.render.problems import clean

if TYPE_CHECKING:
    from rich.status import Status

    from sixdays.app.speeding_up import Told


LONGEST = 72  # characters of what is tried


class Live:
    """Told of every probe before and after it. quiet: says nothing (the answer goes to a program)."""

    def __init__(self, *, quiet: bool = False) -> None:
        self.quiet = quiet
        self._status: Status | None = None

    def __enter__(self) -> Live:
        if not self.quiet and sys.stderr.isatty():
            from rich.console import Console

            self._status = Console(stderr=True).status("")
            self._status.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, e: BaseException | None, at: TracebackType | None) -> None:
        if self._status is not None:
            self._status.stop()

    def tell(self, told: Told) -> None:
        """Shows what is tried, or what it gave; best so far and time left."""
        if self.quiet:
            return
        text = clean(told.text)
        text = text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
        if told.result:
            line = f"  {told.result:<12} {text}"
            if self._status is not None:
                self._status.console.print(line[:100], markup=False, highlight=False)
            else:
                print(f"{line} · {_state(told)}", file=sys.stderr, flush=True)  # noqa: T201
        elif self._status is not None:
            self._status.update(f"[dim]{_state(told)} · trying:[/dim] {_plain(text)}")


def _state(told: Told) -> str:
    best = f"best so far {told.best:.2f}× · " if told.best > 1.0 else ""
    return f"{best}{show_seconds(max(told.left, 1.0))} left"


def _plain(text: str) -> str:
    return text[:70].replace("[", "\\[")
