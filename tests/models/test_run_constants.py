"""Constants as shares of a training, by numbers worked out by hand."""

import pytest
from mmengine.registry import init_default_scope
from mmseg.registry import MODELS

from mmseg_balance.models.losses import BLDALoss
from mmseg_balance.models.run_constants import (
    Momentum,
    Pixels,
    RunSize,
    Updates,
    check_settled,
)


@pytest.fixture(autouse=True)
def _scope():
    init_default_scope('mmseg')


@pytest.mark.parametrize(
    'updates, expected',
    # 1500 / 40000 = 3.75 %; 18.75 and 1.5 are rounded up, 0.375 down
    [(40000, 1500), (2000, 75), (800, 30), (500, 19), (40, 2), (10, 0)],
)
def test_a_number_of_updates(updates, expected):
    assert Updates(1500).at(RunSize(7, updates)) == expected


@pytest.mark.parametrize(
    'value, iterations, expected',
    [
        (0.999, 40000, 0.999),
        (0.999, 20000, 0.998001),  # 0.999 squared
        (0.99, 10000, 0.960596),  # 0.99 to the fourth
        (0.99, 80000, 0.994987),  # its root
        (0.0, 2000, 0.0),
    ],
)
def test_a_momentum(value, iterations, expected):
    found = Momentum(value).at(RunSize(iterations, 1))
    assert found == pytest.approx(expected, abs=5e-7)


def test_a_tenth_of_a_training_forgets_as_a_tenth_of_the_papers():
    kept = 1.0
    for _ in range(4000):
        kept *= 0.999
    short, own = 1.0, Momentum(0.999).at(RunSize(2000, 2000))
    for _ in range(200):
        short *= own
    assert short == pytest.approx(kept, rel=1e-3)


@pytest.mark.parametrize(
    'crop, expected',
    # 100 x (256 / 512) ** 2 = 25; 14.06; 3.5 is below the least
    [(512, 100), (256, 25), (192, 14), (1024, 400), (96, 10)],
)
def test_a_number_of_pixels(crop, expected):
    size = RunSize(1, 1, crop * crop)
    assert Pixels(100, least=10).at(size) == expected
    assert Pixels(100).at(RunSize(1, 1)) is None


def test_a_model_that_is_not_trained_needs_no_training():
    loss = BLDALoss(3, warmup='auto', min_samples='auto', momentum=0.5)
    plain = BLDALoss(3, momentum=0.5)
    assert loss.left_open == ('warmup', 'min_samples')
    assert loss.statistics.min_samples == plain.statistics.min_samples == 100
    assert loss.statistics.source.warmup == 1500
    with pytest.raises(
        ValueError,
        match="warmup='auto' and min_samples='auto' of BLDALoss.*"
        'mmseg-balance train',
    ):
        check_settled(loss)
    check_settled(plain)


@pytest.mark.parametrize('alpha', ['Auto', 'auto ', True, 1.0])
def test_other_words_are_no_momentum(alpha):
    head = dict(
        type='FCNHead', in_channels=4, channels=4, in_index=0, num_classes=3
    )
    segmentor = dict(
        type='EncoderDecoder',
        backbone=dict(type='ResNetV1c', depth=18),
        decode_head=head,
        data_preprocessor=dict(
            type='SegDataPreProcessor',
            mean=[0.0] * 3,
            std=[1.0] * 3,
            size=(32, 32),
        ),
    )
    with pytest.raises(ValueError, match='`alpha` to be in'):
        MODELS.build(dict(type='DACS', alpha=alpha, segmentor=segmentor))
