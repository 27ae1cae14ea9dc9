"""Copies of a project for probes to run in: clean, with candidates put in. The user's files are never written."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tokenize
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import product
from pathlib import Path

from sixdays.errors import RunError
from sixdays.faster.model import Command, Setting
from sixdays.faster.preload import line_of, loaded_by, with_first_line
from sixdays.faster.setting import PREAMBLE, added, changed, preamble
from sixdays.probes import copying
from sixdays.probes.entry import entry_of
from sixdays.processes import terminable, undisturbed


class Overwritten(RunError):
    """A file of the user's changed while the command ran: nothing more may be started."""


PREFIX = "sixdays-"  # of the folders that hold copies
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
    with the candidates in. ready: the files as they are before it starts.
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
        """Files that are new or changed since it was made ready, with their sizes."""
        return copying.changed_since(self.root, self.ready)

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
    """Copies of one project. path: the folder that holds them all. pristine: an unchanged one. keep: use none twice."""

    def __init__(self, path: str, root: str, what: copying.Contents, env: Mapping[str, str], keep: bool) -> None:
        self.path = path
        self.root = root
        self.what = what
        self.keep = keep
        self._env = dict(env)
        self._name = os.path.basename(root) or "project"
        self.pristine = os.path.join(path, "pristine")
        self._made = 0
        self._free: list[tuple[str, dict[str, copying.Stamp]]] = []
        self._clean: dict[str, dict[str, copying.Stamp]] = {}
        self._beside: dict[str, str] = {}  # copies of folders beside the project, one for all probes
        self._large = {root: what.large}
        self._seen: set[str] = set()  # words of commands, and which of them are paths outside that were not there
        self._new: set[str] = set()

    def prepare(self) -> None:
        room = shutil.disk_usage(self.path).free
        if self.what.size * 3 > room:
            size = self.what.size >> 20
            raise RunError(f"no room for copies of {self.root}: {size:,} MB each", "set TMPDIR to a disk with room")
        copying.copy(self.root, self.what, self.pristine)
        copying.with_history(self.root, self.pristine, self._env)
        for name, what in copying.beside(self.root, self.what).items():
            original = os.path.join(os.path.dirname(self.root), name)
            if what is None:  # as where its full path is named; what is written there is told
                self._beside[name] = original
                continue
            self._beside[name] = os.path.join(self.path, "beside", name)
            self._large[original] = what.large
            copying.copy(original, what, self._beside[name])
        self._lead_in()

    def _lead_in(self) -> None:
        """Links of the project that lead out of it lead to copies instead, where those are small."""
        made: dict[str, str] = {}
        for path, full in copying.outward(self.root, self.what.links):
            if full not in made:
                target = os.path.join(self.path, "linked", str(len(made)))
                if not copying.copy_small(full, target, self._env.get("HOME", "")):
                    continue
                made[full] = target
            link = os.path.join(self.pristine, path)
            os.unlink(link)
            os.symlink(made[full], link)

    def fresh(self, command: Command, setting: Setting = ()) -> Place:
        """A clean copy with the candidates put in.

        Raises:
            RunError: a patch does not apply, or there is no script to load a preamble.
        """
        folder = self._clean_copy()
        root = os.path.join(folder, self._name)
        inner = changed(command, setting)
        for name in (".tmp", ".agent", ".out"):
            _remove(os.path.join(folder, name))
            os.mkdir(os.path.join(folder, name))
        argv = tuple(self._mapped(word, root, command.cwd) for word in inner.argv)
        argv = (*argv[:1], *self._led_in(argv[1:], folder))
        if len(argv) > 2 and re.fullmatch(r"-\w*c", argv[1]):  # a line for a shell, with words of its own
            within = rf"{re.escape(self.root)}(?=[/\s;&|)'\"]|$)"
            argv = (*argv[:2], re.sub(within, lambda _: root, argv[2]), *argv[3:])
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
        unset = {u for c in setting for u in c.unset if not inner.env.get(u)}
        return Place(
            folder=folder,
            root=root,
            cwd=os.path.normpath(os.path.join(root, command.cwd)),
            agent=os.path.join(folder, ".agent"),
            mark=uuid.uuid4().hex,
            argv=argv,
            env=self._environment(inner.env, unset, root, command.cwd, os.path.join(folder, ".tmp")),
            original=self.root,
            loads=loads,
            ready=copying.project_stamps(root),
        )

    def has_neighbour(self) -> bool:
        """Whether other copies are in use on this machine now: another search of this user's runs beside this one."""
        beside = Path(self.path).parent.glob(f"{PREFIX}*")
        return any(_is_held(folder) for folder in beside if str(folder) != self.path)

    def release(self, place: Place) -> None:
        """The copy may be used again, unless copies are kept."""
        if not self.keep:
            self._free.append((place.folder, self._clean[place.folder]))

    def check(self) -> None:
        """Raises Overwritten where a large file of the user's was changed meanwhile; it names it."""
        for root, large in self._large.items():
            if names := sorted(copying.large_changed(root, large)):
                raise Overwritten(
                    f"{os.path.join(root, names[0])} changed during a short run: it is too large to copy, so "
                    "copies link to it, and the command (or something else) wrote it",
                    "restore it, and run the command with another output folder",
                )

    def _clean_copy(self) -> str:
        while self._free:
            folder, before = self._free.pop()
            root = os.path.join(folder, self._name)
            try:
                copying.reset(root, self.pristine, before)
            except OSError:  # files became folders, or the like: made anew
                shutil.rmtree(folder, ignore_errors=True)
                continue
            self._clean[folder] = copying.stamps(root)
            return folder
        self._made += 1
        folder = os.path.join(self.path, str(self._made))
        root = os.path.join(folder, self._name)
        try:
            shutil.copytree(self.pristine, root, symlinks=True)
            for name, shared in self._beside.items():
                os.symlink(shared, os.path.join(folder, name))
        except OSError as e:
            raise RunError(
                f"no copy of the project can be made in {folder}: {e}", "set TMPDIR to a disk with room"
            ) from e
        self._clean[folder] = copying.stamps(root)
        return folder

    def _mapped(self, word: str, root: str, cwd: str) -> str:
        """A word of the command with paths into the project leading into the copy, and paths out of it as they were."""
        head, tail = _split(word)
        for real in {self.root, os.path.realpath(self.root)}:
            if tail == real or tail.startswith(real + os.sep):
                inner = os.path.relpath(tail, real)
                if any(inner == link or inner.startswith(link + os.sep) for link in self.what.linked):
                    return word  # an environment's own interpreter; a large file
                return head + os.path.normpath(os.path.join(root, inner))
        if tail.startswith("../"):
            full = os.path.normpath(os.path.join(self.root, cwd, tail))
            if not full.startswith(self.root + os.sep) and full != self.root and os.path.exists(full):
                name, _, rest = os.path.relpath(full, os.path.dirname(self.root)).partition(os.sep)
                return head + (os.path.join(self._beside[name], rest).rstrip(os.sep) if name in self._beside else full)
        return word

    def _led_in(self, words: Sequence[str], folder: str) -> list[str]:
        """Words with paths outside that are not there yet leading beside the copy, where they are made anew each time.

        Decided once for all runs: what one of them writes outside must not change what the next one gets.
        """
        heads, tails = zip(*map(_split, words), strict=True) if words else ((), ())
        paths = [os.path.normpath(t) for t in tails]
        self._new |= {p for p in paths if p not in self._seen and self._is_new(p)}
        self._seen |= set(paths)
        for path in self._new:
            os.makedirs(os.path.join(folder, ".out", os.path.dirname(path).lstrip(os.sep)), exist_ok=True)
        return [
            head + (os.path.join(folder, ".out", tail.lstrip(os.sep)) if _is_below(path, self._new) else tail)
            for head, tail, path in zip(heads, tails, paths, strict=True)
        ]

    def _is_new(self, path: str) -> bool:
        """Whether it is the full path of something that is not there, in a folder that is.

        Not a pattern, a line for a shell, or what names of files that are there begin with.
        """
        above, name = os.path.split(path)
        if not path.startswith(os.sep) or re.search(r"[\s,;|&<>*?{}%$\[\]:]", path) or above == os.sep:
            return False
        if _is_below(path, {self.path, self.root, "/dev", "/proc", "/sys", "/run"}) or os.path.lexists(path):
            return False
        try:
            return not any(there.startswith(name) for there in os.listdir(above))
        except OSError:
            return False

    def _environment(self, own: Mapping[str, str], unset: set[str], root: str, cwd: str, tmp: str) -> dict[str, str]:
        env = {k: v if k == "PATH" else self._mapped(v, root, cwd) for k, v in self._env.items()}
        env.pop("PYTHONDONTWRITEBYTECODE", None)
        quiet = {k: v for k, v in OFFLINE.items() if env.get(k) not in ("disabled", "dryrun")}
        env = {
            **UNLESS_SET,
            "TORCHINDUCTOR_CACHE_DIR": os.path.join(self.path, "compiled"),  # one for all probes
            **env,
            **quiet,
            "PYTHONUNBUFFERED": "1",
            "TMPDIR": tmp,
            "PWD": os.path.normpath(os.path.join(root, cwd)),
        }
        env["MLFLOW_TRACKING_URI"] = Path(root, "mlruns").as_uri()
        if sys.platform != "darwin" and not (env.get("DISPLAY") or env.get("WAYLAND_DISPLAY")):
            env = {**WITHOUT_DISPLAY, **env}
        env.update({k: self._mapped(v, root, cwd) for k, v in own.items()})
        for name in unset:
            env.pop(name, None)
        if paths := env.get("PYTHONPATH"):
            env["PYTHONPATH"] = os.pathsep.join(self._mapped(p, root, cwd) for p in paths.split(os.pathsep))
        return env


def _is_below(path: str, folders: Iterable[str]) -> bool:
    """By its name alone: a link counts as where it stands."""
    return any(path == f or path.startswith(f + os.sep) for f in folders)


def _split(word: str) -> tuple[str, str]:
    """A word as what stands before a path, `--out=`, and the path."""
    head, sep, tail = word.rpartition("=")
    return (head + sep, tail) if "/" in tail else ("", word)


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


def put_patch(root: str, cwd: str, patch: str, env: Mapping[str, str], name: str) -> None:
    """Changes files of the copy as `git apply` does; paths may be relative to the root or to the command's folder.

    The lines of a patch may end otherwise than those of the files: what an assistant writes rarely has their ends.

    Raises:
        RunError: it does not apply, with the reason that git gives.
    """
    if found := re.search(r"^(?:---|\+\+\+|rename to|copy to) (/(?!dev/null).*)", patch, re.M):
        raise RunError(f"the patch {name} changes {found[1]}, outside of the project", "name files relative to it")
    clean = {k: v for k, v in env.items() if not k.startswith("GIT_")}
    clean |= {"GIT_CEILING_DIRECTORIES": os.path.dirname(root), "LC_ALL": "C"}
    first = ""
    for text, strip, folder in product(_any_ends(patch), ("-p1", "-p0"), dict.fromkeys((".", cwd))):
        argv = ["git", "apply", strip, "--recount", "--whitespace=nowarn", f"--directory={folder}", "-"]
        argv = [w for w in argv if w != "--directory=."]
        try:
            ran = subprocess.run(
                argv, cwd=root, env=clean, input=text.encode(), capture_output=True, timeout=20, check=False
            )
        except FileNotFoundError as e:
            raise RunError("git is not there, and a patch needs it", "install git") from e
        except subprocess.TimeoutExpired as e:
            raise RunError(f"the patch {name} could not be applied within 20 s") from e
        if ran.returncode == 0:
            return
        first = first or ran.stderr.decode("utf-8", "replace").strip().partition("\n")[0]
    if found := re.search(r"invalid path '(.*)'|'(.*)' is beyond a symbolic link", first):
        outside = found[1] or found[2]
        raise RunError(f"the patch {name} changes {outside}, outside of the project", "leave that file out of it")
    why = first.removeprefix("error: ")
    raise RunError(f"the patch {name} does not apply: {why}", "make it with: git diff > my.diff")


def _any_ends(patch: str) -> Iterable[str]:
    r"""A patch as it is, for files whose lines end with \n, and for files whose lines end with \r\n.

    >>> list(_any_ends("--- a/x\n+++ b/x\n@@ -1 +1 @@\n-1\n+2\n"))[1]
    '--- a/x\n+++ b/x\n@@ -1 +1 @@\n-1\r\n+2\r\n'
    """
    plain = patch.replace("\r\n", "\n")
    other = re.sub(r"^(?!--- |\+\+\+ )([ +-].*|)\n", lambda m: f"{m[1] or ' '}\r\n", plain, flags=re.M)
    return dict.fromkeys((patch, plain, other))


def put_preamble(command: Command, text: str, env: Mapping[str, str]) -> tuple[str, str]:
    """Writes the preamble into the copy at the command's root, and the line that loads it first into the script.

    Which script that is, and the file of the preamble, relative to the root. What the script loads already is added to;
    where another script's lies there, it has a name of its own.

    Raises:
        RunError: the command has no script in the project.
    """
    entry = entry_of(command, env.get("PATH"))
    script = Path(os.path.normpath(os.path.join(command.root, entry or "")))
    beside = _import_folder(command, script)
    if entry is None or not all(_is_inside(p, command.root) for p in (beside, script.parent)):
        raise RunError("no Python script of the project was found in the command, to load what makes it faster")
    raw = script.read_bytes()
    try:
        coding, _ = tokenize.detect_encoding(iter(raw.splitlines(keepends=True)).__next__)
    except SyntaxError:
        coding = "utf-8"
    source = raw.decode(coding, "surrogateescape")
    file = beside / f"{loaded_by(source)}.py"
    if file.is_file():
        text = added(file.read_text(encoding="utf-8"), text)
    else:
        file = beside / PREAMBLE
        if file.exists():  # another script's
            file = file.with_stem(re.sub(r"\W", "_", f"{file.stem}_{script.stem}"))
        source = with_first_line(source, line_of(file.stem))
    for path in (script, file):
        path.unlink(missing_ok=True)  # a link would lead to the user's own
    script.write_bytes(source.encode(coding, "surrogateescape"))
    file.write_text(text, encoding="utf-8")
    return os.path.relpath(script, command.root), os.path.relpath(file, command.root)


def _import_folder(command: Command, script: Path) -> Path:
    """Where Python looks first for what the script imports.

    Beside it, where the command names it; for a module the folder that it runs in, or that holds its package.
    """
    cwd = os.path.join(command.root, command.cwd)
    named = {os.path.normpath(os.path.join(cwd, w)) for w in command.argv}
    if {str(script), str(script.parent)} & named:
        return script.parent
    if any(re.fullmatch(r"-\w*m", w) for w in command.argv):
        return Path(os.path.normpath(cwd))
    folder = script.parent
    while (folder / "__init__.py").exists() and folder != folder.parent:
        folder = folder.parent
    return folder


def _is_inside(path: Path, root: str) -> bool:
    """Where its links lead."""
    return path.resolve().is_relative_to(Path(root).resolve())
