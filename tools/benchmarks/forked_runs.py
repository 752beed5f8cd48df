"""Runs of the tools in forked children, and comparison of what they leave.

Importing torch and MMSegmentation takes longer than a tiny training. This
process imports them once and forks, so that a run starts at once and can be
killed alone.
"""

import gc
import importlib
import json
import os
import runpy
import sys
import time
import traceback
from pathlib import Path

import torch
from mmengine.config import config

ROOT = Path(__file__).resolve().parents[2]
# what the tools import when they run
MODULES = (
    *('cv2', 'matplotlib.figure', 'scipy', 'timm', 'kornia', 'torchvision'),
    *('mmseg.models', 'mmseg.datasets', 'mmseg.engine', 'mmseg.evaluation'),
    *('mmengine.runner', 'mmengine.visualization', 'mmseg.visualization'),
    *('torch.distributed', 'torch.utils.data', 'torch.optim'),
    'mmseg_balance.runs.build',
    'mmseg_balance.runs.ranks',
    'mmseg_balance.runs.work_dir',
    'mmseg_balance.configuration.error_lines',
    'mmseg_balance.datasets.checks',
)
# what an iteration measures, and not what it computes
CLOCKS = ('time', 'data_time', 'memory')


def import_all() -> None:
    """Make ready what the children need; a missing module is theirs to miss.

    Half of a tiny run is formatting its config for the log, and a tenth
    collecting garbage among the imports: neither has a part in what is tried.
    """
    for name in MODULES:
        try:
            importlib.import_module(name)
        except ImportError:
            print(f'{name} cannot be imported beforehand', file=sys.stderr)
    config.FormatCode = lambda text, **_: (text, True)
    gc.collect()
    gc.freeze()


def start(tool: str, *args: object, log: Path) -> int:
    """Start a tool in a child of its own process group.

    Args:
        tool: Path below ``tools/``.
        *args: Its command line.
        log: File that takes its output.

    Returns:
        The process id.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        os.setsid()
        stream = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(stream, 1)
        os.dup2(stream, 2)
        sys.argv = [tool, *map(str, args)]
        runpy.run_path(str(ROOT / 'tools' / tool), run_name='__main__')
        code = 0
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else 1
        if not isinstance(error.code, (int, type(None))):
            print(error.code, file=sys.stderr)
        code = 0 if error.code is None else code
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def wait(pid: int) -> int:
    """Wait for a child; negative is the signal that ended it."""
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def wait_until(pid: int, deadline: float) -> int | None:
    """Wait for a child no longer than until a moment.

    Args:
        pid: The child.
        deadline: In seconds of ``time.monotonic``.

    Returns:
        Its exit code; None where it still runs.
    """
    while True:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        left = deadline - time.monotonic()
        if left <= 0:
            return None
        time.sleep(min(left, 0.005))


def logged(work_dir: Path) -> dict[int, dict]:
    """Values of each iteration; those of the last run that had it."""
    values = {}
    for file in sorted(work_dir.glob('*/vis_data/scalars.json')):
        for line in file.read_text().splitlines():
            try:
                row = json.loads(line)
            except json.JSONDecodeError:
                continue  # cut by a kill; the resumed run has it again
            key = row['step'], 'mIoU' in row
            values[key] = {k: v for k, v in row.items() if k not in CLOCKS}
    return values


def difference(whole: Path, other: Path, iters: int) -> str | None:
    """First thing in which two finished runs differ.

    Compared bit by bit: weights and buffers, optimizers, schedulers, and the
    values logged for each iteration, those of the validation included.

    Args:
        whole: Work folder of the run that was left alone.
        other: That of the run that was disturbed.
        iters: Iterations of both.

    Returns:
        Where they differ; None where they do not.
    """
    name = f'iter_{iters}.pth'
    if not (other / name).is_file():
        return f'no {name}'
    a, b = (
        torch.load(folder / name, weights_only=True)
        for folder in (whole, other)
    )
    for part in ('state_dict', 'optimizer', 'param_schedulers'):
        found = _difference(a[part], b[part], part)
        if found:
            return found
    first, second = logged(whole), logged(other)
    if len(first) < iters:
        return f'{whole}: {len(first)} logged iterations of {iters}'
    return _difference(first, second, 'log')


def _difference(a: object, b: object, where: str) -> str | None:
    if type(a) is not type(b):
        return f'{where}: {type(a).__name__} and {type(b).__name__}'
    if isinstance(a, torch.Tensor):
        same = a.shape == b.shape and torch.equal(a, b)
        return None if same else where
    if isinstance(a, dict):
        if a.keys() != b.keys():
            return f'{where}: keys {sorted(map(str, a.keys() ^ b.keys()))}'
        pairs = [(key, a[key], b[key]) for key in a]
    elif isinstance(a, (list, tuple)):
        if len(a) != len(b):
            return f'{where}: {len(a)} and {len(b)} items'
        pairs = [(i, x, y) for i, (x, y) in enumerate(zip(a, b, strict=True))]
    else:
        same = a == b or (a != a and b != b)
        return None if same else f'{where}: {a!r} and {b!r}'
    for key, x, y in pairs:
        found = _difference(x, y, f'{where}.{key}')
        if found:
            return found
    return None
