"""What a command is: its help, its configuration, the sources that run; and why it cannot be measured, if so."""

from __future__ import annotations

import ast
import contextlib
import functools
import os
import re
import signal
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from sixdays.errors import RunError, did_you_mean
from sixdays.faster.fixed import modules, trees
from sixdays.faster.model import Command, Machine, Trace
from sixdays.faster.printed import ending, growing
from sixdays.probes.entry import entry_of, text_of
from sixdays.probes.machine import login_node, machine
from sixdays.probes.run import Stop, probe
from sixdays.probes.scratch import Scratch
from sixdays.probes.steps import steps

__all__ = ["configs_of", "entry_of", "help_of", "machine", "refusal", "sources_of"]

HELP_S, MOST_BYTES, MOST_FILES = 20.0, 200_000, 200
CONFIGS = (".yaml", ".yml", ".json", ".toml", ".ini", ".cfg", ".py")
# Modules that answer --help instead of doing the work.
_PARSERS = frozenset(
    "argparse optparse click typer tyro hydra fire absl simple_parsing jsonargparse configargparse docopt plac tap "
    "pyrallis draccus cappa cyclopts defopt chz argh clize HfArgumentParser LightningCLI".split()
)
_ON_CPU = re.compile(r"(^|[=:_-])cpu$|no[-_]?(cuda|gpu)")  # a word that says so
_SUBMIT = frozenset("docker-compose ssh kubectl sbatch srun salloc qsub bsub condor_submit oarsub systemd-run".split())
_MAY_SUBMIT = frozenset("docker podman nerdctl tmux".split())  # or ask for something: what comes behind it tells
_RUN = frozenset("run exec compose up start new new-session".split())
_ELSEWHERE = _SUBMIT | _MAY_SUBMIT | frozenset("flux modal sky screen at".split())  # in a script, perhaps other words
# What leads an environment to the project: from a copy it would lead it there.
_INSTALLS = re.compile(
    r"(?:uv\s+|\S*python[\d.]*\s+-m\s+)?(?:\S*/)?pip[\d.]*\s+install\b.*\s(?:-e|--editable)\b|(?:uv|pdm|rye)\s+sync\b|"
    r"(?:poetry|pdm|pipenv)\s+install\b|\S*python[\d.]*\s+(?:\S*/)?setup\.py\s+(?:develop|install)\b"
)
_BY_FOLDER = {"poetry": "poetry env info -p", "pipenv": "pipenv --venv", "hatch": "hatch env find"}
_TERMINAL = (
    r"termios\.error|_?curses\.error|cbreak\(\) returned|[Nn]ot a (tty|terminal)|Inappropriate ioctl|setupterm|"
    r"in an? (\w+ )?(terminal|tty)\b"
)
_DEVICE = (
    r"No CUDA GPUs are available|not compiled with CUDA|Found no NVIDIA driver|no CUDA-capable device|CUDA driver "
    r"version is insufficient|invalid device ordinal|torch\.cuda\.is_available\(\) is False|MPS backend is not|"
    r"not linked with support for|CUDA is not available|No (visible )?(GPU|TPU|CUDA)|[Nn]o GPUs? (found|available)|"
    r"Unable to initialize backend|requires a (GPU|CUDA)|(cuda|gpu) is not available"
)


def help_of(command: Command, scratch: Scratch, path: str | None = None, interpreter: str = "python") -> str:
    """What --help of the command prints; empty where that would run the training, or where it prints none.

    interpreter: that runs the script, where the command starts it by way of another program.

    --help is tried only where the source reads its words with a library that knows it, for 20 s at most, and no
    longer than until something is counted: then it is the training that runs.
    """
    entry = entry_of(command, path)
    sources = imported(command, entry) if entry else {}
    if not any(map(_reads_words, sources.values())):
        return ""
    head = os.path.basename(command.argv[0])
    by_itself = head.startswith(("python", "pypy")) or entry is None or not entry.endswith(".py")
    words = command.argv if by_itself else (interpreter, os.path.join(command.root, entry or ""))
    env = {**command.env, "NO_COLOR": "1", "TERM": "dumb", "COLUMNS": "160", "PAGER": "cat"}
    asked = replace(command, argv=(*words, "--help"), env=env)
    with contextlib.suppress(RunError):
        (trace,) = probe(scratch, asked, stop=Stop(seconds=HELP_S, events=1))
        text = "\n".join(line.text for line in trace.printed)[:MOST_BYTES]
        if not trace.stopped and "Traceback (most" not in text and re.search(r"(^|\s)--?[A-Za-z]|=", text):
            return text
    return ""


@functools.lru_cache(MOST_FILES)
def _reads_words(source: str) -> bool:
    """Whether it reads a command line, with a library that answers --help."""
    return bool(modules(trees({"": source})) & _PARSERS)


def configs_of(command: Command, path: str | None = None) -> dict[str, str]:
    """Texts of the configuration files that the command names, or its script does, by path relative to the root."""
    entry = entry_of(command, path)
    source = text_of(Path(command.root, entry)) if entry else ""
    cwd, beside = Path(command.root, command.cwd), Path(command.root, entry or "").parent
    named = [cwd / w.rpartition("=")[2] for w in command.argv[1:]]
    quoted = re.findall(r"""["']([^"'\n]{1,200}\.(?:ya?ml|json|toml))["']""", source)
    named += [folder / q for q in quoted for folder in (cwd, beside)]
    named += _composed(source, command, beside)
    found: dict[str, str] = {}
    for file in named:
        name = _name(file, command.root)
        if file.suffix in CONFIGS and name != entry and name not in found and len(found) < MOST_FILES and _small(file):
            found[name] = text_of(file)
    return found


def _composed(source: str, command: Command, beside: Path) -> list[Path]:
    """Files of a configuration made of parts: its folder and name stand in the script, parts in words: model=big."""
    folder = re.search(r"""config_path\s*=\s*["']([^"'\n]+)["']""", source)
    name = re.search(r"""config_name\s*=\s*["']([^"'\n]+)["']""", source)
    if not name:
        return []
    chosen = _word(command.argv, "--config-name", "-cn") or name[1]
    top = beside / (_word(command.argv, "--config-path", "-cp") or (folder[1] if folder else "."))
    parts = [w.partition("=")[::2] for w in command.argv[1:] if "=" in w and not w.startswith("-")]
    return [top / f"{chosen.removesuffix('.yaml')}.yaml", *(top / k.lstrip("+") / f"{v}.yaml" for k, v in parts)]


def _word(argv: Sequence[str], *spellings: str) -> str:
    """What a command line says behind an option, `--name x` or `--name=x`; empty where it does not."""
    for word, following in zip(argv, (*argv[1:], ""), strict=True):
        name, is_joined, value = word.partition("=")
        if name in spellings:
            return value if is_joined else following
    return ""


def sources_of(command: Command, trace: Trace, path: str | None = None) -> dict[str, str]:
    """Texts of the script, of the project's files that were seen running, and of those that read its words; by path
    relative to the root.
    """
    entry = entry_of(command, path)
    seen = [entry or "", *(c.file for c in trace.counters), *(f.file for s in trace.stacks for f in s.frames)]
    seen += [name for name, text in imported(command, entry).items() if _reads_words(text)] if entry else []
    found: dict[str, str] = {}
    for name in dict.fromkeys(seen):
        file = Path(command.root, name)
        if name and not os.path.isabs(name) and len(found) < MOST_FILES and _small(file):
            found[name] = text_of(file)
    return found


def imported(command: Command, entry: str) -> dict[str, str]:
    """Texts of the script and of the project's modules that it imports, near ones first."""
    found: dict[str, str] = {}
    waiting = [Path(command.root, entry)]
    folders = [waiting[0].parent, Path(command.root, command.cwd), Path(command.root), Path(command.root, "src")]
    while waiting and len(found) < MOST_FILES:
        file = waiting.pop(0)
        name = _name(file, command.root)
        if name in found or not _small(file):
            continue
        found[name] = text_of(file)
        for module in sorted(_imports(found[name])):
            part = Path(*module.split("."))
            options = [
                f for folder in folders for f in ((folder / part).with_suffix(".py"), folder / part / "__init__.py")
            ]
            waiting += [f for f in options if f.is_file()][:1]
    return found


@functools.lru_cache(MOST_FILES)
def _imports(source: str) -> frozenset[str]:
    found: set[str] = set()
    for tree in trees({"": source}).values():
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                found |= {a.name for a in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                found |= {node.module, *(f"{node.module}.{a.name}" for a in node.names)}
    return frozenset(found)


def refusal(command: Command, here: Machine, trace: Trace | None, *, env: Mapping[str, str], host: str) -> str:
    """Why the command is not measured here, in a sentence with what to do; empty where it can be.

    trace: of a first short run; None before it.
    """
    if trace is None:
        return _before(command, here, env, host)
    text = "\n".join(line.text for line in trace.printed[-200:])
    for why in (_missing(text, command), _needs(text, here, trace), _ended(text, trace), busy_gpu(here, trace)):
        if why:
            return why
    if not trace.counters and not growing(trace.printed) and trace.stopped == "time":
        if "executable" not in trace.facts and entry_of(command, env.get("PATH")):
            return (
                f"Python ran for {trace.seconds:.0f} s without what counts its progress. Where the command or its "
                "script sets PYTHONPATH, let it keep what was there (PYTHONPATH=src:$PYTHONPATH); start Python without "
                "-I, -E and -S; or let it print its step"
            )
        return (
            f"no progress was seen in {trace.seconds:.0f} s: it steps no optimiser and no environment that we know, "
            "and prints no line again and again. Give it more time with --budget, or let it print its step"
        )
    return ""


def _before(command: Command, here: Machine, env: Mapping[str, str], host: str) -> str:
    if login_node(env, host):
        return (
            f"{host} is the login node of a cluster, where others work too. Measure in one short job: "
            "srun sixdays faster -- COMMAND, with the resources that the command needs"
        )
    for n, words in enumerate(steps(command.argv, Path(command.root, command.cwd))):
        program = os.path.basename(words[0])
        submits = program in _SUBMIT or (program in _MAY_SUBMIT and not _RUN.isdisjoint(words))
        if submits or (n == 0 and program in _ELSEWHERE):
            return (
                f"{program} runs the command elsewhere, where a short run cannot be watched or stopped: "
                "run sixdays there, on the command itself"
            )
        if _INSTALLS.match(line := " ".join(words)):
            return (
                f"the command installs the project ({line}), and a short run would lead its environment to a copy that "
                "is gone afterwards: install it once by hand, and name what comes behind that"
            )
    program = os.path.basename(command.argv[0])
    if program in _BY_FOLDER and not os.path.isdir(os.path.join(command.root, ".venv")):
        return (
            f"{program} finds its environment by the folder, and short runs lie in others: name its interpreter, as in "
            f"sixdays faster -- $({_BY_FOLDER[program]})/bin/python train.py"
        )
    for word in command.argv:
        script = Path(command.root, command.cwd, word)
        is_own = os.path.normpath(script).startswith(command.root + os.sep)
        goes_there = rf"\bcd\s+[\"']?{re.escape(command.root)}\b"
        if script.suffix in (".sh", ".bash") and not is_own and re.search(goes_there, text_of(script)):
            return f"{word} goes to {command.root} by its full name, so that a copy would run there: leave that cd out"
    entry = entry_of(command, env.get("PATH"))
    texts = imported(command, entry) if entry and not os.path.isabs(entry) else {}
    may_use = any(re.search(r"\bcuda\b|\bgpus?\b|\bjax\b", t) for t in texts.values())
    return _busy(here) if may_use and not any(map(_ON_CPU.search, command.argv)) else ""


def busy_gpu(here: Machine, trace: Trace) -> str:
    """Why a command that was seen to use a GPU is not measured beside others who use it; empty where it can be."""
    return _busy(here) if "cuda" in trace.facts.get("device", "") else ""


def _busy(here: Machine) -> str:
    if not here.gpu_users:
        return ""
    return (
        f"the GPU is in use by others ({'; '.join(here.gpu_users[:3])}): a factor measured beside them would not hold, "
        "and they would be slowed. Wait for them, or choose a free one: CUDA_VISIBLE_DEVICES=1"
    )


def _missing(text: str, command: Command) -> str:
    """That Python was given a script which is not there."""
    found = re.search(r"can't open file '(.+)': \[Errno 2\]", text)
    name = os.path.basename(found[1]) if found else ""
    word = next((w for w in command.argv if name and os.path.basename(w) == name), "")
    if not word:
        return ""
    folder = Path(command.root, command.cwd, word).parent
    scripts = [f.name for f in folder.glob("*.py")] if folder.is_dir() else []
    return f"there is no {name} in {folder}: {did_you_mean(name, scripts, 'name the script by its path from here')}"


def _needs(text: str, here: Machine, trace: Trace) -> str:
    """What the command asked for that a short run does not have."""
    if not trace.failed:
        return ""
    text = text[max(0, text.rfind("Traceback (most recent")) :]  # warnings before are not what ended it
    last = _last(text)
    if re.search(_TERMINAL, text):
        return f"the command needs a terminal, and a short run has none: {last}"
    if re.search(r"^EOFError|EOF when reading", text, re.M) or re.search(r"\bstdin\b|standard input", last):
        return (
            f"the command reads from the keyboard, and a short run has none ({last}). Give what it asks for as options"
        )
    if re.search(_DEVICE, text):
        has = f"it has {', '.join(here.gpus)}" if here.gpus else "it has no GPU"
        return f"the command needs a device that this machine has not; {has}: {last}"
    if re.search(r"OfflineModeIsEnabled|HF_HUB_OFFLINE|offline mode is enabled", text):
        mend = "run it once by hand, or set HF_HUB_OFFLINE=0"
        return f"the command fetches from a hub, and short runs are offline: {mend}. {last}"
    if found := re.search(r"No module named '?([\w.]+)", text):
        who = trace.facts.get("executable", "the interpreter that ran it")
        return f"{who} has no module {found[1]}: is the environment of the project active? Name its interpreter"
    return ""


def _ended(text: str, trace: Trace) -> str:
    """It crashed, was stopped for what it used, or was over too soon."""
    took = max(trace.seconds, 0.1)
    lines = ending(text.splitlines(), 3)
    tail = f"; its last lines: {lines}" if lines else ", and it printed nothing"
    if trace.stopped == "memory" or (trace.failed and re.search(r"MemoryError|Cannot allocate memory", text)):
        return (
            f"the command was stopped when it held {trace.peak_bytes / 2**30:.1f} GB of memory, more than is free here"
        )
    cut_off = trace.signal == signal.SIGXFSZ or (trace.failed and re.search(r"File too large|No space left", text))
    if trace.stopped == "disk" or cut_off:
        return f"the command was stopped when it had written {trace.wrote / 2**20:,.0f} MB, more than a short run may"
    if trace.signal == signal.SIGKILL:
        return (
            f"the command was killed from outside after {took:.1f} s, as a machine does that runs out of memory{tail}"
        )
    if trace.signal is not None:
        return f"the command was killed by signal {trace.signal} after {took:.1f} s{tail}"
    if trace.exit:
        return f"the command ended after {took:.1f} s with exit code {trace.exit}{tail}"
    if trace.exit == 0 and trace.seconds < 1.0 and not trace.failed:
        return f"the command ended after {took:.1f} s: too short to measure anything. Name one that runs longer"
    return ""


def _last(text: str) -> str:
    return next((line.strip()[:200] for line in reversed(text.splitlines()) if line.strip()), "")


def _name(file: Path, root: str) -> str:
    path, top = os.path.normpath(file), os.path.normpath(root)
    return os.path.relpath(path, top) if path.startswith(top + os.sep) else path


def _small(file: Path) -> bool:
    try:
        return file.is_file() and file.stat().st_size <= MOST_BYTES
    except OSError:
        return False
