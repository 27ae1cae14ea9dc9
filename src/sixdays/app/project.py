"""Project: what a command works on, opened once: plan, clock, records, who. All the reading there is."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from sixdays.app.settings import Options, nonce
from sixdays.errors import PlanError, Problem, StoreError
from sixdays.journal.fold import Shape, fold
from sixdays.journal.records import Record, new_record
from sixdays.plan.actuals import Actual, evidence, with_chances
from sixdays.plan.join import join, prefixed, shared_names
from sixdays.plan.model import Plan
from sixdays.plan.parse import read
from sixdays.plan.sentence import looks_like_one, read_sentence
from sixdays.stores.files import Journal
from sixdays.stores.texts import Texts

if TYPE_CHECKING:
    from sixdays.app.claims import Claim
    from sixdays.app.tying import Tied

MOST_BYTES = 10_000_000


@dataclass(frozen=True)
class Project:
    """One plan or several as one, and what has happened to it.

    path: the plan file; None for a sentence, or where there are several.
    parts: the plans of a joined one, by folder name.
    """

    plan: Plan
    options: Options
    path: Path | None = None
    parts: tuple[tuple[str, Project], ...] = ()

    @property
    def name(self) -> str:
        """The plan file as messages name it; empty for a sentence."""
        return self.plan.file

    @cached_property
    def journal(self) -> Journal | None:
        return Journal(self.path.parent / "journal") if self.path else None

    @cached_property
    def texts(self) -> Texts | None:
        return Texts(self.path.parent / ".sixdays") if self.path else None

    @cached_property
    def records(self) -> tuple[Record, ...]:
        return self.journal.records() if self.journal else ()

    @cached_property
    def actuals(self) -> tuple[Actual, ...]:
        """What records and logs say has happened; of several plans, under their prefixes."""
        if self.parts:
            return tuple(replace(a, task=f"{name}/{a.task}") for name, part in self.parts for a in part.actuals)
        return evidence(actuals_of(self.plan, self.records), self.logged)

    @cached_property
    def logged(self) -> tuple[Actual, ...]:
        """What logs and curves alone say of the tasks."""
        told = self.tied.actuals if self.tied else ()
        return with_chances(told, {c.task.name: c.chances for c in self.claimed[0] if c.chances})

    @cached_property
    def claimed(self) -> tuple[tuple[Claim, ...], tuple[Problem, ...]]:
        """What curves say of the tasks with a claim or a rule for stopping, and what kept some from it."""
        if self.path is None or not any((t.claim or t.stop_if) and t.logs for t in self.plan.tasks.values()):
            return (), ()
        from sixdays.app.claims import claims  # readers and judge are loaded only where a plan names logs

        return claims(self.plan, self.path.parent, self.options)

    @cached_property
    def tied(self) -> Tied | None:
        """What the logs say that the plan's tasks name, read once a command; None where none names any."""
        if self.path is None or not any(t.logs for t in self.plan.tasks.values()):
            return None
        from sixdays.app.tying import tie

        return tie(self.plan, self.path.parent, self.options.now.timestamp())

    def alone(self, name: str) -> Project:
        """One of several plans as it stands in the joined one, with the pool to itself (rule P9)."""
        part = next(p for n, p in self.parts if n == name)
        pools = shared_names([(n, p.plan) for n, p in self.parts])
        made = Project(prefixed(part.plan, name, pools), self.options, None, ())
        object.__setattr__(made, "actuals", tuple(replace(a, task=f"{name}/{a.task}") for a in part.actuals))
        return made

    def add(self, kind: str, data: dict[str, object]) -> Record | None:
        """Writes one record; None for a sentence, or where nothing is to be written."""
        if self.journal is None or not self.options.record:
            return None
        record = new_record(kind, self.options.now, self.options.who, data, nonce())
        self.journal.add(record)
        return record


def actuals_of(plan: Plan, records: Iterable[Record]) -> tuple[Actual, ...]:
    return fold(records, shapes(plan))


def shapes(plan: Plan) -> dict[str, Shape]:
    """What the fold must know of each task."""
    return {
        t.name: Shape(t.copies, t.tries.side_by_side if t.tries else 1, t.tries is not None)
        for t in plan.tasks.values()
    }


def open_project(sources: Sequence[str], options: Options) -> Project:
    """The project that some arguments name: nothing, a file, a folder, a sentence, or several of them.

    Raises:
        PlanError: a plan is missing or invalid; with all problems of all plans.
        UsageError: a sentence that is none.
    """
    if not sources:
        return _read_file(Path("plan.yaml"), options)
    if len(sources) == 1:
        return _open_one(sources[0], options)
    if not any(os.path.exists(s) for s in sources):  # an unquoted sentence
        return _sentence(" ".join(sources), options)
    projects: list[tuple[str, Project]] = []
    problems: list[Problem] = []
    for source in sources:
        try:
            project = _open_one(source, options)
            projects.append((_folder_name(source, project), project))
        except PlanError as e:
            problems += e.problems
    if problems:
        raise PlanError(tuple(problems))
    plan = join([(name, p.plan) for name, p in projects])
    return Project(plan, options, None, tuple(projects))


def _open_one(source: str, options: Options) -> Project:
    path = Path(source)
    if os.path.isdir(source):
        return _read_file(path / "plan.yaml", options)
    if not os.path.exists(source) and looks_like_one(source):
        return _sentence(source, options)
    return _read_file(path, options)


def _sentence(text: str, options: Options) -> Project:
    return Project(read_sentence(text, options.now, options.zone), options)


def _folder_name(source: str, project: Project) -> str:
    if project.path is None:
        return source
    folder = project.path.resolve().parent.name
    return folder if project.path.name == "plan.yaml" else project.path.stem


def _read_file(path: Path, options: Options) -> Project:
    text = read_text(path)
    plan = read(text, _shown(path), zone=options.zone, beside=beside(path.parent))
    return Project(plan, options, path)


def read_text(path: Path) -> str:
    """The text of a plan file, line ends kept. Raises PlanError at 1:1 where it cannot be read."""
    file = _shown(path)
    try:
        return _text(path)
    except FileNotFoundError as e:
        hint = 'write one with sixdays init, or say it in a sentence: sixdays "2 x 3d one after another by 8 Nov AoE"'
        raise PlanError((Problem("there is no such plan", hint, file),)) from e
    except (OSError, ValueError) as e:
        why = getattr(e, "strerror", None) or str(e)
        raise PlanError((Problem(f"it cannot be read: {why}", "", file),)) from e


def _text(path: Path) -> str:
    if path.stat().st_size > MOST_BYTES:
        raise ValueError(f"more than {MOST_BYTES // 1_000_000} MB")
    if not path.is_file():
        raise ValueError("it is not a file")
    try:
        return path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as e:
        raise ValueError(f"it is not UTF-8 text (byte {e.start})") from e


def beside(folder: Path) -> Callable[[str], str]:
    """How a plan in this folder reads the files that it names."""
    return lambda name: _text(folder / name)


def _shown(path: Path) -> str:
    return os.path.normpath(path)


def keep_text(project: Project) -> str | None:
    """Keeps the plan's text for `undo` and "what moved"; its name, or None where nothing is written."""
    if project.texts is None or not project.options.record:
        return None
    try:
        return project.texts.keep(project.plan.text)
    except StoreError:
        return None
