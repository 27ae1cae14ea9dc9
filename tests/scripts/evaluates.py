"""Actor-critic that is evaluated as long as it is trained, in an environment of its own. python evaluates.py"""
# mypy: ignore-errors

import argparse
import json

import gymnasium
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

parser = argparse.ArgumentParser()
parser.add_argument("--seed", type=int, default=3)
parser.add_argument("--num_updates", type=int, default=20_000)
parser.add_argument("--n_steps", type=int, default=32)
parser.add_argument("--lr", type=float, default=1e-3)
parser.add_argument("--gamma", type=float, default=0.98)
parser.add_argument("--eval_freq", type=int, default=5, help="evaluate each so many updates")
parser.add_argument("--n_eval", type=int, default=6, help="episodes per evaluation")


class ActorCritic(nn.Module):
    def __init__(self, obs_size, n_actions, hidden=64):
        super().__init__()
        self.shared = nn.Linear(obs_size, hidden)
        self.policy = nn.Linear(hidden, n_actions)
        self.value = nn.Linear(hidden, 1)

    def forward(self, obs):
        h = torch.relu(self.shared(obs))
        return F.softmax(self.policy(h), dim=-1), self.value(h)


class Evaluator:
    """Runs greedy episodes and keeps the best score."""

    def __init__(self, env_name, episodes):
        self.env = gymnasium.make(env_name)
        self.episodes = episodes
        self.history = []

    def __call__(self, model, update):
        model.eval()
        scores = [self.play(model, seed) for seed in range(self.episodes)]
        model.train()
        self.history.append({"update": update, "score": float(np.mean(scores))})
        with open("eval.json", "w") as f:
            json.dump(self.history, f)
        return float(np.mean(scores))

    def play(self, model, seed):
        obs, _ = self.env.reset(seed=seed)
        score = 0.0
        while True:
            with torch.no_grad():
                probs, _ = model(torch.as_tensor(obs))
                action = torch.distributions.Categorical(probs).probs.argmax().item()
            obs, reward, terminated, truncated, _ = self.env.step(action)
            score += reward
            if terminated or truncated:
                return score


class Runner:
    def __init__(self, env_name, seed):
        self.env = gymnasium.make(env_name)
        self.obs, _ = self.env.reset(seed=seed)

    def rollout(self, model, n):
        obs_list, actions, rewards, masks = [], [], [], []
        for _ in range(n):
            obs = torch.as_tensor(self.obs)
            with torch.no_grad():
                probs, _ = model(obs)
            action = torch.multinomial(probs, 1).item()
            self.obs, reward, terminated, truncated, _ = self.env.step(action)
            obs_list.append(obs)
            actions.append(action)
            rewards.append(reward / 10.0)
            masks.append(0.0 if terminated or truncated else 1.0)
            if terminated or truncated:
                self.obs, _ = self.env.reset()
        return obs_list, actions, rewards, masks


def compute_returns(last, rewards, masks, gamma):
    returns = []
    for reward, mask in zip(reversed(rewards), reversed(masks)):
        last = reward + gamma * last * mask
        returns.append(last)
    return torch.tensor(returns[::-1])


def train(args):
    torch.manual_seed(args.seed)
    env_name = "CartPole-v1"
    runner, evaluator = Runner(env_name, args.seed), Evaluator(env_name, args.n_eval)
    model = ActorCritic(4, 2)
    optimizer = torch.optim.RMSprop(model.parameters(), lr=args.lr)
    for update in range(1, args.num_updates + 1):
        obs_list, actions, rewards, masks = runner.rollout(model, args.n_steps)
        with torch.no_grad():
            last = model(torch.as_tensor(runner.obs))[1].item()
        returns = compute_returns(last, rewards, masks, args.gamma)
        probs, values = model(torch.stack(obs_list))
        advantage = returns - values.squeeze(-1)
        chosen = probs.gather(1, torch.tensor(actions).unsqueeze(1)).squeeze(1)
        entropy = -(probs * probs.log()).sum(-1).mean()
        loss = -(chosen.log() * advantage.detach()).mean() + advantage.pow(2).mean() - 0.01 * entropy
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if update % args.eval_freq == 0:
            score = evaluator(model, update)
            print(f"[{update}/{args.num_updates}] loss={loss.item():.4f} eval={score:.2f}")


if __name__ == "__main__":
    train(parser.parse_args())
