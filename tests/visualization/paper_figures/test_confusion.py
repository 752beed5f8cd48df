"""Shares of the rows, and which classes of many are drawn."""

import io

import numpy as np
import pytest
from PIL import Image

from mmseg_balance.visualization.paper_figures.confusion import draw_confusion

NAMES = ['sky', 'road', 'car']
BASE = np.array([[8, 2, 0], [0, 0, 0], [1, 1, 2]])
OURS = np.array([[9, 1, 0], [0, 0, 0], [1, 0, 3]])


def test_difference_of_two(rows, size):
    drawn = draw_confusion(dict(base=BASE, ours=OURS), NAMES)
    assert size(drawn.png) == pytest.approx((3.25, 3.75), abs=0.01)
    table = rows(drawn.tables[''])
    assert len(table) == 9
    found = {
        (r['true class'], r['predicted class']): r['difference'] for r in table
    }
    assert found['sky', 'sky'] == '10' and found['car', 'road'] == '-25'
    assert found['road', 'car'] == ''  # no pixel of road
    heading = drawn.tables[''].columns
    assert heading[2:] == (
        'base (pixels)',
        'base (% of the true class)',
        'ours (pixels)',
        'ours (% of the true class)',
        'difference (percentage points)',
    )


def test_counts_of_images():
    drawn = draw_confusion(dict(base=BASE), NAMES, unit='images')
    assert drawn.tables[''].columns[2] == 'base (images)'


@pytest.mark.filterwarnings('error')
def test_classes_without_a_pixel_alone(size):
    drawn = draw_confusion(dict(base=BASE, ours=OURS), NAMES, [1])
    assert size(drawn.png) == pytest.approx((3.25, 3.75), abs=0.01)


def test_one_matrix_and_chosen_classes(rows):
    drawn = draw_confusion(dict(base=BASE), NAMES)
    table = rows(drawn.tables[''])
    assert [float(r['base']) for r in table[-3:]] == [25, 25, 50]
    assert drawn.png != draw_confusion(dict(base=BASE), NAMES, [0, 2]).png


def test_nothing_leaves_the_page():
    names = [f'{"a long name"[: 3 + i % 9]} {i}' for i in range(19)]
    drawn = draw_confusion(dict(base=np.eye(19)), names, width=6.75)
    picture = np.asarray(Image.open(io.BytesIO(drawn.png)).convert('L'))
    edges = picture[:, :3], picture[:, -3:], picture[:3], picture[-3:]
    assert all((edge == 255).all() for edge in edges)


def test_of_many_classes_the_largest_differences(monkeypatch):
    num = 150
    rng = np.random.default_rng(0)
    base = np.diag(rng.integers(50, 90, num)) + 1
    ours = base.copy()
    changed = sorted(rng.choice(num, 20, replace=False).tolist())
    for c in changed:
        ours[c, c] += 200
    names = [f'class {i}' for i in range(num)]
    default = draw_confusion(dict(a=base, b=ours), names)
    assert default.png == draw_confusion(
        dict(a=base, b=ours), names, changed
    ).png  # fmt: skip
    assert len(default.tables[''].rows) == num**2


def test_matrices_that_do_not_fit():
    with pytest.raises(ValueError, match='ours: expected .* of 2 classes'):
        draw_confusion(dict(ours=OURS), NAMES[:2])
    three = dict(a=OURS, b=OURS, c=OURS)
    with pytest.raises(ValueError, match='one or two'):
        draw_confusion(three, NAMES)
