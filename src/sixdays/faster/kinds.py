"""What a sampled stack was doing: told by the frames of libraries below the user's line, else by that line's text."""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterator, Mapping, Sequence, Set
from itertools import pairwise
from typing import Literal

from sixdays.faster.bounds import Site, is_own, own, working
from sixdays.faster.evaluations import is_seldom
from sixdays.faster.fixed import trees
from sixdays.faster.model import Frame, Stack, Trace
from sixdays.faster.unit import acting, is_evaluation_name, of_kind

Doing = Literal[
    "environment", "forward", "backward", "optimiser", "distribution", "data", "evaluation", "drawing", "logging",
    "saving", "tensors", "copies", "deepcopy", "growing", "waiting", "products", "python", "library", "start",
]  # fmt: skip
Loop = ast.For | ast.While
LEAST = 0.3  # of the time that must lie in loops for what lies outside to be dropped
DEPTH = 4  # parts of a path that is not installed, which tell its library
ONLY = 0.8  # of the time: an evaluation that takes more, where nothing learns, is what the program is for

# The first row that matches a frame of a library names what it does; frames are asked from the innermost outwards.
_LIBRARIES: tuple[tuple[Doing, str], ...] = (
    ("start", r"<frozen importlib|/importlib/"),
    ("drawing", r"/(matplotlib|mpl_toolkits|seaborn|plotly|pyglet|pygame|visdom|imageio|cv2)/(?!.*:_?\w*read)"),
    ("drawing", r":_?render$|/rendering\.py"),
    ("python", r"/(tqdm|rich)/.*:(__iter__|track)$|/mlflow/utils/autologging"),  # they go round, or call, what is asked
    ("logging", r"/(tensorboard\w*|wandb|mlflow|logging|tqdm|rich|loguru|comet_ml|neptune)/|/csv\.py"),
    (
        "saving",
        r"(torch/serialization\.py|/joblib/numpy_pickle|/(pickle|h5py|safetensors|shelve)\b|numpy/lib/_?npyio)(?!.*:_?(\w*load|\w*read|get|__getitem__))",
    ),
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
    ("waiting", "sleep recv acquire communicate tick waitKey"),
    ("drawing", "imshow blit"),
    ("deepcopy", "deepcopy"),
    ("growing", "append@np insert@np itself+"),
    (
        "tensors",
        "tensor as_tensor FloatTensor LongTensor Tensor array asarray from_numpy stack vstack hstack column_stack",
    ),
    ("tensors", "concatenate cat@torch"),
    ("copies", "item cpu tolist numpy cuda to"),
    ("logging", "print write add_scalar flush writerow"),
    ("saving", "save dump savez"),
    ("products", "@ dot matmul mm bmm einsum tensordot solve lstsq inv svd eigh cholesky fft ifft"),
)
PRODUCTS = frozenset(dict(_CALLS)["products"].split())
_MADE = frozenset(next(names for doing, names in _CALLS if doing == "tensors").split())
_JOINS = frozenset("append insert concatenate cat vstack hstack stack".split())
_EXTREMES = frozenset("min max minimum maximum append".split())
_COMPILES = frozenset("jit njit pmap filter_jit guvectorize".split())
_DRAWERS = re.compile(r"matplotlib|seaborn|plotly|pyglet|pygame|visdom|imageio|cv2|PIL|tkinter|turtle|arcade")
_TRAINERS = re.compile(r"/(stable_baselines3|sb3_contrib|transformers|keras|lightning|pytorch_lightning|tianshou|ray)/")
_LAUNCHERS = re.compile(r"/(absl|hydra|click|fire|typer|tyro|argparse|runpy|multiprocessing|concurrent|threading)\b")
_DRAWING = re.compile(
    r"(^|_)plot(s|ting)?(_|$)|^(draw|render)(_(plot|figure|curve|frame)s?)?$|savefig|visuali[sz]e", re.I
)
_RUNS = frozenset("run play rollout rollouts simulate collect episode episodes games".split())
_MEASURES = frozenset("score predict step".split())


class Kinds:
    """What stacks were doing, and what the lines in them call."""

    def __init__(self, sources: Mapping[str, str]) -> None:
        self.trees = trees(sources)
        self._draws = any(map(_DRAWERS.search, sources.values()))
        self._calls: dict[Site, set[str]] = {}
        self._looped: dict[Site, Loop] = {}
        self._elements: set[Site] = set()  # lines in loops that go through elements
        self.steps: set[Site] = set()  # lines that take what a `step` gives
        self._rows: set[Site] = set()  # lines that take a row of a table: df.loc[i]
        self._steady: set[Site] = set()  # with the heads of loops, which fetch their items
        self._compiled: set[str] = set()  # functions whose calls run in a compiler's code, without frames
        self._evaluations: set[tuple[str, str]] = set()
        self._passes: set[tuple[str, str]] = set()  # named as if they evaluated, for they give the value of something
        self._training: set[tuple[str, str]] = set()
        self.evaluates_only = False
        for file, tree in self.trees.items():
            self._read(file, tree)

    def of(self, stack: Stack) -> Doing:
        """One kind for each stack. All below a function that evaluates, or draws, is that, whatever it does there."""
        if any(map(self.evaluates, stack.frames)):
            return "evaluation"
        at = max((i for i, f in enumerate(stack.frames) if is_own(f)), default=-1)
        above = {_library(f) for f in stack.frames[:at] if not is_own(f)}
        below = [_library(f) for f in reversed(stack.frames[at + 1 :])]
        found = next((doing for doing in below if doing not in ("python", "waiting")), None)
        passes = {"forward", "distribution", "backward"} & {found, *above}  # rendering may be what is learnt
        if self._draws and not passes and any(_DRAWING.search(f.function) for f in stack.frames if is_own(f)):
            return "drawing"
        if "data" in above:
            return "data"
        # Of what lies in each other the outermost: drawing makes images, and loading them calls functions of torch.
        asked = [doing for doing in reversed(below) if doing in ("data", "drawing", "logging")]
        if asked and (asked[0] == "data" or found == "data"):
            return "drawing" if asked[0] == "logging" and "drawing" in asked else asked[0]
        return found or self._of_line(stack, above, "waiting" in below)

    def _of_line(self, stack: Stack, above: Set[Doing], waits: bool) -> Doing:
        """By the text of the user's line, below which there is at most Python's own library."""
        frame = own(stack)
        if frame is None:
            return "python"
        site = (frame.file, frame.line)
        called = self._line(site)
        joins = called == "tensors" and not self.calls(site) & _MADE
        if (called in ("python", "growing", "products") or joins) and site not in self._elements:
            # a network's own code, or that of a pass backwards
            passes: tuple[Doing, ...] = ("forward", "backward")
            if (found := next((doing for doing in passes if doing in above), None)) is not None:
                return found
        if waits:
            return "waiting"
        is_library = package(stack) or self.calls(site) & self._compiled
        if called == "logging" and package(stack):  # what it prints was asked of a package first
            return "library"
        return "library" if called == "python" and is_library else called

    def steady(self, stacks: Sequence[Stack]) -> tuple[Stack, ...]:
        """Those seen inside a loop of the user's, or of a library that calls what is: what runs once is not worth a
        change. All where few are.
        """
        looped = [s for s in stacks if any((f.file, f.line) in self._steady for f in s.frames if is_own(f))]
        if sum(s.seconds for s in looped) < LEAST * sum(s.seconds for s in stacks):
            return tuple(stacks)
        driving = {site for s in looped for site in self._driving(s)}
        return tuple(
            s
            for s in stacks
            if any((f.file, f.line) in self._steady or (f.file, f.line) in driving for f in s.frames if is_own(f))
        )

    def _driving(self, stack: Stack) -> Iterator[Site]:
        """Lines of the user's, in no loop, by which a library runs what is in one: trainer.fit(model)."""
        for f, following in pairwise(stack.frames):
            if is_own(f) and (f.file, f.line) in self._steady:
                return
            if is_own(f) and not is_own(following) and not _LAUNCHERS.search(_place(following.file)):
                yield (f.file, f.line)

    def evaluates(self, frame: Frame) -> bool:
        """Its function evaluates: by its name, by what it calls, or as was counted; never one that trains too.

        Of libraries only those that train: others evaluate polynomials.
        """
        if self.evaluates_only:
            return False
        place = (frame.file, frame.function)
        is_named = is_evaluation_name(frame.function) and place not in self._passes
        if not is_own(frame):
            is_library_s = frame.function.startswith("evaluate") and "action" not in frame.function  # PPO's own pass
            return is_named and is_library_s and bool(_TRAINERS.search(_place(frame.file)))
        return (is_named or place in self._evaluations) and place not in self._training

    def learn(self, trace: Trace) -> None:
        """Which functions train, from samples below an update; which evaluate, from what moves less often than that.

        Where nothing is seen to learn and nearly all of the time is an evaluation, that is what the program is for.
        """
        for s in trace.stacks:
            if any(_library(f) in ("backward", "optimiser") for f in s.frames if not is_own(f)):
                self._training |= {(f.file, f.function) for f in s.frames if is_own(f)}
        sources = {(c.file, c.function) for c in acting(trace)}
        environments = any(c.kind == "env step" for c in trace.counters)
        batches = {(c.file, c.function) for c in trace.counters if c.kind == "batch"}
        for c in trace.counters:
            place = (c.file, c.function)
            if c.kind in ("evaluation", "env step"):
                may = is_evaluation_name(c.function) or environments or place in batches
                self._evaluations |= {place} - sources if may and is_seldom(trace, c) else set()
            elif c.kind == "optimiser step":
                self._training.add(place)
        stacks = working(trace)
        total = sum(s.seconds for s in stacks)
        evaluated = sum(s.seconds for s in stacks if any(map(self.evaluates, s.frames)))
        self.evaluates_only = not of_kind(trace, "optimiser step") and evaluated > ONLY * total

    def calls(self, site: Site) -> set[str]:
        """Names of what a line calls: `append`, and `append@np` where it is called of np; no products of elements."""
        return self._calls.get(site, set()) - (PRODUCTS if site in self._elements else set())

    def loop(self, site: Site) -> Loop | None:
        """The innermost loop of the user's whose body holds a line."""
        return self._looped.get(site)

    def is_asked(self, stack: Stack) -> bool:
        """Whether a library is asked for one item in a loop: for what it predicts, or for one row of a table."""
        frame = own(stack)
        site = (frame.file, frame.line) if frame else ("", 0)
        loop = self.loop(site)
        if loop is None or site not in self._elements:
            return False
        called = set[str]().union(*(self.calls((site[0], n)) for n in _lines(loop)))
        return bool(called & {"predict", "iterrows", "itertuples"}) or site in self._rows

    def goes_through_elements(self, file: str, loop: Loop) -> bool:
        """Whether a loop takes elements by its own number, or computes with the items that it goes through."""
        return any((file, n) in self._elements for n in _lines(loop)[1:])

    def is_recurrence(self, site: Site) -> bool:
        """Whether the passes of the loop round a line need each other, so that no array operation does them all."""
        loop = self.loop(site)
        return loop is not None and _recurs(loop)

    def _line(self, site: Site) -> Doing:
        called = self.calls(site)
        return next((doing for doing, names in _CALLS if called & set(names.split())), "python")

    def _read(self, file: str, tree: ast.Module) -> None:
        loops: list[Loop] = []
        passes, others = set[tuple[str, str]](), set[tuple[str, str]]()
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                self._call(file, node, names_of(node))
            elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
                self._call(file, node, {"@"})
            elif isinstance(node, ast.Assign):
                self._assigned(file, node)
            elif isinstance(node, ast.Attribute) and node.attr in ("loc", "iloc", "at", "iat"):
                self._rows.add((file, node.lineno))
            elif isinstance(node, (ast.For, ast.While)):
                loops.append(node)
                self._steady |= {(file, n) for n in _lines(node)}
            elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                self._compiled |= {node.name} if any(map(_compiles, node.decorator_list)) else set()
                place, called, loops_round = (file, node.name), _called(node), _loops(node)
                self._evaluations |= {place} if _is_evaluation(called, loops_round) else set()
                (passes if _is_pass(node.name, called, loops_round) else others).add(place)
        self._passes |= passes - others  # of two of a name none is told from the other
        for loop in sorted(loops, key=lambda n: n.lineno):  # inner ones lie below, and hide outer ones
            self._looped.update({(file, n): loop for n in _lines(loop)[1:]})
            self._elements |= {(file, n) for n in _elements(loop)}

    def _call(self, file: str, node: ast.expr, names: set[str]) -> None:
        for line in _lines(node):
            self._calls.setdefault((file, line), set()).update(names)

    def _assigned(self, file: str, node: ast.Assign) -> None:
        """`x = np.concatenate([x, y])` grows by a copy of itself; `f = jax.jit(g)` is compiled; what a `step` gives is
        an environment's.
        """
        if not isinstance(node.value, ast.Call):
            return
        self.steps |= {(file, node.lineno)} if "step" in names_of(node.value) else set()
        targets = {ast.dump(t).replace("Store()", "Load()") for t in node.targets}
        if {n.partition("@")[0] for n in names_of(node.value)} & _JOINS:
            given = {ast.dump(n) for a in node.value.args for n in ast.walk(a) if isinstance(n, ast.expr)}
            self._call(file, node.value, {"itself+"} if targets & given else set())
        if _compiles(node.value):
            self._compiled |= {n.id for t in node.targets for n in ast.walk(t) if isinstance(n, ast.Name)}
            self._compiled |= {n.attr for t in node.targets for n in ast.walk(t) if isinstance(n, ast.Attribute)}


def package(stack: Stack) -> str:
    """The installed package that the user's line calls, as `jax`; empty where it is none, or one that we know."""
    at = max((i for i, f in enumerate(stack.frames) if is_own(f)), default=-1)
    below = stack.frames[at + 1 :]
    found = re.search(r"/(?:site|dist)-packages/(\w+)", below[0].file.replace("\\", "/")) if below else None
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


def _elements(loop: Loop) -> Iterator[int]:
    """Lines of a loop that take elements by its own number, or compute with the item that it has in hand.

    Lines that take slices take many at once.
    """
    if isinstance(loop, ast.For):
        items = {n.id for n in ast.walk(loop.target) if isinstance(n, ast.Name)}
    else:  # a number that it counts up itself
        items = {n.target.id for n in ast.walk(loop) if isinstance(n, ast.AugAssign) and isinstance(n.target, ast.Name)}
    is_number = isinstance(loop, ast.While) or (isinstance(loop.iter, ast.Call) and "range" in names_of(loop.iter))
    inner = [n for part in loop.body for n in ast.walk(part)]
    callees = {id(_root(n.func)) for n in inner if isinstance(n, ast.Call)}  # layers, agents: no numbers
    slices = {line for n in inner if isinstance(n, ast.Slice) for line in _lines(n)}
    kinds: tuple[type[ast.expr], ...] = (ast.Subscript,) if is_number else (ast.Subscript, ast.BinOp, ast.Call)
    whole = (
        set[int]() if is_number else {n.lineno for n in inner if isinstance(n, ast.BinOp | ast.Call) and _multiplies(n)}
    )
    for node in inner:
        if isinstance(node, kinds) and node.lineno not in slices | whole:
            within = node.slice if is_number and isinstance(node, ast.Subscript) else node
            if items & {n.id for n in ast.walk(within) if isinstance(n, ast.Name) and id(n) not in callees}:
                yield node.lineno


def _root(node: ast.expr) -> ast.expr:
    """Of `layer.norm.forward` the `layer`."""
    return _root(node.value) if isinstance(node, ast.Attribute) else node


def _recurs(loop: Loop) -> bool:
    """It writes elements of an array and reads others of it, `x[i + 1] = f(x[i])`, or makes a number from itself.

    Not sums, products and extremes: these have operations of their own.
    """
    written, read = set[tuple[str, str]](), set[tuple[str, str]]()
    for node in (n for part in loop.body for n in ast.walk(part)):
        if isinstance(node, ast.Subscript):
            (written if isinstance(node.ctx, ast.Store) else read).add(
                (ast.unparse(node.value), ast.unparse(node.slice))
            )
        elif isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            parts: list[ast.expr] = [node.value]
            if isinstance(node.value, ast.BinOp):
                parts = [p for p in (node.value.left, node.value.right) if not isinstance(p, ast.Name)]
            elif isinstance(node.value, ast.Call) and names_of(node.value) & _EXTREMES:
                parts = []
            if any(isinstance(n, ast.Name) and n.id == node.targets[0].id for p in parts for n in ast.walk(p)):
                return True
    return any(array == of and at != index for array, at in written for of, index in read)


def _multiplies(node: ast.BinOp | ast.Call) -> bool:
    return isinstance(node.op, ast.MatMult) if isinstance(node, ast.BinOp) else bool(names_of(node) & PRODUCTS)


def _compiles(node: ast.expr) -> bool:
    """A call, or a decorator, that has what it is given compiled: `jax.jit(f)`, `@njit`, `@partial(jax.jit, …)`."""
    names = {n.attr for n in ast.walk(node) if isinstance(n, ast.Attribute)}
    names |= {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
    return bool(names & _COMPILES) or {"tf", "function"} <= names


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


def _place(file: str) -> str:
    """Of a library's file what lies below where libraries are installed: folders above have any name (`envs/gym`).

    >>> _place("/opt/envs/gym/lib/python3.11/site-packages/torch/nn/modules/linear.py")
    '/torch/nn/modules/linear.py'
    """
    parts = re.split(r"/(?:(?:site|dist)-packages|python3\.\d+)(?=/)", file.replace("\\", "/"))
    return parts[-1] if len(parts) > 1 else "/" + "/".join(parts[0].split("/")[-DEPTH:])


@functools.cache
def _library(frame: Frame) -> Doing:
    name = f"{_place(frame.file)}:{frame.function}"
    return next((doing for doing, pattern in _LIBRARIES if re.search(pattern, name)), "python")
