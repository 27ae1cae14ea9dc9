"""Copies of a project for probes to run in: clean, with candidates put in. What is the user's is not written."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import sys
import tempfile
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from sixdays.errors import RunError
from sixdays.faster.model import Command, Setting
from sixdays.faster.setting import changed, preamble
from sixdays.probes import copying
from sixdays.probes.leading import OUT, Leading, is_below, is_new, twin
from sixdays.probes.putting import put_patch, put_preamble
from sixdays.processes import terminable, undisturbed


class Overwritten(RunError):
    """A file of the user's changed while the command ran: nothing more may be started."""


PREFIX = "sixdays-"  # of the folders that hold copies
OWN = (".tmp", ".agent")  # beside each copy, empty when a probe starts
PICTURES = (".png", ".pdf", ".svg", ".jpg", ".jpeg", ".gif")
# Trackers that would send what a probe does over the net write into the copy, or nowhere.
OFFLINE = {
    "WANDB_MODE": "offline",
    "WANDB_SILENT": "true",
    "COMET_START_ONLINE": "0",
    "NEPTUNE_MODE": "offline",
    "CLEARML_OFFLINE_MODE": "1",
    "SWANLAB_MODE": "offline",
    "DVC_STUDIO_OFFLINE": "1",
    "AIM_ACCESS_TOKEN": "",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "UV_NO_SYNC": "1",  # a copy is no reason to change the environment that it links to
    "UV_FROZEN": "1",
}
# The user's own value holds where there is one.
UNLESS_SET = {
    "HF_HUB_OFFLINE": "1",
    "HF_DATASETS_OFFLINE": "1",
    "PYTHONHASHSEED": "0",
    "SOURCE_DATE_EPOCH": "315532800",
}
WITHOUT_DISPLAY = {"MPLBACKEND": "Agg", "SDL_VIDEODRIVER": "dummy", "SDL_AUDIODRIVER": "dummy"}


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
        self._home = env.get("HOME", "")
        self._name = os.path.basename(root) or "project"
        self._whole = os.path.join(path, "pristine")
        self.pristine = os.path.join(self._whole, self._name)
        self._leading = Leading(root, [p for p in what.linked if p not in what.large], self._home)
        self._naming: tuple[str, ...] = ()  # files that name the project by its full path
        self._made = 0
        self._free: list[tuple[str, dict[str, copying.Stamp]]] = []
        self._clean: dict[str, dict[str, copying.Stamp]] = {}
        self._large = {root: what.large}
        self._met: set[str] = set()  # paths outside that commands name

    def prepare(self) -> None:
        texts = dict(copying.texts(self.root, self.what))
        beside = copying.beside(self.root, texts)
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
            self._large[original] = what.large
            copying.copy(original, what, copied)
        self._leading.beside |= beside.keys()
        self._naming = tuple(name for name, text in texts.items() if self._leading.text(text, "") != text)
        for path, full in sorted(copying.outward(self.root, self.what.links), key=lambda found: found[1]):
            if self._has_twin(full):
                link = os.path.join(self.pristine, path)
                os.unlink(link)
                os.symlink(os.path.relpath(twin(self._whole, full), os.path.dirname(link)), link)

    def _has_twin(self, path: str) -> bool:
        """Makes one for all copies, where what is there outside is small."""
        made = self._leading.twins
        if (
            not is_below(path, made)
            and not any(is_below(t, {path}) for t in made)
            and copying.copy_small(path, twin(self._whole, path), self._home)
        ):
            made.add(path)
        return is_below(path, made)

    def _meet(self, command: Command) -> None:
        """Paths outside that the command may write have twins from now on, also those that are not there yet.

        Decided once for all runs: what one of them writes outside must not change what the next one gets.
        """
        paths = {self._leading.outside(word, command.cwd) for word in command.argv[1:]} - self._met - {""}
        self._met |= paths
        for path in sorted(paths):
            if is_below(self.path, {path}) or is_below(self.root, {path}) or is_below(path, {self.path}):
                continue
            if is_new(path):
                self._leading.twins.add(path)
            elif not self._made and copying.may_be_written(path):
                self._has_twin(path)

    def fresh(self, command: Command, setting: Setting = (), *, is_to_run: bool = True) -> Place:
        """A clean copy with the candidates put in. is_to_run: full names of the project in its files lead into it too.

        Raises:
            RunError: a patch does not apply, or there is no script to load a preamble.
        """
        inner = changed(command, setting)
        self._meet(inner)
        folder = self._clean_copy()
        root = os.path.join(folder, self._name)
        for name in (*OWN, OUT):
            os.makedirs(os.path.join(folder, name), exist_ok=True)
        for path in self._leading.twins:
            os.makedirs(os.path.dirname(twin(folder, path)), exist_ok=True)
        argv = tuple(self._leading.word(word, folder, root, command.cwd) for word in inner.argv)
        if len(argv) > 2 and re.fullmatch(r"-\w*c", argv[1]):  # a line for a shell, with words of its own
            line = self._leading.text(os.fsencode(argv[2]), root)
            argv = (*argv[:2], os.fsdecode(line), *argv[3:])
        try:
            for c in setting:
                if c.patch:
                    put_patch(root, command.cwd, c.patch, self._env, c.name)
            text, loads = preamble(setting), ("", "")
            if text:
                loads = put_preamble(replace(command, argv=argv, root=root), text, self._env)
        except RunError:
            self._free.append((folder, self._clean[folder]))
            raise
        for name in self._naming if is_to_run else ():
            self._lead_in(Path(root, name), root)
        unset = {u for c in setting for u in c.unset if not inner.env.get(u)}
        return Place(
            folder=folder,
            root=root,
            cwd=os.path.normpath(os.path.join(root, command.cwd)),
            agent=os.path.join(folder, ".agent"),
            mark=uuid.uuid4().hex,
            argv=argv,
            env=self._environment(inner.env, unset, folder, command.cwd),
            original=self.root,
            loads=loads,
            ready=copying.stamps(folder),
        )

    def _lead_in(self, file: Path, root: str) -> None:
        """A file of the copy at root that names the project; a patch may have taken it away."""
        if file.is_file() and not file.is_symlink():
            mode, text = file.stat().st_mode, self._leading.text(file.read_bytes(), root)
            file.unlink()
            file.write_bytes(text)
            file.chmod(mode)

    def has_neighbour(self) -> bool:
        """Whether other copies are in use on this machine now: another search of this user's runs beside this one."""
        beside = Path(self.path).parent.glob(f"{PREFIX}*")
        return any(_is_held(folder) for folder in beside if str(folder) != self.path)

    def release(self, place: Place) -> None:
        """The copy may be used again, unless copies are kept."""
        if not self.keep:
            self._free.append((place.folder, self._clean[place.folder]))

    def check(self, outside: Iterable[str] = ()) -> None:
        """Raises Overwritten where a file of the user's project was changed meanwhile; it names it.

        outside: what runs wrote outside of their copies.
        """
        for root, large in self._large.items():
            if names := sorted(copying.large_changed(root, large)):
                raise Overwritten(
                    f"{os.path.join(root, names[0])} changed during a short run: it is too large to copy, so "
                    "copies link to it, and the command (or something else) wrote it",
                    "restore it, and run the command with another output folder",
                )
        top = os.path.realpath(self.root)
        for path in outside:
            inner = os.path.relpath(path, top)
            if (
                is_below(path, {top})
                and not f"/{inner}".count("/.")
                and not is_below(inner, self._leading.environments)
            ):
                raise Overwritten(
                    f"{path} was written during a short run, from within a copy of the project: the command names it "
                    "in a way that leads out of the copy, or it lies in a folder too large to copy",
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
            raise RunError(
                f"no copy of the project can be made in {folder}: {e}", "set TMPDIR to a disk with room"
            ) from e
        self._clean[folder] = copying.stamps(folder)
        return folder

    def _environment(self, own: Mapping[str, str], unset: set[str], folder: str, cwd: str) -> dict[str, str]:
        root = os.path.join(folder, self._name)

        def led(value: str) -> str:
            return self._leading.word(value, folder, root, cwd)

        env = {k: v if k == "PATH" else led(v) for k, v in self._env.items()}
        env.pop("PYTHONDONTWRITEBYTECODE", None)
        quiet = {k: v for k, v in OFFLINE.items() if env.get(k) not in ("disabled", "dryrun")}
        env = {
            **UNLESS_SET,
            "TORCHINDUCTOR_CACHE_DIR": os.path.join(self.path, "compiled"),  # one for all probes
            **env,
            **quiet,
            "PYTHONUNBUFFERED": "1",
            "TMPDIR": os.path.join(folder, ".tmp"),
            "PWD": os.path.normpath(os.path.join(root, cwd)),
        }
        env["MLFLOW_TRACKING_URI"] = Path(root, "mlruns").as_uri()
        if sys.platform != "darwin" and not (env.get("DISPLAY") or env.get("WAYLAND_DISPLAY")):
            env = {**WITHOUT_DISPLAY, **env}
        env.update({k: led(v) for k, v in own.items()})
        for name in unset:
            env.pop(name, None)
        if paths := env.get("PYTHONPATH"):
            env["PYTHONPATH"] = os.pathsep.join(map(led, paths.split(os.pathsep)))
        return env


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
        path = tempfile.mkdtemp(prefix=PREFIX, dir=env.get("TMPDIR") or None)
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
                    os.chmod(folder, 0o700)
        shutil.rmtree(path, ignore_errors=True)
