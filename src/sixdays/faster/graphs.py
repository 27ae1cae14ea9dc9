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
        without = {n for in_file, n in free if in_file == name}
        if any(_stores(body, at, functions, without) for body in bodies):
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


def _stores(body: ast.AST, at: set[int], functions: Mapping[str, Function], free: set[int]) -> bool:
    """Follows names: what a pass gave, what was made from that, and whether any of it is put into a container.

    at: lines of passes; free: lines that keep no gradients.
    """
    carried: set[str] = set()
    assigned = [n for n in ast.walk(body) if isinstance(n, ast.Assign)]
    freed = _freed(assigned)
    for _ in range(2):  # a name may be used above the line that gives it, in a loop
        for node in assigned:
            if any(n in at for n in range(node.lineno, _end(node) + 1)) and _has_call(node.value):
                carried |= _in_graph(node, functions) - freed
            elif _carries(node.value, carried):
                carried |= _targets(node) - freed
    puts = (n for n in ast.walk(body) if isinstance(n, ast.Call) and names_of(n) & _PUTS and n.lineno not in free)
    return any(_carries(a, carried) or _is_log_prob(a) for call in puts for a in call.args)


def _freed(assigned: Sequence[ast.Assign]) -> set[str]:
    """Names whose value has left the graph: a = a.item(), and what is made from it."""
    everything = {n for node in assigned for n in _targets(node)}
    return {n for a in assigned if _has_cut(a.value) and not _carries(a.value, everything) for n in _targets(a)}


def _in_graph(node: ast.Assign, functions: Mapping[str, Function]) -> set[str]:
    """Names that an assignment of a pass gives something still in the graph: of several values each for itself."""
    value = node.value
    if _cut(value):
        return set()
    function = functions.get(_called(value)) if isinstance(value, ast.Call) else None
    if function is None:
        return _targets(node)
    kept = _given(function)
    target = node.targets[0]
    if isinstance(target, ast.Tuple) and len(kept) == len(target.elts) > 1:
        parts = [part for part, is_kept in zip(target.elts, kept, strict=True) if is_kept]
        return {n.id for part in parts for n in ast.walk(part) if isinstance(n, ast.Name)}
    return _targets(node) if any(kept) else set()


def _given(function: Function) -> list[bool]:
    """Of each value that a function gives, whether it is still in the graph; after a pass backwards none is."""
    if any(isinstance(n, ast.Call) and "backward" in names_of(n) for n in ast.walk(function)):
        return [False]
    freed = _freed([n for n in ast.walk(function) if isinstance(n, ast.Assign)])
    given = [n.value for n in ast.walk(function) if isinstance(n, ast.Return) and n.value is not None]
    parts = [v.elts if isinstance(v, ast.Tuple) else [v] for v in given]
    most = max(map(len, parts), default=1)
    kept = [[not _left(v, freed) for v in one] for one in parts if len(one) == most]
    return [any(column) for column in zip(*kept, strict=True)] if given else [True]


def _left(node: ast.expr, freed: set[str]) -> bool:
    """It has left the graph: a number, what a cut gave, or is made of nothing else."""
    if _cut(node) or _has_cut(node) or isinstance(node, ast.Constant):
        return True
    names = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
    return bool(names) and not _has_call(node) and names <= freed


def _targets(node: ast.Assign) -> set[str]:
    return {n.id for t in node.targets for n in ast.walk(t) if isinstance(n, ast.Name)} - {"self"}


def _has_call(node: ast.expr) -> bool:
    return any(isinstance(n, ast.Call) for n in ast.walk(node))


def _called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def _cut(node: ast.expr) -> bool:
    """What an expression gives has left the graph: by a call of its own, or as the places that max and topk give."""
    if isinstance(node, ast.Attribute):
        return node.attr == "data" or _cut(node.value)
    if isinstance(node, ast.Subscript):
        is_place = isinstance(node.slice, ast.Constant) and node.slice.value == 1
        is_found = (
            is_place and isinstance(node.value, ast.Call) and names_of(node.value) & {"max", "min", "topk", "sort"}
        )
        return bool(is_found) or _cut(node.value)
    if not isinstance(node, ast.Call):
        return False
    if isinstance(node.func, ast.Attribute) and node.func.attr == "float":  # of a tensor, which stays in the graph
        return _cut(node.func.value)
    return bool(names_of(node) & _CUTS) or (isinstance(node.func, ast.Attribute) and _cut(node.func.value))


def _has_cut(node: ast.expr) -> bool:
    return any(isinstance(n, (ast.Call, ast.Attribute, ast.Subscript)) and _cut(n) for n in ast.walk(node))


def _is_log_prob(node: ast.expr) -> bool:
    return any(isinstance(n, ast.Call) and "log_prob" in names_of(n) for n in ast.walk(node)) and not _has_cut(node)


def _carries(node: ast.AST, names: set[str]) -> bool:
    """Whether a value made from these names is still in the graph."""
    if isinstance(node, (ast.Call, ast.Attribute, ast.Subscript)) and _cut(node):
        return False
    if isinstance(node, ast.Name):
        return node.id in names
    return any(_carries(child, names) for child in ast.iter_child_nodes(node))
