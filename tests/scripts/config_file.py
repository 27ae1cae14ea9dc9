"""Everything is set in a YAML file: python config_file.py --config conf/default.yaml optim.lr=0.02 train.epochs=3"""
# mypy: ignore-errors

import sys

import numpy as np
import torch
import yaml


class Config(dict):
    """A dictionary whose keys are attributes too."""

    def __getattr__(self, name):
        value = self[name]
        return Config(value) if isinstance(value, dict) else value


def read_config(words):
    path, overrides = "conf/default.yaml", []
    words = list(words)
    while words:
        word = words.pop(0)
        if word == "--config":
            path = words.pop(0)
        elif "=" in word:
            overrides.append(word)
        else:
            sys.exit(f"unknown argument: {word}")
    with open(path) as f:
        config = yaml.safe_load(f)
    for word in overrides:
        keys, value = word.split("=", 1)
        *parents, last = keys.split(".")
        section = config
        for key in parents:
            section = section[key]
        if last not in section:
            sys.exit(f"unknown key: {keys}")
        section[last] = yaml.safe_load(value)
    return Config(config)


def spirals(n, noise, rng):
    """Points on two spirals, and on which."""
    label = rng.integers(2, size=n)
    t = rng.uniform(0.5, 3.0, size=n) * np.pi
    x = np.stack([t * np.cos(t + np.pi * label), t * np.sin(t + np.pi * label)], axis=1) / 6
    return torch.tensor(x + noise * rng.normal(size=x.shape), dtype=torch.float32), torch.tensor(label)


def main():
    cfg = read_config(sys.argv[1:])
    rng = np.random.default_rng(cfg.seed)
    torch.manual_seed(cfg.seed)
    x, y = spirals(cfg.data.size, cfg.data.noise, rng)
    val_x, val_y = spirals(cfg.data.val_size, cfg.data.noise, rng)
    layers, width = [], 2
    for hidden in cfg.model.hidden:
        layers += [torch.nn.Linear(width, hidden), torch.nn.ReLU()]
        width = hidden
    model = torch.nn.Sequential(*layers, torch.nn.Linear(width, 2))
    optimizer = torch.optim.Adam(model.parameters(), lr=cfg.optim.lr)
    step = 0
    for epoch in range(cfg.train.epochs):
        for idx in torch.randperm(len(x)).split(cfg.train.batch_size):
            loss = torch.nn.functional.cross_entropy(model(x[idx]), y[idx])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            step += 1
            if step % cfg.train.validate_every == 0:
                model.eval()
                with torch.no_grad():
                    correct = sum(int(model(a.unsqueeze(0)).argmax() == b) for a, b in zip(val_x, val_y))
                model.train()
                print(
                    f"epoch {epoch} step {step} loss {loss.item():.4f} val_acc {correct / len(val_x):.4f}", flush=True
                )
            if step % cfg.train.save_every == 0:
                torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict()}, "checkpoint.pt")


if __name__ == "__main__":
    main()
