"""Lines that run once in each pass of a loop, of sources written by hand: those that say so end in `# once`."""

from __future__ import annotations

import pytest

from sixdays.faster.fixed import trees
from sixdays.faster.passes import passes


@pytest.mark.parametrize(
    "source",
    [
        "for t in range(200):\n    loss = f(x)  # once\n    step()  # once\n    if t % 5:\n        draw()\n",
        "for t in range(n):\n    for x in data:\n        step()\n    show()  # once\n",
        "for t in range(n):\n    [step() for o in all]\n    a and step()\n    with no_grad():\n        step()  # once\n",
        "for t in range(n):\n    if few:\n        continue\n    step()\n",
        "for t in range(n):\n    for x in y:\n        continue\n    step()  # once\n",
        "def train():\n    step()  # once\n    if few:\n        return\n    more()\n"
        "for t in range(1, n + 1):\n    train()  # once\n    show()  # once\n",
        "def main():\n    for t in range(args.n):\n        step()  # once\nif __name__ == '__main__':\n    main()\n",
        "def update():\n    for _ in range(80):\n        step()\nwhile True:\n    update()\n",
        "def update():\n    for _ in range(80):\n        step()\ndef one():\n    update()  # once\n"
        "for t in range(n):\n    one()  # once\n",
        "class M:\n    def training_step(self):\n        for _ in range(9):\n            step()\n",
        "for t in range(a * b):\n    step()\n",
        "for t in range(0, n, 8):\n    step()\n",
        "for x in loader:\n    step()\n",
        "for t in range(int(1e5)):\n    step()  # once\n",
        "def train():\n    for t in range(9):\n        net.train()  # once\n        step()  # once\ntrain()\n",
        "class A:\n    def learn(self):\n        step()  # once\nfor t in range(9):\n    a.learn()  # once\n",
        "class A:\n    def learn(self):\n        for t in range(9):\n            step()\n"
        "for t in range(9):\n    a.learn()  # once\n",
        "def f():\n    f()  # once\nfor t in range(9):\n    f()  # once\n",
        "def f():\n    a()\ndef f():\n    b()\nfor t in range(9):\n    f()  # once\n",
    ],
)
def test_lines_that_run_once_in_each_pass(source: str) -> None:
    expected = {("t.py", n) for n, line in enumerate(source.splitlines(), 1) if line.endswith("# once")}
    found = passes(trees({"t.py": source}))
    assert set().union(*found.values()) == expected
