"""Which files outside of the copy are written, made or removed; those of the user's are kept from it."""

import contextlib
import errno
import functools
import os
import shutil
import sys

MOST = 50  # that are named, but for those of the project itself
MOST_COPIED = 2 << 30  # of a file that a run writes on in, to which its copy only links
# The event, and where its paths stand among its arguments; the last argument of some is an open folder, or -1.
_WRITES = {
    "open": (0,), "os.rename": (0, 1), "os.mkdir": (0,), "os.remove": (0,), "os.rmdir": (0,), "os.link": (1,),
    "os.symlink": (1,), "os.truncate": (0,), "shutil.rmtree": (0,),
}  # fmt: skip
_OF_FOLDER = frozenset("os.rename os.mkdir os.remove os.rmdir os.link os.symlink".split())
_TAKES_AWAY = frozenset("os.rename os.remove os.rmdir shutil.rmtree".split())
_MADE = set()  # files that this process has made: it may take them away


def watch(agent):
    if not hasattr(sys, "addaudithook") or not agent.copy:
        return

    def hook(event, args):
        places = _WRITES.get(event)
        if places is None:
            return
        refused = None
        try:
            if _writes_nothing(event, args):
                return
            if event in ("open", "os.truncate") and not isinstance(args[0], int):
                flags = args[2] if event == "open" else os.O_APPEND
                refused = spared(agent, args[0], bool(flags & os.O_TRUNC), bool(flags & (os.O_TRUNC | os.O_APPEND)))
                if not (refused or os.path.lexists(args[0])):
                    _MADE.add(_entry(args[0]))
            paths = [args[at] for at in places]
            if event in _TAKES_AWAY:  # a link itself, not what it leads to
                paths = [_entry(path) for path in paths]
                refused = next(filter(None, (_refused(agent, path) for path in paths)), None)
            for path in () if refused else paths:
                note(agent, path, event not in _TAKES_AWAY)
                if event == "os.remove" and path in _MADE:  # a lock, a file for a moment
                    agent.outside.discard(path)
        except Exception:  # an audit hook that raises stops what it looks at
            agent.facts["hook writes"] = event
        if refused is not None:
            raise refused

    sys.addaudithook(hook)


def _writes_nothing(event, args):
    if event == "open":
        mode, flags = args[1], args[2]
        return not (any(m in mode for m in "wax+") if mode else flags & 3)
    if event == "os.mkdir":
        return args[-1] != -1 or os.path.isdir(args[0])
    return event in _OF_FOLDER and args[-1] != -1  # names within an open folder, whose removal is told as one


def note(agent, path, is_followed=True):
    """A path that is written, if it lies outside of the copies. is_followed: where it leads is meant."""
    if isinstance(path, int):
        return
    full = os.path.realpath(os.fsdecode(path)) if is_followed else path
    if full.startswith((copies(agent), "/dev/", "/proc/")) or "__pycache__" in full:
        return
    if len(agent.outside) < MOST or full.startswith(_folder(agent.root)):
        agent.outside.add(full)


def copies(agent):
    """The folder of all copies, by its real name."""
    return _folder(os.environ.get("SIXDAYS_AGENT_COPIES") or os.path.dirname(agent.copy))


@functools.lru_cache(8)
def _folder(path):
    return os.path.realpath(path) + os.sep


def spared(agent, path, is_anew, is_changed=True):
    """Before a file is written: where a copy only links to the user's, it gets one of its own; an error that is to be
    raised where it cannot. is_anew: what stands in it is of no use. is_changed: it is written for sure; what is opened
    to be read and written is mostly read (numpy.memmap), and a change is seen afterwards.
    """
    real = os.path.realpath(os.fsdecode(path))
    if real.startswith((copies(agent), "/dev/", "/proc/")) or not os.path.isfile(real):
        return None
    entry = _entry(path)
    last = None  # of the links on the way, in the copies
    while entry.startswith(copies(agent)) and os.path.islink(entry):
        last, entry = entry, _entry(os.path.join(os.path.dirname(entry), os.readlink(entry)))
    if last is None:
        is_empty = os.path.getsize(real) == 0  # a lock
        return _refused(agent, real) if is_changed and not (is_anew and is_empty) else None
    size = 0 if is_anew else os.path.getsize(real)
    if size > min(MOST_COPIED, shutil.disk_usage(os.path.dirname(last)).free // 2):
        return _error(real) if is_changed else None
    own = f"{last}.{os.getpid()}"
    try:
        if is_anew:
            with open(own, "wb"):
                shutil.copymode(real, own)
        else:
            shutil.copy2(real, own)
        os.replace(own, last)
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(own)
        return _error(real)
    return None


def _entry(path):
    """Its real name, but for a link that it is itself."""
    folder, name = os.path.split(os.path.abspath(os.fsdecode(path)))
    return os.path.join(os.path.realpath(folder), name)


def _refused(agent, real):
    """The error for a file of the user's project that is there; none for one of an environment, or a hidden one."""
    top = _folder(agent.root)
    inner = os.sep + real[len(top) :]
    is_ours = real in _MADE or real.startswith((copies(agent), _folder(sys.prefix)))
    if not real.startswith(top) or is_ours or not os.path.lexists(real):
        return None
    return None if "/." in inner or "/site-packages/" in inner or "__pycache__" in inner else _error(real)


def _error(real):
    return PermissionError(errno.EACCES, "a short run of sixdays must not write this file of the user's", real)


def strayed(agent):
    """The folder or the script that this process runs in, where it is the project itself; empty else.

    What the copy links to is no other place: environments, data that are too much to copy.
    """
    script = (getattr(sys, "argv", None) or [""])[0]  # none yet in an interpreter within another program
    found = [script] if script[:1] not in ("", "-") and os.path.isfile(script) else []
    with contextlib.suppress(OSError):  # the folder is gone
        found.append(os.getcwd())
    top = os.path.realpath(agent.root)
    for path in found:
        real = os.path.realpath(path)
        if not (real + os.sep).startswith(top + os.sep) or (real + os.sep).startswith(copies(agent)):
            continue
        inner = real[len(top) :]
        if "/." not in inner and os.path.realpath(agent.copy + inner) != real:
            return real
    return ""


def _saving(name, key):
    """For writers outside of Python, whose files no audit hook sees: the second argument, or this key, says where."""

    def hook(agent, module):
        save = getattr(module, name)

        @functools.wraps(save)
        def saved(*args, **kwargs):
            target, refused = args[1] if len(args) > 1 else kwargs.get(key), None
            if agent.copy and isinstance(target, (str, os.PathLike)):
                try:
                    refused = spared(agent, target, True)
                    if refused is None:
                        note(agent, target)
                except Exception as e:
                    agent.facts["hook saved"] = repr(e)
            if refused is not None:
                raise refused
            return save(*args, **kwargs)

        setattr(module, name, saved)

    return hook


HOOKS = {
    "torch.serialization": _saving("save", "f"), "safetensors.torch": _saving("save_file", "filename"),
    "safetensors.numpy": _saving("save_file", "filename"),
}  # fmt: skip
