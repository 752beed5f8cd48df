"""Which backward pass of an iteration it is, where there are several.

An optimizer may ask for the gradient more than once a step (SAM: at the
weights, and at the worst ones near them). What an iteration does once all the
same, statistics of losses for one, it does in the first pass.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from ..errors import UserValueError
from ..number_checks import check_number

ALL = (1, 2)
Weights = float | Sequence[float]  # one, or one for each pass


@dataclass(frozen=True)
class BackwardPass:
    """One of the passes that an optimizer makes before its step.

    Attributes:
        number: From 1, the pass at the weights themselves.
        total: How many there are; 1 with usual optimizers.
    """

    number: int = 1
    total: int = 1

    def includes(self, part: Any) -> bool:
        """Whether a part of a model takes part in this pass.

        Args:
            part: An objective or a term, perhaps with ``sam_passes``, the
                numbers of the passes that it takes part in. Default: all.
                Where there is one pass, everything takes part in it.
        """
        return self.total == 1 or self.number in _passes_of(part)

    def is_first_of(self, part: Any) -> bool:
        """Whether a part takes part in this pass, and did in none before."""
        return self.total == 1 or self.number == min(_passes_of(part))

    def weight(self, weights: Weights) -> float:
        """Weight of a loss in this pass.

        Args:
            weights: One; or one for each pass, of which the last, whose
                gradient is the step's, is that where there is one pass.
        """
        if not isinstance(weights, Sequence):
            return weights
        return weights[-1] if self.total == 1 else weights[self.number - 1]


_counting = [True]


def counts() -> bool:
    """Whether what is computed now is to be counted in statistics.

    It is, but for a pass that repeats one of the same iteration.
    """
    return _counting[-1]


@contextmanager
def counted(value: bool) -> Iterator[None]:
    """Say whether what is computed in here is to be counted.

    Args:
        value: See :func:`counts`.
    """
    _counting.append(value)
    try:
        yield
    finally:
        _counting.pop()


def check_weights(owner: str, name: str, value: Any) -> None:
    """Refuse what is no weight of a loss.

    Args:
        owner: Class that has it.
        name: Its key.
        value: What was given.

    Raises:
        ValueError: Neither a number of at least 0 nor two of them.
    """
    is_one = not isinstance(value, (list, tuple))
    if not is_one and len(value) != len(ALL):
        raise UserValueError(
            f'Expected `{name}` of {owner} to be a number, or two for the two '
            f'passes of SAMOptimWrapper, but got {value!r}'
        )
    for weight in [value] if is_one else value:
        check_number(owner, name, weight)


def check_passes(owner: str, value: Any) -> None:
    """Refuse ``sam_passes`` that are none.

    Args:
        owner: Class that has them.
        value: What was given.

    Raises:
        ValueError: No pass, or one that there is not.
    """
    is_list = isinstance(value, (list, tuple))
    if not is_list or not value or not set(value) <= set(ALL):
        raise UserValueError(
            f'Expected `sam_passes` of {owner} to be (1,), (2,) or (1, 2), '
            f'but got {value!r}'
        )


def _passes_of(part: Any) -> tuple[int, ...]:
    return getattr(part, 'sam_passes', ALL)
