"""Random and mutated inputs: no exception but ours leaves the parser, the sentence or the what-if grammar.

python -m benchmarks.fuzz [--inputs N]      half of them plans, a quarter sentences, a quarter changes
"""

from __future__ import annotations

import argparse
import random
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from sixdays.errors import SixdaysError
from sixdays.plan.changes import PHRASES, Setting, change
from sixdays.plan.parse import read
from sixdays.plan.sentence import EXAMPLES, read_sentence

NOW = datetime(2026, 11, 5, 12, tzinfo=UTC)
ROOT = Path(__file__).parent.parent
PIECES = (
    "2d to 4d", "exactly 3d", "at least 2d, ", "5M steps at 900/s", " by ", " then ", "one after another", "side by side",
    " on 2 gpu", "8 Nov AoE", "2031-03-08 23:59 UTC", "+3d", "1 in 5", "40%", "NaN", ".inf", "1e999", "-1", "0", "9" * 40, "\x00",
    "\u200b", "é", "🚀", "\ud800", "\r\n", "\t", "{", "}", "[", "]", ": ", "#", "&a", "*a", "!!int", "<<: ", "|", ">", "'", '"',
    "---\n", "faster", "x faster", "dropped", "beside", "seeds", "takes ", "round the clock", "tasks", "a", "x" * 300, ",", "%",
)  # fmt: skip
SMALL = (
    "tasks: {a: {takes: 2d to 4d}}\ntargets: {x: {deadline: 2031-03-08 AoE}}\n",
    "resources: {gpu: 2, me: {hours: 9:00-19:00, days: mon-sat, zone: UTC}}\ntasks:\n  a: {takes: \"at least 1d, 1d to 2d\", needs: {gpu: 1}, seeds: 3}\n"
    "  b: {after: {a: started}, takes: 3h, needs: {me: 1}, tries: {works: 40%, each: 1 in 3}}\nrisks: {r: {odds: 10%, adds: 1h to 2h, to: [a]}}\n",
    "tasks:\n  a: {takes: 5M steps at 900/s, sweep: {lr: [1, 2]}}\ntargets:\n  x: {deadline: 2031-03-08 23:59 AoE, requires: [a], moves: {odds: 5%, by: 7d}}\n",
)  # fmt: skip


def mutated(rng: random.Random, text: str) -> str:
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        at = rng.randint(0, len(text))
        kind = rng.random()
        if kind < 0.5:
            text = text[:at] + rng.choice(PIECES) + text[at:]
        elif kind < 0.75:
            text = text[:at] + text[at + rng.randint(1, 8) :]
        elif kind < 0.9:
            text = text[:at] + chr(rng.choice((rng.randint(0, 127), rng.randint(0, 0xD7FF)))) + text[at + 1 :]
        else:
            other = rng.randint(0, len(text))
            text = text[:at] + text[min(at, other) : max(at, other)] + text[at:]
    return text


def noise(rng: random.Random) -> str:
    return "".join(rng.choice(PIECES) for _ in range(rng.randint(0, 6)))


def run(inputs: int, seed: int) -> Counter[str]:
    rng = random.Random(seed)
    plan = read((ROOT / "examples/rebuttal/plan.yaml").read_text(encoding="utf-8"))
    phrases = [row.example for row in PHRASES] + [
        "proof 2x faster",
        "polish takes 3h",
        "me 2 hours more",
        "draft beside proof",
    ]
    setting = Setting(NOW)
    kinds: tuple[tuple[Callable[[str], object], tuple[str, ...]], ...] = (
        (read, SMALL),
        (read, SMALL),
        (lambda text: read_sentence(text, NOW, UTC), EXAMPLES),
        (lambda text: change(plan, text, setting), tuple(phrases)),
    )
    count: Counter[str] = Counter()
    for n in range(inputs):
        call, seeds = kinds[n % 4]
        text = noise(rng) if rng.random() < 0.1 else mutated(rng, rng.choice(seeds))
        try:
            call(text)
            count["understood"] += 1
        except SixdaysError:
            count["refused"] += 1
        except Exception as e:
            count[f"ESCAPED {type(e).__name__}"] += 1
            print(f"{type(e).__name__}: {e}: {text!r}")
            if sum(v for k, v in count.items() if k.startswith("ESCAPED")) > 5:
                break
    return count


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--inputs", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args([] if __name__ != "__main__" else None)
    began = time.perf_counter()
    count = run(given.inputs, given.seed)
    escaped = sum(v for k, v in count.items() if k.startswith("ESCAPED"))
    print(f"{sum(count.values()):,} inputs in {time.perf_counter() - began:.0f} s: {dict(count)}; escaped {escaped}")


if __name__ == "__main__":
    main()
