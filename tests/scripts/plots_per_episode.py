"""Cross-entropy method with a live plot of the returns, drawn again after every episode. python plots_per_episode.py"""
# mypy: ignore-errors

import matplotlib.pyplot as plt
import numpy as np
import torch

torch.manual_seed(4)
np.random.seed(4)
EPISODES = 20_000
policy = torch.nn.Sequential(torch.nn.Linear(3, 16), torch.nn.Tanh(), torch.nn.Linear(16, 1))
optimizer = torch.optim.Adam(policy.parameters(), lr=1e-2)
episode_returns = []


def reset():
    return np.random.uniform(-0.5, 0.5), 0.0


def play():
    """Swings a pendulum up; states, actions and the return."""
    angle, speed = reset()
    states, actions, total = [], [], 0.0
    for _ in range(60):
        state = torch.tensor([np.sin(angle), np.cos(angle), speed], dtype=torch.float32)
        with torch.no_grad():
            mean = policy(state)
        action = torch.normal(mean, 0.5)
        speed += 0.05 * (9.8 * np.sin(angle) + 5.0 * action.item())
        angle += 0.05 * speed
        total += np.cos(angle) - 0.01 * speed**2
        states.append(state)
        actions.append(action)
    return torch.stack(states), torch.stack(actions), float(total)


def plot_returns(show_result=False):
    plt.figure(1)
    plt.clf()
    plt.title("Result" if show_result else "Training...")
    plt.xlabel("Episode")
    plt.ylabel("Return")
    plt.plot(episode_returns)
    if len(episode_returns) >= 20:
        means = np.convolve(episode_returns, np.ones(20) / 20, mode="valid")
        plt.plot(np.arange(19, len(episode_returns)), means)
    plt.pause(0.001)  # a moment, so that plots are updated
    if len(episode_returns) % 10 == 0:
        plt.savefig("returns.png")


if __name__ == "__main__":
    plt.ion()
    for episode in range(EPISODES):
        states, actions, total = play()
        episode_returns.append(total)
        baseline = np.mean(episode_returns[-20:])
        loss = ((actions - policy(states)) ** 2).mean() * (total - baseline)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        plot_returns()
        if episode % 10 == 0:
            print("episode", episode, "return", round(total, 3), flush=True)
    plot_returns(show_result=True)
    plt.ioff()
    plt.show()
