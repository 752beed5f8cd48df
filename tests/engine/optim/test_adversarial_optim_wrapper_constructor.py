"""Two optimizers: their parameters, their rates, and --amp."""

import copy

import pytest
import torch
from helpers.paths import ROOT
from helpers.reference import reference
from mmengine.config import Config
from mmengine.optim import OptimWrapperDict, build_optim_wrapper
from mmengine.registry import PARAM_SCHEDULERS
from torch import nn

from mmseg_balance.configuration import run_options
from mmseg_balance.configuration.checks.training import check_schedulers
from mmseg_balance.configuration.run_options import enable_amp

SCHEDULES = ROOT / 'configs/_base_/schedules'
PARTS = ('student', 'discriminator')


class Rivals(nn.Module):
    """Has what the constructor asks a model for."""

    def __init__(self):
        super().__init__()
        self.backbone = nn.Linear(3, 4)
        self.decode_head = nn.Linear(4, 2)
        self.discriminators = nn.ModuleDict(dict(decode=nn.Linear(2, 1)))
        self.teacher = nn.Linear(3, 4)

    @property
    def trainable(self):
        parts = dict(backbone=self.backbone, decode_head=self.decode_head)
        return nn.ModuleDict(parts)


def load(name):
    cfg = Config.fromfile(SCHEDULES / name)
    assert set(cfg.param_scheduler) == set(PARTS)
    return cfg


@pytest.mark.parametrize(
    'name, head_rate',
    [
        ('sgd_40k_adversarial.py', 0.0025),
        ('sgd_120k_adversarial.py', 0.0025),
        ('sgd_150k_adversarial.py', 0.0025),
        ('adamw_300_adversarial.py', 0.01),
    ],
)
def test_each_optimizer_has_the_parameters_of_its_part(name, head_rate):
    model = Rivals()
    wrapper = build_optim_wrapper(model, load(name).optim_wrapper)
    assert isinstance(wrapper, OptimWrapperDict)
    assert tuple(wrapper.keys()) == PARTS
    groups = [
        [
            p
            for group in wrapper[part].optimizer.param_groups
            for p in group['params']
        ]
        for part in PARTS
    ]
    for found, expected in zip(
        groups, (model.trainable, model.discriminators)
    ):
        assert {id(p) for p in found} == {id(p) for p in expected.parameters()}
    assert wrapper['student'].optimizer.param_groups[-1]['lr'] == head_rate
    (group,) = wrapper['discriminator'].optimizer.param_groups
    assert isinstance(wrapper['discriminator'].optimizer, torch.optim.Adam)
    assert (group['lr'], group['betas']) == (1e-4, (0.9, 0.99))


def test_iterations_are_counted_by_both():
    cfg = load('sgd_40k_adversarial.py').optim_wrapper
    cfg.student.accumulative_counts = 3
    wrapper = build_optim_wrapper(Rivals(), cfg)
    wrapper.initialize_count_status(Rivals(), 4, 7)
    for part in PARTS:
        assert wrapper[part].inner_count == 4
        assert wrapper[part]._max_counts == 7
    assert wrapper['student']._remainder_counts == 1


def test_the_state_is_that_of_both():
    cfg = load('adamw_300_adversarial.py').optim_wrapper
    wrapper, other = (build_optim_wrapper(Rivals(), cfg) for _ in range(2))
    for part in PARTS:
        for group in wrapper[part].optimizer.param_groups:
            for parameter in group['params']:
                parameter.grad = torch.ones_like(parameter)
        wrapper[part].step()
        assert not other[part].optimizer.state
    other.load_state_dict(copy.deepcopy(wrapper.state_dict()))
    for part in PARTS:
        for state in other[part].optimizer.state.values():
            assert state['step'] == 1


def rates(schedulers, base, iterations):
    """Rate of each iteration, as the runner steps the schedulers."""
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], base)
    built = [
        PARAM_SCHEDULERS.build(each, default_args=dict(optimizer=optimizer))
        for each in schedulers
    ]
    optimizer.step()  # or PyTorch warns
    for _ in range(iterations):
        yield optimizer.param_groups[0]['lr']
        for scheduler in built:
            scheduler.step()


def test_rates_of_the_discriminators_are_those_of_the_public_code():
    rows = reference('advseg')['f64_lr_D_iter_value']
    expected = {int(i): rate for i, rate in rows.tolist()}
    schedulers = load('sgd_40k_adversarial.py').param_scheduler.discriminator
    found = dict(enumerate(rates(schedulers, 1e-4, 40001)))
    for i, rate in expected.items():
        assert found[i] == pytest.approx(rate, rel=1e-6, abs=1e-12), i


@pytest.mark.parametrize('part', PARTS)
def test_rates_of_the_stopped_schedule(part):
    cfg = load('sgd_120k_adversarial.py')
    base = cfg.optim_wrapper[part].optimizer.lr
    assert cfg.train_cfg.max_iters == 120000
    found = list(rates(cfg.param_scheduler[part], base, 3000))
    for i, rate in enumerate(found):
        expected = base * (1 - i / 250000) ** 0.9
        assert rate == pytest.approx(expected, rel=1e-4), i


def test_warm_up_of_the_student():
    cfg = load('sgd_40k_adversarial.py')
    base = cfg.optim_wrapper.student.optimizer.lr
    for i, rate in enumerate(rates(cfg.param_scheduler.student, base, 3000)):
        warm_up = 1 - (1 - min(i / 1500, 1)) * (1 - 1e-6)
        expected = base * (1 - i / 40000) * warm_up
        assert rate == pytest.approx(expected, rel=1e-6, abs=1e-12), i


@pytest.mark.parametrize(
    'device, kind',
    [('cpu', 'AutocastOptimWrapper'), ('cuda', 'AmpOptimWrapper')],
)
def test_amp_is_of_both(monkeypatch, device, kind):
    monkeypatch.setattr(run_options, 'get_device', lambda: device)
    cfg = load('sgd_40k_adversarial.py')
    enable_amp(cfg)
    for part in PARTS:
        assert cfg.optim_wrapper[part].type == kind
        scale = cfg.optim_wrapper[part].get('loss_scale')
        assert scale == (None if device == 'cpu' else 'dynamic')
    assert 'type' not in cfg.optim_wrapper
    cfg.optim_wrapper.discriminator.type = 'Other'
    with pytest.raises(ValueError, match="discriminator.type='Other'"):
        enable_amp(cfg)


def test_schedulers_of_other_optimizers():
    cfg = load('sgd_40k_adversarial.py')
    check_schedulers(cfg)
    del cfg.param_scheduler['student']
    with pytest.raises(ValueError, match=r"\['discriminator'\], expected"):
        check_schedulers(cfg)
    cfg.param_scheduler = [dict(type='PolyLR')]  # of both
    check_schedulers(cfg)
    cfg = Config.fromfile(SCHEDULES / 'sgd_40k.py')
    check_schedulers(cfg)
    cfg.param_scheduler = dict(student=cfg.param_scheduler)
    with pytest.raises(ValueError, match='expected a list'):
        check_schedulers(cfg)


def test_other_constructors_leave_the_discriminators_alone():
    model = Rivals()
    sgd = dict(optimizer=dict(type='SGD', lr=0.1))
    student = dict(constructor='DefaultOptimWrapperConstructor', **sgd)
    wrapper = build_optim_wrapper(
        model,
        dict(
            constructor='AdversarialOptimWrapperConstructor',
            student=student,
            discriminator=sgd,
        ),
    )
    (group,) = wrapper['student'].optimizer.param_groups
    found = {id(p) for p in group['params']}
    assert found == {id(p) for p in model.trainable.parameters()}
