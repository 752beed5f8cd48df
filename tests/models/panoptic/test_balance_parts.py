"""Balance methods on the semantic branch of a panoptic model, by one line."""

import math
from fnmatch import fnmatch

import pytest
import torch
from helpers.paths import ROOT
from helpers.tiny_networks import tiny_mask_rcnn, tiny_panoptic
from mmengine.config import Config
from mmengine.optim import OptimWrapper
from mmengine.registry import init_default_scope
from mmengine.structures import InstanceData, PixelData
from mmseg.registry import MODELS
from mmseg.structures import SegDataSample

from mmseg_balance.models.losses import CountedLoss
from mmseg_balance.models.losses.class_weights.weight_history import (
    WeightHistory,
)

THINGS = tuple(range(11, 19))
# without those of samplers, of networks with a second classifier, and of
# other tasks
OTHERS = ('rcs', 'gbw_multi-level', '*_classifier*', '*_viper')
PARTS = sorted(
    path.stem
    for path in (ROOT / 'configs/_base_/balance').glob('*.py')
    if not any(fnmatch(path.stem, other) for other in OTHERS)
)
HEIGHT, WIDTH = 24, 32


def build(part):
    init_default_scope('mmseg')
    head = dict(type='CenterOffsetHead', channels=16)
    if part.startswith('gbw-roi'):
        pytest.importorskip('mmdet')
        head = tiny_mask_rcnn()
    model = dict(
        type='EDAPS',
        pseudo_threshold=0.0,
        feature_distance=dict(classes=list(THINGS)),
        segmentor=tiny_panoptic(head, THINGS, classes=19),
    )
    cfg = Config(dict(model=model))
    base = Config.fromfile(ROOT / f'configs/_base_/balance/{part}.py')
    cfg.merge_from_dict(dict(model=base.balance_model.to_dict()))
    torch.manual_seed(0)
    model = MODELS.build(cfg.model)
    for module in model.modules():
        if isinstance(module, CountedLoss):
            module.counts.fill(torch.ones(19) * 100, torch.ones(19) * 10)
    model.copy_student()
    return model.train()


def images(with_labels):
    inputs = torch.randint(0, 256, (2, 3, HEIGHT, WIDTH)).byte()
    samples = [SegDataSample() for _ in inputs]
    for sample in samples if with_labels else ():
        sample.set_metainfo(dict(img_shape=(HEIGHT, WIDTH)))
        labels = torch.randint(0, 11, (1, HEIGHT, WIDTH))
        labels[:, 4:12, 6:14] = 13
        weight = torch.ones(1, HEIGHT, WIDTH)
        sample.gt_sem_seg = PixelData(data=labels)
        sample.gt_instances = InstanceData(
            bboxes=torch.tensor([[6.0, 4, 13, 11]]),
            labels=torch.tensor([2]),
            masks=labels == 13,
        )
        sample.gt_centers = PixelData(
            heatmap=torch.rand(1, HEIGHT, WIDTH),
            offset=torch.randn(2, HEIGHT, WIDTH),
            center_weight=weight,
            offset_weight=weight,
        )
    return dict(inputs=list(inputs), data_samples=samples)


@pytest.mark.parametrize('part', PARTS)
def test_each_is_learnt_from_source_and_mixed_images(part):
    model = build(part)
    loss = model.student.decode_head.loss_decode
    assert type(loss).__name__ != 'CrossEntropyLoss'
    seen = []

    def note(_, __, kwargs):
        mask = kwargs['target_mask']
        seen.append('source' if mask is None else 'mixed')
        assert mask is None or bool(mask.any() and not mask.all())

    loss.register_forward_pre_hook(note, with_kwargs=True)
    data = dict(source=images(True), target=images(False))
    optimizer = torch.optim.SGD(model.trainable.parameters(), 0.01)
    logs = model.train_step(data, OptimWrapper(optimizer))
    assert seen == ['source', 'mixed']
    values = {k: float(v) for k, v in logs.items() if 'loss' in k}
    assert all(map(math.isfinite, values.values()))
    instances = {key for key in values if 'instance' in key}
    assert instances and not [key for key in instances if 'mix' in key]
    noted = {
        name: set(module.history.take())
        for name, module in model.student.named_modules()
        if isinstance(getattr(module, 'history', None), WeightHistory)
    }
    assert bool(noted) == part.startswith(('gbw', 'lbw'))
    for name, branches in noted.items():
        if 'instance_head' in name:
            assert branches == {'source'}
        elif part != 'lbw':  # whose weights are those of an iteration
            assert branches == {'source', 'mixed'}
    assert any('instance_head' in name for name in noted) == (
        part.startswith('gbw-roi')
    )


def test_without_the_roi_option_the_box_head_has_its_own_loss():
    pytest.importorskip('mmdet')
    values = []
    for part in ('gbw', 'gbw-roi'):
        model = build('gbw-roi')
        head = model.student.instance_head.roi_head.bbox_head
        if part == 'gbw':
            head.loss_cls = MODELS.build(
                dict(type='mmdet.CrossEntropyLoss', use_sigmoid=False)
            )
        else:  # weights of 1
            head.loss_cls.criterion.regularization = 1e9
        torch.manual_seed(1)
        step = model.prepare(dict(source=images(True), target=images(False)))
        losses = model.objectives[0](model.student, step)
        values.append({k: v.item() for k, v in losses.items() if 'loss' in k})
    assert values[0] == pytest.approx(values[1], rel=1e-5)
