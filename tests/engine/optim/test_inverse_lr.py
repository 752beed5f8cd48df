"""Rates that fall as a power of the iteration."""

import pytest
import torch
from helpers.reference import reference, whole_files
from mmengine.registry import PARAM_SCHEDULERS

from mmseg_balance.engine import InverseLR

FACTORS = dict(backbone=0.1, bottleneck=1.0, head=1.0, discriminator=1.0)


def rates(base, count, **kwargs):
    """Rates of each group in each iteration, as the runner steps."""
    groups = [
        dict(params=[torch.zeros(1, requires_grad=True)], lr=base * factor)
        for factor in FACTORS.values()
    ]
    optimizer = torch.optim.SGD(groups)
    scheduler = PARAM_SCHEDULERS.build(
        dict(type='InverseLR', by_epoch=False, **kwargs),
        default_args=dict(optimizer=optimizer),
    )
    optimizer.step()
    for _ in range(count):
        yield [group['lr'] for group in optimizer.param_groups]
        scheduler.step()


@pytest.mark.parametrize(
    'name',
    [
        'classification/lr_schedule',
        *whole_files('classification/lr_schedule'),
    ],
)
def test_rates_are_those_of_the_public_code(name):
    case = reference(name)
    assert list(case['columns']) == list(FACTORS)
    settings = dict(
        gamma=float(case['lr_gamma']), power=float(case['lr_decay'])
    )
    last = int(case['iters'].max())
    found = list(rates(float(case['base_lr']), last + 1, **settings))
    for i, expected in zip(case['iters'], case['lrs'], strict=True):
        assert found[i] == pytest.approx(expected.tolist(), rel=1e-10)


def test_rates_are_the_closed_form():
    for i, found in enumerate(rates(0.5, 50, gamma=0.03, power=0.5)):
        assert found[1] == pytest.approx(0.5 / (1 + 0.03 * i) ** 0.5)


def test_it_begins_where_it_is_told():
    found = [r[1] for r in rates(1.0, 8, gamma=1.0, power=1.0, begin=5)]
    assert found == pytest.approx([1] * 6 + [1 / 2, 1 / 3])


@pytest.mark.parametrize('setting', ['gamma', 'power'])
def test_settings_out_of_range(setting):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)])
    with pytest.raises(ValueError, match=f'`{setting}` of InverseLR'):
        InverseLR(optimizer, **{setting: -1.0})
