"""Segmentors that fuse two frames, beside the plain ones."""

import copy
import logging

import pytest
import torch
from helpers.fusing_networks import fusing
from helpers.tiny_networks import tiny_mit, tiny_segformer_head
from mmengine.config import ConfigDict
from mmengine.model import revert_sync_batchnorm
from mmengine.registry import init_default_scope
from mmengine.structures import PixelData
from mmseg.registry import MODELS
from mmseg.structures import SegDataSample
from torch.nn.modules.batchnorm import _BatchNorm

from mmseg_balance.models.decode_heads.frame_fusion import propagate
from mmseg_balance.models.frames import frame_pair
from mmseg_balance.models.head_losses.predictions import (
    decode_predictions,
    training_features,
)
from mmseg_balance.models.segmentors import accel_encoder_decoder

PLAIN = ('EncoderDecoder', 'HRDAEncoderDecoder')


def config(kind, auxiliary=0, **changes):
    head = tiny_segformer_head(dropout_ratio=0.0)
    loss = dict(type='CrossEntropyLoss')
    found = dict(
        type=kind,
        data_preprocessor=dict(
            type='SegDataPreProcessor', mean=[90.0] * 3, std=[60.0] * 3
        ),
        backbone=tiny_mit(),
        decode_head=dict(head, loss_decode=loss),
        test_cfg=dict(mode='whole'),
    )
    if kind == 'HRDAEncoderDecoder':
        for key in ('num_classes', 'align_corners'):
            head.pop(key)
        found |= dict(detail_crop_size=(16, 16), crop_coord_divisible=8)
        found['decode_head'] = dict(
            type='HRDAHead',
            head=head,
            attention=dict(head),
            num_classes=3,
            loss_decode=loss,
        )
    if auxiliary:
        aux = tiny_segformer_head(loss_decode=dict(loss, loss_weight=0.1))
        found['auxiliary_head'] = [aux] * auxiliary if auxiliary > 1 else aux
    return found | changes


def build(cfg):
    init_default_scope('mmseg')
    torch.manual_seed(0)
    logging.disable(logging.INFO)
    model = MODELS.build(ConfigDict(copy.deepcopy(cfg)))
    model.init_weights()
    logging.disable(logging.NOTSET)
    return revert_sync_batchnorm(model)


def pair_of_networks(kind, **changes):
    plain = config(kind, **changes)
    return build(plain), build(fusing(plain))


def frames(n=2, height=32, width=48, seed=1):
    generator = torch.Generator().manual_seed(seed)
    stacked = torch.randn(n, 9, height, width, generator=generator)
    stacked[:, 6:8] *= 3
    stacked[:, 8] = (stacked[:, 8] > -2).float()
    return stacked


def drawn(model):
    """Fusion, and all else, away from its start."""
    for parameter in model.parameters():
        parameter.data += 0.3 * torch.randn_like(parameter)
    return model


@pytest.mark.parametrize('kind', PLAIN)
def test_it_starts_as_the_plain_network_and_has_its_keys(kind):
    plain, fuses = pair_of_networks(kind)
    one, other = plain.state_dict(), fuses.state_dict()
    assert other.keys() - one.keys() == {'decode_head.fusion.weight'}
    assert all(torch.equal(one[key], other[key]) for key in one)
    images = frames()
    with torch.no_grad():
        expected = plain.eval()._forward(images[:, :3])
        assert torch.equal(fuses.eval()._forward(images), expected)


@pytest.mark.parametrize('kind', PLAIN)
def test_checkpoints_go_both_ways(kind):
    plain, fuses = pair_of_networks(kind)
    other = drawn(build(config(kind)))
    found = fuses.load_state_dict(other.state_dict(), strict=False)
    assert found.missing_keys == ['decode_head.fusion.weight']
    assert not found.unexpected_keys
    images = frames()
    with torch.no_grad():
        expected = other.eval()._forward(images[:, :3])
        assert torch.equal(fuses.eval()._forward(images), expected)
    found = plain.load_state_dict(drawn(fuses).state_dict(), strict=False)
    assert found.unexpected_keys == ['decode_head.fusion.weight']
    again = build(fusing(config(kind)))
    again.load_state_dict(fuses.state_dict())  # all of it
    with torch.no_grad():
        one, other = (m.eval()._forward(images) for m in (fuses, again))
    assert torch.equal(one, other)


@pytest.mark.parametrize('kind', PLAIN)
def test_logits_of_both_frames_are_fused(kind):
    plain, fuses = pair_of_networks(kind)
    drawn(fuses).eval()
    plain.load_state_dict(fuses.state_dict(), strict=False)
    images = frames()
    pair = frame_pair(images)
    with torch.no_grad():
        now, before = map(plain.eval()._forward, (images[:, :3], pair.images))
        moved = propagate(before, pair.flow, pair.valid)
        kernel = fuses.decode_head.fusion.weight[..., 0, 0]
        joined = torch.cat([now, moved], 1)
        expected = torch.einsum('kc,nchw->nkhw', kernel, joined)
        found = fuses._forward(images)
        torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)
        assert not torch.allclose(found, fuses._forward(images[:, :3]))
        # an image without a frame is its own
        images[:, 3:6], images[:, 6:8], images[:, 8] = images[:, :3], 0, 1
        torch.testing.assert_close(
            fuses._forward(images[:, :3]),
            fuses._forward(images),
            rtol=1e-4,
            atol=1e-5,
        )


def whole_in_training(model, images):
    """What has losses, with the draws of one seed."""
    torch.manual_seed(5)
    features = training_features(model, images)
    return decode_predictions(model.decode_head, features)


@pytest.mark.parametrize('kind', PLAIN)
def test_the_frame_before_has_no_gradient_and_leaves_no_trace(kind):
    plain, fuses = pair_of_networks(kind)
    drawn(fuses).train()
    plain.load_state_dict(fuses.state_dict(), strict=False)
    images = frames().requires_grad_()
    expected = whole_in_training(plain.train(), images[:, :3].detach())
    found = whole_in_training(fuses, images)
    # running statistics are those of the images alone
    for own, other in zip(
        (m for m in fuses.modules() if isinstance(m, _BatchNorm)),
        (m for m in plain.modules() if isinstance(m, _BatchNorm)),
        strict=True,
    ):
        assert own.track_running_stats and own.num_batches_tracked > 0
        assert own.num_batches_tracked == other.num_batches_tracked
        assert torch.equal(own.running_mean, other.running_mean)
        assert torch.equal(own.running_var, other.running_var)
    assert [p.name for p in found] == [p.name for p in expected]
    # HRDA: that of the crop is of the frame alone
    for own, other in zip(found[1:], expected[1:], strict=True):
        assert own.box == other.box
        assert torch.equal(own.logits, other.logits)
    assert found[0].head is fuses.decode_head
    found[0].logits.square().sum().backward()
    assert images.grad[:, :3].abs().sum() > 0
    assert images.grad[:, 3:].abs().sum() == 0
    kernel = fuses.decode_head.fusion.weight.grad[..., 0, 0]
    assert (kernel.abs().sum(0) > 0).all()  # of both frames


def test_detail_crops_of_both_frames_lie_alike():
    fuses = build(fusing(config('HRDAEncoderDecoder')))
    boxes = set()
    for seed in range(8):
        torch.manual_seed(seed)
        features = fuses.extract_train_feat(frames())
        assert features.current.boxes == features.earlier.boxes
        boxes.add(features.current.boxes[0])
        torch.manual_seed(seed)  # the one draw that is without frames, too
        assert fuses.draw_box((32, 48)) == features.current.boxes[0]
    assert len(boxes) > 2


@pytest.mark.parametrize('heads', [1, 2])
def test_auxiliary_heads_fuse_by_matrices_of_their_own(heads):
    plain, fuses = pair_of_networks('EncoderDecoder', auxiliary=heads)
    names = [k for k in fuses.state_dict() if k.endswith('fusion.weight')]
    assert len(names) == heads + 1
    samples = []
    for label in torch.randint(3, (2, 1, 32, 48)):
        samples.append(SegDataSample())
        samples[-1].gt_sem_seg = PixelData(data=label)
    losses = fuses.train().loss(frames(), samples)
    assert len([k for k in losses if 'aux' in k and 'loss' in k]) == heads
    sum(v for k, v in losses.items() if 'loss' in k).backward()
    for name, parameter in fuses.named_parameters():
        if name.endswith('fusion.weight'):
            assert parameter.grad.abs().sum() > 0, name


@pytest.mark.parametrize('kind', PLAIN)
def test_windows_are_fused_one_by_one(kind):
    """What the flow finds beyond a window is not there."""
    slide = dict(mode='slide', crop_size=(32, 32), stride=(32, 16))
    fuses = drawn(build(fusing(config(kind, test_cfg=slide)))).eval()
    images = frames(n=1)
    metas = [dict(ori_shape=(32, 48), img_shape=(32, 48))]
    with torch.no_grad():
        found = fuses.inference(images, metas)
        left, right = (
            fuses.encode_decode(part, [dict(img_shape=(32, 32))])
            for part in (images[..., :32], images[..., 16:])
        )
    expected = torch.cat(
        [
            left[..., :16],
            (left[..., 16:] + right[..., :16]) / 2,
            right[..., 16:],
        ],
        dim=-1,
    )
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)


def test_predictions_without_frames_are_said_once(monkeypatch):
    said = []
    monkeypatch.setattr(
        accel_encoder_decoder, 'print_log', lambda text, *_: said.append(text)
    )
    fuses = build(fusing(config('EncoderDecoder'))).eval()
    fuses.predict(frames(n=1))
    assert not said
    for _ in range(2):
        fuses.predict(torch.randn(1, 3, 32, 32))
    assert len(said) == 1 and 'in_tests=True' in said[0]


def test_what_cannot_fuse_is_refused():
    plain = config('EncoderDecoder')
    with pytest.raises(ValueError, match="type='FrameDataPreProcessor'"):
        build(dict(plain, type='AccelEncoderDecoder'))
    head = dict(
        type='EncHead',
        in_channels=[8, 8],
        in_index=[0, 1],
        channels=8,
        num_classes=3,
        norm_cfg=dict(type='BN'),
    )
    with pytest.raises(TypeError, match='EncHead has its own .*predict'):
        build(fusing(dict(plain, decode_head=head)))
    with pytest.raises(TypeError, match="'HRDAHead', but got SegformerHead"):
        build(fusing(dict(plain, type='HRDAEncoderDecoder')))
    fuses = build(fusing(plain))
    with pytest.raises(ValueError, match='images come without: set data_prep'):
        fuses.loss(torch.randn(1, 3, 32, 32), [SegDataSample()])


@pytest.mark.parametrize(
    'head',
    [
        dict(type='FCNHead', num_convs=1, in_index=-1, in_channels=8),
        dict(
            type='FCNHead',
            num_convs=1,
            in_index=[0, 1],
            in_channels=[8, 8],
            input_transform='resize_concat',
        ),
        dict(type='FPNHead', feature_strides=[2, 4], in_channels=[8, 8])
        | dict(in_index=[0, 1]),
        dict(type='DLV2Head', dilations=(1, 2), in_channels=8, in_index=-1),
        dict(type='FCNHead', num_convs=0, in_channels=8, channels=8)
        | dict(out_channels=1, threshold=0.4, num_classes=2, concat_input=0)
        | dict(loss_decode=dict(type='CrossEntropyLoss', use_sigmoid=True)),
    ],
    ids=['FCN', 'concatenated', 'FPN', 'DLV2', 'binary'],
)
def test_heads_of_all_kinds_are_fused(head):
    cfg = config('EncoderDecoder')
    shared = dict(channels=8, num_classes=3, align_corners=False)
    cfg['decode_head'] = shared | head
    if head['type'] == 'DLV2Head':
        cfg['decode_head'].pop('channels')
    fuses = build(fusing(cfg))
    samples = fuses.eval().predict(frames(n=1))
    assert samples[0].pred_sem_seg.data.shape == (1, 32, 48)
    channels = fuses.decode_head.out_channels
    size = (channels, 2 * channels, 1, 1)
    assert fuses.decode_head.fusion.weight.shape == size
