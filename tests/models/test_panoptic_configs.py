"""Panoptic configs, and what sets them apart.

As ``test_every_config.py``: each is built, and the small ones are trained for
a step.
"""

import re
from pathlib import Path

import numpy as np
import pytest
import torch
from helpers.paths import ROOT
from helpers.recipe_checks import recipe_differences
from mmengine.config import Config
from mmengine.optim import build_optim_wrapper
from mmengine.registry import init_default_scope
from mmengine.structures import InstanceData, PixelData
from mmseg.registry import HOOKS, MODELS
from mmseg.structures import SegDataSample

from mmseg_balance.configuration.checks.parts import check_parts
from mmseg_balance.models.losses import BLDALoss, GBWLoss

CONFIGS = sorted(
    p.relative_to(ROOT).as_posix()
    for p in (ROOT / 'configs/edaps').glob('*.py')
)
NAME = re.compile(
    r'edaps(-(?P<branch>bu|shared))?'
    r'(_(?P<variant>gbw|gbw-roi|blda|source-only|oracle))?'
    r'_(?P<network>mit-b5_40k|lite0_1000)_(?P<data>synthia2cityscapes'
    r'|cityscapes|toy2toy)-(?P<size>\d+)x(?P=size)'
)


@pytest.fixture(autouse=True)
def _scope():
    init_default_scope('mmseg')


def load(file):
    name = NAME.fullmatch(Path(file).stem)
    assert name, f'{file}: its name does not follow the scheme'
    if name['branch'] is None:
        pytest.importorskip('mmdet')
    cfg = Config.fromfile(ROOT / file)
    check_parts(cfg)
    cfg.model.segmentor.backbone.init_cfg = None
    return name, cfg


def with_fewer_layers(cfg):
    """The same with one layer a stage: the others take long to make."""
    if 'num_layers' in cfg.model.segmentor.backbone:
        cfg.model.segmentor.backbone.num_layers = [1, 1, 1, 1]
    return cfg


@pytest.mark.parametrize('file', CONFIGS)
def test_is_made_as_its_name_says(file):
    name, cfg = load(file)
    with torch.device('meta'):
        model = MODELS.build(with_fewer_layers(cfg).model)
    assert not recipe_differences(file, cfg, model)
    adapts = name['variant'] not in ('source-only', 'oracle')
    assert type(model).__name__ == ('EDAPS' if adapts else 'SourceOnly')
    head = model.student.instance_head
    kind = 'CenterOffsetHead' if name['branch'] else 'MaskRCNNHead'
    assert type(head).__name__ == kind
    assert head.uses_decoder == (name['branch'] == 'shared')
    assert head.things == tuple(range(11, 19))

    losses = [type(m) for m in model.student.modules()]
    assert (BLDALoss in losses) == (name['variant'] == 'blda')
    assert (GBWLoss in losses) == (name['variant'] in ('gbw', 'gbw-roi'))
    for hook in cfg.custom_hooks:
        assert HOOKS.get(hook.type)

    size = int(name['size'])
    assert tuple(model.data_preprocessor.size) == (size, size)
    data = cfg.train_dataloader.dataset
    steps = {step.type: step for step in data.source.pipeline}
    assert steps['RandomCrop'].crop_size == (size, size)
    # what the branch learns from, and nothing else
    targets = steps['PanopticTargets']
    assert targets.centers == (name['branch'] is not None)
    assert targets.instances != targets.centers
    assert bool(data.get('rare_class_sampling')) == adapts
    metrics = [metric.type for metric in cfg.val_evaluator]
    assert metrics == ['BalancedIoUMetric', 'PanopticQualityMetric']
    # faults of the public code are on in its rows alone
    published = name['network'] == 'mit-b5_40k'
    assert cfg.val_evaluator[1].get('void_as_road', False) == published
    if name['branch']:
        assert head.fusion['as_published'] == published
        assert head.center_loss_limit == (14 if published else None)
    else:
        assert head.skip_without_instances == published
        for fault in ('hide_stuff', 'lowest_score_wins'):
            assert head.fusion.get(fault, False) == published
    iterations = dict(lite0_1000=1000).get(name['network'], 40000)
    assert cfg.train_cfg.max_iters == iterations
    assert cfg.param_scheduler[-1].end in (iterations, iterations + 1)
    assert cfg.test_pipeline == cfg.test_dataloader.dataset.pipeline
    keys = cfg.optim_wrapper.paramwise_cfg.custom_keys
    assert keys.decode_head == dict(lr_mult=10.0)
    slow = name['branch'] is None and not published
    assert keys.instance_head == dict(lr_mult=1.0 if slow else 10.0)


def batch_of(size, with_instances):
    """Two images of noise, the first with a person and a car."""
    inputs = torch.randint(0, 256, (2, 3, size, size), dtype=torch.uint8)
    samples = []
    for i in range(2):
        sample = SegDataSample(metainfo=dict(img_shape=(size, size)))
        samples.append(sample)
        if not with_instances:
            continue
        labels = torch.randint(0, 11, (size, size))
        masks = torch.zeros(2, size, size, dtype=torch.bool)
        masks[0, 8:40, 8:24] = masks[1, 20:60, 40:60] = True
        masks = masks[: 2 - 2 * i]
        for mask, label in zip(masks, (11, 13)):
            labels[mask] = label
        sample.gt_sem_seg = PixelData(data=labels[None])
        sample.gt_instances = InstanceData(
            bboxes=torch.tensor([[8.0, 8, 23, 39], [40, 20, 59, 59]])[
                : len(masks)
            ],
            labels=torch.tensor([0, 2])[: len(masks)],
            masks=masks,
        )
        weight = torch.ones(1, size, size)
        sample.gt_centers = PixelData(
            heatmap=torch.rand(1, size, size),
            offset=torch.randn(2, size, size),
            center_weight=weight,
            offset_weight=weight * (1 - i),
        )
    return dict(inputs=list(inputs), data_samples=samples)


@pytest.mark.parametrize('file', [f for f in CONFIGS if 'lite0' in f])
def test_trains_one_step(file):
    name, cfg = load(file)
    cfg.model.segmentor.data_preprocessor.size = (64, 64)
    torch.manual_seed(0)
    model = MODELS.build(cfg.model)
    model.init_weights()
    model.train()
    wrapper = build_optim_wrapper(model, cfg.optim_wrapper)
    wrapper.initialize_count_status(model, 0, 1)
    head = model.student.instance_head
    before = {k: v.clone() for k, v in head.named_parameters()}
    batch = dict(source=batch_of(64, True), target=batch_of(64, False))
    logs = model.train_step(batch, wrapper)
    losses = {k: v for k, v in logs.items() if 'loss' in k}
    assert np.isfinite(list(losses.values())).all()
    ends = {
        None: ('rpn_cls', 'rpn_bbox', 'cls', 'bbox', 'mask'),
    }.get(name['branch'], ('center', 'offset'))
    found = {k for k in losses if '.instance.' in k}
    assert found == {f'src.instance.loss_{end}' for end in ends}
    still = [k for k, v in head.named_parameters() if v.equal(before[k])]
    assert not [k for k in still if 'weight' in k]
