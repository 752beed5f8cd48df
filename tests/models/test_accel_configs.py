"""Configs of networks that fuse frames: each beside that without."""

import pytest
from helpers.paths import ROOT
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmseg.registry import MODELS, TRANSFORMS

from mmseg_balance.configuration.checks.parts import check_parts
from mmseg_balance.datasets.video.joint_geometry import check_geometry

FOLDER = ROOT / 'configs/video'
CONFIGS = sorted(
    file
    for file in FOLDER.glob('*_accel-*.py')
    if not file.name.startswith('tps')  # see test_temporal_configs.py
)


@pytest.fixture(autouse=True)
def _scope():
    init_default_scope('mmseg')


def load(file):
    cfg = Config.fromfile(file)
    check_parts(cfg)
    return cfg


def names(pipeline):
    return [transform.type for transform in pipeline]


def by_id(file):
    return file.stem


@pytest.mark.parametrize('file', CONFIGS, ids=by_id)
def test_pairs_are_loaded_wherever_images_are(file):
    cfg = load(file)
    data = cfg.train_dataloader.dataset
    for dataset in (data.source, data.target, cfg.val_dataloader.dataset):
        kinds = names(dataset.pipeline)
        if 'RepeatFrame' not in kinds:
            flow = kinds.index('LoadOpticalFlow')
            assert kinds.index('LoadPreviousFrame') == flow - 1
            assert dataset.previous == (2 if 'camvid' in file.name else 1)
        assert kinds[-1] == 'PackFrameInputs'
        assert not {'Resize', 'RandomFlip'} & {*kinds}
    assert cfg.val_dataloader.dataset.test_mode
    assert cfg.test_dataloader == cfg.val_dataloader
    segmentor = cfg.model.segmentor
    preprocessor = segmentor.data_preprocessor
    assert preprocessor.type == 'FrameDataPreProcessor'
    assert preprocessor.in_tests
    crop = tuple(preprocessor['size'])
    for pipeline in (data.source.pipeline, data.target.pipeline):
        (cut,) = [t for t in pipeline if t.type == 'RandomCrop']
        assert tuple(cut.crop_size) == crop
    if '_blda_' in file.name:
        head = segmentor.decode_head
        assert head.loss_decode.type == 'BLDALoss'
        assert head.loss_decode.num_classes == head.num_classes


WITHOUT = [
    file
    for file in CONFIGS
    if (FOLDER / file.name.replace('_accel-', '_')).is_file()
]


def test_some_are_without():
    assert len(WITHOUT) == 6


@pytest.mark.parametrize('file', WITHOUT, ids=by_id)
def test_all_else_is_as_without(file):
    cfg, plain = load(file), load(FOLDER / file.name.replace('_accel-', '_'))
    assert cfg.model.segmentor.pop('type') == 'AccelHRDAEncoderDecoder'
    assert plain.model.segmentor.pop('type') == 'HRDAEncoderDecoder'
    for config in (cfg, plain):
        config.model.segmentor.data_preprocessor.pop('type')
    assert cfg.model.segmentor.data_preprocessor.pop('in_tests')
    for key in (
        'model',
        'optim_wrapper',
        'param_scheduler',
        'train_cfg',
        'custom_hooks',
        'val_evaluator',
    ):
        assert cfg[key] == plain[key], key
    for part in ('source', 'target'):
        own, other = (
            dict(c.train_dataloader.dataset[part]) for c in (cfg, plain)
        )
        kinds = [
            kind.replace('Frames', '').replace('PackFrame', 'PackUDA')
            for kind in names(own.pop('pipeline'))
            if kind not in ('LoadPreviousFrame', 'LoadOpticalFlow')
        ]
        expected = [
            kind.replace('PackSeg', 'PackUDA')
            for kind in names(other.pop('pipeline'))
        ]
        assert kinds == expected
        for dataset in (own, other):
            dataset['data_prefix'] = {
                k: v
                for k, v in dataset.get('data_prefix', {}).items()
                if k not in ('flow_path', 'prev_img_path')
            }
        own.pop('previous')
        assert own == other


SMALL = [file for file in CONFIGS if '_lite0_' in file.name.replace('-', '_')]


@pytest.mark.parametrize('file', SMALL, ids=by_id)
def test_small_networks_are_built(file):
    cfg = load(file)
    cfg.model.segmentor.backbone.init_cfg = None
    model = MODELS.build(cfg.model)
    classes = cfg.model.segmentor.decode_head.num_classes
    for network in (model.student, model.teacher):
        kernel = network.decode_head.fusion.weight
        assert kernel.shape == (classes, 2 * classes, 1, 1)
    for part in ('source', 'target'):
        pipeline = cfg.train_dataloader.dataset[part].pipeline
        check_geometry([TRANSFORMS.build(t) for t in pipeline], part)
