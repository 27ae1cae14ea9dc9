"""What a GPU can do otherwise: coarser products, compiled networks, or nothing at all for a small one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sixdays.faster.bounds import below, bound, share
from sixdays.faster.compare import SHOWN
from sixdays.faster.model import Candidate, NotTried, Profile
from sixdays.levers._names import COMPILING_S

IN_NETWORKS = ("torch/nn/", ":backward")
TF32 = """
try:
    import torch as _torch
    _torch.backends.cuda.matmul.allow_tf32 = _torch.backends.cudnn.allow_tf32 = True
except ImportError:
    pass
"""
BENCHMARK = """
try:
    import torch.backends.cudnn as _cudnn
    _cudnn.benchmark = True
except ImportError:
    pass
"""
# Batches of a DataLoader lie in pinned memory and are copied while the CPU goes on; all else torch copies as before.
PINNED = """
try:
    import torch as _torch
    from functools import wraps as _pinning
    from torch.utils.data import DataLoader as _Pinned
    from torch.utils.data._utils import pin_memory as _pinner
except ImportError:
    pass
else:
    @_pinning(_Pinned.__init__)
    def _pins(self, *args, _plain=_Pinned.__init__, **kwargs):
        if len(args) < 8:
            kwargs["pin_memory"] = _torch.cuda.is_available()
        _plain(self, *args, **kwargs)

    def _marked(plain):
        @_pinning(plain)
        def pin_memory(data, *args, **kwargs):
            made = plain(data, *args, **kwargs)
            if type(made) is _torch.Tensor:
                made.of_a_batch = True
            return made
        return pin_memory

    def _goes_on(plain):
        @_pinning(plain)
        def moved(self, *args, **kwargs):
            if getattr(self, "of_a_batch", False) and not any(type(a) is bool for a in args):
                kwargs.setdefault("non_blocking", True)
            return plain(self, *args, **kwargs)
        return moved

    _Pinned.__init__, _pinner.pin_memory = _pins, _marked(_pinner.pin_memory)
    _torch.Tensor.to, _torch.Tensor.cuda = _goes_on(_torch.Tensor.to), _goes_on(_torch.Tensor.cuda)
"""
# Networks are those that the script calls itself, until its first update: they are compiled then, as whole calls.
COMPILE = """
try:
    from torch.nn.modules import module as _modules
    from torch.optim.optimizer import register_optimizer_step_post_hook as _when_updated
except ImportError:
    pass
else:
    _depth, _called, _hooks = [0], {{}}, []
    try:  # random numbers as without compiling
        import torch._inductor.config as _inductor
        _inductor.fallback_random = True
    except ImportError:
        pass

    def _before(module, args):
        if not _depth[0]:
            _called[id(module)] = module
        _depth[0] += 1

    def _after(module, args, made):
        _depth[0] -= 1

    def _compile(optimizer, args, kwargs):
        for hook in _hooks:
            hook.remove()
        for module in _called.values():
            _compile_training(module)
        _called.clear()

    def _compile_training(module):
        # as it is where it is evaluated: what CUDA graphs give is written over by their next call
        module.compile({options})
        plain, quick = module._call_impl, module._compiled_call_impl
        module._compiled_call_impl = lambda *args, **kwargs: (quick if module.training else plain)(*args, **kwargs)

    _hooks.append(_modules.register_module_forward_pre_hook(_before))
    _hooks.append(_modules.register_module_forward_hook(_after, always_call=True))
    _hooks.append(_when_updated(_compile))
"""


@dataclass(frozen=True, slots=True)
class Gpu:
    name: str = "gpu"
    rank: int = 50
    together: bool = False

    def propose(self, profile: Profile) -> Sequence[Candidate | NotTried]:
        """What applies to a command of torch where there is a GPU; whether it gives anything, a probe says."""
        if "torch" not in profile.trace.modules or "equivalent" not in profile.accept:
            return []
        if not profile.machine.gpus or profile.trace.facts.get("device") == "cpu":
            why = "the command does not use the GPU" if profile.machine.gpus else "no GPU here"
            others = self._on_the_cpu(profile)
            return [NotTried(self.name, why + ": compiling for the CPU alone" * bool(others)), *others]
        return [
            _lines("TF32", "products on the GPU in TF32", TF32),
            _lines("cuDNN benchmark", "convolutions chosen by trial", BENCHMARK),
            _lines("pinned", "batches copied to the GPU while the CPU goes on", PINNED),
            _compiled("CUDA graphs", "networks compiled into CUDA graphs", 'mode="reduce-overhead"'),
            _compiled("compile", "networks compiled", ""),
            Candidate(self.name, "CPU", "the CPU in place of the GPU", "equivalent", env={"CUDA_VISIBLE_DEVICES": ""}),
        ]

    def _on_the_cpu(self, profile: Profile) -> list[Candidate | NotTried]:
        """Compiling, where no environment asks for one small answer at a time."""
        if any(c.kind == "env step" for c in profile.trace.counters) or any(
            "compile" in w for w in profile.command.argv
        ):
            return []
        seen = share(profile.trace, lambda s: below(s, IN_NETWORKS))
        if bound(seen) < SHOWN:
            return []
        if not profile.machine.compiler:
            return [NotTried(self.name, "networks compiled for the CPU: there is no C++ compiler")]
        return [_compiled("compile", "networks compiled for the CPU", "", seen)]


def _lines(name: str, text: str, lines: str) -> Candidate:
    return Candidate("gpu", name, text, "equivalent", preamble=tuple(lines.strip().splitlines()))


def _compiled(name: str, text: str, options: str, touches: float = 1.0) -> Candidate:
    lines = COMPILE.format(options=options).strip().splitlines()
    return Candidate("gpu", name, text, "equivalent", preamble=tuple(lines), touches=touches, start_s=COMPILING_S,
                     group="compiling", spoils="a minute at the start of each run, and at each new shape")  # fmt: skip


def create(options: dict[str, Any]) -> Gpu:
    return Gpu()
