"""`sixdays faster` on public scripts, unedited: rate, time to answer, repeats, against the figures we set ourselves.

    python -m benchmarks.faster                       all scripts, ten minutes each; goes on where it was broken off
    python -m benchmarks.faster --rounds 3            three independent runs of each
    python -m benchmarks.faster --only "cleanrl dqn" --budget 3min
    python -m benchmarks.faster --table               the table of what was measured so far; measures nothing

Each run adds a row to build/faster.jsonl at once: what the table needs, and of which commit it is. Ours stand in
benchmarks/faster.jsonl: --rows benchmarks/faster.jsonl --table
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import statistics
import subprocess
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import public
from sixdays.app import speeding_up
from sixdays.app.settings import Options
from sixdays.app.speeding_up import Told
from sixdays.app.wanted import Place, asked_for

ROWS = Path("build") / "faster.jsonl"
KEPT = (
    "script", "budget", "first_s", "whole_s", "factor", "copies", "pairs", "diagnosis", "answer_s_before",
    "answer_s_after", "packed", "rate_before", "rate_after",
)  # fmt: skip
SEEDS = 5


def measured(script: public.Script, budget: str, given: Sequence[str] = ()) -> dict[str, Any]:
    """One run of `sixdays faster` on a script; with the seconds until the first thing it said, and in all."""
    began, first = time.monotonic(), [0.0]

    def tell(told: Told) -> None:
        if told.result and not first[0]:
            first[0] = time.monotonic() - began

    options = Options(now=datetime.datetime.now(datetime.UTC), seed=1)
    place = Place(dict(os.environ), str(script.where), platform.node(), Path("build") / "allowed")
    what = asked_for(script.argv, options, place, is_command=True, budget=budget, seeds=SEEDS, given=given)
    found = speeding_up.speed_up(what, options, place, tell=tell).to_dict()
    whole = time.monotonic() - began
    return {"script": script.name, "budget": what.budget_s, "first_s": first[0], "whole_s": whole, **found}


def rows_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []


def table(rows: Sequence[dict[str, Any]]) -> None:
    """Of each script its first run; then the figures, each met or missed."""
    firsts = {r["script"]: r for r in reversed(rows)}
    print(f"{'script':<24} {'rate alone':<22} {'answer':<10} {'copies':<6} {'pairs':<5} {'s':<5} where the time goes")
    for s in (*public.SCRIPTS, *public.DRAWING):
        if r := firsts.get(s.name):
            line = next(iter(r["diagnosis"]), {})
            where = f"{line['file']}:{line['line']} {line['share']:.0%}" if line else "-"
            print(f"{s.name:<24} {_times(r['factor']):<22} {_answer(r):<10.2f} {r['copies']:<6} {r['pairs']:<5} "
                  f"{r['whole_s']:<5.0f} {where}")  # fmt: skip
    drawing = [firsts.pop(s.name)["factor"]["value"] for s in public.DRAWING if s.name in firsts]
    if drawing:
        print(f"\nwhat draws   least {min(drawing):.2f} (asked 3)")
    found = list(firsts.values())
    if not found:
        return
    rates, answers = [r["factor"]["value"] for r in found], [_answer(r) for r in found]
    print(f"\nrate alone   median {statistics.median(rates):.2f} (asked 1.3)   upper quarter "
          f"{np.quantile(rates, 0.75):.2f} (1.8)   least {min(rates):.2f} (.97)")  # fmt: skip
    print(f"{SEEDS} seeds      median {statistics.median(answers):.2f} (asked 2.3)   least {min(answers):.2f} (1.6)")
    many = [_forecast(r) for r in found]
    print(f"16 cores     median {statistics.median(many):.2f}   least {min(many):.2f} (asked 5): a forecast, each seed at "
          "the rate of one copy here")  # fmt: skip
    print(f"first line   latest after {max(r['first_s'] for r in found):.0f} s (asked 30)   whole time ÷ budget at "
          f"most {max(r['whole_s'] / r['budget'] for r in found):.2f} (1.10)")  # fmt: skip
    named = [_named(r) for r in found if public.script(r["script"]).hottest]
    if named:
        print(f"diagnosis    the line that a profile by hand names: {sum(named)} of {len(named)} (asked 80 %)")
    _repeats(rows, firsts)


def _repeats(rows: Sequence[dict[str, Any]], firsts: dict[str, dict[str, Any]]) -> None:
    close, inside, later = 0, 0, 0
    repeated = 0
    for name, first in firsts.items():
        others = [r for r in rows if r["script"] == name and r is not first]
        if not others:
            continue
        repeated += 1
        of = [r["factor"]["value"] for r in others]
        close += all(abs(v / first["factor"]["value"] - 1.0) <= 0.15 for v in of)
        inside += sum(first["factor"]["low"] <= v <= first["factor"]["high"] for v in of)
        later += len(of)
    if repeated:
        print(f"repeats      all within ±15 % of the first on {close} of {repeated} (asked 9 of 11); {inside} of "
              f"{later} later values in the first's interval (asked 80 %)")  # fmt: skip


def _answer(r: dict[str, Any]) -> float:
    return float(r["answer_s_before"] / r["answer_s_after"])


def _forecast(r: dict[str, Any]) -> float:
    """How many times sooner the answer would come where each seed has as many cores as a copy had here: not measured."""
    copies = (rate / int(k) for k, rate in r["packed"].items())
    return SEEDS * max(float(r["rate_after"]), *copies, 0.0) / float(r["rate_before"])


def _named(r: dict[str, Any]) -> bool:
    stretches = public.script(r["script"]).hottest
    return any(first <= line["line"] <= last for line in r["diagnosis"][:1] for first, last in stretches)


def _times(f: dict[str, float]) -> str:
    return f"{f['value']:.2f} ({f['low']:.2f} to {f['high']:.2f})"


def _commit() -> str:
    return subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True
    ).stdout.strip()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--budget", default="10min")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--only", action="append", default=[])
    parser.add_argument("--rows", type=Path, default=ROWS)
    parser.add_argument("--table", action="store_true")
    asked = parser.parse_args()
    if not asked.table:
        public.prepare()
        os.environ.setdefault("SDL_VIDEODRIVER", "dummy")  # where there is no screen
        asked.rows.parent.mkdir(exist_ok=True)
        wanted = [s for s in (*public.SCRIPTS, *public.DRAWING) if s.name in asked.only or not asked.only]
        done = Counter(r["script"] for r in rows_of(asked.rows))
        while wanted and done[(script := min(wanted, key=lambda s: done[s.name])).name] < asked.rounds:
            row = {"commit": _commit()} | {k: v for k, v in measured(script, asked.budget).items() if k in KEPT}
            done[script.name] += 1
            with asked.rows.open("a", encoding="utf-8") as f:
                f.write(json.dumps(row) + "\n")
            print(f"{script.name}: {_times(row['factor'])}, answer {_answer(row):.2f}×", flush=True)
    table(rows_of(asked.rows))


if __name__ == "__main__":
    main()
