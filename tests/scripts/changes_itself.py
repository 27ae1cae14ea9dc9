"""Counts its runs in its own source, and rewrites the settings that it reads. python changes_itself.py [STEPS]"""
# mypy: ignore-errors

import json
import pathlib
import re
import sys

RUNS = 0

here = pathlib.Path(__file__).resolve()
here.write_text(re.sub(r"^RUNS = \d+", f"RUNS = {RUNS + 1}", here.read_text(), flags=re.M))
settings = here.with_name("changes_itself.json")
state = json.loads(settings.read_text())
state["runs"] += 1
settings.write_text(json.dumps(state))

steps = int(sys.argv[1]) if len(sys.argv) > 1 else 10**9
x = state["start"]
for step in range(1, steps + 1):
    for _ in range(20_000):
        x = x - 0.001 * (x**3 - x)
    print(f"step {step} x {x:.6f}", flush=True)
