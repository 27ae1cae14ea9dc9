"""Power iteration on a large matrix: all its time is in products of BLAS, which nothing here can make faster."""
# mypy: ignore-errors

import argparse

import numpy as np

parser = argparse.ArgumentParser()
parser.add_argument("--size", type=int, default=1200)
parser.add_argument("--steps", type=int, default=100_000)
args = parser.parse_args()

rng = np.random.default_rng(0)
a = rng.normal(size=(args.size, args.size))
a = a + a.T
basis = np.linalg.qr(rng.normal(size=(args.size, args.size // 2)))[0]
for step in range(1, args.steps + 1):
    basis = a @ basis
    basis /= np.sqrt((basis * basis).sum(axis=0))
    print(f"step {step} estimate {abs((basis[:, 0] @ a @ basis[:, 0])):.6f}", flush=True)
