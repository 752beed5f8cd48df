"""Whether statistics of logits are those of the model that they balance."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..errors import UserValueError


def check_origin(
    meta: Mapping[str, Any],
    statistics: str,
    checkpoint: str,
    part: str | None,
    classes: Sequence[str] | None,
) -> list[str]:
    """Compare where statistics come from with what they are used for.

    Args:
        meta: What ``load_statistics`` returned beside them.
        statistics: Their file, for messages.
        checkpoint: File of the weights.
        part: 'student' or 'teacher' of a UDA model, None for a segmentor.
        classes: Names of the classes that are predicted, where known.

    Returns:
        Lines for the user: other weights than those may have logits of other
        distributions.

    Raises:
        ValueError: They are of other classes, or in another order.
    """
    fitted = list(meta.get('classes') or classes or ())
    if classes is not None and fitted != list(classes):
        raise UserValueError(
            f'{statistics} is of the classes {", ".join(fitted)}, the model '
            f'is tested on {", ".join(classes)}: make statistics of '
            f'{checkpoint} with mmseg-balance logits fit'
        )
    lines = []
    origin = meta.get('checkpoint')
    if origin is not None and not _same_file(origin, checkpoint):
        whose = (
            'were followed in the training of'
            if _same_file(origin, statistics)
            else 'are of'
        )
        lines.append(f'they {whose} {origin}, what predicts is {checkpoint}')
    own = meta.get('part') or 'student'
    if own != (part or 'student'):
        lines.append(f"they are the {own}'s, what predicts is the {part}")
    return [
        f'{statistics}: {line}; the logits of other weights are distributed '
        'otherwise'
        for line in lines
    ]


def _same_file(first: str, second: str) -> bool:
    return Path(first).resolve() == Path(second).resolve()
