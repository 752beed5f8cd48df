"""Drop paths drawn at once against mmcv's, one after the other."""

import pytest
import torch
from mmcv.cnn.bricks import DropPath
from torch import nn

from mmseg_balance.models.backbones import FusedMixVisionTransformer
from mmseg_balance.models.backbones.cross_domain import cross_domain_features
from mmseg_balance.models.backbones.drop_paths import add_branch, keep_factors

TINY = dict(embed_dims=8, num_layers=[2, 1, 1, 2], num_heads=[1, 2, 5, 8])


@pytest.mark.parametrize('dtype', [torch.float32, torch.bfloat16])
@pytest.mark.parametrize('rate', [0.05, 0.5, 0.9])
def test_a_branch_is_added_as_after_mmcvs_module(rate, dtype):
    identity = torch.randn(4, 3, 2, requires_grad=True)
    branches = torch.randn(20, 4, 3, 2).to(dtype).requires_grad_()
    path = DropPath(rate).train()
    torch.manual_seed(0)
    expected = [identity + path(branch) for branch in branches]
    torch.manual_seed(0)
    keep = torch.full((20, 1), 1 - rate)
    factors = keep_factors(keep, [4], dtype)
    found = [
        add_branch(identity, branch, factor)
        for branch, factor in zip(branches, factors, strict=True)
    ]
    assert {0} < set(torch.stack(factors).flatten().tolist())
    tolerance = dict(rtol=1e-2, atol=3e-2)
    if dtype == torch.float32:
        tolerance = dict(rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(found, expected, **tolerance)
    weights = torch.randn(20, 4, 3, 2)
    ours, theirs = (
        torch.autograd.grad(
            (torch.stack(sums) * weights).sum(), [identity, branches]
        )
        for sums in (found, expected)
    )
    torch.testing.assert_close(ours, theirs, **tolerance)


@pytest.mark.parametrize('dtype', [torch.bfloat16, torch.float16])
def test_half_precision_scales_no_branch_by_a_rounded_factor(dtype):
    factors = keep_factors(torch.full((20, 1), 0.95), [4], dtype)
    branch = torch.randn(4, 3, 2).to(dtype).requires_grad_()
    for factor in factors:
        added = add_branch(torch.zeros(4, 3, 2), branch, factor)
        assert added.dtype == torch.float32
        kept = factor.bool()
        expected = branch.float() / 0.95 * kept
        torch.testing.assert_close(added, expected, rtol=1e-6, atol=0)
        (gradient,) = torch.autograd.grad(added.sum(), branch)
        assert torch.equal(gradient, (kept / 0.95).to(dtype).expand(4, 3, 2))
    alike = add_branch(torch.zeros_like(branch), branch, factors[0])
    assert alike.dtype == dtype


def network(**settings):
    torch.manual_seed(0)
    net = FusedMixVisionTransformer(**TINY, **settings)
    for parameter in net.parameters():
        parameter.data += 0.1 * torch.randn_like(parameter)
    return net.train()


def features(net, images):
    torch.manual_seed(3)
    found = net(images)[-1]
    return found, torch.rand(1)  # where the generator has got to


@pytest.fixture
def one_by_one(monkeypatch):
    """Let the modules draw themselves."""

    def switch():
        monkeypatch.setattr(
            'mmseg_balance.models.backbones.drop_paths.draws_otherwise',
            lambda layer: True,
        )

    return switch


@pytest.mark.parametrize(
    'settings',
    [
        dict(drop_path_rate=0.5),
        dict(drop_path_rate=0.5, with_cp=True),
        dict(drop_path_rate=0.5, drop_rate=0.2),
        dict(drop_path_rate=0.5, attn_drop_rate=0.2),
        dict(drop_path_rate=0.0),
    ],
    ids=str,
)
def test_draws_are_those_of_the_modules_one_by_one(settings, one_by_one):
    net, images = network(**settings), torch.randn(3, 3, 64, 64)
    found, after = features(net, images)
    found.sum().backward()
    grads = [p.grad.clone() for p in net.parameters()]
    net.zero_grad()
    one_by_one()
    expected, expected_after = features(net, images)
    expected.sum().backward()
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5)
    assert torch.equal(after, expected_after)
    for grad, parameter in zip(grads, net.parameters(), strict=True):
        torch.testing.assert_close(grad, parameter.grad, rtol=1e-3, atol=1e-4)


def test_autocast_draws_as_the_modules_do(one_by_one):
    net, images = network(drop_path_rate=0.5), torch.randn(3, 3, 64, 64)
    with torch.autocast('cpu', torch.bfloat16):
        found, after = features(net, images)
        one_by_one()
        expected, expected_after = features(net, images)
    assert torch.equal(after, expected_after)
    torch.testing.assert_close(found, expected, rtol=0.1, atol=0.1)


def test_streams_across_domains_draw_as_the_modules_do(one_by_one):
    net = network(drop_path_rate=0.5)
    source, mixed = torch.randn(2, 2, 3, 64, 64)

    def streams():
        torch.manual_seed(3)
        found = cross_domain_features(net, source, mixed)
        return [*found.source, *found.mixed_to_source, torch.rand(1)]

    found = streams()
    one_by_one()
    torch.testing.assert_close(found, streams(), rtol=1e-5, atol=1e-5)


def test_rates_that_are_changed_later_are_obeyed():
    net, images = network(drop_path_rate=0.5), torch.randn(2, 3, 64, 64)
    expected = net.eval()(images)[-1]
    assert not torch.allclose(net.train()(images)[-1], expected)
    for module in net.modules():
        if isinstance(module, DropPath):
            module.drop_prob = 1e-9
    torch.testing.assert_close(net(images)[-1], expected)
    for block in net.blocks:
        block.ffn.dropout_layer = nn.Identity()
    torch.testing.assert_close(net(images)[-1], expected)
    assert not any('keep' in key for key in net.state_dict())


def test_a_layer_alone_drops_by_its_own_modules():
    net = network(drop_path_rate=0.5)
    block, x = net.blocks[-1], torch.randn(64, 4, 64)
    found = (block(x, (2, 2)) == x).flatten(1).all(1)
    assert 5 <= found.sum() <= 30  # a quarter
