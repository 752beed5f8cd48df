import io
import math

import numpy as np
import pytest
import torch
from PIL import Image

from mmseg_balance.visualization.bias_figure import bias_bars
from mmseg_balance.visualization.class_rows import OVER, UNDER, ClassRows


def pixels(png, colour):
    """Where a picture is of exactly this colour, bool (H, W)."""
    picture = np.array(Image.open(io.BytesIO(png)))[..., :3]
    rgb = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
    return (picture == rgb).all(-1)


def blocks(mask):
    """Widths and tops of what is set, from top to bottom."""
    widths = mask.sum(1)
    rows = np.flatnonzero(widths)
    parts = np.split(rows, np.flatnonzero(np.diff(rows) > 1) + 1)
    return [(float(np.median(widths[part])), part[0]) for part in parts]


@pytest.mark.parametrize('with_mixtures', [False, True])
def test_bars_are_sorted_and_as_long_as_the_bias(with_mixtures):
    bias = torch.tensor([0.1, -0.3, 0.4, -0.2])
    modelled = torch.tensor([0.2, math.nan, 0.1, -0.1])
    png = bias_bars('abcd', bias, modelled if with_mixtures else None)
    # the first block is the entry of the legend
    (_, legend), *over = blocks(pixels(png, OVER))
    _, *under = blocks(pixels(png, UNDER))
    assert len(over) == len(under) == 2
    widths = np.array([width for width, _ in over + under])
    np.testing.assert_allclose(
        widths / widths[0], [1, 0.25, 0.5, 0.75], atol=0.02
    )
    tops = [legend, *(top for _, top in over + under)]
    assert tops == sorted(tops)


def test_classes_without_a_bias_have_no_row():
    bias = torch.tensor([0.2, math.nan, -0.2])
    rows = ClassRows(['a', 'b', 'c'], bias)
    assert rows.order == [0, 2]
    ((axis, part),) = rows.columns
    assert part == [0, 2]
    labels = [label.get_text() for label in axis.get_yticklabels()]
    assert labels == ['a', 'c']
    full = bias_bars(['a', 'b', 'c'], torch.tensor([0.2, 0.0, -0.2]))
    assert len(bias_bars(['a', 'b', 'c'], bias)) > 0
    assert bias_bars(['a', 'b', 'c'], bias) != full


def test_many_classes_get_columns():
    names = [f'class {i}' for i in range(150)]
    bias = torch.linspace(-0.01, 0.02, 150)
    rows = ClassRows(names, bias)
    assert [len(part) for _, part in rows.columns] == [38, 38, 38, 36]
    assert sum((part for _, part in rows.columns), []) == rows.order
    assert rows.order == list(range(149, -1, -1))
    assert rows.between == []

    # most bars of so many are alike: the ends say it
    ends = ClassRows(names, bias, ends=19)
    assert [part for _, part in ends.columns] == [
        list(range(149, 130, -1)),
        list(range(18, -1, -1)),
    ]
    assert ends.between == list(range(130, 18, -1))
    png = bias_bars(names, bias, bias)
    width, height = Image.open(io.BytesIO(png)).size
    assert width < 1500 and height < 1000
    _, *bars = blocks(pixels(png, OVER))
    assert len(bars) == 19


def test_all_zero_can_be_drawn():
    assert bias_bars(['a', 'b'], torch.zeros(2), torch.zeros(2))[:4] == (
        b'\x89PNG'
    )


def test_bad_input():
    with pytest.raises(ValueError, match='each of 2 classes'):
        bias_bars(['a', 'b'], torch.zeros(3))
    with pytest.raises(ValueError, match='shape of `bias`'):
        bias_bars(['a', 'b'], torch.zeros(2), torch.zeros(3))
    with pytest.raises(ValueError, match='nothing to draw'):
        bias_bars(['a', 'b'], torch.full((2,), math.nan))
