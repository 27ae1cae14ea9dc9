"""The environment of a short run: the user's, but nothing leaves the machine and no window opens."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Collection, Mapping
from pathlib import Path

AGENT = Path(__file__).parent.parent / "agent"
# Trackers that would send what a probe does over the net write into the copy, or nowhere.
OFFLINE = {
    "WANDB_MODE": "offline",
    "WANDB_SILENT": "true",
    "COMET_START_ONLINE": "0",
    "NEPTUNE_MODE": "offline",
    "CLEARML_OFFLINE_MODE": "1",
    "SWANLAB_MODE": "offline",
    "DVC_STUDIO_OFFLINE": "1",
    "AIM_ACCESS_TOKEN": "",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "UV_NO_SYNC": "1",  # a copy is no reason to change the environment that it links to
    "UV_FROZEN": "1",
    "PIP_DRY_RUN": "1",
}
# The user's own value holds where there is one.
UNLESS_SET = {
    "HF_HUB_OFFLINE": "1",
    "HF_DATASETS_OFFLINE": "1",
    "PYTHONHASHSEED": "0",
    "SOURCE_DATE_EPOCH": "315532800",
}
_PATH = re.compile(rb"""\bPYTHONPATH=("[^"\n]*"|'[^'\n]*'|(?:\$\([^()\n]*\)|`[^`\n]*`|[^\s;&|"'()`])*)(?=[\s;&|]|$)""")
WITHOUT_DISPLAY = {"MPLBACKEND": "Agg", "SDL_VIDEODRIVER": "dummy", "SDL_AUDIODRIVER": "dummy"}


def keeping_path(text: bytes, path: str) -> bytes:
    """A shell script, or words of a command, that set PYTHONPATH anew, with what it must hold behind that.

    >>> keeping_path(b'export PYTHONPATH="a b" # x', "$PYTHONPATH")
    b'export PYTHONPATH="a b":$PYTHONPATH # x'
    >>> keeping_path(b"PYTHONPATH=src:$PYTHONPATH python t.py", "$PYTHONPATH")
    b'PYTHONPATH=src:$PYTHONPATH python t.py'
    >>> keeping_path(b"export PYTHONPATH=$(dirname $0)/src", "$PYTHONPATH")
    b'export PYTHONPATH=$(dirname $0)/src:$PYTHONPATH'
    >>> keeping_path(b"PYTHONPATH=$(f $(g x)) python t.py", "$PYTHONPATH")
    b'PYTHONPATH=$(f $(g x)) python t.py'
    """
    behind = os.fsencode(os.pathsep + path)
    return _PATH.sub(lambda m: m[0] if b"PYTHONPATH" in m[1] else m[0] + behind, text)


def environment(
    of_user: Mapping[str, str],
    own: Mapping[str, str],
    unset: Collection[str],
    led: Callable[[str], str],
    *,
    root: str,
    cwd: str,
    folder: str,
) -> dict[str, str]:
    """own: what the command sets. unset: taken out. led: where a path leads. folder: that holds the copy at root."""
    env = _led(of_user, led)
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    quiet = {k: v for k, v in OFFLINE.items() if env.get(k) not in ("disabled", "dryrun")}
    for_all = os.path.dirname(folder)
    builds = {"TORCHINDUCTOR_CACHE_DIR": os.path.join(for_all, "compiled")}
    if not os.path.isdir(os.path.join(env.get("HOME", ""), ".cache", "torch_extensions")):  # else they are built
        builds["TORCH_EXTENSIONS_DIR"] = os.path.join(for_all, "extensions")  # one that is killed leaves a lock there
    env = {
        **UNLESS_SET,
        **builds,
        **env,
        **quiet,
        "PYTHONUNBUFFERED": "1",
        "TMPDIR": os.path.join(folder, ".tmp"),
        "PWD": cwd,
    }
    env["MLFLOW_TRACKING_URI"] = Path(root, "mlruns").as_uri()
    if sys.platform != "darwin" and not (env.get("DISPLAY") or env.get("WAYLAND_DISPLAY")):
        env = {**WITHOUT_DISPLAY, **env}
    env.update(_led(own, led))
    for name in unset:
        env.pop(name, None)
    return env


def _led(env: Mapping[str, str], led: Callable[[str], str]) -> dict[str, str]:
    """Values with paths that lead where the copy's do; what it does not have of PATH stays the user's."""
    made = {}
    for name, value in env.items():
        parts = value.split(os.pathsep) if name in ("PATH", "PYTHONPATH") else [value]
        there = [led(part) for part in parts]
        if name == "PATH":
            there = [new if os.path.isdir(new) else old for new, old in zip(there, parts, strict=True)]
        made[name] = os.pathsep.join(there)
    return made
