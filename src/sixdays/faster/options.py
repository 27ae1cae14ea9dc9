"""What can be set on a command line, from its help, its sources and the files that it names. Nothing is executed."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from sixdays.faster import configured, declared, fixed, helptext
from sixdays.faster.option import Option, Style, given, merged, plain, type_of
from sixdays.faster.passes import passes

__all__ = ["Option", "options_of"]


def options_of(
    help_text: str, sources: Mapping[str, str], configs: Mapping[str, str], argv: Sequence[str]
) -> tuple[Option, ...]:
    """Options with their values, and the constants and loops of the script, which cannot be set.

    help_text: what --help prints; where it is known, only what it lists is an option. sources, configs: texts by path;
    the script comes first.
    """
    parsed = fixed.trees(sources)
    used = fixed.modules(parsed)
    constants = list(fixed.constants(parsed))
    listed = list(helptext.listed(help_text))
    written = list(declared.declared(parsed))
    if listed and not used & {"hydra", "omegaconf", "chz"}:
        names = {o.name for o in listed} | {plain(s) for o in listed for s in o.spellings}
        written = [o for o in written if o.name in names]
    from_files = list(_from_configs(configs, sources, used, argv))
    found = [*listed, *written, *_overridden(sources, constants, parsed), *from_files]
    options = merged(_with_files([*found, *constants], from_files))
    return _with_loops(tuple(given(o, argv) for o in options), parsed)


def _with_files(options: list[Option], from_files: list[Option]) -> Iterator[Option]:
    """A file that the command names gives options of its own name their defaults."""
    chosen = {o.name: o for o in from_files if o.chosen}
    for o in options:
        f = chosen.get(o.name)
        yield replace(o, default=f.default, file=f.file, line=f.line, chosen=True) if f is not None else o


def _with_loops(options: tuple[Option, ...], parsed: Mapping[str, ast.Module]) -> tuple[Option, ...]:
    """Options that bound a loop know it; loops with a number of their own stand beside them."""
    once = passes(parsed)
    bounds = [(name, replace(o, once=once.get((o.file, o.line), o.once))) for name, o in fixed.loops(parsed)]
    by_name: dict[str, Option] = {}
    for name, loop in bounds:
        if name and (name not in by_name or loop.loop == "outer"):
            by_name[name] = loop
    known = tuple(_bounding(o, by_name.get(o.name.rpartition(".")[2])) for o in options)
    return known + tuple(loop for name, loop in bounds if loop.default is not None and not name)


def _bounding(option: Option, loop: Option | None) -> Option:
    return option if loop is None else replace(option, loop=loop.loop, counter=loop.counter, once=loop.once)


# overrides -------------------------------------------------------------------------------------------------------


def _from_configs(
    configs: Mapping[str, str], sources: Mapping[str, str], used: frozenset[str], argv: Sequence[str]
) -> Iterator[Option]:
    """Keys of configuration files: options where the program takes overrides, else constants."""
    style, dashes = _overrides(sources, used)
    named = " ".join(argv[1:])
    folder = _folder(sources, configs)
    for file, text in configs.items():
        chosen = file.rpartition("/")[2] in named
        before = _group(file, folder, text) if "hydra" in used else ""
        if file.endswith(".py"):
            tree = fixed.trees({file: text})
            yield from (replace(o, chosen=chosen) for o in fixed.constants(tree))
            continue
        for key, value, line in configured.keys(file, text):
            name = f"{before}{key}"
            if key.startswith(("hydra.", "defaults", "_")) or "/" in key:
                continue
            option = Option(plain(name), style, (f"{dashes}{name}",), value, type_of(value), (), "", file, line)
            yield replace(option, chosen=chosen or "hydra" in used)


def _overrides(sources: Mapping[str, str], used: frozenset[str]) -> tuple[Style, str]:
    """How the keys of a file are set on the command line, and what stands before them there; constants are not set."""
    whole = "\n".join(sources.values())
    if "hydra" in used or re.search(r"\bfrom_(cli|dotlist)\(", whole):
        return "x=v", ""
    if "merge_from_list(" in whole:
        return "x v", ""
    if "config_flags" in whole:
        return "--x=v", "--config."
    if used & {"draccus", "pyrallis", "jsonargparse"}:
        return "--x v", "--"
    if _splits_words(whole):
        return ("--x=v", "--") if _strips_dashes(whole) else ("x=v", "")
    return "constant", ""


def _splits_words(text: str) -> bool:
    takes = re.search(r"sys\.argv|parse_known_args|REMAINDER|nargs\s*=\s*[\"'][*+]", text)
    return bool(takes) and bool(re.search(r"split\(\s*[\"']=[\"']|partition\(\s*[\"']=[\"']", text))


def _strips_dashes(text: str) -> bool:
    return bool(
        re.search(r"strip\(\s*[\"']-+[\"']|(startswith|removeprefix)\(\s*[\"']--[\"']|replace\(\s*[\"']--", text)
    )


def _overridden(
    sources: Mapping[str, str], constants: Sequence[Option], parsed: Mapping[str, ast.Module]
) -> Iterator[Option]:
    """Constants of a script that lets words `--name=value` replace its globals, itself or by a file that it runs."""
    entry = next(iter(parsed), "")
    whole = "\n".join(sources.values())
    itself = re.search(r"globals\(\)\s*(\[|\.update|\.get)|setattr\(", whole) and _splits_words(whole)
    runs_a_file = re.search(r"^exec\(\s*open\(", sources.get(entry, ""), re.M)
    if not itself and not runs_a_file:
        return
    at_top = {
        n.id for s in parsed[entry].body if isinstance(s, ast.Assign) for n in s.targets if isinstance(n, ast.Name)
    }
    dashes = "--" if runs_a_file or _strips_dashes(whole) else ""
    for o in constants:
        if o.file == entry and o.spelling in at_top:
            yield replace(o, style="--x=v" if dashes else "x=v", spellings=(f"{dashes}{o.spelling}",))


def _folder(sources: Mapping[str, str], configs: Mapping[str, str]) -> str:
    """The folder of the file that a composed configuration starts from; where none is named, the uppermost."""
    whole = "\n".join(sources.values())
    named = [*re.findall(r"config_(?:name|path)\s*=\s*[\"']([^\"']+)", whole), "config"]
    stems = {re.sub(r"\.ya?ml$", "", n.rpartition("/")[2]) for n in named}
    first = next((f for f in configs if re.sub(r"\.ya?ml$", "", f.rpartition("/")[2]) in stems), "")
    return (first or min(configs, key=lambda f: f.count("/"), default="")).rpartition("/")[0]


def _group(file: str, folder: str, text: str) -> str:
    """What Hydra puts before the keys of a file: its folder below the first, unless its first lines say otherwise."""
    if m := re.search(r"^#\s*@package\s+(\S+)", text, re.M):
        return "" if m[1] in ("_global_", "_root_") else f"{m[1].replace('_group_', '')}."
    below = file.rpartition("/")[0].removeprefix(folder).strip("/")
    return f"{below.replace('/', '.')}." if below else ""
