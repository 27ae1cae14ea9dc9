"""ask: the next questions, and what becomes of an answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

from sixdays.app.editing import write_plan
from sixdays.app.forecasting import forecast_of, keep_change, setting
from sixdays.app.project import Project, open_project
from sixdays.app.settings import Options
from sixdays.ask.interview import PREMORTEM, PROPOSAL, Asked, premortem_risk
from sixdays.ask.questions import Question, questions
from sixdays.errors import UsageError
from sixdays.odds.forecast import Forecast
from sixdays.plan.changes import changes
from sixdays.plan.edit import Edit, apply, diff, plain

MOST = 3
SKIPPED_FOR = timedelta(hours=20)
Reply = Literal["yes", "no", "skip", "wrong"]


@dataclass(frozen=True, slots=True)
class Next:
    """What `ask` would ask now, best first: questions about the schedule, then the interview's."""

    project: Project
    forecast: Forecast
    questions: tuple[Question, ...]
    premortem: bool
    missing: tuple[Asked, ...]

    def to_dict(self) -> dict[str, Any]:
        return {"schema": 1, "questions": [q.to_dict() for q in self.questions]}


def next_questions(sources: Sequence[str], options: Options) -> Next:
    """At most three questions; none that was answered, marked wrong, or skipped within the day."""
    project = open_project(sources, options)
    made = forecast_of(project)
    closed = set()
    for r in project.records:
        recent = r.kind == "question skipped" and options.now - r.at < SKIPPED_FOR
        if recent or r.kind in ("question answered", "question wrong"):
            closed.add(str(r.data.get("text", "")))
    found = questions(project.plan, made, without=closed)
    useful = [q for q in found if q.change or q.if_no]
    missing = tuple(a for a in PROPOSAL if a.text not in closed and not _filled(project, a.key))
    premortem = not project.plan.risks and PREMORTEM not in closed and bool(project.plan.targets)
    return Next(project, made, tuple(useful[:MOST]), premortem, missing)


def _filled(project: Project, key: str) -> bool:
    return bool(project.plan.question if key == "question" else project.plan.proposal.get(key))


def reply(asked: Next, question: Question, said: Reply) -> str:
    """Records an answer; one that changes the plan is written into it. Returns the diff, if any."""
    project = _fresh(asked.project)
    change = question.change if said == "yes" else question.if_no if said == "no" else ()
    shown = ""
    if change:
        made = forecast_of(project)
        after = changes(project.plan, change, setting(project, made)).plan
        shown = keep_change(project, after, f"{question.text} {said}")
    kind = {
        "yes": "question answered",
        "no": "question answered",
        "skip": "question skipped",
        "wrong": "question wrong",
    }
    project.add(kind[said], {"text": question.text, "change": list(question.change), "answer": said})
    return shown


def fill(asked: Next, about: Asked, text: str) -> str:
    """Writes an answer of the interview into the plan; an empty one is a skip."""
    project = _fresh(asked.project)
    if not text.strip():
        project.add("question skipped", {"text": about.text, "change": []})
        return ""
    value = plain(text.strip())
    path = ("question",) if about.key == "question" else ("proposal", about.key)
    shown = _write(project, (Edit(path, value),), about.text)
    project.add("question answered", {"text": about.text, "change": [], "answer": text.strip()})
    return shown


def expect(asked: Next, what: str, surprise: int, deed: str) -> str:
    """Adds what a pre-mortem found as a risk that stops the target at stake (design §6)."""
    project = _fresh(asked.project)
    target = asked.forecast.top or next(iter(project.plan.targets))
    risk = premortem_risk(what, surprise, project.plan.targets[target].requires)
    name = str(risk["name"]).strip()[:80]
    if name in project.plan.risks:
        raise UsageError(f'the plan has the risk "{name}" already', "")
    stops = ", ".join(plain(str(t)) for t in project.plan.targets[target].requires)
    value = f"{{odds: {float(str(risk['odds'])) * 100:g}%, stops: [{stops}]}}"
    shown = _write(project, (Edit(("risks", name), value),), PREMORTEM)
    project.add(
        "question answered", {"text": PREMORTEM, "change": [], "answer": what, "surprise": surprise, "deed": deed}
    )
    return shown


def _write(project: Project, edits: tuple[Edit, ...], why: str) -> str:
    text = apply(project.plan.text, edits, project.name)
    write_plan(project, text, why)
    return diff(project.plan.text, text, project.name)


def _fresh(project: Project) -> Project:
    """The project as it is on disk now: an answer before this one may have written it."""
    if project.path is None:
        raise UsageError("answers are written into a plan file", "sixdays init writes one")
    return open_project((str(project.path),), project.options)
