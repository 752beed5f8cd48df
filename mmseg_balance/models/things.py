"""What a model tells apart."""

from torch import nn


def things_of(model: nn.Module) -> tuple[int, ...] | None:
    """Labels of the classes of things.

    Args:
        model: A segmentor, or a model around it.

    Returns:
        They, in ascending order; None where it has no instance branch, or
        one of another kind that does not say.
    """
    for module in model.modules():
        things = getattr(module, 'things', None)
        if things is not None and hasattr(module, 'instance_head'):
            return tuple(things)
    return None
