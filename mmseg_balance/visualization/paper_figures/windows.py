"""Windows over which a curve of noisy values is averaged."""

import numpy as np


def even_windows(total: int, most: int) -> tuple[np.ndarray, np.ndarray]:
    """Cut places into windows whose sizes differ by one at most.

    A short one at the end would be noisier than the others, and look like a
    turn of the curve.

    Args:
        total: Number T of places, at least 1.
        most: Windows at most.

    Returns:
        First and last place of each window, (P,) with P <= ``most``.
    """
    count = min(total, most)
    starts = np.arange(count) * total // count
    return starts, np.append(starts[1:], total) - 1
