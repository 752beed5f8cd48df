import numpy as np
import pytest
from helpers.html_page import HtmlPage

from mmseg_balance.visualization import Sample
from mmseg_balance.visualization.comparison import (
    ComparedMethod,
    Content,
    Difference,
    ExtraFigure,
    write_page,
)
from mmseg_balance.visualization.figures import to_png

CLASSES = ['road', 'a <b> & "c"', 'sky']
PALETTE = [[128, 64, 128], [0, 0, 142], [70, 130, 180]]


def scores(miou, std, iou=(30.0, 31.0, 32.0), classes=CLASSES):
    """Scores as ``BalancedIoUMetric`` gives them."""
    out = dict(mIoU=miou, IoU_std=std, mAcc=60.0, Acc_std=20.0, aAcc=80.0)
    for i, name in enumerate(classes):
        out |= {
            f'IoU.{name}': iou[i],
            f'Acc.{name}': 50.0 + i,
            f'Bias.{name}': 1.5 * (1 - i),
        }
    return out


def method(name, miou=40.0, std=30.0, **fields):
    iou = fields.pop('iou', (30.0, 31.0, 32.0))
    return ComparedMethod(name, scores(miou, std, iou), **fields)


def curve(*values):
    return [(10 * (i + 1), value) for i, value in enumerate(values)]


@pytest.fixture
def full():
    """Two methods with all that a page can have."""
    label = np.array([[0, 1, 1], [2, 2, 255]])
    first = np.array([[0, 0, 0], [2, 1, 0]])
    second = np.array([[0, 1, 0], [1, 0, 0]])
    image = np.arange(18, dtype=np.uint8).reshape(2, 3, 3)
    confusion = np.array([[8, 2, 0], [5, 5, 0], [0, 0, 0]])
    plain = method(
        'DACS',
        40.12,
        30.34,
        stds={'mIoU': 0.5, 'IoU.road': 1.25},
        seeds=(0, 1, 2),
        confusion=confusion,
        curves={'loss': curve(3.0, 2.0), 'val/mIoU': curve(20.0, 40.0)},
        published=dict(mIoU=52.1, IoU_std=27.1, mAcc=None),
        published_source='BLDA, Table 1',
    )
    balanced = method(
        'DACS + BLDA',
        41.56,
        28.78,
        iou=(33.0, 30.5, 32.0),
        seeds=(0, None),
        confusion=np.array([[9, 1, 0], [2, 8, 0], [0, 0, 0]]),
        curves={'loss': curve(2.5, 1.5)},
    )
    return Content(
        'Toy <streets>',
        [plain, balanced],
        CLASSES,
        PALETTE,
        [
            Difference('DACS + BLDA', 'DACS', 'mIoU', 1.44, 0.5, 2.5, 3),
            Difference('DACS + BLDA', 'DACS', 'IoU_std', -1.56, None, None, 1),
        ],
        [
            Sample(
                'street <1>.png',
                image,
                label,
                {'DACS': first, 'DACS + BLDA': second},
            )
        ],
        [ExtraFigure('Logits & anchors', 'What to see.', to_png(image))],
        ['one run was <killed>'],
    )


@pytest.fixture
def page_of(tmp_path):
    """Write a page, and read it without a browser."""

    def page_of(content):
        path = write_page(tmp_path / 'new' / 'page.html', content)
        assert [p.name for p in path.parent.iterdir()] == ['page.html']
        return HtmlPage(path.read_text(encoding='utf-8'))

    return page_of
