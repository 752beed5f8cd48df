"""Gradients of several backward passes, added together."""

import pytest
import torch
from mmengine.optim import OptimWrapper
from torch import nn

from mmseg_balance.models.uda.optimization import sequential_backward
from mmseg_balance.models.uda.optimization.sequential_backward import (
    SequentialBackward,
    added_at_once,
)


class OnGPU(nn.Parameter):
    """A parameter of the CPU that is taken for one of a GPU."""

    device = torch.device('cuda')


def network(kind=nn.Parameter):
    torch.manual_seed(0)
    model = nn.ModuleDict(
        dict(shared=nn.Linear(3, 4), first=nn.Linear(4, 1)),
    )
    model['second'] = nn.Linear(4, 1)
    for module in model.values():
        module.weight = kind(module.weight.data)
        module.bias = kind(module.bias.data)
    return model


def learn(model, accumulative_counts=1):
    """Two objectives an iteration, of which only the first has `first`."""
    torch.manual_seed(1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    wrapper = OptimWrapper(optimizer, accumulative_counts=accumulative_counts)
    for _ in range(4):
        optimization = SequentialBackward(wrapper)
        for name in ('first', 'second', 'second'):
            hidden = model['shared'](torch.randn(5, 3))
            optimization.backward(model[name](hidden).square().sum())
        optimization.step(model.parameters())
    return [p.detach().clone() for p in model.parameters()]


@pytest.mark.parametrize('counts', [1, 2])
def test_sums_are_the_same_bit_for_bit(counts):
    found = learn(network(OnGPU), counts)
    expected = learn(network(), counts)
    for a, b in zip(found, expected, strict=True):
        assert torch.equal(a, b)


def test_gradients_keep_their_place_and_one_that_is_not_there_stays_so():
    used, idle, new = (OnGPU(torch.ones(2)) for _ in range(3))
    used.grad, idle.grad = torch.ones(2), torch.ones(2)
    held = used.grad, idle.grad
    with added_at_once([used, idle, new]):
        assert used.grad is None
        (3 * used + new).sum().backward()
    assert used.grad is held[0] and used.grad.tolist() == [4, 4]
    assert idle.grad is held[1] and idle.grad.tolist() == [1, 1]
    assert new.grad.tolist() == [1, 1]


def test_a_hook_on_the_sum_gets_the_sum():
    parameter = OnGPU(torch.ones(2))
    parameter.grad = torch.ones(2)
    seen = []
    parameter.register_post_accumulate_grad_hook(
        lambda p: seen.append(p.grad.tolist())
    )
    with added_at_once([parameter]):
        (3 * parameter).sum().backward()
    assert seen == [[4, 4]] and parameter.grad.tolist() == [4, 4]


def test_a_cpu_adds_as_ever(monkeypatch):
    def forbidden(*_):
        raise AssertionError

    monkeypatch.setattr(sequential_backward.torch, '_foreach_add_', forbidden)
    learn(network())
