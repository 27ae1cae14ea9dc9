#!/bin/sh
# Buffon's needle in awk: prints how many needles were thrown and what π would be. sh not_python.sh [MILLIONS] [SEED]
set -eu
here=$(dirname "$0")
awk -v millions="${1:-2000}" -v seed="${2:-1}" -f "$here/needle.awk"
