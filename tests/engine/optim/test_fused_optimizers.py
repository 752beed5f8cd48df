"""Fused steps: for whom, the numbers, and checkpoints of either kind."""

import copy

import pytest
import torch
from mmengine.optim import build_optim_wrapper
from torch import nn
from torch._subclasses.fake_tensor import FakeTensorMode

from mmseg_balance.engine.optim import fused_optimizers

ADAMW = dict(type='AdamW', lr=0.01, weight_decay=0.1)
SGD = dict(type='SGD', lr=0.01, momentum=0.9, weight_decay=0.1)


def build(optimizer, device='cpu', **settings):
    torch.manual_seed(0)
    with torch.device(device):
        model = nn.Sequential(
            nn.Linear(3, 4), nn.LayerNorm(4), nn.Linear(4, 2)
        )
    config = dict(
        type='OptimWrapper',
        optimizer=copy.deepcopy(optimizer),
        constructor='StudentOptimWrapperConstructor',
        **settings,
    )
    return model, build_optim_wrapper(model, config)


@pytest.fixture
def fused_here(monkeypatch):
    """The CPU taken for a GPU."""
    monkeypatch.setattr(fused_optimizers, 'DEVICES', ('cpu', 'cuda'))


def train(model, wrapper, steps):
    torch.manual_seed(1)
    for _ in range(steps):
        wrapper.update_params(model(torch.randn(5, 3)).square().sum())
    return [p.detach().clone() for p in model.parameters()]


@pytest.mark.parametrize('optimizer', [ADAMW, dict(ADAMW, type='Adam')])
def test_on_a_gpu_steps_are_fused_and_on_a_cpu_they_are_not(optimizer):
    assert not build(optimizer)[1].optimizer.defaults.get('fused')
    # tensors of a GPU that is not there, which have shapes alone
    with FakeTensorMode():
        model, wrapper = build(optimizer, 'cuda')
        assert wrapper.optimizer.defaults['fused'] is True
        for parameter in model.parameters():
            parameter.grad = torch.ones_like(parameter)
        wrapper.step()


@pytest.mark.parametrize(
    'optimizer',
    [
        dict(ADAMW, fused=False),
        dict(ADAMW, foreach=True),
        dict(ADAMW, foreach=False),
        dict(ADAMW, capturable=True),
        SGD,  # whose fused momentum does not go with a loss scaler
        dict(type='RMSprop', lr=0.1),
        dict(type='Adamax', lr=0.1),
    ],
    ids=str,
)
def test_what_a_config_says_is_done(optimizer, fused_here):
    if 'capturable' in optimizer:  # which the CPU refuses when it steps
        assert not fused_optimizers.is_fused_by_default(
            {}, optimizer, [nn.Parameter(torch.ones(1))]
        )
        return
    defaults = build(optimizer)[1].optimizer.defaults
    assert not defaults.get('fused')
    assert defaults['foreach'] == optimizer.get('foreach')


@pytest.mark.parametrize(
    ('wrapper', 'parameter'),
    [
        (dict(type='ApexOptimWrapper'), torch.ones(1)),
        ({}, torch.ones(1, dtype=torch.complex64)),
        ({}, torch.ones(1, device='meta')),
        ({}, None),
    ],
    ids=['apex', 'complex', 'meta', 'none'],
)
def test_others_are_left_alone(wrapper, parameter, fused_here):
    parameters = [] if parameter is None else [nn.Parameter(parameter)]
    assert not fused_optimizers.is_fused_by_default(wrapper, ADAMW, parameters)


@pytest.mark.parametrize('clip', [None, dict(max_norm=0.1)])
def test_fused_steps_are_the_same_to_rounding(clip, fused_here):
    model, fused = build(ADAMW, clip_grad=clip)
    own, plain = build(dict(ADAMW, fused=False), clip_grad=clip)
    assert fused.optimizer.defaults['fused'] is True
    assert plain.optimizer.defaults['fused'] is False
    found, expected = train(model, fused, 20), train(own, plain, 20)
    start = build(ADAMW)[0].parameters()
    for a, b, first in zip(found, expected, start, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-6)
        assert not torch.equal(a, first)


@pytest.mark.parametrize('saved', [False, True], ids=['plain', 'fused'])
@pytest.mark.parametrize('optimizer', [ADAMW, SGD], ids=['adamw', 'sgd'])
def test_a_run_keeps_its_own_way_with_the_state_of_another(
    optimizer, saved, fused_here
):
    ways = [dict(optimizer, fused=saved), dict(optimizer, fused=not saved)]
    model, wrapper = build(ways[0])
    train(model, wrapper, 3)
    state = copy.deepcopy((model.state_dict(), wrapper.state_dict()))
    other, resumed = build(ways[1])
    other.load_state_dict(state[0])
    resumed.load_state_dict(copy.deepcopy(state[1]))
    groups = resumed.optimizer.param_groups
    assert [g['fused'] for g in groups] == [not saved]
    for a, b in zip(train(model, wrapper, 3), train(other, resumed, 3)):
        torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-6)


def test_a_run_resumes_bit_for_bit_beside_another_kind_of_step(fused_here):
    model, wrapper = build(ADAMW)
    train(model, wrapper, 3)
    state = copy.deepcopy((model.state_dict(), wrapper.state_dict()))
    expected = train(model, wrapper, 3)
    again, resumed = build(ADAMW)
    again.load_state_dict(state[0])
    resumed.load_state_dict(state[1])
    for a, b in zip(train(again, resumed, 3), expected, strict=True):
        assert torch.equal(a, b)


def test_steps_of_a_fused_run_are_counted_on_the_host_by_others():
    with FakeTensorMode(allow_non_fake_inputs=True):
        model, wrapper = build(dict(ADAMW, fused=True), 'cuda')
        for parameter in model.parameters():
            parameter.grad = torch.ones_like(parameter)
        wrapper.step()
        saved = wrapper.state_dict()
        devices = {s['step'].device.type for s in saved['state'].values()}
        assert devices == {'cuda'}
        _, plain = build(dict(ADAMW, fused=False), 'cuda')
        plain.load_state_dict(saved)
        states = plain.optimizer.state.values()
        assert {s['step'].device.type for s in states} == {'cpu'}
        assert {s['exp_avg'].device.type for s in states} == {'cuda'}


def test_averages_of_another_run_take_the_format_of_the_weights():
    optimizers = []
    for layout in (torch.contiguous_format, torch.channels_last):
        model = nn.Conv2d(3, 4, 3).to(memory_format=layout)
        optimizers.append(torch.optim.AdamW(model.parameters()))
        fused_optimizers.keep_own_step(optimizers[-1])
        model(torch.randn(1, 3, 5, 5)).sum().backward()
        optimizers[-1].step()
    for saved, other in (optimizers, optimizers[::-1]):
        state = copy.deepcopy(saved.state_dict())
        other.load_state_dict(state)
        weight = other.param_groups[0]['params'][0]
        for name in ('exp_avg', 'exp_avg_sq'):
            found = other.state[weight][name]
            assert found.stride() == weight.stride()
            assert torch.equal(found, state['state'][0][name])
