"""make bench: every table of docs/measured.md."""

from __future__ import annotations

import os

from benchmarks import memory, prior, proofs, psplib, schedule, start

for module in (schedule, start, memory, proofs):
    print(f"\n== {module.__name__.removeprefix('benchmarks.')}: {(module.__doc__ or '').splitlines()[0]}\n")
    module.main()
if os.environ.get("SIXDAYS_DATA"):
    for module in (psplib, prior):
        print(f"\n== {module.__name__.removeprefix('benchmarks.')}: {(module.__doc__ or '').splitlines()[0]}\n")
        module.main()
else:
    print("\n(psplib and prior need SIXDAYS_DATA, the folder of the public data)")
