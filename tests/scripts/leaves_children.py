"""Starts helpers in sessions of their own and ends without them. python leaves_children.py [STEPS]"""
# mypy: ignore-errors

import subprocess
import sys

steps = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
code = "import time\nfor _ in range(600): time.sleep(1)"
helpers = [subprocess.Popen([sys.executable, "-c", code], start_new_session=True) for _ in range(2)]
print("helpers", *(h.pid for h in helpers), flush=True)
value = 0.5
for step in range(1, steps + 1):
    for _ in range(20_000):
        value = 3.7 * value * (1 - value)
    print(f"step {step} value {value:.6f}", flush=True)
