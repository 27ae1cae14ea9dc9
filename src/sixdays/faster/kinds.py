"""What a sampled stack was doing: told by the frames of libraries in it, and by the text of the user's line."""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Mapping, Sequence
from typing import Literal

from sixdays.faster.bounds import Site, is_own, own
from sixdays.faster.evaluations import is_seldom
from sixdays.faster.fixed import trees
from sixdays.faster.model import Frame, Stack, Trace
from sixdays.faster.unit import acting, is_evaluation_name

Doing = Literal[
    "environment", "forward", "backward", "optimiser", "distribution", "data", "evaluation", "drawing", "logging",
    "saving", "tensors", "copies", "deepcopy", "growing", "waiting", "products", "python", "library", "start",
]  # fmt: skip
Loop = ast.For | ast.While
LEAST = 0.3  # of the time that must lie in loops for what lies outside to be dropped

# The first row that matches a frame of a library names what it does; frames are asked from the innermost outwards.
_LIBRARIES: tuple[tuple[Doing, str], ...] = (
    ("start", r"<frozen importlib|/importlib/"),
    ("drawing", r"/(matplotlib|mpl_toolkits|seaborn|plotly|pyglet|pygame|visdom|imageio|cv2)/|:render$|/rendering\.py"),
    ("logging", r"/(tensorboard\w*|wandb|mlflow|logging|tqdm|rich|loguru|comet_ml|neptune)/|/csv\.py"),
    ("saving", r"torch/serialization\.py|/joblib/numpy_pickle|/(pickle|h5py|safetensors|shelve)\b|numpy/lib/_?npyio"),
    ("data", r"torch/utils/data/|/(PIL|torchvision/(transforms|datasets)|albumentations|webdataset|datasets|librosa)/"),
    ("distribution", r"torch/distributions/"),
    ("backward", r"torch/(autograd/(__init__|graph|function)\.py|_tensor\.py:backward)"),
    ("optimiser", r"torch/optim/|torch/nn/utils/clip_grad|torch/(cuda/)?amp/grad_scaler"),
    ("environment", r"/(gym|gymnasium|dm_control|mujoco|pettingzoo|procgen|minigrid|ale_py|pybullet\w*|Box2D)/"),
    ("deepcopy", r"/copy\.py:"),
    ("growing", r"numpy/lib/[^:]*:(append|insert|delete)$"),
    ("forward", r"torch/(nn|jit|_dynamo|_inductor|functional\.py|_jit_internal\.py)|/(transformers/models|timm)/"),
    ("waiting", r"/(multiprocessing|concurrent|subprocess|selectors|socket|ssl|queue|threading|requests|urllib3)[/.]"),
)

# What a call in a line of the user's does where no frame of a library lies below it: such calls run in C.
_CALLS: tuple[tuple[Doing, str], ...] = (
    ("backward", "backward"),
    ("waiting", "sleep recv acquire communicate"),
    ("deepcopy", "deepcopy"),
    ("growing", "append@np insert@np concatenate@np cat@torch"),
    ("tensors", "tensor as_tensor FloatTensor LongTensor Tensor array asarray from_numpy"),
    ("copies", "item cpu tolist numpy cuda to"),
    ("logging", "print write add_scalar flush writerow"),
    ("saving", "save dump savez"),
    ("products", "@ dot matmul mm bmm einsum tensordot solve lstsq inv svd eigh cholesky fft ifft"),
)
PRODUCTS = set(dict(_CALLS)["products"].split())
_DRAWING = re.compile(
    r"(^|_)plot(s|ting)?(_|$)|^(draw|render)(_(plot|figure|curve|frame)s?)?$|savefig|visuali[sz]e", re.I
)
_RUNS = frozenset("run play rollout rollouts simulate collect episode episodes games".split())
_MEASURES = frozenset("score predict step".split())


class Kinds:
    """What stacks were doing, and what the lines in them call."""

    def __init__(self, sources: Mapping[str, str]) -> None:
        self.trees = trees(sources)
        self._calls: dict[Site, set[str]] = {}
        self._looped: dict[Site, Loop] = {}
        self._picked: set[Site] = set()  # lines that take elements by the number of a loop
        self._steady: set[Site] = set()  # with the heads of loops, which fetch their items
        self._evaluations: set[tuple[str, str]] = set()
        self._passes: set[tuple[str, str]] = set()  # named as if they evaluated, for they give the value of something
        self._training: set[tuple[str, str]] = set()
        for file, tree in self.trees.items():
            self._read(file, tree)

    def of(self, stack: Stack) -> Doing:
        """One kind for each stack. All below a function that evaluates, or draws, is that, whatever it does there."""
        if any(self.evaluates(f) for f in stack.frames if is_own(f)):
            return "evaluation"
        if any(_DRAWING.search(f.function) for f in stack.frames if is_own(f)):
            return "drawing"
        libraries = [_library(f) for f in reversed(stack.frames) if not is_own(f)]
        strong = next((doing for doing in libraries if doing not in ("python", "waiting")), None)
        if strong is not None:
            return strong
        frame = own(stack)
        called = self._line(frame) if frame is not None else "python"
        if called == "python" and package(stack):
            return "library"
        return "waiting" if "waiting" in libraries else called

    def steady(self, stacks: Sequence[Stack]) -> tuple[Stack, ...]:
        """Those seen inside a loop of the user's: what runs once is not worth a change. All where few are."""
        looped = tuple(s for s in stacks if any((f.file, f.line) in self._steady for f in s.frames if is_own(f)))
        return looped if sum(s.seconds for s in looped) >= LEAST * sum(s.seconds for s in stacks) else tuple(stacks)

    def evaluates(self, frame: Frame) -> bool:
        """Its function evaluates: by its name, by what it calls, or as was counted; never one that trains too."""
        place = (frame.file, frame.function)
        is_named = is_evaluation_name(frame.function) and place not in self._passes
        return (is_named or place in self._evaluations) and place not in self._training

    def learn(self, trace: Trace) -> None:
        """Which functions train, from samples below an update; which evaluate, from what moves less often than that."""
        for s in trace.stacks:
            if any(_library(f) in ("backward", "optimiser") for f in s.frames if not is_own(f)):
                self._training |= {(f.file, f.function) for f in s.frames if is_own(f)}
        sources = {(c.file, c.function) for c in acting(trace)}
        for c in trace.counters:
            if c.kind in ("evaluation", "env step"):
                self._evaluations |= {(c.file, c.function)} - sources if is_seldom(trace, c) else set()
            elif c.kind == "optimiser step":
                self._training.add((c.file, c.function))

    def calls(self, site: Site) -> set[str]:
        """Names of what a line calls: `append`, and `append@np` where it is called of np; no products of elements."""
        return self._calls.get(site, set()) - (PRODUCTS if site in self._picked else set())

    def loop(self, site: Site) -> Loop | None:
        """The innermost loop of the user's whose body holds a line."""
        return self._looped.get(site)

    def _line(self, frame: Frame) -> Doing:
        called = self.calls((frame.file, frame.line))
        return next((doing for doing, names in _CALLS if called & set(names.split())), "python")

    def _read(self, file: str, tree: ast.Module) -> None:
        loops: list[Loop] = []
        passes, others = set[tuple[str, str]](), set[tuple[str, str]]()
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                for line in _lines(node):
                    self._calls.setdefault((file, line), set()).update(names_of(node))
            elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
                for line in _lines(node):
                    self._calls.setdefault((file, line), set()).add("@")
            elif isinstance(node, (ast.For, ast.While)):
                loops.append(node)
                self._steady |= {(file, n) for n in _lines(node)}
            elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                place, called, loops_round = (file, node.name), _called(node), _loops(node)
                self._evaluations |= {place} if _is_evaluation(called, loops_round) else set()
                (passes if _is_pass(node.name, called, loops_round) else others).add(place)
        self._passes |= passes - others  # of two of a name none is told from the other
        for loop in sorted(loops, key=lambda n: n.lineno):  # inner ones lie below, and hide outer ones
            self._looped.update({(file, n): loop for n in _lines(loop)[1:]})
            self._picked |= {(file, n) for n in _picks(loop)}


def package(stack: Stack) -> str:
    """The installed package below the user's line that it is in, as `jax`; empty where in none, or in one we know."""
    inner = stack.frames[-1] if stack.frames else None
    if inner is None or is_own(inner):
        return ""
    found = re.search(r"/(?:site|dist)-packages/(\w+)", inner.file.replace("\\", "/"))
    return found[1] if found and found[1] not in ("numpy", "torch") else ""


def names_of(call: ast.Call) -> set[str]:
    """How a call is named: its last word, and with what it is called of."""
    if isinstance(call.func, ast.Name):
        return {call.func.id}
    if isinstance(call.func, ast.Attribute):
        of = call.func.value
        top = {"numpy": "np"}.get(of.id, of.id) if isinstance(of, ast.Name) else ""
        return {call.func.attr, f"{call.func.attr}@{top}"}
    return set()


def _lines(node: ast.stmt | ast.expr) -> range:
    return range(node.lineno, (node.end_lineno or node.lineno) + 1)


def _picks(loop: Loop) -> set[int]:
    """Lines of a loop that take elements by its own number."""
    numbers = {n.id for n in ast.walk(loop.target) if isinstance(n, ast.Name)} if isinstance(loop, ast.For) else set()
    taken = [n for n in ast.walk(loop) if isinstance(n, ast.Subscript)]
    return {n.lineno for n in taken if numbers & {x.id for x in ast.walk(n.slice) if isinstance(x, ast.Name)}}


def _is_evaluation(called: set[str], loops: bool) -> bool:
    """It puts a module into eval mode, loops, and never goes backward: it measures, it does not train."""
    return "eval" in called and loops and "backward" not in called and "step" not in called


def _is_pass(name: str, called: set[str], loops: bool) -> bool:
    """It gives the value of actions, as a loss needs it: it does not loop, and calls nothing that runs or measures."""
    words = {word for c in called for word in c.split("_")}
    runs = loops or words & _RUNS or called & _MEASURES or any(map(is_evaluation_name, called))
    return "eval" in name and not runs


def _called(function: ast.AST) -> set[str]:
    return set[str]().union(*(names_of(n) for n in ast.walk(function) if isinstance(n, ast.Call)))


def _loops(function: ast.AST) -> bool:
    return any(isinstance(n, (ast.For, ast.While, ast.comprehension)) for n in ast.walk(function))


@functools.cache
def _library(frame: Frame) -> Doing:
    name = f"{frame.file}:{frame.function}"
    return next((doing for doing, pattern in _LIBRARIES if re.search(pattern, name)), "python")
