"""The Python names: the same engines as the command line, on values (design §15)."""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import UTC, datetime, tzinfo
from pathlib import Path

from sixdays.app.project import open_project
from sixdays.app.settings import Options
from sixdays.ask.questions import Question
from sixdays.ask.questions import questions as ranked
from sixdays.odds.forecast import Forecast, Inputs
from sixdays.odds.forecast import forecast as forecast_plan
from sixdays.plan.actuals import Actual
from sixdays.plan.model import Plan
from sixdays.plan.network import build
from sixdays.proof import prove
from sixdays.proof.certificate import Certificate


def read_plan(path: str | os.PathLike[str], *, zone: tzinfo = UTC) -> Plan:
    """The plan in a file, or in a folder's plan.yaml. It is read, never run; records beside it are not read.

    Args:
        zone: where hours are, if the plan does not say.

    Raises:
        PlanError: it is missing or invalid; `.problems` holds everything that is wrong, with its place.
    """
    return open_project((str(Path(path)),), Options(datetime.now(UTC), zone)).plan


def forecast(
    plan: Plan,
    *,
    now: datetime | None = None,
    draws: int = 10_000,
    seed: int = 0,
    as_stated: bool = False,
    actuals: Iterable[Actual] = (),
    history: Iterable[Actual] | None = None,
    exact: bool = True,
) -> Forecast:
    """The joint forecast of a plan: odds and tries of every target, finish times, certificates.

    Args:
        now: the moment from which it looks, with a zone; this moment, if left out.
        draws: how many futures are drawn; the standard error of odds falls with its square root.
        as_stated: estimates exactly as written, without correction or common factor.
        actuals: what has happened to the tasks. history: finished tasks, to correct estimates (rule E7).
        exact: search over all orders where the extra `[exact]` is installed (rule K5).

    Raises:
        ValueError: `now` has no zone, or draws is not positive.
    """
    found = Inputs(
        _aware(now), _positive(draws), seed, as_stated, tuple(actuals),
        None if history is None else tuple(history), prove.Prover(search=exact),
    )  # fmt: skip
    return forecast_plan(plan, found)


def certify(
    plan: Plan, target: str, *, now: datetime | None = None, actuals: Iterable[Actual] = (), exact: bool = True
) -> Certificate | None:
    """A proof that a target cannot be met, with the smallest changes that would be enough; else None.

    Chain and pile first; then, where the extra `[exact]` is installed, a search of at most 30 s.

    Raises:
        KeyError: the plan has no such target. ValueError: `now` has no zone.
    """
    if target not in plan.targets:
        raise KeyError(target)
    network = build(plan, _aware(now), tuple(actuals))
    return prove.certify(network, network.goal(target), search=exact)


def questions(plan: Plan, forecast: Forecast) -> tuple[Question, ...]:
    """The questions whose answers would change the odds most, best first (rule Q2)."""
    return ranked(plan, forecast)


def _aware(now: datetime | None) -> datetime:
    if now is None:
        return datetime.now(UTC)
    if now.tzinfo is None:
        raise ValueError("now needs a time zone: datetime(…, tzinfo=UTC)")
    return now


def _positive(draws: int) -> int:
    if draws < 1:
        raise ValueError("draws must be at least 1")
    return draws
