"""DQN on CartPole, one file. python dqn.py --seed 1 --total-timesteps 200000"""
# mypy: ignore-errors

import argparse
import random
from collections import deque

import gymnasium as gym
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F


def parse_args():
    p = argparse.ArgumentParser()
    p.add_argument("--seed", type=int, default=1, help="seed of the experiment")
    p.add_argument("--total-timesteps", type=int, default=200_000, help="total steps of the experiment")
    p.add_argument("--learning-rate", type=float, default=2.5e-4)
    p.add_argument("--buffer-size", type=int, default=10_000, help="size of the replay memory")
    p.add_argument("--batch-size", type=int, default=64)
    p.add_argument("--gamma", type=float, default=0.99)
    p.add_argument("--learning-starts", type=int, default=2000, help="timestep at which learning starts")
    p.add_argument("--train-frequency", type=int, default=2, help="steps between two updates")
    p.add_argument("--target-every", type=int, default=500, help="steps between two updates of the target network")
    p.add_argument("--eval-every", type=int, default=2500, help="steps between two evaluations")
    p.add_argument("--eval-episodes", type=int, default=8, help="episodes of an evaluation")
    return p.parse_args()


class QNetwork(nn.Module):
    def __init__(self, n_obs, n_actions):
        super().__init__()
        self.network = nn.Sequential(
            nn.Linear(n_obs, 120),
            nn.ReLU(),
            nn.Linear(120, 84),
            nn.ReLU(),
            nn.Linear(84, n_actions),
        )

    def forward(self, x):
        return self.network(x)


class ReplayBuffer:
    def __init__(self, size):
        self.memory = deque(maxlen=size)

    def __len__(self):
        return len(self.memory)

    def add(self, *transition):
        self.memory.append(transition)

    def sample(self, batch_size):
        batch = random.sample(self.memory, batch_size)
        obs = torch.tensor(np.array([b[0] for b in batch]))
        actions = torch.tensor([b[1] for b in batch]).unsqueeze(1)
        rewards = torch.tensor([b[2] for b in batch], dtype=torch.float32)
        next_obs = torch.tensor(np.array([b[3] for b in batch]))
        dones = torch.tensor([b[4] for b in batch], dtype=torch.float32)
        return obs, actions, rewards, next_obs, dones


def evaluate(q_network, env, episodes):
    q_network.eval()
    returns = []
    for episode in range(episodes):
        obs, _ = env.reset(seed=episode)
        total, over = 0.0, False
        while not over:
            with torch.no_grad():
                action = q_network(torch.tensor(obs)).argmax().item()
            obs, reward, terminated, truncated, _ = env.step(action)
            total += reward
            over = terminated or truncated
        returns.append(total)
    q_network.train()
    return float(np.mean(returns))


def main():
    args = parse_args()
    random.seed(args.seed)
    np.random.seed(args.seed)
    torch.manual_seed(args.seed)

    env = gym.make("CartPole-v1")
    eval_env = gym.make("CartPole-v1")
    env.action_space.seed(args.seed)
    n_obs, n_actions = env.observation_space.shape[0], env.action_space.n

    q_network = QNetwork(n_obs, n_actions)
    target_network = QNetwork(n_obs, n_actions)
    target_network.load_state_dict(q_network.state_dict())
    optimizer = torch.optim.Adam(q_network.parameters(), lr=args.learning_rate)
    buffer = ReplayBuffer(args.buffer_size)

    obs, _ = env.reset(seed=args.seed)
    episode_return, loss = 0.0, None
    for global_step in range(1, args.total_timesteps + 1):
        epsilon = max(0.05, 1.0 - 0.95 * global_step / (0.5 * args.total_timesteps))
        if random.random() < epsilon:
            action = env.action_space.sample()
        else:
            action = q_network(torch.tensor(obs)).argmax().item()
        next_obs, reward, terminated, truncated, _ = env.step(action)
        buffer.add(obs, int(action), float(reward), next_obs, terminated)
        episode_return += reward
        obs = next_obs
        if terminated or truncated:
            print(f"global_step={global_step}, episodic_return={episode_return:.0f}")
            episode_return = 0.0
            obs, _ = env.reset()

        if global_step > args.learning_starts and global_step % args.train_frequency == 0:
            b_obs, b_actions, b_rewards, b_next_obs, b_dones = buffer.sample(args.batch_size)
            with torch.no_grad():
                target = b_rewards + args.gamma * target_network(b_next_obs).max(dim=1).values * (1 - b_dones)
            value = q_network(b_obs).gather(1, b_actions).squeeze(1)
            loss = F.mse_loss(value, target)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

        if global_step % args.target_every == 0:
            target_network.load_state_dict(q_network.state_dict())
        if global_step % args.eval_every == 0:
            score = evaluate(q_network, eval_env, args.eval_episodes)
            print(
                f"eval at {global_step}: {score:.2f}, loss {loss.item() if loss is not None else 0.0:.5f}", flush=True
            )
    torch.save(q_network.state_dict(), "dqn.pt")


if __name__ == "__main__":
    main()
