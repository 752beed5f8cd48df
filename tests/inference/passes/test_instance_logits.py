"""Logits of proposals, against the labels of the objects they are of."""

import numpy as np
import pytest
import torch
from helpers.panoptic_files import street, write_panoptic_set
from helpers.tiny_networks import tiny_mask_rcnn, tiny_panoptic
from mmengine.config import ConfigDict
from mmengine.registry import init_default_scope
from mmengine.structures import PixelData
from mmseg.registry import DATASETS, MODELS
from mmseg.structures import SegDataSample

from mmseg_balance.inference.passes import bias_pass
from mmseg_balance.inference.passes.bias_pass import measure_instance_bias
from mmseg_balance.inference.passes.instance_logits import (
    covered_share,
    instance_classifier,
    predict_proposals,
    proposal_labels,
)

PIPELINE = [
    dict(type='LoadImageFromFile'),
    dict(type='Resize', scale=(48, 48), keep_ratio=True),
    dict(type='LoadPanopticAnnotations'),
    dict(type='PackPanopticInputs'),
]


@pytest.fixture(autouse=True)
def _scope():
    init_default_scope('mmseg')


def build_model(head=None, seed=0):
    pytest.importorskip('mmdet')
    torch.manual_seed(seed)
    model = MODELS.build(ConfigDict(tiny_panoptic(head or tiny_mask_rcnn())))
    # logits that differ from one proposal to the next
    for module in model.instance_head.roi_head.bbox_head.modules():
        if isinstance(module, torch.nn.Linear):
            torch.nn.init.normal_(module.weight, std=0.3)
    return model.eval()


def build_set(root, pipeline=PIPELINE):
    maps = {name: street() for name in 'abc'}
    config = write_panoptic_set(root, maps)
    return DATASETS.build(config | dict(pipeline=pipeline))


def random_boxes(number=60, seed=0):
    generator = torch.Generator().manual_seed(seed)
    corners = torch.rand(number, 2, 2, generator=generator)
    corners = corners.sort(1).values * torch.tensor([32.0, 24.0])
    return corners.flatten(1)


def iou(first, second):
    """Of two boxes, number by number."""
    width = min(first[2], second[2]) - max(first[0], second[0])
    height = min(first[3], second[3]) - max(first[1], second[1])
    shared = max(width, 0) * max(height, 0)
    areas = [(b[2] - b[0]) * (b[3] - b[1]) for b in (first, second)]
    return shared / (sum(areas) - shared)


def expected_label(box, sample):
    """The definition, in a loop over pixels and segments."""
    ids = sample.gt_panoptic_seg.data[0].numpy()
    best, label = 0, None
    for segment in sample.metainfo['segments_info']:
        if not segment['isthing'] or segment['iscrowd']:
            continue
        y, x = np.nonzero(ids == segment['id'])
        value = iou(box, (x.min(), y.min(), x.max(), y.max()))
        if value > best:
            best, label = value, segment['label'] - 2
    if best >= 0.5:
        return label
    left, top, right, bottom = (int(v) for v in np.round(box))
    right, bottom = max(right, left + 1), max(bottom, top + 1)
    labels = sample.gt_sem_seg.data[0].numpy()
    part = labels[top:bottom, left:right]
    return 255 if (part == 255).mean() >= 0.5 else 2


def test_each_proposal_has_the_label_of_its_object(tmp_path):
    pytest.importorskip('mmdet')
    sample = build_set(tmp_path)[0]['data_samples']
    near = torch.tensor(
        [
            [5.0, 14.0, 12.0, 22.0],  # the first car
            [18.0, 8.0, 20.5, 14.5],  # the person
            [24.0, 10.0, 30.0, 12.0],  # the crowd
            [0.0, 0.0, 3.0, 20.0],  # void
            [4.0, 1.0, 20.0, 7.0],  # the sky
        ]
    )
    boxes = torch.cat([near, random_boxes()])
    boxes = boxes.clamp(max=torch.tensor([31.0, 23.0] * 2))
    found = proposal_labels(boxes, sample, things=(2, 3)).tolist()
    assert found[:5] == [1, 0, 255, 255, 2]
    assert found == [expected_label(b, sample) for b in boxes.tolist()]


def test_share_of_a_mask():
    mask = torch.rand(9, 7, generator=torch.Generator().manual_seed(0)) < 0.4
    boxes = random_boxes(80, seed=1) * 0.35 - 1  # beyond the edges, too
    for box, found in zip(boxes, covered_share(boxes, mask), strict=True):
        left, top, right, bottom = box.round().long().tolist()
        left, top = min(max(left, 0), 6), min(max(top, 0), 8)
        right, bottom = max(min(right, 7), left + 1), max(bottom, top + 1)
        part = mask[top : min(bottom, 9), left:right]
        assert found.item() == pytest.approx(part.double().mean().item())


def hooks_of(model):
    return [
        (*module._forward_hooks, *module._forward_pre_hooks)
        for module in model.modules()
    ]


def test_logits_are_those_of_the_box_head(tmp_path):
    """Proposals of an enlarged image, in pixels of the original."""
    dataset, model = build_set(tmp_path), build_model()
    head = model.instance_head
    hooks = hooks_of(model)
    for k, found in enumerate(predict_proposals(model, dataset, 0)):
        item = dataset[k]
        data = model.data_preprocessor(
            dict(inputs=[item['inputs']], data_samples=[item['data_samples']]),
            False,
        )
        assert data['inputs'].shape[-2:] == (36, 48)
        with torch.no_grad():
            levels = head.neck(model.extract_feat(data['inputs']))
            meta = dict(img_shape=(36, 48), batch_input_shape=(36, 48))
            from mmdet.structures import DetDataSample

            (proposals,) = head.rpn_head.predict(
                levels, [DetDataSample(metainfo=meta)], rescale=False
            )
            rois = torch.nn.functional.pad(proposals.bboxes, (1, 0))
            logits = head.roi_head._bbox_forward(levels, rois)['cls_score']
        torch.testing.assert_close(found.logits, logits)
        labels = proposal_labels(
            proposals.bboxes / 1.5, item['data_samples'], (2, 3)
        )
        assert torch.equal(found.labels, labels)
        assert found.index == k and len(labels) > 5
    assert k == 2
    # nothing is left that takes notes
    assert hooks_of(model) == hooks


@pytest.mark.parametrize('background', [True, False])
def test_confusion_and_samples_are_of_the_same_proposals(
    tmp_path, background, monkeypatch
):
    monkeypatch.setattr(bias_pass, 'MIN_SAMPLES', 1)
    dataset, model = build_set(tmp_path), build_model()
    confusion, reservoir, classes = measure_instance_bias(
        model, dataset, 0, background
    )
    names = ['person', 'car', 'background']
    assert classes == (names if background else names[:2])
    expected = torch.zeros(3, 3, dtype=torch.long)
    for image in predict_proposals(model, dataset, 0):
        logits = image.logits if background else image.logits[:, :2]
        for label, z in zip(image.labels.tolist(), logits, strict=True):
            if label < len(classes):
                expected[label, z.argmax()] += 1
    assert torch.equal(confusion, expected[: len(classes), : len(classes)])
    assert torch.equal(reservoir.num_pixels, confusion.sum(1))
    assert confusion.sum() > 0


def test_no_object_is_matched(tmp_path):
    model = build_model()
    model.instance_head.test_cfg.rpn.max_per_img = 0
    model.instance_head.rpn_head.test_cfg.max_per_img = 0
    with pytest.raises(
        ValueError, match='0 proposals in the images of.*car, background'
    ):
        measure_instance_bias(model, build_set(tmp_path), 0)


def test_without_segments(tmp_path):
    plain = [PIPELINE[0], PIPELINE[2], dict(type='PackSegInputs')]
    with pytest.raises(ValueError, match='LoadPanopticAnnotations'):
        next(predict_proposals(build_model(), build_set(tmp_path, plain), 0))


def test_things_that_the_model_has_not(tmp_path):
    sample = SegDataSample(
        metainfo=dict(
            segments_info=[dict(id=1, label=4, isthing=True, iscrowd=False)],
            seg_map_path='a.png',
        )
    )
    sample.gt_panoptic_seg = PixelData(data=torch.ones(1, 4, 4).int())
    pytest.importorskip('mmdet')
    with pytest.raises(ValueError, match=r'a.png.*\[4\], but.*\[2, 3\]'):
        proposal_labels(torch.zeros(0, 4), sample, (2, 3))


def test_without_a_classifier():
    bottom_up = tiny_panoptic(
        dict(type='CenterOffsetHead', channels=16), things=(2, 3)
    )
    model = MODELS.build(ConfigDict(bottom_up))
    with pytest.raises(ValueError, match='CenterOffsetHead, which has no cl'):
        instance_classifier(model)
    with pytest.raises(ValueError, match='has no branch for instances'):
        instance_classifier(model.decode_head)
