"""Our own training scripts really run, and their patches keep the numbers or change them, as their names say.

Run as a program, this file reads jobs (folder, words) from stdin, runs each in a fork of one process that has
imported torch already, and prints what each computed: importing torch 60 times would take minutes.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import io
import itertools
import json
import os
import re
import runpy
import select
import shutil
import signal
import subprocess
import sys
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.needed import needed
from tests.scripts import FOLDER, SCRIPTS, Patch, Script, script

ROOT = Path(__file__).parents[2]
TRAINED = tuple(s for s in SCRIPTS if "torch" in s.needs and s.exit == 0 and s.run.startswith("python "))
PATCHED = tuple(s for s in SCRIPTS if s.patches)
PATCHES = tuple(p for s in PATCHED for p in s.patches)
OTHERS = tuple(s for s in SCRIPTS if s not in TRAINED)
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


def copy_to(folder: Path) -> Path:
    return shutil.copytree(FOLDER, folder, ignore=shutil.ignore_patterns("__pycache__", "patches"))


def apply(patch: Patch, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["git", "apply", str(patch.path)], cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def computed(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], Computed]:
    """Of each script that trains with torch, by (script, patch; "" is without one), what a short run computed."""
    needed(*{n for s in TRAINED for n in s.needs})
    base = tmp_path_factory.mktemp("scripts")
    jobs: dict[str, tuple[Path, list[str]]] = {}
    for s in dict.fromkeys((*TRAINED, *PATCHED)):
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
    before = {p: p.read_bytes() for p in folder.rglob("*.py")}
    ran = apply(patch, folder)
    assert ran.returncode == 0, ran.stderr
    changed = {p.relative_to(folder).parts[0] for p, text in before.items() if p.read_bytes() != text}
    assert {name.removesuffix(".py") for name in changed} == {patch.script}


@pytest.mark.parametrize("name", [s.name for s in PATCHED])
def test_a_script_with_patches_repeats_its_numbers(name: str, computed: dict[tuple[str, str], Computed]) -> None:
    one, two = computed[name, ""], computed[name, "again"]
    assert one.exit == 0, one.error
    assert one.printed or one.updates
    assert one == two


@pytest.mark.parametrize("name", [s.name for s in TRAINED])
def test_a_script_of_torch_trains_and_ends(name: str, computed: dict[tuple[str, str], Computed]) -> None:
    one = computed[name, ""]
    assert one.exit == 0, one.error
    assert len({bits for _, bits, _ in one.updates}) >= 5


def test_a_script_without_seeds_computes_something_else_each_time(
    computed: dict[tuple[str, str], Computed],
) -> None:
    assert computed["unseeded", ""].updates != computed["unseeded", "again"].updates


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


# The others, as programs of their own.


@contextlib.contextmanager
def started(s: Script, folder: Path, *more: str, stdin: int = subprocess.DEVNULL) -> Iterator[subprocess.Popen[str]]:
    """A script in a copy of the folder, killed with all its group at the end."""
    needed(*s.needs)
    env = os.environ | {"OMP_NUM_THREADS": "1", "MPLBACKEND": "Agg", "PYTHON": sys.executable}
    words = s.argv(*more, short=s.exit is not None)
    process = subprocess.Popen(
        words,
        cwd=copy_to(folder / "copy"),
        env=env,
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(timeout=60)
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()


def lines(process: subprocess.Popen[str], n: int) -> list[str]:
    """Its next n lines, fewer where it ends."""
    assert process.stdout is not None
    return list(itertools.islice(process.stdout, n))


@pytest.mark.parametrize(
    "s", [s for s in OTHERS if s.exit is not None and s.name != "leaves_children"], ids=lambda s: s.name
)
def test_a_script_ends_with_the_status_of_the_table(s: Script, tmp_path: Path) -> None:
    with started(s, tmp_path) as process:
        out = process.communicate(timeout=60)[0]
        assert process.returncode == s.exit, out
    assert bool(out) == (s.name != "silent")


def test_the_helpers_of_a_script_go_on_without_it(tmp_path: Path) -> None:
    with started(script("leaves_children"), tmp_path) as process:
        first, *rest = lines(process, 4)
        assert rest[-1].startswith("step 3")
        assert process.wait(timeout=60) == 0
        for pid in first.split()[1:]:
            os.kill(int(pid), signal.SIGKILL)  # fails where it has ended


@pytest.mark.parametrize("s", [s for s in OTHERS if s.exit is None], ids=lambda s: s.name)
def test_a_script_that_does_not_end_makes_progress_at_first(s: Script, tmp_path: Path) -> None:
    with started(s, tmp_path, *(["4"] if s.name in ("eats_memory", "fills_disk") else [])) as process:
        grown = [float(re.findall(r"\d+", line)[0]) for line in lines(process, 2)]
        assert grown[1] > grown[0]
        assert process.poll() is None


def test_the_script_that_hangs_prints_nothing_more_and_goes_on(tmp_path: Path) -> None:
    with started(script("hangs"), tmp_path) as process:
        assert lines(process, 9)[-1].startswith("batch 40")
        assert process.stdout is not None
        assert select.select([process.stdout], [], [], 0.3)[0] == []
        assert process.poll() is None


def test_the_script_that_ignores_term_goes_on_after_it(tmp_path: Path) -> None:
    with started(script("ignores_term"), tmp_path) as process:
        lines(process, 1)
        process.terminate()
        assert any(line == "not now\n" for line in iter(lambda: lines(process, 1)[0], ""))
        assert "step" in lines(process, 1)[0]


def test_the_script_that_changes_itself_is_not_what_it_was(tmp_path: Path) -> None:
    with started(script("changes_itself"), tmp_path) as process:
        process.communicate(timeout=60)
    for name in ("changes_itself.py", "changes_itself.json"):
        assert (tmp_path / "copy" / name).read_text() != (FOLDER / name).read_text()


def test_the_script_that_ignores_help_has_trained(tmp_path: Path) -> None:
    with started(script("help_trains"), tmp_path) as process:
        assert "accuracy" in process.communicate(timeout=60)[0]
    assert (tmp_path / "copy" / "trained.txt").exists()


def test_the_script_that_reads_numbers_gives_their_mean(tmp_path: Path) -> None:
    with started(script("reads_stdin"), tmp_path, stdin=subprocess.PIPE) as process:
        assert (
            process.communicate("".join(f"{i}\n" for i in range(1000)), timeout=60)[0] == "1000 lines, mean 499.500\n"
        )


def test_workers_compute_the_same_forked_and_spawned(tmp_path: Path) -> None:
    out = []
    for name in ("forks_workers", "spawns_workers"):
        with started(script(name), tmp_path / name) as process:
            out.append(process.communicate(timeout=60)[0])
    assert out[0] == out[1]
    assert out[0].count("generation") == 3


def test_names_are_unique_and_each_patch_belongs_to_a_script() -> None:
    names = [s.name for s in SCRIPTS]
    assert len(set(names)) == len(names)
    assert {p.path for p in PATCHES} == set((FOLDER / "patches").iterdir())


@pytest.mark.parametrize("algo", ["baseline", "imagined"])
def test_the_example_learns_the_same_however_often_it_looks_at_itself(algo: str, tmp_path: Path) -> None:
    """examples/nips-workshop/train.py, which the demo makes faster: evaluation and drawing change no number."""
    found: list[tuple[list[str], dict[str, Any], str, str]] = []
    for name, flags in (("often", ""), ("never", "--eval-every 0 --plot-every 0")):
        folder = tmp_path / name
        folder.mkdir()
        words = ["--algo", algo, "--episodes", "4", *flags.split()]
        out = subprocess.run(
            [sys.executable, str(ROOT / "examples/nips-workshop/train.py"), *words],
            cwd=folder,
            env=os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.splitlines()
        with np.load(folder / "policy.npz") as kept:
            weights = {k: kept[k] for k in kept.files}
        found.append((out, weights, (folder / "policy.svg").read_text(), (folder / "curve.json").read_text()))
    (often, weights, *pictures), (never, others, *their_pictures) = found
    assert sum("evaluated" in line for line in often) == 4
    assert [line for line in often if "evaluated" not in line] == never
    assert pictures == their_pictures
    assert all(np.array_equal(w, others[k]) for k, w in weights.items())
    assert np.abs(weights["w3"]).max() > 0


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
            if words[0] == "-m":
                sys.argv = words[1:]
                sys.path.insert(0, folder)
                runpy.run_module(words[1], run_name="__main__", alter_sys=True)
            else:
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
    import matplotlib.pyplot as plt
    import torch

    plt.subplots()[0].savefig(io.BytesIO())  # finds the fonts
    torch.set_num_threads(1)
    print(json.dumps(dict(forks(json.load(sys.stdin), beside=2))))


if __name__ == "__main__":
    main()
