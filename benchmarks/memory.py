"""Peak memory of a forecast of 1,000 tasks × 10,000 draws, in a process of its own."""

from __future__ import annotations

import subprocess
import sys

CODE = """
import resource
from benchmarks.plans import NOW, lab
from sixdays.odds.forecast import Inputs, forecast
forecast(lab(1000), Inputs(NOW, 10_000))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def main() -> None:
    peak = subprocess.run([sys.executable, "-c", CODE], check=True, capture_output=True, text=True).stdout.strip()
    print(f"1,000 tasks × 10,000 draws: peak {peak} MB   ≤ 400")


if __name__ == "__main__":
    main()
