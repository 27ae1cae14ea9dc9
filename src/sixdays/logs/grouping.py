"""Where each run belongs: group (alike but for the seed), benchmark task and seed, from paths and configs.

Told by, in this order: a mapping, a pattern, the config, the path (see `layouts`). Then the whole set is looked
at: what is the same in all runs says nothing, and settings that differ between runs split a group.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase

from sixdays.logs.layouts import Said, read
from sixdays.logs.recipes import Facts, named, seed_of, task_of, within
from sixdays.logs.runs import Place
from sixdays.logs.series import Scalar
from sixdays.logs.template import matched, template

_DAY = re.compile(r"(?<!\d)20\d{2}[-_]?[01]\d[-_]?[0-3]\d(?![\d])(?![-_T ]?[0-2]\d[-_:]?[0-5]\d)")
Named = tuple[str, Mapping[str, Scalar]]


def place(
    names: Sequence[Named], pattern: str | None = None, mapping: Mapping[str, Place] | None = None
) -> tuple[Place, ...]:
    """Where each run belongs, in the order given.

    Args:
        names: path of a run and its config, flat.
        pattern: a template such as `{group}/{task}_s{seed}`, matched at the end of the path; `*` is any text
            within a folder or file name, `**` any text. What it does not name is found as without it.
        mapping: exact path or glob → place.

    Raises:
        ValueError: the pattern is none; the message says where and how to mend it.

    >>> [p.group + "|" + p.task + "|" + p.seed for p in place([("ppo/Hopper-v4/0", {}), ("sac/Hopper-v4/3", {})])]
    ['ppo|Hopper-v4|0', 'sac|Hopper-v4|3']
    """
    compiled = template(pattern) if pattern else None
    facts = _counted(_numbers(_tasks(_bases(_default([_told(path, config) for path, config in names])))))
    groups = named(facts)
    found = []
    for f, group in zip(facts, groups, strict=True):
        auto = Place(group, f.task, f.seed, f.how)
        found.append(_mapped(f.path, mapping or {}) or (matched(f.path, compiled, auto) if compiled else auto))
    return _ordered([f.path for f in facts], _dated([f.path for f in facts], found))


def _told(path: str, config: Mapping[str, Scalar]) -> Facts:
    said = read(path)
    settings = {**said.settings, **config}
    seed, task = seed_of(settings), task_of(settings)
    how = (
        "config seed"
        if seed and seed_of(config)
        else "setting in the path"
        if seed
        else said.how[-1]
        if said.seed
        else ""
    )
    return Facts(path, said, settings, task=task or said.task, seed=seed or said.seed, how=how)


def _default(facts: Sequence[Facts]) -> list[Facts]:
    """`default` names a group where folders beside it are named: `walker-run/1/default`, `walker-run/1/mine`."""
    places: dict[tuple[int, int], list[str]] = defaultdict(list)
    for f in facts:
        for k, name in enumerate(f.said.rest):
            places[len(f.said.rest), k].append(name)
    made = []
    for f in facts:
        parts, rest = f.path.strip("/").split("/"), list(f.said.rest)
        for k, part in enumerate(parts[: len(rest)]):
            if not rest[k] and part.lower() == "default" and any(places[len(rest), k]):
                rest[k] = part
        made.append(replace(f, said=replace(f.said, rest=tuple(rest))))
    return made


def _bases(facts: Sequence[Facts]) -> list[Facts]:
    """Rests without seed of the config and name of the task; a seed that the config repeats yields to the path's."""
    of_config = {seed_of(f.settings) for f in facts}
    of_path = {f.said.seed for f in facts}
    if len(of_config) == 1 < len(of_path) and "" not in of_path:
        facts = [replace(f, seed=f.said.seed, how=f.said.how[-1]) for f in facts]
    return [replace(f, said=replace(f.said, rest=tuple(_without(r, f.task) for r in f.said.rest))) for f in facts]


def _without(text: str, task: str) -> str:
    if len(task) < 3:
        return text
    cut = re.sub(rf"(?i)(?<![0-9a-z]){re.escape(task)}(?![0-9a-z])", "", text)
    return re.sub(r"([_\-.])[_\-.]+", r"\1", cut).strip("_-. ") if cut != text else text


def _tasks(facts: Sequence[Facts]) -> list[Facts]:
    """A folder is a task where the same folder of most other runs is one: `ppo/Breakout`, `ppo/MyGame`."""
    columns: dict[int, Counter[tuple[bool, int]]] = defaultdict(Counter)
    split = [f.path.strip("/").split("/") for f in facts]
    for f, parts in zip(facts, split, strict=True):
        for k, part in enumerate(parts):
            columns[len(parts)][bool(f.task) and part == f.task, k] += 1
    made = []
    for f, parts in zip(facts, split, strict=True):
        seen = columns[len(parts)]
        for k, part in enumerate(parts[: len(f.said.rest)]):
            if not f.task and f.said.rest[k] == part and seen[True, k] > seen[False, k]:
                rest = (*f.said.rest[:k], "", *f.said.rest[k + 1 :])
                f = replace(f, task=part, said=replace(f.said, rest=rest))
        made.append(f)
    return made


def _numbers(facts: Sequence[Facts]) -> list[Facts]:
    """Decides of every bare number in a path: the seed, a setting of the group, or nothing. Sets `base`."""
    rests = Counter(r for f in facts for r in set(f.said.rest) if r)
    standing = Counter(n for f in facts for n in set(f.said.numbers))
    alone = len(facts) == 1
    told: list[tuple[Facts, str]] = []
    cells: dict[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)
    for f in facts:
        varying = [n for n in f.said.numbers if alone or standing[n] < len(facts)]
        last = varying[-1][1] if varying else ""
        f = replace(f, base=_joined(f.said, varying[:-1], rests, len(facts)))
        told.append((f, last))
        if last:
            cells[f.base, f.task].append((last, f.seed))
    made = []
    for f, number in told:
        role = _role(cells[f.base, f.task]) if number else "nothing"
        if role == "setting":
            kept = [n for n in f.said.numbers if alone or standing[n] < len(facts)]
            f = replace(f, base=_joined(f.said, kept, rests, len(facts)))
        elif role == "seed" and not f.seed:
            f = replace(f, seed=str(int(number)), how="number in the name")
        made.append(f)
    return made


def _counted(facts: list[Facts]) -> list[Facts]:
    """Without names that only count runs (`x0`, `x1`, … or W&B's `misty-river-7`), where configs tell the seeds."""
    bases = [f.base for f in facts]
    stems = {"W&B" if re.fullmatch(r"[a-z]+-[a-z]+-\d+", b) else re.sub(r"\d+", "#", b) for b in bases}
    if len(facts) < 3 or len(stems) > 1 or len(set(bases)) < len(bases) or not all(seed_of(f.settings) for f in facts):
        return facts
    return [replace(f, base="") for f in facts]


def _role(cell: Sequence[tuple[str, str]]) -> str:
    """What the numbers of runs that are alike but for them are. cell: (number, seed known otherwise).

    >>> _role([("1", ""), ("2", ""), ("3", "")]), _role([("18", ""), ("50", "")])
    ('seed', 'setting')
    """
    seeds: dict[str, set[str]] = defaultdict(set)
    for number, seed in cell:
        if seed:
            seeds[number].add(seed)
    if seeds:
        return "setting" if any(len(s) > 1 for s in seeds.values()) else "seed"
    values = sorted({int(number) for number, _ in cell})
    usual = [v for v in values if v not in (42, 123, 1234, 1337, 2024, 12345, 3407)]
    if usual and len(values) == 1:
        return "seed" if values[0] <= 20 else "setting"
    spread = usual and usual[-1] - usual[0] > 2 * len(usual) + 2
    return "setting" if spread and any(v % 10 for v in usual) else "seed"


def _joined(said: Said, numbers: Iterable[tuple[int, str]], rests: Counter[str], runs: int) -> str:
    """The rests that not all runs have, with these numbers back in their places, as one name."""
    parts = [r if runs == 1 or rests[r] < runs else "" for r in said.rest]
    for k, number in numbers:
        parts[k] = f"{said.rest[k]}_{number}".strip("_")
    kept: list[str] = []
    for part in filter(None, parts):
        if kept and within(kept[-1], part):
            kept[-1] = part
        elif not (kept and within(part, kept[-1])):
            kept.append(part)
    return kept[-1] if kept and runs == 1 else "/".join(kept)


def _mapped(path: str, mapping: Mapping[str, Place]) -> Place | None:
    exact = mapping.get(path)
    found = exact or next((p for glob, p in mapping.items() if fnmatchcase(path, glob)), None)
    return replace(found, how="mapping") if found else None


def _dated(paths: Sequence[str], places: Sequence[Place]) -> list[Place]:
    """Groups that only a day in their names tells apart keep it: `20260501_muon`, `20260614_muon`.

    A day says something where without it two runs would be one seed, and with it none, and several runs share it.
    """
    days = [d[0] if (d := _DAY.findall(path)) else "" for path in paths]
    made = list(places)
    by_group: dict[str, list[int]] = defaultdict(list)
    for i, p in enumerate(places):
        by_group[p.group].append(i)
    for group, members in by_group.items():
        seeded = [(places[i].task, places[i].seed) for i in members if places[i].seed]
        told = Counter(days[i] for i in members)
        apart = {(places[i].task, places[i].seed, days[i]) for i in members}
        alike = len(set(seeded)) < len(seeded)
        if alike and len(apart) == len(members) and "" not in told and len(told) > 1 and min(told.values()) > 1:
            for i in members:
                made[i] = replace(places[i], group=f"{group} {days[i]}")
    return made


def _ordered(paths: Sequence[str], places: Sequence[Place]) -> tuple[Place, ...]:
    """Runs without a seed numbered within their group and task, in order of path, 2 before 10."""
    taken = {(p.group, p.task, p.seed) for p in places}
    made = list(places)
    following: Counter[tuple[str, str]] = Counter()
    for i in sorted(range(len(paths)), key=lambda i: _natural(paths[i])):
        p = places[i]
        if p.seed:
            continue
        while (p.group, p.task, str(following[p.group, p.task])) in taken:
            following[p.group, p.task] += 1
        made[i] = replace(p, seed=str(following[p.group, p.task]), how=p.how or "order")
        following[p.group, p.task] += 1
    return tuple(made)


def _natural(path: str) -> list[tuple[int, str]]:
    return [(int(t), "") if t.isdigit() else (-1, t) for t in re.split(r"(\d+)", path)]
