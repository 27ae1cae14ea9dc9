"""Learns the mean distance between points of a set."""
# mypy: ignore-errors

import argparse
import logging

import torch

from ..models import Encoder

log = logging.getLogger(__name__)


def build_parser():
    parser = argparse.ArgumentParser(prog="pkg")
    parser.add_argument("--steps", type=int, default=100_000)
    parser.add_argument("--points", type=int, default=12)
    parser.add_argument("--seed", type=int, default=0)
    return parser


def mean_distance(points):
    """The mean distance between two of the points, one set after the other."""
    means = []
    for one in points:
        distances = []
        for i in range(len(one)):
            for j in range(i):
                distances.append((one[i] - one[j]).norm())
        means.append(torch.stack(distances).mean())
    return torch.stack(means)


def main():
    args = build_parser().parse_args()
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
    torch.manual_seed(args.seed)
    model = Encoder()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for step in range(1, args.steps + 1):
        points = torch.rand(8, args.points, 2)
        loss = torch.nn.functional.smooth_l1_loss(model(points), mean_distance(points))
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        if step % 5 == 0:
            log.info("step %d loss %.5f", step, loss.item())
