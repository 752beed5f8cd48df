"""Two projections by one weight against two linear layers."""

import pytest
import torch

from mmseg_balance.models.backbones import FusedMixVisionTransformer
from mmseg_balance.models.backbones import split_projection as module
from mmseg_balance.models.backbones.split_projection import split_projection


@pytest.fixture
def written_at_once(monkeypatch):
    def switch(value):
        monkeypatch.setattr(module, 'is_written_at_once', lambda *_: value)

    return switch


@pytest.mark.parametrize('has_bias', [True, False])
@pytest.mark.parametrize('dtype', [torch.float32, torch.bfloat16])
def test_values_and_gradients_are_those_of_two_layers(
    has_bias, dtype, written_at_once
):
    torch.manual_seed(0)
    x, reduced = torch.randn(2, 6, 4), torch.randn(2, 3, 4)
    weight, bias = torch.randn(12, 4).to(dtype), torch.randn(12).to(dtype)
    found = []
    for value in (True, False):
        written_at_once(value)
        given = [
            t.clone().requires_grad_()
            for t in (x, reduced, weight, *([bias] if has_bias else []))
        ]
        with torch.autocast(
            'cpu', torch.bfloat16, enabled=dtype != torch.float32
        ):
            outs = split_projection(*given, *([] if has_bias else [None]))
        torch.manual_seed(1)
        # as attention gives them back: heads beside each other, transposed
        weights = [torch.randn(*o.shape[::2], o.shape[1]).mT for o in outs]
        sum((o * w).sum() for o, w in zip(outs, weights)).backward()
        found.append([*outs, *(t.grad for t in given)])
    tolerance = dict(rtol=1e-5, atol=1e-5)
    if dtype == torch.bfloat16:
        tolerance = dict(rtol=2e-2, atol=2e-2)
    torch.testing.assert_close(*found, **tolerance)


def test_gradients_are_those_of_finite_differences(written_at_once):
    written_at_once(True)
    shapes = (2, 3, 2), (2, 2, 2), (6, 2), (6,)
    given = [
        torch.randn(shape, dtype=torch.float64, requires_grad=True)
        for shape in shapes
    ]
    assert torch.autograd.gradcheck(split_projection, given)


@pytest.mark.parametrize('with_cp', [False, True])
@pytest.mark.parametrize('amp', [False, True])
def test_a_network_learns_the_same(with_cp, amp, written_at_once):
    torch.manual_seed(0)
    net = FusedMixVisionTransformer(
        embed_dims=8,
        num_layers=[1, 1, 1, 1],
        num_heads=[1, 2, 5, 8],
        drop_path_rate=0.3,
        with_cp=with_cp,
    ).train()
    images = torch.randn(2, 3, 64, 64)
    found = []
    for value in (True, False):
        written_at_once(value)
        net.zero_grad()
        torch.manual_seed(1)
        with torch.autocast('cpu', torch.bfloat16, enabled=amp):
            maps = net(images)
        sum(m.square().sum() for m in maps).backward()
        found.append([*maps, *(p.grad for p in net.parameters())])
    for ours, theirs in zip(*found, strict=True):
        scale = theirs.abs().max() + 1e-6
        error = (ours - theirs).abs().max() / scale
        assert error < (0.05 if amp else 1e-4)


def test_it_is_for_gpus_that_learn():
    x = torch.ones(1, device='meta')
    weight = torch.ones(1, device='meta', requires_grad=True)
    assert module.is_written_at_once(x, weight)
    assert not module.is_written_at_once(x, weight.detach())
    assert not module.is_written_at_once(torch.ones(1), weight)
    with torch.no_grad():
        assert not module.is_written_at_once(x, weight)
