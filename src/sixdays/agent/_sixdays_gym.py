"""Environments of gymnasium, gym and Stable-Baselines3: steps of the outermost one, and what went in and came out."""

import hashlib
import sys
import threading

from _sixdays_agent import EVERY, now
from _sixdays_sites import stepper, wait_for

AT_STEPS = frozenset(range(1, 10)) | frozenset(m * 10**e for e in range(8) for m in range(10, 100, 2))
MOST_BYTES, STATE = 1 << 20, 8  # of what is hashed; numbers of what an environment shows
_GYM = (
    "gym", "gymnasium", "stable_baselines3.common.vec_env", "stable_baselines3.common.monitor",
    "stable_baselines3.common.atari_wrappers", "stable_baselines3.common.env_util", "dm_env", "dm_control",
    "pettingzoo",
)  # fmt: skip


_BASES = (
    "Env", "Environment", "AECEnv", "ParallelEnv", "Wrapper", "ObservationWrapper", "RewardWrapper", "ActionWrapper",
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
            began = now()
            try:
                told = out
                if hasattr(out, "observation"):  # dm_env's, which has the kind of step first
                    told = (out.observation, out.reward, out.discount)
                reward = told[1] if isinstance(told, tuple) and len(told) > 1 else None
                c = agent.count("env step", stepper(_GYM), began, _side_by_side(self, reward))
                is_far = getattr(reward, "is_cuda", False)  # a GPU may still be at it
                if is_far and c.count in AT_STEPS:
                    agent.pause += now() - began
                    wait_for(reward)
                    began = now()
                action = args[0] if args else kwargs.get("action")
                if c.count == 1:
                    _about_environment(agent, self, action)
                if c.count <= EVERY > len(c.ends):
                    c.ends.extend([c.count] * _ended(c, told))
                _stepped(agent, c, action, told, is_far)
            except Exception as e:
                agent.facts["hook step"] = repr(e)
            agent.pause += now() - began
            return out

        call._sixdays = True
        call.__wrapped__ = step
        call.__name__, call.__doc__ = getattr(step, "__name__", "step"), step.__doc__
        call.__qualname__ = getattr(step, "__qualname__", "step")
        return call

    for name in _BASES:
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


def _about_environment(agent, env, action):
    n = sum(k.startswith("environment ") for k in agent.facts)
    agent.facts[f"environment {n}"] = f"{str(env)[:300]}, render_mode={getattr(env, 'render_mode', None)}"
    if isinstance(action, int) or "int" in str(getattr(action, "dtype", "")):
        agent.facts.setdefault("actions", "whole numbers")
    else:
        agent.facts["actions"] = "others"


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
        step = getattr(cls, "step", None)  # its own, or one that it has from a base that is no environment
        if callable(step) and not getattr(step, "_sixdays", False):
            cls.step = counted(step)

    base.__init_subclass__ = classmethod(made)


def _below(base):
    return [c for s in base.__subclasses__() for c in (s, *_below(s))]


def _vector(agent, module):
    counted = getattr(agent, "counted_step", None)
    if counted is None:
        return
    for base in [getattr(module, name) for name in ("VectorEnv", "VectorWrapper", "VecEnv") if hasattr(module, name)]:
        if not isinstance(vars(base).get("_sixdays_each"), property):
            base._sixdays_each = property(lambda self: float(getattr(self, "num_envs", 1) or 1))
        _each_step(base, counted)


def _stepped(agent, c, action, out, is_far):
    """Notes what was done and what came back: hashes at some steps, and while updates are early a few numbers of it.

    What came back is not kept: the program may reuse its memory. What lies on a GPU is not waited for at each step.
    """
    if c.count in AT_STEPS or (c.count <= 1000 and not is_far):
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


def _ended(c, out):
    """How many episodes ended with a step; 0 where nothing tells, or a GPU would have to be waited for.

    Who goes on after the end, as some do when the time is over, is told so at each step: it ended once.
    """
    if not isinstance(out, tuple) or len(out) not in (4, 5):
        return 0
    flags = [f if isinstance(f, int) else _here(f) for f in out[2:-1]]  # done; or terminated, truncated
    if any(f is None for f in flags):
        return 0
    try:
        before, c.over = c.over, flags[0] | flags[-1]
        over = c.over > before
        return int(over if isinstance(over, int) else over.sum())
    except Exception:  # numbers of another kind, or of other vectors
        return 0


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


HOOKS = {
    "gymnasium.core": _environment, "gym.core": _environment, "gymnasium.vector.vector_env": _vector,
    "gym.vector.vector_env": _vector, "dm_env._environment": _environment, "pettingzoo.utils.env": _environment,
    "stable_baselines3.common.vec_env.base_vec_env": _vector,
}  # fmt: skip
