"""Hooks, each of a library in a file of its own, are run when their module is imported."""

import contextlib
import sys

import _sixdays_files
import _sixdays_gym
import _sixdays_streams
import _sixdays_torch
import _sixdays_trackers
import _sixdays_writers


def install(agent):
    """Watches imports; what is imported already is hooked at once."""
    rooms = (_sixdays_streams, _sixdays_trackers, _sixdays_torch, _sixdays_gym, _sixdays_writers, _sixdays_files)
    hooks = {name: hook for room in rooms for name, hook in room.HOOKS.items()}
    hooks["multiprocessing.util"] = _children
    waiting = {name: hook for name, hook in hooks.items() if name not in sys.modules}
    for name in hooks.keys() - waiting.keys():
        _guarded(agent, hooks[name], sys.modules[name])
    sys.meta_path.insert(0, _Finder(agent, waiting))


def _guarded(agent, hook, module):
    try:
        hook(agent, module)
    except Exception as e:  # that hook is off, the program goes on
        agent.facts["hook " + hook.__name__] = repr(e)


class _Finder:
    """Lets others find a module, and has its hook run right after it was executed."""

    def __init__(self, agent, waiting):
        self.agent, self.waiting = agent, waiting

    def find_spec(self, name, path=None, target=None):
        if name not in self.waiting:
            return None
        for finder in sys.meta_path:
            if finder is self or not hasattr(finder, "find_spec"):
                continue
            spec = finder.find_spec(name, path, target)
            if spec is not None:
                if spec.loader is not None and hasattr(spec.loader, "exec_module"):
                    self._patch(spec.loader, name)
                return spec
        return None

    def _patch(self, loader, name):
        execute = loader.exec_module

        def exec_module(module):
            execute(module)
            hook = self.waiting.pop(name, None)  # only now: others ask for a module that they do not import
            if hook is not None:
                _guarded(self.agent, hook, module)

        with contextlib.suppress(AttributeError):  # a loader without room for it is left alone
            loader.exec_module = exec_module


def _children(agent, module):
    """A child of multiprocessing ends without running what is registered at exit; its finalizers it runs."""

    def begins(a):
        module.Finalize(None, a.end, exitpriority=-1000)
        _sixdays_streams.reseed(a)

    module.register_after_fork(agent, begins)
