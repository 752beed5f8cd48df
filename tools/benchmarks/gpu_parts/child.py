"""Runs a part in a process of its own, which may crash or be ended."""

import hashlib
import json
import multiprocessing
import os
import signal
import time
import traceback
import warnings
from contextlib import suppress
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import torch

from mmseg_balance.files.writing import write_atomically
from mmseg_balance.runs.records.code import sources

from .options import Options, Skipped

BENCHMARKS = Path(__file__).resolve().parents[1]
CONFIGS = BENCHMARKS.parents[1] / 'configs'
TOO_LARGE = (
    'the memory of this GPU is too small for it: --batch 1, or a smaller '
    '--backbone or --size, asks for less'
)


def run_in_child(
    name: str,
    options: Options,
    file: Path,
    seconds: float,
    fingerprint: str = '',
    method: str = 'fork',
) -> dict:
    """Run a part, and write down what it found.

    Args:
        name: Of the part.
        options: For the part.
        file: JSON with its result.
        seconds: After which it is ended.
        fingerprint: Kept with the result.
        method: How the process starts; a fork has everything imported.

    Returns:
        The result: 'rows', 'skipped' or 'failed' with the reason; 'seconds'
        that it took; and the fingerprint.
    """
    begin = time.monotonic()
    file.unlink(missing_ok=True)
    context = multiprocessing.get_context(method)
    process = context.Process(target=run_part, args=(name, options, file))
    process.start()
    try:
        process.join(seconds)
        in_time = not process.is_alive()
    finally:
        end(process)
    if file.exists():
        result = json.loads(file.read_text())
    elif in_time:
        code = process.exitcode
        result = dict(failed=f'the process ended with exit code {code}')
    else:
        result = dict(failed=f'took more than {seconds:.0f} s')
    result.update(
        seconds=round(time.monotonic() - begin, 1), fingerprint=fingerprint
    )
    write(file, result)
    return result


def run_part(name: str, options: Options, file: Path) -> None:
    """Run a part in this process, and write down what it found."""
    from .parts import PARTS

    os.setsid()  # what it starts ends with it
    if options.device == 'cpu':
        torch.set_num_threads(1)
    # of mmseg's losses, at each build
    warnings.filterwarnings('ignore', category=UserWarning, module='mmseg')
    try:
        result: dict[str, Any] = dict(rows=PARTS[name].run(options))
    except Skipped as why:
        result = dict(skipped=str(why))
    except torch.cuda.OutOfMemoryError as error:
        result = dict(skipped=f'{TOO_LARGE} ({str(error)[:200]})')
    except Exception as error:  # noqa: BLE001  (the other parts go on)
        traceback.print_exc()
        result = dict(failed=f'{type(error).__name__}: {error}'[:1000])
    write(file, result)


def end(process: BaseProcess) -> None:
    """End a process and what it has started, as far as they are there."""
    assert process.pid is not None
    with suppress(ProcessLookupError):  # not yet a group of its own, or gone
        os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.join()


def write(file: Path, result: dict) -> None:
    """Write a result."""
    write_atomically(file, (json.dumps(result, indent=1) + '\n').encode())


def fingerprint(options: Options, machine: str) -> str:
    """12 hex digits of all that a result depends on.

    Args:
        options: Of the parts.
        machine: Name of the GPU.
    """
    digest = hashlib.sha256()
    for folder in (BENCHMARKS, CONFIGS):
        for file in sorted(folder.rglob('*.py')):
            digest.update(file.read_bytes())
    # where the data lies makes no difference
    settings = options._replace(data_root=None)
    about = (sources(), torch.__version__, machine, settings)
    digest.update(repr(about).encode())
    return digest.hexdigest()[:12]
