#!/usr/bin/env bash
# Everything that needs a GPU, in ten minutes at most:
#     tools/benchmarks/gpu.sh [--out FOLDER] [--minutes 10] [--parts NAME ...]
# Called again it goes on where it ended; --help has all options.
set -euo pipefail
TOOLS=$(cd "$(dirname "$0")" && pwd)
export PYTHONPATH="$TOOLS/../..${PYTHONPATH:+:$PYTHONPATH}"
exec "${PYTHON:-python}" "$TOOLS/gpu.py" "$@"
