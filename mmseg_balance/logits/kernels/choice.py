"""Whether a tensor is worked on by fused kernels or by plain PyTorch."""

import os
import warnings
from functools import cache

import torch
from torch import Tensor

from ...errors import UserValueError

KERNELS = ('auto', 'triton', 'torch')
# Volta: what Triton compiles for
_CAPABILITY = (7, 0)


def check_kernels(kernels: str) -> None:
    """Refuse a value of the key ``kernels`` that is none.

    Raises:
        ValueError: Names the value, and those there are.
    """
    if kernels not in KERNELS:
        raise UserValueError(
            f'Expected `kernels` to be one of {KERNELS}, but got {kernels!r}'
        )


def runs_fused(tensor: Tensor, kernels: str = 'auto') -> bool:
    """Whether fused kernels work on a tensor.

    Args:
        tensor: An input of the kernel. One on the meta device counts as one
            on a GPU that has all it needs.
        kernels: 'auto', kernels on a GPU that can run them; 'triton', the
            same, and Triton's interpreter on a CPU if ``TRITON_INTERPRET=1``
            was set; 'torch', none. Where they cannot run, a warning says so
            once.
    """
    if kernels == 'torch':
        return False
    kind = tensor.device.type
    if kind == 'meta':
        return True
    if kind != 'cuda' and kernels == 'auto':
        return False
    reason = _what_keeps_off(kind, tensor.device.index)
    if reason:
        say_once(reason)
    return not reason


def say_once(reason: str) -> None:
    """Warn that plain PyTorch takes the place of a kernel, and why.

    Args:
        reason: A sentence's first half: what is missing.
    """
    _say(reason)


@cache
def _say(reason: str) -> None:
    warnings.warn(
        f'{reason}: plain PyTorch takes the place of the fused kernels, with '
        "the same results. kernels='torch' asks for that without this line",
        stacklevel=4,
    )


# compiled code has the answer in it, and asks no more
@torch.compiler.assume_constant_result
def _what_keeps_off(kind: str, index: int | None) -> str:
    return _what_is_missing(kind, index)


@cache
def _what_is_missing(kind: str, index: int | None) -> str:
    """Why kernels cannot run on a device; '' where they can."""
    try:
        import triton  # noqa: F401
    except ImportError as error:
        return f'Triton cannot be imported ({error})'
    if kind == 'cuda':
        found = torch.cuda.get_device_capability(index)
        if found < _CAPABILITY:
            return (
                f'Triton needs compute capability {_CAPABILITY}, and '
                f'{torch.cuda.get_device_name(index)} has {found}'
            )
        return _try(torch.device(kind if index is None else f'{kind}:{index}'))
    if kind == 'cpu' and os.environ.get('TRITON_INTERPRET') == '1':
        return ''
    return f'There are no kernels for tensors on {kind!r}'


def _try(device: torch.device) -> str:
    """Why a program does not run on a GPU: no C compiler, an old driver."""
    try:
        from .programs.trial import trial

        with torch.cuda.device(device):
            trial[(1,)](torch.empty(1, device=device))
    except Exception as error:  # of many kinds, and none is worth a training
        return f'Triton runs no program on {device} ({_first_line(error)})'
    return ''


def _first_line(error: Exception) -> str:
    name = type(error).__name__
    return ': '.join([name, *str(error).strip().splitlines()[:1]])
