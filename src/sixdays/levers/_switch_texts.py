"""Plain lines of Python that the user will own: each stands alone and does nothing where its library is missing."""

from __future__ import annotations

VALIDATION = """
try:
    from torch.distributions import Distribution
    Distribution.set_default_validate_args(False)
except ImportError:
    pass
"""

# The arithmetic of torch without its wrapping: a draw is the one that torch.multinomial makes, which is tried first.
CATEGORICAL = """
try:
    import torch as _torch
    from torch.distributions import Categorical as _Categorical
except ImportError:
    pass
else:
    def _chosen(p):
        return (p / _torch.empty_like(p).exponential_(1)).argmax(-1)

    def _sample(self, sample_shape=_torch.Size(), _plain=_Categorical.sample):
        p = self.probs
        if len(sample_shape) or self._validate_args or p.dim() > 2 or p.device.type != "cpu":
            return _plain(self, sample_shape)
        with _torch.no_grad():
            return _chosen(p)

    def _log_prob(self, value, _plain=_Categorical.log_prob):
        logits = self.logits
        if self._validate_args or value.shape != logits.shape[:-1]:
            return _plain(self, value)
        return logits.gather(-1, value.long().unsqueeze(-1)).squeeze(-1)

    def _agree():
        state, shapes = _torch.get_rng_state(), ((2,), (7,), (3, 5))
        tried = [_torch.softmax(_torch.randn(s), -1) for s in shapes]
        ways = []
        for draw in (_chosen, lambda p: _torch.multinomial(p.view(-1, p.shape[-1]), 1, True).view(p.shape[:-1])):
            _torch.default_generator.manual_seed(1)  # of the CPU alone, whose state is put back
            ways.append([draw(p) for p in tried for _ in range(9)] + [_torch.rand(3)])
        _torch.set_rng_state(state)
        return all(map(_torch.equal, *ways))

    if _agree():
        _Categorical.sample = _sample
    _Categorical.log_prob = _log_prob
"""

# Only optimisers of torch itself: a subclass may do its own arithmetic. Set after `__init__`, for parameters may come
# from a generator, which can be read once.
OPTIMISERS = """
try:
    import torch.optim as _optim
except ImportError:
    pass
else:
    def _quicker(cls, way):
        plain = cls.__init__

        def init(self, *args, **kwargs):
            plain(self, *args, **kwargs)
            chosen = any(self.defaults.get(k) is not None for k in ("fused", "foreach"))
            taken = chosen or self.defaults.get("capturable") or self.defaults.get("differentiable")
            if type(self) is not cls or taken or way not in self.defaults:
                return
            if all(p.is_floating_point() and p.device.type in ("cpu", "cuda")
                   for group in self.param_groups for p in group["params"]):
                for group in (self.defaults, *self.param_groups):
                    group[way] = True

        cls.__init__ = init

    for _name in ("Adam", "AdamW"):
        _quicker(getattr(_optim, _name), "fused")
    for _name in ("SGD", "RMSprop", "Adagrad", "Adadelta", "NAdam", "RAdam", "Adamax"):
        _quicker(getattr(_optim, _name), "foreach")
"""

# Torch reads a list number by number; one array is read at once. Only lists of one type, so that the type of the
# tensor stays what it was and each number is rounded as it was; short lists are quicker as they are.
TENSORS = """
try:
    import numpy as _np, torch as _torch
except ImportError:
    pass
else:
    from itertools import chain as _chain

    def _array(data, dtype):
        kinds, first = set(map(type, data)), data[0]
        if kinds == {_np.ndarray}:
            plain = first.dtype.kind in "fiub" and first.dtype.isnative and first.ndim and first.size
            if plain and all(a.dtype == first.dtype and a.shape == first.shape for a in data):
                return _np.stack(data), dtype
            return data, dtype
        if kinds <= {list, tuple} and len(set(map(len, data))) == 1:
            kinds = set(map(type, _chain.from_iterable(data)))
        if kinds == {int} and dtype in (None, _torch.int64):
            return _np.array(data, _np.int64), dtype
        if kinds in ({float}, {_np.float32}, {_np.float64}) and dtype in (None, _torch.float32, _torch.float64):
            if kinds == {float} and dtype is None:
                dtype = _torch.get_default_dtype()
            return _np.array(data, kinds.pop()), dtype
        return data, dtype

    def _one_array(plain):
        def made(data, **kwargs):
            if type(data) in (list, tuple) and len(data) > 15:
                try:
                    data, kwargs["dtype"] = _array(data, kwargs.get("dtype"))
                except (OverflowError, TypeError, ValueError):
                    pass
            return plain(data, **kwargs)
        return made

    try:  # which functions obey a default device, asked while they are the plain ones
        from torch.utils._device import _device_constructors
        _device_constructors()
    except ImportError:
        pass
    _torch.tensor = _one_array(_torch.tensor)
    _torch.as_tensor = _one_array(_torch.as_tensor)
"""


def environments(module: str) -> str:
    """Lines that make environments without the checks of each step, and without a window that nobody watches."""
    return f"""
try:
    import {module} as _{module}
    from {module}.envs import registration as _{module}_registration
except ImportError:
    pass
else:
    def _{module}_unchecked(plain):
        def make(*args, **kwargs):
            kwargs.setdefault("disable_env_checker", True)
            if kwargs.get("render_mode") != "human":
                return plain(*args, **kwargs)
            env = plain(*args, **dict(kwargs, render_mode=None))
            env.render = lambda *args, **kwargs: None  # some raise where no mode is set
            return env
        return make

    _{module}.make = _{module}_registration.make = _{module}_unchecked(_{module}_registration.make)
"""


ANOMALY = """
try:
    import torch.autograd as _autograd
    _autograd.set_detect_anomaly = _autograd.anomaly_mode.set_detect_anomaly = type(
        "set_detect_anomaly", (), {"__init__": lambda self, *a, **k: None, "__enter__": lambda self: None,
                                   "__exit__": lambda self, *a: None})
    _autograd.detect_anomaly = _autograd.set_detect_anomaly
except (ImportError, AttributeError):
    pass
"""

CLIPPING = """
try:
    import torch.nn.utils as _utils
except ImportError:
    pass
else:
    def _clipped(parameters, *args, _plain=_utils.clip_grad_norm_, **kwargs):
        parameters = [parameters] if hasattr(parameters, "grad") else list(parameters)
        if len(args) < 4 and all(p.grad is None or not p.grad.is_sparse for p in parameters):
            kwargs.setdefault("foreach", True)
        return _plain(parameters, *args, **kwargs)

    _utils.clip_grad_norm_ = _utils.clip_grad.clip_grad_norm_ = _clipped
"""

# The checksums of a thousand records at once, a column of bytes at a time: the files are the same to the byte.
EVENTS = """
try:
    import numpy as _np
    from tensorboard.compat.tensorflow_stub.pywrap_tensorflow import masked_crc32c as _masked_crc32c
    from tensorboard.summary.writer.record_writer import RecordWriter as _Records
except ImportError:
    pass
else:
    import atexit as _exit, os as _os, struct as _struct, threading as _threads, weakref as _weakref

    _table = _np.arange(256, dtype=_np.uint32)
    for _ in range(8):
        _table = _np.where(_table & 1, _table >> 1 ^ 0x82F63B78, _table >> 1).astype(_np.uint32)
    _waits, _begin, _flush, _close = _weakref.WeakSet(), _Records.__init__, _Records.flush, _Records.close

    def _checksums(texts):
        if len(texts) < 8 or len(texts[0]) > 1000:  # a picture, a histogram
            return [_struct.pack("<I", _masked_crc32c(text)) for text in texts]
        sums = _np.full(len(texts), 0xFFFFFFFF, _np.uint32)
        for column in _np.frombuffer(b"".join(texts), _np.uint8).reshape(len(texts), -1).T:
            sums = _table[(sums ^ column) & 255] ^ sums >> 8
        sums = ~sums
        return [x.tobytes() for x in ((sums >> 15 | sums << 17) + _np.uint32(0xA282EAD8)).astype("<u4")]

    def _pack(self):
        with self._held:
            same_length, texts = {}, self._texts
            for at, text in enumerate(texts):
                same_length.setdefault(len(text), []).append(at)
            self._texts, records = [], [b""] * len(texts)
            for length, places in same_length.items():
                head = _struct.pack("<Q", length)
                head += _checksums([head])[0]
                for at, end in zip(places, _checksums([texts[i] for i in places])):
                    records[at] = head + texts[at] + end
            if records:
                self._writer.write(b"".join(records))

    def _start(self, *args, **kwargs):
        _begin(self, *args, **kwargs)
        self._texts, self._held = [], _threads.RLock()
        _waits.add(self)

    def _add(self, text):
        with self._held:
            self._texts.append(text)
            if len(self._texts) >= 1000:
                _pack(self)

    def _packed_before(plain):
        def ends(self):
            _pack(self)
            return plain(self)
        return ends

    _Records.__init__, _Records.write = _start, _add
    _Records.flush, _Records.close = _packed_before(_flush), _packed_before(_close)
    _exit.register(lambda mine=_os.getpid(): [w.flush() for w in list(_waits) if mine == _os.getpid() and not w.closed])
"""

GARBAGE = """
import gc as _gc
_gc.set_threshold(50_000, 20, 100)
"""

# A figure is kept as it was when it was saved, and drawn when it is read, each minute, and at the end.
FIGURES = """
try:
    import matplotlib.figure as _figure, matplotlib.pyplot as _pyplot
except ImportError:
    pass
else:
    import atexit as _atexit, os as _os, pickle as _pickle, sys as _sys, threading as _threading, time as _time

    _waiting, _drawn, _save, _owner = {}, {}, _figure.Figure.savefig, _os.getpid()
    _unseen = {"cv2", "torchvision.io"}  # what they read is not told to anyone

    def _draw(path):
        figure, args, kwargs = _waiting.pop(path)
        _drawn[path] = _time.monotonic()
        _save(_pickle.loads(figure), path, *args, **kwargs)

    def _save_later(self, fname, *args, **kwargs):
        path = _os.path.abspath(fname) if isinstance(fname, (str, _os.PathLike)) else None
        fresh = path in _drawn and _time.monotonic() - _drawn[path] < 60 and _os.path.exists(path)
        if path and not _os.path.splitext(path)[1] or _unseen & _sys.modules.keys():
            fresh = False
        if fresh and _os.getpid() == _owner:
            manager, self.canvas.manager = self.canvas.manager, None
            try:
                _waiting[path] = (_pickle.dumps(self), args, kwargs)
                return None
            except Exception:
                pass
            finally:
                self.canvas.manager = manager
        _waiting.pop(path, None)
        made = _save(self, fname, *args, **kwargs)
        if path:
            _drawn[path] = _time.monotonic()
        return made

    def _read(event, args):
        if _waiting and event in ("subprocess.Popen", "os.system", "os.posix_spawn"):  # it may read any of them
            _draw_all()
        if _waiting and event in ("open", "os.rename", "os.remove", "shutil.copyfile", "shutil.move"):
            path = _os.path.abspath(args[0]) if isinstance(args[0], (str, _os.PathLike)) else None
            if path in _waiting:
                _draw(path)

    def _draw_all():
        while _waiting and _os.getpid() == _owner:
            _draw(next(iter(_waiting)))

    _figure.Figure.savefig = _save_later
    _sys.addaudithook(_read)
    _atexit.register(_draw_all)
    _pyplot.pause = _pyplot.show = _pyplot.draw = lambda *args, **kwargs: None
"""
