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
    for own in (
        LogitStatistics(3, 2, 0.5, warmup=7, clip=0.2, anchor='target'),
        LogitStatistics(given),
        LogitStatistics(StatisticsSettings(3, 2, 0.5, 7), clip=0.2, anchor=2),
    ):
        assert own.source.weights.shape == (3, 3, 2)
        assert (own.target.momentum, own.anchors.warmup) == (0.5, 7)
        assert (own.clip, own.min_samples) == (0.2, 100)
        assert own.anchor in ('target', 2)
    with pytest.raises(TypeError):
        LogitStatistics(given, 3)


def test_the_check_of_before_says_what_it_is_now():
    with pytest.warns(DeprecationWarning, match='StatisticsSettings'):
        module.check_settings(4, 3, 100, None, 0.01, 512, 'source')
    with (
        pytest.warns(DeprecationWarning),
        pytest.raises(ValueError, match='`grid_size` to be None .* got 3'),
    ):
        module.check_settings(4, 3, 100, None, 0.01, 3, 'source')
