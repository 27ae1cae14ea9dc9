"""Denoising autoencoder of signals, without a seed anywhere: torch, NumPy and random all run free."""
# mypy: ignore-errors

import random
import sys

import numpy as np
import torch
from torch import nn

STEPS = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000


def signal(length=64):
    kind = random.choice(["sine", "saw", "square"])
    t = np.arange(length) / length
    f, phase = random.randint(1, 6), random.random()
    if kind == "sine":
        return np.sin(2 * np.pi * (f * t + phase))
    saw = 2 * ((f * t + phase) % 1.0) - 1
    return saw if kind == "saw" else np.sign(saw)


def batch(n=32):
    clean = np.stack([signal() for _ in range(n)]).astype("float32")
    noisy = clean + 0.3 * np.random.randn(*clean.shape).astype("float32")
    return torch.from_numpy(noisy), torch.from_numpy(clean)


net = nn.Sequential(
    nn.Linear(64, 128),
    nn.ReLU(),
    nn.Dropout(0.1),
    nn.Linear(128, 32),
    nn.ReLU(),
    nn.Linear(32, 128),
    nn.ReLU(),
    nn.Linear(128, 64),
)
opt = torch.optim.Adam(net.parameters())
for i in range(1, STEPS + 1):
    noisy, clean = batch()
    loss = (net(noisy) - clean).pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    if i % 50 == 0:
        print(i, loss.item(), flush=True)
