"""Logits of a loss, moved by their offsets (Eq. 9)."""

import torch
from torch import Tensor


def adjusted_logits(logits: Tensor, offset: Tensor, tau: float) -> Tensor:
    """z - tau Delta_cl(z), which the criterion of Eq. 9 is computed on.

    What is subtracted in training is what Eq. 7 adds in a test.

    Args:
        logits: z, (N, C, ...).
        offset: Delta_cl(z) of :func:`..offset.logit_offset`, without
            gradient, (N, C, ...).
        tau: Scale of the offset, at least 0.

    Returns:
        (N, C, ...), whose gradient is that of ``logits``.

    Example:
        >>> logits = torch.tensor([[1.0, 2.0]])
        >>> offset = torch.tensor([[3.0, -3.0]])
        >>> adjusted_logits(logits, offset, tau=0.5)
        tensor([[-0.5000,  3.5000]])
    """
    return logits - tau * offset


def adjust_in_offset(logits: Tensor, offset: Tensor, tau: float) -> Tensor:
    """Equals :func:`adjusted_logits` bit by bit, in the offset's memory.

    Tested in tests/logits/offsets/test_adjustment.py.

    Args:
        logits, tau: As there.
        offset: As there, float32; overwritten.
    """
    return replaced(logits, offset.mul_(-tau).add_(logits.detach()))


def replaced(logits: Tensor, values: Tensor) -> Tensor:
    """Other values for logits, whose gradient is theirs.

    Args:
        logits: (N, C, ...).
        values: float32 (N, C, ...), without gradient.
    """
    return _Replaced.apply(logits, values)


class _Replaced(torch.autograd.Function):
    """Other values for a tensor, and its gradient."""

    @staticmethod
    def forward(ctx, tensor: Tensor, values: Tensor) -> Tensor:
        return values

    @staticmethod
    def backward(ctx, gradient: Tensor) -> tuple[Tensor, None]:
        return gradient, None
