"""Weights that are cast at once against autocast's own casts."""

import copy
from collections import Counter
from contextlib import nullcontext

import pytest
import torch
from functorch.compile import make_boxed_func
from torch import nn
from torch._dynamo.backends.common import aot_autograd
from torch.utils._python_dispatch import TorchDispatchMode

from mmseg_balance.models.backbones import FusedMixVisionTransformer
from mmseg_balance.models.backbones import mix_vision_transformer as module
from mmseg_balance.models.backbones.cross_domain import cross_domain_features

TINY = dict(
    embed_dims=8,
    num_layers=[1, 1, 1, 2],
    num_heads=[1, 2, 5, 8],
    drop_path_rate=0.3,
)


class Calls(TorchDispatchMode):
    def __init__(self):
        super().__init__()
        self.names = Counter()

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        self.names[function._schema.name] += 1
        return function(*args, **(kwargs or {}))


def network(**settings):
    torch.manual_seed(0)
    net = FusedMixVisionTransformer(**TINY, **settings)
    for parameter in net.parameters():
        parameter.data += 0.1 * torch.randn_like(parameter)
    return net.train()


def learn(net, run=None, counted=True):
    """Maps, gradients and operators under autocast."""
    net.zero_grad()
    torch.manual_seed(1)
    images = torch.randn(2, 3, 64, 64)
    calls = Calls()
    with calls if counted else nullcontext():
        with torch.autocast('cpu', torch.bfloat16):
            maps = run(net, images) if run else net(images)
        if maps[0].requires_grad:
            sum((m * m).sum() for m in maps).backward()
    grads = {k: p.grad for k, p in net.named_parameters()}
    return maps, grads, calls.names


@pytest.fixture
def one_by_one(monkeypatch):
    """Leave it to autocast."""

    def switch():
        for path in (module.__name__, cross_domain_features.__module__):
            monkeypatch.setattr(
                f'{path}.weights_cast_together', lambda *_: nullcontext()
            )

    return switch


def across(net, images):
    found = cross_domain_features(net, images, images.flip(0))
    return [*found.source, *found.mixed_to_source]


@pytest.mark.parametrize(
    ('settings', 'run'),
    [
        ({}, None),
        (dict(with_cp=True), None),
        (dict(qkv_bias=False), None),
        ({}, across),
        (dict(with_cp=True), across),
    ],
    ids=['plain', 'checkpoints', 'no bias', 'across', 'across, checkpoints'],
)
def test_maps_and_gradients_are_autocasts_bit_for_bit(
    settings, run, one_by_one
):
    net = network(**settings)
    maps, grads, calls = learn(net, run)
    one_by_one()
    expected, wanted, own = learn(net, run)
    for a, b in zip(maps, expected, strict=True):
        assert torch.equal(a, b)
    for key, grad in grads.items():
        assert grad.dtype == torch.float32
        assert torch.equal(grad, wanted[key]), key
    # weights and biases of every layer there and, without checkpoints, back
    assert own['aten::_to_copy'] - calls['aten::_to_copy'] >= 60
    assert calls['aten::_foreach_copy_'] == 2


def test_frozen_weights_get_no_gradients_and_parameters_come_back(one_by_one):
    net = network()
    frozen = [net.layers[0], net.layers[3][1][0].attn.attn.in_proj_weight]
    for part in frozen:
        part.requires_grad_(False)
    before = dict(net.named_parameters())
    _, grads, _ = learn(net)
    one_by_one()
    _, wanted, _ = learn(net)
    for key, grad in grads.items():
        assert (grad is None) == (wanted[key] is None)
        assert grad is None or torch.equal(grad, wanted[key])
    assert sum(grad is None for grad in grads.values()) > 10
    after = dict(net.named_parameters())
    assert all(after[key] is before[key] for key in before)
    assert all(p.dtype == torch.float32 for p in after.values())


def test_without_gradients_nothing_is_kept():
    net = network()
    with torch.no_grad():
        maps, grads, calls = learn(net)
    assert calls['aten::_foreach_copy_'] == 1
    assert not maps[0].requires_grad
    assert all(grad is None for grad in grads.values())


def test_parameters_come_back_after_an_error():
    net = network()
    before = list(net.parameters())
    with (
        pytest.raises(RuntimeError),
        torch.autocast('cpu', torch.bfloat16),
    ):
        net(torch.randn(2, 4, 64, 64))  # of too many channels
    assert all(a is b for a, b in zip(net.parameters(), before, strict=True))


def test_layers_that_do_more_with_their_weights_keep_them(one_by_one):
    class Standardised(nn.Conv2d):
        def forward(self, x):
            assert self.weight.dtype == torch.float32
            return super().forward(x)

    net = network()
    plain = net.layers[0][0].projection
    own = Standardised(3, 8, 7, 4, 3)
    own.load_state_dict(plain.state_dict())
    net.layers[0][0].projection = own
    maps, _, _ = learn(net)
    one_by_one()
    assert torch.equal(maps[-1], learn(net)[0][-1])


def test_compiled_code_has_no_casts_of_weights_and_gives_the_same():
    casts = []

    def count(graph, _):
        targets = [str(node.target) for node in graph.graph.nodes]
        casts.append(targets.count('aten._to_copy.default'))
        return make_boxed_func(graph.forward)

    net = network()
    for layer in net.blocks:  # draws of compiled code are others
        for path in layer.drop_paths:
            path.drop_prob = 0.0
    plain = copy.deepcopy(net)
    torch._dynamo.reset()
    net.compile(
        dynamic=False,
        backend=aot_autograd(fw_compiler=count, bw_compiler=count),
    )
    maps, grads, _ = learn(net, counted=False)
    torch._dynamo.reset()
    expected, wanted, _ = learn(plain)
    assert len(casts) == 2 and max(casts) <= 1
    assert all(map(torch.equal, maps, expected))
    assert all(torch.equal(grads[k], wanted[k]) for k in grads)
    copied = copy.deepcopy(net)  # without what was compiled
    assert copied._compiled_features is None
    assert copied.state_dict().keys() == plain.state_dict().keys()
