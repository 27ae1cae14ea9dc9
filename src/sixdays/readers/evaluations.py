"""Stable-Baselines3's `evaluations.npz`: of each evaluation the steps, and the returns of its episodes."""

from __future__ import annotations

import ast
import zipfile
import zlib
from typing import Any

import numpy as np

from sixdays.errors import LogError
from sixdays.logs.series import FloatArray, Log, Series
from sixdays.readers import Wanted
from sixdays.readers._files import OneFile, Source
from sixdays.readers._points import resolved

MOST_BYTES = 1 << 26
_BROKEN = (
    zipfile.BadZipFile, zlib.error, KeyError, ValueError, EOFError, OSError, NotImplementedError, RuntimeError,
    OverflowError, TypeError, SyntaxError, RecursionError, MemoryError,
)  # fmt: skip
_MAGIC = b"\x93NUMPY"


def create(options: dict[str, Any]) -> Reader:
    return Reader()


class Reader(OneFile):
    name, title, rank, alone = "evaluations", "SB3 evaluations", 14, False
    names = ("evaluations.npz",)

    def claims(self, path: str, head: bytes) -> bool:
        return path.endswith("evaluations.npz") and head.startswith(b"PK")

    def parse(self, source: Source, cursor: Any = None, wanted: Wanted = None, ends: bool = False) -> tuple[Log, ...]:
        """Raises LogError where it is no such archive. A cursor counts the evaluations read before."""
        if not source.size:
            return ()
        try:
            with zipfile.ZipFile(source.file) as archive:
                steps, results, lengths = (_array(archive, n) for n in ("timesteps", "results", "ep_lengths"))
        except _BROKEN as e:
            raise LogError(f"{source.path}: it is no evaluations.npz: {e}", "it may be half written: try again") from e
        if steps.ndim != 1 or not (len(steps) == len(results) == len(lengths)):
            raise LogError(f"{source.path}: its arrays differ in length")
        done = int(cursor.get("entries", 0)) if isinstance(cursor, dict) else 0
        done = done if done <= len(steps) else 0
        found = {}
        none = np.full(len(steps) - done, np.nan)
        for tag, values in (("eval/mean_reward", results), ("eval/mean_ep_length", lengths)):
            if len(steps) > done and (wanted is None or wanted(tag)):
                means = values.reshape(len(values), -1)[done:].mean(axis=1)
                found[tag], note = resolved(Series(tag, steps[done:], means, none))
                if note:
                    source.note(f"{tag}: {note}")
        if not found:
            return ()
        return (
            Log(
                source.path,
                "",
                self.name,
                found,
                clock="file",
                written=source.written,
                cursor={"entries": len(steps)},
                notes=tuple(source.notes),
            ),
        )


def _array(archive: zipfile.ZipFile, name: str) -> FloatArray:
    """An array of numbers. Raises ValueError: it is of another kind, or its header claims more than is there."""
    info = archive.getinfo(name + ".npy")
    if info.file_size > MOST_BYTES:
        raise ValueError(f"{name} has more than {MOST_BYTES >> 20} MB")
    with archive.open(info) as f:
        data = f.read(MOST_BYTES + 1)
    wide = 2 if data[6:7] == b"\1" else 4
    if data[:6] != _MAGIC or len(data) < 10:
        raise ValueError(f"{name} is no array")
    start = 8 + wide + int.from_bytes(data[8 : 8 + wide], "little")
    header = ast.literal_eval(data[8 + wide : min(start, 4096)].decode("latin-1").strip())
    if not isinstance(header, dict) or header.get("fortran_order") is not False:
        raise ValueError(f"{name} is no array of numbers")
    kind, shape = str(header.get("descr")), header.get("shape")
    if (
        kind not in ("<f8", "<f4", "<i8", "<i4", "<u8", "<u4", "<f2", "<i2")
        or not isinstance(shape, tuple)
        or not all(type(n) is int for n in shape)
    ):
        raise ValueError(f"{name} is no array of numbers")
    return np.frombuffer(data[start:], dtype=kind).reshape(shape).astype(np.float64)
