"""Streams of random numbers that the script leaves free are made to repeat; those that it seeds are left alone.

Which were free stands in the fact "seeded": a global stream that the script seeds later on is taken out again.
"""

import os
import sys
from zlib import crc32

# These make names and waiting times with it, which must differ between processes; no result depends on them.
_NOT = ("tempfile", "uuid", "multiprocessing", "concurrent", "asyncio", "urllib", "email", "http")


class _Free:
    """The next seed for a stream that has none: the same in each run, another for each stream and each child."""

    def __init__(self, agent):
        self.agent, self.made = agent, 0

    def next(self, name):
        self.made += 1
        _free(self.agent, name)
        process = sys.modules.get("multiprocessing.process")
        child = tuple(getattr(process.current_process(), "_identity", ())) if process else ()
        mixed = _seed(self.agent) * 1_000_003 + self.made
        for number in child:
            mixed = mixed * 1_000_003 + number + 1
        return mixed % (1 << 32)


def _seed(agent):
    """Of this process: a child that is started anew, or one of several ranks, is told from others by its name."""
    process = sys.modules.get("multiprocessing.process")
    name = process.current_process().name if process and "__mp_main__" in sys.modules else ""
    rank = os.environ.get("RANK", "0")
    return (agent.seed + crc32(f"{name}/{rank}".encode())) % (1 << 32) if name or rank != "0" else agent.seed


def reseed(agent):
    """In a child that was started anew, once its name is known: what is still free gets seeds of its own."""
    if agent.seed is None or "__mp_main__" not in sys.modules:
        return
    for name, (module, function) in _GLOBAL.items():
        seed = getattr(sys.modules.get(module), function, None)
        if seed is not None and name in agent.facts.get("seeded", "").split(", "):
            getattr(seed, "__wrapped__", seed)(_seed(agent))


_GLOBAL = {"random": ("random", "seed"), "numpy": ("numpy.random", "seed"), "torch": ("torch", "manual_seed")}


def _free(agent, name):
    seeded = agent.facts.get("seeded", "")
    if name not in seeded.split(", "):
        agent.facts["seeded"] = (seeded + ", " if seeded else "") + name


def _note_seeding(agent, owner, function, name, free):
    """A stream that the script seeds itself is not free; one that it asks to be seeded by chance is."""
    original = getattr(owner, function)

    def seed(*args, **kwargs):
        if (args or tuple(kwargs.values()) or (None,))[0] is None:
            return original(free.next(name))
        names = [n for n in agent.facts.get("seeded", "").split(", ") if n and n != name]
        agent.facts["seeded"] = ", ".join(names)
        return original(*args, **kwargs)

    seed.__wrapped__, seed.__doc__ = original, original.__doc__
    seed.__module__, seed.__name__, seed.__qualname__ = (
        owner.__name__,
        function,
        function,
    )  # it can be pickled, as before
    setattr(owner, function, seed)


def _random(agent, module):
    if agent.seed is None:
        return
    module.seed(_seed(agent))
    _free(agent, "random")
    _forked(agent, module)
    free = _Free(agent)
    _note_seeding(agent, module, "seed", "random", free)
    original = module.Random.seed

    def seed(self, a=None, version=2):
        if a is None and not isinstance(self, module.SystemRandom):
            frame = sys._getframe(1)
            if frame.f_globals.get("__name__") == "random" and frame.f_back is not None:
                frame = frame.f_back
            if frame.f_globals.get("__name__", "").split(".")[0] not in _NOT:
                a = free.next("random.Random")
        return original(self, a, version)

    seed.__doc__ = original.__doc__
    module.Random.seed = seed


def _forked(agent, module):
    """Python seeds this stream by chance in each child that is forked, also where the script had seeded it."""
    if not hasattr(os, "register_at_fork"):
        return
    seed, forks = module.seed, [0]

    def counts():
        forks[0] += 1

    os.register_at_fork(before=counts, after_in_child=lambda: seed(_seed(agent) * 1_000_003 + forks[0]))


def _numpy(agent, module):
    if agent.seed is None:
        return
    free = _Free(agent)
    bits = sys.modules.get("numpy.random.bit_generator")
    if hasattr(bits, "randbits"):  # where every generator without a seed takes its entropy from
        bits.randbits = lambda k: free.next("numpy generators")
    module.seed(_seed(agent))
    _free(agent, "numpy")
    _note_seeding(agent, module, "seed", "numpy", free)


def _torch(agent, module):
    if agent.seed is None:
        return
    module.manual_seed(_seed(agent))
    _free(agent, "torch")
    _note_seeding(agent, module, "manual_seed", "torch", _Free(agent))


def _gym(agent, module):
    """Before 0.22 an environment that nobody seeds asks the system for chance."""
    original = getattr(module, "create_seed", None)
    if agent.seed is None or original is None:
        return
    free = _Free(agent)

    def create_seed(a=None, *args, **kwargs):
        return original(free.next("gym") if a is None else a, *args, **kwargs)

    create_seed.__wrapped__, create_seed.__doc__ = original, original.__doc__
    module.create_seed = create_seed


def _tensorflow(agent, module):
    if agent.seed is None or not hasattr(getattr(module, "random", None), "set_seed"):
        return
    module.random.set_seed(agent.seed)
    _free(agent, "tensorflow")
    _note_seeding(agent, module.random, "set_seed", "tensorflow", _Free(agent))


HOOKS = {
    "random": _random, "numpy.random": _numpy, "torch": _torch, "gym.utils.seeding": _gym, "tensorflow": _tensorflow
}  # fmt: skip
