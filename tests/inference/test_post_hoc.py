"""Statistics of other weights or classes do not pass unnoticed."""

import pytest

from mmseg_balance.inference.post_hoc import check_origin

CLASSES = ['sky', 'road']


def lines(meta, checkpoint='run/iter_5.pth', part=None, classes=CLASSES):
    return check_origin(meta, 'statistics.pth', checkpoint, part, classes)


def test_those_of_the_weights(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    own = dict(checkpoint='run/iter_5.pth', classes=CLASSES)
    assert lines(own) == []
    assert lines(own, tmp_path / 'run' / '..' / 'run' / 'iter_5.pth') == []
    assert lines(own | dict(part='teacher'), part='teacher') == []
    assert lines(own | dict(part=None), part='student') == []
    assert lines({}) == [] and lines(own, classes=None) == []


def test_those_of_other_weights():
    (line,) = lines(dict(checkpoint='run/iter_4.pth'))
    text = 'they are of run/iter_4.pth, what predicts is run/iter_5.pth'
    assert text in line
    (line,) = lines(dict(part='student'), part='teacher')
    assert "the student's, what predicts is the teacher" in line


def test_those_of_another_training(monkeypatch, tmp_path):
    """A checkpoint with a BLDALoss, which names itself."""
    monkeypatch.chdir(tmp_path)
    meta = dict(checkpoint='statistics.pth')
    (line,) = lines(meta)
    assert line.startswith(
        'statistics.pth: they were followed in the training of '
        'statistics.pth, what predicts is run/iter_5.pth;'
    )
    assert lines(meta, checkpoint=tmp_path / 'statistics.pth') == []


@pytest.mark.parametrize('classes', [['road', 'sky'], ['sky', 'car']])
def test_those_of_other_classes(classes):
    with pytest.raises(ValueError, match='is tested on sky, road: make'):
        lines(dict(classes=classes))
