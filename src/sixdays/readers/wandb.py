"""W&B's offline files, `run-ID.wandb`: blocks of 32 kB as LevelDB's log has them, holding protobuf records.

The format is not documented: it is recognised by its first seven bytes, and another version is refused.
A fragment: CRC-32 of type and data (4), length (2), type (1: whole, 2 first, 3 middle, 4 last), data.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sixdays.errors import LogError
from sixdays.logs.series import Ended, Log, Scalar
from sixdays.readers import Wanted
from sixdays.readers._cells import number
from sixdays.readers._files import OneFile, Source
from sixdays.readers._flat import flat, parsed
from sixdays.readers._points import Shelf, in_turn, settle
from sixdays.readers._wire import Field, as_double, as_text, fields, parts, signed

MAGIC, VERSION = b":W&B\xe1\xbe", 0
_BLOCK, _START, _FRAGMENT = 32768, 7, 7
MOST_RECORD = 1 << 26
_EXPORT = "export the run's charts as CSV from the W&B page and give those"
# numbers of fields in W&B's Record and below it
_HISTORY, _CONFIG, _RUN, _EXIT = 2, 5, 17, 18


def create(options: dict[str, Any]) -> Reader:
    return Reader()


class Reader(OneFile):
    name, title, rank, alone = "wandb", "W&B", 6, False
    names = ("*.wandb",)

    def claims(self, path: str, head: bytes) -> bool:
        return head.startswith(MAGIC[:4]) or path.endswith(".wandb")

    def parse(self, source: Source, cursor: Any = None, wanted: Wanted = None, ends: bool = False) -> tuple[Log, ...]:
        """Raises LogError where the file is of another format or version."""
        start = source.at(0, _START)
        if len(start) < _START and MAGIC.startswith(start[:6]):
            return ()
        if start[:4] != MAGIC[:4]:
            raise LogError(f"{source.path}: it is no W&B file", _EXPORT)
        if start[:6] != MAGIC or start[6] != VERSION:
            raise LogError(f"{source.path}: a W&B file of a version that we do not know ({start[4:].hex()})", _EXPORT)
        offset = source.resumed(cursor).get("offset", _START)
        found = _Found(source, wanted)
        if ends and source.size - offset > 4 * _BLOCK:
            for record, _ in records(source, offset, offset + 2 * _BLOCK):
                found.add(record)
            offset = max(source.size // _BLOCK - 1, 3) * _BLOCK
        end = offset
        for record, end in records(source, offset, source.size):
            found.add(record)
            if not found.count & 4095:
                settle((found.shelf,))
                source.done(end)
        settle((found.shelf,))
        return found.logs(self.name, source.cursor(end))

    def merged(self, logs: tuple[Log, ...]) -> tuple[Log, ...]:
        return in_turn(logs)


def records(source: Source, start: int, end: int) -> Iterator[tuple[bytes, int]]:
    """The records that begin in a part of a file, each with the offset after it. A damaged block is passed over."""
    held: list[bytes] = []
    size, offset, block_at, block = 0, start, -1, b""
    while offset < end:
        if offset - offset % _BLOCK != block_at:
            block_at = offset - offset % _BLOCK
            block = source.at(block_at, _BLOCK)
        within = offset - block_at
        if _BLOCK - within < _FRAGMENT:  # the rest of a block is filled with zeros
            offset = block_at + _BLOCK
            continue
        header = block[within : within + _FRAGMENT]
        if len(header) < _FRAGMENT:
            break
        length, kind = int.from_bytes(header[4:6], "little"), header[6]
        data = block[within + _FRAGMENT : within + _FRAGMENT + length]
        fits = within + _FRAGMENT + length <= _BLOCK and 1 <= kind <= 4
        if fits and len(data) < length:
            break  # it is still being written
        if not fits or zlib.crc32(data, zlib.crc32(bytes([kind]))) != int.from_bytes(header[:4], "little"):
            if block_at + _BLOCK >= source.size:
                source.note(f"its end is damaged: {source.size - offset} bytes left out")
                break
            source.note(f"damaged: the rest of a block at {offset} was passed over")
            offset, held, size = block_at + _BLOCK, [], 0
            continue
        offset += _FRAGMENT + length
        if kind in (1, 2):
            held, size = [data], length
        elif held:
            size += length
            if size <= MOST_RECORD:
                held.append(data)
        if kind in (1, 4):
            if held and size <= MOST_RECORD:
                yield b"".join(held), offset
            held, size = [], 0


@dataclass(slots=True)
class _Found:
    source: Source
    wanted: Wanted
    shelf: Shelf = field(default_factory=Shelf)
    config: dict[str, Scalar] = field(default_factory=dict)
    ended: Ended = ""
    count: int = 0

    def add(self, record: bytes) -> None:
        self.count += 1
        try:
            for number_, _, value in fields(record):
                if not isinstance(value, bytes):
                    continue
                if number_ == _HISTORY:
                    self.history(value)
                elif number_ == _CONFIG:
                    self.settings(value)
                elif number_ == _RUN:
                    self.run(value)
                elif number_ == _EXIT:
                    code = parts(value).get(1, [0])[0]
                    self.ended = "failed" if code else "done"
        except ValueError:
            self.source.note("a record is damaged: left out")

    def history(self, message: bytes) -> None:
        row: list[tuple[str, float]] = []
        step = time = float("nan")
        for number_, _, value in fields(message):
            if not isinstance(value, bytes):
                continue
            if number_ == 2:
                step = float(signed(_integer(parts(value).get(1, [0])[0])))
            elif number_ == 1:
                key, found = _item(fields(value))
                if key == "_timestamp":
                    time = found if found is not None else time
                elif key == "_step":
                    step = found if found is not None else step
                elif found is not None and not key.startswith("_"):
                    row.append((key, found))
        if step != step:  # noqa: PLR0124
            return
        for key, found in row:
            if self.wanted is None or self.wanted(key):
                self.shelf[key].add(step, found, time)

    def settings(self, message: bytes) -> None:
        for update in parts(message).get(1, []):
            found = parts(update) if isinstance(update, bytes) else {}
            names = [as_text(n) for n in (*found.get(1, []), *found.get(2, [])) if n]
            value = parsed(as_text(found.get(16, [b""])[0]))
            if names and not names[0].startswith("_"):
                self.config.update(flat({".".join(names): value}))

    def run(self, message: bytes) -> None:
        found = parts(message)
        for number_, name in ((3, "wandb.project"), (6, "wandb.group"), (7, "wandb.job_type"), (8, "wandb.name")):
            if (text := as_text(found.get(number_, [b""])[0])) and name not in self.config:
                self.config[name] = text
        if (config := found.get(4)) and isinstance(config[0], bytes):
            self.settings(config[0])

    def logs(self, name: str, cursor: Any) -> tuple[Log, ...]:
        notes = list(self.source.notes)
        series = self.shelf.series("step", notes, self.source.path)
        if not series and not self.config and not self.ended:
            return ()
        return (
            Log(self.source.path, "", name, series, self.config, ended=self.ended, written=self.source.written,
                cursor=cursor, notes=tuple(notes)),
        )  # fmt: skip


def _integer(value: int | bytes) -> int:
    return value if isinstance(value, int) else 0


def _item(found: Iterator[Field]) -> tuple[str, float | None]:
    """A key and its number; None where it is no number."""
    names, value = [], None
    for number_, _, held in found:
        if number_ in (1, 2):
            names.append(as_text(held))
        elif number_ == 16 and isinstance(held, bytes):
            value = _json_number(held)
        elif number_ == 5 and isinstance(held, int):
            value = float((held >> 1) ^ -(held & 1))
        elif number_ == 6:
            value = as_double(held)
    return "/".join(n for n in names if n), value


def _json_number(text: bytes) -> float | None:
    try:
        return float(text)
    except ValueError:
        if text[:1] in b"{[":
            return None
        found = parsed(text)
        return None if isinstance(found, bool) else number(found)
