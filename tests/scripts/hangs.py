"""A producer and a consumer that wait for each other after some batches: no progress from then on, and no end."""
# mypy: ignore-errors

import argparse
import queue
import threading

import numpy as np

parser = argparse.ArgumentParser()
parser.add_argument("--hang-after", type=int, default=40, help="batches before the loader loses its wakeup")
args = parser.parse_args()

full, empty = queue.Queue(maxsize=2), threading.Semaphore(2)


def load():
    rng = np.random.default_rng(0)
    for i in range(1_000_000):
        empty.acquire()
        full.put((i, rng.normal(size=(256, 256))))


threading.Thread(target=load, daemon=True).start()
state = np.eye(256)
while True:
    i, batch = full.get()
    state = np.tanh(state @ batch / 16)
    if i % 5 == 0:
        print(f"batch {i} norm {np.linalg.norm(state):.4f}", flush=True)
    if i < args.hang_after:
        empty.release()
