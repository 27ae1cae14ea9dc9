"""Protobuf messages field by field, and the checksums of record files. Nothing is allocated by what a length claims."""

from __future__ import annotations

import struct
from collections.abc import Iterator

Field = tuple[int, int, int | bytes]  # number, wire type, value: an integer (also of fixed types, as bits) or bytes


def varint(data: bytes, at: int) -> tuple[int, int]:
    """An unsigned number and where it ends. Raises ValueError: it does not end, or is longer than ten bytes."""
    value = shift = 0
    while at < len(data) and shift < 70:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value & 0xFFFFFFFFFFFFFFFF, at
        shift += 7
    raise ValueError("a number does not end")


def signed(value: int) -> int:
    """A 64-bit number read as signed."""
    return value - (1 << 64) if value >> 63 else value


def fields(data: bytes) -> Iterator[Field]:
    """The fields of a message in order. Raises ValueError where it is none.

    >>> list(fields(bytes([0x08, 0x96, 0x01, 0x12, 0x02, 0x68, 0x69])))
    [(1, 0, 150), (2, 2, b'hi')]
    """
    at, end = 0, len(data)
    while at < end:
        key, at = varint(data, at)
        kind = key & 7
        if kind == 0:
            value: int | bytes
            value, at = varint(data, at)
        elif kind == 2:
            length, at = varint(data, at)
            if length > end - at:
                raise ValueError("a field is longer than its message")
            value = data[at : at + length]
            at += length
        elif kind in (1, 5):
            width = 8 if kind == 1 else 4
            if width > end - at:
                raise ValueError("a field is longer than its message")
            value = int.from_bytes(data[at : at + width], "little")
            at += width
        else:
            raise ValueError(f"wire type {kind}")
        yield key >> 3, kind, value


def parts(data: bytes) -> dict[int, list[int | bytes]]:
    """The fields of a message by number."""
    out: dict[int, list[int | bytes]] = {}
    for number, _, value in fields(data):
        out.setdefault(number, []).append(value)
    return out


def as_text(value: int | bytes) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def as_double(bits: int | bytes) -> float:
    return float(struct.unpack("<d", struct.pack("<Q", bits))[0]) if isinstance(bits, int) else float("nan")


def _crc_table() -> tuple[int, ...]:
    out = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
        out.append(byte)
    return tuple(out)


_CRC = _crc_table()


def crc32c(data: bytes) -> int:
    """Castagnoli's checksum.

    >>> hex(crc32c(b"123456789"))
    '0xe3069283'
    """
    crc = 0xFFFFFFFF
    for byte in data:
        crc = _CRC[(crc ^ byte) & 255] ^ crc >> 8
    return crc ^ 0xFFFFFFFF


def masked(data: bytes) -> int:
    """The checksum as TFRecord and LevelDB store it, so that the checksum of data holding one is no accident."""
    crc = crc32c(data)
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF
