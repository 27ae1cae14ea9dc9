"""Plain lines of Python that the user will own: each does nothing where its library is missing.

All that are kept stand in one file, so that no two may use a name for different things.
"""

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

# The logarithms of softmax in one piece, where torch takes the logarithm of a sum and subtracts it.
LOGITS = """
try:
    import torch as _torch
    from torch.distributions import Categorical as _Categorical
except ImportError:
    pass
else:
    def _normalised(self, probs=None, logits=None, validate_args=None, _plain=_Categorical.__init__):
        if probs is not None or type(logits) is not _torch.Tensor or not logits.dim() or not logits.is_floating_point():
            return _plain(self, probs, logits, validate_args)
        self.logits = self._param = logits.log_softmax(-1)
        self._num_events = logits.size()[-1]
        super(_Categorical, self).__init__(logits.size()[:-1], validate_args=validate_args)

    _x = _torch.ones(2, 3)
    _plainly, _quickly = _Categorical(logits=_x), _Categorical.__new__(_Categorical)
    _normalised(_quickly, logits=_x)
    if vars(_plainly).keys() == vars(_quickly).keys() and _plainly.batch_shape == _quickly.batch_shape:
        _Categorical.__init__ = _normalised
"""

# A layer goes straight to its product; with hooks, tracing, compiling, or something in its place it goes the long way.
# So does one that is evaluated: who counts evaluations looks on there.
LINEAR = """
try:
    import torch as _torch
    from torch.nn import functional as _functional
    from torch.nn.modules import linear as _linear, module as _module
except ImportError:
    pass
else:
    def _straight(cls, base, traced):
        plain, forward = base.__call__, cls.forward
        compiles = getattr(getattr(_torch, "compiler", None), "is_compiling", bool)
        a, b, c, d = (getattr(_module, "_global_" + k) for k in
                      ("forward_hooks", "forward_pre_hooks", "backward_hooks", "backward_pre_hooks"))

        def call(self, *args, **kwargs):
            mine = self.__dict__
            is_plain = not (
                compiles() or kwargs or len(args) != 1 or type(self) is not cls or a or b or c or d
                or mine["_forward_hooks"] or mine["_forward_pre_hooks"]
                or mine["_backward_hooks"] or mine["_backward_pre_hooks"]
                or "forward" in mine or mine.get("_compiled_call_impl") or not mine["training"]
                or traced() or cls.forward is not forward or base.__call__ is not plain)
            if is_plain and (of := mine["_parameters"]).keys() == {"weight", "bias"}:
                return _functional.linear(args[0], of["weight"], of["bias"])
            return super(cls, self).__call__(*args, **kwargs)

        cls.__call__ = call

    try:
        _straight(_linear.Linear, _module.Module, _torch._C._get_tracing_state)
    except AttributeError:
        pass
"""

# What a plain call for gradients does, and nothing around it. On the CPU: a GPU's threads are told more.
GRADIENTS = """
try:
    import torch as _torch
    from torch.optim import Optimizer as _Optimizer
    from torch.overrides import has_torch_function_unary as _is_overridden
except ImportError:
    pass
else:
    def _goes_back(plain, run, ones, real, on_gpu, compiles, transforms):
        def backward(self, gradient=None, retain_graph=None, create_graph=False, inputs=None):
            if (compiles() or gradient is not None or retain_graph or create_graph or inputs is not None or self.dim()
                    or not self.is_cpu or self.dtype is not real or _is_overridden(self) or on_gpu() or transforms()):
                return plain(self, gradient, retain_graph, create_graph, inputs)
            run((self,), (ones(self),), False, False, (), allow_unreachable=True, accumulate_grad=True)
        return backward

    def _to_none(plain, compiles):
        def zero_grad(self, set_to_none=True):
            if compiles() or not set_to_none:
                return plain(self, set_to_none)
            for group in self.param_groups:
                for p in group["params"]:
                    p.grad = None
        return zero_grad

    try:  # since 2.0: before, gradients became zeros, not none
        _torch.Tensor.backward = _goes_back(
            _torch.Tensor.backward, _torch.autograd.Variable._execution_engine.run_backward, _torch.ones_like,
            _torch.float32, _torch.cuda.is_initialized, _torch.compiler.is_compiling,
            _torch._C._are_functorch_transforms_active)
        _Optimizer.zero_grad = _to_none(_Optimizer.zero_grad, _torch.compiler.is_compiling)
    except AttributeError:
        pass
"""

# Only optimisers of torch itself: a subclass may do its own arithmetic. Set after `__init__`, for parameters may come
# from a generator, which can be read once. On the CPU Adam and AdamW do what a fused step does, and nothing around it,
# if a trial ends at the same bits.
OPTIMISERS = """
try:
    import torch as _torch, torch.optim as _optim
    from functools import update_wrapper as _wrapper
    from torch.optim import optimizer as _optimizer
    from torch.optim.adam import adam as _adam
    from torch.optim.adamw import adamw as _adamw
except ImportError:
    pass
else:
    def _quicker(cls, way, step=None):
        plain = cls.__init__

        def init(self, *args, **kwargs):
            plain(self, *args, **kwargs)
            if type(self) is not cls:
                return
            of = [p for group in self.param_groups for p in group["params"]]
            quick = way if all(p.is_contiguous() for p in of) else "foreach"  # fused takes numbers as they lie
            direct = bool(step) and quick == way and getattr(cls.step, "__wrapped__", None) is step.__wrapped__
            if direct:  # torch's, with what calls hooks
                cls.step = step
            chosen = any(self.defaults.get(k) is not None for k in ("fused", "foreach"))
            taken = chosen or self.defaults.get("capturable") or self.defaults.get("differentiable")
            if taken or quick not in self.defaults or isinstance(self.defaults.get("lr"), _torch.Tensor):
                return
            if all(p.is_floating_point() and p.device.type in ("cpu", "cuda") for p in of):
                for group in (self.defaults, *self.param_groups):
                    group[quick] = True
                if quick == "fused" and not direct:
                    self.register_step_pre_hook(_dense)

        cls.__init__ = _wrapper(init, plain)

    def _dense(optimizer, args, kwargs):
        for group in optimizer.param_groups:
            for p in group["params"]:
                if p.grad is not None and not p.grad.is_sparse and not p.grad.is_contiguous():
                    p.grad = p.grad.contiguous()

    def _update(lists, decoupled, **how):
        params, grads, means, squares, steps = lists
        _torch._foreach_add_(steps, 1)
        (_torch._fused_adamw_ if decoupled else _torch._fused_adam_)(
            params, grads, means, squares, [], steps, amsgrad=False, grad_scale=None, found_inf=None, **how)

    def _lists(optimizer):
        if any(getattr(optimizer, k, None) is not None for k in ("grad_scale", "found_inf")):
            return None
        state, made = optimizer.state, []
        for group in optimizer.param_groups:
            of = [(p, p.grad, state.get(p)) for p in group["params"] if p.grad is not None]
            numbers = (group["lr"], *group["betas"])
            if (not group["fused"] or group["amsgrad"] or any(isinstance(x, _torch.Tensor) for x in numbers)
                    or not all(s and p.is_cpu and p.dtype is _torch.float32 and not g.is_sparse
                               and g.is_contiguous() for p, g, s in of)):
                return None
            if of:
                params, grads, states = zip(*of)
                of_states = ([s[k] for s in states] for k in ("exp_avg", "exp_avg_sq", "step"))
                made.append((group, (params, grads, *of_states)))
        return made

    def _direct(cls):
        bare, before, after = cls.step, _optimizer._global_optimizer_pre_hooks, _optimizer._global_optimizer_post_hooks
        hooked = _optimizer.Optimizer.profile_hook_step(bare)
        compiles = getattr(getattr(_torch, "compiler", None), "is_compiling", bool)

        def step(self, *args, **kwargs):
            if type(self) is not cls or compiles():
                return hooked(self, *args, **kwargs)
            closure, out = args[0] if args else kwargs.get("closure"), None
            given = mine = (self, *args), kwargs
            for hook in (*before.values(), *self._optimizer_step_pre_hooks.values()):
                given = hook(self, *given) or given
            if given is not mine:
                out = bare(*given[0], **given[1])
            else:
                if closure is not None:
                    with _torch.enable_grad():
                        out = closure()
                made = _lists(self)
                if made is None:
                    _dense(self, (), {})
                    bare(self)
                else:
                    with _torch.no_grad():
                        for g, lists in made:
                            _update(lists, g.get("decoupled_weight_decay", cls is _optim.AdamW), lr=g["lr"],
                                    beta1=g["betas"][0], beta2=g["betas"][1], weight_decay=g["weight_decay"],
                                    eps=g["eps"], maximize=g["maximize"])
            for hook in (*self._optimizer_step_post_hooks.values(), *after.values()):
                hook(self, *given)
            return out

        step.hooked = True
        return _wrapper(step, bare)

    def _trial(update):
        x = [_torch.linspace(-1.0, 1.0, n) for n in (5, 3)]
        lists = x, [v / 3 for v in x], [v.abs() for v in x], [v * v for v in x], [_torch.tensor(2.0) for _ in x]
        how = dict(lr=0.1, beta1=0.9, beta2=0.99, weight_decay=0.1, eps=1e-8, maximize=False)
        update(lists, **how)
        return _torch.cat([v.flatten() for of in lists for v in of])

    for _cls, _plain, _decoupled in ((_optim.Adam, _adam, False), (_optim.AdamW, _adamw, True)):
        _way, _step = "foreach", None
        try:
            _ended = _trial(lambda of, **how: _plain(*of[:4], [], of[4], fused=True, amsgrad=False, **how))
            _way = "fused"
            if _torch.equal(_ended, _trial(lambda of, **how: _update(of, _decoupled, **how))):
                _step = _direct(_cls)
        except (AttributeError, TypeError, RuntimeError):
            pass
        _quicker(_cls, _way, _step)
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
                return _np.ascontiguousarray(_np.stack(data)), dtype
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

    def _one_array(name, plain):
        def made(data, **kwargs):
            if type(data) in (list, tuple) and len(data) > 15:
                try:
                    data, kwargs["dtype"] = _array(data, kwargs.get("dtype"))
                except (OverflowError, TypeError, ValueError):
                    pass
            return plain(data, **kwargs)
        made.__module__, made.__name__, made.__qualname__, made.__doc__ = "torch", name, name, plain.__doc__
        builtins = getattr(_torch.jit, "_builtins", None)  # what is scripted takes it for the plain one
        op = builtins and builtins._find_builtin(plain)
        if op:
            builtins._register_builtin(made, op)
        return made

    try:  # which functions obey a default device, asked while they are the plain ones
        from torch.utils._device import _device_constructors
        _device_constructors()
    except ImportError:
        pass
    _torch.tensor = _one_array("tensor", _torch.tensor)
    _torch.as_tensor = _one_array("as_tensor", _torch.as_tensor)
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

# On the CPU what clipping all at once does, and nothing around it.
CLIPPING = """
try:
    import torch as _torch, torch.nn.utils as _utils
except ImportError:
    pass
else:
    def _clipped(parameters, max_norm, norm_type=2.0, error_if_nonfinite=False, foreach=None,
                 _plain=_utils.clip_grad_norm_):
        parameters = [parameters] if hasattr(parameters, "grad") else list(parameters)
        grads = [p.grad for p in parameters if p.grad is not None]
        if (error_if_nonfinite or foreach is not None or not grads or not all(
                type(g) is _torch.Tensor and g.is_cpu and g.dtype is _torch.float32 and not g.is_sparse
                for g in grads)):
            chosen = {} if foreach is None else {"foreach": foreach}
            return _plain(parameters, max_norm, norm_type, error_if_nonfinite, **chosen)
        with _torch.no_grad():
            norms = _torch.stack(_torch._foreach_norm(grads, float(norm_type)))
            total = _torch.linalg.vector_norm(norms, float(norm_type))
            _torch._foreach_mul_(grads, _torch.clamp(float(max_norm) / (total + 1e-6), max=1.0))
        return total

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
_gc.set_threshold(50_000, 10, 10)
"""

# A frame counts as if it had been waited for: what a game computes from the time that it took stays as it was.
FRAMES = """
try:
    import pygame.time as _frames
except ImportError:
    pass
else:
    class _Frames:
        def __init__(self, _plain=_frames.Clock):
            self._clock, self._took = _plain(), 0

        def tick(self, framerate=0):
            took = self._clock.tick()
            self._took = max(took, int(1000 / framerate)) if framerate > 0 else took
            return self._took

        tick_busy_loop = tick

        def get_time(self):
            return self._took

        def __getattr__(self, name):
            return getattr(self._clock, name)

    _frames.Clock, _frames.wait, _frames.delay = _Frames, int, int
"""

# A figure is kept as it was when it was saved, and drawn when it is read, each minute, and at the end. What `draw` and
# `pause` would have drawn is drawn when somebody takes the picture from the canvas.
FIGURES = """
try:
    import matplotlib as _matplotlib, matplotlib.figure as _figure, matplotlib.pyplot as _pyplot
    from matplotlib.backends.backend_agg import FigureCanvasAgg as _Canvas
except ImportError:
    pass
else:
    import atexit as _atexit, os as _os, pickle as _pickle, sys as _sys, threading as _threading, time as _time
    from weakref import WeakSet as _WeakSet

    _waiting, _drawn, _save, _owner, _undrawn = {}, {}, _figure.Figure.savefig, _os.getpid(), _WeakSet()
    _unseen = {"cv2", "torchvision.io"}  # what they read is not told to anyone
    _starts = ("subprocess.Popen", "os.system", "os.posix_spawn")  # it may read any of them
    _moves = ("os.rename", "os.remove", "os.rmdir", "shutil.copyfile", "shutil.move", "shutil.rmtree")

    def _draw(path):
        figure, args, kwargs, settings = _pickle.loads(_waiting.pop(path))
        _drawn[path] = _time.monotonic()
        with _matplotlib.rc_context(settings):
            _save(figure, path, *args, **kwargs)

    def _save_later(self, fname, *args, **kwargs):
        path = _os.path.abspath(fname) if isinstance(fname, (str, _os.PathLike)) else None
        fresh = path in _drawn and _time.monotonic() - _drawn[path] < 60 and _os.path.exists(path)
        if path and not _os.path.splitext(path)[1] or _unseen & _sys.modules.keys():
            fresh = False
        if fresh and _os.getpid() == _owner:
            settings = {k: v for k, v in dict.items(_matplotlib.rcParams) if k != "backend"}
            manager, self.canvas.manager = self.canvas.manager, None
            try:
                _waiting[path] = _pickle.dumps((self, args, kwargs, settings))
                return None
            except Exception:
                pass
            finally:
                self.canvas.manager = manager
        _waiting.pop(path, None)
        _undrawn.discard(self.canvas)
        made = _save(self, fname, *args, **kwargs)
        if path:
            _drawn[path] = _time.monotonic()
        return made

    def _read(event, args):
        if _waiting and event in _starts:
            _draw_all()
        if _waiting and (event == "open" or event in _moves):
            for name in args[:1] if event == "open" else args[:2]:
                path = _os.path.abspath(name) if isinstance(name, (str, _os.PathLike)) else None
                if path in _waiting:
                    _draw(path)
                elif path and event != "open":  # a folder of them
                    for inner in [p for p in _waiting if p.startswith(path + _os.sep)]:
                        _draw(inner)

    def _draw_all():
        while _waiting and _os.getpid() == _owner:
            path = next(iter(_waiting))
            try:
                _draw(path)
            except Exception as error:
                print("fast_start:", path, "was not drawn:", error, file=_sys.stderr)

    def _draw_later(*args, **kwargs):
        if _pyplot.get_fignums():
            _undrawn.add(_pyplot.gcf().canvas)

    def _drawn_before(plain):
        def taken(self, *args, **kwargs):
            if self in _undrawn:
                _undrawn.discard(self)
                self.draw()
            return plain(self, *args, **kwargs)
        return taken

    for _name in {"get_renderer", "buffer_rgba", "tostring_argb", "tostring_rgb"} & set(vars(_Canvas)):
        setattr(_Canvas, _name, _drawn_before(getattr(_Canvas, _name)))
    _figure.Figure.savefig = _save_later
    _sys.addaudithook(_read)
    _atexit.register(_draw_all)
    _pyplot.pause = _pyplot.draw = _draw_later
    _pyplot.show = lambda *args, **kwargs: None
"""
