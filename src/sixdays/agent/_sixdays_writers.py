"""Scalars that a script logs with TensorBoard's writers."""

import hashlib
import re
import zlib

from _sixdays_sites import quietly, wait_for

MOST_LOGGED = 2000

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
            wait_for(scalar_value)
            quietly(agent, lambda _: note(tag, scalar_value, global_step))
        return original(self, tag, scalar_value, global_step, *args, **kwargs)

    add_scalar.__wrapped__, add_scalar.__doc__ = original, original.__doc__
    cls.add_scalar = add_scalar


HOOKS = {"torch.utils.tensorboard.writer": _writer, "tensorboardX.writer": _writer}
