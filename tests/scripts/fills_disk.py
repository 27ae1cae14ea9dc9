"""Saves a checkpoint at each step and removes none. python fills_disk.py [MEGABYTES A STEP]"""
# mypy: ignore-errors

import os
import sys

megabytes = int(sys.argv[1]) if len(sys.argv) > 1 else 64
os.makedirs("checkpoints", exist_ok=True)
step = 0
while True:
    step += 1
    with open(f"checkpoints/{step:06d}.bin", "wb") as f:
        for _ in range(megabytes):
            f.write(os.urandom(1 << 20))
    print(f"saved checkpoint {step}", flush=True)
