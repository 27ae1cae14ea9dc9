"""make bench: every table of docs/measured.md."""

from __future__ import annotations

import os

from benchmarks import judging, memory, outlook, prior, proofs, psplib, readers, schedule, start, timeleft

for module in (schedule, start, memory, proofs, readers):
    print(f"\n== {module.__name__.removeprefix('benchmarks.')}: {(module.__doc__ or '').splitlines()[0]}\n")
    module.main()
if os.environ.get("SIXDAYS_DATA"):
    for module in (psplib, prior, judging, outlook, timeleft):
        print(f"\n== {module.__name__.removeprefix('benchmarks.')}: {(module.__doc__ or '').splitlines()[0]}\n")
        module.main()
else:
    print("\n(psplib, prior, judging, outlook and timeleft need SIXDAYS_DATA, the folder of the public data)")
