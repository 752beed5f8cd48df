"""Room for checkpoints: what one takes, what is free, and writing it whole."""

import errno
import inspect
import os
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path

import torch
from mmengine.fileio import LocalBackend, register_backend
from mmengine.optim import OptimWrapper, OptimWrapperDict
from torch import Tensor, nn

from ..errors import UserOSError
from .writing import write_atomically

MARGIN = 2**18  # of other small files of a run, as last_checkpoint
FULL = (errno.ENOSPC, errno.EDQUOT)


class DiskFullError(UserOSError):
    """A file does not fit; the text names it, what it needs, what is free."""


class AtomicBackend(LocalBackend):
    """Files that are whole or not there: written aside, then renamed."""

    def put(self, obj: bytes, filepath: str | Path) -> None:
        """Write a file.

        Args:
            obj: All of its bytes.
            filepath: Its path; missing folders are made.

        Raises:
            DiskFullError: It does not fit; what was there before is left.
        """
        needed, folder = len(obj), Path(filepath).resolve().parent
        free = free_space(folder)
        try:
            if needed + MARGIN > free:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            write_atomically(filepath, obj)
        except OSError as error:
            if error.errno not in FULL:
                raise
            raise DiskFullError(
                f'{filepath} takes {megabytes(needed)}, and {folder} has '
                f'{megabytes(free)} free ({error.strerror}): it was not '
                'written, and the earlier checkpoints are as they were. Free '
                'some space, or set default_hooks.checkpoint.max_keep_ckpts, '
                'and go on with --resume'
            ) from error


register_backend('atomic', AtomicBackend, force=True)


def free_space(folder: str | Path) -> int:
    """Bytes that may be written below a folder, which may be missing.

    Some network file systems do not tell (0 bytes in all): as many as wanted.
    """
    folder = Path(folder).resolve()
    there = next(p for p in (folder, *folder.parents) if p.exists())
    usage = shutil.disk_usage(there)
    return usage.free if usage.total else sys.maxsize


def megabytes(number: float) -> str:
    """A number of bytes for a message."""
    if number >= 1e9:
        return f'{number / 1e9:.1f} GB'
    return f'{number / 1e6:.1f} MB'


def checkpoint_size(
    model: nn.Module, optim_wrapper: OptimWrapper | OptimWrapperDict
) -> int:
    """Bytes that a checkpoint will take, before the first iteration.

    Args:
        model: The model, without its wrapper.
        optim_wrapper: Its optimizer, or several.
    """
    size = _bytes(model.state_dict().values())
    several = isinstance(optim_wrapper, OptimWrapperDict)
    for wrapper in optim_wrapper.values() if several else [optim_wrapper]:
        copies = copies_kept(wrapper.optimizer)
        for group in wrapper.optimizer.param_groups:
            trained = [p for p in group['params'] if p.requires_grad]
            size += copies * _bytes(trained)
    return size


def copies_kept(optimizer: torch.optim.Optimizer) -> int:
    """Tensors of a parameter's size that an optimizer keeps for each one.

    Found by a step of one of its kind on a small parameter.

    Args:
        optimizer: Is not changed.

    Returns:
        The number; 2, that of Adam, where it cannot be tried.
    """
    parameter = nn.Parameter(torch.zeros(2, 3))
    parameter.grad = torch.ones_like(parameter)
    kind, settings = type(optimizer), optimizer.param_groups[0]
    try:
        takes = inspect.signature(kind).parameters
        probe = kind(
            [parameter],
            **{
                k: settings[k]
                for k in takes
                if k in settings and k != 'params'
            },
        )
        with torch.random.fork_rng(devices=[]):
            probe.step()
    except Exception:  # noqa: BLE001  (an optimizer with a way of its own)
        return 2
    kept = probe.state.get(parameter, {}).values()
    return sum(torch.is_tensor(v) and v.shape == (2, 3) for v in kept)


def _bytes(tensors: Iterable[Tensor]) -> int:
    return sum(t.numel() * t.element_size() for t in tensors)
