"""Soft actor-critic on Pendulum with a learnt temperature: an optimiser each. python two_optimisers.py --steps 100000"""
# mypy: ignore-errors

import argparse

import gymnasium as gym
import numpy as np
import torch
from torch import nn
from torch.distributions import Normal


def mlp(sizes):
    layers = []
    for a, b in zip(sizes[:-1], sizes[1:]):
        layers += [nn.Linear(a, b), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


class Actor(nn.Module):
    def __init__(self, obs_dim, act_dim, scale, hidden=64):
        super().__init__()
        self.net = mlp([obs_dim, hidden, hidden, 2 * act_dim])
        self.scale = scale

    def forward(self, obs):
        mean, log_std = self.net(obs).chunk(2, dim=-1)
        dist = Normal(mean, log_std.clamp(-5, 2).exp())
        raw = dist.rsample()
        squashed = torch.tanh(raw)
        log_prob = dist.log_prob(raw) - torch.log(self.scale * (1 - squashed.pow(2)) + 1e-6)
        return self.scale * squashed, log_prob.sum(-1, keepdim=True), self.scale * torch.tanh(mean)


class Critic(nn.Module):
    def __init__(self, obs_dim, act_dim, hidden=64):
        super().__init__()
        self.q1 = mlp([obs_dim + act_dim, hidden, hidden, 1])
        self.q2 = mlp([obs_dim + act_dim, hidden, hidden, 1])

    def forward(self, obs, act):
        x = torch.cat([obs, act], dim=-1)
        return self.q1(x), self.q2(x)


class Memory:
    def __init__(self, capacity, obs_dim, act_dim):
        self.capacity, self.n, self.i = capacity, 0, 0
        self.obs = np.zeros((capacity, obs_dim), dtype=np.float32)
        self.act = np.zeros((capacity, act_dim), dtype=np.float32)
        self.rew = np.zeros((capacity, 1), dtype=np.float32)
        self.nxt = np.zeros((capacity, obs_dim), dtype=np.float32)

    def push(self, obs, act, rew, nxt):
        self.obs[self.i], self.act[self.i], self.rew[self.i], self.nxt[self.i] = obs, act, rew, nxt
        self.i = (self.i + 1) % self.capacity
        self.n = min(self.n + 1, self.capacity)

    def sample(self, k):
        idx = np.random.randint(self.n, size=k)
        return [torch.from_numpy(a[idx]) for a in (self.obs, self.act, self.rew, self.nxt)]


def test_policy(actor, env, episodes):
    actor.eval()
    scores = []
    for k in range(episodes):
        obs, _ = env.reset(seed=10_000 + k)
        done, score = False, 0.0
        while not done:
            with torch.no_grad():
                _, _, action = actor(torch.from_numpy(obs).unsqueeze(0))
            obs, reward, terminated, truncated, _ = env.step(action[0].numpy())
            score += float(reward)
            done = terminated or truncated
        scores.append(score)
    actor.train()
    return np.mean(scores), np.std(scores)


if __name__ == "__main__":
    ap = argparse.ArgumentParser()
    ap.add_argument("--seed", type=int, default=0)
    ap.add_argument("--steps", type=int, default=100_000)
    ap.add_argument("--start-steps", type=int, default=1000, help="random actions before learning starts")
    ap.add_argument("--batch", type=int, default=128)
    ap.add_argument("--lr", type=float, default=1e-3)
    ap.add_argument("--gamma", type=float, default=0.99)
    ap.add_argument("--tau", type=float, default=0.005)
    ap.add_argument("--test-every", type=int, default=5000)
    ap.add_argument("--test-episodes", type=int, default=5)
    args = ap.parse_args()
    torch.manual_seed(args.seed)
    np.random.seed(args.seed)

    env, test_env = gym.make("Pendulum-v1"), gym.make("Pendulum-v1")
    obs_dim, act_dim = env.observation_space.shape[0], env.action_space.shape[0]
    scale = float(env.action_space.high[0])
    actor, critic, target = Actor(obs_dim, act_dim, scale), Critic(obs_dim, act_dim), Critic(obs_dim, act_dim)
    target.load_state_dict(critic.state_dict())
    log_alpha = torch.zeros(1, requires_grad=True)
    actor_opt = torch.optim.Adam(actor.parameters(), lr=args.lr)
    critic_opt = torch.optim.Adam(critic.parameters(), lr=args.lr)
    alpha_opt = torch.optim.Adam([log_alpha], lr=args.lr)
    memory = Memory(50_000, obs_dim, act_dim)

    obs, _ = env.reset(seed=args.seed)
    env.action_space.seed(args.seed)
    score = 0.0
    for t in range(1, args.steps + 1):
        if t <= args.start_steps:
            action = env.action_space.sample()
        else:
            with torch.no_grad():
                action = actor(torch.from_numpy(obs).unsqueeze(0))[0][0].numpy()
        nxt, reward, terminated, truncated, _ = env.step(action)
        memory.push(obs, action, reward, nxt)
        score += float(reward)
        obs = nxt
        if terminated or truncated:
            print(f"step {t} return {score:.1f} alpha {log_alpha.exp().item():.3f}")
            score = 0.0
            obs, _ = env.reset()
        if t > args.start_steps:
            o, a, r, o2 = memory.sample(args.batch)
            with torch.no_grad():
                a2, logp2, _ = actor(o2)
                q1, q2 = target(o2, a2)
                y = r + args.gamma * (torch.min(q1, q2) - log_alpha.exp() * logp2)
            q1, q2 = critic(o, a)
            critic_loss = ((q1 - y) ** 2).mean() + ((q2 - y) ** 2).mean()
            critic_opt.zero_grad()
            critic_loss.backward()
            critic_opt.step()
            new_a, logp, _ = actor(o)
            actor_loss = (log_alpha.exp().detach() * logp - torch.min(*critic(o, new_a))).mean()
            actor_opt.zero_grad()
            actor_loss.backward()
            actor_opt.step()
            alpha_loss = -(log_alpha * (logp.detach() - act_dim)).mean()
            alpha_opt.zero_grad()
            alpha_loss.backward()
            alpha_opt.step()
            for p, q in zip(critic.parameters(), target.parameters()):
                q.data.copy_(args.tau * p.data + (1 - args.tau) * q.data)
        if t % args.test_every == 0:
            mean, std = test_policy(actor, test_env, args.test_episodes)
            print(f"test at {t}: {mean:.1f} +- {std:.1f}", flush=True)
