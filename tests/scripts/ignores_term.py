"""Takes no hint: SIGTERM, SIGINT and SIGHUP are ignored, as a badly written trainer does while it saves."""
# mypy: ignore-errors

import signal
import sys

steps = int(sys.argv[1]) if len(sys.argv) > 1 else 10**9
for name in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
    signal.signal(name, lambda number, frame: print("not now", flush=True))
value = 0.0
for step in range(1, steps + 1):
    value += sum(i * i % 7 for i in range(30_000)) / 1e6
    print(f"step {step} value {value:.4f}", flush=True)
