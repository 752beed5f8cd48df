"""Queries of some tokens, keys and values of others, by one weight."""

import torch
from torch import Tensor
from torch.nn import functional as F

from .autocast_weights import autocast_dtype


def split_projection(
    x: Tensor, reduced: Tensor, weight: Tensor, bias: Tensor | None
) -> tuple[Tensor, Tensor]:
    """Queries of tokens, and keys with values of reduced tokens.

    Args:
        x: Tokens (N, L, C).
        reduced: Tokens (N, L', C).
        weight: Of queries, keys and values, (3 C, C).
        bias: The same, (3 C,), or None.

    Returns:
        Queries (N, L, C), keys and values (N, L', 2 C).
    """
    if is_written_at_once(x, weight):
        # as autocast would; weights are cast already, but in the second pass
        # of activation checkpointing
        dtype = autocast_dtype(x) or weight.dtype
        given = x, reduced, weight, bias
        cast = [None if t is None else t.to(dtype) for t in given]
        return _SplitProjection.apply(*cast)
    sizes = [weight.shape[1], 2 * weight.shape[1]]
    weights = weight.split(sizes)
    biases = (None, None) if bias is None else bias.split(sizes)
    return (
        F.linear(x, weights[0], biases[0]),
        F.linear(reduced, weights[1], biases[1]),
    )


def is_written_at_once(x: Tensor, weight: Tensor) -> bool:
    """Whether both parts of a gradient are written into one tensor.

    On a GPU, where autograd's kernels that put them together cost. Compiled
    code has its own way, and on a CPU sums stay as they were.
    """
    return (
        x.device.type != 'cpu'
        and torch.is_grad_enabled()
        and weight.requires_grad
        and not torch.compiler.is_compiling()
    )


class _SplitProjection(torch.autograd.Function):
    """Two linear layers, whose gradients are parts of one."""

    @staticmethod
    def forward(ctx, x, reduced, weight, bias):
        ctx.save_for_backward(x, reduced, weight)
        channels = weight.shape[1]
        biases = (
            (None, None)
            if bias is None
            else (bias[:channels], bias[channels:])
        )
        ctx.has_bias = bias is not None
        return (
            F.linear(x, weight[:channels], biases[0]),
            F.linear(reduced, weight[channels:], biases[1]),
        )

    @staticmethod
    def backward(ctx, *gradients):
        *inputs, weight = ctx.saved_tensors
        channels = weight.shape[1]
        parts = slice(None, channels), slice(channels, None)
        of_weight = torch.empty_like(weight)
        of_bias = weight.new_empty(len(weight)) if ctx.has_bias else None
        of_inputs = []
        for gradient, given, part in zip(
            gradients, inputs, parts, strict=True
        ):
            rows = gradient.flatten(0, 1)  # a copy where heads are transposed
            of_inputs.append((rows @ weight[part]).view_as(given))
            torch.mm(rows.t(), given.flatten(0, 1), out=of_weight[part])
            if of_bias is not None:
                torch.sum(rows, 0, out=of_bias[part])
        return *of_inputs, of_weight, of_bias
