"""Boxes of the table, and a picture of images of several sizes."""

import numpy as np
import pytest

from mmseg_balance.inference.passes.paired_predictions import (
    PairCounts,
    PairedSample,
)
from mmseg_balance.visualization.paper_figures.qualitative import (
    draw_qualitative,
)


def sample(name, height):
    label = np.zeros((height, 48), np.uint8)
    label[10:, :] = 1
    label[:2] = 255
    before, after = np.zeros_like(label), label.copy()
    after[:2] = 0
    after[5:8, :5], before[5:8, :5] = 1, 0
    return PairedSample(
        name, np.zeros((height, 48, 3), np.uint8), label, before, after
    )


def test_boxes_and_counts(rows, size):
    samples = [sample('a.png', 40), sample('b.png', 20)]
    counts = [PairCounts(f'{n}.png', 100, 5, 3) for n in 'abc']
    drawn = draw_qualitative(
        samples,
        counts,
        ['DACS', 'BLDA'],
        ['sky', 'road'],
        [[70, 130, 180], [128, 64, 128]],
    )
    width, height = size(drawn.png)
    assert width == pytest.approx(6.75, abs=0.01)
    assert 2 < height < 4
    boxes = [tuple(r.values()) for r in rows(drawn.tables['_boxes'])]
    assert boxes == [
        ('a.png', 'improved', '1', '0', '10', '48', '30', '1440', 'road'),
        ('a.png', 'worsened', '1', '0', '5', '5', '3', '15', 'sky'),
        ('b.png', 'improved', '1', '0', '10', '48', '10', '480', 'road'),
        ('b.png', 'worsened', '1', '0', '5', '5', '3', '15', 'sky'),
    ]
    images = rows(drawn.tables[''])
    assert [(r['image'], r['drawn']) for r in images] == [
        ('a.png', 'yes'), ('b.png', 'yes'), ('c.png', 'no'),
    ]  # fmt: skip
