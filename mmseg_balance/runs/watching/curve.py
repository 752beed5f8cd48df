"""Values of one scalar over the iterations, and fewer of them to draw."""

from array import array
from collections.abc import Sequence

import numpy as np

NUM_BUCKETS = 200


class Curve:
    """Iterations and values of a scalar, as they are logged."""

    def __init__(self) -> None:
        self._steps, self._values = array('q'), array('d')

    def append(self, step: int, value: float) -> None:
        """Add a value."""
        self._steps.append(step)
        self._values.append(value)

    def before(self, end: int | None) -> tuple[np.ndarray, np.ndarray]:
        """Copies of the iterations and the values.

        Args:
            end: Only of iterations before this one; None for all.
        """
        steps, values = np.array(self._steps), np.array(self._values)
        if end is None:
            return steps, values
        kept = steps < end
        return steps[kept], values[kept]


def joined(
    curves: Sequence[Curve | None], ends: Sequence[int | None]
) -> tuple[np.ndarray, np.ndarray]:
    """One curve of what several parts of a training logged.

    Args:
        curves: Of each part, None where it has none.
        ends: Iteration at which a later part goes on, for each.

    Returns:
        Iterations and values.
    """
    parts = [
        curve.before(end)
        for curve, end in zip(curves, ends, strict=True)
        if curve is not None
    ]
    steps = np.concatenate([part[0] for part in parts])
    return steps, np.concatenate([part[1] for part in parts])


def thinned(
    steps: np.ndarray, values: np.ndarray, num_buckets: int = NUM_BUCKETS
) -> list[tuple[int, float | None]]:
    """Points to draw of a long curve: real ones, with its peaks.

    Args:
        steps: Iterations (N, ).
        values: Values (N, ).
        num_buckets: The lowest and the highest value of each of so many
            stretches are taken, and the first and the last of all.

    Returns:
        Pairs of iteration and value, None where it is not finite.
    """
    if len(steps) > 2 * num_buckets:
        finite = np.isfinite(values)
        taken = {0, len(steps) - 1}
        bounds = np.linspace(0, len(steps), num_buckets + 1).astype(int)
        for start, end in zip(bounds[:-1], bounds[1:], strict=True):
            good = np.flatnonzero(finite[start:end]) + start
            if len(good) < end - start:
                taken.add(start + int(np.argmin(finite[start:end])))
            if len(good):
                taken.add(int(good[values[good].argmin()]))
                taken.add(int(good[values[good].argmax()]))
        index = sorted(taken)
        steps, values = steps[index], values[index]
    return [
        (int(step), float(value) if np.isfinite(value) else None)
        for step, value in zip(steps, values, strict=True)
    ]
