"""Which files outside of the copy are written, made or removed."""

import functools
import os
import sys

MOST = 50  # that are named, but for those of the project itself
# The event, and where its paths stand among its arguments; the last argument of some is an open folder, or -1.
_WRITES = {
    "open": (0,), "os.rename": (0, 1), "os.mkdir": (0,), "os.remove": (0,), "os.rmdir": (0,), "os.link": (1,),
    "os.symlink": (1,), "os.truncate": (0,), "shutil.rmtree": (0,),
}  # fmt: skip
_OF_FOLDER = frozenset("os.rename os.mkdir os.remove os.rmdir os.link os.symlink".split())


def watch(agent):
    if not hasattr(sys, "addaudithook") or not agent.copy:
        return

    def hook(event, args):
        places = _WRITES.get(event)
        if places is None:
            return
        try:
            if event == "open":
                mode, flags = args[1], args[2]
                if not (any(m in mode for m in "wax+") if mode else flags & 3):
                    return
            if event in _OF_FOLDER and args[-1] != -1:  # names within an open folder, whose removal is told as one
                return
            for at in places:
                if event != "os.mkdir" or not os.path.isdir(args[at]):
                    note(agent, args[at])
        except Exception:  # an audit hook that raises would stop what it looks at
            agent.facts["hook writes"] = event

    sys.addaudithook(hook)


def note(agent, path):
    """A path that is written, if it lies outside of the copies."""
    if isinstance(path, int):
        return
    full = os.path.realpath(os.fsdecode(path))
    copies = _folder(os.environ.get("SIXDAYS_AGENT_COPIES") or os.path.dirname(agent.copy))
    if full.startswith((copies, "/dev/", "/proc/")) or "__pycache__" in full:
        return
    if len(agent.outside) < MOST or full.startswith(_folder(agent.root)):
        agent.outside.add(full)


@functools.lru_cache(8)
def _folder(path):
    return os.path.realpath(path) + os.sep


def _saved(agent, module):
    """torch.save writes from C++, which no audit hook sees."""
    save = module.save

    @functools.wraps(save)
    def saved(obj, f, *args, **kwargs):
        if agent.copy and isinstance(f, (str, os.PathLike)):
            try:
                note(agent, f)
            except Exception as e:
                agent.facts["hook saved"] = repr(e)
        return save(obj, f, *args, **kwargs)

    module.save = saved


HOOKS = {"torch.serialization": _saved}
