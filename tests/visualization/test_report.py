import io
import re

import numpy as np
import pytest
from helpers.html_page import HtmlPage
from PIL import Image

from mmseg_balance.visualization import (
    Sample,
    class_bars,
    colour_labels,
    score_table,
    write_report,
)

CLASSES = ['road', 'a <b> & "c"', 'sky']
PALETTE = [[128, 64, 128], [0, 0, 142], [70, 130, 180]]


def scores(miou, std, classes=CLASSES):
    out = dict(mIoU=miou, IoU_std=std, mAcc=60.0, Acc_std=20.0, aAcc=80.0)
    for i, name in enumerate(classes):
        out |= {
            f'IoU.{name}': 30.0 + i,
            f'Acc.{name}': 50.0 + i,
            f'Bias.{name}': float(i - 1),
        }
    return out


@pytest.fixture
def runs():
    return {'DACS': scores(40.12, 30.34), 'DACS + BLDA': scores(41.56, 28.78)}


@pytest.fixture
def sample(runs):
    label = np.array([[0, 1], [2, 255]])
    image = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)
    return Sample(
        'street.png',
        image,
        label,
        {'DACS': np.zeros((2, 2), int), 'DACS + BLDA': label},
    )


def test_report_is_the_page_of_its_runs(tmp_path, runs, sample):
    path = write_report(
        tmp_path / 'new' / 'report.html',
        runs,
        CLASSES,
        PALETTE,
        [sample],
        'Toy <streets>',
    )
    page = HtmlPage(path.read_text(encoding='utf-8'))
    assert [p.name for p in path.parent.iterdir()] == ['report.html']
    assert page.sections == 'scores bias samples class-bars classes'.split()
    assert 'Toy <streets>' in page.text
    assert 'a <b> & "c"' in page.text
    assert 'Without a labelled pixel' not in page.text
    rows = page.tables['Scores of each method']
    assert [row[2] for row in rows] == ['mIoU', '40.12', '41.56']


def test_table_marks_the_best_of_each_column(runs):
    page = HtmlPage(score_table(runs))
    ((_, first, second),) = page.tables.values()
    assert first[2] == '40.12' and second[2] == '41.56'
    ((_, first, second),) = page.attributes.values()
    assert 'class' not in first[2] and second[2]['class'] == 'best'


def test_single_run_and_missing_scores():
    ((_, row),) = HtmlPage(
        score_table({'only': dict(mIoU=1.0)})
    ).tables.values()
    assert row[2:] == ['1.00', *4 * ['\N{EN DASH}']]
    assert 'best' not in score_table({'only': dict(mIoU=1.0)})


def test_absent_class_is_named(tmp_path):
    path = write_report(
        tmp_path / 'r.html',
        {'run': scores(1.0, 2.0, ['road'])},
        CLASSES,
        PALETTE,
    )
    assert re.search('Without a labelled pixel.*sky', path.read_text())


def test_bad_arguments(tmp_path, runs):
    with pytest.raises(ValueError, match='at least one run'):
        write_report(tmp_path / 'r.html', {}, CLASSES, PALETTE)
    with pytest.raises(ValueError, match='each of 3 classes, got 2'):
        write_report(tmp_path / 'r.html', runs, CLASSES, PALETTE[:2])


def test_bars_show_higher_scores_higher():
    """The colour of a run covers an area in proportion to its IoU."""
    png = class_bars({'low': {'IoU.x': 20.0}, 'high': {'IoU.x': 80.0}}, ['x'])
    picture = np.array(Image.open(io.BytesIO(png)))[..., :3]
    blue = (picture == (0x00, 0x72, 0xB2)).all(-1)
    orange = (picture == (0xE6, 0x9F, 0x00)).all(-1)
    # the median column is one of the bar, not of the legend
    heights = [np.median(m.sum(0)[m.any(0)]) for m in (blue, orange)]
    assert heights[1] / heights[0] == pytest.approx(4, rel=0.1)


def test_labels_outside_the_palette_are_black():
    picture = colour_labels(np.array([[0, 2, 3, 255, -1]]), PALETTE)
    assert picture.dtype == np.uint8
    assert picture[0].tolist() == [PALETTE[0], PALETTE[2]] + 3 * [[0, 0, 0]]
