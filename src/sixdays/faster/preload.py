"""The one line that loads a preamble, put into a script as its first statement. Text in, text out."""

from __future__ import annotations

import ast
import re

MODULE = "fast_start"
PATCHED = frozenset(("torch", "gym", "gymnasium", "matplotlib", "tensorboard", "tqdm"))  # before their first import
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z")  # as Python counts lines: form feeds do not end one


def line_of(module: str) -> str:
    return f"import {module}  # what makes this run faster"


def loaded_by(source: str) -> str:
    r"""The module of ours that a script loads already; empty where none.

    >>> loaded_by("import os\nimport fast_start_ppo  # what makes this run faster\n"), loaded_by("import fast_food\n")
    ('fast_start_ppo', '')
    """
    found = re.search(rf"^import ({MODULE}\w*)\b", source, re.M)
    return found[1] if found else ""


def with_first_line(source: str, line: str) -> str:
    r"""The script with `line` as its first statement, after what must stand first: #!, coding, docstring, __future__,
    and what a script puts into its environment before it imports what reads that.

    All other lines stay as they are, to the byte. A source that Python cannot read gets the line after its opening
    comments.

    >>> with_first_line("'Trains.'\nfrom __future__ import annotations\nx = 1\n", "import fast")
    "'Trains.'\nfrom __future__ import annotations\nimport fast\nx = 1\n"
    """
    end = "\r\n" if "\r\n" in source else "\n"
    lines = _LINE.findall(source)
    at, column = _place(source, lines)
    if column:  # the next statement stands on the same line, after a semicolon
        text = lines[at - 1]
        cut = len(text.encode("utf-8")[:column].decode("utf-8"))
        before, after = text[:cut].rstrip(), text[cut:]
        return "".join([*lines[: at - 1], before.rstrip(";"), end, line, end, after, *lines[at:]])
    head = lines[:at]
    if head and not head[-1].endswith(("\n", "\r")):
        head[-1] += end
    return "".join([*head, line, end, *lines[at:]])


def _place(source: str, lines: list[str]) -> tuple[int, int]:
    """After how many lines it goes; with a column: before that byte of the last of them."""
    try:
        body = ast.parse(source.removeprefix("\ufeff")).body
    except (SyntaxError, ValueError):
        return _comments(lines), 0
    before = _first(body)
    if not before:
        return _comments(lines), 0
    last = body[before - 1].end_lineno or body[before - 1].lineno
    same_line = before < len(body) and body[before].lineno == last
    return last, body[before].col_offset if same_line else 0


def _first(body: list[ast.stmt]) -> int:
    """How many statements stay in front: those that must, then imports up to the last that sets the environment."""
    count = 0
    while count < len(body) and (_is_future(body[count]) or (count == 0 and _is_text(body[count]))):
        count += 1
    for i, node in enumerate(body[count:], count + 1):
        if _is_set_first(node):
            count = i
        elif not (names := _imported(node)) or names & PATCHED:
            break
    return count


def _is_set_first(node: ast.stmt) -> bool:
    """What sets the environment, `os.environ["OMP_NUM_THREADS"] = "1"`; and isaacgym, which torch must not precede."""
    if isinstance(node, ast.Assign):
        return any("environ" in ast.unparse(t) for t in node.targets)
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        return "environ" in ast.unparse(node.value.func)
    return "isaacgym" in _imported(node)


def _imported(node: ast.stmt) -> set[str]:
    """The top modules that a statement imports."""
    if isinstance(node, ast.ImportFrom):
        return {(node.module or ".").partition(".")[0]}
    return {a.name.partition(".")[0] for a in node.names} if isinstance(node, ast.Import) else set()


def _is_future(node: ast.stmt) -> bool:
    return isinstance(node, ast.ImportFrom) and node.module == "__future__" and not node.level


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _comments(lines: list[str]) -> int:
    """How many of the first two lines are #! or coding."""
    count = 0
    for line in lines[:2]:
        if not (line.lstrip("\ufeff").startswith("#!") or (line.startswith("#") and "coding" in line)):
            break
        count += 1
    return count
