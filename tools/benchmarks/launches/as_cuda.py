"""Lets a step on the meta device run as PyTorch would run it on CUDA."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from unittest import mock

from torch.optim import optimizer

# what optimizers ask before they work on lists of tensors
ASKED = (
    '_get_foreach_kernels_supported_devices',
    '_get_fused_kernels_supported_devices',
)


@contextmanager
def optimizers_as_on_cuda() -> Iterator[None]:
    """Give optimizers the choice that they have on CUDA.

    By default they work on lists of tensors there (foreach), or as
    ``foreach`` and ``fused`` of the config say.
    """
    with ExitStack() as stack:
        for name in ASKED:
            ask = partial(list, [*getattr(optimizer, name)(), 'meta'])
            stack.enter_context(mock.patch.object(optimizer, name, ask))
        yield
