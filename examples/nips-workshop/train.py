"""A student's policy gradient for a hopper on a springy leg, NumPy only: python train.py --algo baseline --seed 0.
It learns, and it does what such scripts do: tests and draws itself more often than anybody looks.
"""

import argparse
import json

import numpy as np

STEPS, ACTIONS = 60, 3  # of an episode; lean back, push off, lean forward


class Hoppers:
    """Many hoppers side by side. State: height, its speed, forward speed, lean, on the ground or not."""

    def __init__(self, n, rng):
        self.n, self.rng = n, rng

    def reset(self):
        self.y, self.vy = self.rng.uniform(0.1, 0.4, self.n), np.zeros(self.n)
        self.vx, self.lean = np.zeros(self.n), self.rng.normal(0, 0.1, self.n)
        return self.observe()

    def observe(self):
        return np.stack([self.y, self.vy, self.vx, self.lean, self.y < 0], axis=1)

    def step(self, action):
        """What is seen then, and the reward: distance covered, less for lying on the face."""
        ground = self.y < 0
        push = ground & (action == 1)
        self.vy += 0.05 * (-9.8 + ground * (-120 * self.y - 2 * self.vy) + 15 * push)
        self.vx += 0.05 * (push * 20 * np.sin(self.lean) - 0.3 * self.vx)
        self.lean += 0.08 * (action - 1) + 0.01 * self.vx + 0.02 * self.rng.normal(size=self.n)
        self.y += 0.05 * self.vy
        fallen = np.abs(self.lean) > 1.0
        self.lean = np.where(fallen, 0.0, self.lean)
        self.vx = np.where(fallen, 0.0, self.vx)
        return self.observe(), 0.05 * self.vx - fallen


def forward(weights, obs):
    """Probabilities of the actions, and both hidden layers."""
    h1 = np.tanh(obs @ weights["w1"] + weights["b1"])
    h2 = np.tanh(h1 @ weights["w2"] + weights["b2"])
    logits = h2 @ weights["w3"]
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    return p / p.sum(axis=1, keepdims=True), h1, h2


def rollout(env, weights, rng):
    """An episode of each hopper: what was seen, done and gained, shape (steps, hoppers, …)."""
    obs, seen, done, gained = env.reset(), [], [], []
    for _ in range(STEPS):
        p = forward(weights, obs)[0]
        action = (rng.random((len(p), 1)) > p.cumsum(axis=1)[:, :-1]).sum(axis=1)
        seen.append(obs)
        done.append(action)
        obs, reward = env.step(action)
        gained.append(reward)
    return np.array(seen), np.array(done), np.array(gained)


def update(weights, moments, seen, done, gained, lr):
    """One step of Adam along the policy gradient."""
    to_go = np.zeros_like(gained)
    total = np.zeros(gained.shape[1])
    for t in reversed(range(STEPS)):
        total = gained[t] + 0.97 * total
        to_go[t] = total
    advantage = (to_go - to_go.mean(axis=1, keepdims=True)) / (to_go.std() + 1e-8)
    obs, action = seen.reshape(-1, seen.shape[-1]), done.ravel()
    p, h1, h2 = forward(weights, obs)
    d3 = (np.eye(ACTIONS)[action] - p) * advantage.reshape(-1, 1) / len(obs)
    d3 -= 0.01 * p * (np.log(p) - (p * np.log(p)).sum(axis=1, keepdims=True)) / len(obs)
    d2 = d3 @ weights["w3"].T * (1 - h2**2)
    d1 = d2 @ weights["w2"].T * (1 - h1**2)
    gradients = {"w1": obs.T @ d1, "b1": d1.sum(0), "w2": h1.T @ d2, "b2": d2.sum(0), "w3": h2.T @ d3}
    moments["t"] += 1
    for name, g in gradients.items():
        m, v = moments.setdefault(name, [np.zeros_like(g), np.zeros_like(g)])
        m += 0.1 * (g - m)
        v += 0.001 * (g * g - v)
        bias = np.sqrt(1 - 0.999 ** moments["t"]) / (1 - 0.9 ** moments["t"])
        weights[name] += lr * bias * m / (np.sqrt(v) + 1e-8)


class Imagined:
    """Hoppers that a linear model, fitted to what the real ones did, imagines."""

    def __init__(self, env, seen, done, gained):
        x = np.concatenate([seen[:-1], np.eye(ACTIONS)[done[:-1]]], axis=2).reshape(-1, 5 + ACTIONS)
        y = np.concatenate([seen[1:], gained[:-1, :, None]], axis=2).reshape(-1, 6)
        self.model, self.env = np.linalg.lstsq(x, y, rcond=None)[0], env

    def reset(self):
        self.obs = self.env.reset()
        return self.obs

    def step(self, action):
        y = np.clip(np.concatenate([self.obs, np.eye(ACTIONS)[action]], axis=1) @ self.model, -5, 5)
        self.obs = y[:, :5]
        return self.obs, y[:, 5]


def evaluate(weights, episodes):
    """Mean return of the likeliest actions, one hopper after the other."""
    returns = []
    for i in range(episodes):
        env = Hoppers(1, np.random.default_rng(1000 + i))
        obs, total = env.reset(), 0.0
        for _ in range(STEPS):
            obs, reward = env.step(forward(weights, obs)[0].argmax(axis=1))
            total += reward[0]
        returns.append(total)
    return float(np.mean(returns))


def draw(weights, history):
    """The policy as a picture of speed and lean, the curve so far, and the curve's numbers: three files."""
    speed, lean = np.meshgrid(np.linspace(-1, 3, 40), np.linspace(-1, 1, 40))
    zero = np.zeros(speed.size)
    p = forward(weights, np.stack([zero - 0.1, zero, speed.ravel(), lean.ravel(), zero + 1], axis=1))[0]
    cells = [
        f'<rect x="{10 * (i % 40)}" y="{10 * (i // 40)}" width="10" height="10" fill="rgb({r:.0f},{g:.0f},{b:.0f})"/>'
        for i, (r, g, b) in enumerate(255 * p)
    ]
    line = " ".join(f"{400 * k / len(history):.1f},{200 - 10 * r:.1f}" for k, (_, r) in enumerate(history))
    head = '<svg xmlns="http://www.w3.org/2000/svg" width="400" height="400">'
    for name, body in (
        ("policy", "\n".join(cells)),
        ("curve", f'<polyline fill="none" stroke="blue" points="{line}"/>'),
    ):
        with open(f"{name}.svg", "w", encoding="utf-8") as f:
            f.write(f"{head}\n{body}\n</svg>\n")
    with open("curve.json", "w", encoding="utf-8") as f:
        json.dump(history, f)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--algo", choices=["baseline", "imagined"], default="baseline")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--episodes", type=int, default=20_000)
    parser.add_argument("--hoppers", type=int, default=32, help="how many practise side by side")
    parser.add_argument("--hidden", type=int, default=64)
    parser.add_argument("--lr", type=float, default=0.003)
    parser.add_argument(
        "--eval-every", type=int, default=1, help="episodes between two evaluations; 0: only at the end"
    )
    parser.add_argument("--eval-episodes", type=int, default=4)
    parser.add_argument("--plot-every", type=int, default=1, help="episodes between two drawings; 0: only at the end")
    args = parser.parse_args()

    rng = np.random.default_rng(args.seed)
    h = args.hidden
    weights = {"w1": rng.normal(0, 0.5, (5, h)), "b1": np.zeros(h), "w2": rng.normal(0, h**-0.5, (h, h))}
    weights |= {"b2": np.zeros(h), "w3": np.zeros((h, ACTIONS))}
    env, moments, history = Hoppers(args.hoppers, rng), {"t": 0}, []
    for episode in range(1, args.episodes + 1):
        seen, done, gained = rollout(env, weights, rng)
        update(weights, moments, seen, done, gained, args.lr)
        if args.algo == "imagined":
            update(weights, moments, *rollout(Imagined(env, seen, done, gained), weights, rng), args.lr)
        mean = float(gained.sum(axis=0).mean())
        history.append((episode, mean))
        print(f"episode {episode} return {mean:.3f}", flush=True)  # noqa: T201
        if args.eval_every and episode % args.eval_every == 0:
            print(f"  evaluated: {evaluate(weights, args.eval_episodes):.3f}", flush=True)  # noqa: T201
        if args.plot_every and episode % args.plot_every == 0:
            draw(weights, history)
    draw(weights, history)
    np.savez("policy.npz", **weights)
    print(f"final {evaluate(weights, 20):.3f}")  # noqa: T201


if __name__ == "__main__":
    main()
