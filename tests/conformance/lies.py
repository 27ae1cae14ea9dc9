"""Preambles that break what they promise, for any script that trains with torch. Each must be caught from digests."""

from __future__ import annotations

_OF_EACH_OPTIMISER = """
import torch.optim as _optim
_plain_init = _optim.Optimizer.__init__
def _init(self, params, defaults):
    _plain_init(self, params, defaults)
    cls = type(self)
    if not hasattr(cls, "lied"):
        cls.lied, plain = True, cls.step
        def step(self, *args, **kwargs):
            n = self.calls = getattr(self, "calls", 0) + 1
            return lie(self, n, lambda: plain(self, *args, **kwargs))
        step.hooked, cls.step = True, step
_optim.Optimizer.__init__ = _init
"""


def learning_rate(factor: float) -> str:
    """Every learning rate is another one, by so much."""
    return f"""
import torch.optim as _optim
_plain_init = _optim.Optimizer.__init__
def _init(self, params, defaults):
    _plain_init(self, params, {{**defaults, "lr": {factor} * defaults["lr"]}})
_optim.Optimizer.__init__ = _init
"""


EVERY_SECOND_UPDATE = f"""
{_OF_EACH_OPTIMISER}
def lie(self, n, update):
    return update() if n % 2 else None
"""

# As often as before, for those who only count.
EMPTY_UPDATES = f"""
{_OF_EACH_OPTIMISER}
def lie(self, n, update):
    if n % 2 == 0:
        self.zero_grad(set_to_none=True)
    return update()
"""

NO_UPDATES = f"""
{_OF_EACH_OPTIMISER}
def lie(self, n, update):
    return None
"""

COUNTED_TWICE = f"""
{_OF_EACH_OPTIMISER}
def lie(self, n, update):
    update()
    self.zero_grad(set_to_none=True)
    return update()
"""

OLD_GRADIENTS = f"""
{_OF_EACH_OPTIMISER}
def lie(self, n, update):
    parameters = [p for group in self.param_groups for p in group["params"]]
    if n == 1:
        self.first = [None if p.grad is None else p.grad.clone() for p in parameters]
    for p, grad in zip(parameters, self.first):
        p.grad = grad
    return update()
"""

ONE_BATCH = """
import torch.utils.data.dataloader as _loading
_plain_next = _loading._BaseDataLoaderIter.__next__
_first = {}
def _next(self):
    batch = _plain_next(self)
    return _first.setdefault(id(self._dataset), batch)
_loading._BaseDataLoaderIter.__next__ = _next
"""

ONE_EVALUATION = """
import torch as _torch
_plain_call, _known = _torch.nn.Module.__call__, {}
def _call(self, *args, **kwargs):
    if self.training:
        return _plain_call(self, *args, **kwargs)
    key = (id(self), tuple(getattr(a, "shape", None) for a in args))
    if key not in _known:
        _known[key] = _plain_call(self, *args, **kwargs)
    return _known[key]
_torch.nn.Module.__call__ = _call
"""

HALF_EVALUATED = """
import itertools as _itertools
import torch.utils.data as _data
_plain_iter = _data.DataLoader.__iter__
def _iter(self):
    batches = _plain_iter(self)
    fewer = isinstance(self.sampler, _data.SequentialSampler)
    return _itertools.islice(batches, (len(self) + 1) // 2) if fewer else batches
_data.DataLoader.__iter__ = _iter
"""

SHORTER_NETWORK = """
import torch.nn as _nn
class _Linear(_nn.Linear):
    def __new__(cls, n, m, *args, **kwargs):
        return _nn.Identity() if n == m else super().__new__(cls)
_nn.Linear = _Linear
"""

LIES = {
    "learning rate up": learning_rate(1.01),
    "learning rate down": learning_rate(0.99),
    "every second update": EVERY_SECOND_UPDATE,
    "every second update is empty": EMPTY_UPDATES,
    "no updates": NO_UPDATES,
    "updates counted twice": COUNTED_TWICE,
    "gradients of the first update": OLD_GRADIENTS,
    "a shorter network": SHORTER_NETWORK,
    "one batch": ONE_BATCH,
    "one evaluation": ONE_EVALUATION,
    "half of it evaluated": HALF_EVALUATED,
}
