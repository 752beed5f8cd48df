"""What differs between two state dicts, in words."""

from collections.abc import Iterable

from torch import Tensor

SHOWN_KEYS = 3


def differences(
    wanted: dict[str, Tensor], found: dict[str, Tensor]
) -> list[str]:
    """What a checkpoint lacks of a model, or has in another shape.

    Args:
        wanted: State dict of the model.
        found: State dict of the checkpoint.

    Returns:
        A clause for each such key, in the order of the model.
    """
    wrong = []
    for key, value in wanted.items():
        if key not in found:
            wrong.append(f'{key!r} is missing')
        elif tuple(found[key].shape) != tuple(value.shape):
            wrong.append(
                f'{key!r} has shape {tuple(found[key].shape)}, in the model '
                f'{tuple(value.shape)}'
            )
    return wrong


def shown(clauses: Iterable[str]) -> str:
    """The first three clauses, and how many more there are."""
    clauses = list(clauses)
    more = len(clauses) - SHOWN_KEYS
    return ', '.join(clauses[:SHOWN_KEYS]) + (
        f' and {more} more' if more > 0 else ''
    )
