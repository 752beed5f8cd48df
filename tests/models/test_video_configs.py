"""Configs of video data sets: settings, and a network that is built."""

from pathlib import Path

import pytest
from helpers.paths import ROOT
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmseg.registry import DATASETS, METRICS, MODELS

from mmseg_balance.configuration.checks.parts import check_parts
from mmseg_balance.datasets.sets.video.shared_classes import SHARED_CLASSES

CONFIGS = sorted(
    file
    for file in (ROOT / 'configs/video').glob('*.py')
    # see test_temporal_configs.py, test_accel_configs.py and
    # test_refined_configs.py
    if not file.name.startswith(('tps', 'itcr'))
    and '_accel-' not in file.name
    and '_refined_' not in file.name
)
# UVDA's numbers of classes in Cityscapes' train ids
DISTANT = ('traffic light', 'traffic sign', 'person', 'car', 'truck', 'bus',
           'motorcycle', 'bicycle')  # fmt: skip


@pytest.fixture(autouse=True)
def _scope():
    init_default_scope('mmseg')


def load(file):
    cfg = Config.fromfile(file)
    check_parts(cfg)
    return cfg


@pytest.mark.parametrize('file', CONFIGS, ids=lambda file: file.stem)
def test_settings_are_those_of_the_name(file):
    cfg = load(file)
    name = file.stem
    assert cfg.model.type == ('MIC' if name.startswith('mic') else 'HRDA')
    size = int(name.rpartition('x')[2])
    crop = (size, size)
    segmentor = cfg.model.segmentor
    assert segmentor.data_preprocessor['size'] == crop
    assert tuple(segmentor.test_cfg.crop_size) == crop
    step = segmentor.crop_coord_divisible
    assert all(side % step == 0 for side in segmentor.detail_crop_size)
    assert size % step == 0
    for pipeline in (
        cfg.train_dataloader.dataset.source.pipeline,
        cfg.train_dataloader.dataset.target.pipeline,
    ):
        (found,) = [t for t in pipeline if t.type == 'RandomCrop']
        assert tuple(found.crop_size) == crop
    head = segmentor.decode_head
    assert head.num_classes == 15
    named = [SHARED_CLASSES[c] for c in cfg.model.feature_distance.classes]
    assert tuple(named) == DISTANT
    if '_blda_' in name:
        assert head.loss_decode.type == 'BLDALoss'
        assert head.loss_decode.num_classes == 15
    if '_40k_' in name:
        assert cfg.optim_wrapper.optimizer == dict(
            type='AdamW', lr=6e-5, betas=(0.9, 0.999), weight_decay=0.01
        )
        assert cfg.optim_wrapper.paramwise_cfg.norm_decay_mult == 0
        assert cfg.train_cfg.max_iters == 40000
        rare = cfg.train_dataloader.dataset.rare_class_sampling
        assert (rare.min_pixels, rare.min_crop_ratio) == (3000, 2.0)
    if 'r101' in name:
        assert segmentor.backbone.depth == 101
        assert tuple(head.head.dilations) == (6, 12)
    margins = [
        t
        for t in cfg.train_dataloader.dataset.target.pipeline
        if t.type == 'PseudoMargins'
    ]
    assert bool(margins) == ('cityscapes-seq-1024' in name)


@pytest.mark.parametrize('data', ['viper2cityscapes-seq', 'viper2bddvid'])
def test_data_sets_agree_on_classes_and_riders(data):
    file = next(f for f in CONFIGS if data in f.stem)
    cfg = load(file)
    train = cfg.train_dataloader.dataset
    sets = [train.source, train.target, cfg.val_dataloader.dataset]
    metas = [
        DATASETS.build(
            {k: v for k, v in part.items() if k != 'pipeline'},
            default_args=dict(lazy_init=True, pipeline=[]),
        ).metainfo
        for part in sets
    ]
    assert all(meta['classes'] == SHARED_CLASSES for meta in metas)
    metric = METRICS.build(cfg.val_evaluator)
    metric.dataset_meta = metas[-1]
    assert metric.rule == 'uvda'


def test_a_small_one_is_built():
    file = Path(ROOT, 'configs/video')
    name = 'mic_hrda_blda_lite0_300_toy-viper2toy-seq-192x192.py'
    cfg = load(file / name)
    cfg.model.segmentor.backbone.init_cfg = None
    model = MODELS.build(cfg.model)
    loss = model.student.decode_head.loss_decode
    assert loss.statistics.num_classes == model.student.num_classes == 15


def test_deeplab_attends_in_its_own_cells():
    name = 'hrda_r101_40k_viper2bddvid-720x720.py'
    cfg = load(Path(ROOT, 'configs/video', name))
    segmentor = cfg.model.segmentor
    segmentor.backbone.update(depth=18, init_cfg=None)
    segmentor.decode_head.head.in_channels = 512
    segmentor.decode_head.attention.in_channels = 512
    model = MODELS.build(segmentor)
    assert model.decode_head.scale_attention.out_channels == 15
    assert len(model.detail_boxes((720, 720))) == 16
    assert all(
        side % 16 == 0
        for box in model.detail_boxes((720, 720))
        for side in (box.top, box.left)
    )
