"""A check of all data of sets with a label an image."""

import pytest
from mmengine.config import Config
from PIL import Image

import mmseg_balance  # noqa: F401
from mmseg_balance.runs.data.check import check_data

PIPELINE = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadClassLabel'),
    dict(type='PackUDAInputs'),
]
CLASSES = ('bus', 'car')


@pytest.fixture
def check(tmp_path):
    """Check a list of images, the source of a training."""
    for name in ('x/a.png', 'x/b.png', 'x/c.png'):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        Image.new('RGB', (6, 4), (ord(path.stem), 0, 0)).save(path)

    def run(text):
        (tmp_path / 'list.txt').write_text(text)
        dataset = dict(
            type='ImageListDataset', data_root=str(tmp_path),
            ann_file='list.txt', metainfo=dict(classes=CLASSES),
            pipeline=PIPELINE,
        )  # fmt: skip
        pair = dict(type='UDADataset', source=dataset)
        cfg = Config(dict(train_dataloader=dict(dataset=pair)))
        return check_data(cfg, tmp_path / 'state.jsonl')

    return run


def shares(report):
    """Images of each class, as the table has them."""
    lines = [line.split() for line in report.sets[0].summary.splitlines()]
    return {line[0]: int(line[2]) for line in lines if line[0] in CLASSES}


def test_classes_are_counted(check):
    report = check('x/a.png 0\nx/b.png 1\nx/c.png 1')
    assert report.num_stops == 0, report.text()
    assert '3 images; width x height: 6 x 4 (3)' in report.text()
    assert 'pixels' not in report.text()
    assert shares(report) == dict(bus=1, car=2)
    # the list changed, and no image
    report = check('x/a.png 0\nx/b.png 0\nx/c.png 1')
    assert shares(report) == dict(bus=2, car=1)


def test_what_a_training_stops_at(check, tmp_path):
    assert 'no image in' in check('x/a.png 0\nx/b.png 0').text()
    assert 'has the id 2, expected 0 .. 1' in check('x/a.png 2').text()
    assert "are not there: '" in check('x/a.png 0\nx/d.png 1').text()
    (tmp_path / 'x/b.png').write_bytes(b'none')
    report = check('x/a.png 0\nx/b.png 1')
    assert report.num_stops and 'x/b.png cannot be read' in report.text()
