"""Mixed precision without an accelerator."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from mmengine.optim import OptimWrapper
from mmengine.registry import OPTIM_WRAPPERS
from torch import nn


@OPTIM_WRAPPERS.register_module()
class AutocastOptimWrapper(OptimWrapper):
    """Optimizer wrapper whose forward passes run in bfloat16 on the CPU.

    mmengine's ``AmpOptimWrapper`` asks for an accelerator. Parameters and
    optimizer state stay float32, and bfloat16 has the exponent range of
    float32, so no loss scaler is needed. Takes the arguments of
    ``OptimWrapper``.

    Example:
        >>> optim_wrapper = dict(
        ...     type='AutocastOptimWrapper',
        ...     optimizer=dict(type='SGD', lr=0.01))
    """

    @contextmanager
    def optim_context(self, model: nn.Module) -> Iterator[None]:
        """Run the forward passes of a training step under autocast.

        Args:
            model: The model that is trained.
        """
        with (
            super().optim_context(model),
            torch.autocast('cpu', dtype=torch.bfloat16),
        ):
            yield
