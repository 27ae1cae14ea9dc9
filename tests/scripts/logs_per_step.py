"""A character model on made-up text that writes a dozen scalars to TensorBoard at every step. python logs_per_step.py"""
# mypy: ignore-errors

import argparse

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.tensorboard import SummaryWriter

p = argparse.ArgumentParser()
p.add_argument("--steps", type=int, default=100_000)
p.add_argument("--batch", type=int, default=32)
p.add_argument("--context", type=int, default=16)
p.add_argument("--log-dir", default="runs/char")
p.add_argument("--seed", type=int, default=11)
args = p.parse_args()

torch.manual_seed(args.seed)
VOCAB = 32


def make_text(n):
    """A text in which each letter depends on the two before it, mostly."""
    rule = torch.randint(VOCAB, (VOCAB, VOCAB))
    text = [0, 1]
    surprise = torch.rand(n)
    other = torch.randint(VOCAB, (n,))
    for i in range(n):
        text.append(int(other[i]) if surprise[i] < 0.1 else int(rule[text[-2], text[-1]]))
    return torch.tensor(text)


class Model(nn.Module):
    def __init__(self, width=48):
        super().__init__()
        self.embed = nn.Embedding(VOCAB, width)
        self.mix = nn.Linear(args.context * width, 96)
        self.norm = nn.LayerNorm(96)
        self.out = nn.Linear(96, VOCAB)

    def forward(self, x):
        return self.out(torch.relu(self.norm(self.mix(self.embed(x).flatten(1)))))


text = make_text(5000)
model = Model()
optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
writer = SummaryWriter(args.log_dir, flush_secs=1)

for step in range(1, args.steps + 1):
    at = torch.randint(len(text) - args.context - 1, (args.batch,))
    x = torch.stack([text[i : i + args.context] for i in at])
    y = text[at + args.context]
    logits = model(x)
    loss = F.cross_entropy(logits, y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()

    writer.add_scalar("train/loss", loss.item(), step)
    writer.add_scalar("train/accuracy", (logits.argmax(-1) == y).float().mean().item(), step)
    for name, parameter in model.named_parameters():
        writer.add_scalar(f"grad/{name}", parameter.grad.norm().item(), step)
        writer.add_scalar(f"weight/{name}", parameter.detach().norm().item(), step)
    writer.flush()
    if step % 100 == 0:
        writer.add_histogram("weights/mix", model.mix.weight, step)
        print(f"step {step:6d} | loss {loss.item():.4f}", flush=True)
writer.close()
