"""Weights of a network in autocast's dtype, all of them at once.

Autocast casts each weight on its own in each pass, and each gradient back:
for MiT-B5 more kernels than half of all others of a step. Here a few kernels
cast lists of them. Values and gradients are the same, bit for bit, and as
there the parameters keep their dtype and nothing stays after the pass.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from mmcv.cnn import Conv2d
from torch import Tensor, nn
from torch.nn.modules.linear import NonDynamicallyQuantizableLinear

# whose weights autocast casts; no subclasses, which may do more with them
CAST = (
    nn.Linear,
    NonDynamicallyQuantizableLinear,
    nn.Conv2d,
    Conv2d,  # which looks at empty inputs
    nn.MultiheadAttention,
)


@contextmanager
def weights_cast_together(module: nn.Module, x: Tensor) -> Iterator[None]:
    """Around a pass of a network: under autocast it has cast weights.

    Args:
        module: A network whose weights are used in its forward pass alone,
            and in layers that autocast runs in its dtype.
        x: Its input.
    """
    places = []
    if autocast_dtype(x) is not None and not torch.compiler.is_compiling():
        places = cast_places(module)
    if not places:
        yield
        return
    weights = [owner._parameters[name] for owner, name in places]
    _put(places, _CastTogether.apply(autocast_dtype(x), *weights))
    try:
        yield
    finally:
        _put(places, weights)


def autocast_dtype(x: Tensor) -> torch.dtype | None:
    """Dtype that autocast would use on the device of a tensor, if it is on."""
    kind = x.device.type
    # torch knows no autocast of some devices, not even whether it is on
    if not torch.amp.is_autocast_available(kind):
        return None
    if not torch.is_autocast_enabled(kind):
        return None
    return torch.get_autocast_dtype(kind)


def cast_places(module: nn.Module) -> list[tuple[nn.Module, str]]:
    """Modules, and names of their parameters, that autocast casts."""
    return [
        (owner, name)
        for owner in module.modules()
        if type(owner) in CAST
        for name, parameter in owner._parameters.items()
        if parameter is not None and parameter.dtype == torch.float32
    ]


def _put(
    places: Sequence[tuple[nn.Module, str]], tensors: Sequence[Tensor]
) -> None:
    # into the dict: to a module only parameters may be given
    for (owner, name), tensor in zip(places, tensors, strict=True):
        owner._parameters[name] = tensor


class _CastTogether(torch.autograd.Function):
    """Tensors in another dtype, and their gradients back."""

    @staticmethod
    def forward(ctx, dtype, *weights):
        ctx.set_materialize_grads(False)
        ctx.dtype = weights[0].dtype
        cast = _cast(weights, dtype)
        ctx.mark_non_differentiable(
            *(
                c
                for c, needed in zip(
                    cast, ctx.needs_input_grad[1:], strict=True
                )
                if not needed
            )
        )
        return tuple(cast)

    @staticmethod
    def backward(ctx, *gradients):
        found = [g for g in gradients if g is not None]
        cast = iter(_cast(found, ctx.dtype))
        return None, *(None if g is None else next(cast) for g in gradients)


def _cast(tensors: Sequence[Tensor], dtype: torch.dtype) -> list[Tensor]:
    cast = [torch.empty_like(t, dtype=dtype) for t in tensors]
    if cast:
        torch._foreach_copy_(cast, list(tensors))
    return cast
