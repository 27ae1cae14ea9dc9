"""Runs from folders and files of logs: what was found, how it was grouped, what was passed over and why."""

from __future__ import annotations

import csv
import os
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from sixdays.app.folders import Folder, of_text, reader_of, readers, settings, walk
from sixdays.errors import LogError, UsageError, did_you_mean
from sixdays.logs.grouping import place
from sixdays.logs.runs import Place, Run
from sixdays.logs.series import Log, Scalar
from sixdays.readers import Reader, Tick, Wanted

ROLES = frozenset(
    "train training val valid validation eval evaluation evaluations test testing evals evaluator learner actor".split()
)  # parts of one run
PLAIN = ROLES | frozenset(
    "log logs progress metric metrics result results history train_log training_log log_train log_eval data scores "
    "score stats scalars loss losses episodes episode monitor rollout eval_log returns learning_curve curve output "
    "summary stdout".split()
)  # names of files that say nothing of their run
LOGGERS = frozenset("tb tensorboard tensorboard_logs tb_logs tblogs csv csv_logs logger tensorboardx wandb".split())
_STAMP = re.compile(r"\d{9,}(\.\d+)?")
_CHECKPOINT = re.compile(r"checkpoint-(\d+)")


@dataclass(frozen=True, slots=True)
class Found:
    """runs: by path. notes: what was found, in words. skipped: (path, why) of what could not be read."""

    runs: tuple[Run, ...]
    notes: tuple[str, ...] = ()
    skipped: tuple[tuple[str, str], ...] = ()


@dataclass(slots=True)
class _Search:
    wanted: Wanted
    ends: bool
    tick: Tick
    skipped: list[tuple[str, str]] = field(default_factory=list)
    done: int = 0

    def read(self, path: str, shown: str, reader: Reader, prefix: str = "") -> tuple[Log, ...]:
        """The logs of one file, tags under a prefix; none where it cannot be read, which is kept."""
        base, wanted, tick = self.done, self.wanted, self.tick

        def is_wanted(tag: str) -> bool:
            return wanted is None or wanted(prefix + tag)

        def count(done: int) -> None:
            self.done = base + done
            if tick:
                tick(self.done)

        try:
            logs = reader.read(path, wanted=is_wanted if wanted else None, ends=self.ends, tick=count if tick else None)
        except LogError as e:
            self.skip(shown, e.message.removeprefix(f"{path}: "))
            return ()
        return tuple(_prefixed(log, prefix) for log in logs) if prefix else logs

    def skip(self, path: str, why: str) -> None:
        self.skipped.append((path, why))


@dataclass(slots=True)
class _Draft:
    """A run before it is placed."""

    path: str
    logs: tuple[Log, ...]
    config: dict[str, Scalar]
    since: float | None = None

    @property
    def name(self) -> str:
        """The path by which it is placed: without the run's name in the file where that only repeats its settings."""
        file, _, run = self.path.partition("#")
        said = {str(v) for v in self.config.values()}
        return file if run and said.issuperset(run.split("/")) else self.path


@dataclass(slots=True)
class _Host:
    """A folder whose logs are of one run, with those of folders below that belong to it: (folder, prefix)."""

    folder: Folder
    parts: list[tuple[Folder, str]] = field(default_factory=list)


def find_runs(
    paths: Sequence[str], *, wanted: Wanted = None, ends: bool = False, group: str | None = None,
    format: str | None = None, tick: Callable[[int], None] | None = None,
) -> Found:  # fmt: skip
    """The runs in folders and files, each with its logs, its configuration and its place.

    Args:
        wanted: which tags to decode; None: all.
        ends: for a glance: of large files only head and tail.
        group: a pattern such as `{group}_{task}_s{seed}`, or a CSV file with the columns path, group, task, seed.
        format: the name of the reader to use for all files that have a name of its kind, or were given themselves.
        tick: told the bytes read so far.

    Raises:
        LogError: a path is not there, or the mapping is wrong. UsageError: there is no such format or pattern.
    """
    search = _Search(wanted, ends, tick)
    only = _only(format)
    drafts: list[_Draft] = []
    for path in paths:
        if not os.path.exists(path):
            raise LogError(f"{path}: there is no such file or folder", "give a folder of logs, or a log")
        given = path.rstrip("/") or path
        if os.path.isdir(path):
            folders = list(walk(given, given if len(paths) > 1 else "", search.skip, only))
            if only is None:
                for echoes in (("text", "json_file"), ("text",)):
                    _without(folders, echoes)
            for host in _hosts(folders):
                drafts += _of_host(host, search)
        else:
            drafts += _of_file(path, search, only)
    mapping = _mapping(group) if group and os.path.isfile(group) else None
    try:
        places = place([(d.name, d.config) for d in drafts], group if group and mapping is None else None, mapping)
    except ValueError as e:
        raise UsageError(
            f"--group {group}: {e}", "write a pattern such as {group}_{task}_s{seed}, or give a CSV file"
        ) from e
    if group and places and not any(p.how in ("--group", "mapping") for p in places):
        raise UsageError(
            f"--group {group} names none of the {_count(len(places), 'run')}: the first is {drafts[0].path}",
            "write a pattern such as {group}_{task}_s{seed}, or paths as they are shown",
        )
    runs = tuple(sorted((_run(d, p) for d, p in zip(drafts, places, strict=True)), key=lambda r: _natural(r.path)))
    return Found(runs, _notes(runs), tuple(search.skipped))


def _only(format: str | None) -> tuple[Reader] | None:
    if format is None:
        return None
    known = {r.name: r for r in readers()}
    if format not in known:
        raise UsageError(
            f'there is no format "{format}"', did_you_mean(format, known, f"there are: {', '.join(known)}")
        )
    return (known[format],)


def _of_file(path: str, search: _Search, only: tuple[Reader] | None) -> list[_Draft]:
    """The runs of a file that was given itself, whatever its name."""
    try:
        reader = only[0] if only else reader_of(path, by_name=False)
    except OSError as e:
        search.skip(path, e.strerror or str(e))
        return []
    if reader is None:
        search.skip(path, "no format that we know")
        return []
    folder = Folder(os.path.dirname(path) or ".", os.path.dirname(path))
    name = os.path.basename(path)
    return _drafts(search.read(path, path, reader), path, folder, _beside(folder, name))


def _without(folders: Sequence[Folder], echoes: Sequence[str]) -> None:
    """Drops what these readers found where another did in the same folder, above it or below it: it says it again."""
    tracked: set[int] = set()
    for folder in folders:
        if any(r.name not in echoes for _, r in folder.logs):
            up: Folder | None = folder
            while up is not None and id(up) not in tracked:
                tracked.add(id(up))
                up = up.above
    heard = {id(f) for f in folders if any(r.name not in echoes for _, r in f.logs)}
    for folder in folders:  # a folder comes after the one above it
        above = folder.above
        if above is not None and id(above) in heard:
            heard.add(id(folder))
        if id(folder) in tracked or id(folder) in heard:
            folder.logs = [log for log in folder.logs if log[1].name not in echoes]


def _hosts(folders: Sequence[Folder]) -> list[_Host]:
    """Folders with logs, those that belong to a run of a folder above put to it."""
    with_logs = [f for f in folders if f.logs]
    trained = {id(f) for f in with_logs if _has(f, "huggingface")}
    trained |= {id(f.above) for f in with_logs if f.above and _has(f, "huggingface") and _CHECKPOINT.fullmatch(f.name)}
    hosts: dict[int, _Host] = {}
    for folder in with_logs:
        above, prefix = _belongs(folder, trained)
        host = hosts.setdefault(id(above), _Host(above))
        host.parts.append((folder, prefix))
    return list(hosts.values())


def _has(folder: Folder, reader: str) -> bool:
    return any(r.name == reader for _, r in folder.logs)


def _belongs(folder: Folder, trained: set[int]) -> tuple[Folder, str]:
    """The folder whose run a folder's logs are part of, and the prefix of their tags."""
    above, name = folder.above, folder.name
    if above is None:
        return folder, ""
    tables = [n for n, r in folder.logs if r.alone]
    if name.lower() in ROLES and len(tables) < 2 and not folder.configs:  # with its own, it is a run called `train`
        return above, f"{name}/"
    if _STAMP.fullmatch(name) and _has(folder, "tensorboard") and _has(above, "tensorboard"):
        return above, ""
    if _CHECKPOINT.fullmatch(name) and _has(folder, "huggingface"):
        return above, ""
    if name.lower() in LOGGERS and any(not r.alone for _, r in above.logs) and len(tables) < 2:
        return above, ""
    if above.above and id(above.above) in trained and above.name in ("runs", "logs") and _has(folder, "tensorboard"):
        return above.above, ""
    return folder, ""


def _of_host(host: _Host, search: _Search) -> list[_Draft]:
    """The runs of one folder: one of all its trackers' files, and one of each plain table that stands for itself."""
    parts = _parts(host)
    by_format: dict[tuple[str, str], list[tuple[str, str, Reader]]] = {}
    tables: list[tuple[str, Folder, str]] = []
    for folder, prefix, name, reader in parts:
        if reader.alone:
            tables.append((name, folder, prefix))
        else:
            by_format.setdefault((reader.name, prefix), []).append((folder.file(name), folder.show(name), reader))
    drafts: list[_Draft] = []
    whole: list[Log] = []
    config = settings(host.folder)
    for (_, prefix), files in by_format.items():
        logs = tuple(log for path, shown, reader in files for log in search.read(path, shown, reader, prefix))
        merged = files[0][2].merged(logs) if len(logs) > 1 else logs
        plain = all(os.path.splitext(os.path.basename(path))[0].lower() in PLAIN for path, *_ in files)
        if len(merged) == 1 or (plain and not any(log.run for log in merged)):
            whole += merged
            continue
        for log in merged:
            shown = next(s for p, s, _ in files if p == log.path)
            drafts += _drafts((log,), shown, host.folder, config)
    each = {(name, folder.path): search.read(folder.file(name), folder.show(name), dict(folder.logs)[name],
                                             _table_prefix(name, folder, prefix, tables, bool(by_format)))
            for name, folder, prefix in tables}  # fmt: skip
    for name, folder, _ in tables:
        logs = each[name, folder.path]
        stem = os.path.splitext(name)[0].lower()
        together = stem in PLAIN or (bool(by_format) and len(tables) == 1) or folder is not host.folder
        if len(logs) == 1 and not logs[0].run and together and (host.folder.shown or by_format or len(tables) > 1):
            whole += logs
        else:
            drafts += _drafts(logs, folder.show(name), folder, {**config, **_beside(folder, name)})
    if whole:
        drafts += _drafts(
            tuple(whole), host.folder.shown or os.path.basename(os.path.abspath(host.folder.path)), host.folder, config
        )
    return drafts


def _parts(host: _Host) -> Iterator[tuple[Folder, str, str, Reader]]:
    """The files of a run: of checkpoints' states only the last; of Ray's files only result.json, which says it all."""
    checkpoints = [f for f, _ in host.parts if _CHECKPOINT.fullmatch(f.name)]
    own = any(f is host.folder and _has(f, "huggingface") for f, _ in host.parts)
    last = None if own else max(checkpoints, key=lambda f: int(f.name.partition("-")[2]), default=None)
    for folder, prefix in host.parts:
        if folder in checkpoints and folder is not last:
            continue
        ray = _has(folder, "rllib")
        for name, reader in folder.logs:
            if not (ray and reader.name in ("progress", "tensorboard")):
                yield folder, prefix, name, reader


def _table_prefix(name: str, folder: Folder, prefix: str, tables: Sequence[object], trackers: bool) -> str:
    """Tables of one run such as train.csv and eval.csv have the same columns: their names come before their tags."""
    stem = os.path.splitext(name)[0].lower()
    return prefix + (f"{stem}/" if stem in ROLES and (len(tables) > 1 or trackers) else "")


def _prefixed(log: Log, prefix: str) -> Log:
    return replace(log, series={prefix + tag: replace(s, tag=prefix + tag) for tag, s in log.series.items()})


def _beside(folder: Folder, name: str) -> dict[str, Scalar]:
    """Settings in a file of the same name: `sac_0.json` beside `sac_0.csv`."""
    for ending in (".json", ".yaml", ".yml"):
        path = folder.file(os.path.splitext(name)[0] + ending)
        if path != folder.file(name) and os.path.isfile(path):
            try:
                with open(path, "rb") as f:
                    return of_text(f.read(1_000_000).decode("utf-8", "replace"), path)
            except OSError:
                return {}
    return {}


def _drafts(logs: tuple[Log, ...], path: str, folder: Folder, config: dict[str, Scalar]) -> list[_Draft]:
    """The logs of one run as one; several runs of one file as `file#run`."""
    settings(folder)
    if any(log.run for log in logs):
        return [_Draft(f"{path}#{log.run}", (log,), {**config, **log.config}, folder.since) for log in logs]
    said = {k: v for log in logs for k, v in log.config.items()}
    return [_Draft(path, logs, {**config, **said}, folder.since)] if logs else []


def _run(draft: _Draft, where: Place) -> Run:
    times = [float(t) for log in draft.logs for s in log.series.values() for t in (s.times[0], s.times[-1])]
    times = [t for t in times if t == t]  # noqa: PLR0124 (NaN)
    written = [log.written for log in draft.logs if log.written is not None]
    created = [*times, *([draft.since] if draft.since is not None else [])]
    return Run(
        draft.path, draft.logs, where, draft.config, min(created, default=None), max([*times, *written], default=None)
    )


def _mapping(path: str) -> dict[str, Place]:
    """Places by path, from a CSV file with the columns path, group, task, seed (the first two are needed)."""
    out = {}
    try:
        with open(path, encoding="utf-8-sig", newline="") as f:
            rows = csv.reader(f)
            header = [c.strip().lower() for c in next(rows, [])]
            if not {"path", "group"} <= set(header) <= {"path", "group", "task", "seed"}:
                raise LogError(
                    f"{path}:1: its columns are {', '.join(header) or 'none'}", "a mapping has: path,group,task,seed"
                )
            for row in rows:
                if not any(c.strip() for c in row):
                    continue
                if len(row) != len(header):
                    raise LogError(f"{path}:{rows.line_num}: {len(row)} cells where the header has {len(header)}", "")
                cells = dict(zip(header, (c.strip() for c in row), strict=True))
                if not cells["path"] or not cells["group"]:
                    raise LogError(f"{path}:{rows.line_num}: a run needs a path and a group", "")
                out[cells["path"]] = Place(cells["group"], cells.get("task", ""), cells.get("seed", ""), "mapping")
    except (OSError, UnicodeError, csv.Error) as e:
        raise LogError(f"{path}: the mapping cannot be read: {getattr(e, 'strerror', None) or e}", "") from e
    return out


def _notes(runs: Sequence[Run]) -> tuple[str, ...]:
    """What was found, in one line, and what the logs' own notes come to."""
    if not runs:
        return ("no runs found",)
    titles = {r.name: r.title for r in readers()}
    formats = Counter(titles[f] for run in runs for f in {log.format for log in run.logs})
    groups = {run.place.group for run in runs}
    tasks = {run.place.task for run in runs} - {""}
    how = Counter(run.place.how for run in runs if run.place.how)
    line = f"{_count(len(runs), 'run')} in {_count(len(groups), 'group')}"
    if len(tasks) > 1:
        line += f" on {len(tasks)} tasks"
    line += f": {', '.join(f'{k} {n}' for k, n in formats.most_common())}"
    if how:
        line += f"; seed from {', '.join(k for k, _ in how.most_common(3))}"
    odd = Counter(note.message for run in runs for log in run.logs for note in log.notes)
    return (line, *(f"{message}{f' ({n} times)' if n > 1 else ''}" for message, n in odd.most_common(8)))


def _count(n: int, what: str) -> str:
    return f"{n} {what}" if n == 1 else f"{n} {what}s"


def _natural(path: str) -> list[tuple[int, str]]:
    return [(int(t), "") if t.isdecimal() and len(t) < 20 else (-1, t) for t in re.split(r"(\d+)", path)]
