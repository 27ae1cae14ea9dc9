"""What a command prints."""

from __future__ import annotations

import re
from collections import deque

FIRST, LAST, WIDTH = 20_000, 2_000, 4_000  # lines kept of a flood, bytes kept of a line


class Output:
    """What a command prints, line by line with the seconds; of a flood the first and the last lines, with a gap."""

    def __init__(self) -> None:
        self.first: list[tuple[float, str]] = []
        self.last: deque[tuple[float, str]] = deque(maxlen=LAST)
        self.has_gap = False
        self._rest = b""

    def take(self, data: bytes, at: float) -> None:
        *lines, rest = re.split(rb"[\r\n\x08]+", self._rest + data)
        self._rest = rest[:WIDTH]
        texts = [line[:WIDTH].decode("utf-8", "replace") for line in lines if line.strip()]
        room = FIRST - len(self.first)
        self.first += [(at, t) for t in texts[:room]]
        more = texts[max(0, room) :]
        self.has_gap |= len(self.last) + len(more) > LAST
        self.last.extend((at, t) for t in more[-LAST:])

    @property
    def lines(self) -> list[tuple[float, str]]:
        return [*self.first, *self.last]
