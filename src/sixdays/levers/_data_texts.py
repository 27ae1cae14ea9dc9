"""Plain lines of Python about DataLoaders that the user will own: each stands alone."""

from __future__ import annotations

# The base seed is drawn from the same stream with workers and without, so the sampler's order stays. Workers stay from
# epoch to epoch only where the script says so: those that stay do not see what it changes in its data set.
WORKERS = """
try:
    from functools import wraps as _wraps
    from torch.utils.data import DataLoader as _DataLoader, IterableDataset as _Stream
except ImportError:
    pass
else:
    @_wraps(_DataLoader.__init__)
    def _with_workers(self, dataset, *args, _plain=_DataLoader.__init__, **kwargs):
        if len(args) < 5 and hasattr(dataset, "__getitem__") and not isinstance(dataset, _Stream):
            kwargs["num_workers"] = {workers}
            if not {workers}:
                for name in ("persistent_workers", "prefetch_factor", "multiprocessing_context", "timeout"):
                    kwargs.pop(name, None)
        _plain(self, dataset, *args, **kwargs)

    _DataLoader.__init__ = _with_workers
"""

# Each item is made once and kept in one tensor for each of its parts; a batch is then taken by its numbers. Kept only
# where an item made twice is the same and draws no random number, and where a batch comes out as the plain way makes
# it; never of data that holds a random generator of its own, or changes as items are made. The first item of each
# batch is made anew: data that changes while it is used is noticed, and no longer kept.
HELD = """
try:
    import torch as _torch
    from torch.utils.data import DataLoader as _Loader, IterableDataset as _Stream, default_collate as _collate
    from torch.utils.data import get_worker_info as _worker
    from torch.utils.data._utils.fetch import _MapDatasetFetcher as _Fetcher
except ImportError:
    pass
else:
    import random as _random, sys as _sys, time as _time, weakref as _weak
    from copy import copy as _copied
    from functools import wraps as _holding

    def _parts(item):
        values = item.values() if type(item) is dict else item if type(item) in (tuple, list) else (item,)
        return [_collate([v])[0] for v in values]

    def _alike(a, b):
        if type(a) is not type(b):
            return False
        if isinstance(a, _torch.Tensor):
            return a.dtype == b.dtype and a.shape == b.shape and _torch.equal(a, b)
        if type(a) is dict:
            return list(a) == list(b) and all(_alike(a[k], b[k]) for k in a)
        return type(a) in (tuple, list) and len(a) == len(b) and all(map(_alike, a, b))

    def _streams():
        numpy = _sys.modules.get("numpy.random")
        return _random.getstate(), _torch.get_rng_state(), numpy and numpy.get_state()

    def _drawn_since(before):
        python, torch, numpy = _streams()
        same = python == before[0] and _torch.equal(torch, before[1])
        if numpy and before[2]:
            same = same and (numpy[1] == before[2][1]).all() and numpy[2:] == before[2][2:]
        if not same:  # as if nothing had been tried
            _random.setstate(before[0])
            _torch.set_rng_state(before[1])
            if before[2]:
                _sys.modules["numpy.random"].set_state(before[2])
        return not same

    def _own(data, depth=3):  # all that it holds, and what that holds
        inner = list(vars(data).values()) if hasattr(data, "__dict__") else []
        inner += list(data)[:100] if type(data) in (list, tuple) else []
        return [x for v in inner for x in (v, *(_own(v, depth - 1) if depth else ()))]

    def _plain_values(data):
        return [v for v in _own(data) if isinstance(v, (bool, int, float, str))]

    class _Held:
        def __init__(self, data):
            self.whole, self.size, before, values = len(data), 0, _streams(), _plain_values(data)
            if any(type(v).__name__ in ("Generator", "RandomState", "Random") for v in _own(data)):
                raise ValueError
            try:
                self.like = self.tried(_copied(data), values)
                self.fill(data)
            finally:
                drawn = _drawn_since(before)
            if drawn:
                raise ValueError

        def tried(self, data, values):
            first = data[0]
            twice = all(_alike(_parts(data[i]), _parts(data[i])) for i in range(min(3, self.whole)))
            if not twice or values != _plain_values(data):
                raise ValueError
            return first

        def fill(self, data):
            parts = _parts(self.like)
            self.size = self.whole * sum(p.nbytes for p in parts)
            taken = self.size + sum(h.size for h in _kept.values())
            if taken > {bytes} or any(p.device.type != "cpu" for p in parts):
                raise ValueError
            self.columns = [_torch.empty((self.whole, *p.shape), dtype=p.dtype) for p in parts]
            self.there, self.checked = bytearray(self.whole), False
            until = _time.monotonic() + {seconds}
            for i in range(self.whole):
                if _time.monotonic() > until:
                    break
                self.take(data, i)

        def take(self, data, i):
            parts = _parts(data[i])
            if any(p.shape != c.shape[1:] or p.dtype != c.dtype for p, c in zip(parts, self.columns, strict=True)):
                raise ValueError
            for p, c in zip(parts, self.columns):
                c[i] = p
            self.there[i] = 1

        def batch(self, data, numbers):
            numbers = [int(i) for i in numbers]
            if len(data) != self.whole or not all(0 <= i < self.whole for i in numbers):
                raise ValueError
            for i in numbers:
                if not self.there[i]:
                    self.take(data, i)
            before, anew = _streams(), _parts(data[numbers[0]])
            same = all(_torch.equal(p, c[numbers[0]]) for p, c in zip(anew, self.columns))
            if _drawn_since(before) or not same:
                raise ValueError
            at = _torch.tensor(numbers)
            parts = [c.index_select(0, at) for c in self.columns]
            kind = type(self.like)
            made = dict(zip(self.like, parts)) if kind is dict else parts if kind in (tuple, list) else parts[0]
            if not self.checked:
                self.checked = True
                if not _alike(made, _collate([data[i] for i in numbers])):
                    raise ValueError
            return made

    _kept, _refused = _weak.WeakKeyDictionary(), _weak.WeakSet()  # a data set that is dropped takes its items along

    def _is_held(data):
        try:
            if data not in _kept and data not in _refused:
                _refused.add(data)
                _kept[data] = _Held(data)
                _refused.discard(data)
            return data in _kept
        except Exception:  # whatever an item raises that nobody asked for
            return False

    def _fetch(self, numbers, _plain=_Fetcher.fetch):
        data = self.dataset
        is_plain = self.auto_collation and self.collate_fn is _collate and _worker() is None
        if not is_plain or not _is_held(data):
            return _plain(self, numbers)
        try:
            return _kept[data].batch(data, numbers)
        except Exception:
            del _kept[data]
            _refused.add(data)
            print("fast_start: items change, so they are made anew each time from here on", file=_sys.stderr)
            return _plain(self, numbers)

    _Fetcher.fetch = _fetch

    @_holding(_Loader.__init__)
    def _here(self, dataset, *args, _plain=_Loader.__init__, **kwargs):
        plain = kwargs.get("collate_fn") is None and len(args) < 5 and not isinstance(dataset, _Stream)
        worked = kwargs.get("num_workers") and not kwargs.get("worker_init_fn") and kwargs.get("batch_size", 1)
        if plain and worked and _is_held(dataset):
            kwargs["num_workers"], kwargs["persistent_workers"] = 0, False
            for name in ("prefetch_factor", "multiprocessing_context", "timeout"):
                kwargs.pop(name, None)
        _plain(self, dataset, *args, **kwargs)

    _Loader.__init__ = _here
"""
