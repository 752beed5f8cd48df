"""Statistics of other weights or classes do not pass unnoticed."""

import pytest

from mmseg_balance.engine.statistics_origin import check_origin

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
    assert 'they are of run/iter_4.pth, the weights of run/iter_5.pth' in line
    (line,) = lines(dict(part='student'), part='teacher')
    assert "the student's, what predicts is the teacher" in line


@pytest.mark.parametrize('classes', [['road', 'sky'], ['sky', 'car']])
def test_those_of_other_classes(classes):
    with pytest.raises(ValueError, match='is tested on sky, road: make'):
        lines(dict(classes=classes))
