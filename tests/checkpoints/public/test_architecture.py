"""Networks are told by the names and shapes of their weights."""

import pytest
import torch
from helpers.public_layouts import (
    CONV,
    DIMS,
    ISA,
    SEP,
    affine,
    daformer,
    head_of,
    public_mit,
    public_segformer_head,
    refusal,
    uda,
    under,
)
from mmengine.config import Config
from mmseg.registry import MODELS

from mmseg_balance.checkpoints.public.architecture import (
    describe,
    expected_state,
    infer_segmentor,
)
from mmseg_balance.checkpoints.public.conversion import convert_checkpoint
from mmseg_balance.checkpoints.public.keys import segmentor_keys


@pytest.mark.parametrize(
    'fusion, words',
    [
        (SEP, 'sepaspp fusion, 32 channels'),
        (dict(SEP, sep=False), 'aspp fusion, 32 channels'),
        (dict(SEP, pool=True, context_cfg=ISA), 'sepaspp'),
        (CONV, 'conv fusion'),
        (dict(CONV, kernel_size=3, norm_cfg=None), 'conv fusion'),
        (dict(CONV, type='sep_conv', kernel_size=3), 'sep_conv fusion'),
        (ISA, 'isa fusion'),
        (dict(ISA, key_query_num_convs=2), 'isa fusion'),
    ],
)
def test_fusions_are_told_apart(save_public, fusion, words):
    body = daformer(fusion, classes=7)
    classes = tuple('abcdefg')
    converted = convert_checkpoint(
        save_public(uda('model', body=body), CLASSES=classes)
    )
    assert words in converted.network and '7 classes' in converted.network
    found = converted.segmentor['decode_head']['decoder_params']['fusion_cfg']
    for key, value in fusion.items():
        assert found[key] == value
    assert converted.meta['dataset_meta'] == dict(classes=list(classes))


def test_segformer_head_becomes_a_daformer_head(save_public):
    head = public_segformer_head()
    body = under('backbone.', public_mit()) | under('decode_head.', head)
    converted = convert_checkpoint(save_public(uda('model', body=body)))
    assert sum(converted.dropped.values()) == 2  # conv_seg is not used there
    model = MODELS.build(converted.segmentor).decode_head.eval()
    model.load_state_dict(
        {
            k.removeprefix('student.decode_head.'): v
            for k, v in converted.weights.items()
            if '.decode_head.' in k
        }
    )
    state = {k: v + len('model') for k, v in head.items()}
    features = [
        torch.rand(1, d, 8 // 2**i, 8 // 2**i) for i, d in enumerate(DIMS)
    ]
    embedded = [
        torch.nn.functional.interpolate(
            torch.einsum(
                'dc,nchw->ndhw', state[f'linear_c.{i}.proj.weight'], feature
            )
            + state[f'linear_c.{i}.proj.bias'][:, None, None],
            size=(8, 8),
            mode='bilinear',
        )
        for i, feature in enumerate(features)
    ]
    fused = torch.einsum(
        'dc,nchw->ndhw',
        state['linear_fuse.conv.weight'][..., 0, 0],
        torch.cat(embedded, 1),
    )
    fused = torch.nn.functional.batch_norm(
        fused,
        state['linear_fuse.bn.running_mean'],
        state['linear_fuse.bn.running_var'],
        state['linear_fuse.bn.weight'],
        state['linear_fuse.bn.bias'],
    ).relu()
    logits = torch.nn.functional.conv2d(
        fused, state['linear_pred.weight'], state['linear_pred.bias']
    )
    torch.testing.assert_close(model(features), logits, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize('attends', [True, False])
def test_hrda(save_public, attends):
    body = under('backbone.', public_mit())
    body |= under('decode_head.head.', head_of(SEP))
    if attends:
        attention = head_of(CONV, channels=16, classes=1)
        body |= under('decode_head.scale_attention.', attention)
    converted = convert_checkpoint(save_public(uda('model', body=body)))
    assert converted.segmentor['type'] == 'HRDAEncoderDecoder'
    found = converted.segmentor['decode_head']['attention']
    assert (found['num_classes'] == 1) if attends else (found == 0.5)


@pytest.mark.parametrize('depth', [18, 50, 101])
@pytest.mark.parametrize('dilations', [(6, 12), (6, 12, 18, 24)])
def test_resnets(depth, dilations):
    with torch.device('meta'):
        backbone = MODELS.build(dict(type='ResNetV1c', depth=depth))
        head = MODELS.build(
            dict(
                type='DLV2Head',
                in_channels=512 if depth == 18 else 2048,
                in_index=3,
                num_classes=19,
                dilations=dilations,
            )
        )
    state = under('backbone.', backbone.state_dict())
    state |= under('decode_head.', head.state_dict())
    found = infer_segmentor(segmentor_keys(state)[0])
    assert describe(found).startswith(f'ResNetV1c-{depth} with DLV2Head')
    assert found['decode_head']['dilations'] == dilations
    wanted = expected_state(found)
    assert {k: v.shape for k, v in wanted.items()} == {
        k: v.shape for k, v in state.items()
    }


def test_networks_that_are_not_known(save_public):
    body = under('backbone.', public_mit())
    body |= affine('decode_head.psp_modules.0.conv', 4, 4)
    message = refusal(save_public(uda('model', body=body)))
    assert 'network that is not known' in message
    assert 'psp_modules' in message and '--config' in message
    body = daformer()
    body |= under('decode_head.embed_layers.3.', affine('0', 32, 64, 1, 1))
    body |= under(
        'decode_head.embed_layers.3.1.', affine('aspp_modules.0.conv', 32, 2)
    )
    assert 'SegFormerAdapter' in refusal(save_public(uda('model', body=body)))
    message = refusal(save_public({'conv1.weight': torch.rand(2)}))
    assert "unknown keys 'conv1.weight'" in message and 'ema_model.' in message
    message = refusal(save_public(uda('imnet_model')))
    assert 'neither a student nor a teacher' in message


def test_config_decides_on_the_network(save_public, tmp_path):
    segmentor = convert_checkpoint(save_public(uda('model'))).segmentor
    cfg = Config(dict(model=dict(type='DACS', segmentor=segmentor)))
    path = tmp_path / 'config.py'
    cfg.dump(path)
    cfg = Config.fromfile(path)
    converted = convert_checkpoint(save_public(uda('model')), None, cfg)
    assert converted.segmentor is None and 'config.py' in converted.network
    cfg.model.segmentor.decode_head.channels = 64
    message = refusal(save_public(uda('model')), None, cfg)
    assert "'decode_head.conv_seg.weight' has shape (19, 32, 1, 1)" in message
    cfg.model = cfg.model.segmentor
    assert 'needs a config of a UDA model' in (
        refusal(save_public(uda('model')), None, cfg)
    )
