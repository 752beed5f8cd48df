"""Configs of TPS: settings of the public code, and networks that are built."""

import pytest
from helpers.paths import ROOT
from mmengine.config import Config
from mmengine.optim import build_optim_wrapper
from mmengine.registry import init_default_scope
from mmseg.registry import DATASETS, METRICS, MODELS

from mmseg_balance.configuration.checks.parts import check_parts
from mmseg_balance.datasets.sets.video.shared_classes import SHARED_CLASSES

CONFIGS = sorted((ROOT / 'configs/video').glob('tps*.py'))
VIPER = [file for file in CONFIGS if '_viper2' in file.name]
SMALL = [file for file in CONFIGS if '_lite0_' in file.name]


@pytest.fixture(autouse=True)
def _scope():
    init_default_scope('mmseg')


def load(file):
    cfg = Config.fromfile(file)
    check_parts(cfg)
    return cfg


def by_id(file):
    return file.stem


def test_all_are_looked_at():
    assert {*VIPER, *SMALL} == {*CONFIGS} and len(VIPER) == 2


@pytest.mark.parametrize('file', CONFIGS, ids=by_id)
def test_settings_are_published(file):
    cfg = load(file)
    name, segmentor = file.stem, cfg.model.segmentor
    of_name = 'MIC' if '_mic_' in name else 'HRDA' if '_hrda_' in name else ''
    assert cfg.model.type == of_name or cfg.model.type == 'TPS'
    assert ('alpha' in cfg.model) == bool(of_name)
    own = cfg.model.temporal_supervision
    assert own.loss_weight == 0.1 and tuple(own.scale) == (0.8, 1.2)
    colours = dict(own.augmentation)
    sigma = tuple(colours.pop('blur_sigma'))
    assert sigma == (
        (1.5, 2.0, 2.5) if '_lite0_' in name else (7.0, 9.0, 11.0)
    )
    assert colours == dict(
        blur_probability=0.6,
        jitter_probability=0.8,
        jitter=(0.8, 0.8, 0.8, 0.2),
        grey_probability=0.2,
    )
    assert segmentor.data_preprocessor.type == 'FrameDataPreProcessor'
    loss = segmentor.decode_head.loss_decode
    assert loss.type == (
        'BLDALoss' if '_blda_' in name else 'CrossEntropyLoss'
    )
    classes = segmentor.decode_head.num_classes
    assert classes == (11 if 'camvid' in name else 15)
    assert loss.get('num_classes', classes) == classes
    kinds = [t.type for t in cfg.train_dataloader.dataset.target.pipeline]
    assert kinds[1:3] == ['LoadPreviousFrame', 'LoadOpticalFlow']
    assert kinds[-1] == 'PackFrameInputs'
    used = [hook.type for hook in cfg.custom_hooks]
    assert used.count('IterationSeedHook') == 1
    assert ('TeacherUpdateHook' in used) == bool(of_name)


@pytest.mark.parametrize('file', VIPER, ids=by_id)
def test_the_row_is_that_of_the_public_code(file):
    cfg = load(file)
    segmentor = cfg.model.segmentor
    assert segmentor.type == 'AccelEncoderDecoder'
    assert segmentor.data_preprocessor.in_tests
    assert segmentor.auxiliary_head.num_classes == 15
    assert segmentor.auxiliary_head.loss_decode.loss_weight == 0.1
    for head in (segmentor.decode_head, segmentor.auxiliary_head):
        assert tuple(head.dilations) == (6, 12, 18, 24) and head.align_corners
    data = cfg.train_dataloader
    assert data.batch_size == 1
    assert 'rare_class_sampling' not in data.dataset
    source, target = data.dataset.source, data.dataset.target
    sizes = [
        tuple(t.scale)
        for part in (source, target, cfg.val_dataloader.dataset)
        for t in part.pipeline
        if t.type == 'ResizeFrames'
    ]
    assert sizes == [(1280, 720), (1024, 512), (1024, 512)]
    kinds = {t.type for part in (source, target) for t in part.pipeline}
    assert not any('Flip' in kind or 'Crop' in kind for kind in kinds)
    styles = [t.type for t in source.pipeline if t.type.endswith('Style')]
    assert styles == ['HistogramStyle']
    assert cfg.optim_wrapper.optimizer == dict(
        type='SGD', lr=1e-4, momentum=0.9, weight_decay=5e-4
    )
    (decay,) = cfg.param_scheduler
    assert (decay.type, decay.power, decay.end) == ('PolyLR', 0.9, 250001)
    assert cfg.train_cfg.max_iters == 40000


@pytest.mark.parametrize('file', VIPER, ids=by_id)
def test_riders_are_persons_in_all_sets(file):
    cfg = load(file)
    train = cfg.train_dataloader.dataset
    metas = []
    for part in (train.source, train.target, cfg.val_dataloader.dataset):
        part = {k: v for k, v in part.items() if k != 'pipeline'}
        dataset = DATASETS.build(
            part, default_args=dict(lazy_init=True, pipeline=[])
        )
        assert dataset.previous == 1
        metas.append(dataset.metainfo)
    assert all(meta['classes'] == SHARED_CLASSES for meta in metas)
    metric = METRICS.build(cfg.val_evaluator)
    metric.dataset_meta = metas[-1]  # refuses other riders
    assert metric.rule == 'davsn' and metas[-1]['riders'] == 'person'


def test_rates_are_tenfold_for_classifiers_and_not_for_the_fusion():
    cfg = load(VIPER[0])
    segmentor = cfg.model.segmentor
    segmentor.backbone.update(depth=18, init_cfg=None)
    segmentor.decode_head.in_channels = 512
    segmentor.auxiliary_head.in_channels = 256
    model = MODELS.build(cfg.model)
    optimizer = build_optim_wrapper(model, cfg.optim_wrapper).optimizer
    rate_of = {
        id(p): group['lr']
        for group in optimizer.param_groups
        for p in group['params']
    }
    rates = {}
    for name, parameter in model.named_parameters():
        part = 'fusion' if 'fusion' in name else name.split('.')[1]
        if parameter.requires_grad and name.startswith('student.'):
            rates.setdefault(part, set()).add(rate_of[id(parameter)])
    assert {k: [round(r, 9) for r in v] for k, v in rates.items()} == dict(
        backbone=[1e-4], decode_head=[1e-3], auxiliary_head=[1e-3],
        fusion=[1e-4],
    )  # fmt: skip


@pytest.mark.parametrize('file', SMALL, ids=by_id)
def test_small_ones_are_built(file):
    cfg = load(file)
    cfg.model.segmentor.backbone.init_cfg = None
    model = MODELS.build(cfg.model)
    prefixes = [objective.prefix for objective in model.objectives]
    assert prefixes[0] == 'src' and prefixes[-1] == 'tps'
