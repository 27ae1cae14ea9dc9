"""Sarsa and Q-learning on the cliff walk (Sutton & Barto, example 6.6): python train.py > curves.csv, some seconds."""

import csv
import sys

import numpy as np

HEIGHT, WIDTH, EPISODES, EVERY = 4, 12, 500, 10
START, GOAL = (HEIGHT - 1, 0), (HEIGHT - 1, WIDTH - 1)
MOVES = ((-1, 0), (0, 1), (1, 0), (0, -1))
STEP_SIZE, EXPLORE, MOST_STEPS = 0.5, 0.1, 1000


def step(place, action):
    """Where a move leads, and its reward: −1, or −100 and back to the start over the cliff."""
    row = min(max(place[0] + MOVES[action][0], 0), HEIGHT - 1)
    column = min(max(place[1] + MOVES[action][1], 0), WIDTH - 1)
    if row == HEIGHT - 1 and 0 < column < WIDTH - 1:
        return START, -100.0
    return (row, column), -1.0


def episode(values, rng, method):
    """One episode of learning; its return."""

    def choose(place):
        if rng.random() < EXPLORE:
            return int(rng.integers(4))
        best = np.flatnonzero(values[place] == values[place].max())
        return int(rng.choice(best))

    place, total = START, 0.0
    action = choose(place)
    for _ in range(MOST_STEPS):
        following, reward = step(place, action)
        total += reward
        after = choose(following)
        looked = values[following].max() if method == "q-learning" else values[following][after]
        goal = 0.0 if following == GOAL else looked
        values[place][action] += STEP_SIZE * (reward + goal - values[place][action])
        if following == GOAL:
            break
        place, action = following, after
    return total


def main():
    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerow(["method", "seed", "episode", "return"])
    for method in ("q-learning", "sarsa"):
        for seed in range(10):
            rng = np.random.default_rng(seed)
            values = np.zeros((HEIGHT, WIDTH, 4))
            returns = [episode(values, rng, method) for _ in range(EPISODES)]
            for end in range(EVERY, EPISODES + 1, EVERY):
                out.writerow([method, seed, end, round(float(np.mean(returns[end - EVERY : end])), 2)])


main()
