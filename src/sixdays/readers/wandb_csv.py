"""CSV exported from W&B's charts: a column `run - metric` for each run; `__MIN` and `__MAX` bands are left out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from sixdays.logs.series import Log, Series
from sixdays.readers import Wanted
from sixdays.readers._files import Source
from sixdays.readers._table import TableReader, read_table

BANDS = ("__MIN", "__MAX")


def create(options: dict[str, Any]) -> Exported:
    return Exported("wandb_csv", "W&B export", 10, ("*.csv",), is_mine, alone=True)


def is_mine(name: str, cells: list[str]) -> bool:
    rest = cells[1:]
    return len(rest) > 0 and all(" - " in c for c in rest)


@dataclass(frozen=True, slots=True)
class Exported(TableReader):
    """A table whose columns are runs."""

    def parse(self, source: Source, cursor: Any = None, wanted: Wanted = None, ends: bool = False) -> tuple[Log, ...]:
        def is_wanted(column: str) -> bool:
            _, dash, tag = column.rpartition(" - ")
            return bool(dash) and not column.endswith(BANDS) and (wanted is None or wanted(tag))

        logs = read_table(
            source, self.name, cursor, is_wanted, False, self.chooser
        )  # a run that is short has blanks to the end
        by_run: dict[str, dict[str, Series]] = {}
        for column, series in (item for log in logs for item in log.series.items()):
            run, _, tag = column.rpartition(" - ")
            by_run.setdefault(run, {})[tag] = replace(series, tag=tag)
        return tuple(replace(logs[0], run=run, series=found) for run, found in by_run.items())
