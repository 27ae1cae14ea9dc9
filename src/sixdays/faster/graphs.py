"""Does a loop keep a graph for each of its steps: what a network gave in grad mode, put aside for a later backward."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence

from sixdays.faster.bounds import Site
from sixdays.faster.kinds import names_of

_FREE = frozenset("no_grad inference_mode".split())
_CUTS = frozenset("item detach numpy tolist sample argmax multinomial int float choice randint max_action data".split())
_PUTS = frozenset("append extend put put_data push add store insert remember save_for_backward".split())
Function = ast.FunctionDef | ast.AsyncFunctionDef


def keeps_graph(
    trees: Mapping[str, ast.Module], file: str, loop: ast.For | ast.While, passes: Sequence[Sequence[Site]]
) -> bool:
    """Whether what the network gave in a pass is stored in the loop of a file, or in a function that it calls.

    passes: of each sample of a forward pass, the user's lines above it. A pass without gradients, and values that
    were taken out of the graph (item, detach, numpy …), keep nothing.
    """
    free = {(name, at) for name, tree in trees.items() for at in _without_gradients(tree)}
    lines = {site for sites in passes if not free & set(sites) for site in sites}
    functions = {f.name: f for tree in trees.values() for f in _functions(tree)}
    for name, tree in trees.items():
        at = {n for in_file, n in lines if in_file == name}
        bodies: list[ast.AST] = [f for f in _functions(tree) if any(f.lineno <= n <= _end(f) for n in at)]
        bodies += [loop] if at and name == file else []
        if any(_stores(body, at, functions) for body in bodies):
            return True
    return False


def _functions(tree: ast.AST) -> Iterator[Function]:
    return (n for n in ast.walk(tree) if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef)))


def _end(node: ast.stmt | ast.expr) -> int:
    return node.end_lineno or node.lineno


def _without_gradients(tree: ast.Module) -> Iterator[int]:
    """Lines below `with torch.no_grad():`, or in a function that is decorated so."""
    for node in ast.walk(tree):
        heads: list[ast.expr] = []
        if isinstance(node, (ast.With, ast.AsyncWith)):
            heads = [i.context_expr for i in node.items]
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            heads = node.decorator_list
        if any(isinstance(n, (ast.Attribute, ast.Name)) and _word(n) in _FREE for h in heads for n in ast.walk(h)):
            yield from range(node.lineno, _end(node) + 1)  # type: ignore[attr-defined,arg-type]


def _word(node: ast.Attribute | ast.Name) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id


def _stores(body: ast.AST, at: set[int], functions: Mapping[str, Function]) -> bool:
    """Follows names: what a pass gave, what was made from that, and whether any of it is put into a container."""
    carried: set[str] = set()
    assigned = [n for n in ast.walk(body) if isinstance(n, ast.Assign)]
    everything = {n for node in assigned for n in _targets(node)}
    # a = a.item(): what is put aside, and what is made from it, has left the graph
    freed = {n for a in assigned if _has_cut(a.value) and not _carries(a.value, everything) for n in _targets(a)}
    for _ in range(2):  # a name may be used above the line that gives it, in a loop
        for node in assigned:
            is_pass = any(n in at for n in range(node.lineno, _end(node) + 1)) and _has_call(node.value)
            if (is_pass and not _cut(node.value, functions)) or _carries(node.value, carried):
                carried |= _targets(node) - freed
    puts = (n for n in ast.walk(body) if isinstance(n, ast.Call) and names_of(n) & _PUTS)
    return any(_carries(a, carried) or _is_log_prob(a) for call in puts for a in call.args)


def _targets(node: ast.Assign) -> set[str]:
    return {n.id for t in node.targets for n in ast.walk(t) if isinstance(n, ast.Name)} - {"self"}


def _has_call(node: ast.expr) -> bool:
    return any(isinstance(n, ast.Call) for n in ast.walk(node))


def _cut(node: ast.expr, functions: Mapping[str, Function]) -> bool:
    """What an expression gives has left the graph: by a call of its own, or in all that a function gives."""
    if not isinstance(node, ast.Call):
        return False
    if names_of(node) & _CUTS or (isinstance(node.func, ast.Attribute) and _cut(node.func.value, functions)):
        return True
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    if name not in functions:
        return False
    given = [n.value for n in ast.walk(functions[name]) if isinstance(n, ast.Return) and n.value is not None]
    return bool(given) and all(_cut(v, {}) or _has_cut(v) for v in given)


def _has_cut(node: ast.expr) -> bool:
    return any(isinstance(n, ast.Call) and names_of(n) & _CUTS for n in ast.walk(node))


def _is_log_prob(node: ast.expr) -> bool:
    return any(isinstance(n, ast.Call) and "log_prob" in names_of(n) for n in ast.walk(node)) and not _has_cut(node)


def _carries(node: ast.AST, names: set[str]) -> bool:
    """Whether a value made from these names is still in the graph."""
    if isinstance(node, ast.Call) and names_of(node) & _CUTS:
        return False
    if isinstance(node, ast.Attribute) and node.attr in _CUTS:
        return False
    if isinstance(node, ast.Name):
        return node.id in names
    return any(_carries(child, names) for child in ast.iter_child_nodes(node))
