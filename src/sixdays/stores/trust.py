"""Commands of plans that a user has allowed to be run: hashes, per user, never in the project (docs/security)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

from sixdays.errors import StoreError
from sixdays.stores.files import write_whole


class Trust:
    """One small file a command in a folder of the user's own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def allows(self, argv: Sequence[str], where: str) -> bool:
        """Whether exactly these words were allowed in this folder before."""
        return self._path(argv, where).exists()

    def allow(self, argv: Sequence[str], where: str) -> None:
        """Raises StoreError where the disk refuses."""
        path = self._path(argv, where)
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            write_whole(path, "")
        except OSError as e:
            raise StoreError(f"{path} cannot be written: {e.strerror}", "answer --yes each time") from e

    def _path(self, argv: Sequence[str], where: str) -> Path:
        return self.folder / sha256(json.dumps([where, *argv]).encode("utf-8", "surrogatepass")).hexdigest()[:40]
