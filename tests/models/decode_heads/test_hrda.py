"""HRDA's head and segmentor against the public code."""

import pytest
import torch
from helpers.public_parameters import load_vector
from helpers.reference import corner, reference, whole_files
from mmengine.config import ConfigDict
from mmengine.registry import init_default_scope
from mmengine.structures import PixelData
from mmseg.registry import MODELS
from mmseg.structures import SegDataSample
from torch import nn

from mmseg_balance.models.backbones.mit_keys import mmseg_mit_keys
from mmseg_balance.models.decode_heads.hrda_head import (
    ScaledFeatures,
    place_windows,
)
from mmseg_balance.models.head_losses.pixel_targets import PixelTargets
from mmseg_balance.models.head_losses.predictions import training_features
from mmseg_balance.models.head_losses.segmentation_loss import (
    loss_values,
    segmentation_losses,
)
from mmseg_balance.models.segmentors import hrda_encoder_decoder
from mmseg_balance.models.windows import Box

CLOSE = dict(rtol=1e-4, atol=1e-4)


@pytest.fixture(autouse=True)
def _scope():
    init_default_scope('mmseg')


@pytest.fixture(scope='module', params=['hrda', *whole_files('hrda')])
def arrays(request):
    return reference(request.param)


def small_head(**kwargs):
    """An HRDAHead over small heads on one level of 8 channels."""
    single = dict(
        type='FCNHead', in_channels=8, in_index=0, channels=8, num_convs=1
    )
    settings = dict(head=single, attention=single, num_classes=5)
    return MODELS.build(dict(type='HRDAHead', **{**settings, **kwargs}))


class Given(nn.Module):
    """A head whose features are its logits."""

    def __init__(self, level):
        super().__init__()
        self.level = level

    def forward(self, features):
        return features[self.level]


def given_head(attention):
    head = small_head(attention=attention)
    head.head.forward = Given(0).forward
    if isinstance(attention, dict):
        head.scale_attention.forward = Given(1).forward
    return head


@pytest.mark.parametrize('kind', ['classwise', 'single', 'fixed'])
@pytest.mark.parametrize('number', range(4))
def test_fusion_agrees_with_the_public_code(arrays, kind, number):
    single = dict(
        type='FCNHead', in_channels=8, in_index=0, channels=8, num_convs=1
    )
    attention, logits = {
        'classwise': (single, arrays['fuse_att_logits']),
        'single': (
            dict(single, num_classes=1),
            arrays['fuse_att_logits_single'],
        ),
        'fixed': (0.5, None),
    }[kind]
    fused, detail = given_head(attention).fuse(
        ScaledFeatures(
            (arrays['fuse_lr'], logits),
            [(arrays['fuse_hr_crop'],)],
            [Box(*arrays['fuse_boxes'][number].tolist())],
            (128, 128),
            8,
        )
    )
    expected = arrays[f'fuse_train_{kind}_box{number}_fused']
    torch.testing.assert_close(corner(fused, expected), expected, **CLOSE)
    assert torch.equal(detail, arrays['fuse_hr_crop'])


def test_sliding_windows_agree_with_the_public_code(arrays):
    single = dict(
        type='FCNHead', in_channels=8, in_index=0, channels=8, num_convs=1
    )
    boxes = [Box(*box) for box in arrays['slide_boxes'].tolist()]
    cells = [box.in_cells((128, 128), (32, 32)) for box in boxes]
    placed = place_windows(arrays['slide_crop_logits'], cells, (32, 32))
    expected = arrays['slide_assembled']
    torch.testing.assert_close(corner(placed, expected), expected, **CLOSE)
    fused, _ = given_head(single).fuse(
        ScaledFeatures(
            (arrays['fuse_lr'], arrays['fuse_att_logits']),
            # in two groups, as of a network that takes 12 at a time
            [(part,) for part in arrays['slide_crop_logits'].split(12)],
            boxes,
            (128, 128),
        )
    )
    expected = arrays['slide_fused']
    torch.testing.assert_close(corner(fused, expected), expected, **CLOSE)


@pytest.mark.parametrize('weighted', [False, True])
def test_losses_agree_with_the_public_code(arrays, weighted):
    fused = arrays['loss_fused'].clone().requires_grad_()
    detail = arrays['loss_hr'].clone().requires_grad_()
    box = Box(*arrays['loss_crop_box'].tolist())
    head = small_head(detail_loss_weight=float(arrays['loss_hr_weight']))
    head.fuse = lambda _: (fused, detail)
    segmentor = nn.Module()
    segmentor.decode_head, segmentor.with_auxiliary_head = head, False
    losses = segmentation_losses(
        segmentor,
        ScaledFeatures((), (), [box], (128, 128)),
        arrays['loss_label'].squeeze(1),
        arrays['loss_weight'] if weighted else None,
    )
    case = 'w' if weighted else 'now'
    for ours, theirs in (('decode', ''), ('decode.detail', 'hr.')):
        torch.testing.assert_close(
            losses[f'{ours}.loss_ce'],
            arrays[f'loss_{case}_{theirs}loss_seg'],
            **CLOSE,
        )
    total = sum(v for k, v in losses.items() if 'loss' in k)
    torch.testing.assert_close(total, arrays[f'loss_{case}_total'], **CLOSE)
    total.backward()
    for ours, theirs in ((fused, 'fused'), (detail, 'hr')):
        expected = arrays[f'loss_{case}_grad_{theirs}']
        torch.testing.assert_close(
            corner(ours.grad, expected), expected, rtol=1e-4, atol=1e-7
        )


@pytest.fixture(
    scope='module', params=['hrda_model_tiny', *whole_files('hrda_model_tiny')]
)
def public(request):
    return load_vector(request.param)


def tiny_cfg(**kwargs):
    """The segmentor of the reference run."""
    norm = dict(type='BN')
    embed = dict(type='mlp', act_cfg=None, norm_cfg=None)
    aspp = dict(
        type='aspp',
        sep=True,
        dilations=(1, 6, 12, 18),
        pool=False,
        act_cfg=dict(type='ReLU'),
        norm_cfg=norm,
    )
    conv = dict(
        type='conv', kernel_size=1, act_cfg=dict(type='ReLU'), norm_cfg=norm
    )

    def head(width, fusion):
        return dict(
            type='DAFormerHead',
            in_channels=[8, 16, 40, 64],
            in_index=[0, 1, 2, 3],
            channels=width,
            dropout_ratio=0.1,
            norm_cfg=norm,
            decoder_params=dict(
                embed_dims=width,
                embed_cfg=embed,
                embed_neck_cfg=embed,
                fusion_cfg=fusion,
            ),
        )

    return ConfigDict(
        dict(
            type='HRDAEncoderDecoder',
            backbone=dict(
                type='FusedMixVisionTransformer',
                embed_dims=8,
                num_layers=[1, 1, 1, 1],
                num_heads=[1, 2, 5, 8],
            ),
            decode_head=dict(
                type='HRDAHead',
                head=head(32, aspp),
                attention=head(16, conv),
                num_classes=19,
            ),
            detail_crop_size=(64, 64),
            test_cfg=dict(mode='whole'),
        )
        | kwargs
    )


@pytest.fixture
def model():
    model = MODELS.build(tiny_cfg()).eval()
    weights, _ = load_vector('hrda_model_tiny')
    backbone = {
        k.removeprefix('backbone.'): v
        for k, v in weights.items()
        if k.startswith('backbone.')
    }
    model.load_state_dict(
        {f'backbone.{k}': v for k, v in mmseg_mit_keys(backbone).items()}
        | {k: v for k, v in weights.items() if not k.startswith('backbone.')}
    )
    return model


def test_logits_agree_with_the_public_code(model, public):
    images = public[1]['img']
    with torch.no_grad():
        logits = model(images)  # fused, of sliding windows
        full = model.encode_decode(images, [{}] * len(images))
    expected = public[1]['encode_decode']
    torch.testing.assert_close(corner(logits, expected), expected, **CLOSE)
    torch.testing.assert_close(
        full, nn.functional.interpolate(logits, (128, 128), mode='bilinear')
    )


@pytest.mark.parametrize('max_windows', [None, 1, 3])
def test_slide_inference_agrees_with_the_public_code(
    model, public, max_windows
):
    model.max_windows = max_windows
    model.test_cfg = ConfigDict(
        mode='slide', crop_size=(128, 128), stride=(64, 64)
    )
    with torch.no_grad():
        logits = model.slide_inference(public[1]['img_wide'], [{}])
    expected = public[1]['slide_inference_wide_128x192_class0']
    torch.testing.assert_close(corner(logits, expected), expected, **CLOSE)


def test_losses_and_gradients_agree_with_the_public_code(
    model, public, monkeypatch
):
    _, arrays = public
    box = Box(*arrays['crop_box_seed4'].tolist())
    monkeypatch.setattr(hrda_encoder_decoder, 'random_box', lambda *_: box)
    features = training_features(model, arrays['img'])
    fused, detail = model.decode_head.training_predictions(features)
    for ours, theirs in ((fused, 'fused'), (detail, 'hr')):
        expected = arrays[f'train_{theirs}']
        torch.testing.assert_close(
            corner(ours.logits, expected), expected, **CLOSE
        )
    losses = segmentation_losses(
        model, features, arrays['label'].squeeze(1), arrays['weight']
    )
    for ours, theirs in (('decode', 'decode'), ('decode.detail', 'decode.hr')):
        torch.testing.assert_close(
            losses[f'{ours}.loss_ce'],
            arrays[f'train_{theirs}.loss_seg'],
            **CLOSE,
        )
        torch.testing.assert_close(
            losses[f'{ours}.acc_seg'],
            arrays[f'train_{theirs}.acc_seg'].squeeze(),
            rtol=0.01,
            atol=0.5,
        )
    total = sum(v for k, v in losses.items() if 'loss' in k)
    torch.testing.assert_close(total, arrays['train_total'], **CLOSE)
    total.backward()
    compared = 0
    for key, theirs in arrays.items():
        if not key.startswith('grad::'):
            continue
        name = key.removeprefix('grad::')
        name = name.replace('patch_embed1.proj', 'layers.0.0.projection')
        torch.testing.assert_close(
            model.get_parameter(name).grad, theirs, **CLOSE
        )
        compared += 1
    assert compared == 3


@pytest.mark.parametrize('size', [(128, 128), (100, 131), (72, 200), (64, 64)])
def test_any_size_is_predicted_at_its_size(model, size):
    images = torch.randn(2, 3, *size)
    model.test_cfg = ConfigDict(
        mode='slide', crop_size=(96, 96), stride=(48, 48)
    )
    with torch.no_grad():
        whole = model.encode_decode(images, [{}] * 2)
        slid = model.slide_inference(images, [{}] * 2)
    assert whole.shape == slid.shape == (2, 19, *size)
    assert whole.isfinite().all() and slid.isfinite().all()


def test_supervised_training_without_a_uda_model(model):
    label = torch.randint(19, (1, 64, 128))
    sample = SegDataSample(gt_sem_seg=PixelData(data=label))
    losses = model.loss(torch.randn(1, 3, 64, 128), [sample])
    assert {'decode.loss_ce', 'decode.detail.loss_ce'} < set(losses)
    # a window of 64 x 64 in an image of 64 x 128, at a random place
    assert losses['decode.detail.loss_ce'] > 0


def test_each_prediction_has_statistics_of_its_own():
    loss = dict(type='BLDALoss', num_classes=5, min_samples=4)
    head = small_head(loss_decode=loss)
    assert head.loss_decode.statistics is not head.head.loss_decode.statistics
    labels = torch.randint(5, (1, 8, 8))
    head.train()
    logits = torch.randn(1, 5, 8, 8, requires_grad=True)
    loss_values(head.head, logits, PixelTargets(labels))
    assert head.head.loss_decode.statistics.num_pending == 1
    assert head.loss_decode.statistics.num_pending == 0
    assert not list(head.scale_attention.loss_decode)


def test_a_detail_weight_of_zero_has_no_detail_loss():
    head = small_head(detail_loss_weight=0)
    head.fuse = lambda _: (torch.zeros(1, 5, 2, 2), None)
    features = ScaledFeatures((), (), [Box(0, 4, 0, 4)], (8, 8))
    (prediction,) = head.training_predictions(features)
    assert prediction.loss_weight == 1


@pytest.mark.parametrize(
    'settings, words',
    [
        (dict(detail_crop_size=(60, 64)), 'crop_coord_divisible=8'),
        (dict(detail_crop_size=(0, 64)), 'crop_coord_divisible=8'),
        (dict(detail_crop_size=64), 'height, width'),
        (dict(detail_crop_size=(64, 64, 64)), 'height, width'),
        (dict(scale=0), 'scale'),
        (dict(test_cfg=dict(mode='slide')), 'test_cfg.stride'),
        (
            dict(
                test_cfg=dict(
                    mode='slide', crop_size=(64, 64), stride=(32, 65)
                )
            ),
            'stride',
        ),
        (dict(max_windows=0), 'max_windows'),
        (
            dict(
                auxiliary_head=dict(type='FCNHead', in_channels=8, channels=8)
            ),
            'auxiliary_head',
        ),
    ],
)
def test_bad_settings_of_the_segmentor_are_named(settings, words):
    if 'auxiliary_head' in settings:
        settings['auxiliary_head']['num_classes'] = 19
    with pytest.raises(ValueError, match=words):
        MODELS.build(tiny_cfg(**settings))


def test_another_head_is_refused():
    head = dict(
        type='FCNHead', in_channels=64, channels=8, in_index=3, num_classes=19
    )
    with pytest.raises(TypeError, match='FCNHead'):
        MODELS.build(tiny_cfg(decode_head=head))


@pytest.mark.parametrize(
    'settings, words',
    [
        (dict(detail_loss_weight=1.0), 'detail_loss_weight'),
        (dict(attention=1.5), '1.5'),
        (dict(attention=True), 'True'),
        (dict(head=dict(type='FCNHead', num_classes=3)), 'num_classes'),
        (
            dict(head=dict(type='FCNHead', sampler=dict(type='OHEM'))),
            'sampler',
        ),
        (
            dict(attention=dict(type='FCNHead', loss_decode=[])),
            'loss_decode',
        ),
        (dict(attention=None), 'attention'),
        (dict(align_corners=True), 'align_corners'),
        (
            dict(
                attention=dict(
                    type='FCNHead',
                    in_channels=8,
                    in_index=0,
                    channels=8,
                    num_classes=3,
                )
            ),
            'num_classes=5',
        ),
    ],
)
def test_bad_settings_of_the_head_are_named(settings, words):
    with pytest.raises(ValueError, match=words):
        small_head(**settings)


def test_images_that_do_not_divide_are_refused_in_training(model):
    with pytest.raises(ValueError, match='100 x 128'):
        training_features(model, torch.zeros(1, 3, 100, 128))


def test_windows_beside_the_cells_are_refused(model, monkeypatch):
    model.crop_coord_divisible = 2
    monkeypatch.setattr(  # this one begins with a cell, others would not
        hrda_encoder_decoder, 'random_box', lambda *_: Box(8, 72, 16, 80)
    )
    features = training_features(model, torch.zeros(1, 3, 128, 128))
    with pytest.raises(ValueError, match='to a multiple of 8 '):
        model.decode_head.training_predictions(features)


def test_a_scale_that_moves_the_cells_is_refused(model):
    model.scale = 0.75
    features = training_features(model, torch.zeros(1, 3, 128, 128))
    assert features.context[0].shape[-1] == 24  # cells of 16 / 3 pixels
    with pytest.raises(ValueError, match='16/3 pixels .* multiple of 16 '):
        model.decode_head.training_predictions(features)


def test_detail_windows_that_do_not_divide_are_refused():
    head = small_head()
    head.head.forward = Given(0).forward
    windows = ScaledFeatures(
        (torch.zeros(1, 5, 4, 4),),
        [(torch.zeros(1, 5, 3, 3),)],
        [Box(0, 20, 0, 20)],
        (32, 32),
    )
    with pytest.raises(ValueError, match='detail_crop_size'):
        head.fuse(windows)
