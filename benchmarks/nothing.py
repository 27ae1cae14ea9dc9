"""False finds: `sixdays faster` on ten commands that no lever can help, twice each.

python -m benchmarks.nothing [--budget 1min]
"""

from __future__ import annotations

import argparse
import datetime
import os
import platform
import sys
import tempfile
from pathlib import Path

from sixdays.app import speeding_up
from sixdays.app.settings import Options
from sixdays.app.wanted import Place, asked_for
from sixdays.errors import RunError

LOOP = """
import time
{setup}
for step in range(1, 10**9):
    {work}
    if step % {every} == 0:
        print("step", step, flush=True)
"""
PYTHON = {
    "sleeps": ("", "time.sleep(0.004)", 5),
    "adds in Python": ("total = 0", "total += sum(i * i for i in range(4000))", 10),
    "products of matrices": ("import numpy as np; a = np.random.rand(900, 900)", "b = a @ a", 1),
    "one small array": ("import numpy as np; a = np.ones(50)", "a = np.sqrt(a * 1.0001)", 5000),
    "compresses": ("import zlib, random; random.seed(1); text = random.randbytes(300_000)", "zlib.compress(text)", 2),
    "hashes": ("import hashlib; text = bytes(4_000_000)", "hashlib.sha256(text).digest()", 5),
    "sorts": ("import random; random.seed(1); data = [random.random() for _ in range(20_000)]", "sorted(data)", 5),
    "a data base": ("import sqlite3; db = sqlite3.connect(':memory:'); db.execute('create table t (x)')",
                    "db.execute('insert into t values (?)', (step,))", 5000),
}  # fmt: skip
SHELL = {
    "awk": "awk 'BEGIN { for (step = 1; ; step++) { for (i = 0; i < 60000; i++) x += i; print \"step\", step; fflush() } }'",
    "a shell that sleeps": "i=0; while :; do i=$((i + 1)); sleep 0.02; echo step $i; done",
}


def commands(folder: Path) -> dict[str, list[str]]:
    found = {}
    for name, (setup, work, every) in PYTHON.items():
        file = folder / f"{name.replace(' ', '_')}.py"
        file.write_text(LOOP.format(setup=setup, work=work, every=every), encoding="utf-8")
        found[name] = [sys.executable, file.name]
    return found | {name: ["sh", "-c", text] for name, text in SHELL.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--budget", default="1min")
    parser.add_argument("--rounds", type=int, default=2)
    asked = parser.parse_args()
    claimed, runs = 0, 0
    with tempfile.TemporaryDirectory() as folder:
        place = Place(dict(os.environ), folder, platform.node(), Path(folder, ".allowed"))
        for name, argv in commands(Path(folder)).items():
            for _ in range(asked.rounds):
                options = Options(now=datetime.datetime.now(datetime.UTC))
                what = asked_for(argv, options, place, is_command=True, budget=asked.budget)
                try:
                    found = speeding_up.speed_up(what, options, place, tell=lambda told: None).speedups
                except RunError as e:
                    print(f"{name:<22} refused: {e.message}", flush=True)
                    continue
                runs += 1
                claimed += found.confirmed
                kept = "; ".join(s.text for s in found.kept)
                f = found.factor
                print(f"{name:<22} {f.value:.2f} ({f.low:.2f} to {f.high:.2f})  {found.probes} probes, "
                      f"{found.seconds:.0f} s  {found.unit}  {kept}", flush=True)  # fmt: skip
    print(f"\na factor above 1.08 claimed in {claimed} of {runs} runs (asked at most 1 of 20)")


if __name__ == "__main__":
    main()
