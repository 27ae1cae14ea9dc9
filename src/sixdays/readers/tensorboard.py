"""TensorBoard event files: TFRecord frames, and of their Event messages the few fields that a scalar needs.

A frame: length (8 bytes, little end first), its masked CRC-32C (4), the message, its CRC (4). The checksum of the
length is tested, that of the message is not: in Python it would cost more than all the rest. After a damaged frame the
reader goes on at the next length whose checksum is right. A frame at the end that is not whole yet is where the next
read begins. A glance reads 8 kB of head and tail: what is logged rarely may be missing from it.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sixdays.errors import LogError
from sixdays.logs.series import Log, Scalar
from sixdays.readers import Wanted
from sixdays.readers._events import hyperparameters, tensor, text_of
from sixdays.readers._files import OneFile, Source
from sixdays.readers._points import Points, Shelf, in_turn, settle
from sixdays.readers._wire import fields, masked, parts, signed

BLOCK = 1 << 20
ENDS = 1 << 13  # bytes of head and of tail in a glance
MOST_FRAME = 1 << 24  # larger ones hold pictures and graphs, no scalar
_HEADER = 12


def create(options: dict[str, Any]) -> Reader:
    return Reader()


class Reader(OneFile):
    name, title, rank, alone = "tensorboard", "TensorBoard", 5, False
    names = ("*tfevents*",)

    def claims(self, path: str, head: bytes) -> bool:
        return is_frame(head) or (not head and "tfevents" in path)

    def parse(self, source: Source, cursor: Any = None, wanted: Wanted = None, ends: bool = False) -> tuple[Log, ...]:
        """Raises LogError where the file does not begin with a frame."""
        head = source.at(0, _HEADER)
        if len(head) < _HEADER:
            return ()
        if not is_frame(head):
            raise LogError(
                f"{source.path}: it is no event file: no TFRecord frame at its start",
                "give the reader of its format with --format",
            )
        start = source.resumed(cursor).get("offset", 0)
        events = Events(source, wanted)
        if ends and source.size - start > 3 * ENDS:
            events.read(start, start + ENDS, whole=False)
            offset = events.read(events.find(source.size - ENDS), source.size)
        else:
            offset = events.read(start, source.size)
        notes = list(source.notes)
        series = events.shelf.series("step", notes, source.path)
        if not series and not events.config:
            return ()
        return (
            Log(source.path, "", self.name, series, events.config, written=source.written,
                cursor=source.cursor(offset), notes=tuple(notes)),
        )  # fmt: skip

    def merged(self, logs: tuple[Log, ...]) -> tuple[Log, ...]:
        return in_turn(logs)


def is_frame(data: bytes, at: int = 0) -> bool:
    """Whether a frame's header stands here: a length with its checksum."""
    header = data[at : at + _HEADER]
    return len(header) == _HEADER and int.from_bytes(header[8:], "little") == masked(header[:8])


@dataclass(slots=True)
class Events:
    """What was found so far in one file. adds: for each tag where its points go; None: the tag is not wanted."""

    source: Source
    wanted: Wanted
    shelf: Shelf = field(default_factory=Shelf)
    config: dict[str, Scalar] = field(default_factory=dict)
    adds: dict[bytes, Points | None] = field(default_factory=dict)
    sound: set[bytes] = field(default_factory=set)
    skipped: int = 0

    def read(self, start: int, end: int, *, whole: bool = True) -> int:
        """Reads the frames from `start` on; the offset of the first one that is not whole yet."""
        offset = start
        while offset < end:
            data = self.source.at(offset, min(BLOCK, max(end - offset, _HEADER)))
            used = self.frames(data)
            if not used:
                length = int.from_bytes(data[:8], "little") + 16
                sound = is_frame(data)
                if sound and length <= min(self.source.size - offset, MOST_FRAME) and len(data) < length:
                    used = self.frames(self.source.at(offset, length))
                elif sound and MOST_FRAME < length <= self.source.size - offset:
                    used = length
                elif sound or len(data) < _HEADER:
                    break  # a frame that is still being written
                else:
                    found = self.find(offset + 1)
                    if found >= self.source.size:
                        break
                    self.source.note(f"damaged: {found - offset} bytes at {offset} were passed over")
                    used = found - offset
            offset += used
            settle((self.shelf,))
            self.source.done(offset)
        if whole and offset < self.source.size:
            data = self.source.at(offset, _HEADER)
            what = "not finished" if len(data) < _HEADER or is_frame(data) else "damaged"
            self.source.note(f"its end is {what}: {self.source.size - offset} bytes left out")
        return offset

    def find(self, offset: int) -> int:
        """The next offset at which a frame begins; the size of the file where none does.

        A length below 16 MB has five zero bytes: only there the checksum is computed.
        """
        while offset < self.source.size:
            data = self.source.at(offset, BLOCK)
            at = data.find(b"\0\0\0\0\0")
            while at >= 0:
                if at >= 3 and is_frame(data, at - 3):
                    return offset + at - 3
                at = data.find(b"\0\0\0\0\0", at + 1)
            if len(data) < BLOCK:
                break
            offset += BLOCK - 2 * _HEADER
        return self.source.size

    def frames(self, data: bytes) -> int:
        """Reads the whole frames at the start of `data`; the bytes used."""
        at, size, sound, one = 0, len(data), self.sound, self.one
        while at + _HEADER <= size:
            header = data[at : at + _HEADER]
            if header not in sound:
                if not is_frame(header):
                    return at
                if len(sound) < 65536:
                    sound.add(header)
            start = at + _HEADER
            end = start + _LENGTH(header)[0]
            if end + 4 > size:
                return at
            one(data, start, end)
            at = end + 4
        return at

    def one(self, data: bytes, start: int, end: int) -> None:
        """One Event. The usual scalar is read where it always stands; everything else field by field."""
        # wall_time, step, summary { value { tag, simple_value } }
        try:
            at = start + 10
            if data[start] != 9 or data[start + 9] != 16:
                return self.slow(data[start:end])
            step = data[at]
            at += 1
            if step > 127:
                step &= 127
                shift = 7
                while (byte := data[at]) > 127:
                    step |= (byte & 127) << shift
                    shift += 7
                    at += 1
                step |= byte << shift
                at += 1
                if shift > 56:
                    return self.slow(data[start:end])
            if (
                data[at] != 42
                or data[at + 2] != 10
                or data[at + 4] != 10
                or data[at + 1] > 127
                or at + 2 + data[at + 1] != end
            ):
                return self.slow(data[start:end])
            tag_at = at + 6
            tag_end = tag_at + data[at + 5]
            if data[at + 3] > 127 or tag_end + 5 != end or data[tag_end] != 21 or at + 4 + data[at + 3] != end:
                return self.slow(data[start:end])
            tag = data[tag_at:tag_end]
            points = self.adds[tag] if tag in self.adds else self.place(tag)
            if points is not None:
                points.steps.append(step)
                points.values.append(_FLOAT(data, tag_end + 1)[0])
                points.times.append(_DOUBLE(data, start + 1)[0])
        except (IndexError, struct.error):
            self.slow(data[start:end])

    def place(self, tag: bytes) -> Points | None:
        name = tag.decode("utf-8", "replace")
        self.adds[tag] = points = self.shelf[name] if self.wanted is None or self.wanted(name) else None
        return points

    def slow(self, message: bytes) -> None:
        """An Event of any form."""
        try:
            time, step = float("nan"), 0
            values: list[bytes] = []
            for number, kind, value in fields(message):
                if number == 1 and kind == 1 and isinstance(value, int):
                    time = _DOUBLE(value.to_bytes(8, "little"))[0]
                elif number == 2 and isinstance(value, int):
                    step = signed(value)
                elif number == 5 and isinstance(value, bytes):
                    values += [v for n, _, v in fields(value) if n == 1 and isinstance(v, bytes)]
            for value in values:
                self.value(value, float(step), time)
        except ValueError:
            self.skipped += 1
            if self.skipped == 1:
                self.source.note("some events are damaged: left out")

    def value(self, message: bytes, step: float, time: float) -> None:
        """One value of a summary: a scalar, or text and plug-in data that say something of the run."""
        found = parts(message)
        tag = found.get(1, [b""])[0]
        if not isinstance(tag, bytes):
            return
        number: float | None = None
        if (simple := found.get(2)) and isinstance(simple[0], int):
            number = _FLOAT(simple[0].to_bytes(8, "little"))[0]
        elif (held := found.get(8)) and isinstance(held[0], bytes):
            if tag in self.adds and self.adds[tag] is None:
                return
            number = tensor(held[0])
            if number is None and b"hyperparameters" in tag:
                self.config.update(text_of(held[0]))
        if number is None:
            if (extra := found.get(9)) and isinstance(extra[0], bytes) and tag.startswith(b"_hparams_/"):
                self.config.update(hyperparameters(extra[0]))
            return
        points = self.adds[tag] if tag in self.adds else self.place(tag)
        if points is not None:
            points.add(step, number, time)


_LENGTH: Callable[[bytes], tuple[int]] = struct.Struct("<Q4x").unpack
_FLOAT = struct.Struct("<f").unpack_from
_DOUBLE = struct.Struct("<d").unpack_from
