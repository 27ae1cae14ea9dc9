"""REINFORCE with a baseline on a cart that has to be parked. python policy_gradient.py --seed 1"""
# mypy: ignore-errors

import argparse
import math

import numpy as np
import torch
import torch.nn as nn
import torch.optim as optim
from torch.distributions import Categorical

parser = argparse.ArgumentParser()
parser.add_argument("--seed", type=int, default=543)
parser.add_argument("--gamma", type=float, default=0.99)
parser.add_argument("--lr", type=float, default=3e-3)
parser.add_argument("--episodes", type=int, default=5000)
parser.add_argument("--log-interval", type=int, default=10, metavar="N", help="episodes between two lines")
args = parser.parse_args()

torch.manual_seed(args.seed)
np.random.seed(args.seed)


class ParkingCart:
    """A cart on a slippery line; it shall stand still at the origin. Actions: left, nothing, right."""

    horizon = 300

    def reset(self):
        self.t = 0
        self.x = np.random.uniform(-1.0, 1.0)
        self.v = np.random.uniform(-0.1, 0.1)
        return self.observe()

    def observe(self):
        return np.array([self.x, self.v, math.sin(3 * self.x), math.cos(3 * self.x)], dtype=np.float32)

    def step(self, action):
        self.v += 0.02 * (action - 1) - 0.005 * math.sin(3 * self.x) + 0.002 * np.random.randn()
        self.v *= 0.99
        self.x += self.v
        self.t += 1
        reward = -abs(self.x) - 0.1 * abs(self.v)
        out = abs(self.x) > 3.0
        return self.observe(), reward - 10.0 * out, out or self.t >= self.horizon


class Policy(nn.Module):
    def __init__(self, hidden=128):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(4, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh())
        self.head = nn.Linear(hidden, 3)

    def forward(self, x):
        return torch.softmax(self.head(self.body(x)), dim=-1)


env = ParkingCart()
policy = Policy()
optimizer = optim.Adam(policy.parameters(), lr=args.lr)


def select_action(state, log_probs, entropies):
    state = torch.from_numpy(state).unsqueeze(0)
    dist = Categorical(policy(state))
    action = dist.sample()
    log_probs.append(dist.log_prob(action))
    entropies.append(dist.entropy())
    return action.item()


def update(log_probs, entropies, rewards):
    returns, value = [], 0.0
    for r in rewards[::-1]:
        value = r + args.gamma * value
        returns.insert(0, value)
    returns = torch.tensor(returns)
    returns = (returns - returns.mean()) / (returns.std() + 1e-8)
    policy_loss = []
    for log_prob, value in zip(log_probs, returns):
        policy_loss.append(-log_prob * value)
    loss = torch.cat(policy_loss).sum() - 0.01 * torch.cat(entropies).sum()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


def main():
    running = None
    for episode in range(1, args.episodes + 1):
        state, done = env.reset(), False
        log_probs, entropies, rewards = [], [], []
        while not done:
            action = select_action(state, log_probs, entropies)
            state, reward, done = env.step(action)
            rewards.append(reward)
        loss = update(log_probs, entropies, rewards)
        total = sum(rewards)
        running = total if running is None else 0.95 * running + 0.05 * total
        if episode % args.log_interval == 0:
            print(f"Episode {episode}\tloss {loss:.3f}\tlast return {total:.2f}\taverage {running:.2f}", flush=True)


if __name__ == "__main__":
    main()
