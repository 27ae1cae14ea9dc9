"""Items made once and kept: the same batches to the bit, and nothing kept where items are not the same each time."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.test_switches import _run

from sixdays.levers._data_texts import HELD

KEPT = HELD.format(bytes=10**8, seconds=5)
SCRIPT = """
import random, sys
import numpy as np, torch
from torch.utils.data import DataLoader, Dataset, Subset, TensorDataset
torch.manual_seed(0); random.seed(0); np.random.seed(0); torch.set_num_threads(1)
made = [0]
class Data(Dataset):
    def __len__(self):
        return 40
    def __getitem__(self, i):
        made[0] += 1
        {item}
def shown(x):
    if isinstance(x, torch.Tensor):
        return str(x.dtype), tuple(x.shape), x.tolist()
    if isinstance(x, dict):
        return {{k: shown(v) for k, v in x.items()}}
    return type(x).__name__, [shown(v) for v in x] if isinstance(x, (list, tuple)) else x
loader = DataLoader({loader})
for epoch in range(3):
    {each}
    for batch in loader:
        print(shown(batch))
print(torch.rand(1).item(), random.random(), np.random.rand())
print("made", made[0], file=sys.stderr)
"""
ITEMS = {
    "a pair": "return torch.arange(3.0) * i, i % 3",
    "a dict": "return {'x': np.float32([i, i + 1]), 'y': float(i), 'ok': i > 4}",
    "an array": "return np.full((2, 2), i, np.int32)",
    "a number": "return i / 7",
    "a list": "return [torch.tensor(i), torch.ones(2, dtype=torch.float16) * i]",
    "random": "return torch.rand(2) + i, i",
    "random of numpy": "return np.random.rand(2) + i",
    "random of Python": "return random.random() + i",
    "a text": "return torch.ones(1), str(i)",
    "two sizes": "return torch.ones(1 + i // 30) * i",
    "a counter": "return made[0] + i",
}
KEEPS = {"a pair", "a dict", "an array", "a number", "a list"}


def _script(item: str, loader: str = "Data(), batch_size=2, shuffle=True", each: str = "pass") -> str:
    return SCRIPT.format(item=item, loader=loader, each=each)


def _made(folder: Path, script: str, preamble: str = "") -> tuple[str, int]:
    """What it printed, and how many items it made."""
    out = _run(folder, script.replace("file=sys.stderr", ""), preamble)
    said, _, number = out.rpartition("made")
    return said, int(number)


@pytest.mark.parametrize("name", ITEMS)
def test_batches_are_the_same_to_the_bit(tmp_path: Path, name: str) -> None:
    size = ", batch_size=1" if name == "two sizes" else ", batch_size=8"
    script = _script(ITEMS[name], f"Data(){size}, shuffle=True")
    plain, all_made = _made(tmp_path, script)
    kept, made = _made(tmp_path, script, KEPT)
    if name != "a counter":  # it counts how often it was asked, so asking twice shows
        assert kept == plain
    assert all_made == 120
    assert (made < 100) == (name in KEEPS)  # once each, a few trials, the first of each batch


@pytest.mark.parametrize(
    "loader",
    [
        "Subset(Data(), [3, 1, 4, 1, 5]), batch_size=2",
        "TensorDataset(torch.arange(12.0).view(6, 2), torch.arange(6)), batch_size=4, shuffle=True, drop_last=True",
        "Data(), batch_size=3, num_workers=2, shuffle=True",
        "Data(), 5, True",
        "Data(), batch_size=2, collate_fn=lambda items: sum(x for x, _ in items)",
        "Data(), batch_size=None",
    ],
)
def test_loaders_of_all_kinds(tmp_path: Path, loader: str) -> None:
    script = _script(ITEMS["a pair"], loader)
    assert _made(tmp_path, script, KEPT)[0] == _made(tmp_path, script)[0]


def test_items_that_change_later_are_noticed(tmp_path: Path) -> None:
    script = _script("return torch.ones(2) * i * scale[0]", each="scale[0] += 1").replace(
        "made = [0]", "made, scale = [0], [0]"
    )
    assert _made(tmp_path, script, KEPT)[0] == _made(tmp_path, script)[0]


def test_what_does_not_fit_is_not_kept(tmp_path: Path) -> None:
    script = _script(ITEMS["a pair"], "Data(), batch_size=8")
    small = HELD.format(bytes=10, seconds=5)
    assert _made(tmp_path, script, small)[1] > 120
    assert _made(tmp_path, script, small)[0] == _made(tmp_path, script)[0]


def test_what_takes_long_is_kept_when_it_is_first_made(tmp_path: Path) -> None:
    script = _script(ITEMS["a pair"], "Data(), batch_size=8")
    late = HELD.format(bytes=10**8, seconds=0)
    said, made = _made(tmp_path, script, late)
    assert said == _made(tmp_path, script)[0]
    assert made < 120


def test_a_data_set_that_is_dropped_takes_its_items_along(tmp_path: Path) -> None:
    script = """
import gc, torch
from torch.utils.data import DataLoader, TensorDataset
for update in range(5):
    data = TensorDataset(torch.rand(32, 4))
    for epoch in range(2):
        for batch in DataLoader(data, batch_size=8, shuffle=True):
            pass
    del data
gc.collect()
print(len(_kept), len(_refused), sum(type(o).__name__ == "_Held" for o in gc.get_objects()))
"""
    assert _run(tmp_path, script, KEPT).split() == ["0", "0", "0"]


def test_workers_stay_where_nothing_is_kept(tmp_path: Path) -> None:
    script = """
import torch
from torch.utils.data import DataLoader, IterableDataset, TensorDataset
class Stream(IterableDataset):
    def __iter__(self): return iter(range(6))
class Noisy(TensorDataset):
    def __getitem__(self, i): return super().__getitem__(i)[0] + torch.rand(1)
def workers(data): return DataLoader(data, batch_size=2, num_workers=2, timeout=60)
loaders = workers(Stream()), workers(Noisy(torch.ones(6, 1))), workers(TensorDataset(torch.ones(6, 1)))
print([(x.num_workers, x.timeout) for x in loaders])
"""
    assert _run(tmp_path, script, KEPT).strip() == "[(2, 60), (2, 60), (0, 0)]"
    from sixdays.levers._data_texts import WORKERS

    assert _run(tmp_path, script, WORKERS.format(workers=0)).strip() == "[(2, 60), (0, 0), (0, 0)]"


@pytest.mark.parametrize("persistent", [True, False])
def test_workers_that_stay_leave_the_stream_as_it_was(tmp_path: Path, persistent: bool) -> None:
    script = f"""
import inspect, torch
from torch.utils.data import DataLoader, TensorDataset
if __name__ == "__main__":
    torch.manual_seed(3)
    workers = dict(num_workers=1, persistent_workers=True) if {persistent} else dict()
    loader = DataLoader(TensorDataset(torch.arange(6)), batch_size=2, shuffle=True, **workers)
    for epoch in range(3):
        print([b[0].tolist() for b in loader], torch.rand(1).item())
    print(list(inspect.signature(DataLoader.__init__).parameters)[:3])
"""
    from sixdays.levers._data_texts import WORKERS

    assert _run(tmp_path, script, WORKERS.format(workers=2)) == _run(tmp_path, script)


def test_data_with_a_generator_of_its_own_or_that_counts_its_items_is_left_alone(tmp_path: Path) -> None:
    script = """
import random, numpy as np, torch
from torch.utils.data import DataLoader, Dataset
class Data(Dataset):
    def __init__(self, own, draw):
        self.own, self.draw = own, draw
    def __len__(self):
        return 40
    def __getitem__(self, i):
        return float(i + (self.draw(self.own) < 0.05))
class Counts(Data):
    seen = 0
    def __getitem__(self, i):
        self.seen += 1
        return float(i + self.seen // 60)
torch_s = torch.Generator().manual_seed(0)
for data in (Data(np.random.default_rng(0), lambda g: g.random()), Data([random.Random(0)], lambda g: g[0].random()),
             Data(torch_s, lambda g: torch.rand(1, generator=g).item()), Counts(0, 0)):
    for epoch in range(2):
        print([b.tolist() for b in DataLoader(data, batch_size=8)])
"""
    assert _run(tmp_path, script, KEPT) == _run(tmp_path, script)


def test_items_that_nobody_asks_for_may_be_broken(tmp_path: Path) -> None:
    item = "if i == 39: raise OSError('no such file')\n        return float(i)"
    script = _script(item, "Subset(Data(), range(30)), batch_size=8").replace(
        "Subset(Data(), range(30))", "Data(), sampler=range(30)"
    )
    assert _made(tmp_path, script, KEPT)[0] == _made(tmp_path, script)[0]


def test_augmentation_that_is_switched_on_later_draws_what_it_would_have(tmp_path: Path) -> None:
    item = "return float(i) + (torch.rand(1).item() if flags else 0.0)"
    script = _script(item, "Data(), batch_size=8", each="flags[:] = [1] * (epoch > 0)").replace(
        "made = [0]", "made, flags = [0], []"
    )
    assert _made(tmp_path, script, KEPT)[0] == _made(tmp_path, script)[0]


def test_workers_see_what_changes_between_epochs_and_two_loops_at_once_are_two(tmp_path: Path) -> None:
    script = """
import torch
from torch.utils.data import DataLoader, Dataset
class Data(Dataset):
    epoch = 0
    def __len__(self): return 4
    def __getitem__(self, i): return 10 * self.epoch + i
if __name__ == "__main__":
    data = Data()
    loader = DataLoader(data, batch_size=2)
    for data.epoch in range(3):
        print([b.tolist() for b in loader], [(a.tolist(), b.tolist()) for a, b in zip(loader, loader)])
"""
    from sixdays.levers._data_texts import WORKERS

    assert _run(tmp_path, script, WORKERS.format(workers=1)) == _run(tmp_path, script)


def test_workers_that_the_script_keeps_hold_nothing(tmp_path: Path) -> None:
    script = """
import torch
from torch.utils.data import DataLoader, Dataset
class Data(Dataset):
    def __len__(self): return 8
    def __getitem__(self, i): return i
if __name__ == "__main__":
    for batch in DataLoader(Data(), batch_size=4, num_workers=1, worker_init_fn=print):
        print(batch.tolist())
"""
    assert _run(
        tmp_path, script, KEPT + "\n    import os; _Held.fill = lambda *a: print('filled', flush=True)\n"
    ) == _run(tmp_path, script)
