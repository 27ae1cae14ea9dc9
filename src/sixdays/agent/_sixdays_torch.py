"""Torch: updates of optimisers and the parameters after them, batches of loaders, forward passes that evaluate."""

import contextlib
import functools
import hashlib
import os
import sys
import threading
import weakref

from _sixdays_agent import now
from _sixdays_sites import caller, captures, quietly, wait_for

AT = frozenset(m * 10**e for e in range(9) for m in (1, 2, 5)) | {3}
EARLY = 10  # updates at each of which all is noted, as the checks look at (faster/checkpoints)
MOST_NUMBERS, SAMPLED = 8_000_000, 4096
MOST_SITES = 16  # optimisers that are followed: some scripts make one for each client or task
_TORCH = ("torch",)


def _is_inner():
    """Whether a step that calls our hook was called by the step of another optimiser, which is counted."""
    frame = sys._getframe(2)
    step, frame = frame.f_code, frame.f_back
    while frame is not None:
        if frame.f_code is step:
            return True
        frame = frame.f_back
    return False


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

    def noted(site, at, optimizer):
        """Waits before it fetches; what the program had to wait for anyway is no time of the agent's."""
        began = now()
        wait_for(optimizer)
        agent.pause -= now() - began
        _parameters(agent, site, at, optimizer)

    def before(optimizer, args, kwargs):
        began = now()
        try:
            if not known.get(optimizer, (0, 0))[1] and not _is_inner():
                found = site_of(optimizer)
                if found[0] < MOST_SITES and not captures():
                    noted(found[0], 0, optimizer)
        except Exception as e:
            agent.facts["hook before"] = repr(e)
        agent.pause += now() - began

    def after(optimizer, args, kwargs):
        began = now()
        try:
            if not _is_inner():
                found = site_of(optimizer)
                found[1] += 1
                agent.count("optimiser step", caller(_TORCH), began)
                agent.updates += 1
                if found[1] <= EARLY:
                    agent.early = min(n for _, n in known.values()) < EARLY
                if (found[1] in AT or found[1] <= EARLY) and found[0] < MOST_SITES and not captures():
                    noted(found[0], found[1], optimizer)
        except Exception as e:
            agent.facts["hook after"] = repr(e)
        agent.pause += now() - began

    module.register_optimizer_step_pre_hook(before)
    module.register_optimizer_step_post_hook(after)
    _named(agent, module)


def _named(agent, module):
    """The optimisers that are made, whether they step or not."""
    initial, names = module.Optimizer.__init__, []

    @functools.wraps(initial)  # others read what it takes
    def made(self, *args, **kwargs):
        initial(self, *args, **kwargs)
        if len(names) < MOST_SITES:
            names.append(type(self).__name__)
            agent.facts["optimisers"] = ", ".join(names)

    module.Optimizer.__init__ = made


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
    words = set(taken[0].lower().split("_")) if taken else set()
    return bool(words & {"action", "actions", "act"} or (words and not words & _NO_ACTIONS))


def _parameters(agent, site, at, optimizer):
    torch = sys.modules["torch"]
    whole = [p.detach() for g in optimizer.param_groups for p in g["params"]]
    tensors = [t.to_local() if hasattr(t, "to_local") else t for t in whole]  # of one that others hold parts of, ours
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
            values += flat[::step].cpu().to(torch.float64).tolist() if not t.is_complex() else []
    agent.digest("parameters", site, at, hash=name, values=values, shapes=shapes)
    if 0 < at <= EARLY and agent.state:
        agent.digest("state", site, at, values=agent.state)
        agent.due.append((site, at))
    if not agent.early:
        agent.state = []


def _bytes(torch, t):
    return t.contiguous().cpu().reshape(-1).view(torch.uint8).numpy().tobytes() if t.numel() else b""


def _loader(agent, module):
    base = module._BaseDataLoaderIter
    following = base.__next__

    def step(self):
        out = following(self)
        quietly(agent, lambda began: agent.count("batch", caller(_TORCH), began))
        return out

    base.__next__ = step
    initial = module.DataLoader.__init__

    @functools.wraps(initial)
    def made(self, *args, **kwargs):
        initial(self, *args, **kwargs)
        quietly(agent, lambda _: _about_loader(agent, self))

    module.DataLoader.__init__ = made


def _about_loader(agent, loader):
    n = sum(k.startswith("loader ") for k in agent.facts)
    try:
        size = len(loader.dataset)
    except TypeError:  # it comes as a stream, or says so only when asked
        size = -1
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


class _Inside(threading.local):
    inside = False


def _module(agent, module):
    """Forward passes of root modules in eval mode; nothing is added to those in training mode but a test."""
    cls = module.Module
    call, depth = cls.__call__, _Inside()

    def compiles():
        compiler = getattr(sys.modules["torch"], "compiler", None)  # not there yet when modules are
        return hasattr(compiler, "is_compiling") and compiler.is_compiling()

    def counted(self, *args, **kwargs):
        # a compiler that traces through here folds its own question away, and must not meet the thread's flag
        if getattr(self, "training", True) or compiles() or depth.inside:  # a frozen module has no such word
            return call(self, *args, **kwargs)
        frame = sys._getframe(1)  # its locals, once asked for, live on: only those of a method are looked at
        above = frame.f_locals.get("self") if frame.f_code.co_varnames[:1] == ("self",) else None
        is_frozen = isinstance(above, cls) and above.training is True  # a layer of a network that trains
        depth.inside = True
        try:
            return call(self, *args, **kwargs)
        finally:
            depth.inside = False
            if not is_frozen:
                quietly(agent, lambda began: agent.count("evaluation", caller(_TORCH), began, _items(args, kwargs)))

    cls.__call__ = counted


HOOKS = {
    "torch.optim.optimizer": _optimiser,
    "torch.utils.data.dataloader": _loader,
    "torch.nn.modules.module": _module,
}
