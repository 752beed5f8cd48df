"""Stops a training whose loss is no longer a number."""

import math
from typing import Any

from mmengine.hooks import Hook
from mmseg.registry import HOOKS
from torch import Tensor

from ...errors import UserFloatingPointError


@HOOKS.register_module()
class FiniteLossHook(Hook):
    """Ends a training whose losses are NaN or infinite.

    mmengine goes on with such a training until its end. UDA models look at
    their losses themselves; this is for all others.

    Args:
        tolerance: Number of iterations in a row that are let pass, at least
            0. In mixed precision the optimizer leaves out a single step
            whose gradients overflow.

    Raises:
        FloatingPointError: After an iteration; names it and the loss.
    """

    priority = 'NORMAL'  # before a checkpoint is written
    without_effect = True
    in_dry_run = True

    def __init__(self, tolerance: int = 1) -> None:
        self.tolerance = tolerance
        self._count = 0

    def after_train_iter(
        self,
        runner,
        batch_idx: int,
        data_batch: Any = None,
        outputs: dict | None = None,
    ) -> None:
        """Look at the sum of the losses, which the log has read by now."""
        loss = (outputs or {}).get('loss', 0.0)
        loss = loss.item() if isinstance(loss, Tensor) else loss
        self._count = 0 if math.isfinite(loss) else self._count + 1
        if self._count > self.tolerance:
            raise UserFloatingPointError(
                f'The loss is {loss} in iteration {runner.iter + 1} and '
                f'the {self.tolerance} before it: lower '
                'optim_wrapper.optimizer.lr, set optim_wrapper.clip_grad, or '
                'start from the checkpoint before it'
            )
