"""Instances by centres and offsets: losses, predictions, a training."""

import pytest
import torch
from helpers.public_parameters import parameters_by_rule
from helpers.reference import reference, whole_files
from helpers.tiny_networks import tiny_mit, tiny_segformer_head
from mmengine.config import ConfigDict
from mmengine.registry import init_default_scope
from mmengine.structures import PixelData
from mmseg.registry import MODELS
from mmseg.structures import SegDataSample

from mmseg_balance.panoptic.fusion import fuse_centers
from mmseg_balance.panoptic.segments import segment_places, semantic_map
from mmseg_balance.panoptic.targets import center_targets

THINGS = tuple(range(11, 19))
KEPT = 'panoptic/bu_head_loss_nooffset'
WHOLE = whole_files(KEPT, 'panoptic/bu_head_loss_a')
SIDE = 32


@pytest.fixture(autouse=True)
def _scope():
    init_default_scope('mmseg')


def daformer_head(**changes):
    """The head of the reference run."""
    norm = dict(type='BN', requires_grad=True)
    fusion = dict(
        type='aspp',
        sep=True,
        dilations=(1, 6, 12, 18),
        pool=False,
        act_cfg=dict(type='ReLU'),
        norm_cfg=norm,
    )
    return dict(
        type='DAFormerHead',
        in_channels=[8, 16, 24, 32],
        in_index=[0, 1, 2, 3],
        channels=16,
        dropout_ratio=0.0,
        num_classes=19,
        norm_cfg=norm,
        align_corners=False,
        decoder_params=dict(
            embed_dims=16,
            embed_cfg=dict(type='mlp'),
            embed_neck_cfg=dict(type='mlp'),
            fusion_cfg=fusion,
        ),
    ) | dict(changes)


# where parameters of the public head are in a segmentor of this package
PLACES = {
    'conv_seg': 'decode_head.conv_seg',
    'conv_center': 'instance_head.conv_center',
    'conv_offset': 'instance_head.conv_offset',
    'embed_layers_semantic': 'decode_head.embed_layers',
    'fuse_layer_semantic': 'decode_head.fuse_layer',
    'embed_layers_instance': 'instance_head.decoder.embed_layers',
    'fuse_layer_instance': 'instance_head.decoder.fuse_layer',
}


def place(name):
    first, rest = name.split('.', 1)
    return f'{PLACES[first]}.{rest}'


def heads_of(ref):
    """Both heads with the parameters of a reference run."""
    heads = torch.nn.ModuleDict(
        dict(
            decode_head=MODELS.build(daformer_head()),
            instance_head=MODELS.build(
                dict(
                    type='CenterOffsetHead',
                    things=THINGS,
                    decoder=daformer_head(),
                )
            ),
        )
    )
    names = [str(name) for name in ref['param_names']]
    shapes = [
        tuple(int(n) for n in str(shape).split('x') if n)
        for shape in ref['param_shapes']
    ]
    state = parameters_by_rule([f'decode_head.{n}' for n in names], shapes)
    heads.load_state_dict({place(n): state[f'decode_head.{n}'] for n in names})
    return heads


def samples_of(ref):
    found = []
    for i in range(len(ref['gt_semantic'])):
        sample = SegDataSample()
        sample.gt_sem_seg = PixelData(data=ref['gt_semantic'][i])
        sample.gt_centers = PixelData(
            heatmap=ref['gt_center'][i, 0],
            offset=ref['gt_offset'][i, 0],
            center_weight=ref['center_weights'][i].float(),
            offset_weight=ref['offset_weights'][i].float(),
        )
        found.append(sample)
    return found


def close(found, expected):
    """To 1e-4 of the largest number, as few pixels have batch statistics."""
    torch.testing.assert_close(
        found, expected, rtol=0, atol=1e-4 * float(expected.abs().max())
    )


@pytest.mark.parametrize('name', [KEPT, *WHOLE])
def test_losses_and_gradients_as_of_the_public_code(name):
    ref = reference(name)
    heads = heads_of(ref)
    features = [ref[f'feat_{i}'] for i in range(4)]
    features[3].requires_grad_()
    heads.eval()
    with torch.no_grad():
        center, offset = heads['instance_head'](features)
        logits = heads['decode_head'](features)
    for found, key in ((logits, 'seg_logits'), (center, 'center')):
        close(found, ref[f'eval_{key}'])
    close(offset, ref['eval_offset'])

    heads.train()
    samples = samples_of(ref)
    losses = heads['instance_head'].losses(features, samples)
    logits = heads['decode_head'](features)
    losses |= heads['decode_head'].loss_by_feat(logits, samples)
    for key, public in (
        ('loss_center', 'loss_center'),
        ('loss_offset', 'loss_offset'),
        ('loss_ce', 'loss_seg'),
    ):
        torch.testing.assert_close(
            losses[key], ref[public], rtol=1e-5, atol=0, msg=key
        )
    sum(v for k, v in losses.items() if 'loss' in k).backward()
    parameters = dict(heads.named_parameters())
    for conv in ('seg', 'center', 'offset'):
        found = parameters[place(f'conv_{conv}.weight')].grad
        close(found, ref[f'grad_conv_{conv}_w'])
    close(features[3].grad, ref['grad_feat_3'])
    for key, expected in zip(
        ref['grad_names'], ref['grad_norms'], strict=True
    ):
        found = parameters[place(str(key))].grad.norm()
        torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)


def segmentor(things=(2,), decode_head=None, **instance_head):
    torch.manual_seed(0)
    return MODELS.build(
        dict(
            type='PanopticEncoderDecoder',
            data_preprocessor=dict(type='SegDataPreProcessor'),
            backbone=tiny_mit(),
            decode_head=decode_head or tiny_segformer_head(),
            instance_head=dict(type='CenterOffsetHead', **instance_head),
            things=things,
            test_cfg=ConfigDict(mode='whole'),
        )
    )


def labelled(ids, **metainfo):
    """A sample of ids label * 1000 + number; 255000 is void, -2000 a crowd."""
    values = sorted({int(v) for v in ids.unique()} - {255000})
    segments = [
        dict(
            id=abs(v) + 1,
            label=abs(v) // 1000,
            isthing=abs(v) // 1000 == 2,
            iscrowd=v < 0,
        )
        for v in values
    ]
    places = segment_places((ids.abs() + 1).numpy(), segments)
    sample = SegDataSample(metainfo=metainfo)
    labels = torch.from_numpy(semantic_map(places, segments)).long()
    sample.gt_sem_seg = PixelData(data=labels[None])
    maps = center_targets(places, segments, sigma=2)
    sample.gt_centers = PixelData(
        **{k: torch.from_numpy(v) for k, v in maps._asdict().items()}
    )
    return sample


def scene():
    """Two things before stuff of two classes, and a picture of them."""
    ids = torch.zeros(SIDE, SIDE, dtype=torch.long)
    ids[: SIDE // 2] = 1000
    ids[4:14, 3:13], ids[18:30, 16:28] = 2001, 2002
    image = torch.stack([ids == 0, ids == 1000, ids > 2000]).float()
    rows, columns = torch.meshgrid(
        *[torch.arange(SIDE) / SIDE] * 2, indexing='ij'
    )
    return ids, image + 0.1 * torch.stack([rows, columns, rows])


SHARED = dict(channels=16)
OWN = dict(decoder=tiny_segformer_head(dropout_ratio=0.0))


@pytest.mark.parametrize(
    'parts', [OWN, SHARED | dict(dropout_ratio=0.0)], ids=['own', 'shared']
)
def test_it_learns_a_scene(parts):
    model = segmentor(
        decode_head=tiny_segformer_head(dropout_ratio=0.0),
        fusion=dict(stuff_area=16),
        **parts,
    )
    ids, image = scene()
    sample = labelled(ids, ori_shape=(SIDE, SIDE), img_shape=(SIDE, SIDE))
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    for _ in range(70):
        optimizer.zero_grad()
        total, log = model.parse_losses(
            model(image[None], [sample], mode='loss')
        )
        total.backward()
        optimizer.step()
    assert {'instance.loss_center', 'instance.loss_offset'} <= set(log)
    (found,) = model.eval()(image[None], [sample], mode='predict')
    right = found.pred_panoptic_seg.data[0] == ids
    assert right.float().mean() > 0.9
    instances = found.pred_instances
    assert instances.labels.tolist() == [2, 2]
    assert (instances.scores > 0.5).all() and (instances.scores <= 1).all()
    for mask, thing in zip(instances.masks, (2001, 2002), strict=True):
        union = (mask | (ids == thing)).sum()
        assert (mask & (ids == thing)).sum() / union > 0.8


KINDS = {
    'only stuff': lambda ids: ids.clamp(max=1000),
    'only void': lambda ids: torch.full_like(ids, 255000),
    'only a crowd': lambda ids: torch.full_like(ids, -2000),
}


@pytest.mark.parametrize('kind', KINDS)
@pytest.mark.parametrize('parts', [OWN, SHARED], ids=['own', 'shared'])
def test_images_without_instances(kind, parts):
    model = segmentor(**parts)
    ids, image = scene()
    sample = labelled(KINDS[kind](ids))
    losses = model(image[None], [sample], mode='loss')
    assert losses['instance.loss_offset'] == 0
    learns_centers = kind == 'only stuff'
    assert (losses['instance.loss_center'] > 0) == learns_centers
    sum(v for k, v in losses.items() if 'instance.loss' in k).backward()
    grads = [p.grad for p in model.parameters() if p.grad is not None]
    assert all(g.isfinite().all() for g in grads)
    assert any(g.any() for g in grads) == learns_centers


def test_a_centre_loss_above_the_limit_counts_nothing():
    ids, image = scene()
    sample = labelled(ids)
    for limit, is_kept in ((None, True), (1e-3, False), (1e3, True)):
        model = segmentor(center_loss_limit=limit, **OWN)
        losses = model(image[None], [sample], mode='loss')
        loss = losses['instance.loss_center']
        loss.backward()
        grad = model.instance_head.conv_center.weight.grad
        assert bool(loss > 0) == bool(grad.any()) == is_kept


def test_padding_has_no_weight():
    model = segmentor(**OWN).eval()
    ids, image = scene()
    small = labelled(ids[:24, :20])
    padded = labelled(ids[:24, :20])
    pad = dict(value=255, pad=(0, SIDE - 20, 0, SIDE - 24))
    padded.gt_sem_seg = PixelData(
        data=torch.nn.functional.pad(small.gt_sem_seg.data, **pad)
    )
    head = model.instance_head
    features = model.extract_feat(image[None])
    found = head.losses(features, [padded])['loss_center']
    maps = head._upsampled(head(features)[0], (SIDE, SIDE))
    centers = small.gt_centers
    error = (maps[0, :, :24, :20] - centers.heatmap).square()
    expected = 10 * error[centers.center_weight > 0].mean()
    torch.testing.assert_close(found, expected)


@pytest.mark.parametrize('parts', [OWN, SHARED], ids=['own', 'shared'])
def test_losses_never_wait_for_the_device(parts):
    """On the meta device whatever asks for a value raises."""
    model = segmentor(center_loss_limit=14, **parts).to('meta')
    ids, image = scene()
    sample = labelled(ids).to('meta')
    features = model.extract_feat(image[None].to('meta'))
    fused = torch.rand(1, 16, SIDE // 2, SIDE // 2, device='meta')
    sum(model.instance_losses(features, [sample], fused).values()).backward()
    weight = model.instance_head.conv_offset.weight
    assert weight.grad.device.type == 'meta'


def test_offsets_are_scaled_to_the_original_size():
    model = segmentor(fusion=dict(stuff_area=1, threshold=1e-4), **OWN).eval()
    _, image = scene()
    meta = dict(
        img_shape=(24, SIDE),
        pad_shape=(SIDE, SIDE),
        padding_size=[0, 0, 0, SIDE - 24],
        ori_shape=(48, 96),
    )
    sample = SegDataSample(metainfo=meta | dict(img_padding_size=[0, 0, 0, 8]))
    (found,) = model(image[None], [sample], mode='predict')

    def resized(values):
        """By hand: padding cut, then at the size of the file."""
        resize = torch.nn.functional.interpolate
        values = resize(values, size=(SIDE, SIDE), mode='bilinear')
        return resize(values[:, :, :24], size=(48, 96), mode='bilinear')[0]

    with torch.no_grad():
        maps = model.instance_head(model.extract_feat(image[None]))
    heatmap, offset = map(resized, maps)
    offset = offset * torch.tensor([2.0, 3.0])[:, None, None]
    semantic = found.pred_sem_seg.data[0]
    expected = fuse_centers(
        semantic,
        heatmap[0],
        offset,
        torch.tensor([False, False, True]),
        threshold=1e-4,
        stuff_area=1,
    )
    assert torch.equal(found.pred_panoptic_seg.data[0], expected)
    assert found.pred_instances.masks.shape[1:] == (48, 96)


def test_samples_without_centres_are_named():
    model = segmentor(**OWN)
    sample = SegDataSample(metainfo=dict(img_path='a.png'))
    sample.gt_sem_seg = PixelData(data=torch.zeros(1, 8, 8))
    with pytest.raises(ValueError, match=r'a\.png.*PanopticTargets.*centers'):
        model.instance_losses([torch.zeros(1, 8, 4, 4)] * 2, [sample])


@pytest.mark.parametrize(
    ('settings', 'message'),
    [
        ({}, '`channels` of CenterOffsetHead without a decoder'),
        (OWN | SHARED, 'leave channels=16 and dropout_ratio=None away'),
        (dict(decoder=True), 'None to share .* but got True'),
        (SHARED | dict(fusion=dict(kernel=4)), 'odd.* but got 4 and 200'),
        (SHARED | dict(fusion=dict(top_k=1000)), 'below 1000.*7 and 1000'),
        (SHARED | dict(fusion=dict(topk=9)), "'top_k'.*got .'topk'"),
        (SHARED | dict(fusion=dict(stuff_area=-1)), '`stuff_area`.*-1'),
        (SHARED | dict(center_loss_weight=-1), '`center_loss_weight`.*-1'),
    ],
)
def test_settings_that_cannot_work(settings, message):
    with pytest.raises(ValueError, match=message):
        segmentor(**settings)


@pytest.mark.parametrize(
    'decoder',
    [
        dict(type='DLV2Head', in_channels=8, in_index=0, channels=8),
        dict(
            type='OCRHead',
            in_channels=8,
            in_index=0,
            channels=8,
            ocr_channels=8,
        ),
        dict(type='EncHead', in_channels=[8, 8], in_index=[0, 1], channels=8),
    ],
    ids=lambda decoder: decoder['type'],
)
def test_decoders_that_are_more_than_features_and_a_classifier(decoder):
    message = f'conv_seg.*but got {decoder["type"]}'
    with pytest.raises(ValueError, match=message):
        segmentor(decoder=decoder)


def test_other_channels_of_a_shared_decoder_are_named():
    model = segmentor(channels=8)
    ids, image = scene()
    with pytest.raises(ValueError, match='channels=8.* has 16: set .*=16'):
        model(image[None], [labelled(ids)], mode='loss')


def test_its_decoder_may_be_the_config_of_the_semantic_head():
    """Nothing of that head's classes and losses is built twice."""
    head = tiny_segformer_head(loss_decode=dict(type='NoSuchLoss'))
    model = segmentor(decoder=head)
    decoder = model.instance_head.decoder
    assert not list(decoder.conv_seg.parameters())
    assert 'instance_head.decoder.fusion_conv.conv.weight' in (
        model.state_dict()
    )
