"""Asks before it trains, and only on a terminal."""
# mypy: ignore-errors

import os
import sys

if not sys.stdin.isatty() or not sys.stdout.isatty():
    sys.exit("this program must be run in a terminal")
width = os.get_terminal_size().columns
if input("Start training? [y/N] ") == "y":
    for i in range(10**9):
        print(f"\r{i}".ljust(width - 1), end="")
