"""Settings are written once, and refused by the name of who is given them."""

import inspect

import pytest
from mmengine.config import Config
from mmseg.registry import MODELS

from mmseg_balance.configuration.typos import explain
from mmseg_balance.logits import (
    LogitReservoir,
    LogitStatistics,
    StatisticsSettings,
    fit_statistics,
)
from mmseg_balance.logits.statistics import settings as module
from mmseg_balance.models.losses import BLDALoss

NAMES = inspect.signature(StatisticsSettings).parameters.keys()


@pytest.mark.parametrize('owner', [BLDALoss, LogitStatistics, fit_statistics])
def test_who_passes_them_on_lists_all_of_them(owner):
    listed = inspect.signature(owner).parameters
    for name in NAMES - {'num_classes'}:
        assert listed[name].default == getattr(StatisticsSettings(2), name)
    assert not any(p.kind is p.VAR_KEYWORD for p in listed.values())


def test_a_slip_of_the_pen_is_named_by_its_key():
    loss = dict(type='BLDALoss', num_classes=4, momentun=0.9)
    with pytest.raises(TypeError) as caught:
        MODELS.build(loss)
    assert explain(caught.value, Config(dict(model=dict(loss=loss)))) == (
        'model.loss.momentun: BLDALoss takes no such argument; did you mean '
        'momentum?'
    )
    with pytest.raises(TypeError, match=r'^fit_statistics\(\).*min_sample'):
        fit_statistics(LogitReservoir(3), min_sample=1)


def test_settings_by_place_by_name_and_as_one():
    given = StatisticsSettings(3, 2, 0.5, warmup=7, clip=0.2, anchor='target')
    with pytest.warns(DeprecationWarning, match='num_components, momentum by'):
        by_place = LogitStatistics(3, 2, 0.5, warmup=7, clip=0.2, anchor=1)
    for own in (
        by_place,
        LogitStatistics(given),
        LogitStatistics(StatisticsSettings(3, 2, 0.5, 7), clip=0.2, anchor=2),
    ):
        assert own.source.weights.shape == (3, 3, 2)
        assert (own.target.momentum, own.anchors.warmup) == (0.5, 7)
        assert (own.clip, own.min_samples) == (0.2, 100)
    assert [by_place.anchor, own.anchor] == [1, 2]


def test_a_loss_takes_by_place_what_it_took_before():
    criterion = dict(type='CrossEntropyLoss')
    values = 4, 2, 0.5, 7, 20, 30, 0.2, 64, 3.0, 'loss_own', 1, 'source'
    with pytest.warns(DeprecationWarning, match=r'^BLDALoss.*em_loops'):
        loss = BLDALoss(5, 0.3, criterion, *values)
    own = loss.statistics
    bank = own.target
    assert (loss.tau, bank.num_components, own.em_loops) == (0.3, 4, 2)
    assert (bank.momentum, bank.warmup, own.min_samples) == (0.5, 7, 20)
    assert (own.max_samples, own.clip, own.grid_size) == (30, 0.2, 64)
    assert (loss.loss_weight, loss.loss_name) == (3.0, 'loss_own')
    assert (own.anchor, loss.adjust) == (1, 'source')
    with (
        pytest.warns(DeprecationWarning),
        pytest.raises(TypeError, match='multiple values'),
    ):
        BLDALoss(5, 0.3, criterion, 4, num_components=4)
    with (
        pytest.warns(DeprecationWarning),
        pytest.raises(TypeError, match='positional'),
    ):
        BLDALoss(5, 0.3, criterion, *values, 'more')


def test_the_check_of_before_says_what_it_is_now():
    with pytest.warns(DeprecationWarning, match='StatisticsSettings'):
        module.check_settings(4, 3, 100, None, 0.01, 512, 'source')
    with (
        pytest.warns(DeprecationWarning),
        pytest.raises(ValueError, match='`grid_size` to be None .* got 3'),
    ):
        module.check_settings(4, 3, 100, None, 0.01, 3, 'source')
