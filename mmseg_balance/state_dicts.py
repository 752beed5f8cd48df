"""What differs between state dicts, and what is not to be loaded then."""

from collections.abc import Iterable, Mapping

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


def without_count(
    state_dict: Mapping[str, Tensor], kept: str, own: Tensor, count: str
) -> Mapping[str, Tensor]:
    """Leave out how much has been kept, where what was kept does not fit.

    mmengine warns of a tensor of another shape, leaves it and loads the
    others: zeros would be taken for what has been kept.

    Args:
        state_dict: Of a checkpoint.
        kept: Key of what has been kept.
        own: That of the module.
        count: Key of how much it is.
    """
    found = state_dict.get(kept)
    if found is None or found.shape == own.shape:
        return state_dict
    return {k: v for k, v in state_dict.items() if k != count}
