"""Ising model by the Metropolis rule, NumPy only: magnetisation at falling temperature. python simulation.py"""
# mypy: ignore-errors

import argparse

import numpy as np

parser = argparse.ArgumentParser()
parser.add_argument("--size", type=int, default=96)
parser.add_argument("--sweeps", type=int, default=200_000)
parser.add_argument("--report", type=int, default=200, help="sweeps between two lines")
parser.add_argument("--seed", type=int, default=0)


def neighbours(spins):
    return np.roll(spins, 1, 0) + np.roll(spins, -1, 0) + np.roll(spins, 1, 1) + np.roll(spins, -1, 1)


def energy(spins):
    """Energy per spin."""
    return float(-(spins * neighbours(spins)).sum() / (2 * spins.size))


def sweep(spins, temperature, rng, black):
    """One chance for each spin to turn, in two halves like a chess board."""
    for half in (black, ~black):
        cost = 2 * spins * neighbours(spins)
        turn = half & (rng.random(spins.shape) < np.exp(-np.maximum(cost, 0) / temperature))
        spins = np.where(turn, -spins, spins)
    return spins


def correlation(spins):
    """Correlation along a row by distance, one distance after the other."""
    out = []
    for distance in range(spins.shape[1] // 2):
        total = 0.0
        for row in spins:
            total += np.dot(row, np.roll(row, distance))
        out.append(total / spins.size)
    return out


def main():
    args = parser.parse_args()
    rng = np.random.default_rng(args.seed)
    spins = rng.choice([-1, 1], size=(args.size, args.size))
    black = (np.add.outer(np.arange(args.size), np.arange(args.size)) % 2).astype(bool)
    history = []
    for i in range(1, args.sweeps + 1):
        temperature = 3.0 - 1.5 * i / args.sweeps
        spins = sweep(spins, temperature, rng, black)
        if i % 10 == 0:
            history.append((i, temperature, abs(spins.mean()), energy(spins), *correlation(spins)[:8]))
        if i % args.report == 0:
            print(
                f"sweep {i}: T = {temperature:.4f}, |m| = {abs(spins.mean()):.4f}, e = {energy(spins):.4f}", flush=True
            )
    np.savetxt("ising.csv", history, delimiter=",")


if __name__ == "__main__":
    main()
