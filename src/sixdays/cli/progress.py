"""A sign of life where something takes over a second, on a terminal only."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

AFTER_S = 1.0
REFRESH_S = 0.25


@contextmanager
def progress(what: str) -> Iterator[Callable[[int], None]]:
    """Shows that something is being done, from one second on; on stderr, never in a pipe.

    What it gives takes the bytes that were read so far, and shows them.
    """
    read = [0]

    def tick(done: int) -> None:
        read[0] = done

    if not sys.stderr.isatty():
        yield tick
        return
    over = threading.Event()
    thread = threading.Thread(target=_show, args=(what, over, read), daemon=True)
    thread.start()
    try:
        yield tick
    finally:
        over.set()
        thread.join()


def _show(what: str, over: threading.Event, read: list[int]) -> None:
    if over.wait(AFTER_S):
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(bar_width=24), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(f"[dim]{what}[/dim]", total=None)
        while not over.wait(REFRESH_S):
            if read[0]:
                bar.update(task, description=f"[dim]{what} · {read[0] / 1e6:,.0f} MB[/dim]")
