"""A small CNN on drawn shapes: augmentation on the fly, validation and a plot each epoch. python supervised.py"""
# mypy: ignore-errors

import argparse

import matplotlib
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, Dataset

matplotlib.use("Agg")
import matplotlib.pyplot as plt


class Shapes(Dataset):
    """Pictures of 16 × 16 with one of four shapes, made from the index; shifted and noisy where augmented."""

    def __init__(self, n, seed, augment=False):
        self.n, self.seed, self.augment = n, seed, augment

    def __len__(self):
        return self.n

    def __getitem__(self, i):
        rng = np.random.RandomState(self.seed * 100_003 + i)
        label = int(rng.randint(4))
        image = np.zeros((16, 16), dtype=np.float32)
        r, c = rng.randint(3, 8, size=2)
        size = int(rng.randint(4, 8))
        if label == 0:
            image[r : r + size, c : c + size] = 1
        elif label == 1:
            image[r, c : c + size] = image[r : r + size, c] = 1
        elif label == 2:
            for k in range(size):
                image[r + k, c + k] = image[r + k, c + size - 1 - k] = 1
        else:
            rows, cols = np.mgrid[:16, :16]
            image[(rows - r - 3) ** 2 + (cols - c - 3) ** 2 <= size] = 1
        if self.augment:
            image = np.roll(image, tuple(np.random.randint(-2, 3, size=2)), axis=(0, 1))
            if np.random.rand() < 0.5:
                image = image[:, ::-1].copy()
            image = image + 0.1 * np.random.randn(16, 16).astype(np.float32)
        return torch.from_numpy(image).unsqueeze(0), label


class Net(nn.Module):
    def __init__(self, channels=16, hidden=64):
        super().__init__()
        self.conv1 = nn.Conv2d(1, channels, 3, padding=1)
        self.conv2 = nn.Conv2d(channels, 2 * channels, 3, padding=1)
        self.fc1 = nn.Linear(2 * channels * 16, hidden)
        self.fc2 = nn.Linear(hidden, 4)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        return self.fc2(F.relu(self.fc1(x.flatten(1))))


def validate(model, loader):
    model.eval()
    correct = seen = 0
    total = 0.0
    with torch.no_grad():
        for images, labels in loader:
            logits = model(images)
            total += F.cross_entropy(logits, labels, reduction="sum").item()
            correct += (logits.argmax(1) == labels).sum().item()
            seen += len(labels)
    model.train()
    return total / seen, correct / seen


def plot(losses, accuracies, path):
    fig, (left, right) = plt.subplots(1, 2, figsize=(8, 3))
    left.plot(losses)
    left.set_xlabel("step")
    left.set_ylabel("loss")
    right.plot(accuracies)
    right.set_ylabel("validation accuracy")
    fig.savefig(path)
    plt.close(fig)


def main():
    parser = argparse.ArgumentParser(description="shapes")
    parser.add_argument("--epochs", type=int, default=200)
    parser.add_argument("--train-size", type=int, default=8000)
    parser.add_argument("--val-size", type=int, default=2000)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--lr", type=float, default=0.05)
    parser.add_argument("--workers", type=int, default=0)
    parser.add_argument("--plot-every", type=int, default=50, help="steps between two drawings of the curves")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    np.random.seed(args.seed)
    torch.manual_seed(args.seed)

    train_set = Shapes(args.train_size, seed=1, augment=True)
    val_set = Shapes(args.val_size, seed=2)
    train = DataLoader(train_set, batch_size=args.batch_size, shuffle=True, num_workers=args.workers)
    val = DataLoader(val_set, batch_size=256, num_workers=args.workers)
    model = Net()
    optimizer = torch.optim.SGD(model.parameters(), lr=args.lr, momentum=0.9)

    step, losses, accuracies = 0, [], []
    for epoch in range(args.epochs):
        for images, labels in train:
            loss = F.cross_entropy(model(images), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            step += 1
            losses.append(loss.item())
            if step % args.plot_every == 0:
                plot(losses, accuracies, "curves.png")
        val_loss, accuracy = validate(model, val)
        accuracies.append(accuracy)
        print(
            f"epoch {epoch + 1}/{args.epochs} step {step} train {losses[-1]:.4f} val {val_loss:.4f} acc {accuracy:.4f}"
        )
        plot(losses, accuracies, "curves.png")
    torch.save(model.state_dict(), "shapes.pt")


if __name__ == "__main__":
    main()
