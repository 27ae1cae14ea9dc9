"""Keeps every batch it has ever seen: memory grows until there is none. python eats_memory.py [MEGABYTES A STEP]"""
# mypy: ignore-errors

import sys

import numpy as np

megabytes = int(sys.argv[1]) if len(sys.argv) > 1 else 64
seen, total = [], 0.0
step = 0
while True:
    batch = np.random.rand(megabytes, 1 << 17)
    total += float(batch[:, ::4096].sum())
    seen.append(batch)
    step += 1
    print(f"step {step} seen {step * megabytes} MB mean {total / (step * megabytes * 32):.4f}", flush=True)
