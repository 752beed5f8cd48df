"""Whether settings are numbers in range, checked at build."""

import math
from typing import Any

from .errors import UserValueError


def is_number(value: Any) -> bool:
    """Whether a value is a finite number, and not a boolean.

    Args:
        value: Anything.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    return math.isfinite(value)


def check_number(
    owner: str,
    name: str,
    value: Any,
    low: float = 0.0,
    high: float = math.inf,
    *,
    above: bool = False,
    below: bool = False,
) -> None:
    """Refuse a setting that is no finite number in range.

    Args:
        owner: Class that has it.
        name: Its key.
        value: What was given.
        low: Smallest value.
        high: Largest value.
        above: Whether ``low`` itself is out of range.
        below: Whether ``high`` itself is out of range.

    Raises:
        ValueError: Names the key, the value and the range.
    """
    if is_number(value):
        large = value > low if above else value >= low
        if large and (value < high if below else value <= high):
            return
    if math.isinf(high):
        limits = f'{"above" if above else "at least"} {low:g}'
    else:
        left, right = '(' if above else '[', ')' if below else ']'
        limits = f'in {left}{low:g}, {high:g}{right}'
    raise UserValueError(
        f'Expected `{name}` of {owner} to be a number {limits}, but got '
        f'{value!r}'
    )


def check_number_of_classes(owner: str, value: Any) -> None:
    """Refuse a number of classes between which nothing is to choose.

    Args:
        owner: Class that has it.
        value: What was given as ``num_classes``.

    Raises:
        ValueError: It is no whole number of at least 2.
    """
    if isinstance(value, bool) or not isinstance(value, int) or value < 2:
        raise UserValueError(
            f'Expected `num_classes` of {owner} to be a whole number of at '
            f'least 2, but got {value!r}'
        )


def check_count(owner: str, name: str, value: Any) -> None:
    """Refuse a setting that counts something, and says none.

    Args:
        owner: Class that has it.
        name: Its key.
        value: What was given.

    Raises:
        ValueError: It is no whole number of at least 1.
    """
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise UserValueError(
            f'Expected `{name}` of {owner} to be a whole number of at '
            f'least 1, but got {value!r}'
        )


check_num_classes = check_number_of_classes  # its name in 0.1.0
