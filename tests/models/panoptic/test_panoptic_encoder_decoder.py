"""A segmentor with a branch for instances, whatever finds them."""

import copy

import pytest
import torch
from helpers.tiny_networks import tiny_mit, tiny_segformer_head
from mmengine.config import ConfigDict
from mmengine.registry import init_default_scope
from mmengine.structures import InstanceData, PixelData
from mmseg.registry import MODELS
from mmseg.structures import SegDataSample
from torch import nn

from mmseg_balance.models.panoptic import InstanceHead

SIDE = 16


@pytest.fixture(autouse=True)
def _scope():
    init_default_scope('mmseg')


@pytest.fixture
def fake_head():
    """A registered branch: every pixel of the first thing is one instance."""

    class FakeInstanceHead(InstanceHead):
        def __init__(self, uses_decoder=False, **kwargs):
            super().__init__(**kwargs)
            self.uses_decoder = uses_decoder
            self.conv = nn.Conv2d(8, 1, 1)

        def losses(self, features, data_samples, decoder_features=None):
            self.seen = decoder_features
            wanted = [len(s.gt_instances.labels) for s in data_samples]
            found = self.conv(features[0]).mean((1, 2, 3))
            return dict(
                loss_count=(found - torch.tensor(wanted)).square().mean(),
                found=found.mean(),
            )

        def predict(self, features, semantic, metas, logits, decoder_features):
            self.seen = decoder_features
            thing = self.things[0]
            results = []
            for labels in semantic:
                mask = labels == thing
                ids = torch.where(mask, thing * 1000 + 1, labels * 1000)
                instances = InstanceData(
                    labels=torch.tensor([thing]),
                    scores=torch.ones(1),
                    masks=mask[None],
                )
                results.append((ids, instances))
            return results

    MODELS.register_module(module=FakeInstanceHead)
    yield
    MODELS.module_dict.pop('FakeInstanceHead')


def config(things=(2,), test_cfg=None, **head):
    return dict(
        type='PanopticEncoderDecoder',
        data_preprocessor=dict(type='SegDataPreProcessor'),
        backbone=tiny_mit(),
        decode_head=tiny_segformer_head(),
        instance_head=dict(type='FakeInstanceHead', **head),
        things=things,
        test_cfg=ConfigDict(test_cfg or dict(mode='whole')),
    )


def build(**settings):
    torch.manual_seed(0)
    return MODELS.build(config(**settings))


def samples(number=2, **metainfo):
    found = []
    for k in range(number):
        sample = SegDataSample(metainfo=metainfo)
        labels = torch.randint(0, 3, (1, SIDE, SIDE))
        sample.gt_sem_seg = PixelData(data=labels)
        sample.gt_instances = InstanceData(labels=torch.arange(k))
        found.append(sample)
    return found


def test_losses_of_both_branches_train_one_encoder(fake_head):
    model = build()
    images, labelled = torch.rand(2, 3, SIDE, SIDE), samples()
    losses = model(images, labelled, mode='loss')
    assert set(losses) == {
        'decode.loss_ce',
        'decode.acc_seg',
        'instance.loss_count',
        'instance.found',
    }
    alone = model.instance_losses(model.extract_feat(images), labelled)
    assert torch.equal(
        alone['instance.loss_count'], losses['instance.loss_count']
    )
    total, _ = model.parse_losses(losses)
    parts = losses['decode.loss_ce'] + losses['instance.loss_count']
    assert total.item() == pytest.approx(parts.item())
    alone['instance.loss_count'].backward()
    first = next(model.backbone.parameters())
    assert first.grad.abs().sum() > 0
    assert all(p.grad is None for p in model.decode_head.parameters())


def test_predictions_are_of_the_original_size(fake_head):
    model = build().eval()
    images = torch.rand(1, 3, SIDE, SIDE)
    labelled = samples(
        1,
        ori_shape=(10, 20),
        img_shape=(8, SIDE),
        pad_shape=(SIDE, SIDE),
        img_padding_size=[0, 0, 0, SIDE - 8],
    )
    (found,) = model(images, labelled, mode='predict')
    classes = found.pred_sem_seg.data
    assert classes.shape == (1, 10, 20)
    assert found.seg_logits.data.shape == (3, 10, 20)
    ids = found.pred_panoptic_seg.data
    assert ids.dtype == torch.int32
    assert torch.equal(ids // 1000, classes.int())
    assert torch.equal(ids % 1000 == 1, classes == 2)
    assert torch.equal(found.pred_instances.masks, classes == 2)
    # logits are those of a semantic segmentor
    semantic = config()
    for key in ('instance_head', 'things'):
        semantic.pop(key)
    plain = MODELS.build(semantic | dict(type='EncoderDecoder')).eval()
    plain.load_state_dict(
        {
            k: v
            for k, v in model.state_dict().items()
            if not k.startswith('instance_head.')
        }
    )
    (expected,) = plain(images, samples(1, **found.metainfo), mode='predict')
    assert torch.equal(expected.seg_logits.data, found.seg_logits.data)
    assert torch.equal(plain(images), model(images))


def test_images_without_samples_keep_their_size(fake_head):
    found = build().eval()(torch.rand(2, 3, SIDE, SIDE), mode='predict')
    shapes = [sample.pred_panoptic_seg.data.shape for sample in found]
    assert shapes == [(1, SIDE, SIDE)] * 2


@pytest.mark.parametrize('uses_decoder', [False, True])
def test_a_branch_on_the_semantic_decoder(fake_head, uses_decoder):
    model = build(uses_decoder=uses_decoder).eval()
    images = torch.rand(1, 3, SIDE, SIDE)
    for mode in ('loss', 'predict'):
        model(images, samples(1, ori_shape=(SIDE, SIDE)), mode=mode)
        if uses_decoder:
            logits = model.decode_head.cls_seg(model.instance_head.seen)
            torch.testing.assert_close(logits, model(images))
        else:
            assert model.instance_head.seen is None


@pytest.mark.parametrize('things', [(), (2, 1), (1, 1), (1, 3), (-1,), (1.5,)])
def test_things_that_are_no_classes(fake_head, things):
    with pytest.raises(ValueError, match='`things`.*num_classes=3') as caught:
        build(things=things)
    assert str(things) in str(caught.value)


def test_a_branch_has_the_things_of_its_segmentor(fake_head):
    model = config(things=(1, 2))
    model['instance_head']['things'] = [1, 2]
    assert MODELS.build(model).instance_head.things == (1, 2)
    model['instance_head']['things'] = [2]
    with pytest.raises(ValueError, match=r'instance_head.things is \[2\]'):
        MODELS.build(model)


def test_sliding_windows_are_refused(fake_head):
    with pytest.raises(ValueError, match="test_cfg.mode='slide'.*'whole'"):
        build(
            test_cfg=dict(mode='slide', crop_size=(8, 8), stride=(8, 8)),
        )


def test_flipped_images_are_refused(fake_head):
    flipped = samples(1, flip=True, flip_direction='horizontal', img_path='a')
    with pytest.raises(ValueError, match='flipped.*--tta'):
        build().eval()(torch.rand(1, 3, SIDE, SIDE), flipped, mode='predict')


def test_a_copy_predicts_the_same(fake_head):
    model = build().eval()
    images = torch.rand(1, 3, SIDE, SIDE)
    teacher = copy.deepcopy(model)
    pair = [m(images, mode='predict')[0] for m in (model, teacher)]
    first, second = (p.pred_panoptic_seg.data for p in pair)
    assert torch.equal(first, second)
