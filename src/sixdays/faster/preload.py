"""The one line that loads a preamble, put into a script as its first statement. Text in, text out."""

from __future__ import annotations

import ast
import re

MODULE = "fast_start"
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z")  # as Python counts lines: form feeds do not end one
LINE = f"import {MODULE}  # what makes this run faster"


def with_first_line(source: str, line: str = LINE) -> str:
    r"""The script with `line` as its first statement, after what must stand first: #!, coding, docstring, __future__.

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
    last = 0
    for number, node in enumerate(body):
        if not (_is_future(node) or (number == 0 and _is_text(node))):
            same_line = number and node.lineno == last
            return (node.lineno, node.col_offset) if same_line else (last or _comments(lines), 0)
        last = node.end_lineno or node.lineno
    return last or _comments(lines), 0


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
