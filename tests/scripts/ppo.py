"""Clipped PPO on environments side by side. python ppo.py --num-envs 4 --total-timesteps 500000"""
# mypy: ignore-errors

import argparse
import random

import gymnasium as gym
import numpy as np
import torch
import torch.nn as nn
import torch.optim as optim
from torch.distributions.categorical import Categorical


def parse_args():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--env-id", type=str, default="CartPole-v1")
    parser.add_argument("--total-timesteps", type=int, default=500_000)
    parser.add_argument("--learning-rate", type=float, default=2.5e-4)
    parser.add_argument("--num-envs", type=int, default=4, help="the number of parallel game environments")
    parser.add_argument("--num-steps", type=int, default=128, help="steps in each environment per policy rollout")
    parser.add_argument("--gamma", type=float, default=0.99)
    parser.add_argument("--gae-lambda", type=float, default=0.95)
    parser.add_argument("--num-minibatches", type=int, default=4)
    parser.add_argument("--update-epochs", type=int, default=4)
    parser.add_argument("--clip-coef", type=float, default=0.2)
    parser.add_argument("--ent-coef", type=float, default=0.01)
    parser.add_argument("--vf-coef", type=float, default=0.5)
    parser.add_argument("--max-grad-norm", type=float, default=0.5)
    parser.add_argument("--eval-interval", type=int, default=10, help="policy updates between two evaluations")
    parser.add_argument("--eval-episodes", type=int, default=5)
    return parser.parse_args()


def make_env(env_id):
    def thunk():
        return gym.wrappers.RecordEpisodeStatistics(gym.make(env_id))

    return thunk


def layer(n_in, n_out, std=np.sqrt(2)):
    made = nn.Linear(n_in, n_out)
    nn.init.orthogonal_(made.weight, std)
    nn.init.constant_(made.bias, 0.0)
    return made


class Agent(nn.Module):
    def __init__(self, n_obs, n_actions, width=64):
        super().__init__()
        self.critic = nn.Sequential(
            layer(n_obs, width), nn.Tanh(), layer(width, width), nn.Tanh(), layer(width, 1, std=1.0)
        )
        self.actor = nn.Sequential(
            layer(n_obs, width), nn.Tanh(), layer(width, width), nn.Tanh(), layer(width, n_actions, std=0.01)
        )

    def get_value(self, x):
        return self.critic(x)

    def get_action_and_value(self, x, action=None):
        probs = Categorical(logits=self.actor(x))
        if action is None:
            action = probs.sample()
        return action, probs.log_prob(action), probs.entropy(), self.critic(x)


def advantages_of(rewards, values, dones, next_value, next_done, gamma, lam):
    steps, n_envs = len(rewards), len(rewards[0])
    advantages = [[None] * n_envs for _ in range(steps)]
    for e in range(n_envs):
        last = torch.tensor(0.0)
        for t in reversed(range(steps)):
            if t == steps - 1:
                nonterminal, following = 1.0 - next_done[e], next_value[e]
            else:
                nonterminal, following = 1.0 - dones[t + 1][e], values[t + 1][e]
            delta = rewards[t][e] + gamma * following * nonterminal - values[t][e]
            last = delta + gamma * lam * nonterminal * last
            advantages[t][e] = last
    return torch.stack([torch.stack(row) for row in advantages])


def evaluate(agent, env_id, episodes, seed):
    env, returns = gym.make(env_id), []
    for i in range(episodes):
        obs, _ = env.reset(seed=seed + i)
        over, total = False, 0.0
        while not over:
            with torch.no_grad():
                action = agent.actor(torch.tensor(obs)).argmax().item()
            obs, reward, terminated, truncated, _ = env.step(action)
            over, total = terminated or truncated, total + reward
        returns.append(total)
    env.close()
    return np.mean(returns)


if __name__ == "__main__":
    args = parse_args()
    batch_size = args.num_envs * args.num_steps
    minibatch_size = batch_size // args.num_minibatches
    random.seed(args.seed)
    np.random.seed(args.seed)
    torch.manual_seed(args.seed)

    envs = gym.vector.SyncVectorEnv([make_env(args.env_id) for _ in range(args.num_envs)])
    agent = Agent(envs.single_observation_space.shape[0], envs.single_action_space.n)
    optimizer = optim.Adam(agent.parameters(), lr=args.learning_rate, eps=1e-5)

    global_step = 0
    next_obs, _ = envs.reset(seed=args.seed)
    next_obs, next_done = torch.Tensor(next_obs), torch.zeros(args.num_envs)
    for update in range(1, args.total_timesteps // batch_size + 1):
        obs, actions, logprobs, rewards, dones, values = [], [], [], [], [], []
        for _step in range(args.num_steps):
            global_step += args.num_envs
            obs.append(next_obs)
            dones.append(next_done)
            with torch.no_grad():
                action, logprob, _, value = agent.get_action_and_value(next_obs)
            actions.append(action)
            logprobs.append(logprob)
            values.append(value.flatten())
            next_obs, reward, terminations, truncations, infos = envs.step(action.cpu().numpy())
            rewards.append(torch.tensor(reward, dtype=torch.float32))
            next_obs = torch.Tensor(next_obs)
            next_done = torch.Tensor(np.logical_or(terminations, truncations))
            for i in np.flatnonzero(infos.get("_episode", [])):
                print(f"global_step={global_step}, episodic_return={infos['episode']['r'][i]}")

        with torch.no_grad():
            next_value = agent.get_value(next_obs).flatten()
            advantages = advantages_of(rewards, values, dones, next_value, next_done, args.gamma, args.gae_lambda)
        b_obs, b_actions, b_logprobs = torch.cat(obs), torch.cat(actions), torch.cat(logprobs)
        b_advantages = advantages.flatten()
        b_returns = b_advantages + torch.cat(values)

        inds = np.arange(batch_size)
        for _epoch in range(args.update_epochs):
            np.random.shuffle(inds)
            for start in range(0, batch_size, minibatch_size):
                mb = inds[start : start + minibatch_size]
                _, newlogprob, entropy, newvalue = agent.get_action_and_value(b_obs[mb], b_actions[mb])
                ratio = (newlogprob - b_logprobs[mb]).exp()
                adv = b_advantages[mb]
                adv = (adv - adv.mean()) / (adv.std() + 1e-8)
                clipped = torch.clamp(ratio, 1 - args.clip_coef, 1 + args.clip_coef)
                pg_loss = torch.max(-adv * ratio, -adv * clipped).mean()
                v_loss = 0.5 * ((newvalue.flatten() - b_returns[mb]) ** 2).mean()
                loss = pg_loss - args.ent_coef * entropy.mean() + args.vf_coef * v_loss
                optimizer.zero_grad()
                loss.backward()
                nn.utils.clip_grad_norm_(agent.parameters(), args.max_grad_norm)
                optimizer.step()

        if args.eval_interval and update % args.eval_interval == 0:
            score = evaluate(agent, args.env_id, args.eval_episodes, seed=1000)
            print(f"update {update} step {global_step} eval {score:.2f} loss {loss.item():.4f}", flush=True)
    envs.close()
