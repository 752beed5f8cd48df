"""What MaskRCNNHead does with settings, images without instances, sizes."""

import copy
import random

import numpy as np
import pytest
import torch
from mmengine.registry import init_default_scope
from mmengine.structures import InstanceData, PixelData
from mmseg.registry import MODELS
from mmseg.structures import SegDataSample

from mmseg_balance.models.panoptic.top_down import outputs

pytest.importorskip('mmdet')

SIDE = 32
THINGS = (2, 4)


@pytest.fixture(autouse=True)
def _scope():
    init_default_scope('mmseg')


def build(**settings):
    torch.manual_seed(0)
    return MODELS.build(
        dict(
            type='MaskRCNNHead',
            in_channels=[4, 4],
            things=THINGS,
            channels=8,
            fc_channels=8,
            **(dict(strides=(4, 8, 16)) | settings),
        )
    )


def features(number=2, side=SIDE):
    torch.manual_seed(1)
    return [torch.randn(number, 4, side // s, side // s) for s in (4, 8)]


def sample(boxes=(), labels=(), side=SIDE, padded=SIDE):
    """An image whose masks fill their boxes."""
    boxes = torch.tensor(boxes, dtype=torch.float32).reshape(-1, 4)
    masks = torch.zeros(len(boxes), side, side, dtype=torch.bool)
    for mask, (x1, y1, x2, y2) in zip(masks, boxes.int().tolist()):
        mask[y1 : y2 + 1, x1 : x2 + 1] = True
    found = SegDataSample(
        metainfo=dict(
            img_shape=(side, side),
            padding_size=(0, padded - side, 0, padded - side),
        )
    )
    found.gt_sem_seg = PixelData(data=torch.zeros(1, padded, padded).long())
    found.gt_instances = InstanceData(
        bboxes=boxes, labels=torch.tensor(labels).long(), masks=masks
    )
    return found


CAR = [4.0, 6.0, 19.0, 15.0]


def test_an_image_without_instances_is_background():
    head = build()
    losses = head.losses(features(), [sample([CAR], [1]), sample()])
    assert set(losses) == {
        'loss_rpn_cls',
        'loss_rpn_bbox',
        'loss_cls',
        'loss_bbox',
        'loss_mask',
        'acc',
    }
    assert all(torch.isfinite(value) for value in losses.values())
    # nothing but background: no box and no mask to learn, all the same for
    # ranks that wait for gradients
    losses = head.losses(features(), [sample(), sample()])
    for key in ('loss_rpn_bbox', 'loss_bbox', 'loss_mask'):
        assert losses[key] == 0, key
    assert losses['loss_rpn_cls'] > 0 and losses['loss_cls'] > 0
    sum(v for k, v in losses.items() if 'loss' in k).backward()
    assert all(p.grad is not None for p in head.roi_head.parameters())


def test_an_image_without_instances_can_drop_the_batch():
    head = build(skip_without_instances=True)
    assert head.losses(features(), [sample([CAR], [1]), sample()]) == {}
    assert head.losses(features(), [sample([CAR], [1])] * 2)


def test_masks_are_padded_as_their_images():
    given = sample([CAR], [0], side=SIDE - 8, padded=SIDE)
    cut = sample([CAR], [0])
    cut.set_metainfo(dict(img_shape=(SIDE - 8, SIDE - 8)))
    found = []
    for each in (given, cut):
        torch.manual_seed(2)
        found.append(build().losses(features(1), [each]))
    assert found[0] == found[1]
    empty = sample(side=SIDE - 8, padded=SIDE)
    assert build().losses(features(1), [empty])['loss_mask'] == 0


def test_detections_follow_the_size_of_the_file():
    head = build(test_cfg=dict(rcnn=dict(score_thr=0.0))).eval()
    half = dict(
        img_shape=(SIDE, SIDE), pad_shape=(SIDE, SIDE), padding_size=[0] * 4
    )
    with torch.no_grad():
        (same,) = head.detect(features(1), [dict(ori_shape=(32, 32), **half)])
        (wide,) = head.detect(features(1), [dict(ori_shape=(64, 96), **half)])
    assert wide.masks.shape == (len(same), 64, 96)
    assert wide.masks.dtype == torch.bool
    assert torch.equal(same.scores, wide.scores)
    scale = torch.tensor([3.0, 2.0, 3.0, 2.0])
    torch.testing.assert_close(wide.bboxes, same.bboxes * scale)
    # a mask lies in its box, but for the pixel that it ends in
    for mask, box in zip(wide.masks, wide.bboxes):
        rows, columns = mask.nonzero(as_tuple=True)
        if len(rows):
            assert box[0] - 1 <= columns.min() <= columns.max() <= box[2] + 1
            assert box[1] - 1 <= rows.min() <= rows.max() <= box[3] + 1


def test_masks_are_pasted_some_at_a_time(monkeypatch):
    head = build(test_cfg=dict(rcnn=dict(score_thr=0.0))).eval()
    metas = [
        dict(
            img_shape=(32, 32),
            pad_shape=(32, 32),
            padding_size=[0] * 4,
            ori_shape=(32, 32),
        )
    ]
    with torch.no_grad():
        (expected,) = head.detect(features(1), metas)
        together = []
        monkeypatch.setattr(outputs, 'PASTED', 7 * 4 * 32 * 32)
        predict = head.roi_head.predict_mask

        def watched(levels, metas, results, rescale):
            together.append(len(results[0]))
            return predict(levels, metas, results, rescale)

        monkeypatch.setattr(head.roi_head, 'predict_mask', watched)
        (found,) = head.detect(features(1), metas)
    assert len(expected) > 14 and sum(together) == len(expected)
    assert set(together[:-1]) == {7}
    torch.testing.assert_close(found.bboxes, expected.bboxes)
    assert torch.equal(found.labels, expected.labels)
    # sums of another size are rounded otherwise
    assert (found.masks != expected.masks).float().mean() < 1e-4


def test_predictions_of_an_image_without_detections():
    head = build(test_cfg=dict(rcnn=dict(score_thr=1.0))).eval()
    semantic = torch.zeros(SIDE, SIDE).long()
    semantic[8:] = THINGS[0]
    metas = [
        dict(
            img_shape=(32, 32),
            pad_shape=(32, 32),
            padding_size=[0] * 4,
            ori_shape=(32, 32),
        )
    ]
    logits = torch.zeros(5, SIDE, SIDE)
    with torch.no_grad():
        ((ids, found),) = head.predict(
            features(1), [semantic], metas, [logits]
        )
    assert found.masks.shape == (0, SIDE, SIDE) and len(found.labels) == 0
    assert set(ids.unique().tolist()) == {255000}


def test_segments_of_detections():
    head = build(
        test_cfg=dict(rcnn=dict(score_thr=0.0)),
        fusion=dict(score_threshold=0.0, stuff_area=1),
    ).eval()
    semantic = torch.zeros(SIDE, SIDE).long()
    semantic[8:] = THINGS[1]
    metas = [
        dict(
            img_shape=(32, 32),
            pad_shape=(32, 32),
            padding_size=[0] * 4,
            ori_shape=(32, 32),
        )
    ]
    logits = torch.zeros(5, SIDE, SIDE)
    with torch.no_grad():
        ((ids, found),) = head.predict(
            features(1), [semantic], metas, [logits]
        )
    assert set(found.labels.tolist()) <= set(THINGS)
    covered = found.masks.any(0) & (semantic == THINGS[1])
    assert covered.any()
    assert torch.equal(ids // 1000 == THINGS[1], covered)
    assert (ids[covered] % 1000 >= 1).all()


def test_keys_replace_those_of_the_public_code():
    head = build(
        rpn_head=dict(anchor_generator=dict(scales=[4])),
        roi_head=dict(
            mask_head=dict(num_convs=1),
            bbox_head=dict(
                loss_cls=dict(
                    type='CrossEntropyLoss', class_weight=[1.0, 2.0, 1.0]
                )
            ),
        ),
        train_cfg=dict(rpn_proposal=dict(max_per_img=7)),
        test_cfg=dict(rcnn=dict(nms=dict(iou_threshold=0.3))),
    )
    assert head.rpn_head.prior_generator.scales.tolist() == [4]
    assert len(head.roi_head.mask_head.convs) == 1
    assert head.roi_head.bbox_head.loss_cls.class_weight == [1.0, 2.0, 1.0]
    assert head.train_cfg.rpn_proposal.nms_pre == 2000
    assert head.train_cfg.rpn_proposal.max_per_img == 7
    assert head.roi_head.test_cfg.nms == dict(type='nms', iou_threshold=0.3)
    # parts of mmdet, where mmseg has others of the same name
    for part in (head.neck, head.roi_head.bbox_head.loss_cls):
        assert type(part).__module__.startswith('mmdet.')


def test_a_copy_is_the_same_and_apart():
    head = build()
    head.init_weights()
    teacher = copy.deepcopy(head)
    assert list(teacher.state_dict()) == list(head.state_dict())
    found = []
    for each in (head, teacher):
        torch.manual_seed(3)
        found.append(each.losses(features(1), [sample([CAR], [0])]))
    assert found[0] == found[1]
    with torch.no_grad():
        teacher.rpn_head.rpn_cls.weight.zero_()
    assert head.rpn_head.rpn_cls.weight.abs().sum() > 0
    deviation = head.rpn_head.rpn_conv.weight.std().item()
    assert deviation == pytest.approx(0.01, rel=0.2)


def test_half_precision():
    head = build()
    with torch.autocast('cpu', torch.bfloat16):
        losses = head.losses(features(), [sample([CAR], [0])] * 2)
    total = sum(v for k, v in losses.items() if 'loss' in k)
    total.backward()
    for name, parameter in head.named_parameters():
        assert torch.isfinite(parameter.grad).all(), name
    expected = head.losses(features(), [sample([CAR], [0])] * 2)
    assert losses['loss_mask'].item() == pytest.approx(
        expected['loss_mask'].item(), rel=0.05
    )
    metas = [
        dict(
            img_shape=(32, 32),
            pad_shape=(32, 32),
            padding_size=[0] * 4,
            ori_shape=(32, 32),
        )
    ]
    with torch.no_grad(), torch.autocast('cpu', torch.bfloat16):
        (found,) = head.eval().detect(features(1), metas)
    assert found.masks.dtype == torch.bool
    # corners of boxes are not rounded to those of bfloat16
    assert found.bboxes.dtype == torch.float32
    assert not torch.equal(found.bboxes, found.bboxes.bfloat16().float())


@pytest.mark.parametrize(
    'settings, said',
    [
        (
            dict(test_cfg=dict(rcn=dict(score_thr=0.1))),
            'test_cfg.rcn: did you mean rcnn',
        ),
        (
            dict(train_cfg=dict(rpn=dict(sampler=dict(numm=3)))),
            'train_cfg.rpn.sampler.numm: did you mean num',
        ),
        (
            dict(fusion=dict(score_thr=0.5)),
            'fusion.score_thr: did you mean score_threshold',
        ),
        (dict(fusion=dict(semantic=0)), 'fusion.semantic'),
        (dict(strides=(4, 8)), r'strides.*2 levels.*\[4, 8\]'),
    ],
)
def test_settings_that_nothing_reads(settings, said):
    with pytest.raises(ValueError, match=said):
        build(**settings)


def test_other_samplers_and_whole_dicts_are_taken():
    changes = dict(
        rpn=dict(
            sampler=dict(type='PseudoSampler', _delete_=True),
            assigner=dict(gpu_assign_thr=5),
        ),
        rpn_proposal=dict(
            nms_pre=3,
            max_per_img=2,
            nms=dict(type='nms', iou_threshold=0.1, split_thr=7),
            min_bbox_size=1,
            _delete_=True,
        ),
    )
    head = build(train_cfg=changes)
    assert type(head.rpn_head.sampler).__name__ == 'PseudoSampler'
    assert head.rpn_head.assigner.gpu_assign_thr == 5
    assert head.train_cfg.rpn_proposal.nms.split_thr == 7


def test_levels_of_another_backbone():
    head = build()
    with pytest.raises(ValueError, match=r'in_channels.*\[4, 4\].*\[4\]'):
        head.losses(features()[:1], [sample([CAR], [0])] * 2)
    # strides 4 and 4: the second stage is dilated
    dilated = [torch.randn(2, 4, 8, 8)] * 2
    with pytest.raises(ValueError, match=r'strides.*\[4, 8, 16\].*8 x 8'):
        head.losses(dilated, [sample([CAR], [0])] * 2)
    head = build(strides=(4, 4, 8))
    assert head.losses(dilated, [sample([CAR], [0])] * 2)


def test_images_of_odd_sizes():
    head = build().eval()
    levels = [torch.randn(1, 4, h, w) for h, w in ((9, 10), (5, 5))]
    meta = dict(padding_size=[0] * 4, img_shape=(33, 39), ori_shape=(33, 39))
    (found,) = head.detect(levels, [dict(meta, pad_shape=(33, 39))])
    assert found.masks.shape[1:] == (33, 39)
    with pytest.raises(ValueError, match=r'padding_size.*\[1, 0, 0, 0\]'):
        head.detect(
            levels,
            [dict(meta, pad_shape=(33, 39), padding_size=[1, 0, 0, 0])],
        )


def test_a_pipeline_without_targets_is_named():
    plain = sample([CAR], [0])
    del plain.gt_instances
    plain.set_metainfo(dict(img_path='a.png'))
    with pytest.raises(ValueError, match='a.png.*PanopticTargets.*instances'):
        build().losses(features(1), [plain])


def test_the_seed_alone_decides_what_is_sampled():
    few = dict(sampler=dict(num=8))
    head = build(train_cfg=dict(rpn=few, rcnn=few))
    found, levels = {}, features()
    for seed, others in ((3, 0), (3, 1), (4, 0)):
        np.random.seed(others)
        random.seed(others)
        torch.manual_seed(seed)
        found[seed, others] = head.losses(levels, [sample([CAR], [0])] * 2)
    assert found[3, 0] == found[3, 1] != found[4, 0]


def test_predictions_of_an_image_without_proposals():
    head = build(test_cfg=dict(rpn=dict(min_bbox_size=1000))).eval()
    meta = dict(img_shape=(32, 32), pad_shape=(32, 32), padding_size=[0] * 4)
    with torch.no_grad():
        found = head.detect(features(), [dict(meta, ori_shape=(40, 50))] * 2)
    assert [each.masks.shape for each in found] == [(0, 40, 50)] * 2
    assert [len(head.in_classes(each).labels) for each in found] == [0, 0]
