"""What only a whole plan can have wrong: names, cycles, resources that are too small, odd but allowed things."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime

from sixdays.errors import Problem, Span, did_you_mean
from sixdays.plan.calendars import Calendar
from sixdays.plan.model import NOWHERE, Plan, Task, Tie

Places = dict[tuple[str, ...], Span]
RESERVED = ("all", "experiments")  # words of the what-if grammar (rule Q1)
_A_YEAR_MS = 400 * 86_400_000


def check(plan: Plan, places: Mapping[tuple[str, ...], Span] | None = None) -> list[Problem]:
    """Everything that is wrong with a plan as a whole, errors and warnings, with their places."""
    checker = _Checker(plan, places or {})
    return [*checker.names(), *checker.cycles(), *checker.resources(), *checker.oddities()]


class _Checker:
    def __init__(self, plan: Plan, places: Mapping[tuple[str, ...], Span]) -> None:
        self.plan, self.places = plan, places

    def names(self) -> Iterator[Problem]:
        plan = self.plan
        for kind, named in (("tasks", plan.tasks), ("resources", plan.resources), ("risks", plan.risks),
                            ("targets", plan.targets)):  # fmt: skip
            for name in named:
                yield from self.name(kind, name)
        for task in plan.tasks.values():
            for tie in task.after:
                yield from self.known("task", tie.task, plan.tasks, ("tasks", task.name, "after", tie.task))
            for need, _ in task.needs:
                path = ("tasks", task.name, "needs", need)
                yield from self.known("resource", need, plan.resources, path, _new_resource(need))
        for risk in plan.risks.values():
            for key, tasks in (("stops", risk.stops), ("to", risk.to), ("repeats", (risk.repeats,))):
                for task_name in filter(None, tasks):
                    yield from self.known("task", task_name, plan.tasks, ("risks", risk.name, key, task_name))
        for target in plan.targets.values():
            for task_name in target.requires:
                path = ("targets", target.name, "requires", task_name)
                yield from self.known("task", task_name, plan.tasks, path)

    def name(self, kind: str, name: str) -> Iterator[Problem]:
        one = kind.removesuffix("s")
        at = (kind, name)
        if not name.strip() or not name.isprintable():
            yield self.error(at, f"a {one} needs a name that can be printed")
        elif name != name.strip() or len(name) > 100:
            yield self.error(at, f'"{name[:40]}" is no name: at most 100 signs, no space at its ends')
        elif kind == "tasks" and name in RESERVED:
            hint = 'what-if "all 2x faster" means every task; give this one another name'
            yield self.error(at, f'no task may be called "{name}"', hint)

    def known(
        self, kind: str, name: str, known: Mapping[str, object], path: tuple[str, ...], otherwise: str = ""
    ) -> Iterator[Problem]:
        if name in known:
            return
        hint = did_you_mean(name, known, otherwise or f"known: {', '.join(list(known)[:8]) or 'none'}")
        near = hint.removeprefix('did you mean "').removesuffix('"?')
        where = self.places.get((f"{kind}s", near))
        if where and near != hint:
            hint = f'did you mean "{near}" (line {where.line})?'
        yield self.error(path, f'unknown {kind} "{name}"', hint)

    def cycles(self) -> Iterator[Problem]:
        """Tasks that wait for each other, both kinds of tie counted (rule S6)."""
        for cycle in find_cycles(self.plan.tasks):
            ring = " → ".join([*cycle, cycle[0]])
            ties = [self.tie(a, b) for a, b in zip(cycle, [*cycle[1:], cycle[0]], strict=True)]
            lines = sorted({t.span.line for t in ties})
            what = "itself" if len(cycle) == 1 else "each other"
            message = f"the task waits for {what}: {ring}" if len(cycle) == 1 else f"the tasks wait for {what}: {ring}"
            yield self._problem(ties[0].span, message, "drop one `after`: " + " or ".join(f"line {n}" for n in lines))

    def tie(self, task: str, other: str) -> Tie:
        return next(t for t in self.plan.tasks[task].after if t.task == other)

    def resources(self) -> Iterator[Problem]:
        met: dict[tuple[str, ...], bool] = {}
        for task in self.plan.tasks.values():
            people = []
            for name, units in task.needs:
                resource = self.plan.resources.get(name)
                if resource is None:
                    continue
                if units > resource.count:
                    yield self.error(
                        ("tasks", task.name, "needs", name),
                        f'"{task.name}" needs {units} of "{name}", there {_are(resource.count)}',
                        f"write {name}: {units} (line {resource.span.line}), or need fewer",
                    )
                if resource.hours:
                    people.append(resource)
            key = tuple(sorted(r.name for r in people))
            if len(key) > 1 and key not in met:
                calendar = Calendar(tuple(r.hours for r in people if r.hours), datetime(2024, 1, 1, tzinfo=UTC))
                met[key] = bool(calendar.windows(_A_YEAR_MS)[0])
            if len(key) > 1 and not met[key]:
                both = " and ".join(key)
                yield self.error(
                    ("tasks", task.name, "needs"), f"{both} never work at the same time", "give them hours that overlap"
                )

    def oddities(self) -> Iterator[Problem]:
        """What is allowed but probably not meant."""
        for task in self.plan.tasks.values():
            at = ("tasks", task.name)
            if task.copies > 1 and not task.needs:
                hint = "write what one copy needs: needs: {gpu: 1}"
                yield self.warning(
                    at, f'"{task.name}" needs nothing, so its {task.copies} copies run all at once', hint
                )
            if task.tries and task.needs:
                slots = min(
                    (self.plan.resources[r].count // k for r, k in task.needs if r in self.plan.resources), default=1
                )
                if slots < task.tries.side_by_side:
                    asked = task.tries.side_by_side
                    yield self.warning(
                        (*at, "tries"),
                        f'"{task.name}" puts {asked} tries side by side, its resources hold {slots}: they queue',
                    )
            yield from self.command(task)

    def command(self, task: Task) -> Iterator[Problem]:
        at = ("tasks", task.name, "run")
        if "\n" in task.run.strip() and not task.shell:
            yield self.error(at, "a command of more than one line needs a shell", "add shell: true, or write one line")
        if task.run and task.copies > 1 and task.copies_key != "sweep" and not re.search(r"\{(seed|copy)\}", task.run):
            hint = "write {seed} where the command takes its seed"
            yield self.warning(at, f'the {task.copies} copies of "{task.name}" would run the same command', hint)

    def error(self, path: tuple[str, ...], message: str, hint: str = "") -> Problem:
        return self._problem(self.place(path), message, hint)

    def warning(self, path: tuple[str, ...], message: str, hint: str = "") -> Problem:
        problem = self._problem(self.place(path), message, hint)
        return Problem(message, hint, problem.file, problem.line, problem.column, problem.width, "warning")

    def place(self, path: tuple[str, ...]) -> Span:
        while path and path not in self.places:
            path = path[:-1]
        return self.places.get(path, NOWHERE)

    def _problem(self, at: Span, message: str, hint: str = "") -> Problem:
        return Problem(message, hint, self.plan.file, at.line, at.column, max(1, at.end - at.start))


def find_cycles(tasks: Mapping[str, Task]) -> list[tuple[str, ...]]:
    """One cycle for each group of tasks that wait for each other, in the plan's order."""
    state: dict[str, int] = {}  # 1: on the way, 2: done
    found = []
    for root in tasks:
        if root in state:
            continue
        way: list[str] = []
        stack: list[tuple[str, Iterable[str]]] = [(root, iter(_waits_for(tasks, root)))]
        state[root] = 1
        way.append(root)
        while stack:
            name, rest = stack[-1]
            step = next(iter(rest), None)
            if step is None:
                stack.pop()
                way.pop()
                state[name] = 2
            elif state.get(step) == 1:
                found.append(tuple(way[way.index(step) :]))
            elif step not in state:
                state[step] = 1
                way.append(step)
                stack.append((step, iter(_waits_for(tasks, step))))
    return found


def _waits_for(tasks: Mapping[str, Task], name: str) -> list[str]:
    return [t.task for t in tasks[name].after if t.task in tasks]


def _new_resource(name: str) -> str:
    return f"add it: resources: {{{name}: 1}}"


def _are(count: int) -> str:
    return f"is {count}" if count == 1 else f"are {count}"
