"""What a model tells apart."""

from torch import nn


def things_of(model: nn.Module) -> tuple[int, ...] | None:
    """Labels of the classes of things.

    Args:
        model: A segmentor, or a model around it.

    Returns:
        They, in ascending order; None where it has no instance branch.
    """
    for module in model.modules():
        if getattr(module, 'instance_head', None) is not None:
            return tuple(module.things)
    return None
