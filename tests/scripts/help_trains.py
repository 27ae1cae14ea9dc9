"""Looks for its words itself; whatever it does not know is ignored, --help too: it trains."""
# mypy: ignore-errors

import sys

import numpy as np

options = {"steps": 1_000_000, "lr": 0.1, "print_every": 200}
for word in sys.argv[1:]:
    name, _, value = word.lstrip("-").partition("=")
    if name in options:
        options[name] = type(options[name])(value)
open("trained.txt", "w").write("yes")
rng = np.random.default_rng(0)
x, true = rng.normal(size=(512, 20)), rng.normal(size=20)
y = (x @ true > 0).astype(float)
w = np.zeros(20)
for step in range(1, options["steps"] + 1):
    p = 1 / (1 + np.exp(-x @ w))
    w += options["lr"] * x.T @ (y - p) / len(y)
    if step % options["print_every"] == 0:
        print("step", step, "accuracy", ((p > 0.5) == y).mean(), flush=True)
