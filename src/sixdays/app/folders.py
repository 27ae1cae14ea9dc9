"""What lies in folders of logs: which files are logs of which format, and what configuration stands beside them.

Names decide first; only files whose names a reader knows are opened, and of those the first 4 kB.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import translate
from functools import cache

from sixdays.logs.series import Scalar
from sixdays.plugins import create, names
from sixdays.readers import Reader
from sixdays.readers._flat import flat, parsed, yaml_lines

HEAD = 4096
PASSED = frozenset("__pycache__ node_modules venv env site-packages".split())  # as all that begin with a dot
MOST_CONFIG = 1_000_000
CONFIGS = (
    "config.yaml", "config.yml", "config.json", "cfg.yaml", "cfg.json", "params.json", "params.yaml", "args.json",
    "args.yaml", "hparams.yaml", "hparams.json", "variant.json", "flags.json", "hyperparameters.json",
    "training_args.json", "wandb-metadata.json", "wandb-summary.json",
)  # fmt: skip
HYDRA = ("config.yaml", "overrides.yaml")
_OWN = frozenset(("metrics", "params", "tags", "artifacts", "traces", "inputs", "outputs"))  # of an MLflow run


@dataclass(eq=False, slots=True)
class Folder:
    """One folder that was visited. shown: as the user may read it, "" for what was given itself.

    logs: (file name, reader), specific formats first. configs: names of files that hold configuration.
    """

    path: str
    shown: str
    above: Folder | None = None
    logs: list[tuple[str, Reader]] = field(default_factory=list)
    configs: list[str] = field(default_factory=list)
    settings: dict[str, Scalar] | None = None
    since: float | None = None

    @property
    def name(self) -> str:
        return os.path.basename(self.path)

    def file(self, name: str) -> str:
        return os.path.join(self.path, name)

    def show(self, name: str) -> str:
        return f"{self.shown}/{name}" if self.shown else name


@cache
def readers() -> tuple[Reader, ...]:
    """All readers, the most specific first."""
    made: list[Reader] = [create("readers", name) for name in names("readers")]
    return tuple(sorted(made, key=lambda r: (r.rank, r.name)))


@cache
def _patterns() -> tuple[re.Pattern[str], tuple[tuple[re.Pattern[str], Reader], ...]]:
    each = [(re.compile("|".join(translate(n) for n in r.names)), r) for r in readers()]
    return re.compile("|".join(p.pattern for p, _ in each)), tuple(each)


def reader_of(path: str, *, by_name: bool = True) -> Reader | None:
    """The reader that claims a file; None where none does. Raises OSError."""
    name = os.path.basename(path)
    any_name, each = _patterns()
    if by_name and not any_name.match(name):
        return None
    with open(path, "rb") as f:
        head = f.read(HEAD)
    asked = [r for p, r in each if p.match(name)]
    asked += [] if by_name else [r for r in readers() if r not in asked]
    return next((r for r in asked if r.claims(path, head)), None)


def walk(
    root: str, shown: str, skip: Callable[[str, str], None], only: Sequence[Reader] | None = None
) -> Iterator[Folder]:
    """The folders below one, itself first, in order of name; links last, and no folder twice.

    Args:
        skip: told (path, why) of what cannot be read. only: the readers that may take files, for a format given.
    """
    any_name, _ = _patterns()
    seen: set[tuple[int, int]] = set()
    top = os.path.realpath(root)
    stack: list[tuple[str, str, Folder | None]] = [(root, shown, None)]
    linked: list[tuple[str, str, Folder | None]] = []
    while stack or linked:
        path, name, above = stack.pop() if stack else linked.pop(0)
        try:
            stat = os.stat(path)
            if (stat.st_dev, stat.st_ino) in seen:
                continue
            seen.add((stat.st_dev, stat.st_ino))
            with os.scandir(path) as entries:
                found = sorted(entries, key=lambda e: e.name)
        except OSError as e:
            skip(name or path, e.strerror or str(e))
            continue
        folder = Folder(path, name, above)
        below = _look(folder, found, any_name, skip, only)
        for entry in reversed(below):
            inner = (entry.path, f"{name}/{entry.name}" if name else entry.name, folder)
            if not entry.is_symlink():
                stack.append(inner)
            elif not f"{top}/".startswith(os.path.realpath(entry.path).rstrip("/") + "/"):
                linked.append(inner)
        yield folder


def _look(
    folder: Folder, found: Sequence[os.DirEntry[str]], any_name: re.Pattern[str],
    skip: Callable[[str, str], None], only: Sequence[Reader] | None,
) -> list[os.DirEntry[str]]:  # fmt: skip
    """Fills in the logs and configurations of a folder; the folders below that are to be visited."""
    below = []
    files: dict[str, os.DirEntry[str]] = {}
    for entry in found:
        try:
            if entry.is_dir():
                below.append(entry)
            elif entry.is_file():
                files[entry.name] = entry
        except OSError as e:
            skip(folder.show(entry.name), e.strerror or str(e))
    for name, entry in files.items():
        if name in CONFIGS:
            folder.configs.append(name)
        if not any_name.match(name) or (entry.is_symlink() and _is_beside(entry, files)):
            continue
        try:
            reader = reader_of(entry.path) if only is None else only[0] if _named(name, only[0]) else None
        except OSError as e:
            skip(folder.show(name), e.strerror or str(e))
            continue
        if reader is not None:
            folder.logs.append((name, reader))
    folder.logs.sort(key=lambda log: log[1].rank)
    kinds = {r.name for _, r in folder.logs}
    inner = {e.name for e in below}
    if ".hydra" in inner:
        folder.configs += [f".hydra/{n}" for n in HYDRA]
    if "wandb" in kinds and "files" in inner:
        folder.configs += [f"files/{n}" for n in CONFIGS if os.path.exists(folder.file(f"files/{n}"))]
    own = (
        _OWN
        if "mlflow" in kinds
        else inner
        if "wandb" in kinds
        else frozenset(("journal",) if "plan.yaml" in files else ())
    )
    return [e for e in below if e.name not in own and e.name not in PASSED and not e.name.startswith(".")]


def _named(name: str, reader: Reader) -> bool:
    return any(p.match(name) is not None for p, r in _patterns()[1] if r is reader)


def _is_beside(entry: os.DirEntry[str], files: dict[str, os.DirEntry[str]]) -> bool:
    """Whether a link names another file of the same folder, such as `debug.log` or `latest.csv`."""
    real = os.path.realpath(entry.path)
    return os.path.dirname(real) == os.path.realpath(os.path.dirname(entry.path)) and os.path.basename(real) in files


def settings(folder: Folder) -> dict[str, Scalar]:
    """The configuration that holds in a folder: of the folders above it, then its own, flat."""
    if folder.settings is None:
        above = settings(folder.above) if folder.above else {}
        folder.settings = dict(above)
        for name in folder.configs:
            folder.settings.update(_config(folder, name))
    return folder.settings


def _config(folder: Folder, name: str) -> dict[str, Scalar]:
    path = folder.file(name)
    try:
        with open(path, "rb") as f:
            text = f.read(MOST_CONFIG).decode("utf-8", "replace")
            when = os.fstat(f.fileno()).st_mtime
    except OSError:
        return {}
    if not name.endswith("summary.json"):
        folder.since = when if folder.since is None else min(when, folder.since)
    return of_text(text, name)


def of_text(text: str, name: str) -> dict[str, Scalar]:
    """The settings in the text of a configuration file, flat."""
    if not name.endswith(".json"):
        return {k: v for k, v in yaml_lines(text).items() if not k.startswith("_wandb")}
    found = parsed(text)
    if not isinstance(found, dict):
        return {}
    if name.endswith("wandb-metadata.json"):
        args = found.get("args")
        return _arguments([str(a) for a in args]) if isinstance(args, list) else {}
    return {k: v for k, v in flat(found).items() if not k.startswith("_")}


def _arguments(args: Sequence[str]) -> dict[str, Scalar]:
    """`--seed 3`, `--env=Hopper` and `seed=3` as settings."""
    lines = []
    for i, arg in enumerate(args):
        key, equals, value = arg.lstrip("-+").partition("=")
        if not equals and arg.startswith("--"):
            following = args[i + 1] if i + 1 < len(args) else ""
            value = "true" if not following or following.startswith("--") else following
            equals = "="
        if equals:
            lines.append(f"- {key.replace('-', '_')}={value}")
    return yaml_lines("\n".join(lines))
