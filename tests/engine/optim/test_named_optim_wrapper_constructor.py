"""Optimizers by the names that a model has for them."""

import pytest
from mmengine.optim import build_optim_wrapper
from torch import nn

from mmseg_balance.engine import NamedOptimWrapperConstructor

PART = dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=0.1))


class Two(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Linear(1, 1), nn.Linear(2, 1)

    @property
    def optimized(self):
        return dict(first=self.a, second=self.b)


def build(model, **parts):
    constructor = 'NamedOptimWrapperConstructor'
    return build_optim_wrapper(model, dict(constructor=constructor, **parts))


def test_each_moves_what_has_its_name():
    model = Two()
    second = dict(PART, optimizer=dict(type='Adam', lr=0.2))
    found = build(model, first=PART, second=second)
    assert list(found.keys()) == ['first', 'second']
    for name, part, rate in (('first', 'a', 0.1), ('second', 'b', 0.2)):
        (group,) = found[name].optimizer.param_groups
        assert group['lr'] == rate
        wanted = list(getattr(model, part).parameters())
        assert len(group['params']) == len(wanted)
        assert all(p is q for p, q in zip(group['params'], wanted))
    found.initialize_count_status(model, 3, 9)
    assert [w._inner_count for w in found.values()] == [3, 3]


@pytest.mark.parametrize(
    'parts, message',
    [
        (dict(first=PART), r"\['first'\] for model.type='Two', which has opt"),
        (
            dict(first=PART, other=PART),
            r"which has optimizers \['first', 'second'\]: name them so",
        ),
    ],
)
def test_other_names_are_told(parts, message):
    with pytest.raises(TypeError, match=message):
        build(Two(), **parts)
    with pytest.raises(TypeError, match='has one optimizer: leave constr'):
        build(nn.Linear(1, 1), **parts)


@pytest.mark.parametrize(
    'cfg, message',
    [
        (PART, r"got \['optimizer', 'type'\]: .*belong into each of them"),
        (dict(a=PART, clip_grad=None), 'belong into each of them'),
        ({}, r'got \[\]'),
        (dict(a=dict(lr=1)), r"optim_wrapper.a is {'lr': 1}, expected dict"),
    ],
)
def test_other_keys_are_told(cfg, message):
    with pytest.raises(ValueError, match=message):
        NamedOptimWrapperConstructor(cfg)
