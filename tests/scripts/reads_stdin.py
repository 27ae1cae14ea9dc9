"""Running mean of the numbers that come in on stdin: seq 1000000 | python reads_stdin.py"""
# mypy: ignore-errors

import sys

total, n = 0.0, 0
for line in sys.stdin:
    total += float(line)
    n += 1
    if n % 1000 == 0:
        print(f"{n} lines, mean {total / n:.3f}", flush=True)
if n == 0:
    sys.exit("no numbers on stdin")
