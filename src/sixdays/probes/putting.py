"""Candidates put into a copy: a patch, as git applies it; a preamble, with the line that loads it."""

from __future__ import annotations

import os
import re
import subprocess
import tokenize
from collections.abc import Iterable, Mapping
from itertools import product
from pathlib import Path

from sixdays.errors import RunError
from sixdays.faster.model import Command
from sixdays.faster.preload import line_of, loaded_by, with_first_line
from sixdays.faster.setting import PREAMBLE, added
from sixdays.probes.copying import rewrite


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
    patch = _parted(patch)
    names = re.findall(r"^(?:---|\+\+\+) (\S+)", patch, re.M)
    is_plain = any(not name.startswith(("a/", "b/", "/dev/null")) for name in names)  # as of git diff --no-prefix
    strips = ("-p0", "-p1") if is_plain else ("-p1", "-p0")
    for text, strip, folder in product(_any_ends(patch), strips, dict.fromkeys((".", cwd))):
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


def _parted(patch: str) -> str:
    r"""A patch whose files are parted by a line, as git writes them: it counts the lines of a hunk up to that.

    >>> _parted("--- a/x\n+++ b/x\n@@ -1 +1 @@\n-1\n+2\n--- a/y\n+++ b/y\n@@ -1 +1 @@\n-1\n+2\n\n").count("diff ")
    2
    """
    lines = patch.rstrip().split("\n")
    made: list[str] = []
    has_head = False
    for line, following in zip(lines, (*lines[1:], ""), strict=True):
        if line.startswith("--- ") and following.startswith("+++ "):
            made += [] if has_head else [f"diff {line[4:].split()[0]} {following[4:].split()[0]}"]
            has_head = False
        has_head = has_head or line.startswith("diff ")
        made.append(line)
    return "\n".join(made) + "\n"


def _any_ends(patch: str) -> Iterable[str]:
    r"""A patch as it is, for files whose lines end with \n, and for files whose lines end with \r\n.

    >>> list(_any_ends("--- a/x\n+++ b/x\n@@ -1 +1 @@\n-1\n+2\n"))[1]
    '--- a/x\n+++ b/x\n@@ -1 +1 @@\n-1\r\n+2\r\n'
    """
    plain = patch.replace("\r\n", "\n")
    other = re.sub(r"^(?!--- |\+\+\+ )([ +-].*|)\n", lambda m: f"{m[1] or ' '}\r\n", plain, flags=re.M)
    return dict.fromkeys((patch, plain, other))


def put_preamble(command: Command, entry: str | None, text: str) -> tuple[str, str]:
    """Writes the preamble into the copy at the command's root, and the line that loads it first into its script, entry.

    Which script that is, and the file of the preamble, relative to the root. What the script loads already is added to;
    where another script's lies there, it has a name of its own.

    Raises:
        RunError: the command has no script in the project.
    """
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
    rewrite(script, source.encode(coding, "surrogateescape"))
    rewrite(file, text.encode())
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
