"""What a command runs, as words: itself, and what the lines of its shell scripts and of its Makefile run."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import chain, pairwise
from pathlib import Path

from sixdays.probes.entry import text_of

_SETTING = re.compile(r"[A-Za-z_]\w*=.*", re.S)
# Programs that run the one named behind them, after options and a number or two: nice -n 5, timeout 10m.
_AROUND = frozenset("env nice ionice nohup time timeout stdbuf setsid exec command sudo".split())
_SHELL = re.compile(r"(?:ba|da|z|k)?sh")
_ENDS = ";&|()\n"
_KEYWORDS = frozenset("if then elif else fi case esac for while until do done { } ! time".split())
_HERE_TEXT = re.compile(r"<<-?\s*['\"]?(\w+)['\"]?([^\n]*)\n(?:.*\n)*?[ \t]*\1[ \t]*$", re.M)
_FUNCTION = re.compile(
    r"(?:^|(?<=;))[ \t]*(?:function[ \t]+)?[\w.-]+[ \t]*\(\)[ \t\n]*\{.*?(?:^[ \t]*\}|;[ \t]*\})", re.M | re.S
)
_WITHIN = re.compile(r"(?<=[$=])\([^()]*\)|\[\[.*?\]\]")  # what a command gives, a list, a test
_PREPARES = frozenset("cd source . export mkdir set module conda".split())  # what comes behind && is not conditional
_RULE = re.compile(r"^([\w./% -]+?)[ \t]*::?(?!=)([^=\n]*)\n((?:\t.*(?:\n|\Z)|[ \t]*\n)*)", re.M)


def steps(words: Sequence[str], cwd: Path, depth: int = 0) -> Iterator[Sequence[str]]:
    """The command and those that it runs by way of a shell or of make, unless a condition holds."""
    words = _inner(words)
    if not words or depth > 5:
        return
    yield words
    for line in _commands(_script(words, cwd)):
        yield from steps(line, cwd, depth + 1)


def _inner(words: Sequence[str]) -> Sequence[str]:
    """Without settings and programs around it.

    >>> _inner(["A=1", "env", "-u", "B", "C=2", "nice", "-n", "5", "sbatch", "x"])
    ['sbatch', 'x']
    """
    is_around = False
    while words:
        word = words[0]
        if word == "command" and words[1:2] and words[1].startswith(("-v", "-V")):
            return []
        if os.path.basename(word) in _AROUND:
            is_around = True
        elif is_around and word in ("-u", "--unset", "-s", "--signal"):
            words = words[1:]
        elif not (_SETTING.fullmatch(word) or (is_around and re.match(r"-|\d", word))):
            break
        words = words[1:]
    return words


def _script(words: Sequence[str], cwd: Path) -> str:
    """The text for a shell that a command runs; empty where it runs none."""
    name, rest = os.path.basename(words[0]), words[1:]
    if name in ("make", "gmake"):
        return _recipes(rest, cwd)
    if _SHELL.fullmatch(name):
        for word, following in pairwise((*rest, "")):
            if not word.startswith(("-", "+")):
                return text_of(cwd / word)
            if re.fullmatch(r"-\w*c", word):
                return following
        return ""
    text = text_of(cwd / words[0]) if os.sep in words[0] else ""
    return text if re.match(r"#!.*\b(?:ba|da|z|k)?sh\b", text) else ""


def _recipes(words: Sequence[str], cwd: Path) -> str:
    """What make runs for the targets among its words, or for the first one, and for what these need."""
    for word, following in pairwise((*words, "")):
        cwd = cwd / following if word == "-C" else cwd
    names = [following for word, following in pairwise(words) if word == "-f"]
    files = [cwd / name for name in (*names, "GNUmakefile", "makefile", "Makefile")]
    text = next(filter(None, map(text_of, files)), "").replace("\\\n", " ") + "\n"
    rules = [(made.split(), needs.split(), lines) for made, needs, lines in _RULE.findall(text) if made[0] != "."]
    found: dict[str, str] = {}
    wanted = [word for word in words if any(word in made for made, _, _ in rules)] or [m[0] for m, _, _ in rules[:1]]
    while wanted:
        name = wanted.pop()
        for made, needs, lines in rules:
            if name in made and name not in found:
                found[name] = re.sub(r"^\t[@+-]*", "", lines, flags=re.M)
                wanted += [need for need in needs if need not in found]
    return "\n".join(found.values())


def _commands(text: str) -> Iterator[list[str]]:
    """The commands of a text for a shell that it runs for sure: not those under a condition, or in a function.

    >>> list(_commands("if x; then a; fi; for i in 1; do b 'c; d'; done # e"))
    [['i', 'in', '1'], ['b', 'c; d']]
    >>> list(_commands("cd x && a $(date); [ -e b ] && c; d || e; f() { g; }; exit 0; h"))
    [['cd', 'x'], ['a', '$', 'x'], ['[', '-e', 'b', ']'], ['d'], ['exit', '0']]
    """
    text = _HERE_TEXT.sub(r"\2", re.sub(r"\\\r?\n", " ", text))
    text = _FUNCTION.sub("", _WITHIN.sub(" x ", text))
    lexer = shlex.shlex(re.sub(r"(^|\s)#.*", r"\1", text), posix=True, punctuation_chars=_ENDS)
    lexer.whitespace, lexer.whitespace_split, lexer.commenters = " \t\r", True, ""
    words: list[str] = []
    depth, is_sure = 0, True
    with suppress(ValueError):  # no such text: what came before it is known
        for word in chain(lexer, "\n"):
            if not set(word) <= set(_ENDS):
                words.append(word)
                continue
            while words and words[0] in _KEYWORDS:
                keyword = words.pop(0)
                depth += (keyword in ("if", "case")) - (keyword in ("fi", "esac"))
            if words and depth == 0 and is_sure:
                yield words
                if words[0] == "exit":
                    return
            if words:
                is_sure = word not in ("&&", "||") or (word == "&&" and is_sure and words[0] in _PREPARES)
            words = []
