"""What is counted and noted, found when its module is imported."""

import contextlib
import functools
import hashlib
import os
import re
import sys
import threading
import weakref
import zlib

import _sixdays_streams
import _sixdays_trackers
from _sixdays_agent import now

AT = frozenset(m * 10**e for e in range(9) for m in (1, 2, 5)) | {3}
AT_STEPS = frozenset(range(1, 10)) | frozenset(m * 10**e for e in range(8) for m in range(10, 100, 2))
MOST_NUMBERS, SAMPLED, MOST_BYTES, MOST_LOGGED = 8_000_000, 4096, 1 << 20, 2000
EARLY, STATE = 10, 8  # updates at each of which all is noted; numbers of what an environment shows
MOST_SITES = 16  # optimisers that are followed: some scripts make one for each client or task


def install(agent):
    """Watches imports; what is imported already is hooked at once."""
    hooks = {
        **_sixdays_streams.HOOKS, **_sixdays_trackers.HOOKS, "torch.optim.optimizer": _optimiser,
        "torch.utils.data.dataloader": _loader, "torch.nn.modules.module": _module, "gymnasium.core": _environment,
        "gym.core": _environment, "gymnasium.vector.vector_env": _vector, "gym.vector.vector_env": _vector,
        "multiprocessing.util": _children, "torch.utils.tensorboard.writer": _writer, "tensorboardX.writer": _writer,
        "stable_baselines3.common.vec_env.base_vec_env": _vec_env,
    }  # fmt: skip
    waiting = {name: hook for name, hook in hooks.items() if name not in sys.modules}
    for name in hooks.keys() - waiting.keys():
        _guarded(agent, hooks[name], sys.modules[name])
    sys.meta_path.insert(0, _Finder(agent, waiting))


def _guarded(agent, hook, module):
    try:
        hook(agent, module)
    except Exception as e:  # that hook is off, the program goes on
        agent.facts["hook " + hook.__name__] = repr(e)


class _Finder:
    """Lets others find a module, and has its hook run right after it was executed."""

    def __init__(self, agent, waiting):
        self.agent, self.waiting = agent, waiting

    def find_spec(self, name, path=None, target=None):
        if name not in self.waiting:
            return None
        for finder in sys.meta_path:
            if finder is self or not hasattr(finder, "find_spec"):
                continue
            spec = finder.find_spec(name, path, target)
            if spec is not None:
                if spec.loader is not None and hasattr(spec.loader, "exec_module"):
                    self._patch(spec.loader, name)
                return spec
        return None

    def _patch(self, loader, name):
        execute = loader.exec_module

        def exec_module(module):
            execute(module)
            hook = self.waiting.pop(name, None)  # only now: others ask for a module that they do not import
            if hook is not None:
                _guarded(self.agent, hook, module)

        with contextlib.suppress(AttributeError):  # a loader without room for it is left alone
            loader.exec_module = exec_module


def _children(agent, module):
    """A child of multiprocessing ends without running what is registered at exit; its finalizers it runs."""
    module.register_after_fork(agent, lambda a: module.Finalize(None, a.end, exitpriority=-1000))


# call sites ----------------------------------------------------------------------------------------------------

_OURS = {}


def _site(packages):
    """The nearest frame outside these packages (and outside of us)."""
    frame = sys._getframe(2)
    while frame.f_back is not None:
        code = frame.f_code
        inner = _OURS.get((code, packages))
        if inner is None:
            name = (frame.f_globals.get("__name__", "") or "") + "."
            ours = ("_sixdays", "fast_start.", "contextlib.")
            inner = name.startswith((*ours, *(p + "." for p in packages)))
            _OURS[(code, packages)] = inner
        if not inner:
            return frame
        frame = frame.f_back
    return frame


# optimisers ----------------------------------------------------------------------------------------------------

_TORCH = ("torch",)


def _optimiser(agent, module):
    known, made_so_far = weakref.WeakKeyDictionary(), []
    agent.early = True

    def site_of(optimizer):
        found = known.get(optimizer)
        if found is None:
            found = known[optimizer] = [len(made_so_far), 0]
            made_so_far.append(None)
            if found[0] < MOST_SITES:
                _about_optimiser(agent, found[0], optimizer)
        return found

    def before(optimizer, args, kwargs):
        if optimizer not in known:
            _done(optimizer)
        began = now()
        try:
            found = site_of(optimizer)
            if found[1] == 0 and found[0] < MOST_SITES:
                _parameters(agent, found[0], 0, optimizer)
        except Exception as e:
            agent.facts["hook before"] = repr(e)
        agent.pause += now() - began

    def after(optimizer, args, kwargs):
        began = now()
        try:
            found = site_of(optimizer)
            found[1] += 1
            agent.count("optimiser step", _site(_TORCH))
            agent.updates += 1
            if found[1] <= EARLY:
                agent.early = min(n for _, n in known.values()) < EARLY
            if (found[1] in AT or found[1] <= EARLY) and found[0] < MOST_SITES and not _captures():
                agent.pause += now() - began
                _done(optimizer)
                began = now()
                _parameters(agent, found[0], found[1], optimizer)
        except Exception as e:
            agent.facts["hook after"] = repr(e)
        agent.pause += now() - began

    module.register_optimizer_step_pre_hook(before)
    module.register_optimizer_step_post_hook(after)
    initial, names = module.Optimizer.__init__, []

    @functools.wraps(initial)  # others read what it takes
    def made(self, *args, **kwargs):
        initial(self, *args, **kwargs)
        if len(names) < MOST_SITES:
            names.append(type(self).__name__)
            agent.facts["optimisers"] = ", ".join(names)

    module.Optimizer.__init__ = made


def _captures():
    """Whether a CUDA graph is being recorded: nothing may be fetched then."""
    cuda = getattr(sys.modules["torch"], "cuda", None)
    return cuda is not None and cuda.is_initialized() and cuda.is_current_stream_capturing()


def _done(of):
    """Waits for what a GPU still does for the program: the agent, which fetches, would take that for its own time."""
    tensors = [p for g in of.param_groups for p in g["params"][:1]] if hasattr(of, "param_groups") else [of]
    with contextlib.suppress(Exception):
        if any(getattr(t, "is_cuda", False) for t in tensors) and not _captures():
            sys.modules["torch"].cuda.synchronize()


def _about_optimiser(agent, site, optimizer):
    groups = optimizer.param_groups
    keep = ("lr", "foreach", "fused", "capturable", "differentiable", "amsgrad")
    options = ", ".join(f"{k}={groups[0][k]}" for k in keep if k in groups[0])
    tensors = [p for g in groups for p in g["params"]]
    agent.facts[f"optimiser {site}"] = f"{type(optimizer).__name__}({options})"
    agent.facts[f"parameters {site}"] = f"{sum(p.numel() for p in tensors)} numbers in {len(tensors)} tensors"
    agent.facts["device"] = ", ".join(sorted({p.device.type for p in tensors}))
    with contextlib.suppress(Exception):  # what is lazy may load when it is looked at
        if own := _own_environments(agent) if not site else []:
            agent.facts["own environments"] = ", ".join(own[:MOST_SITES])


def _own_environments(agent):
    """Classes of the project that are stepped and reset: rounding grows in them as in those of a library."""
    found = []
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if isinstance(file, str) and "site-packages" not in file and not os.path.isabs(agent.shown(file)):
            own = [v for v in list(vars(module).values()) if isinstance(v, type) and v.__module__ == name]
            found += [
                v.__name__ for v in own if callable(getattr(v, "reset", 0)) and _takes_action(getattr(v, "step", 0))
            ]
    return found


_NO_ACTIONS = frozenset(
    "loss losses metric metrics epoch score closure acc accuracy val value current model optim optimizer batch iter "
    "n".split()
)


def _takes_action(step):
    """Whether a step takes something, as an environment's takes an action, and not what a schedule or stopper takes."""
    for _ in range(9):
        step = getattr(step, "__wrapped__", step)
    code = getattr(step, "__code__", None)
    taken = code.co_varnames[1 : code.co_argcount] if code else ()
    return bool(taken) and not _NO_ACTIONS & set(taken[0].lower().split("_"))


def _parameters(agent, site, at, optimizer):
    torch = sys.modules["torch"]
    tensors = [p.detach() for g in optimizer.param_groups for p in g["params"]]
    shapes = ";".join("{} {}".format(tuple(t.shape), str(t.dtype).replace("torch.", "")) for t in tensors)
    total = sum(t.numel() for t in tensors)
    name = ""
    with torch.no_grad():
        if total <= MOST_NUMBERS:
            h = hashlib.blake2b(digest_size=12)
            for t in tensors:
                h.update(_bytes(torch, t))
            name = h.hexdigest()
        share = max(1, SAMPLED // max(len(tensors), 1))
        values = []
        for t in tensors[:SAMPLED]:
            flat = t.reshape(-1)
            step = max(1, -(-flat.numel() // share))
            values += flat[::step].to("cpu", torch.float64).tolist() if not t.is_complex() else []
    agent.digest("parameters", site, at, hash=name, values=values, shapes=shapes)
    if 0 < at <= EARLY and agent.state:
        agent.digest("state", site, at, values=agent.state)
        agent.due.append((site, at))
    if not agent.early:
        agent.state = []


def _bytes(torch, t):
    return t.contiguous().cpu().reshape(-1).view(torch.uint8).numpy().tobytes() if t.numel() else b""


# environments --------------------------------------------------------------------------------------------------

_GYM = (
    "gym", "gymnasium", "stable_baselines3.common.vec_env", "stable_baselines3.common.monitor",
    "stable_baselines3.common.atari_wrappers", "stable_baselines3.common.env_util",
)  # fmt: skip


class _Outermost(threading.local):
    inside = False

    def __reduce__(self):  # as the agent's
        return "_stepping"


_stepping = _Outermost()  # shared by all kinds of environments: one holds others


def _environment(agent, module):
    depth = _stepping

    def counted(step):
        if getattr(step, "_sixdays", False):
            return step

        def call(self, *args, **kwargs):
            if depth.inside:
                return step(self, *args, **kwargs)
            depth.inside = True
            try:
                out = step(self, *args, **kwargs)
            finally:
                depth.inside = False
            reward = out[1] if isinstance(out, tuple) and len(out) > 1 else None
            if getattr(reward, "is_cuda", False):
                _done(reward)
            began = now()
            try:
                c = agent.count("env step", _site(_GYM), _side_by_side(self, reward))
                if c.count == 1:
                    _about_environment(agent, self)
                _stepped(agent, c, args[0] if args else kwargs.get("action"), out)
            except Exception as e:
                agent.facts["hook step"] = repr(e)
            agent.pause += now() - began
            return out

        call._sixdays = True
        call.__wrapped__ = step
        call.__name__, call.__doc__ = getattr(step, "__name__", "step"), step.__doc__
        call.__qualname__ = getattr(step, "__qualname__", "step")
        return call

    _each_step(module.Env, counted)
    for name in ("Wrapper", "ObservationWrapper", "RewardWrapper", "ActionWrapper"):
        if hasattr(module, name):
            _each_step(getattr(module, name), counted)
    agent.counted_step = counted


def _side_by_side(env, reward):
    """How many environments made a step: of a vector, also of one in a wrapper that knows nothing of vectors."""
    each = getattr(type(env), "_sixdays_each", None)  # of the class: a wrapper asks all that it wraps
    if each:
        return each.fget(env)
    shape = getattr(reward, "shape", ())
    return float(shape[0]) if len(shape) == 1 and shape[0] > 1 and getattr(env, "num_envs", 0) == shape[0] else 1.0


def _about_environment(agent, env):
    n = sum(k.startswith("environment ") for k in agent.facts)
    agent.facts[f"environment {n}"] = f"{str(env)[:300]}, render_mode={getattr(env, 'render_mode', None)}"


def _each_step(base, counted):
    """Wraps `step` of a class and of all its subclasses, those to come included."""
    for cls in [base, *_below(base)]:
        if "step" in vars(cls) and callable(vars(cls)["step"]):
            cls.step = counted(vars(cls)["step"])
    before = vars(base).get("__init_subclass__")

    def made(cls, **kwargs):
        if before is not None:
            before.__get__(None, cls)(**kwargs)
        else:
            super(base, cls).__init_subclass__(**kwargs)
        step = vars(cls).get("step")
        if callable(step):
            cls.step = counted(step)

    base.__init_subclass__ = classmethod(made)


def _below(base):
    return [c for s in base.__subclasses__() for c in (s, *_below(s))]


def _vector(agent, module):
    counted = getattr(agent, "counted_step", None)
    if counted is None:
        return
    for base in [getattr(module, name) for name in ("VectorEnv", "VectorWrapper") if hasattr(module, name)]:
        if not isinstance(vars(base).get("_sixdays_each"), property):
            base._sixdays_each = property(lambda self: float(getattr(self, "num_envs", 1) or 1))
        _each_step(base, counted)


def _vec_env(agent, module):
    base = module.VecEnv
    step, depth = base.step, _stepping

    def call(self, actions):
        if depth.inside:
            return step(self, actions)
        depth.inside = True
        try:
            out = step(self, actions)
        finally:
            depth.inside = False
        _quietly(
            agent, lambda: _stepped(agent, agent.count("env step", _site(_GYM), float(self.num_envs)), actions, out)
        )
        return out

    base.step = call


def _quietly(agent, f):
    began = now()
    try:
        f()
    except Exception as e:
        agent.facts["hook call"] = repr(e)
    agent.pause += now() - began


def _stepped(agent, c, action, out):
    """Notes what was done and what came back: hashes at some steps, and while updates are early a few numbers of it.

    What came back is not kept: the program may reuse its memory.
    """
    if c.count <= 1000 or c.count in AT_STEPS:
        _seen(agent, c, action, out)
    if agent.early:
        agent.gain += _sum(out[1]) if isinstance(out, tuple) and len(out) > 1 else 0.0
        agent.state = [agent.gain, *_numbers(out)]
        for site, at in agent.due:
            agent.digest("begun", site, at, values=agent.state)
        agent.due.clear()


_streams = {}


def _seen(agent, c, action, out):
    """Running hashes."""
    key = (agent.pid, id(c))
    both = _streams.get(key)
    if both is None:
        both = _streams[key] = (
            sum(k[0] == agent.pid for k in _streams),
            hashlib.blake2b(digest_size=12),
            hashlib.blake2b(digest_size=12),
        )
    site, did, saw = both
    _update(did, action)
    is_whole = isinstance(out, tuple) and len(out) > 3  # what comes last of it is for people, and may tell the time
    for part in out[:-1] if is_whole else (out,):
        _update(saw, part)
    if c.count in AT_STEPS:
        agent.digest("actions", site, c.count, hash=did.hexdigest())
        agent.digest("seen", site, c.count, hash=saw.hexdigest(), values=_numbers(out))


def _sum(reward):
    """Of all environments side by side; 0 of what would have to be waited for."""
    if isinstance(reward, (int, float)):
        return float(reward)
    here = _here(reward)
    try:
        return 0.0 if here is None else float(here.sum())
    except Exception:
        return 0.0


def _numbers(out):
    """The first numbers of what an environment showed last; none of what is no array or is waited for."""
    shown = out[0] if isinstance(out, tuple) and out else out
    if isinstance(shown, dict):
        shown = next(iter(shown.values()), None)
    if isinstance(shown, (tuple, list)) and shown:
        shown = shown[0]
    if isinstance(shown, (int, float)):
        return [float(shown)]
    here = _here(shown)
    try:
        return [] if here is None else [float(x) for x in here.reshape(-1)[:STATE].tolist()]
    except Exception:
        return []


def _here(value):
    """An array in the memory of the program itself; None of anything else, which may still be computed elsewhere."""
    made_by = type(value).__module__.partition(".")[0]
    if made_by == "torch" and getattr(getattr(value, "device", None), "type", "") == "cpu":
        return value.detach()
    return value if made_by == "numpy" else None


def _update(h, value):
    if isinstance(value, dict):
        for key in sorted(value, key=str):
            _update(h, value[key])
        return
    if isinstance(value, (tuple, list)):
        for part in value:
            _update(h, part)
        return
    numpy = sys.modules.get("numpy")
    if hasattr(value, "detach"):
        value = value.detach().cpu().numpy()
    if numpy is not None and not isinstance(value, (str, bytes)):
        data = numpy.asarray(value)
        if data.dtype != object and data.nbytes <= MOST_BYTES:
            h.update(data.tobytes())
            return
    h.update(repr(value).encode("utf-8", "replace")[:1000])


# batches and evaluations ---------------------------------------------------------------------------------------


def _loader(agent, module):
    base = module._BaseDataLoaderIter
    following = base.__next__

    def step(self):
        out = following(self)
        _quietly(agent, lambda: agent.count("batch", _site(_TORCH)))
        return out

    base.__next__ = step
    initial = module.DataLoader.__init__

    @functools.wraps(initial)
    def made(self, *args, **kwargs):
        initial(self, *args, **kwargs)
        _quietly(agent, lambda: _about_loader(agent, self))

    module.DataLoader.__init__ = made


def _about_loader(agent, loader):
    n = sum(k.startswith("loader ") for k in agent.facts)
    size = len(loader.dataset) if hasattr(loader.dataset, "__len__") else -1
    agent.facts[f"loader {n}"] = (
        f"{type(loader.dataset).__name__} of {size} items, batch {loader.batch_size}, {loader.num_workers} workers, "
        f"{type(loader.sampler).__name__}"
    )


def _items(args, kwargs):
    """How many items a forward pass is of: rows of the first tensor that it is given, 1 where that has none."""
    given = [*args, *kwargs.values()]
    given += [v for g in given if isinstance(g, dict) for v in g.values()]
    shape = next((g.shape for g in given if hasattr(g, "shape")), ())
    return float(shape[0]) if len(shape) > 1 else 1.0


def _module(agent, module):
    """Forward passes of root modules in eval mode; nothing is added to those in training mode but a test."""
    cls = module.Module
    call, depth = cls.__call__, _Outermost()

    def compiles():
        compiler = getattr(sys.modules["torch"], "compiler", None)  # not there yet when modules are
        return hasattr(compiler, "is_compiling") and compiler.is_compiling()

    def counted(self, *args, **kwargs):
        # a compiler that traces through here folds its own question away, and must not meet the thread's flag
        if getattr(self, "training", True) or compiles() or depth.inside:  # a frozen module has no such word
            return call(self, *args, **kwargs)
        # a layer that is frozen, within a network that trains
        if sys.modules["torch"].is_grad_enabled() and sys._getframe(1).f_code.co_name == "forward":
            return call(self, *args, **kwargs)
        depth.inside = True
        try:
            return call(self, *args, **kwargs)
        finally:
            depth.inside = False
            _quietly(agent, lambda: agent.count("evaluation", _site(_TORCH), _items(args, kwargs)))

    cls.__call__ = counted


# Scalars that tell time, speed or memory: no run repeats them.
_CLOCKS = re.compile(
    r"(^|[/_\W])(sps|fps|time|elapsed|duration|seconds|secs?|speed|throughput|eta|memory|mem|utili[sz]ation)(?![a-z])"
    r"|(per|/)_?(s|sec|second)(?![a-z])",
    re.I,
)


def _writer(agent, module):
    """The first scalars that go to a tracker: by tag and step, so that one that logs less often compares still."""
    cls, seen = module.SummaryWriter, {}
    original = cls.add_scalar

    def note(tag, value, step=None, *_, **__):
        if _CLOCKS.search(str(tag)):
            return
        n = seen[agent.pid, tag] = seen.get((agent.pid, tag), 0) + 1
        if sum(seen.values()) <= MOST_LOGGED:
            number = repr(float(value)).encode()
            at = n if step is None else int(step)
            agent.digest(
                "logged", zlib.crc32(str(tag).encode()), at, hash=hashlib.blake2b(number, digest_size=12).hexdigest()
            )

    def add_scalar(self, tag, scalar_value, global_step=None, *args, **kwargs):
        if len(seen) <= MOST_LOGGED:
            _done(scalar_value)
            _quietly(agent, lambda: note(tag, scalar_value, global_step))
        return original(self, tag, scalar_value, global_step, *args, **kwargs)

    add_scalar.__wrapped__, add_scalar.__doc__ = original, original.__doc__
    cls.add_scalar = add_scalar
