"""Options as sources declare them, read by `ast` and never executed."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sixdays.faster.fixed import constants_of, literal, modules
from sixdays.faster.option import Option, Scalar, Style, Type, plain, type_of

_CALLED = frozenset("type default action help is_flag choices dest nargs required const metavar show_default".split())
_TYPES: dict[str, Type] = {"int": "int", "float": "float", "bool": "bool", "str": "str", "Path": "str"}
_ABSL = {"integer": "int", "float": "float", "boolean": "bool", "bool": "bool", "string": "str", "enum": "str"}


@dataclass(frozen=True, slots=True)
class _Dialect:
    """How a library writes the fields of a class, or a function's parameters, on a command line."""

    style: Style
    dashes: bool = True  # "--"
    hyphens: bool = False  # eval-every for eval_every
    pairs: bool = False  # --x and --no-x for a bool


# The first that a program imports decides.
_DIALECTS: dict[str, _Dialect] = {
    "tyro": _Dialect("--x v", hyphens=True, pairs=True),
    "typer": _Dialect("--x v", hyphens=True, pairs=True),
    "cyclopts": _Dialect("--x v", hyphens=True, pairs=True),
    "fire": _Dialect("--x=v"),
    "simple_parsing": _Dialect("--x v"),
    "draccus": _Dialect("--x v"),
    "pyrallis": _Dialect("--x v"),
    "jsonargparse": _Dialect("--x v"),
    "pydantic_settings": _Dialect("--x v"),
    "HfArgumentParser": _Dialect("--x v"),
    "tap": _Dialect("--x v"),
    "hydra": _Dialect("x=v", dashes=False),
    "omegaconf": _Dialect("x=v", dashes=False),
    "chz": _Dialect("x=v", dashes=False),
}


def declared(parsed: Mapping[str, ast.Module]) -> Iterator[Option]:
    """All options that the sources declare."""
    used = modules(parsed)
    dialect = next((d for name, d in _DIALECTS.items() if name in used), None)
    for file, tree in parsed.items():
        known = constants_of(tree)
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and (option := _called(node, file, known) or _defined(node, file, known)):
                yield option
        if dialect:
            yield from _fields(tree, file, dialect, known)
            yield from _parameters(tree, file, dialect, used, known)


# calls ----------------------------------------------------------------------------------------------------------


def _called(node: ast.Call, file: str, known: Mapping[str, Scalar]) -> Option | None:
    """`add_argument("--x", …)`, `click.option("--x", …)` and all that look like them."""
    spelled = [a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
    spelled = [s for word in spelled if word.startswith("-") for s in re.split(r"\s*/\s*", word)]
    given = {k.arg: k.value for k in node.keywords if k.arg}
    if not spelled or not given.keys() & _CALLED:
        return None
    long = sorted(spelled, key=lambda s: not s.startswith("--"))
    name, help_line = plain(long[0]), _text(given.get("help"))
    default = literal(given.get("default"), known)
    action = (
        _text(given.get("action")) or getattr(given.get("action"), "attr", "") or getattr(given.get("action"), "id", "")
    )
    off = next((s for s in long[1:] if plain(s) in (f"no_{name}", f"not_{name}", f"disable_{name}")), "")
    if action == "BooleanOptionalAction":
        off = f"--no-{long[0].lstrip('-')}"
    if off or action in ("store_true", "store_false") or literal(given.get("is_flag"), {}) is True:
        started = bool(default) if off else False
        return Option(name, "switch", tuple(long), started, "bool", (), help_line, file, node.lineno, long[0], off)
    if action in ("help", "version", "append", "count", "store_const") or name == "help":
        return None
    options = given.get("choices") or given.get("type")
    items = options.args[0] if isinstance(options, ast.Call) and options.args else options
    choices = tuple(str(literal(e, {})) for e in items.elts) if isinstance(items, (ast.List, ast.Tuple)) else ()
    kind = _type(given.get("type"))
    # argparse calls `bool` on the word: every text but the empty one is true. Only click means what it says.
    if kind == "bool" and "add_arg" in ast.unparse(node.func) and getattr(given.get("type"), "id", "") == "bool":
        kind = "truthy"
    return Option(name, "--x v", tuple(long), default, kind or type_of(default), choices, help_line, file, node.lineno)


def _defined(node: ast.Call, file: str, known: Mapping[str, Scalar]) -> Option | None:
    """`flags.DEFINE_integer("x", 3, "…")`."""
    called = getattr(node.func, "attr", "") or getattr(node.func, "id", "")
    kind = _ABSL.get(called.removeprefix("DEFINE_"), "") if called.startswith("DEFINE_") else ""
    name = _text(node.args[0]) if node.args else ""
    if not kind or not name:
        return None
    default = literal(node.args[1] if len(node.args) > 1 else None, known)
    texts = [_text(a) for a in node.args[2:]]
    place = (texts[-1] if texts else "", file, node.lineno)
    spelling, word = f"--{name}", plain(name)
    if kind == "bool":
        return Option(word, "switch", (spelling,), default, "bool", (), *place, on=spelling, off=f"--no{name}")
    listed = node.args[2] if called == "DEFINE_enum" and len(node.args) > 2 else None
    choices = tuple(_text(e) for e in listed.elts) if isinstance(listed, (ast.List, ast.Tuple)) else ()
    return Option(word, "--x=v", (spelling,), default, _TYPES.get(kind, ""), choices, *place)


# classes and functions -------------------------------------------------------------------------------------------


def _fields(tree: ast.Module, file: str, dialect: _Dialect, known: Mapping[str, Scalar]) -> Iterator[Option]:
    """Fields of classes that hold settings; those of a class that is a field of another are named after that field."""
    classes = {n.name: n for n in ast.walk(tree) if isinstance(n, ast.ClassDef) and _holds_settings(n)}
    used = {name for c in classes.values() for field in c.body for name in _annotated(field) if name in classes}
    for name, node in classes.items():
        if name not in used:
            yield from _of_class(node, "", classes, file, dialect, known)


def _of_class(
    node: ast.ClassDef,
    before: str,
    classes: Mapping[str, ast.ClassDef],
    file: str,
    dialect: _Dialect,
    known: Mapping[str, Scalar],
) -> Iterator[Option]:
    for base in node.bases:
        if isinstance(base, ast.Name) and base.id in classes and base.id != node.name:
            yield from _of_class(classes[base.id], before, classes, file, dialect, known)
    for field, after in zip(node.body, [*node.body[1:], None], strict=True):
        if not isinstance(field, ast.AnnAssign) or not isinstance(field.target, ast.Name):
            continue
        within = next((classes[n] for n in _annotated(field) if n in classes), None)
        name = before + field.target.id
        if within is not None and before.count(".") < 3 and within is not node:
            yield from _of_class(within, f"{name}.", classes, file, dialect, known)
            continue
        help_line = _text(after.value) if isinstance(after, ast.Expr) else ""
        yield _field(name, field.annotation, field.value, help_line, dialect, file, field.lineno, known)


def _field(
    name: str,
    annotation: ast.expr | None,
    value: ast.expr | None,
    help_line: str,
    dialect: _Dialect,
    file: str,
    line: int,
    known: Mapping[str, Scalar],
) -> Option:
    spelled = ""
    if isinstance(value, ast.Call):  # field(default=3), Field(3), typer.Option(3, "--x", help="…")
        keys = {k.arg: k.value for k in value.keywords if k.arg}
        texts = [_text(a) for a in value.args]
        spelled = next((t for t in texts if t.startswith("--")), "").partition("/")[0]
        help_line = _text(keys.get("help")) or _text(keys.get("description")) or _meta(keys) or help_line
        value = keys.get("default") or (value.args[0] if value.args else None)
    default, kind = literal(value, known), _type(annotation)
    written = name.replace("_", "-") if dialect.hyphens else name
    spelling = spelled or f"{'--' if dialect.dashes else ''}{written}"
    place = (help_line, file, line)
    if kind == "bool" and dialect.pairs:
        head, dot, tail = spelling.lstrip("-").rpartition(".")
        off = f"--{head}{dot}no-{tail}"
        return Option(plain(name), "switch", (spelling,), default, "bool", (), *place, on=spelling, off=off)
    choices = _choices(annotation)
    return Option(plain(name), dialect.style, (spelling,), default, kind or type_of(default), choices, *place)


def _parameters(
    tree: ast.Module, file: str, dialect: _Dialect, used: frozenset[str], known: Mapping[str, Scalar]
) -> Iterator[Option]:
    """Parameters of the functions that a library turns into a command."""
    calls = [n for n in ast.walk(tree) if isinstance(n, ast.Call) and ast.unparse(n.func) in _COMMANDS]
    named = {a.id for c in calls for a in c.args if isinstance(a, ast.Name)}
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef):
            continue
        decorated = used & {"typer", "cyclopts"} and any(
            re.search(r"\.(command|default|callback)\b", ast.unparse(d)) for d in node.decorator_list
        )
        if node.name in named or decorated:
            both = [*node.args.posonlyargs, *node.args.args]
            defaults = [*[None] * (len(both) - len(node.args.defaults)), *node.args.defaults]
            pairs = [*zip(both, defaults, strict=True), *zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)]
            for arg, default in pairs:
                if default is not None:
                    yield _field(arg.arg, arg.annotation, default, "", dialect, file, arg.lineno, known)


_COMMANDS = frozenset("fire.Fire Fire tyro.cli typer.run jsonargparse.CLI CLI auto_cli cyclopts.run".split())


def _holds_settings(node: ast.ClassDef) -> bool:
    made = " ".join(ast.unparse(d) for d in node.decorator_list)
    bases = {ast.unparse(b).rpartition(".")[2] for b in node.bases}
    return bool(re.search(r"dataclass|\bchz\b|attrs|define|frozen", made)) or bool(
        bases & {"BaseModel", "BaseSettings", "NamedTuple", "Tap", "FrozenSerializable", "Serializable"}
    )


def _annotated(field: ast.stmt) -> set[str]:
    return (
        {n.id for n in ast.walk(field.annotation) if isinstance(n, ast.Name)}
        if isinstance(field, ast.AnnAssign)
        else set()
    )


def _choices(annotation: ast.expr | None) -> tuple[str, ...]:
    """Of `Literal["a", "b"]`."""
    if not isinstance(annotation, ast.Subscript) or not ast.unparse(annotation.value).endswith("Literal"):
        return ()
    items = annotation.slice.elts if isinstance(annotation.slice, ast.Tuple) else [annotation.slice]
    return tuple(str(literal(e, {})) for e in items)


def _meta(keys: Mapping[str, ast.expr]) -> str:
    found = keys.get("metadata")
    pairs = zip(found.keys, found.values, strict=True) if isinstance(found, ast.Dict) else ()
    return next((_text(v) for k, v in pairs if k is not None and _text(k) == "help"), "")


def _type(node: ast.expr | None) -> Type:
    names = [n.id for n in ast.walk(node) if isinstance(n, ast.Name)] if node is not None else []
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        names = re.findall(r"\w+", node.value)
    if isinstance(node, ast.Name) and node.id not in _TYPES and re.search(r"bool", node.id, re.I):
        return "bool"  # type=str2bool
    if isinstance(node, ast.Lambda):
        return "bool" if "bool" in ast.unparse(node) or "true" in ast.unparse(node).lower() else ""
    return next((_TYPES[n] for n in names if n in _TYPES), "")


def _text(node: ast.AST | None) -> str:
    return node.value.strip() if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
