"""What copies have of their own of what lies outside of the project: as it was at the start, anew for each run."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterable, Mapping

from sixdays.errors import RunError
from sixdays.probes import copying
from sixdays.probes.leading import Leading, is_below, new_part, twin

MOST_FILES, MOST_BYTES = 5_000, 256 << 20  # of one folder outside
MOST_IN_ALL = 1 << 30
OF_TEXTS = 4  # a part of that for what files of the project name: what its command names comes later
MOST_LINKS = 1_000  # of a project, that lead out of it to one file each: more are data
# Values of the environment by names like these say where results go: OUT_DIR, nnUNet_results, WANDB_DIR.
_WRITTEN_TO = re.compile(
    r"(?:^|_)(?:out|outputs?|results?|logs?|logging|save|saves|ckpts?|checkpoints?|runs?|exps?|experiments?|wandb|"
    r"tensorboard)(?:_?(?:dir|path|root|folder))?$",
    re.I,
)

# An option or a key with a full path behind it: --output_dir /x, output_dir: /x, OUT="/x".
_NAMED = re.compile(
    rb"""(?<![\w$])([A-Za-z][\w-]*)["']?(?:[ \t]*[:=][ \t]*|[ \t]+)["']?"""
    rb"""((?:/|~/|\$HOME/)[\w./~+-]+)(?=["'\s,;)}\]]|$)"""
)


def written_to(text: bytes) -> set[str]:
    r"""Full paths that a shell script or a configuration names as a place for results.

    >>> sorted(written_to(b"--output-dir /a/x --data /d; LOG_DIR='/b'\nsave_path: /c/y # /e"))
    ['/a/x', '/b', '/c/y']
    """
    found = ((os.fsdecode(name).replace("-", "_"), os.fsdecode(path)) for name, path in _NAMED.findall(text))
    return {path for name, path in found if _WRITTEN_TO.search(name)}


class Outside:
    """Makes twins, below a folder that all copies are made from. large: files to which they link, by their folder."""

    def __init__(self, leading: Leading, whole: str, home: str) -> None:
        self._leading = leading
        self._whole = whole
        self._home = home
        self._met: set[str] = set()
        self._left = MOST_IN_ALL
        self.large: dict[str, Mapping[str, tuple[int, int]]] = {}

    def lead_links(self, links: Mapping[str, str], original: str, copied: str) -> None:
        """Links of a folder that lead out of it to what may be written lead to twins, in its copy."""
        found = sorted(copying.outward(original, links), key=lambda link: _written_first(link[1]))
        for path, full in found if len(found) <= MOST_LINKS else [x for x in found if os.path.isdir(x[1])]:
            if copying.may_be_written(full) and self._has_twin(full):
                link = os.path.join(copied, path)
                # of a folder that was copied once more, with one above it, a part may be the user's own by now
                if os.path.islink(link) and is_below(os.path.realpath(os.path.dirname(link)), {self._whole}):
                    os.unlink(link)
                    os.symlink(os.path.relpath(twin(self._whole, full), os.path.dirname(link)), link)

    def meet_in_text(self, paths: Iterable[str]) -> set[str]:
        """Paths that a file of the project names, likewise, while there is much room; those that have a twin."""
        for_later = MOST_IN_ALL - MOST_IN_ALL // OF_TEXTS
        self._left -= for_later
        found = self.meet(paths, {}, "", is_late=False)
        self._left += for_later
        return found

    def meet(self, words: Iterable[str], env: Mapping[str, str], cwd: str, *, is_late: bool) -> set[str]:
        """Paths outside that a command may write have twins from now on, also those that are not there yet.

        Decided once for all runs: what one of them writes outside must not change what the next one gets. is_late:
        copies have been made, so that what is there outside gets no twin any more. Those that have one are returned.
        """
        words = [*words, *(value for name, value in env.items() if _WRITTEN_TO.search(name))]
        paths = {path for word in words for path in self._leading.all_outside(word, cwd)}
        new_paths = paths - self._met
        self._met |= paths
        for path in sorted((path for path in new_paths if not self._leading.is_beside(path)), key=_written_first):
            if is_below(path, self._leading.twins):
                continue
            if new := new_part(path):
                self._leading.twins.add(new)
            elif not is_late and copying.may_be_written(path):
                self._has_twin(path)
        return {path for path in paths if is_below(path, self._leading.twins)}

    def _has_twin(self, path: str) -> bool:
        """Makes one for all copies, where there is not too much."""
        made = self._leading.twins
        holds = any(is_below(x, {path}) for x in (self._leading.root, self._whole))
        if not is_below(path, made) and not holds and (what := self._copied(path)):
            made -= {x for x in made if is_below(x, {path})}
            made.add(path)
            self.lead_links(what.links, path, twin(self._whole, path))
        return is_below(path, made)

    def _copied(self, path: str) -> copying.Contents | None:
        """Copies what is there, with what of it was copied before; None where that is too much."""
        if os.path.isdir(path):
            try:
                what = copying.contents(path, self._home, most_files=MOST_FILES, most_bytes=MOST_BYTES)
            except RunError:
                return None
        elif os.path.isfile(path):
            name = os.path.basename(path)
            what = copying.Contents((), {name: os.path.getsize(path)}, {}, (), {})
        else:  # a device, a pipe
            return None
        if what.size > self._left or 4 * what.size > shutil.disk_usage(self._whole).free:
            return None
        self._left -= what.size
        target = twin(self._whole, path)
        if os.path.lexists(target):
            shutil.rmtree(target)
        if os.path.isdir(path):
            copying.copy(path, what, target)
            self.large[path] = what.large
        else:
            copying.copy(os.path.dirname(path), what, os.path.dirname(target))
        return what


def _written_first(path: str) -> tuple[bool, bool, str]:
    """Sorts what looks like output before the rest, folders before files: while there is room for twins of it."""
    return not any(map(_WRITTEN_TO.search, path.split(os.sep))), not os.path.isdir(path), path
