"""Cross entropy of logits moved by their offsets (Eq. 9), in one go."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from mmseg.models.losses import CrossEntropyLoss, cross_entropy
from torch import Tensor, nn

from mmseg_balance.logits import OffsetTable, host
from mmseg_balance.logits.offsets.tables.chunked_loss import (
    chunked_cross_entropy,
)
from mmseg_balance.logits.offsets.tables.fused_lookup import (
    adjust_by_table,
    check_classes,
    fused_cross_entropy,
    reads_fused,
)

_FLOATS = (torch.float32, torch.bfloat16, torch.float16)


def adjusted_cross_entropy(
    logits: Tensor,
    labels: Tensor,
    table: OffsetTable,
    tau: float,
    domain: Tensor | None = None,
    ignore_index: int = 255,
    class_weight: Tensor | None = None,
    kernels: str = 'auto',
) -> Tensor:
    """Cross entropy on z - tau Delta_cl(z), of each pixel.

    Args:
        logits: z, (N, C, ...).
        labels: (N, ...), as ``F.cross_entropy`` takes them.
        table: Offsets, constant: no gradient goes through them.
        tau: Scale of the offset, at least 0.
        domain: Index of each pixel's bank, (N, ...), bool or integer.
            Default: the first bank for all.
        ignore_index: Label of pixels whose loss is 0.
        class_weight: Weight of each class, (C,).
        kernels: See :func:`mmseg_balance.logits.kernels.choice.runs_fused`.

    Returns:
        Losses, float32 (N, ...), equal to those of ``F.cross_entropy``
        without reduction, to rounding, and so is the gradient; tested in
        tests/models/losses/test_adjusted_cross_entropy.py.

    Raises:
        IndexError: A label that is neither a class nor ignored, on a CPU;
            its loss is NaN where kernels compute.
        ValueError: Logits of another number of classes than the table.
    """
    check_classes(table, logits)
    if computes_at_once(logits, labels, kernels):
        fused = reads_fused(logits, kernels)
        compute = fused_cross_entropy if fused else chunked_cross_entropy
        return compute(
            table, logits, labels, tau, domain, ignore_index, class_weight
        )
    return F.cross_entropy(
        adjust_by_table(
            table, logits, labels, tau, domain, ignore_index, kernels
        ),
        labels,
        weight=class_weight,
        ignore_index=ignore_index,
        reduction='none',
    )


def computes_at_once(
    logits: Tensor, labels: Tensor, kernels: str = 'auto'
) -> bool:
    """Whether there is a way of its own for a batch; others are PyTorch's.

    Args:
        logits, labels, kernels: As above.
    """
    # others are F.cross_entropy's to refuse: kernels would read them
    if (
        labels.shape != (len(logits), *logits.shape[2:])
        or labels.is_floating_point()
    ):
        return False
    if reads_fused(logits, kernels):
        return True
    return (
        host.on_host(logits)
        and logits.numel() > 0
        and logits.dtype in _FLOATS
        and labels.dtype == torch.int64
    )


class AdjustedLogits:
    """Logits whose cross entropy is :func:`adjusted_cross_entropy`.

    For MMSegmentation's CrossEntropyLoss, which asks PyTorch for the losses
    of pixels, and itself weights and averages them: it does so here as well.
    Whatever else is asked of them is an error.

    Args:
        logits, table, tau, domain, kernels: As there.
    """

    def __init__(
        self,
        logits: Tensor,
        table: OffsetTable,
        tau: float,
        domain: Tensor | None = None,
        kernels: str = 'auto',
    ) -> None:
        self.logits, self.table, self.tau = logits, table, tau
        self.domain, self.kernels = domain, kernels

    @classmethod
    def __torch_function__(
        cls,
        func: Callable,
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        """PyTorch's hook for what is no tensor."""
        kwargs = kwargs or {}
        if func is not F.cross_entropy or kwargs.get('label_smoothing'):
            return NotImplemented
        if kwargs['reduction'] != 'none':
            return NotImplemented
        adjusted, labels = args[:2]
        return adjusted_cross_entropy(
            adjusted.logits,
            labels,
            adjusted.table,
            adjusted.tau,
            adjusted.domain,
            kwargs['ignore_index'],
            kwargs['weight'],
            adjusted.kernels,
        )

    def new_tensor(self, *args: Any, **kwargs: Any) -> Tensor:
        """A float32 tensor where the logits lie: weights of classes."""
        kwargs.setdefault('dtype', torch.float32)
        return self.logits.new_tensor(*args, **kwargs)


def takes_adjusted_logits(criterion: nn.Module) -> bool:
    """Whether a criterion is MMSegmentation's plain cross entropy."""
    return (
        type(criterion) is CrossEntropyLoss
        and criterion.cls_criterion is cross_entropy
    )
