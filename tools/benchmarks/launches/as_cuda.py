"""Lets a step on the meta device run as PyTorch would run it on CUDA."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from unittest import mock

from torch.optim import optimizer

from mmseg_balance.engine.optim import fused_optimizers

# what optimizers ask before they work on lists of tensors
ASKED = (
    '_get_foreach_kernels_supported_devices',
    '_get_fused_kernels_supported_devices',
)


@contextmanager
def optimizers_as_on_cuda() -> Iterator[None]:
    """Give optimizers the choice that they have on CUDA.

    Fused where the package fuses them by default, on lists of tensors
    (foreach) where PyTorch does; or as ``foreach`` and ``fused`` of the
    config say.
    """
    fused = (*fused_optimizers.DEVICES, 'meta')
    with ExitStack() as stack:
        stack.enter_context(
            mock.patch.object(fused_optimizers, 'DEVICES', fused)
        )
        for name in ASKED:
            ask = partial(list, [*getattr(optimizer, name)(), 'meta'])
            stack.enter_context(mock.patch.object(optimizer, name, ask))
        yield
