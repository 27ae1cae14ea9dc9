"""Linear regression whose step size is too large: after some steps its loss is not a number, and it stops with 3."""
# mypy: ignore-errors

import argparse
import sys
import traceback

import numpy as np

parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, default=0.9)
parser.add_argument("--steps", type=int, default=100_000)
parser.add_argument("--seed", type=int, default=0)
args = parser.parse_args()


class Diverged(RuntimeError):
    pass


def train():
    rng = np.random.default_rng(args.seed)
    x = rng.normal(size=(2000, 50))
    y = x @ rng.normal(size=50) + 0.1 * rng.normal(size=2000)
    w = np.zeros(50)
    for step in range(1, args.steps + 1):
        residual = x @ w - y
        loss = float((residual**2).mean())
        w -= args.lr * 2 * x.T @ residual / len(y)
        if step % 20 == 0:
            print(f"step {step} loss {loss:.4g}", flush=True)
        if loss > 1e60:
            raise Diverged(f"loss is {loss:.3g} at step {step}")


try:
    train()
except Diverged:
    traceback.print_exc()
    sys.exit(3)
