"""Sizes of windows."""

import numpy as np
import pytest

from mmseg_balance.visualization.paper_figures.windows import even_windows


@pytest.mark.parametrize(
    'total, most', [(1, 40), (40, 40), (41, 40), (800, 60), (100, 7)]
)
def test_windows_are_even_and_leave_nothing_out(total, most):
    starts, ends = even_windows(total, most)
    places = [range(a, b + 1) for a, b in zip(starts, ends, strict=True)]
    assert np.concatenate(places).tolist() == list(range(total))
    sizes = [len(window) for window in places]
    assert len(sizes) == min(total, most) and max(sizes) - min(sizes) <= 1
