"""Our own training scripts really run, and their patches keep the numbers or change them, as their names say.

Run as a program, this file reads jobs (folder, words) from stdin, runs each in a fork of one process that has
imported torch already, and prints what each computed: importing torch 60 times would take minutes.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import importlib.util
import io
import json
import os
import runpy
import shutil
import subprocess
import sys
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.scripts import FOLDER, SCRIPTS, Patch

ROOT = Path(__file__).parents[2]
TRAINED = tuple(s for s in SCRIPTS if s.patches)
PATCHES = tuple(p for s in TRAINED for p in s.patches)
WRONG_OF_ALL = {"learning-rate-up", "learning-rate-down", "every-second-update", "no-updates", "cached", "counter"} | {
    "shorter-network"
}


@dataclass(frozen=True)
class Computed:
    """What a run computed: lines it printed, and after each update which optimiser's parameters, hash and a part."""

    exit: int
    printed: list[str]
    updates: list[tuple[int, str, list[float]]]
    error: str = ""


def needed(*packages: str) -> None:
    """Skips where a package is missing; fails there where everything is required."""
    missing = [p for p in packages if importlib.util.find_spec(p) is None]
    if missing and os.environ.get("SIXDAYS_REQUIRE_ALL") == "1":
        pytest.fail(f"not installed: {', '.join(missing)}")
    if missing:
        pytest.skip(f"needs {', '.join(missing)}: pip install {' '.join(missing)}")


def copy_to(folder: Path) -> Path:
    return shutil.copytree(FOLDER, folder, ignore=shutil.ignore_patterns("__pycache__", "*.toml"))


def apply(patch: Patch, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["git", "apply", str(patch.path)], cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def computed(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], Computed]:
    """Of each script with patches, by (script, patch; "" is without one), what a short run computed."""
    needed(*{n for s in TRAINED for n in s.needs})
    base = tmp_path_factory.mktemp("scripts")
    jobs: dict[str, tuple[Path, list[str]]] = {}
    for s in TRAINED:
        for patch in (None, None, *s.patches):  # twice without: it must repeat itself
            key = f"{s.name}/{f'{patch.promise}.{patch.what}' if patch else ('again' if f'{s.name}/' in jobs else '')}"
            folder = copy_to(base / str(len(jobs)))
            if patch:
                apply(patch, folder)
            jobs[key] = (folder, list(s.argv(short=True)[1:]))
    told = json.dumps([[key, str(folder), words] for key, (folder, words) in jobs.items()])
    env = os.environ | {
        "OMP_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "PYTHONPATH": str(ROOT),
        "PYTHONHASHSEED": "0",
        "MPLBACKEND": "Agg",
    }
    ran = subprocess.run([sys.executable, __file__], input=told, env=env, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    found: dict[tuple[str, str], Computed] = {}
    for key, value in json.loads(ran.stdout).items():
        name, patch_name = key.split("/")
        found[name, patch_name] = Computed(**value)
    return found


def label(patch: Patch) -> str:
    return f"{patch.script}.{patch.promise}.{patch.what}"


def largest_difference(a: Computed, b: Computed, updates: int) -> float:
    """The largest relative one between parameters over the first updates; infinite where they do not correspond."""
    pairs = list(zip(a.updates[:updates], b.updates[:updates], strict=False))
    if len(a.updates) != len(b.updates) or any(x[0] != y[0] or len(x[2]) != len(y[2]) for x, y in pairs):
        return float("inf")
    return max(abs(p - q) / (abs(p) + 1e-3) for x, y in pairs for p, q in zip(x[2], y[2], strict=True))


@pytest.mark.parametrize("patch", PATCHES, ids=label)
def test_each_patch_applies_to_the_script_it_is_named_after(patch: Patch, tmp_path: Path) -> None:
    folder = copy_to(tmp_path / "copy")
    before = (folder / f"{patch.script}.py").read_text()
    ran = apply(patch, folder)
    assert ran.returncode == 0, ran.stderr
    assert (folder / f"{patch.script}.py").read_text() != before


@pytest.mark.parametrize("name", [s.name for s in TRAINED])
def test_a_script_with_patches_repeats_its_numbers(name: str, computed: dict[tuple[str, str], Computed]) -> None:
    one, two = computed[name, ""], computed[name, "again"]
    assert one.exit == 0, one.error
    assert len(one.updates) >= 5
    assert one == two


@pytest.mark.parametrize("patch", [p for p in PATCHES if p.promise == "same"], ids=label)
def test_a_patch_that_promises_the_same_changes_no_bit(patch: Patch, computed: dict[tuple[str, str], Computed]) -> None:
    after = computed[patch.script, f"{patch.promise}.{patch.what}"]
    assert after.error == ""
    assert after == computed[patch.script, ""]


@pytest.mark.parametrize("patch", [p for p in PATCHES if p.promise == "equivalent"], ids=label)
def test_a_patch_that_promises_an_equivalent_differs_by_rounding_only(
    patch: Patch, computed: dict[tuple[str, str], Computed]
) -> None:
    before, after = computed[patch.script, ""], computed[patch.script, f"{patch.promise}.{patch.what}"]
    assert after.error == ""
    assert largest_difference(before, after, 5) < 1e-3


@pytest.mark.parametrize("patch", [p for p in PATCHES if p.promise == "wrong"], ids=label)
def test_a_wrong_patch_runs_and_changes_what_is_computed(
    patch: Patch, computed: dict[tuple[str, str], Computed]
) -> None:
    before, after = computed[patch.script, ""], computed[patch.script, f"{patch.promise}.{patch.what}"]
    assert after.exit == 0, after.error
    assert after.updates != before.updates or after.printed != before.printed


def test_each_cheat_is_written_for_five_scripts_at_least() -> None:
    for what in (*WRONG_OF_ALL, "fewer-evaluated"):
        assert sum(p.what == what for p in PATCHES) >= 5, what


# What follows runs in the other process.


def watch(updates: list[tuple[int, str, list[float]]]) -> None:
    """Notes the parameters after each update of each optimiser, in torch's own hook."""
    import torch
    from torch.optim.optimizer import register_optimizer_step_post_hook

    order: list[Any] = []

    def note(optimiser: Any, args: object, kwargs: object) -> None:
        if all(o is not optimiser for o in order):
            order.append(optimiser)
        flat = torch.cat([p.detach().flatten() for group in optimiser.param_groups for p in group["params"]])
        bits = hashlib.blake2b(flat.numpy().tobytes(), digest_size=8).hexdigest()
        at = next(i for i, o in enumerate(order) if o is optimiser)
        updates.append((at, bits, flat[:: max(1, len(flat) // 200)].tolist()))

    register_optimizer_step_post_hook(note)


def run_here(folder: str, words: list[str]) -> dict[str, Any]:
    """Runs a script in this process, and what it computed."""
    updates: list[tuple[int, str, list[float]]] = []
    os.chdir(folder)
    sys.argv = words
    watch(updates)
    code, error, out = 0, "", io.StringIO()
    try:
        with contextlib.redirect_stdout(out):
            runpy.run_path(words[0], run_name="__main__")
    except SystemExit as end:
        code = int(end.code or 0)
    except Exception:
        code, error = 1, traceback.format_exc()
    return {"exit": code, "printed": out.getvalue().splitlines(), "updates": updates, "error": error}


def forks(jobs: list[tuple[str, str, list[str]]], beside: int) -> Iterator[tuple[str, Any]]:
    """What each job computed, some of them side by side, each in its own fork."""
    running: dict[int, tuple[str, str]] = {}
    while jobs or running:
        if jobs and len(running) < beside:
            key, folder, words = jobs.pop(0)
            pid = os.fork()
            if pid == 0:
                answer = json.dumps(run_here(folder, words))
                Path(folder, "answer.json").write_text(answer)
                os._exit(0)
            running[pid] = (key, folder)
        else:
            pid, _ = os.wait()
            key, folder = running.pop(pid)
            yield key, json.loads(Path(folder, "answer.json").read_text())


def main() -> None:
    """Imports once all that the forks would import each: the optimisers' lazy part is the dearest."""
    for module in ("matplotlib.pyplot", "gymnasium.envs.classic_control", "torch._dynamo", "torch.utils.data"):
        importlib.import_module(module)
    import torch

    torch.set_num_threads(1)
    print(json.dumps(dict(forks(json.load(sys.stdin), beside=2))))


if __name__ == "__main__":
    main()
