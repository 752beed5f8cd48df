"""Scores as they are printed, and which of them is the better."""

import math
from collections.abc import Mapping

# kinds of scores that each class has
OF_CLASSES = ('IoU', 'Acc', 'PQ', 'SQ', 'RQ')
MINUS = '\N{MINUS SIGN}'
DASH = '\N{EN DASH}'
PLUS_MINUS = '\N{PLUS-MINUS SIGN}'


def known(scores: Mapping[str, float], key: str) -> float | None:
    """A score; None where it is missing or no finite number."""
    value = scores.get(key)
    return value if value is not None and math.isfinite(value) else None


def plain(value: float | None, digits: int = 2) -> str:
    """A number with a true minus sign; a dash where there is none."""
    if value is None:
        return DASH
    # "-0.00" is nothing
    value = round(value, digits) + 0.0
    return f'{value:.{digits}f}'.replace('-', MINUS)


def signed(value: float | None, digits: int = 2) -> str:
    """A difference, with a plus where it is positive."""
    text = plain(value, digits)
    positive = value is not None and round(value, digits) > 0
    return f'+{text}' if positive else text


def sign_of_better(key: str) -> int:
    """Whether more of a score is better.

    Args:
        key: Of ``BalancedIoUMetric``, 'mIoU' or 'IoU.road' for one.

    Returns:
        1 where more is better, -1 where less is (what is spread over the
        classes), 0 where neither is (Bias).
    """
    if key.startswith('Bias'):
        return 0
    first, _, of_class = key.partition('.')
    kind = first if of_class and first in OF_CLASSES else key
    return -1 if '_std' in kind else 1


def count(number: int, one: str, many: str | None = None) -> str:
    """A number with its noun, '1 class' or '3 classes' for one."""
    return f'{number} {one if number == 1 else many or one + "s"}'
