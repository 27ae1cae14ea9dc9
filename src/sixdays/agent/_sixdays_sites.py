"""What all hooks need: where in the user's code something was called, and how to look on without harm."""

import contextlib
import re
import sys

from _sixdays_agent import now

_OURS = {}  # by the ids of code: to hash a code is to hash all of it, of a script all that it holds
_EVALUATES = {}
_CODES = []  # that are kept, so that no other has their ids
# One that trains too is none, nor is one that asks whether a move is valid.
_EVALUATION = re.compile(
    r"^(?!(?:.*_)?(?:train|fit|learn)(?:_(?:and_)?(?:eval|valid|val|test)|$))(?!.*(?:eval|valid|val|test)\w*_and_(?:train|fit|learn))"
    r"(?:(?:.*_)?(?:eval\w*|validat\w*|val|test|tests|testing)(?:_|$)|(?:.*(?<!is)_)?valid(?:_(?:epoch|step|loop|set|fn|func|one_epoch|model|batch))?$)"
)


def caller(packages):
    """The nearest frame outside these packages (and outside of us)."""
    frame = sys._getframe(2)
    while frame.f_back is not None:
        code = frame.f_code
        inner = _OURS.get((id(code), packages))
        if inner is None:
            name = (frame.f_globals.get("__name__", "") or "") + "."
            ours = ("_sixdays", "fast_start", "contextlib.")
            inner = name.startswith((*ours, *(p + "." for p in packages)))
            _OURS[(id(code), packages)] = inner
            _CODES.append(code)
        if not inner:
            return frame
        frame = frame.f_back
    return frame


def stepper(packages):
    """The caller; below a function that evaluates by its name, that one: both may play by the same function."""
    frame = found = caller(packages)
    while frame is not None:
        code = frame.f_code
        evaluates = _EVALUATES.get(id(code))
        if evaluates is None:
            evaluates = _EVALUATES[id(code)] = _EVALUATION.search(code.co_name) is not None
            _CODES.append(code)
        if evaluates:
            return frame
        frame = frame.f_back
    return found


def captures():
    """Whether a CUDA graph is being recorded: nothing may be fetched then."""
    cuda = getattr(sys.modules["torch"], "cuda", None)
    return cuda is not None and cuda.is_initialized() and cuda.is_current_stream_capturing()


def wait_for(of):
    """Waits for what a GPU still does for the program: the agent, which fetches, would take that for its own time."""
    tensors = [p for g in of.param_groups for p in g["params"][:1]] if hasattr(of, "param_groups") else [of]
    with contextlib.suppress(Exception):
        if any(getattr(t, "is_cuda", False) for t in tensors) and not captures():
            sys.modules["torch"].cuda.synchronize()


def quietly(agent, f):
    """Calls f with the time, of which the program knows nothing."""
    began = now()
    try:
        f(began)
    except Exception as e:
        agent.facts["hook call"] = repr(e)
    agent.pause += now() - began
