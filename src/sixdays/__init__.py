"""sixdays: do your experiments fit the deadline, how many tries are left, and what would change that?

    plan = sixdays.read_plan("plan.yaml")
    forecast = sixdays.forecast(plan, now=now)
    forecast.odds("icml"), sixdays.certify(plan, "workshop", now=now), sixdays.questions(plan, forecast)

Names are resolved on first use, so that importing sixdays loads nothing heavy.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sixdays.app.curves import judge as judge
    from sixdays.app.curves import read_curves as read_curves
    from sixdays.app.finding import find_speedups as find_speedups
    from sixdays.app.python import certify as certify
    from sixdays.app.python import forecast as forecast
    from sixdays.app.python import questions as questions
    from sixdays.app.python import read_plan as read_plan
    from sixdays.errors import PlanError as PlanError
    from sixdays.errors import RunError as RunError
    from sixdays.errors import SixdaysError as SixdaysError
    from sixdays.faster.report import Speedups as Speedups
    from sixdays.journal.records import Record as Record
    from sixdays.odds.forecast import Forecast as Forecast
    from sixdays.plan.actuals import Actual as Actual
    from sixdays.plan.actuals import Copy as Copy
    from sixdays.plan.model import Plan as Plan
    from sixdays.proof.certificate import Certificate as Certificate
    from sixdays.stores.files import Journal as Journal
    from sixdays.verdict.curves import Curve as Curve
    from sixdays.verdict.result import Verdict as Verdict

__version__ = "0.1.0"

_WHERE = {
    "read_plan": "app.python",
    "forecast": "app.python",
    "certify": "app.python",
    "questions": "app.python",
    "find_speedups": "app.finding",
    "judge": "app.curves",
    "read_curves": "app.curves",
    "Curve": "verdict.curves",
    "Verdict": "verdict.result",
    "PlanError": "errors",
    "RunError": "errors",
    "Speedups": "faster.report",
    "SixdaysError": "errors",
    "Plan": "plan.model",
    "Actual": "plan.actuals",
    "Copy": "plan.actuals",
    "Forecast": "odds.forecast",
    "Certificate": "proof.certificate",
    "Record": "journal.records",
    "Journal": "stores.files",
}
__all__ = ["__version__", *_WHERE]  # noqa: PLE0604


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module 'sixdays' has no attribute '{name}'")
    return getattr(import_module(f"sixdays.{_WHERE[name]}"), name)
