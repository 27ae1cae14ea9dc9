"""The texts of plans: kept by their hash for `undo` and "what moved", and replaced all or nothing."""

from __future__ import annotations

import stat
from hashlib import sha256
from pathlib import Path

from sixdays.errors import StoreError
from sixdays.stores.files import write_whole


class Texts:
    """Texts in `FOLDER/texts/`, each under the hash of its content."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "texts"

    @staticmethod
    def name(text: str) -> str:
        return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]

    def keep(self, text: str) -> str:
        """Keeps a text; returns its name. Raises StoreError where the disk refuses."""
        name = self.name(text)
        path = self.folder / f"{name}.yaml"
        try:
            if not path.exists():
                self.folder.mkdir(parents=True, exist_ok=True)
                write_whole(path, text)
        except OSError as e:
            raise StoreError(f"{path} cannot be written: {e.strerror}", "nothing was changed") from e
        return name

    def get(self, name: str) -> str | None:
        """The text of a name, None where it is not kept or no longer what it was."""
        if not name.isalnum():
            return None
        try:
            text = (self.folder / f"{name}.yaml").read_bytes().decode("utf-8")
        except (OSError, ValueError):
            return None
        return text if self.name(text) == name else None


def replace_file(path: Path, before: str, after: str) -> None:
    """Replaces a file's text, keeping its mode; a link is followed to the file that it names.

    Raises:
        StoreError: it is not `before` any more, or the disk refuses; then it is as it was.
    """
    try:
        real = path.resolve(strict=True)
        if real.read_bytes() != before.encode("utf-8"):
            raise StoreError(f"{path} changed while it was being worked on; nothing was written", "do it again")
        write_whole(real, after, mode=stat.S_IMODE(real.stat().st_mode))
    except OSError as e:
        raise StoreError(f"{path} cannot be written: {e.strerror}", "nothing was changed") from e


def create_file(path: Path, text: str, *, over: bool = False) -> None:
    """Writes a new file; over an old one only where `over`. Raises StoreError."""
    try:
        if path.exists() and not over:
            raise StoreError(f"{path} is there already", "nothing was changed")
        write_whole(path, text)
    except OSError as e:
        raise StoreError(f"{path} cannot be written: {e.strerror}", "nothing was written") from e
