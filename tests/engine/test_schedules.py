"""Learning rates of the long schedules against their closed form."""

import pytest
import torch
from helpers.paths import ROOT
from helpers.reference import reference, whole_files
from mmengine.config import Config
from mmengine.registry import PARAM_SCHEDULERS

SCHEDULES = ROOT / 'configs/_base_/schedules'


def rates(name, iterations):
    """Rate of each iteration, as the runner steps the schedulers."""
    cfg = Config.fromfile(SCHEDULES / name)
    base = cfg.optim_wrapper.optimizer.lr
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], base)
    schedulers = [
        PARAM_SCHEDULERS.build(each, default_args=dict(optimizer=optimizer))
        for each in cfg.param_scheduler
    ]
    optimizer.step()  # or PyTorch warns
    for _ in range(iterations):
        yield optimizer.param_groups[0]['lr'] / base
        for scheduler in schedulers:
            scheduler.step()


@pytest.mark.parametrize(
    'name', ['adamw_40k.py', 'adamw_40k_mit.py', 'adamw_40k_panoptic.py']
)
def test_rates_are_those_of_the_public_code(name):
    # mmcv: poly from the first iteration on, times the warm-up
    for i, rate in enumerate(rates(name, 40000)):
        warm_up = 1 - (1 - min(i / 1500, 1)) * (1 - 1e-6)
        expected = (1 - i / 40000) * warm_up
        assert rate == pytest.approx(expected, rel=1e-6, abs=1e-9), i


@pytest.mark.parametrize('name', whole_files('panoptic/lr_schedule'))
def test_rates_are_those_that_edaps_had(name):
    arrays = reference(name)
    base = arrays['f64_base_lr']
    found = list(rates('adamw_40k_panoptic.py', 40000))
    for i, expected in zip(arrays['iteration'], arrays['f64_lr']):
        assert (found[i] * base).tolist() == pytest.approx(expected.tolist())


def test_rates_of_dacs():
    for i, rate in enumerate(rates('sgd_250k.py', 3000)):
        assert rate == pytest.approx((1 - i / 250000) ** 0.9, rel=1e-9), i


def test_rates_of_cyclegan():
    part = Config.fromfile(SCHEDULES / 'adam_200k_cyclegan.py')
    assert part.param_scheduler.generator == part.param_scheduler.discriminator
    for name in ('generator', 'discriminator'):
        wrapper = part.optim_wrapper[name]
        assert wrapper.optimizer == dict(
            type='Adam', lr=2e-4, betas=(0.5, 0.999)
        )
    (decay,) = part.param_scheduler.generator
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], 1.0)
    scheduler = PARAM_SCHEDULERS.build(
        dict(decay, begin=100, end=201), default_args=dict(optimizer=optimizer)
    )
    optimizer.step()
    for i in range(200):
        expected = 1 - max(0, i - 100) / 100
        rate = optimizer.param_groups[0]['lr']
        assert rate == pytest.approx(expected, abs=1e-9), i
        assert rate > 0
        scheduler.step()
    assert (decay.begin, decay.end) == (100000, 200001)


@pytest.mark.parametrize('name', [f.name for f in SCHEDULES.glob('*_*0k*.py')])
def test_long_schedules_end_with_the_last_iteration(name):
    cfg = Config.fromfile(SCHEDULES / name)
    schedulers = cfg.param_scheduler
    if isinstance(schedulers, dict):
        schedulers = [part for parts in schedulers.values() for part in parts]
    for scheduler in schedulers:
        if scheduler.type == 'PolyLR':
            # of a decay over 250k iterations that stops before, too
            assert scheduler.end in (40001, 250001)
            assert scheduler.end > cfg.train_cfg.max_iters
