"""Statistics of other weights or classes do not pass unnoticed."""

import re
from pathlib import Path

import pytest
from mmengine.config import Config

from mmseg_balance.errors import UserValueError
from mmseg_balance.inference.post_hoc import (
    balance_model,
    balancing,
    check_origin,
    part_from_balancing,
)

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


def test_settings_of_balancing():
    assert balancing() == {}
    assert balancing('s.pth') == dict(statistics='s.pth')
    assert balancing(Path('s.pth'), 0.0, 'source') == dict(
        statistics='s.pth', tau=0.0, domain='source'
    )
    message = (
        'tau and domain without post_hoc (--tau and --domain without '
        '--post-hoc STATISTICS), whose settings they are'
    )
    with pytest.raises(UserValueError, match=re.escape(message)):
        balancing(None, 0.0, 'source')


def test_balancing_is_put_around_a_model_and_taken_off():
    model = dict(type='EncoderDecoder', backbone=dict(type='ResNet'))
    cfg = Config(dict(model=model, data_preprocessor=dict(mean=[1.0])))
    balance_model(cfg, {})
    assert cfg.model == model
    assert part_from_balancing(cfg) == (cfg, {})
    settings = balancing('s.pth', 0.5)
    balance_model(cfg, settings)
    assert cfg.model == dict(
        type='PostHocSegmentor', segmentor=model, **settings
    )
    with pytest.raises(UserValueError, match='model .* balanced already'):
        balance_model(cfg, settings)
    inner, found = part_from_balancing(cfg)
    assert found == settings
    # with what the runner would have given to the outer one
    assert inner.model == model | dict(data_preprocessor=dict(mean=[1.0]))
    assert cfg.model.type == 'PostHocSegmentor'
