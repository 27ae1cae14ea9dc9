"""Plan-like YAML with comments, odd layout, flow and block maps, quotes."""

from __future__ import annotations

import random

WORDS = ("2d to 4d", "gpu", "3", "at least 1d", "a b", "x.y", "40%", "1 in 5")


def document(rng: random.Random) -> tuple[str, list[tuple[str, ...]]]:
    """A text, and the paths of its scalars."""
    lines: list[str] = []
    paths: list[tuple[str, ...]] = []
    newline = rng.choice(("\n", "\n", "\r\n"))
    for i in range(rng.randint(1, 4)):
        if rng.random() < 0.4:
            lines.append(f"# a comment {i}" + " " * rng.randint(0, 2))
        if rng.random() < 0.3:
            lines.append("")
        _entry(rng, f"top{i}", 0, (), lines, paths)
    return newline.join(lines) + (newline if rng.random() < 0.8 else ""), paths


def _entry(
    rng: random.Random, key: str, depth: int, path: tuple[str, ...], lines: list[str], paths: list[tuple[str, ...]]
) -> None:
    pad = " " * (2 * depth)
    at = (*path, key)
    note = rng.choice(("", "", "   # why", " #"))
    kind = rng.random()
    if kind < 0.4 or depth > 2:
        lines.append(f"{pad}{key}:{' ' * rng.randint(1, 3)}{_scalar(rng)}{note}")
        paths.append(at)
    elif kind < 0.7:
        parts = []
        for j in range(rng.randint(1, 4)):
            parts.append(f"f{j}: {_scalar(rng)}")
            paths.append((*at, f"f{j}"))
        gap = rng.choice((", ", ",", ",  "))
        lines.append(f"{pad}{key}: {{{gap.join(parts)}}}{note}")
    else:
        lines.append(f"{pad}{key}:{note}")
        for j in range(rng.randint(1, 3)):
            if rng.random() < 0.2:
                lines.append(f"{pad}  # inside")
            _entry(rng, f"{key}{j}", depth + 1, at, lines, paths)


def _scalar(rng: random.Random) -> str:
    word = rng.choice(WORDS)
    return rng.choice((word, word, f'"{word}"', f"'{word}'"))
