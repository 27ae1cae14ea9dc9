"""Waits for a robot that answers every 20 ms; nothing but the robot takes time. python sleeps.py [STEPS]"""
# mypy: ignore-errors

import sys
import time

steps = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
position, goal = 0.0, 1.0
for step in range(1, steps + 1):
    time.sleep(0.02)
    position += 0.1 * (goal - position)
    if abs(goal - position) < 0.01:
        goal = -goal
    print(f"step {step} position {position:.4f}", flush=True)
