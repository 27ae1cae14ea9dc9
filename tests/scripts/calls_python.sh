#!/bin/bash
# Trains with one seed after the other, as the scripts of a paper do: bash calls_python.sh [SEEDS] [MORE WORDS]
set -euo pipefail
cd "$(dirname "$0")"
seeds=${1:-5}
shift || true
for seed in $(seq 1 "$seeds"); do
  echo "=== seed $seed"
  "${PYTHON:-python}" policy_gradient.py --seed "$seed" "$@"
done
