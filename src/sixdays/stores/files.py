"""Records as files: one small JSON file each under `journal/`, written once, by rename.

No lock: safe on NFS and under `kill -9`, merges in git. A file that is torn or not ours is reported and
skipped, never deleted. `.sixdays/records.jsonl` caches what was parsed, by file name; a record file never
changes, so the cache needs no invalidation, and losing it loses nothing.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sixdays.errors import StoreError
from sixdays.journal.records import Record, from_dict, wrong_with

SUFFIX = ".json"
MOST_BYTES = 1_000_000  # of one record


@dataclass(frozen=True, slots=True)
class Read:
    """What a store holds. skipped: (file, why) of what is no record."""

    records: tuple[Record, ...]
    skipped: tuple[tuple[str, str], ...]


def create(options: dict[str, Any]) -> Journal:
    """The store in the folder `options["folder"]`."""
    return Journal(options["folder"])


class Journal:
    """Append-only records of one project.

    >>> Journal("nowhere").records()
    ()
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = Path(folder)
        self._cache = self.folder.parent / ".sixdays" / "records.jsonl"

    def add(self, record: Record) -> None:
        """Writes a record; it is durable when this returns. Adding the same one again is harmless.

        Raises:
            ValueError: it lacks what its kind needs. StoreError: the disk refuses, or its id is taken.
        """
        if why := wrong_with(record.kind, record.at, record.data):
            raise ValueError(why)
        path = self.folder / (record.id + SUFFIX)
        text = record.to_json() + "\n"
        try:
            if path.exists():
                if path.read_text(encoding="utf-8") != text:
                    raise StoreError(f"there is another record with the id {record.id}", "ids must be unique")
                return
            self.folder.mkdir(exist_ok=True)
            write_whole(path, text)
        except OSError as e:
            raise StoreError(
                f"{path} cannot be written: {e.strerror}", "add --no-record to answer without writing"
            ) from e

    def records(self) -> tuple[Record, ...]:
        """All records, by id, which is by time."""
        return self.read().records

    def read(self) -> Read:
        """All records and what was skipped."""
        try:
            names = sorted(e.name for e in os.scandir(self.folder) if e.name.endswith(SUFFIX) and e.name[0] != ".")
        except OSError:
            return Read((), ())
        cached = self._cached()
        found: dict[str, Record] = {}
        skipped = []
        fresh = []
        for name in names:
            try:
                found_now = cached.get(name)
                if found_now is None:
                    fresh.append(name)
                    found_now = _parsed(self.folder / name)
                record = from_dict(found_now)
                found.setdefault(record.id, record)
            except (ValueError, OSError) as e:
                skipped.append((name, getattr(e, "strerror", None) or str(e)))
                if name in fresh:
                    fresh.remove(name)
        if fresh:
            self._remember(cached, fresh, names)
        return Read(tuple(sorted(found.values(), key=lambda r: r.id)), tuple(skipped))

    def _cached(self) -> dict[str, Any]:
        """Parsed records by file name; a torn last line costs only itself."""
        try:
            lines = self._cache.read_text(encoding="utf-8").rstrip("\n").split("\n")  # a text may hold other line ends
        except (OSError, ValueError):
            return {}
        try:
            return dict(json.loads("[" + ",".join(lines) + "]"))
        except (ValueError, TypeError):
            out = {}
            for line in lines:
                with suppress(ValueError, TypeError):
                    name, record = json.loads(line)
                    out[name] = record
            return out

    def _remember(self, cached: dict[str, Any], fresh: list[str], names: list[str]) -> None:
        lines = []
        for name in names:
            with suppress(ValueError, OSError):
                found = cached[name] if name in cached else _parsed(self.folder / name)
                lines.append(json.dumps([name, found], ensure_ascii=False))
        with suppress(OSError):  # a cache that cannot be written is only slower
            self._cache.parent.mkdir(exist_ok=True)
            write_whole(self._cache, "\n".join(lines) + "\n", durable=False)


def _parsed(path: Path) -> Any:
    if path.is_symlink() or not path.is_file():
        raise ValueError("it is not a plain file")
    if path.stat().st_size > MOST_BYTES:
        raise ValueError("it is too large for a record")
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except RecursionError as e:
        raise ValueError("it is nested too deep") from e


def write_whole(
    path: Path, text: str, *, durable: bool = True, mode: int | None = None, errors: str = "strict"
) -> None:
    """Writes a file so that readers see the old one or the new one, whatever happens in between.

    errors: as `open` has it, for text that was read from bytes of another encoding.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(3).hex()}.tmp")
    try:
        with open(temporary, "x", encoding="utf-8", errors=errors, newline="") as f:
            f.write(text)
            if durable:
                f.flush()
                os.fsync(f.fileno())
        if mode is not None:
            os.chmod(temporary, mode)
        os.replace(temporary, path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise
    if durable:
        with suppress(OSError):  # some file systems cannot sync a folder
            folder = os.open(path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
