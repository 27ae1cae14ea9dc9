"""Value iteration on a large grid world; prints nothing, writes its values at the end. python silent.py"""
# mypy: ignore-errors

import argparse

import numpy as np

parser = argparse.ArgumentParser()
parser.add_argument("--size", type=int, default=400)
parser.add_argument("--sweeps", type=int, default=100_000)
args = parser.parse_args()

rng = np.random.default_rng(7)
walls = rng.random((args.size, args.size)) < 0.2
rewards = np.where(rng.random(walls.shape) < 0.001, 1.0, -0.01)
values = np.zeros(walls.shape)
for _ in range(args.sweeps):
    padded = np.pad(values, 1, mode="edge")
    moves = np.stack([padded[:-2, 1:-1], padded[2:, 1:-1], padded[1:-1, :-2], padded[1:-1, 2:]])
    best = 0.8 * moves.max(axis=0) + 0.2 * moves.mean(axis=0)
    values = np.where(walls, 0.0, rewards + 0.99 * best)
np.save("values.npy", values)
