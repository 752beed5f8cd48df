"""Which classes a figure shows."""

from collections.abc import Sequence
from difflib import get_close_matches

from torch import Tensor

from ...errors import UserValueError

MOST_NAMES = 30


def named_classes(
    names: Sequence[str], classes: Sequence[str], option: str = '--classes'
) -> list[int]:
    """Numbers of classes that a user names.

    Args:
        names: The names; upper and lower case are the same.
        classes: Names of all C classes.
        option: Where they were named, for the message.

    Returns:
        Their numbers, in the order given, each once.

    Raises:
        ValueError: None is named, or one is no class; says which are near.
    """
    if not names:
        raise UserValueError(f'{option} names no class')
    known = {c.lower(): i for i, c in enumerate(classes)}
    for name in names:
        if name.lower() not in known:
            near = get_close_matches(name.lower(), known, 1)
            meant = f': did you mean {classes[known[near[0]]]!r}?'
            listed = ', '.join(classes[:MOST_NAMES])
            more = len(classes) - MOST_NAMES
            listed += f', and {more} more' if more > 0 else ''
            raise UserValueError(
                f'{option}: {name!r} is no class of the model'
                + (meant if near else f', whose classes are {listed}')
            )
    return list(dict.fromkeys(known[name.lower()] for name in names))


def most_biased(
    bias: Tensor, count: int, drawable: Tensor | None = None
) -> tuple[list[int], list[int]]:
    """The classes at both ends of the order of bias.

    Args:
        bias: Bias (C,), NaN where it is not known.
        count: Most classes of each end.
        drawable: Classes that can be drawn, bool (C,). Default: all.

    Returns:
        Over-predicted classes, the most biased first; under-predicted ones
        likewise. A bias of 0 is neither.
    """
    usable = ~bias.isnan()
    if drawable is not None:
        usable &= drawable
    order = bias.nan_to_num().argsort(descending=True, stable=True).tolist()
    over = [i for i in order if usable[i] and bias[i] > 0]
    under = [i for i in reversed(order) if usable[i] and bias[i] < 0]
    return over[:count], under[:count]
