"""Writes runs/: simulated logs, made up by this script, of a week on two machines: python make.py"""

import csv
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

FIRST = datetime(2026, 11, 18, 8, 0, tzinfo=UTC)
NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
STEPS, POINTS = 1_000_000, 40
# method, seed, hours after FIRST, hours that a whole run takes, the share of it that was logged before it fell silent
RUNS = (
    ("sac", 0, 0, 21, 1), ("sac", 1, 0, 22, 1), ("sac", 2, 22, 20, 1), ("sac", 3, 22, 23, 1), ("sac", 4, 45, 21, 1),
    ("mine", 0, 46, 30, 1), ("mine", 1, 78, 29, 1), ("mine", 2, 110, 31, 0.3), ("mine", 3, 148, 30, 1),
)  # fmt: skip


def main():
    for method, seed, after, hours, logged in RUNS:
        rng = np.random.default_rng([len(method), seed])
        folder = Path(__file__).parent / "runs" / f"{method}_hopper_s{seed}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "config.yaml").write_text(f"algo: {method}\nenv: Hopper-v4\nseed: {seed}\ntotal_timesteps: {STEPS}\n")
        top, slow = (3000, 0.35) if method == "sac" else (3300, 0.2)
        at = FIRST + timedelta(hours=after)
        with (folder / "progress.csv").open("w", newline="") as file:
            out = csv.writer(file, lineterminator="\n")
            out.writerow(["total_timesteps", "eval/mean_reward", "timestamp"])
            for i in range(1, POINTS + 1):
                at += timedelta(hours=hours / POINTS) * rng.uniform(0.8, 1.2)
                if at > NOW or i > logged * POINTS:
                    break
                value = top * (1 - np.exp(-i / POINTS / slow)) + rng.normal(0, 150)
                out.writerow([i * STEPS // POINTS, round(float(value), 1), at.isoformat(timespec="seconds")])


main()
