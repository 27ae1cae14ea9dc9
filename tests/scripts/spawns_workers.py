"""Evolution strategy on worker processes, forked or spawned. python spawns_workers.py --start spawn"""
# mypy: ignore-errors

import argparse
import multiprocessing as mp

import numpy as np


def rollout(weights, seed):
    """Return of one episode of a pole that a linear policy holds up."""
    rng = np.random.default_rng(seed)
    angle, speed, total = rng.normal(0, 0.1), 0.0, 0.0
    for _ in range(400):
        push = np.tanh(weights @ np.array([angle, speed, 1.0]))
        speed += 0.02 * (9.8 * np.sin(angle) + 8.0 * push) + 0.01 * rng.normal()
        angle += 0.02 * speed
        total += np.cos(angle)
        if abs(angle) > 1.0:
            break
    return total


def worker(connection):
    while True:
        task = connection.recv()
        if task is None:
            break
        connection.send([(index, rollout(weights, seed)) for index, weights, seed in task])
    connection.close()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--start", choices=["fork", "spawn", "forkserver"], default="fork")
    parser.add_argument("--generations", type=int, default=10_000)
    parser.add_argument("--population", type=int, default=32)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()

    context = mp.get_context(args.start)
    pipes, processes = [], []
    for _ in range(args.workers):
        ours, theirs = context.Pipe()
        process = context.Process(target=worker, args=(theirs,), daemon=True)
        process.start()
        pipes.append(ours)
        processes.append(process)

    rng = np.random.default_rng(args.seed)
    mean = np.zeros(3)
    for generation in range(1, args.generations + 1):
        noise = rng.normal(size=(args.population, 3))
        tasks = [(i, mean + 0.3 * noise[i], int(rng.integers(2**31))) for i in range(args.population)]
        for k, pipe in enumerate(pipes):
            pipe.send(tasks[k :: args.workers])
        returns = np.empty(args.population)
        for pipe in pipes:
            for i, value in pipe.recv():
                returns[i] = value
        ranks = returns.argsort().argsort() / (args.population - 1) - 0.5
        mean += 0.2 * noise.T @ ranks / args.population * 4
        print(f"generation {generation} mean {returns.mean():.4f} best {returns.max():.4f}", flush=True)
    for pipe in pipes:
        pipe.send(None)
    for process in processes:
        process.join()


if __name__ == "__main__":
    main()
