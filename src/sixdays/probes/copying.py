"""What of a project goes into a copy of it: small files copied, large ones and environments linked, caches left out."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, replace
from pathlib import Path

from sixdays.errors import RunError

MOST_FILES, LARGE, IN_ALL = 50_000, 64 << 20, 2 << 30
SMALL = 256 << 20  # of a folder of data beside the project
NAMING = 200_000  # bytes of a file whose text is read for names
LEFT_OUT = frozenset(
    ".git .hg .svn __pycache__ .mypy_cache .pytest_cache .ruff_cache .ipynb_checkpoints .tox .nox .hypothesis .idea "
    ".vscode .DS_Store .eggs .pytype".split()
)
# What a command may write again under the same name: copied also where large, as long as all of it fits.
SAVED = frozenset(
    ".pt .pth .ckpt .safetensors .pkl .pickle .npz .npy .h5 .hdf5 .msgpack .onnx .keras .joblib .gguf .log .out .db "
    ".sqlite .sqlite3".split()
)
# What runs only write, but for what they are told to read: new ones find it empty where it is too much to copy.
RESULTS = frozenset("wandb mlruns multirun lightning_logs runs outputs".split())
TEXTS = (".py", ".sh", ".bash", ".yaml", ".yml", ".json", ".toml", ".cfg", ".ini", ".gin", ".env", ".mk", "file")
_DATA = re.compile(r"data|corpus|corpora|images", re.I)
Stamp = tuple[int, int, int, int]  # size, mtime and ctime in ns, inode


@dataclass(frozen=True, slots=True)
class Contents:
    """What a copy holds, by path relative to the root. links: the project's own links with their targets.

    linked: large files, environments and folders of too many data, to which the copy has links; large: the files of
    these, with size and mtime.
    """

    folders: tuple[str, ...]
    files: Mapping[str, int]
    links: Mapping[str, str]
    linked: tuple[str, ...]
    large: Mapping[str, tuple[int, int]]

    @property
    def size(self) -> int:
        return sum(self.files.values())


def root_of(cwd: str, home: str) -> str:
    """The project's folder: the top of the git repository that holds cwd, else cwd itself.

    cwd itself also where the top is the home folder, or too large to copy: people keep notes and data in a repository.
    """
    here = Path(cwd)
    for folder in (here, *here.parents):
        if folder == Path(home) or folder == folder.parent:
            break
        if (folder / ".git").exists():
            return cwd if _too_many(folder) else str(folder)
    return cwd


def _too_many(folder: Path) -> bool:
    try:
        contents(str(folder), home="")
    except RunError:
        return True
    return False


def contents(root: str, home: str, *, most_files: int | None = None, most_bytes: int | None = None) -> Contents:
    """What a copy of a folder would hold, and to what it would link.

    Raises:
        RunError: the folder is none that can be copied; the hint says how to mend it.
    """
    hint = "run it in the folder of your project: cd PROJECT, then sixdays faster -- COMMAND"
    if os.path.realpath(root) in (os.path.realpath(home) if home else "", os.path.realpath("/")):
        raise RunError(f"{root} is no folder of a project, so it cannot be copied to try changes in", hint)
    limit = most_files or MOST_FILES
    for most in (limit, limit // 10):
        try:
            whole = _walk(root, "", limit, most)
            break
        except _TooMany as e:
            where = f"; most lie in {e.folder}" if e.folder else ""
    else:
        raise RunError(
            f"{root} holds more than {limit:,} files, too many to copy to try changes in{where}",
            "keep data outside of the project and name it by its absolute path; or " + hint,
        )
    large = {p: s for p, s in whole.large.items() if Path(p).suffix not in SAVED}
    return _fitting(root, replace(whole, large=large), most_bytes or IN_ALL)


class _TooMany(Exception):
    """A folder holds more files than are copied."""

    def __init__(self, folder: str) -> None:
        super().__init__()
        self.folder = folder


def _walk(root: str, folder: str, limit: int, most: int) -> Contents:
    """What a folder and those in it hold. Data of more than `most` files are linked, results of as many left out.

    limit: how many files any other folder may hold.

    Raises:
        _TooMany: it holds too much all the same.
    """
    folders: list[str] = []
    files: dict[str, int] = {}
    links: dict[str, str] = {}
    linked: list[str] = []
    large: dict[str, tuple[int, int]] = {}
    is_data = _DATA.search(folder)
    most_here = most if is_data or os.path.basename(folder) in RESULTS else limit
    entries = _entries(os.path.join(root, folder))
    if len(entries) > most_here:
        raise _TooMany(folder)
    for entry in entries:
        path = os.path.join(folder, entry.name)
        if entry.name in LEFT_OUT:
            continue
        if entry.is_symlink():
            links[path] = os.readlink(entry.path)
        elif entry.is_dir(follow_symlinks=False):
            if is_environment(entry.path):
                linked.append(path)
                continue
            try:
                inner = _walk(root, path, limit, most)
            except _TooMany:
                if _DATA.search(path):
                    linked.append(path)
                elif entry.name in RESULTS:
                    folders.append(path)
                else:
                    raise
                continue
            folders += [path, *inner.folders]
            files |= inner.files
            links |= inner.links
            linked += inner.linked
            large |= inner.large
        elif entry.is_file(follow_symlinks=False):  # sockets and pipes are not copied
            with contextlib.suppress(OSError):  # gone meanwhile
                stat = entry.stat(follow_symlinks=False)
                files[path] = stat.st_size
                if stat.st_size > LARGE:
                    large[path] = (stat.st_size, stat.st_mtime_ns)
        if len(files) + len(links) + len(folders) > most_here:
            raise _TooMany(folder)
    return Contents(tuple(folders), files, links, tuple(linked), large)


def _fitting(root: str, whole: Contents, most: int) -> Contents:
    """The largest files are linked until the rest may be copied, last of all what a command may write again."""
    files = {p: n for p, n in whole.files.items() if p not in whole.large}
    large = dict(whole.large)
    total = sum(files.values())
    for path in sorted(files, key=lambda p: (Path(p).suffix in SAVED, -files[p])):
        if total <= most:
            break
        total -= files.pop(path)
        with contextlib.suppress(OSError):  # gone meanwhile
            stat = os.stat(os.path.join(root, path))
            large[path] = (stat.st_size, stat.st_mtime_ns)
    return Contents(whole.folders, files, whole.links, (*whole.linked, *large), large)


def _entries(folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as found:
            return sorted(found, key=lambda e: e.name)
    except OSError:  # not ours to read, or gone meanwhile
        return []


def is_environment(folder: str) -> bool:
    """A virtual environment, a conda environment, or modules of node."""
    if os.path.basename(folder) in ("node_modules", "site-packages"):
        return True
    return any(os.path.exists(os.path.join(folder, name)) for name in ("pyvenv.cfg", "conda-meta"))


def copy(root: str, what: Contents, target: str) -> None:
    """Makes target a copy of the project.

    Raises:
        RunError: there is no room for it.
    """
    try:
        os.makedirs(target, exist_ok=True)
        for folder in what.folders:
            os.makedirs(os.path.join(target, folder), exist_ok=True)
        for path in what.files:
            copy_file(os.path.join(root, path), os.path.join(target, path))
        for path, to in what.links.items():
            os.symlink(_leading(to, path, root), os.path.join(target, path))
        for path in what.linked:
            os.symlink(os.path.join(root, path), os.path.join(target, path))
    except OSError as e:
        raise RunError(
            f"the project cannot be copied to {target}: {e.strerror or e}", "set TMPDIR to a disk with room"
        ) from e


def _leading(to: str, path: str, root: str) -> str:
    """Where a link of the project leads in any copy: into it from inside, to the same place else.

    To the same place also where that is left out of copies: .git/annex/objects.
    """
    full = os.path.normpath(os.path.join(root, os.path.dirname(path), to))
    if full != root and (not full.startswith(root + os.sep) or LEFT_OUT & set(full[len(root) :].split(os.sep))):
        return full
    return os.path.relpath(full, os.path.dirname(os.path.join(root, path))) if os.path.isabs(to) else to


def outward(root: str, links: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Links of the project that lead out of it to something, and where they lead."""
    for path, to in links.items():
        full = os.path.normpath(os.path.join(root, os.path.dirname(path), to))
        if full != root and not full.startswith(root + os.sep) and os.path.exists(full):
            yield path, full


def copy_file(source: str, target: str) -> None:
    """What a link leads to is copied: another link would lead a run to the user's own."""
    try:
        shutil.copy2(source, target)
    except (PermissionError, FileNotFoundError):  # not ours to read, or gone meanwhile: absent in the copy
        return


def rewrite(file: Path, text: bytes) -> None:
    """Writes a file of a copy anew, with the rights that it had: a link would lead to the user's own."""
    mode = file.stat().st_mode if file.exists() else None
    file.unlink(missing_ok=True)
    file.write_bytes(text)
    if mode is not None:
        file.chmod(mode)


def may_be_written(path: str) -> bool:
    """Whether what is there outside of the project may be written: no source, no program, no environment."""
    if os.path.isdir(path):
        return os.access(path, os.W_OK) and not is_environment(path)
    return os.access(path, os.W_OK) and not os.access(path, os.X_OK) and not path.endswith(TEXTS)


def texts(root: str, what: Contents) -> Iterator[tuple[str, bytes]]:
    """Sources and configurations of the project, Makefiles too, but for very long ones."""
    for path, size in what.files.items():
        if size <= NAMING and path.endswith(TEXTS):
            with contextlib.suppress(OSError):
                yield path, Path(root, path).read_bytes()


def named_beside(text: bytes) -> set[str]:
    """Names of folders beside the project that a text names.

    >>> sorted(named_beside(b"open('../data/x'); os.path.join('..', 'logs')"))
    ['data', 'logs']
    """
    joined = re.findall(rb"""["']\.\.["'],\s*["'](\w[\w.-]*)["']""", text)
    return {os.fsdecode(name) for name in (*re.findall(rb"\.\./(\w[\w.-]*)", text), *joined)}


def beside(root: str, names: Set[str]) -> dict[str, Contents | None]:
    """Folders of these names beside the project; None for data that are too much to be copied."""
    found: dict[str, Contents | None] = {}
    for name in sorted(names - {os.path.basename(root)}):
        if os.path.isdir(folder := os.path.join(os.path.dirname(root), name)) and os.path.dirname(root) != os.sep:
            is_data = _DATA.search(name)  # what is read: results would be written over
            try:
                held = contents(folder, home="")
            except RunError:
                if is_data:
                    found[name] = None
                continue
            found[name] = None if is_data and held.size > SMALL else held
    return found


def with_history(root: str, target: str, env: Mapping[str, str]) -> None:
    """Gives the copy a .git of its own that borrows the objects, where there is one: scripts note their commit."""
    if not os.path.exists(os.path.join(root, ".git")):
        return
    inner = os.path.join(target, ".git")
    steps = (
        ["clone", "--quiet", "--shared", "--bare", "--template=", root, inner],
        ["-C", target, "config", "core.bare", "false"],
        ["-C", target, "remote", "remove", "origin"],  # nothing can be pushed into the user's
        ["-C", target, "reset", "--quiet"],
    )
    clean = {k: v for k, v in env.items() if not k.startswith("GIT_")}
    try:
        for step in steps:
            subprocess.run(
                ["git", *step], env=clean, capture_output=True, timeout=5, check=True, stdin=subprocess.DEVNULL
            )
    except (OSError, subprocess.SubprocessError):
        shutil.rmtree(inner, ignore_errors=True)


def stamps(folder: str) -> dict[str, Stamp]:
    """What tells each file and link in a folder from a changed one."""
    return {path: (s.st_size, s.st_mtime_ns, s.st_ctime_ns, s.st_ino) for path, s in _files(folder)}


def project_stamps(folder: str) -> dict[str, Stamp]:
    """The same of what is the project's own: without its history."""
    return {path: stamp for path, stamp in stamps(folder).items() if not path.startswith(".git" + os.sep)}


def size_of(folder: str) -> int:
    """Bytes on the disk of the files in a folder, links not followed."""
    return sum(s.st_blocks * 512 for _, s in _files(folder))


def _files(folder: str) -> Iterator[tuple[str, os.stat_result]]:
    waiting = [""]
    while waiting:
        inner = waiting.pop()
        for entry in _entries(os.path.join(folder, inner)):
            path = os.path.join(inner, entry.name)
            try:
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(path)
                else:
                    yield path, entry.stat(follow_symlinks=False)
            except OSError:  # gone meanwhile
                continue


def reset(folder: str, pristine: str, before: Mapping[str, Stamp]) -> None:
    """Makes a folder that was a copy of `pristine`, with these stamps, that copy again."""
    now = stamps(folder)
    for path in now.keys() - before.keys():
        os.unlink(os.path.join(folder, path))
    for path, stamp in before.items():
        if now.get(path) != stamp:
            target = os.path.join(folder, path)
            os.makedirs(os.path.dirname(target), exist_ok=True)
            if os.path.lexists(target):
                os.unlink(target)
            shutil.copy2(os.path.join(pristine, path), target, follow_symlinks=False)
    _drop_new_folders(folder, pristine)


def _drop_new_folders(folder: str, pristine: str) -> None:
    for inner, names, _ in os.walk(folder, topdown=True):
        for name in list(names):
            path = os.path.join(inner, name)
            twin = os.path.join(pristine, os.path.relpath(path, folder))
            if not os.path.islink(path) and not os.path.isdir(twin):
                shutil.rmtree(path)
                names.remove(name)
    for inner, names, _ in os.walk(pristine):
        for name in names:
            if not os.path.islink(os.path.join(inner, name)):
                os.makedirs(os.path.join(folder, os.path.relpath(os.path.join(inner, name), pristine)), exist_ok=True)


def changed_since(folder: str, before: Mapping[str, Stamp]) -> dict[str, int]:
    """Files of a folder that are new or changed, with their sizes; histories and caches of Python left out."""
    return {
        path: stamp[0]
        for path, stamp in stamps(folder).items()
        if before.get(path) != stamp and not {".git", "__pycache__"} & set(path.split(os.sep))
    }


def is_older(path: str, moment: float) -> bool:
    """Whether a file is there and was written last before a moment, in seconds; clocks of disks may lag a little."""
    try:
        return os.stat(path).st_mtime < moment - 2.0
    except OSError:
        return False


def large_changed(root: str, large: Mapping[str, tuple[int, int]]) -> Iterator[str]:
    """Full names of the large files, that copies only link to, that are not what they were."""
    for path, was in large.items():
        full = os.path.join(root, path)
        try:
            s = os.stat(full)
        except OSError:
            yield full
            continue
        if (s.st_size, s.st_mtime_ns) != was:
            yield full
