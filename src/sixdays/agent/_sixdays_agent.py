"""Counts what a program does and notes when; `sitecustomize` starts it, `_sixdays_hooks` finds what to count.

Each process writes files of its own: PID.json (what it is; written anew by rename), PID.N.times (of counter N, int64
nanoseconds since the probe began less the agent's own), PID.N.ends (its events that ended an episode, int64),
PID.cpu (pairs of such times and CPU nanoseconds), PID.digests (one JSON a line), PID.stacks (JSON, written anew). A
process killed at any moment loses 0.3 s at most.
"""

import _thread
import atexit
import contextlib
import json
import os
import signal
import sys
import threading
import time
from array import array

EVERY, SPARSE = 1 << 20, 16
FLUSH_S = 0.1
LATE_NS = 300_000_000
STRAYED = 113  # how a process ends that runs in the project itself
PR_SET_TIMERSLACK = 29  # of linux/prctl.h
now = time.monotonic_ns


class Counter:
    """One site that moves. each: units an event stands for; bursts: gaps between updates in which it moved.

    ends: of an environment, the numbers of those events with which an episode ended; over: whether the last did.
    """

    __slots__ = (
        "bursts", "count", "each", "ended", "ends", "file", "first", "function", "kind", "last", "line", "over",
        "times", "written",
    )  # fmt: skip

    def __init__(self, kind, file, function, line, each):
        self.kind, self.file, self.function, self.line, self.each = kind, file, function, line, each
        self.count = self.bursts = self.written = self.ended = self.first = 0
        self.last, self.over = -1, False
        self.times, self.ends = array("q"), array("q")


class Agent:
    """The state of one process."""

    def __init__(self, folder, environ):
        self.folder = folder
        self.root = environ.get("SIXDAYS_AGENT_ROOT", "")
        self.copy = environ.get("SIXDAYS_AGENT_COPY", "")
        self.epoch = int(environ.get("SIXDAYS_AGENT_EPOCH") or now())
        self.every = float(environ.get("SIXDAYS_AGENT_STACKS") or 0.0)
        seed = environ.get("SIXDAYS_AGENT_SEED", "")
        self.seed = int(seed) if seed.lstrip("-").isdigit() else None
        self.early = False  # an optimiser is at its first updates
        # one that replaced itself by another program is still the first
        self.main = environ.get("SIXDAYS_AGENT_MAIN") in (None, str(os.getpid()))
        environ.setdefault("SIXDAYS_AGENT_MAIN", str(os.getpid()))
        self.fresh()

    def fresh(self):
        """As a new process: nothing counted, nothing written, no thread yet."""
        self.pid = os.getpid()
        self.counters = {}
        self.codes, self.equal = [], {}
        self.order = []
        self.updates = 0
        self.pause = 0
        self.facts = {}
        self.digests = []
        self.gain, self.state, self.due = 0.0, [], []  # rewards until now; those and what was shown last; see _stepped
        self.stacks, self.before, self.learner = {}, None, None
        self.stacks_due = 0
        self.names = {}
        self.outside = set()
        self.lock = threading.Lock()
        self.thread = None
        self.sampled = now()
        self.late = self.sampled + LATE_NS
        self.ended = False

    def __reduce__(self):
        """Sent to another process, within a class of the script's that is counted, it is the agent of that one."""
        return of_this_process, ()

    def watch(self):
        """Starts the thread that writes and samples, once there is something to write."""
        if self.thread is None and not self.ended:
            # not by threading: some programs wait until all threads but their own have ended
            self.thread = _thread.start_new_thread(self._watch, ())

    def count(self, kind, frame, at, each=1.0):
        """Notes one event at the site of a frame. at: when the program was through with it, and the agent began."""
        key = (kind, id(frame.f_code), frame.f_lineno)  # to hash a code is to hash all of it
        c = self.counters.get(key)
        if c is None:
            c = self._counter(key, kind, frame, at, each)
        n = c.count = c.count + 1
        if kind == "optimiser step":
            self.learner = threading.get_ident()
            if self.before is None:  # what comes before is no part of the phase that fills a run
                self.before, self.stacks = self.stacks, {}
        if c.last != self.updates:
            c.bursts += 1
            c.last = self.updates
        if n <= EVERY or not n % SPARSE:
            c.times.append(at - self.pause)
        if at > self.late:
            self._flush_here()
        return c

    def _counter(self, key, kind, frame, at, each):
        code = frame.f_code
        self.codes.append(code)  # no other may have its id
        c = self.equal.get((kind, code, frame.f_lineno))
        if c is not None:  # a function that is made anew for each task is still the same
            self.counters[key] = c
            return c
        c = self.equal[(kind, code, frame.f_lineno)] = Counter(
            kind, self.shown(code.co_filename), code.co_name, frame.f_lineno, each
        )
        c.first = at - self.pause
        with self.lock:
            self.counters[key] = c
            self.order.append(c)
        self.watch()
        return c

    def counts(self):
        return [[c.kind, c.file, c.function, c.line, c.count] for c in self.order]

    def shown(self, path):
        """A file relative to the project where it lies in it."""
        found = self.names.get(path)
        if found is None:
            full = os.path.abspath(path)
            real = os.path.realpath(full)
            found = full
            for top in (self.root, self.copy):  # the copy, where it lies in the project
                for way in (full, real):
                    if top and way.startswith(top + os.sep):
                        found = os.path.relpath(way, top)
            self.names[path] = found
        return found

    def digest(self, what, site, at, **more):
        self.digests.append(dict(what=what, site=site, at=at, counts=self.counts(), **more))

    def _watch(self):
        me = threading.get_ident()
        with contextlib.suppress(Exception):  # the program's signals are its own threads'
            signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        wait = min(self.every, FLUSH_S) if self.every else FLUSH_S
        if self.every:
            # Else a sample waits up to 5 ms for the interpreter, and is taken where a line writes or waits.
            _at_once()
            _on_time()
        flushed = self.sampled = now()
        while not self.ended:
            time.sleep(wait)
            try:
                if self.every:
                    self._sample(me)
                if now() - flushed >= FLUSH_S * 1e9:
                    usual = _at_once()
                    try:
                        self.flush()
                    finally:
                        sys.setswitchinterval(usual)
                    flushed = now()
            except Exception as e:
                self.facts["agent error"] = repr(e)

    def _flush_here(self):
        """In the program's own thread, whose hooks add what it takes to the pause.

        One that gives the interpreter away and takes it back every few milliseconds, as NumPy's generators do, keeps
        others waiting for seconds: their wait starts anew each time.
        """
        with contextlib.suppress(Exception):
            self.flush()

    def _sample(self, me):
        at = now()
        took, self.sampled = (at - self.sampled) / 1e9, at
        main = self.learner or threading.main_thread().ident  # which waits, where another one learns
        for ident, frame in sys._current_frames().items():
            if ident == me:
                continue
            stack = []
            while frame is not None and len(stack) < 60:
                line = frame.f_lineno or 0  # None before a function's first line
                stack.append((frame.f_code.co_filename, line, frame.f_code.co_name))
                frame = frame.f_back
            key = (ident == main, tuple(reversed(stack)))
            self.stacks[key] = self.stacks.get(key, 0.0) + took

    def flush(self, last=False):
        """Writes what is new; nothing where another thread is at it."""
        self.late = now() + LATE_NS
        if not self.lock.acquire(blocking=last):
            return
        try:
            base = os.path.join(self.folder, str(self.pid))
            for i, c in enumerate(self.order):
                n = len(c.times)
                if n > c.written:
                    with open(f"{base}.{i}.times", "ab") as f:
                        array("q", [t - self.epoch for t in c.times[c.written : n]]).tofile(f)
                    c.written = n
                n = len(c.ends)
                if n > c.ended:
                    with open(f"{base}.{i}.ends", "ab") as f:
                        c.ends[c.ended : n].tofile(f)
                    c.ended = n
            with open(base + ".cpu", "ab") as f:
                pause = self.pause
                array("q", [now() - pause - self.epoch, time.process_time_ns() - pause, pause]).tofile(f)
            if self.digests:
                todo = self.digests[:]  # others may be added meanwhile
                del self.digests[: len(todo)]
                with open(base + ".digests", "a", encoding="utf-8") as f:
                    f.write("".join(json.dumps(d) + "\n" for d in todo))
            self._replace(base + ".json", self._about())
            if (self.stacks or self.before) and (last or now() >= self.stacks_due):
                began = now()
                shown = [
                    [is_main, [[self.shown(f), line, name] for f, line, name in frames], s]
                    for (is_main, frames), s in self._steady()
                ]
                self._replace(base + ".stacks", shown)
                # many stacks take long to write: the seldomer, but a run that is killed must have left some
                self.stacks_due = now() + min(50 * (now() - began), 1_000_000_000)
        finally:
            self.lock.release()

    def _steady(self):
        """Samples since the first update, if they are of half a second at least; else all."""
        stacks = dict(self.stacks)
        if self.before and sum(stacks.values()) < 0.5:
            for key, s in self.before.items():
                stacks[key] = stacks.get(key, 0.0) + s
        return list(stacks.items())

    def _about(self):
        return {
            "pid": self.pid, "main": self.main, "pause": self.pause, "facts": self._facts(),
            "modules": _versions(), "outside": sorted(self.outside),
            "counters": [
                [c.kind, c.file, c.function, c.line, c.each, c.count, c.bursts, c.first - self.epoch]
                for c in self.order
            ],
        }  # fmt: skip

    def _facts(self):
        # Python takes the name away from its main module when the script has ended
        script = getattr(sys.modules.get("__main__"), "__file__", None) or getattr(sys, "argv", [""])[0]
        facts = dict(self.facts, executable=sys.executable, version=".".join(map(str, sys.version_info[:3])))
        if script:
            facts["entry"] = self.shown(script)
        with contextlib.suppress(Exception):  # a program may put anything there
            words = json.dumps([str(word) for word in sys.argv])
            facts.update({"words": words} if len(words) < 5000 else {})
        torch = sys.modules.get("torch")
        try:
            if torch is not None and hasattr(torch, "get_num_threads"):
                facts["torch threads"] = str(torch.get_num_threads())
        except Exception:  # half imported
            pass
        return facts

    def _replace(self, path, value):
        with open(path + ".new", "w", encoding="utf-8") as f:
            f.write(json.dumps(value))  # in C; dump goes piece by piece
        os.replace(path + ".new", path)

    def end(self):
        self.ended = True
        raised = getattr(sys, "last_value", None)  # what ended it: a shell or a pipe around it may hide that
        with contextlib.suppress(Exception):
            if raised is not None and self.main:
                self.facts["raised"] = f"{type(raised).__name__}: {raised}"[:300]
        if self.order or self.main:
            with contextlib.suppress(Exception):
                self.flush(last=True)


_INTERESTING = (
    "torch numpy gymnasium gym jax tensorflow keras matplotlib tensorboard tensorboardX wandb mlflow tqdm pandas scipy "
    "stable_baselines3 lightning pytorch_lightning transformers accelerate datasets hydra omegaconf tyro click cv2 PIL "
    "torchvision pygame sklearn numba mujoco"
).split()


def _versions():
    found = {}
    for name in _INTERESTING:
        module = sys.modules.get(name)
        if module is not None:
            found[name] = str(getattr(module, "__version__", ""))
    return found


def _at_once():
    """Lets a thread that waits for the interpreter have it after 10 µs; what it was set to."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(min(usual, 1e-5))
    return usual


def _on_time():
    """Linux wakes this thread when it is due, not up to 50 µs later: the first line to let go had those samples."""
    with contextlib.suppress(Exception):
        import ctypes

        ctypes.CDLL(None).prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0)


_begun = []


def of_this_process():
    return _begun[0]


def begin(folder, environ):
    """Starts counting in this process and in those that it forks."""
    agent = Agent(folder, environ)
    _begun.append(agent)
    atexit.register(agent.end)

    def forked():
        agent.main = False
        agent.fresh()

    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=forked)
    import _sixdays_files
    import _sixdays_hooks

    if agent.root and agent.copy and agent.root != agent.copy:
        strayed = _sixdays_files.strayed(agent)
        if strayed:  # before any line of the user's: it would write what is the user's
            with open(os.path.join(folder, f"{agent.pid}.strayed"), "w", encoding="utf-8") as f:
                f.write(strayed)
            os._exit(STRAYED)
        _redirect(agent)

    _sixdays_hooks.install(agent)
    if agent.main:  # others have nothing to write until they count something
        agent.watch()
    _sixdays_files.watch(agent)


def _inside(path, root):
    return path == root or path.startswith(root + os.sep)


def _redirect(agent):
    """Leads what is imported from the project, editable installs included, into the copy."""
    here = os.path.dirname(os.path.realpath(__file__))

    def led(path):
        if not isinstance(path, str) or not _inside(path, agent.root) or os.path.realpath(path) == here:
            return path
        there = agent.copy + path[len(agent.root) :]
        return there if os.path.exists(there) and not _inside(path, sys.prefix) else path

    sys.path[:] = [led(p) for p in sys.path]
    for name, module in list(sys.modules.items()):
        if name.startswith("__editable__"):
            mapping = getattr(module, "MAPPING", {})
            mapping.update({k: led(v) for k, v in mapping.items()})
            spaces = getattr(module, "NAMESPACES", {})  # of packages without an __init__
            spaces.update({k: [led(p) for p in v] for k, v in spaces.items()})
