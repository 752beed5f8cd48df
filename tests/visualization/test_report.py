import base64
import io
import re
from html.parser import HTMLParser

import numpy as np
import pytest
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


class Checker(HTMLParser):
    """Collects what the page loads, and checks that tags are closed."""

    def __init__(self):
        super().__init__()
        self.open, self.loads = [], []

    def handle_starttag(self, tag, attrs):
        if tag not in ('img', 'meta', 'br'):
            self.open.append(tag)
        self.loads += [v for k, v in attrs if k in ('src', 'href')]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def images_in(html):
    return [
        np.array(Image.open(io.BytesIO(base64.b64decode(data))))
        for data in re.findall(r'base64,([^"]+)"', html)
    ]


def test_report_is_one_file(tmp_path, runs, sample):
    path = write_report(
        tmp_path / 'new' / 'report.html',
        runs,
        CLASSES,
        PALETTE,
        [sample],
        'Toy <streets>',
    )
    html = path.read_text(encoding='utf-8')
    checker = Checker()
    checker.feed(html)
    assert checker.open == []
    assert all(v.startswith('data:image/png;base64,') for v in checker.loads)
    assert [p.name for p in path.parent.iterdir()] == ['report.html']
    assert 'Toy &lt;streets&gt;' in html
    assert 'a &lt;b&gt; &amp; &quot;c&quot;' in html
    assert 'Without a labelled pixel' not in html


def test_report_shows_the_samples(tmp_path, runs, sample):
    path = write_report(tmp_path / 'r.html', runs, CLASSES, PALETTE, [sample])
    bars, image, label, first, second = images_in(path.read_text())
    assert bars.shape[0] > 200 and bars.shape[1] > 300
    np.testing.assert_array_equal(image, sample.image)
    painted = [[PALETTE[0], PALETTE[1]], [PALETTE[2], [0, 0, 0]]]
    np.testing.assert_array_equal(label, painted)
    np.testing.assert_array_equal(second, painted)
    assert (first == PALETTE[0]).all()


def test_table_marks_the_best_of_each_column(runs):
    table = score_table(runs)
    assert '<td>40.12</td><td>30.34</td>' in table
    assert '<td class="best">41.56</td><td class="best">28.78</td>' in table


def test_single_run_and_missing_scores():
    table = score_table({'only': dict(mIoU=1.0)})
    assert 'best' not in table
    assert table.count('<td>-</td>') == 4


def test_absent_class_is_named(tmp_path):
    path = write_report(
        tmp_path / 'r.html',
        {'run': scores(1.0, 2.0, ['road'])},
        CLASSES,
        PALETTE,
    )
    assert re.search('Without a labelled pixel.*sky', path.read_text())


def test_failed_report_keeps_the_earlier_one(tmp_path, runs, sample):
    path = tmp_path / 'r.html'
    write_report(path, runs, CLASSES, PALETTE)
    before = path.read_text()
    sample.image = np.zeros((2, 2, 7), np.uint8)
    with pytest.raises(TypeError):
        write_report(path, runs, CLASSES, PALETTE, [sample])
    assert path.read_text() == before


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
