"""Plain lines about environments, of gymnasium and of gym: see _switch_texts."""

from __future__ import annotations


def environments(module: str) -> str:
    """Lines that make environments without the checks of each step, and without a window that nobody watches."""
    return f"""
try:
    import {module} as _{module}
    from {module}.envs import registration as _{module}_registration
except ImportError:
    pass
else:
    from functools import partial as _with, wraps as _wraps
    from inspect import signature as _signature

    def _{module}_seldom(draw, mode="human", **kwargs):
        return None if mode == "human" else draw(mode, **kwargs)

    def _{module}_nothing(*args, **kwargs):
        return None

    def _{module}_unchecked(plain):
        may_check = "disable_env_checker" in _signature(plain).parameters

        @_wraps(plain)
        def make(*args, **kwargs):
            if may_check:
                kwargs.setdefault("disable_env_checker", True)
            if kwargs.get("render_mode") != "human":
                env = plain(*args, **kwargs)
                named = set(getattr(env, "metadata", None) or ())
                is_old = tuple(map(int, getattr(_{module}, "__version__", "0.0").split(".")[:2])) < (0, 26)
                is_open = getattr(env, "render_mode", None) is None and named & {{"render.modes", "render_modes"}}
                if is_old and is_open:  # the mode is said when it is drawn
                    inner = getattr(env, "unwrapped", env)
                    for one in (env, inner) if inner is not env else (env,):
                        one.render = _with(_{module}_seldom, one.render)
                return env
            env = plain(*args, **dict(kwargs, render_mode=None))
            env.render = _{module}_nothing  # some raise where no mode is set
            return env
        return make

    _{module}.make = _{module}_registration.make = _{module}_unchecked(_{module}_registration.make)
"""


def wrappers(module: str) -> str:
    """Lines that keep episode statistics and running means without detours.

    Of an episode that goes on only its return and its length grow. The mean of one row is the row, and its variance 0.
    """
    return f"""
try:
    import numpy as _np, {module} as _{module}, {module}.wrappers as _{module}_wrappers
    from {module}.wrappers import record_episode_statistics as _{module}_episodes
    if tuple(map(int, _{module}.__version__.split(".")[:2])) < (0, 26):
        raise ImportError("a step had four parts then")
except ImportError:  # since 1.0 they are quick
    pass
else:
    class _{module}_Seen:
        def __init__(self, made):
            self.made = made

        def step(self, action):
            return self.made

    def _{module}_quicker(plain, flags=(bool, _np.bool_)):
        class RecordEpisodeStatistics(plain):
            def step(self, action):
                if self.is_vector_env:
                    return super().step(action)
                env = self.env
                made = env.step(action)
                _, reward, ended, cut, info = made
                if type(ended) in flags and type(cut) in flags and not ended and not cut and type(info) is dict:
                    self.episode_returns += reward
                    self.episode_lengths += 1
                    return made
                self.env = _{module}_Seen(made)
                try:
                    return super().step(action)
                finally:
                    self.env = env

        for name in ("__module__", "__qualname__", "__doc__"):
            setattr(RecordEpisodeStatistics, name, getattr(plain, name))
        return RecordEpisodeStatistics

    _{module}_quick = _{module}_quicker(_{module}_episodes.RecordEpisodeStatistics)
    _{module}_wrappers.RecordEpisodeStatistics = _{module}_episodes.RecordEpisodeStatistics = _{module}_quick
try:
    import numpy as _np
    try:
        from {module}.wrappers.normalize import RunningMeanStd as _{module}_Running
    except ImportError:
        from {module}.wrappers.utils import RunningMeanStd as _{module}_Running
except ImportError:
    pass
else:
    def _{module}_updated(self, x, _plain=_{module}_Running.update):
        if type(x) is not _np.ndarray or x.dtype.kind != "f" or x.shape[:1] != (1,):
            return _plain(self, x)
        self.update_from_moments(x[0], x[0] - x[0], 1)

    _{module}_Running.update = _{module}_updated
"""
