"""Whether objectives on the outputs can work, checked at build."""

import math
from typing import Any

from torch import nn

from .image_logits import output_heads


def check_number(
    owner: str, name: str, value: Any, high: float = math.inf
) -> None:
    """Refuse a setting that is no number from 0 to ``high``.

    Args:
        owner: Class that has it.
        name: Its key.
        value: What was given.
        high: Largest value.

    Raises:
        ValueError: Names the key.
    """
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not is_number or not math.isfinite(value) or not 0 <= value <= high:
        limits = 'at least 0' if math.isinf(high) else f'in [0, {high}]'
        raise ValueError(
            f'Expected `{name}` of {owner} to be a number {limits}, but got '
            f'{value!r}'
        )


def check_outputs(owner: str, student: nn.Module) -> None:
    """Refuse outputs without a choice between classes.

    Args:
        owner: Objective that asks.
        student: An ``EncoderDecoder``.

    Raises:
        ValueError: A head has one class, of which a softmax is always sure.
    """
    for name, head in output_heads(student).items():
        if head.num_classes < 2:
            key = 'decode' if name == 'decode' else 'auxiliary'
            raise ValueError(
                f'{owner} needs two classes or more, since of one alone '
                'every prediction is sure, but '
                f'model.segmentor.{key}_head.num_classes is '
                f'{head.num_classes}: give the background a class of its own'
            )
