"""Two domains through one MiT, and the attention that is recorded."""

import copy

import numpy as np
import pytest
import torch
from helpers.reference import reference
from mmengine.registry import init_default_scope
from mmseg.models.backbones.mit import EfficientMultiheadAttention
from mmseg.registry import MODELS

from mmseg_balance.models.backbones import (
    cross_domain_attention,
    cross_domain_features,
    recorded_attention,
)
from mmseg_balance.models.backbones.mit_layers import FusedEfficientAttention

STREAMS = ('src', 'mix', 't2s', 's2t')
GRID = (4, 6)
TINY = dict(
    embed_dims=8,
    num_layers=[2, 1, 1, 1],
    num_heads=[1, 2, 5, 8],
    sr_ratios=[8, 4, 2, 1],
)


@pytest.fixture(autouse=True)
def _scope():
    init_default_scope('mmseg')


@pytest.fixture(scope='module')
def arrays():
    return reference('cdac_attention')


def build(**kwargs):
    net = MODELS.build(
        dict(type='FusedMixVisionTransformer', **{**TINY, **kwargs})
    )
    for parameter in net.parameters():  # far from what it starts with
        parameter.data += 0.1 * torch.randn_like(parameter)
    return net


def public_attention(arrays, ratio):
    """The layers with the parameters of the reference run."""
    parameters = {
        key.split('::')[1]: value
        for key, value in arrays.items()
        if key.startswith(f'sr{ratio}_param::')
    }
    attention = FusedEfficientAttention(
        EfficientMultiheadAttention(12, 3, qkv_bias=True, sr_ratio=ratio)
    )
    state = {
        f'attn.in_proj_{kind}': torch.cat(
            [parameters.pop(f'{part}.{kind}') for part in ('q', 'kv')]
        )
        for kind in ('weight', 'bias')
    }
    for key, value in parameters.items():
        state[key.replace('proj.', 'attn.out_proj.')] = value
    attention.load_state_dict(state)
    if ratio > 1:
        attention.norm.eps = 1e-5
    return attention.eval()


@pytest.mark.parametrize('ratio', [1, 2])
def test_attention_agrees_with_the_public_code(arrays, ratio):
    def of(name):
        return arrays[f'sr{ratio}_{name}']

    attention = public_attention(arrays, ratio)
    tokens = [of(f'x_{s}').clone().requires_grad_() for s in ('src', 'mix')]
    attended, record = cross_domain_attention(
        attention, torch.cat(tokens), GRID
    )
    outs = dict(zip(STREAMS, attended.chunk(4)))
    for stream, out in outs.items():
        expected = of(
            f'out_{stream}' if stream in 'src mix' else f'q_out_{stream}'
        )
        torch.testing.assert_close(out, expected, rtol=0, atol=1e-5)

    logits = record.queries @ record.keys.transpose(-2, -1) / 4**0.5
    torch.testing.assert_close(
        logits.softmax(-1), of('attn_mix'), rtol=0, atol=1e-5
    )
    assert record.query_grid == GRID
    assert record.key_grid == (4 // ratio, 6 // ratio)

    sum(
        (of(f'cotangent_{s}') * out).sum() for s, out in outs.items()
    ).backward()
    for stream, own in zip(('src', 'mix'), tokens):
        torch.testing.assert_close(
            own.grad, of(f'q_detach1_grad_x_{stream}'), rtol=0, atol=1e-4
        )
    gradient = attention.attn.in_proj_weight.grad
    for part, own in zip(('q', 'kv'), gradient.split([12, 24])):
        torch.testing.assert_close(
            own, of(f'q_detach1_grad_{part}_weight'), rtol=1e-4, atol=1e-4
        )


@pytest.mark.parametrize('size', [(64, 64), (70, 100)])
def test_the_domains_are_as_if_they_were_alone(size):
    net = build().eval()
    source, mixed = torch.randn(2, 2, 3, *size)
    features = cross_domain_features(net, source, mixed)
    for own, images in ((features.source, source), (features.mixed, mixed)):
        for a, b in zip(own, net(images), strict=True):
            torch.testing.assert_close(a, b, atol=1e-5, rtol=1e-4)
    for first, second in (
        (features.mixed_to_source, features.source),
        (features.source_to_mixed, features.mixed),
    ):
        for a, b in zip(first, second, strict=True):
            assert a.shape == b.shape
            assert not torch.allclose(a, b, atol=1e-2)


def test_equal_images_make_equal_streams():
    net = build().eval()
    images = torch.randn(2, 3, 64, 96)
    features = cross_domain_features(net, images, images)
    for level, expected in enumerate(net(images)):
        for stream in (
            features.source,
            features.mixed,
            features.mixed_to_source,
            features.source_to_mixed,
        ):
            torch.testing.assert_close(
                stream[level], expected, atol=1e-5, rtol=1e-4
            )


def test_drop_path_is_drawn_for_each_stream():
    net = build(drop_path_rate=0.5).train()
    images = torch.randn(2, 3, 64, 64)
    features = cross_domain_features(net, images, images)
    lasts = [
        stream[-1]
        for stream in (
            features.source,
            features.mixed,
            features.mixed_to_source,
            features.source_to_mixed,
        )
    ]
    for i, first in enumerate(lasts):
        for second in lasts[:i]:
            assert not torch.allclose(first, second, atol=1e-2)


def test_out_indices_select_stages_and_all_blocks_are_recorded():
    net = build(out_indices=(1, 3)).eval()
    source, mixed = torch.randn(2, 1, 3, 64, 96)
    features = cross_domain_features(net, source, mixed)
    assert [f.shape[1] for f in features.source] == [16, 64]
    with torch.no_grad(), recorded_attention(net) as records:
        net(mixed)
    assert len(records) == 5
    for own, alone in zip(features.attention, records, strict=True):
        torch.testing.assert_close(
            own.queries, alone.queries, atol=1e-5, rtol=1e-4
        )
        torch.testing.assert_close(own.keys, alone.keys, atol=1e-5, rtol=1e-4)
        assert own.query_grid == alone.query_grid
        assert own.key_grid == alone.key_grid
    grids = [(r.query_grid, r.key_grid) for r in records[1:]]
    assert grids == [
        ((16, 24), (2, 3)),
        ((8, 12), (2, 3)),
        ((4, 6), (2, 3)),
        ((2, 3), (2, 3)),
    ]


@pytest.mark.parametrize('size', [(64, 96), (70, 100)])
def test_grids_are_those_of_queries_and_keys(size):
    net = build().eval()
    with torch.no_grad(), recorded_attention(net) as records:
        net(torch.randn(1, 3, *size))
    for record in records:
        assert np.prod(record.query_grid) == record.queries.shape[2]
        assert np.prod(record.key_grid) == record.keys.shape[2]


def test_nothing_is_recorded_outside_of_the_context():
    net = build().eval()
    images = torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        with pytest.raises(KeyError), recorded_attention(net) as records:
            net(images)
            raise KeyError
        net(images)
    assert len(records) == 5
    assert net.state_dict().keys() == build().state_dict().keys()


def test_checkpointing_changes_no_gradient():
    net = build(drop_path_rate=0.3).train()
    saving = copy.deepcopy(net)
    saving.with_cp = True
    calls = []
    for block in (b for _, blocks, _ in saving.layers for b in blocks):
        block.ffn.register_forward_pre_hook(lambda *_: calls.append(0))
    source, mixed = torch.randn(2, 2, 3, 64, 64)
    results = []
    for model in (net, saving):
        torch.manual_seed(5)
        features = cross_domain_features(model, source, mixed)
        maps = sum(
            stream[level].square().sum()
            for level in range(4)
            for stream in (features.source, features.source_to_mixed)
        )
        records = sum(
            r.queries.pow(3).sum() + r.keys.pow(3).sum()
            for r in features.attention
        )
        (maps + records).backward()
        results.append({k: p.grad for k, p in model.named_parameters()})
    assert len(calls) == 2 * 5  # once more in the backward pass
    for key, grad in results[0].items():
        torch.testing.assert_close(results[1][key], grad, msg=key)


def test_autocast():
    net = build().eval()
    source, mixed = torch.randn(2, 1, 3, 64, 64)
    expected = cross_domain_features(net, source, mixed)
    with torch.autocast('cpu', torch.bfloat16):
        features = cross_domain_features(net, source, mixed)
    for a, b in zip(features.source_to_mixed, expected.source_to_mixed):
        error = (a.float() - b).abs().mean() / b.abs().mean()
        assert 0 < error < 0.1


def test_cross_domain_tokens_are_never_normed_for_attention():
    net = build().eval()
    sizes = []
    block = net.layers[0][1][0]
    for norm in (block.norm1, block.norm2):
        norm.register_forward_pre_hook(
            lambda _, args: sizes.append(len(args[0]))
        )
    cross_domain_features(net, *torch.randn(2, 3, 3, 64, 64))
    assert sizes == [2 * 3, 4 * 3]
