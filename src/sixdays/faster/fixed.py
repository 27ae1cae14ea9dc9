"""What stands fixed in a script: its constants, numbers given to calls, and its loops; read by `ast`."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial

from sixdays.faster.option import Option, Scalar, plain, type_of

_MAINS = frozenset("main train run fit __main__ cli app".split())
_DEEP, _LARGE = 50, 1e30  # no expression for a length or an interval goes deeper, or that high
_ASIDE = re.compile(
    r"eval|test|valid|rollout|collect|sample|demo|render|play|warm|pretrain|generate|(episode|epoch|step)$", re.I
)
_TRAINS = re.compile(r"train|learn|fit", re.I)
_SETTINGS = re.compile(r"config|args|hparams|hyper|settings|params", re.I)


def trees(sources: Mapping[str, str]) -> dict[str, ast.Module]:
    """The syntax trees of the Python files among the sources that can be read."""
    found = {}
    for file, text in sources.items():
        try:
            found[file] = ast.parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):  # too deep is not readable either
            continue
    return found


def modules(parsed: Mapping[str, ast.Module]) -> frozenset[str]:
    """The top modules that they import, and the names that they import from modules."""
    names: set[str] = set()
    for tree in parsed.values():
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                names |= {a.name.partition(".")[0] for a in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                names |= {node.module.partition(".")[0], *(a.name for a in node.names)}
    return frozenset(names)


def constants(parsed: Mapping[str, ast.Module]) -> Iterator[Option]:
    """Values that stand fixed in a script: its constants, numbers given to calls, and defaults of its functions.

    In this order: what a call says comes before what its function takes without it, and a table's keys may be anything.
    """
    settings, tables = partial(_in_dicts, of_settings=True), partial(_in_dicts, of_settings=False)
    for part in (_assignments, _numbers_given, settings, _defaults, tables):
        for file, tree in parsed.items():
            yield from part(tree, file, constants_of(tree))


def _assignments(tree: ast.Module, file: str, known: Mapping[str, Scalar]) -> Iterator[Option]:
    for body in _bodies(tree):
        for node in body:
            for name, expression in _set(node):
                value = known.get(name, literal(expression, known))
                if value is not None:
                    yield _constant(name, value, file, node.lineno)


def _in_dicts(tree: ast.Module, file: str, known: Mapping[str, Scalar], *, of_settings: bool) -> Iterator[Option]:
    """Of dicts of settings, `config = {"total_timesteps": 5e7}`; or the whole numbers of other dicts."""
    for name, key, expression in _entries(tree):
        if bool(_SETTINGS.search(name)) != of_settings:
            continue
        whole = _whole(expression, known)
        value = literal(expression, known) if whole is None and of_settings else whole
        if value is not None:
            yield _constant(key, value, file, expression.lineno)


def _entries(tree: ast.Module) -> Iterator[tuple[str, str, ast.expr]]:
    """Of each dict that is given a name: that, a key, its value."""
    for body in _bodies(tree):
        for node in body:
            if isinstance(node, (ast.Assign, ast.AnnAssign)) and isinstance(node.value, ast.Dict):
                for key, expression in zip(node.value.keys, node.value.values, strict=True):
                    if isinstance(key, ast.Constant) and isinstance(key.value, str):
                        yield _assigned(node), key.value, expression


def _defaults(tree: ast.Module, file: str, known: Mapping[str, Scalar]) -> Iterator[Option]:
    """Whole numbers that a function takes where it is called without: `def train(episodes=500)`.

    Not where a call gives it something else, which cannot be read: `train(episodes=args.n)`.
    """
    calls = [n for n in ast.walk(tree) if isinstance(n, ast.Call)]
    given = {(_last(c.func), k.arg) for c in calls for k in c.keywords if literal(k.value, known) is None}
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and not _ASIDE.search(node.name):
            both, kw = [*node.args.posonlyargs, *node.args.args], node.args
            pairs = [
                *zip(reversed(both), reversed(kw.defaults), strict=False),
                *zip(kw.kwonlyargs, kw.kw_defaults, strict=True),
            ]
            for arg, default in pairs:
                value = _whole(default, known)
                if value is not None and (node.name, arg.arg) not in given:
                    yield _constant(arg.arg, value, file, arg.lineno)


def _numbers_given(tree: ast.Module, file: str, known: Mapping[str, Scalar]) -> Iterator[Option]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield from _keywords(node, file, known)


def _keywords(call: ast.Call, file: str, known: Mapping[str, Scalar]) -> Iterator[Option]:
    """Numbers that a call is given by name: `Trainer(max_epochs=10)`; none of what is done beside the training."""
    name = _last(call.func)
    for key in call.keywords if _TRAINS.search(name) or not _ASIDE.search(name) else ():
        value = _whole(key.value, known) if key.arg else None
        if value is not None and value > 0:
            yield _constant(str(key.arg), value, file, key.value.lineno)
    if isinstance(call.func, ast.Attribute) and name == "learn" and call.args:  # by custom the budget comes first
        value = _whole(call.args[0], known)
        if value is not None:
            yield _constant("total_timesteps", value, file, call.lineno)


def _whole(node: ast.expr | None, known: Mapping[str, Scalar]) -> int | None:
    """The value of an expression if it is a whole number, as 1e6 is too."""
    value = literal(node, known)
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
    return int(value) if is_number and value == int(value) else None  # type: ignore[arg-type]


def loops(parsed: Mapping[str, ast.Module]) -> Iterator[tuple[str, Option]]:
    """(name that bounds a loop, the loop as a constant named by its variable): the outermost ones and those within.

    Loops of functions that do something beside the training count as loops within it.

    The name is empty where the bound is a number; the constant's value is None where it is not one.
    """
    for file, tree in parsed.items():
        known = constants_of(tree)
        scopes = [n for n in ast.walk(tree) if isinstance(n, (ast.Module, ast.FunctionDef))]
        for scope in scopes:
            aside = isinstance(scope, ast.FunctionDef) and bool(_ASIDE.search(scope.name))
            for node, is_outer in _loops_in(scope.body, not aside):
                bound = bound_of(node)
                if bound is None:
                    continue
                variable = node.target.id if isinstance(node, ast.For) and isinstance(node.target, ast.Name) else ""
                called = [n.func for n in ast.walk(bound) if isinstance(n, ast.Call)]  # `int` in `int(n)`
                names = [_last(n) for n in ast.walk(bound) if n not in called]
                option = _constant(variable or "loop", literal(bound, known), file, node.lineno)
                said = f"the loop over {variable}" if variable else "the loop"
                option = replace(option, spellings=(said,), loop="outer" if is_outer else "inner", counter=option.name)
                yield next((plain(n) for n in names if n), ""), option


def _loops_in(body: list[ast.stmt], is_outer: bool) -> Iterator[tuple[ast.For | ast.While, bool]]:
    for node in body:
        if isinstance(node, (ast.For, ast.While)):
            yield node, is_outer
            yield from _loops_in(node.body, False)
        elif isinstance(node, (ast.If, ast.With, ast.Try)):
            parts = [node.body, getattr(node, "orelse", []), getattr(node, "finalbody", [])]
            for part in parts:
                yield from _loops_in(part, is_outer)


def bound_of(node: ast.For | ast.While) -> ast.expr | None:
    """What says how often a loop goes round: the end of `range(…)`, within trange and tqdm too; of `while x < end`."""
    if isinstance(node, ast.While):
        test = node.test
        if isinstance(test, ast.Compare) and isinstance(test.ops[0], (ast.Lt, ast.LtE)):
            return test.comparators[0]
        return None
    for call in ast.walk(node.iter):
        name = getattr(call.func, "id", "") or getattr(call.func, "attr", "") if isinstance(call, ast.Call) else ""
        if name in ("range", "trange", "prange") and isinstance(call, ast.Call) and call.args:
            start, end = call.args[0], call.args[min(1, len(call.args) - 1)]
            if len(call.args) > 1 and isinstance(end, ast.BinOp) and isinstance(end.op, ast.Add):
                # range(1, epochs + 1) and range(start, start + epochs) go round `epochs` times.
                others = {ast.dump(end.right): end.left, ast.dump(end.left): end.right}
                return others.get(ast.dump(start), end)
            return end
    return None


def _bodies(tree: ast.Module) -> Iterator[list[ast.stmt]]:
    """Statements that run once: of the module, below its `if`, of its main functions and its classes of settings."""
    yield tree.body
    for node in tree.body:
        is_main = isinstance(node, ast.FunctionDef) and node.name.lower() in _MAINS
        is_settings = isinstance(node, ast.ClassDef) and _SETTINGS.search(node.name)
        if isinstance(node, (ast.If, ast.FunctionDef, ast.ClassDef)) and (
            isinstance(node, ast.If) or is_main or is_settings
        ):
            yield node.body


def _assigned(node: ast.Assign | ast.AnnAssign) -> str:
    target = node.target if isinstance(node, ast.AnnAssign) else node.targets[0]
    return target.id if isinstance(target, ast.Name) else ""


def _set(node: ast.stmt) -> Iterator[tuple[str, ast.expr | None]]:
    """Names that a statement sets, each with its expression: `A = 1`, `A: int = 1`, `A = B = 1`, `A, B = 1, 2`."""
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        yield node.target.id, node.value
    if not isinstance(node, ast.Assign):
        return
    for target in node.targets:
        if isinstance(target, ast.Name):
            yield target.id, node.value
        elif isinstance(target, (ast.Tuple, ast.List)):
            values = node.value.elts if isinstance(node.value, (ast.Tuple, ast.List)) else []
            known = values if len(values) == len(target.elts) else [None] * len(target.elts)
            yield from ((t.id, v) for t, v in zip(target.elts, known, strict=True) if isinstance(t, ast.Name))


def _last(node: ast.AST) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _constant(name: str, value: Scalar, file: str, line: int) -> Option:
    return Option(plain(name), "constant", (name,), value, type_of(value), (), "", file, line)


def constants_of(tree: ast.Module) -> dict[str, Scalar]:
    """Names that a module sets to one value; none that it sets to another one later."""
    found: dict[str, Scalar] = {}
    changed = set[str]()
    for body in _bodies(tree):
        for node in body:
            for name, expression in _set(node):
                value = literal(expression, found)
                changed |= {name} if found.setdefault(name, value) != value else set()
    return {name: value for name, value in found.items() if name not in changed}


def literal(node: ast.expr | None, known: Mapping[str, Scalar], deep: int = _DEEP) -> Scalar:
    """The value of an expression of numbers, texts and known names; None where it is anything else, or too deep."""
    if not deep:
        return None
    match node:
        case ast.Constant(value=value) if isinstance(value, (bool, int, float, str)):
            return value
        case ast.Name(id=name):
            return known.get(name)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            value = literal(operand, known, deep - 1)
            return -value if isinstance(value, (int, float)) else None
        case ast.Call(func=ast.Name(id="int" | "float" as to), args=[argument]):
            value = literal(argument, known, deep - 1)
            number = value if isinstance(value, (int, float)) and math.isfinite(value) else None
            return number if number is None else int(number) if to == "int" else float(number)
        case ast.BinOp(left=left, op=op, right=right):
            a, b = literal(left, known, deep - 1), literal(right, known, deep - 1)
            numbers = isinstance(a, (int, float)) and isinstance(b, (int, float)) and max(abs(a), abs(b)) < _LARGE
            return _arithmetic(a, op, b) if numbers else None  # type: ignore[arg-type]
    return None


def _arithmetic(a: float, op: ast.operator, b: float) -> Scalar:
    match op:
        case ast.Add():
            return a + b
        case ast.Sub():
            return a - b
        case ast.Mult():
            return a * b
        case ast.Pow() if abs(a) <= 1000 and 0 <= b <= 64:
            return a**b if a >= 0 or isinstance(b, int) else None
        case ast.FloorDiv() if b:
            return a // b
        case ast.Div() if b:
            return a / b
    return None
