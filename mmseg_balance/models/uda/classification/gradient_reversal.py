"""Identity forward, the opposite gradient backward."""

import torch
from torch import Tensor


class _Reversal(torch.autograd.Function):
    @staticmethod
    def forward(ctx, values: Tensor, factor: Tensor) -> Tensor:
        ctx.save_for_backward(factor)
        return values.view_as(values)

    @staticmethod
    def backward(ctx, gradient: Tensor) -> tuple[Tensor, None]:
        (factor,) = ctx.saved_tensors
        return -factor.to(gradient.dtype) * gradient, None


def reverse_gradient(values: Tensor, factor: Tensor) -> Tensor:
    """Values as they are, whose gradient is reversed.

    "Unsupervised Domain Adaptation by Backpropagation" (ICML 2015).

    Args:
        values: Any tensor.
        factor: Of the reversed gradient, (): it stays on its device.
    """
    return _Reversal.apply(values, factor)


def reversal_factor(
    calls: Tensor,
    max_iters: int,
    alpha: float = 1.0,
    low: float = 0.0,
    high: float = 1.0,
) -> Tensor:
    """Factor that rises from ``low`` to ``high`` in the course of a training.

    low + (high - low) * (2 / (1 + exp(-alpha * calls / max_iters)) - 1), as
    in the Transfer-Learning-Library, where alpha is 1 for CDAN: so that it is
    0.46 after ``max_iters`` calls and 0.99 after five times as many.

    Args:
        calls: How often it was asked for before, ().
        max_iters: Calls that are the unit of the rise.
        alpha: Steepness.
        low, high: Its limits.

    Returns:
        float64, (); nothing is fetched from the device.
    """
    ramp = torch.tanh(calls.double() * (alpha / max_iters / 2))
    return low + (high - low) * ramp
