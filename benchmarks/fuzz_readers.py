"""Mutated, cut and random bytes: no exception but ours leaves a reader, and none allocates out of proportion.

python -m benchmarks.fuzz_readers [--inputs N] [--seed S] [--readers a,b]      binary readers first, N in total
"""

from __future__ import annotations

import argparse
import random
import sqlite3
import tempfile
import time
import tracemalloc
import warnings
import zipfile
from collections import Counter
from io import BytesIO
from pathlib import Path

from tests import logfiles

from sixdays.errors import SixdaysError
from sixdays.plugins import create
from sixdays.readers._files import Source
from sixdays.readers.mlflow_sqlite import bounded

SHARES = {
    "tensorboard": 40,
    "wandb": 30,
    "mlflow_sqlite": 10,
    "evaluations": 10,
    "table": 2,
    "jsonl": 2,
    "monitor": 2,
    "tries": 2,
    "huggingface": 2,
}
SPECIAL = (
    b"\0",
    b"\xff",
    b"\x80",
    b"\x7f",
    b"\xff" * 8,
    b"\0" * 8,
    b"\xff\xff\xff\x7f",
    b"\x80" * 10,
    b"nan",
    b"1e999",
    b",",
    b"\n",
    b'"',
    b"{",
    b"[" * 50,
)
MOST_MEMORY = 64 << 20  # a reader's own peak on inputs of a few kB


def samples(name: str, folder: Path) -> list[bytes]:
    """Small files to start from."""
    out = []
    for n in (1, 4):
        sample = logfiles.SAMPLES[name]
        path = sample.write(folder / name / str(n), logfiles.rows(n), "score")
        out.append(path.read_bytes())
    if name == "tensorboard":
        shape, meta = logfiles.message((2, b"")), logfiles.message((1, logfiles.message((1, "scalars"))))
        tensor = logfiles.message((1, 1), (2, shape), (4, b"\0\0\x80?"))
        pair = logfiles.message((1, "lr"), (2, logfiles.message((2, 0.1))))
        hparams = logfiles.message(
            (1, logfiles.message((1, "hparams"), (2, logfiles.message((3, logfiles.message((1, pair)))))))
        )
        text = logfiles.message((1, 7), (8, "|param|value|\n|-|-|\n|seed|3|"))
        out.append(
            logfiles.tensor_event(3, "a", tensor, 1.7e9, meta)
            + logfiles.tensor_event(3, "hyperparameters/text_summary", text, 1.7e9)
        )
        out.append(
            logfiles.frame(
                logfiles.message(
                    (1, 1.7e9),
                    (5, logfiles.message((1, logfiles.message((1, "_hparams_/session_start_info"), (9, hparams))))),
                )
            )
        )
    if name == "wandb":
        out.append(logfiles.wandb_blocks(logfiles.wandb_records(logfiles.rows(3), "s" * 200, {"seed": 3}, exit_code=1)))
    return out


def mutated(rng: random.Random, data: bytes) -> bytes:
    kind = rng.random()
    if kind < 0.05:
        return rng.randbytes(rng.choice((0, 1, 7, 12, 40, 300)))
    made = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 4, 16))):
        at = rng.randrange(len(made) + 1)
        kind = rng.random()
        if kind < 0.5 and at < len(made):
            made[at] = rng.randrange(256)
        elif kind < 0.7:
            made[at:at] = rng.choice(SPECIAL)
        elif kind < 0.85:
            del made[at : at + rng.choice((1, 4, 30))]
        else:
            del made[at:]
    return bytes(made)


def sealed(rng: random.Random, data: bytes) -> bytes:
    """A damaged message in a sound frame, so that what is inside the frame is tried as well."""
    return logfiles.frame(mutated(rng, data[12:-4])) if rng.random() < 0.7 else mutated(rng, data)


def sealed_blocks(rng: random.Random, records: list[bytes]) -> bytes:
    at = rng.randrange(len(records))
    return logfiles.wandb_blocks([*records[:at], mutated(rng, records[at]), *records[at + 1 :]])


def sealed_archive(rng: random.Random, data: bytes) -> bytes:
    """A sound archive with a damaged array in it."""
    out = BytesIO()
    with zipfile.ZipFile(BytesIO(data)) as archive, zipfile.ZipFile(out, "w") as made:
        for name in archive.namelist():
            held = archive.read(name)
            made.writestr(name, mutated(rng, held) if rng.random() < 0.5 else held)
    return out.getvalue()


def read(name: str, data: bytes) -> None:
    reader = create("readers", name)
    reader.claims(name, data[:4096])
    source = Source(name, BytesIO(data), len(data), 1.7e9)
    if name != "mlflow_sqlite":
        reader.parse(source)
        return
    if not data:
        return  # the file reader returns before it opens a database
    base = sqlite3.connect(":memory:")
    try:
        base.deserialize(data)
        bounded(base, len(data))
        reader.parse(source, base)
    except sqlite3.Error as e:  # the file reader makes this LogError where it opens a file
        raise SixdaysError(str(e)) from e
    finally:
        base.close()


def run(name: str, inputs: int, seed: int, folder: Path) -> Counter[str]:
    rng = random.Random(seed)
    starts = samples(name, folder)
    frames = [s for s in starts if name == "tensorboard" and len(s) < 400]
    records = logfiles.wandb_records(logfiles.rows(3), "score", {"seed": 3, "env": {"name": "x"}}, exit_code=0)
    counts: Counter[str] = Counter()
    for i in range(inputs):
        inside = rng.random() < 0.5
        if name == "wandb" and inside:
            data = sealed_blocks(rng, records)
        elif name == "tensorboard" and inside and frames:
            data = starts[0][:30] + sealed(rng, rng.choice((logfiles.event(3, "a", 0.5, 1.7e9), *frames)))
        elif name == "evaluations" and inside:
            data = sealed_archive(rng, starts[0])
        else:
            data = mutated(rng, rng.choice(starts))
        measured = i % 500 == 0
        if measured:
            tracemalloc.start()
        try:
            read(name, data)
            counts["read"] += 1
        except SixdaysError:
            counts["refused"] += 1
        except BaseException:
            print(f"{name}: {data!r}")
            raise
        if measured:
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            assert peak < MOST_MEMORY, (name, peak, data)
            counts["peak kB"] = max(counts["peak kB"], peak >> 10)
    return counts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--readers", default=",".join(SHARES))
    asked = parser.parse_args()
    chosen = {n: SHARES[n] for n in asked.readers.split(",")}
    warnings.simplefilter("error")
    warnings.simplefilter("ignore", ResourceWarning)
    total = 0
    with tempfile.TemporaryDirectory() as folder:
        for name, share in chosen.items():
            inputs = max(asked.inputs * share // sum(chosen.values()), 1)
            start = time.perf_counter()
            counts = run(name, inputs, asked.seed, Path(folder))
            total += inputs
            print(
                f"{name:14} {inputs:9,} inputs: {counts['read']:9,} read, {counts['refused']:9,} refused, "
                f"peak {counts['peak kB'] / 1024:.1f} MB, {time.perf_counter() - start:.0f} s",
                flush=True,
            )
    print(f"{total:,} inputs: no exception but ours")


if __name__ == "__main__":
    main()
