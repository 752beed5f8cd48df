"""How a loss is called: with what its forward asks for."""

import torch
from torch import Tensor, nn

from .pixel_targets import PixelTargets
from .signatures import names_argument

DOMAIN_ARGUMENTS = ('target_mask', 'collect', 'sampled_labels')


def call_loss(
    loss: nn.Module,
    logits: Tensor,
    targets: PixelTargets,
    ignore_index: int,
    collect: bool = True,
    **kwargs,
) -> Tensor:
    """The value of a loss, MMSegmentation's or one of this package.

    Args:
        loss: Takes logits, labels, ``weight`` and ``ignore_index``;
            ``target_mask``, ``collect`` and ``sampled_labels`` where its
            forward names them.
        logits: Of the size of the labels, (N, C, H, W).
        targets: Class, weight and domain of each pixel, and the classes
            drawn from the teacher's probabilities.
        ignore_index: Label of ignored pixels.
        collect: Whether a loss that keeps statistics may do so.
        **kwargs: Further arguments of the loss.
    """
    offered = dict(
        target_mask=targets.target_mask,
        collect=collect,
        sampled_labels=targets.sampled,
    )
    named = {name: offered[name] for name in domain_arguments(type(loss))}
    return loss(
        logits,
        targets.labels,
        weight=targets.weight,
        ignore_index=ignore_index,
        **named,
        **kwargs,
    )


# nothing that compiled code has to follow, or to guard
@torch.compiler.assume_constant_result
def domain_arguments(loss_type: type) -> tuple[str, ...]:
    """Which of ``DOMAIN_ARGUMENTS`` a loss's forward names."""
    return tuple(
        name
        for name in DOMAIN_ARGUMENTS
        if names_argument(loss_type, 'forward', name)
    )
