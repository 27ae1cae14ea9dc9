"""Where paths lead from a copy: into it, to a twin beside it of what lies outside, or where they always led."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import partial

OUT = ".out"  # beside a copy: its twins of what lies outside of the project, by their full paths
_HOME = ("~/", "$HOME/", "${HOME}/")
# Where a name begins, not a part of one; also behind file:// and sqlite:///, and in ${ROOT:-/scratch/me/work}.
_FIRST = r"(?:(?<![\w./~-])|(?<=[a-z]://)|(?<=[a-z]:///)|(?<=:-))"
# Of the system, or of all: never copied, nor is anything new led elsewhere.
_SYSTEM = ("/dev", "/proc", "/sys", "/run", "/etc", "/usr", "/bin", "/sbin", "/lib", "/lib64", "/boot")


def twin(folder: str, path: str) -> str:
    """Where the copy in a folder has its own of a path outside.

    >>> twin("/tmp/copies/1", "/data/out")
    '/tmp/copies/1/.out/data/out'
    """
    return os.path.join(folder, OUT, path.lstrip(os.sep))


class Leading:
    """root: the project. environments: inside of it, to which copies link. env: the user's, for HOME and PWD.

    names: all full names by which the project is known. beside: names of folders beside the project that stand beside
    each copy too. twins: paths outside of which each copy has its own.
    """

    def __init__(self, root: str, environments: Sequence[str], env: Mapping[str, str]) -> None:
        self.root = root
        self.names = sorted(set(_names(root, env)), key=len, reverse=True)
        self.environments = environments
        self.beside: set[str] = set()
        self.twins: set[str] = set()
        self._home = os.path.normpath(env["HOME"]) if env.get("HOME") else ""
        self._user = env.get("USER") or env.get("LOGNAME") or ""
        spelt = [_spelt(name, self._user) for name in self.names]
        below_home = [*filter(None, map(self._below_home, self.names))]
        own = "|".join(map(re.escape, environments))
        kept = rf"(?!/(?:{own})(?:[/\s'\"]|$))" if own else ""  # an environment's own interpreter
        last = r"(?=[/\s;&|()'\",:\]}`]|$)"

        def named(names: Sequence[str]) -> re.Pattern[bytes]:
            return re.compile(os.fsencode(rf"{_FIRST}(?:{'|'.join([*names, *below_home])}){kept}{last}"), re.M)

        self._named = named(spelt)
        # Of a project in /data a text names it only with what is there: "/data" alone may be many things.
        inside = "|".join(map(re.escape, sorted(os.listdir(root)))) if os.path.isdir(root) else ""
        is_short = [os.path.dirname(name) == os.sep for name in self.names]
        careful = [rf"{s}(?=/(?:{inside})(?![\w.-]))" if short else s for s, short in zip(spelt, is_short, strict=True)]
        self._in_texts = named(careful)

    def text(self, source: bytes, root: str) -> bytes:
        """A text with full names of the project that are those of its copy at root; ~ and $HOME are read."""
        return self._in_texts.sub(partial(_as_there, root), source)

    def _below_home(self, path: str) -> str:
        """A pattern for a path by the home folder; empty where it does not lie there."""
        if not self._home or path == self._home or not is_below(path, {self._home}):
            return ""
        return rf"(?:~|\$HOME|\$\{{HOME\}}|\"\$HOME\"|\"\$\{{HOME\}}\")/+{_spelt(os.path.relpath(path, self._home))}"

    def word(self, word: str, folder: str, root: str, cwd: str) -> str:
        """A word of a command, or a value of the environment, as the copy at root gets it. folder: holds the copy."""
        led = os.fsdecode(self._named.sub(partial(_as_there, root), os.fsencode(word)))
        if re.search(r"\s", led):  # a line for a shell
            led = os.fsdecode(self.to_twins(os.fsencode(led), folder, self.twins))
        full = self.outside(word, cwd) if led == word else ""
        if not full:
            return led
        head, tail = _split(word)
        if is_of_home := tail.startswith(_HOME):
            tail = full
        is_full = tail.startswith(os.sep)
        if is_below(full, self.twins):
            return head + twin(folder, tail if is_full else full)
        if self.is_beside(full):
            return head + os.path.join(folder, os.path.relpath(full, os.path.dirname(self.root))) if is_full else word
        return word if is_full or is_of_home else head + full

    def to_twins(self, text: bytes, folder: str, paths: Collection[str]) -> bytes:
        """A text, or a line for a shell, with these paths outside as the twins of the copy in a folder."""
        for path in sorted(paths, key=len, reverse=True):
            ways = "|".join(filter(None, (_spelt(path, self._user), self._below_home(path))))
            named = re.compile(os.fsencode(rf"{_FIRST}(?:{ways})(?=[/\s;&|()'\"`,}}\]]|$)"), re.M)
            text = named.sub(partial(_as_there, twin(folder, path)), text)
        return text

    def is_beside(self, path: str) -> bool:
        """Whether it lies in a folder beside the project that stands beside each copy too."""
        return os.path.relpath(path, os.path.dirname(self.root)).partition(os.sep)[0] in self.beside

    def outside(self, word: str, cwd: str) -> str:
        """The full path that a word names outside of the project, there or not; empty where it names none.

        Not a pattern or a line for a shell.
        """
        tail = _split(word)[1]
        if self._home and (start := next(filter(tail.startswith, _HOME), "")):  # programs read ~ too
            tail = os.path.join(self._home, tail[len(start) :])
        full = os.path.normpath(os.path.join(self.root, cwd, tail))
        if not (tail == ".." or tail.startswith((os.sep, "../"))) or re.search(r"[,;|&<>*?{}%$\[\]:\n]|^//", tail):
            return ""
        if " " in tail and not os.path.exists(os.path.dirname(full)):
            return ""
        return "" if is_below(full, {*self.names, *_SYSTEM}) else full

    def all_outside(self, word: str, cwd: str) -> Iterator[str]:
        """The paths that a word names outside, those in a line for a shell too."""
        try:
            words = [word, *shlex.split(word)] if re.search(r"\s", word) else [word]
        except ValueError:  # no such line
            words = [word]
        yield from filter(None, (self.outside(w, cwd) for w in words))


def _spelt(path: str, user: str = "") -> str:
    r"""A pattern for a path as shells have it: /scratch/$USER/my\ project//data.

    >>> bool(re.fullmatch(_spelt("/scratch/me/my work", "me"), r"/scratch/${USER}//my\ work"))
    True
    """

    def part(name: str) -> str:
        spelt = "".join(re.escape(c) if c.isalnum() or c in "_.-" else rf"\\?{re.escape(c)}" for c in name)
        return rf"(?:{spelt}|\$(?:USER|LOGNAME)|\$\{{(?:USER|LOGNAME)\}})" if name == user else spelt

    return os.sep * path.startswith(os.sep) + "/+".join(part(name) for name in path.strip(os.sep).split(os.sep))


def _as_there(path: str, found: re.Match[bytes]) -> bytes:
    """The path instead of what was found, spelt as that is."""
    return os.fsencode(re.sub(r"([^\w/.-])", r"\\\1", path) if b"\\" in found[0] else path)


def _names(root: str, env: Mapping[str, str]) -> Iterator[str]:
    """A project is known by where its links lead, and by how the user came to it: /home/me may lead to /nfs/home/me."""
    real, home, here = os.path.realpath(root), env.get("HOME", ""), env.get("PWD", "")
    yield from (root, real)
    if home and is_below(real, {os.path.realpath(home)}):
        yield os.path.normpath(os.path.join(home, os.path.relpath(real, os.path.realpath(home))))
    below = os.path.relpath(os.path.realpath(here), real) if here and is_below(os.path.realpath(here), {real}) else ""
    if below == ".":
        yield os.path.normpath(here)
    elif below and here.endswith(os.sep + below):
        yield os.path.normpath(here[: -len(below) - 1])


def new_part(path: str) -> str:
    """The first folder of a path that is not there; empty where all of it is, or where it is what names of files that
    are there begin with: model.index.

    >>> new_part("/"), new_part(os.path.join(os.getcwd(), "none", "such")) == os.path.join(os.getcwd(), "none")
    ('', True)
    """
    if os.path.lexists(path):
        return ""
    while not os.path.isdir(above := os.path.dirname(path)):
        path = above
    begun = re.compile(re.escape(os.path.basename(path)) + r"[-_.]?(?:\d|[.]\w)")
    try:
        return "" if above == os.sep or any(map(begun.match, os.listdir(above))) else path
    except OSError:
        return ""


def is_below(path: str, folders: Collection[str]) -> bool:
    """By its name alone: a link counts as where it stands."""
    return any(path == f or path.startswith(f.rstrip(os.sep) + os.sep) for f in folders)


def _split(word: str) -> tuple[str, str]:
    """A word as what stands before a path, `--out=` or `sqlite:///`, and the path.

    >>> _split("--db=sqlite:////data/x.db"), _split("file:///x"), _split("--out=~/x"), _split("a=b")
    (('--db=sqlite:///', '/data/x.db'), ('file://', '/x'), ('--out=', '~/x'), ('', 'a=b'))
    """
    found = re.match(
        r"((?:.*=)?(?:sqlite(?:\+\w+)?:///|file:(?://)?)?)((?:~/|\$HOME/|\$\{HOME\}/|/|\.\./|\.\.$).*)", word, re.S
    )
    return (found[1], found[2]) if found else ("", word)
