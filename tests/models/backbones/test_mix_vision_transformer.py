"""The MiT with fused attention against MMSegmentation's own."""

import copy
import pickle

import pytest
import torch
from helpers.mit_layout import original_layout
from mmengine.registry import init_default_scope
from mmseg.models.backbones import MixVisionTransformer
from mmseg.registry import MODELS
from torch import nn

from mmseg_balance.files import weights as weight_files
from mmseg_balance.models.backbones import FusedMixVisionTransformer
from mmseg_balance.models.uda.teacher.averaging import switch_off_dropout

TINY = dict(embed_dims=8, num_layers=[2, 1, 1, 1], num_heads=[1, 2, 5, 8])


@pytest.fixture(autouse=True)
def _scope():
    init_default_scope('mmseg')


def build(**kwargs):
    net = MODELS.build(
        dict(type='FusedMixVisionTransformer', **{**TINY, **kwargs})
    )
    for parameter in net.parameters():  # far from what it starts with
        parameter.data += 0.1 * torch.randn_like(parameter)
    return net


def mmsegs_own(net, **kwargs):
    """MMSegmentation's network with these weights and these eps."""
    own = MixVisionTransformer(**{**TINY, **kwargs})
    own.load_state_dict(net.state_dict())
    for name, module in own.named_modules():
        if name.endswith(('.0.norm', '.attn.norm')):
            module.eps = 1e-5
    return own


def gradients(net, images):
    net.zero_grad()
    torch.manual_seed(3)  # of dropout and drop path
    outs = net(images)
    torch.manual_seed(4)
    sum((o * torch.randn_like(o)).sum() for o in outs).backward()
    return outs, {k: p.grad.clone() for k, p in net.named_parameters()}


@pytest.mark.parametrize('size', [(64, 64), (70, 100)])
@pytest.mark.parametrize('bias, drop_path', [(True, 0.0), (False, 0.5)])
def test_features_and_gradients_are_mmsegs(size, bias, drop_path):
    kwargs = dict(qkv_bias=bias, drop_path_rate=drop_path)
    net = build(**kwargs)
    own = mmsegs_own(net, **kwargs)
    images = torch.randn(2, 3, *size)
    outs, grads = gradients(net, images)
    expected, wanted = gradients(own, images)
    for a, b in zip(outs, expected, strict=True):
        torch.testing.assert_close(a, b, atol=1e-5, rtol=1e-4)
    assert grads.keys() == wanted.keys()
    for key, grad in grads.items():
        torch.testing.assert_close(
            grad, wanted[key], atol=1e-4, rtol=1e-3, msg=key
        )


def test_eps_are_those_of_the_public_code():
    eps = {
        name: module.eps
        for name, module in build().named_modules()
        if isinstance(module, nn.LayerNorm)
    }
    plain = {k for k, v in eps.items() if v == 1e-5}
    assert plain == {
        k for k in eps if k.endswith('.0.norm') or k.endswith('attn.norm')
    }
    assert {v for k, v in eps.items() if k not in plain} == {1e-6}
    assert len(plain) == 4 + 4  # stages, and blocks that reduce


@pytest.mark.parametrize('n', [1, 2])
def test_maps_stay_channels_last(n):
    net = build().eval()
    seen = []
    for module in net.modules():
        if isinstance(module, nn.Conv2d) and module.in_channels > 3:
            module.register_forward_pre_hook(lambda _, args: seen.append(args))
    outs = net(torch.randn(n, 3, 64, 96))
    assert len(seen) == 3 + 5 * 3 + 4  # embeddings, networks, reductions
    for features in [*outs, *(args[0] for args in seen)]:
        channels, height, width = features.shape[1:]
        assert features.stride() == (
            channels * height * width,
            1,
            channels * width,
            channels,
        )


def test_out_indices_select_stages():
    net = build()
    images = torch.randn(1, 3, 64, 64)
    every = net.eval()(images)
    net.out_indices = (1, 3)
    for a, b in zip(net(images), every[1::2], strict=True):
        assert torch.equal(a, b)


def test_attention_dropout_is_for_training_alone_and_can_be_changed():
    net = build(attn_drop_rate=0.5, drop_rate=0.3, drop_path_rate=0.5)
    images = torch.randn(1, 3, 64, 64)
    net.eval()
    expected = mmsegs_own(net).eval()(images)
    torch.testing.assert_close(net(images), expected, atol=1e-5, rtol=1e-4)
    net.train()
    assert not torch.allclose(net(images)[0], expected[0], atol=1e-2)
    switch_off_dropout(net)
    torch.testing.assert_close(net(images), expected, atol=1e-5, rtol=1e-4)
    attention, ffn = net.layers[0][1][0].attn, net.layers[0][1][0].ffn
    for module, name in (  # each alone
        (attention.attn, 'dropout'),
        (attention.proj_drop, 'p'),
        (attention.dropout_layer, 'drop_prob'),
        (ffn.layers[3], 'p'),
        (ffn.dropout_layer, 'drop_prob'),
    ):
        setattr(module, name, 0.99)
        assert not torch.allclose(net(images)[0], expected[0], atol=1e-2)
        setattr(module, name, 0.0)
    torch.testing.assert_close(net(images), expected, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize('train_first', [True, False])
def test_checkpointing_changes_no_gradient(train_first):
    net = build(drop_path_rate=0.3).train()
    if not train_first:  # then nothing that enters a block requires grad
        net.layers[0][0].requires_grad_(False)
    saving = copy.deepcopy(net)
    saving.with_cp = True
    calls = []
    block = saving.layers[0][1][0]
    block.register_forward_pre_hook(lambda *_: calls.append(0))
    images = torch.randn(2, 3, 64, 64)
    results = []
    for model in (net, saving):
        model.zero_grad()
        torch.manual_seed(5)
        sum(o.square().sum() for o in model(images)).backward()
        results.append({k: p.grad for k, p in model.named_parameters()})
    assert len(calls) == 2  # once more in the backward pass
    for key, grad in results[0].items():
        if grad is None:
            assert results[1][key] is None
        else:
            torch.testing.assert_close(results[1][key], grad, msg=key)
    assert results[0]['layers.0.1.0.ffn.layers.0.weight'].abs().sum() > 0


def test_checkpointing_is_off_without_gradients():
    net = build(with_cp=True)
    calls = []
    net.layers[0][1][0].register_forward_pre_hook(
        lambda *_: calls.append(torch.is_grad_enabled())
    )
    images = torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        out = net(images)
    assert calls == [False]
    plain = build()
    plain.load_state_dict(net.state_dict())
    torch.testing.assert_close(plain.train()(images), out)


def test_autocast():
    net = build().eval()
    images = torch.randn(1, 3, 64, 64)
    with torch.autocast('cpu', torch.bfloat16):
        outs, grads = gradients(net, images)
    for a, b in zip(outs, net(images)):
        cosine = torch.cosine_similarity(a.flatten(), b.flatten(), dim=0)
        assert cosine > 0.99
    assert all(g.dtype == torch.float32 for g in grads.values())


def test_it_builds_and_runs_on_the_meta_device():
    with torch.device('meta'):
        net = FusedMixVisionTransformer(**TINY)
        outs = net(torch.empty(2, 3, 64, 96))
    assert all(p.is_meta for p in net.parameters())
    assert [o.shape for o in outs] == [
        (2, 8, 16, 24),
        (2, 16, 8, 12),
        (2, 40, 4, 6),
        (2, 64, 2, 3),
    ]


def test_it_compiles_into_one_graph():
    net = build(num_layers=[1, 1, 1, 1], drop_path_rate=0.1).eval()
    images = torch.randn(1, 3, 64, 64)
    compiled = torch.compile(net, backend='eager', fullgraph=True)
    torch.testing.assert_close(
        compiled(images), net(images), atol=1e-5, rtol=1e-4
    )


def test_weights_start_as_segformers():
    net = FusedMixVisionTransformer(embed_dims=32)
    net.init_weights()
    attention = net.layers[2][1][0].attn
    for weight in (
        attention.attn.in_proj_weight,
        attention.attn.out_proj.weight,
    ):
        assert float(weight.detach().std()) == pytest.approx(0.02, rel=0.1)
    assert (attention.attn.in_proj_bias == 0).all()
    depthwise = net.layers[2][1][0].ffn.layers[1].weight
    assert float(depthwise.detach().std()) == pytest.approx(
        (2 / 9) ** 0.5, rel=0.1
    )


def pretrained(file, **kwargs):
    net = FusedMixVisionTransformer(
        **TINY,
        init_cfg=dict(type='Pretrained', checkpoint=str(file), **kwargs),
    )
    net.init_weights()
    return net


@pytest.mark.parametrize('layout', [dict, original_layout])
@pytest.mark.parametrize('key', [None, 'state_dict', 'model'])
def test_files_of_both_layouts_load(tmp_path, layout, key):
    weights = build().state_dict()
    content = layout(weights)
    content['head.weight'] = torch.zeros(10, 64)  # of ImageNet's classifier
    file = tmp_path / 'mit.pth'
    torch.save(content if key is None else {key: content}, file)
    loaded = pretrained(file).state_dict()
    assert all(torch.equal(loaded[k], v) for k, v in weights.items())


def test_weights_load_as_part_of_a_segmentor(tmp_path):
    weights = build().state_dict()
    file = tmp_path / 'mit.pth'
    torch.save(original_layout(weights), file)
    model = MODELS.build(
        dict(
            type='EncoderDecoder',
            backbone=dict(
                type='FusedMixVisionTransformer',
                init_cfg=dict(type='Pretrained', checkpoint=str(file)),
                **TINY,
            ),
            decode_head=dict(
                type='FCNHead', in_channels=64, channels=8, num_classes=4
            ),
        )
    )
    model.init_weights()
    loaded = model.backbone.state_dict()
    assert all(torch.equal(loaded[k], v) for k, v in weights.items())


@pytest.mark.parametrize('prefix', ['backbone', 'backbone.'])
def test_the_backbone_of_a_whole_segmentor_loads(tmp_path, prefix):
    weights = build().state_dict()
    content = {f'backbone.{k}': v for k, v in weights.items()}
    content['decode_head.conv_seg.bias'] = torch.zeros(19)
    file = tmp_path / 'segmentor.pth'
    torch.save(dict(state_dict=content, meta={}), file)
    loaded = pretrained(file, prefix=prefix).state_dict()
    assert all(torch.equal(loaded[k], v) for k, v in weights.items())
    with pytest.raises(ValueError, match=r"prefix='backbone\.'"):
        pretrained(file)


def test_a_file_that_does_not_fit_is_an_error(tmp_path):
    file = tmp_path / 'mit.pth'
    weights = dict(build().state_dict())
    torch.save(build(embed_dims=16).state_dict(), file)
    with pytest.raises(ValueError, match=r'mit.pth.*projection.*\(16, 3, 7'):
        pretrained(file)
    norm = weights.pop('layers.3.2.bias')
    torch.save(weights, file)
    with pytest.raises(ValueError, match="'layers.3.2.bias' is missing"):
        pretrained(file)
    torch.save({**weights, 'layers.3.2.bias': norm, 'layers.4': norm}, file)
    with pytest.raises(ValueError, match="'layers.4' is unknown"):
        pretrained(file)
    original = original_layout(build().state_dict())
    torch.save({**original, 'neck.weight': norm}, file)
    with pytest.raises(ValueError, match="mit.pth.*'neck.weight'"):
        pretrained(file)


class Trap:
    """Runs code where a file is unpickled without weights_only."""

    def __reduce__(self):
        return print, ('unpickled',)


def test_files_are_read_with_weights_only(tmp_path, capsys):
    file = tmp_path / 'mit.pth'
    file.write_bytes(pickle.dumps(Trap(), protocol=2))
    with pytest.raises(ValueError, match='mit.pth.*weights_only'):
        pretrained(file)
    torch.save(dict(state_dict=Trap()), file)
    with pytest.raises(ValueError, match='mit.pth.*weights_only'):
        pretrained(file)
    assert 'unpickled' not in capsys.readouterr().out
    with pytest.raises(FileNotFoundError):
        pretrained(tmp_path / 'absent.pth')
    torch.save([1, 2], file)
    with pytest.raises(ValueError, match='holds a list'):
        pretrained(file)


def test_addresses_are_read_with_weights_only(monkeypatch):
    weights, seen = build().state_dict(), []

    def download(address, **kwargs):
        seen.append((address, kwargs))
        return dict(state_dict=dict(weights))

    monkeypatch.setattr(weight_files, 'load_state_dict_from_url', download)
    loaded = pretrained('https://example.org/mit.pth').state_dict()
    assert all(torch.equal(loaded[k], v) for k, v in weights.items())
    ((address, kwargs),) = seen
    assert address == 'https://example.org/mit.pth'
    assert kwargs['weights_only'] is True


def test_on_a_gpu_convolutions_are_as_their_maps():
    net = build()
    before = {k: v.stride() for k, v in net.state_dict().items()}
    net.float()  # on a CPU nothing changes
    assert {k: v.stride() for k, v in net.state_dict().items()} == before
    for module in net.to('meta').modules():
        if isinstance(module, nn.Conv2d):
            form = torch.channels_last
            assert module.weight.is_contiguous(memory_format=form)
    assert net.state_dict().keys() == before.keys()
