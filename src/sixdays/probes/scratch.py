"""Copies of a project for probes to run in: clean, with candidates put in. What is the user's is not written."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import tempfile
import uuid
from collections.abc import Iterator, Mapping, Set
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from sixdays.errors import RunError
from sixdays.faster.model import Command, Setting
from sixdays.faster.setting import changed, preamble
from sixdays.probes import copying
from sixdays.probes.entry import entry_of
from sixdays.probes.environment import AGENT, environment, keeping_path
from sixdays.probes.leading import OUT, Leading, is_below, twin
from sixdays.probes.outside import Outside, written_to
from sixdays.probes.putting import put_patch, put_preamble
from sixdays.processes import is_open_for_writing, terminable, undisturbed


class Overwritten(RunError):
    """A file of the user's changed while the command ran: nothing more may be started."""


PREFIX = "sixdays-"  # of the folders that hold copies
OWN = (".tmp", ".agent")  # beside each copy, empty when a probe starts
PICTURES = (".png", ".pdf", ".svg", ".jpg", ".jpeg", ".gif")


@dataclass(slots=True)
class Place:
    """One copy, made ready for one probe. root: the copy; folder: holds it, .tmp, .agent and .out beside it.

    agent: an empty folder for what the agent writes. mark: names the probe's processes. argv, env: of the command
    with the candidates in. ready: the files of the folder as they are before it starts.
    """

    folder: str
    root: str
    cwd: str
    agent: str
    mark: str
    argv: tuple[str, ...]
    env: dict[str, str]
    original: str
    loads: tuple[str, str]
    ready: dict[str, copying.Stamp] = field(repr=False)

    def wrote(self) -> dict[str, int]:
        """Files of the project that are new or changed since it was made ready, with their sizes."""
        top = os.path.basename(self.root) + os.sep
        changed = copying.changed_since(self.folder, self.ready)
        return {path[len(top) :]: size for path, size in changed.items() if path.startswith(top)}

    @property
    def wrote_bytes(self) -> int:
        """In the project, and in what it has of what lies outside."""
        changed = copying.changed_since(self.folder, self.ready)
        return sum(size for path, size in changed.items() if not is_below(path, OWN))

    def figures(self) -> dict[str, str]:
        """Pictures that are new or changed: name → hash."""
        found = {}
        for name in sorted(n for n in self.wrote() if n.lower().endswith(PICTURES))[:200]:
            try:
                found[name] = hashlib.sha256(Path(self.root, name).read_bytes()).hexdigest()[:16]
            except OSError:
                continue
        return found


class Scratch:
    """Copies of one project, each in a folder of its own with what lies outside of the project beside it.

    path: the folder that holds them all. pristine: an unchanged one. keep: use none twice.
    """

    def __init__(self, path: str, root: str, what: copying.Contents, env: Mapping[str, str], keep: bool) -> None:
        self.path = path
        self.root = root
        self.what = what
        self.keep = keep
        self._env = dict(env)
        self._name = os.path.basename(root) or "project"
        self._whole = os.path.join(path, "pristine")
        self.pristine = os.path.join(self._whole, self._name)
        environments = [path for path in what.linked if copying.is_environment(os.path.join(root, path))]
        self._leading = Leading(root, environments, env)
        self._outside = Outside(self._leading, self._whole, env.get("HOME", ""))
        self._outside.large[root] = what.large
        self._naming: tuple[str, ...] = ()  # files that name the project by its full path, or a place for results
        self._written: dict[str, set[str]] = {}  # these places outside, by the file
        self._made = 0
        self._free: list[tuple[str, dict[str, copying.Stamp]]] = []
        self._clean: dict[str, dict[str, copying.Stamp]] = {}
        self._began = 0.0  # when the last probe was made ready, as files tell the time
        self.changed: set[str] = set()  # files to which copies link that others write meanwhile

    def prepare(self) -> None:
        naming, names, written = [], set[str](), dict[str, set[str]]()
        for file, text in copying.texts(self.root, self.what):
            names |= copying.named_beside(text)
            if not file.endswith(".py") and (places := written_to(text)):
                written[file] = places
            if self._led_in(file, text, "") != text or file in written:
                naming.append(file)
        beside = copying.beside(self.root, names - {self._name})
        size = self.what.size + sum(what.size for what in beside.values() if what is not None)
        if size * 3 > shutil.disk_usage(self.path).free:
            raise RunError(
                f"no room for copies of {self.root}: {size >> 20:,} MB each", "set TMPDIR to a disk with room"
            )
        copying.copy(self.root, self.what, self.pristine)
        copying.with_history(self.root, self.pristine, self._env)
        for name, what in beside.items():
            original, copied = (os.path.join(folder, name) for folder in (os.path.dirname(self.root), self._whole))
            if what is None:  # as where its full path is named; what is written there is told
                os.symlink(original, copied)
                continue
            self._outside.large[original] = what.large
            copying.copy(original, what, copied)
            self._outside.lead_links(what.links, original, copied)
        self._leading.beside |= beside.keys()
        self._naming = tuple(naming)
        self._outside.lead_links(self.what.links, self.root, self.pristine)
        self._written = {file: self._outside.meet_in_text(paths) for file, paths in written.items()}

    def meet(self, command: Command) -> None:
        """Paths outside that a command names, and the environment's for results, are each copy's own from now on."""
        self._outside.meet(command.argv[1:], {**self._env, **command.env}, command.cwd, is_late=self._made > 0)

    def fresh(self, command: Command, setting: Setting = (), *, is_to_run: bool = True) -> Place:
        """A clean copy with the candidates put in. is_to_run: full names of the project in its files lead into it too.

        Raises:
            RunError: a patch does not apply, or there is no script to load a preamble.
        """
        inner = changed(command, setting)
        self.meet(inner)
        folder = self._clean_copy()
        root = os.path.join(folder, self._name)
        for name in (*OWN, OUT):
            os.makedirs(os.path.join(folder, name), exist_ok=True)
        self._began = os.stat(os.path.join(folder, OWN[0])).st_mtime
        for path in self._leading.twins:
            os.makedirs(os.path.dirname(twin(folder, path)), exist_ok=True)

        def led(word: str) -> str:
            led = self._leading.word(word, folder, root, command.cwd)
            path = "$PYTHONPATH" if re.search(r"\s", led) else str(AGENT)  # a line for a shell; a word of `env`
            return os.fsdecode(keeping_path(os.fsencode(led), path))

        argv = tuple(map(led, inner.argv))
        try:
            for c in setting:
                if c.patch:
                    put_patch(root, command.cwd, c.patch, self._env, c.name)
            text, loads = preamble(setting), ("", "")
            if text:
                entry = entry_of(inner, self._env.get("PATH"))
                loads = put_preamble(replace(command, argv=argv, root=root), entry, text)
        except RunError:
            self._free.append((folder, self._clean[folder]))
            raise
        for name in self._naming if is_to_run else ():
            self._lead_in(name, root)
        cwd = os.path.normpath(os.path.join(root, command.cwd))
        unset = {u for c in setting for u in c.unset if not inner.env.get(u)}
        return Place(
            folder=folder,
            root=root,
            cwd=cwd,
            agent=os.path.join(folder, ".agent"),
            mark=uuid.uuid4().hex,
            argv=argv,
            env=environment(self._env, inner.env, unset, led, root=root, cwd=cwd, folder=folder),
            original=self.root,
            loads=loads,
            ready=copying.stamps(folder),
        )

    def _lead_in(self, name: str, root: str) -> None:
        """A file of the copy at root that names the project; a patch may have taken it away."""
        file = Path(root, name)
        if file.is_file() and not file.is_symlink():
            stat = file.stat()
            copying.rewrite(file, self._led_in(name, file.read_bytes(), root))
            os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))  # nothing is made anew for it

    def _led_in(self, file: str, text: bytes, root: str) -> bytes:
        """Its text with names of the project that are those of the copy; a shell script keeps the agent's path."""
        text = self._leading.text(text, root)
        text = self._leading.to_twins(text, os.path.dirname(root), self._written.get(file, ()))
        return keeping_path(text, "$PYTHONPATH") if file.endswith((".sh", ".bash")) else text

    def has_neighbour(self) -> bool:
        """Whether other copies are in use on this machine now: another search of this user's runs beside this one."""
        beside = Path(self.path).parent.glob(f"{PREFIX}*")
        return any(_is_held(folder) for folder in beside if str(folder) != self.path)

    def release(self, place: Place) -> None:
        """The copy may be used again, unless copies are kept."""
        if not self.keep:
            self._free.append((place.folder, self._clean[place.folder]))

    def check(self, outside: Set[str] = frozenset()) -> None:
        """Raises Overwritten where a file of the user's project was changed meanwhile; it names it.

        outside: what runs wrote outside of their copies.
        """
        for root, large in self._outside.large.items():
            for path in sorted(set(copying.large_changed(root, large)) - self.changed):
                if os.path.realpath(path) not in outside and is_open_for_writing(path):
                    self.changed.add(path)
                    continue
                raise Overwritten(
                    f"{path} changed during a short run: it is too large to copy, so copies link to it, and the "
                    "command (or something else) wrote it",
                    "restore it, and run the command with another output folder",
                )
        top = os.path.realpath(self.root)
        for path in sorted(outside):
            inner = os.path.relpath(path, top)
            is_hidden = f"/{inner}".count("/.") > 0
            if not is_below(path, {top}) or is_hidden or is_below(inner, self._leading.environments):
                continue
            if copying.is_older(path, self._began):  # opened so that it could be written, and read
                continue
            raise Overwritten(
                f"{path} was written during a short run, from within a copy of the project: the command names it in a "
                "way that leads out of the copy, or it lies in a folder too large to copy",
                "look whether it is still what you want it to be, and let the command write relative to its folder",
            )

    def _clean_copy(self) -> str:
        while self._free:
            folder, before = self._free.pop()
            for name in OWN:
                _remove(os.path.join(folder, name))
            try:
                copying.reset(folder, self._whole, before)
            except OSError:  # files became folders, or the like: made anew
                shutil.rmtree(folder, ignore_errors=True)
                continue
            self._clean[folder] = copying.stamps(folder)
            return folder
        self._made += 1
        folder = os.path.join(self.path, str(self._made))
        try:
            shutil.copytree(self._whole, folder, symlinks=True)
        except OSError as e:
            shutil.rmtree(folder, ignore_errors=True)  # it may have filled the disk
            why = e.strerror or "not all of it could be copied"
            raise RunError(
                f"no copy of the project can be made in {folder}: {why}", "set TMPDIR to a disk with room"
            ) from e
        self._clean[folder] = copying.stamps(folder)
        return folder


@contextmanager
def scratch(root: str, env: Mapping[str, str], *, keep: bool = False) -> Iterator[Scratch]:
    """Copies of the project at root, gone at the end unless they are to be kept.

    env: the environment of the user, which commands inherit.

    Raises:
        RunError: the folder is none that can be copied.
    """
    root = os.path.abspath(root)
    what = copying.contents(root, env.get("HOME", ""))
    with terminable():
        path = _made_in(env.get("TMPDIR") or None)
        held = os.open(path, os.O_RDONLY)
        fcntl.flock(held, fcntl.LOCK_EX)  # for as long as it is in use: so others know of it
        try:
            made = Scratch(path, root, what, env, keep)
            made.prepare()
            yield made
        finally:
            with undisturbed():
                os.close(held)
                if not keep:
                    _remove(path)


def _made_in(folder: str | None) -> str:
    """A new folder there, by its real name: by that runs name their files."""
    try:
        return os.path.realpath(tempfile.mkdtemp(prefix=PREFIX, dir=folder))
    except OSError as e:
        raise RunError(
            f"no folder for copies can be made in {folder or 'a temporary folder'}: {e.strerror}",
            "set TMPDIR to a disk with room",
        ) from e


def _is_held(folder: Path) -> bool:
    """Whether copies there are in use now, by a process of this user."""
    try:
        end = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return False
    try:
        fcntl.flock(end, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(end)
    return False


def _remove(path: str) -> None:
    shutil.rmtree(path, ignore_errors=True)
    if os.path.exists(path):  # folders that the command made read-only
        for inner, names, _ in os.walk(path):
            for folder in (inner, *(os.path.join(inner, name) for name in names)):
                if not os.path.islink(folder):
                    with suppress(OSError):  # another user's
                        os.chmod(folder, 0o700)
        shutil.rmtree(path, ignore_errors=True)
