"""Which lines run once in each pass of a loop that is itself gone through once: so often is what they do done."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence

from sixdays.faster.fixed import bound_of

Site = tuple[str, int]  # file, line
DEEP = 4  # functions called one by another
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
_MANY = (ast.For, ast.AsyncFor, ast.While, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def passes(parsed: Mapping[str, ast.Module]) -> dict[Site, frozenset[Site]]:
    """Of each `for` that is gone through once, by its place: the lines that run once in each pass.

    Such is one of the module, or of a function that is called, and nowhere within a loop; functions are told by their
    names, methods from others. Left out are lines behind an `if`, in a loop within, and behind what may leave the pass.
    """
    functions = _functions(parsed)
    called = {_name(n) for tree in parsed.values() for n in ast.walk(tree) if isinstance(n, ast.Call)}
    alone = called - _called_in_loops(parsed, functions)
    found: dict[Site, frozenset[Site]] = {}
    for file, tree in parsed.items():
        bodies = [f.body for name, (where, f) in functions.items() if name in alone and where == file]
        for body in [tree.body, *bodies]:
            for loop in _outermost(body):
                if _is_plain(loop):
                    found[file, loop.lineno] = frozenset(_once(loop.body, file, functions, DEEP))
    return found


def _is_plain(loop: ast.For) -> bool:
    """Whether it goes round as often as one number says: no step, no product of two, no start that is not known."""
    calls = [n for n in ast.walk(loop.iter) if isinstance(n, ast.Call)]
    bound = bound_of(loop)
    if bound is None or any(len(c.args) > 2 for c in calls if _name(c) in ("range", "trange", ".trange")):
        return False
    callees = {id(c.func) for c in calls}
    return isinstance(bound, (ast.Name, ast.Attribute, ast.Subscript)) or not any(
        isinstance(n, (ast.Name, ast.Attribute)) and id(n) not in callees for n in ast.walk(bound)
    )


def _functions(parsed: Mapping[str, ast.Module]) -> dict[str, tuple[str, ast.FunctionDef]]:
    """All functions whose name no other bears, with their files; methods as `.name`."""
    found: dict[str, list[tuple[str, ast.FunctionDef]]] = {}
    for file, tree in parsed.items():
        methods = {f for c in ast.walk(tree) if isinstance(c, ast.ClassDef) for f in c.body}
        for n in ast.walk(tree):
            if isinstance(n, ast.FunctionDef):
                found.setdefault("." * (n in methods) + n.name, []).append((file, n))
    return {name: known[0] for name, known in found.items() if len(known) == 1}


def _name(call: ast.Call) -> str:
    """As which it names a function: `train` for `train()`, `.train` for `agent.train()`."""
    return f".{call.func.attr}" if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def _called_in_loops(
    parsed: Mapping[str, ast.Module], functions: Mapping[str, tuple[str, ast.FunctionDef]]
) -> set[str]:
    """Names that are called within a loop, or by a function that is."""
    within = [
        n for tree in parsed.values() for loop in ast.walk(tree) if isinstance(loop, _MANY) for n in ast.walk(loop)
    ]
    names, new = set[str](), {_name(n) for n in within if isinstance(n, ast.Call)}
    while new:
        names |= new
        bodies = [functions[name][1] for name in new if name in functions]
        new = {_name(n) for f in bodies for n in ast.walk(f) if isinstance(n, ast.Call)} - names
    return names


def _outermost(body: Sequence[ast.stmt]) -> Iterator[ast.For]:
    for node in body:
        if isinstance(node, ast.For):
            yield node
        elif isinstance(node, (ast.If, ast.With, ast.Try)):
            for part in (node.body, getattr(node, "orelse", []), getattr(node, "finalbody", [])):
                yield from _outermost(part)


def _once(
    body: Sequence[ast.stmt], file: str, functions: Mapping[str, tuple[str, ast.FunctionDef]], deep: int
) -> Iterator[Site]:
    """Lines of statements that run once where their body does, and of the functions that these call."""
    for node in body:
        if isinstance(node, (ast.With, ast.Try)):
            yield from _once(node.body, file, functions, deep)
        elif not isinstance(node, (*_SCOPES, *_MANY, ast.If, ast.Match)):
            inner = list(ast.walk(node))
            if any(isinstance(n, (*_SCOPES, *_MANY, ast.IfExp, ast.BoolOp)) for n in inner):
                continue
            yield from ((file, line) for line in range(node.lineno, (node.end_lineno or node.lineno) + 1))
            for n in inner if deep else ():
                if isinstance(n, ast.Call) and _name(n) in functions:
                    where, function = functions[_name(n)]
                    yield from _once(function.body, where, functions, deep - 1)
        if _may_leave(node):
            return


def _may_leave(node: ast.stmt) -> bool:
    """Whether what comes behind a statement may be left out in a pass."""
    own = ast.Return if isinstance(node, (ast.For, ast.While)) else (ast.Return, ast.Continue)
    return not isinstance(node, _SCOPES) and any(isinstance(n, own) for n in ast.walk(node))
