#!/usr/bin/env bash
# Everything that needs a GPU, in ten minutes at most:
#     tools/benchmarks/gpu.sh [--out FOLDER] [--minutes 10] [--parts NAME ...]
# Called again it goes on where it ended; --help has all options.
set -euo pipefail
TOOLS=$(cd "$(dirname "$0")" && pwd)
export PYTHONPATH="$TOOLS/../..${PYTHONPATH:+:$PYTHONPATH}"
# lets the driver look for a GPU without touching it, so that it can fork
export PYTORCH_NVML_BASED_CUDA_CHECK=1
exec "${PYTHON:-python}" "$TOOLS/gpu.py" "$@"
