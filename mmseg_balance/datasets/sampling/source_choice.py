"""Which of several sources a sample is of."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...errors import UserValueError
from ...number_checks import is_number

LOOP = 'ResumableIterBasedTrainLoop'
SAMPLER = 'ResumableInfiniteSampler'


class SourceChoice:
    """Draws a source by weight; the weights may change by iteration.

    Without weights there is nothing to draw: the index of a sample says
    whose it is, and every image of every source comes equally often.
    Random numbers come from NumPy's global generator.

    Args:
        num_sources: Number of sources S.
        weights: ``source_weights`` of ``UDADataset``: S numbers, in any unit;
            with ``progressive`` such a list for each phase.
        progressive: ``progressive`` of ``UDADataset``: the iterations, from
            0, at which the second and each further phase begins. Without
            weights there is a phase for each source, in their order.

    Attributes:
        begins (list[int]): First iteration of each phase.
        probs (np.ndarray | None): Probability of each source in each phase,
            (P, S); None without weights.

    Raises:
        ValueError: The numbers do not fit each other, or are no weights.

    Example:
        >>> choice = SourceChoice(2, progressive=[20000])
        >>> choice.choose(19999), choice.choose(20000)
        (0, 1)
    """

    def __init__(
        self,
        num_sources: int,
        weights: Sequence[Any] | None = None,
        progressive: Sequence[int] | None = None,
    ) -> None:
        if num_sources == 1 and not (weights is None and progressive is None):
            raise UserValueError(
                'source_weights and progressive are for several sources, and '
                'source is one data set: take them out, or make source a list'
            )
        self.begins = [0, *_checked_begins(progressive)]
        self.is_progressive = progressive is not None
        if progressive is None:
            rows = None if weights is None else [weights]
        else:
            rows = _phases(num_sources, weights, len(self.begins))
        self.probs = None
        if rows is not None:
            keys = ['source_weights']
            if self.is_progressive:
                keys = [f'source_weights[{i}]' for i in range(len(rows))]
            self.probs = np.stack(
                [
                    _probabilities(row, num_sources, key)
                    for row, key in zip(rows, keys, strict=True)
                ]
            )
            _check_all_used(self.probs)

    def choose(self, iteration: int | None) -> int | None:
        """Draw a source.

        Args:
            iteration: Of the training, from 0; it matters where the weights
                change.

        Returns:
            Its position; None where the index of the sample decides.

        Raises:
            ValueError: The weights change, and the iteration is not known.
        """
        if self.probs is None:
            return None
        probs = self.probs[self.phase(iteration)]
        return int(np.random.choice(len(probs), p=probs))

    def phase(self, iteration: int | None) -> int:
        """The phase that an iteration is in.

        Args:
            iteration: As in :meth:`choose`.
        """
        if not self.is_progressive:
            return 0
        if iteration is None:
            raise UserValueError(
                'progressive: which source is drawn depends on the iteration, '
                'which is not known here: train with sampler=dict(type='
                f'{SAMPLER!r}) and train_cfg=dict(type={LOOP!r}), or take '
                'source_weights without progressive'
            )
        return int(np.searchsorted(self.begins, iteration, 'right')) - 1


def _checked_begins(progressive: Sequence[int] | None) -> list[int]:
    if progressive is None:
        return []
    begins = progressive
    if not (
        isinstance(begins, list | tuple)
        and begins
        and all(isinstance(b, int) and not isinstance(b, bool) for b in begins)
        and all(a < b for a, b in zip((0, *begins[:-1]), begins, strict=True))
    ):
        raise UserValueError(
            'progressive: expected the iterations at which the next sources '
            'take over, ascending and above 0, as in progressive=[20000] for '
            f'two sources, found {progressive!r}'
        )
    return list(begins)


def _phases(
    num_sources: int, weights: Sequence[Any] | None, num_phases: int
) -> Sequence[Any]:
    """The weights of each phase of a progressive training."""
    if weights is None:
        if num_phases != num_sources:
            raise UserValueError(
                f'progressive has {num_phases - 1} iterations for '
                f'{num_sources} sources, expected {num_sources - 1}, at which '
                'the next source takes over; where phases are others, '
                'source_weights has a list for each'
            )
        return np.eye(num_sources).tolist()
    if not (
        isinstance(weights, list | tuple)
        and len(weights) == num_phases
        and all(isinstance(row, list | tuple) for row in weights)
    ):
        raise UserValueError(
            f'source_weights is {weights!r}, and progressive has '
            f'{num_phases - 1} iterations, which make {num_phases} phases: '
            'expected a list of weights for each of them, as in '
            'source_weights=[[1, 0], [1, 1]] with progressive=[20000]'
        )
    return weights


def _probabilities(weights: Any, num_sources: int, key: str) -> np.ndarray:
    """Normalise the weights of one phase."""
    if not (
        isinstance(weights, list | tuple)
        and len(weights) == num_sources
        and all(is_number(w) and w >= 0 for w in weights)
        and sum(weights) > 0
    ):
        raise UserValueError(
            f'{key}: expected {num_sources} numbers >= 0, one a source, whose '
            f'sum is above 0, found {weights!r}'
        )
    return np.asarray(weights, dtype=float) / sum(weights)


def _check_all_used(probs: np.ndarray) -> None:
    unused = np.flatnonzero(probs.sum(0) == 0)
    if len(unused):
        names = ', '.join(f'source[{s}]' for s in unused)
        raise UserValueError(
            f'source_weights: {names} never has a weight above 0 and would '
            'not be trained on: give it one, or take it out of source'
        )
