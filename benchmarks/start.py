"""Cold start: whole processes against `import click` and `import numpy, click`; bytecode cached, as installed."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

from benchmarks.paired import ratio, row

PLAN = Path(__file__).parent.parent / "examples" / "risky-idea"


def process(*argv: str, cwd: Path | None = None) -> None:
    env = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    subprocess.run([sys.executable, *argv], check=True, capture_output=True, env=env, cwd=cwd)


def main() -> None:
    print("whole processes, median (min to max)\n")
    click, both = partial(process, "-c", "import click"), partial(process, "-c", "import numpy, click")
    print(
        row("sixdays --version ÷ import click", ratio(partial(process, "-m", "sixdays", "--version"), click), "≤ 1.5")
    )
    print(row("sixdays --help ÷ import click", ratio(partial(process, "-m", "sixdays", "--help"), click)))
    odds = partial(process, "-m", "sixdays", "odds", str(PLAN), "--no-record", "--now", "2026-04-09 10:00 Asia/Tokyo")
    print(row("sixdays odds ÷ import numpy, click", ratio(odds, both), "≤ 2.5"))
    with tempfile.TemporaryDirectory() as folder:
        training(Path(folder, "project"))
        listed = partial(process, "-m", "sixdays", "faster", cwd=Path(folder, "project"))
        print(row("sixdays faster, its list ÷ import numpy, click", ratio(listed, both)))
        few, many = Path(folder, "few"), Path(folder, "many")
        for where, count in ((few, 10), (many, 10_000)):
            where.mkdir()
            (where / "plan.yaml").write_text((PLAN / "plan.yaml").read_text(encoding="utf-8"), encoding="utf-8")
            records(where, count)
        now = ("--now", "2026-04-09 10:00 Asia/Tokyo", "--no-record")
        found = ratio(
            partial(process, "-m", "sixdays", "odds", str(many), *now),
            partial(process, "-m", "sixdays", "odds", str(few), *now),
        )
        print(row("odds with 10,000 records ÷ with 10", found, "≤ 1.3"))


def training(project: Path) -> None:
    """The folder of somebody who trains: 200 modules, and the logs of 20 runs of 5,000 lines."""
    project.mkdir()
    body = "def step(x):\n    for i in range(9):\n        x = x.item() + i\n    return x\n\n\n"
    for i in range(200):
        (project / f"module_{i}.py").write_text(body * 20, encoding="utf-8")
    (project / "train.py").write_text("import torch\n" + body, encoding="utf-8")
    for i in range(20):
        (project / "runs" / str(i)).mkdir(parents=True)
        lines = [f"{100 * k},{k / 7},{1_700_000_000 + k + 5 * (k // 50)}" for k in range(5_000)]
        text = "\n".join(["step,return,time", *lines]) + "\n"
        (project / "runs" / str(i) / "progress.csv").write_text(text, encoding="utf-8")


def records(folder: Path, count: int) -> None:
    from datetime import UTC, datetime, timedelta

    from sixdays.journal.records import new_record
    from sixdays.stores.files import Journal

    (folder / "journal").mkdir()
    start = datetime(2026, 1, 1, tzinfo=UTC)
    for i in range(count):
        record = new_record("decision", start + timedelta(minutes=i), "me", {"text": f"decision {i}"}, f"{i:06}")
        (folder / "journal" / f"{record.id}.json").write_text(record.to_json() + "\n", encoding="utf-8")
    Journal(folder / "journal").records()


if __name__ == "__main__":
    main()
