"""The dry run before a training: what it finds, and that it leaves no trace.

Each of the mistakes showed in the first iteration, or at the first validation,
hours later.
"""

import re
from contextlib import nullcontext
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config

from mmseg_balance.runs.dry_run import trial as dry_run

LOAD = [dict(type='LoadImageFromFile'), dict(type='LoadAnnotations')]
PACK = dict(type='PackSegInputs')
VAL = 'val_dataloader.dataset'


@pytest.fixture
def refusal(run_tool, tiny_config, tmp_path):
    """The line that a training ends with; no iteration has been run."""

    def refusal(change=None, **changes):
        path = tiny_config(**changes)
        if change is not None:
            cfg = Config.fromfile(path)
            change(cfg)
            cfg.dump(path)
        folder = tmp_path / 'run'
        with pytest.raises(SystemExit) as exit_:
            run_tool('train.py', path, '--work-dir', folder)
        assert not list(folder.glob('iter_*.pth'))
        (log,) = folder.glob('*/*.log')
        assert 'Iter(train)' not in log.read_text()
        (line,) = str(exit_.value).splitlines()
        assert line.startswith('error: ')
        return line

    return refusal


@pytest.fixture
def two_sizes(tmp_path):
    """Validation data of two sizes."""
    for i, width in enumerate((48, 40)):
        for kind in ('img', 'ann'):
            path = tmp_path / 'two' / kind / f'{i}.png'
            path.parent.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(path), np.full((40, width), i, np.uint8))
    prefix = dict(img_path='img', seg_map_path='ann')
    return {
        f'{VAL}.data_root': str(tmp_path / 'two'),
        f'{VAL}.data_prefix': prefix,
    }


def test_validation_batch_of_two_sizes(refusal, two_sizes):
    line = refusal(**two_sizes, **{'val_dataloader.batch_size': 2})
    assert 'dry run, validation of two images: ' in line
    assert 'set val_dataloader.batch_size=1' in line


def test_sizes_in_batches_of_their_own_pass(
    run_tool, tiny_config, two_sizes, tmp_path
):
    run_tool(
        'train.py',
        tiny_config(**two_sizes),
        *('--work-dir', tmp_path / 'trained'),
        *('--cfg-options', 'train_cfg.max_iters=1'),
    )
    assert (tmp_path / 'trained' / 'iter_1.pth').is_file()


def vision_transformer(cfg):
    cfg.model.backbone = dict(
        type='TIMMBackbone',
        model_name='vit_tiny_patch16_224',
        features_only=True,
        pretrained=False,
        img_size=32,
        depth=1,
        embed_dim=12,
        num_heads=1,
        out_indices=[0],
    )
    cfg.model.decode_head.update(in_channels=[12], in_index=[0])
    cfg.model.data_preprocessor.size = (32, 32)
    crop = dict(type='RandomCrop', crop_size=(32, 32))
    cfg.train_dataloader.dataset.pipeline = [*LOAD, crop, PACK]


def odd_size(cfg):
    cfg.model.backbone = dict(type='UNet', base_channels=2)
    cfg.model.decode_head.update(
        type='FCNHead', in_channels=2, in_index=4, channels=2, num_convs=1
    )
    cfg.model.data_preprocessor.size = (32, 32)
    crop = dict(type='RandomCrop', crop_size=(32, 32))
    cfg.train_dataloader.dataset.pipeline = [*LOAD, crop, PACK]


@pytest.mark.parametrize(
    'change, place, message',
    [
        (
            vision_transformer,
            'validation',
            r"Input height \(40\) doesn't match .* test_cfg",
        ),
        (odd_size, 'validation', 'not divisible|should be divisible'),
    ],
)
def test_networks_that_take_one_size(refusal, change, place, message):
    line = refusal(change)
    assert f'error: dry run, {place}' in line
    assert re.search(message, line)


EARLY_STOPPING = dict(type='EarlyStoppingHook', monitor='mIo', rule='greater')
RESIZE = dict(type='Resize', scale=(24, 20))


@pytest.mark.parametrize(
    'changes, message',
    [
        (
            {f'{VAL}.pipeline': [*LOAD, RESIZE, PACK]},
            r'/0.png: .*of one size.*put LoadAnnotations behind Resize',
        ),
        (
            {'default_hooks.checkpoint.save_best': 'mIou'},
            "checkpoint.save_best is 'mIou', which validation does not give"
            ': val_evaluator gives .*mIoU',
        ),
        (
            {'default_hooks.checkpoint.save_best': 'mIoU_labelled'},
            "save_best is 'mIoU_labelled', which there is only where a class "
            "has no labelled pixel: take 'mIoU'",
        ),
        (
            {'custom_hooks': [EARLY_STOPPING]},
            "monitor of EarlyStoppingHook is 'mIo', which",
        ),
        (
            {'val_evaluator.format_only': True},
            'val_evaluator.format_only is True, so .* saves nothing',
        ),
        (
            {'model.data_preprocessor.size': None},
            'first training step: data_preprocessor has neither size nor',
        ),
        (
            {
                'train_dataloader.batch_size': 1,
                'model.decode_head': dict(
                    type='PSPHead',
                    in_channels=8,
                    in_index=0,
                    channels=4,
                    num_classes=3,
                    pool_scales=(1, 2),
                    norm_cfg=dict(type='BN'),
                    _delete_=True,
                ),
            },
            'first training step: a batch norm .*batch_size to 2',
        ),
    ],
)
def test_mistakes_of_a_config(refusal, changes, message):
    line = refusal(**changes)
    assert re.search(message, line), line
    assert 'IndexError' not in line and 'Assertion' not in line


def self_training(cfg):
    """DACS with BLDA on the tiny segmentor."""
    head = cfg.model.decode_head
    head.loss_decode = dict(type='BLDALoss', num_classes=3, min_samples=2)
    head.dropout_ratio = 0.1
    labelled = cfg.train_dataloader.dataset
    target = dict(labelled, pipeline=[LOAD[0], PACK])
    cfg.train_dataloader.sampler.type = 'ResumableInfiniteSampler'
    cfg.train_dataloader.dataset = dict(
        type='UDADataset', source=labelled, target=target
    )
    cfg.model = dict(
        type='DACS',
        segmentor=cfg.model,
        pseudo_threshold=0.0,
        density_estimation={},
    )
    cfg.custom_hooks = [
        dict(type='IterationSeedHook'),
        dict(type='TeacherUpdateHook'),
        dict(type='GMMUpdateHook'),
    ]


def supervised(cfg):
    """Adam, and drop-out that is drawn from the run's own generator."""
    cfg.model.decode_head.dropout_ratio = 0.5
    cfg.optim_wrapper.optimizer = dict(type='AdamW', lr=0.01)
    cfg.optim_wrapper.clip_grad = dict(max_norm=1.0)
    flip = dict(type='RandomFlip', prob=0.5)
    photo = dict(type='PhotoMetricDistortion')
    cfg.train_dataloader.dataset.pipeline = [*LOAD, flip, photo, PACK]


def checkpointed(cfg):
    supervised(cfg)
    cfg.activation_checkpointing = ['decode_head.fusion_conv']


def differing(a, b, key=''):
    """Keys of two states that are not equal."""
    if isinstance(a, torch.Tensor):
        return [] if torch.equal(a, b) else [key]
    if isinstance(a, dict):
        assert a.keys() == b.keys()
        return [d for k in a for d in differing(a[k], b[k], f'{key}.{k}')]
    if isinstance(a, (list, tuple)):
        pairs = enumerate(zip(a, b, strict=True))
        return [
            d for i, (x, y) in pairs for d in differing(x, y, f'{key}.{i}')
        ]
    return [] if a == b or a != a else [key]


@pytest.mark.parametrize('method', [supervised, checkpointed, self_training])
def test_the_run_is_the_same_with_and_without(
    run_tool, tiny_config, tmp_path, method
):
    states = []
    for tried in (True, False):
        path = tiny_config(dry_run=tried)
        cfg = Config.fromfile(path)
        method(cfg)
        cfg.dump(path)
        run_tool('train.py', path, '--work-dir', tmp_path / str(tried))
        (log,) = (tmp_path / str(tried)).glob('*/*.log')
        done = 'dry run: one training step and two validation images'
        assert (done in log.read_text()) == tried
        assert log.read_text().count('per class results') == 1
        states.append(torch.load(tmp_path / str(tried) / 'iter_6.pth'))
    for key in ('state_dict', 'optimizer'):
        assert differing(states[0][key], states[1][key], key) == []
    scores = [state['message_hub']['log_scalars'] for state in states]
    assert scores[0].keys() == scores[1].keys()
    for key in scores[0]:
        if 'time' not in key:
            values = [s[key]._log_history for s in scores]
            assert np.array_equal(*values, equal_nan=True), key


def test_out_of_memory_is_no_reason_to_stop(
    run_tool, tiny_config, tmp_path, monkeypatch
):
    def fails(*args):
        raise torch.OutOfMemoryError('CUDA out of memory')

    monkeypatch.setattr(dry_run, 'train_once', fails)
    run_tool('train.py', tiny_config(), '--work-dir', tmp_path / 'run')
    (log,) = (tmp_path / 'run').glob('*/*.log')
    assert 'dry run: left out, out of memory (CUDA' in log.read_text()
    assert (tmp_path / 'run' / 'iter_6.pth').is_file()


def test_out_of_memory_on_one_of_several_ranks_ends_it(monkeypatch):
    # others may be in a collective call, which this one would never join
    def fails(*args):
        raise torch.OutOfMemoryError('CUDA out of memory')

    monkeypatch.setattr(dry_run, 'dry_run', fails)
    for name in ('unchanged_state', 'quiet'):
        monkeypatch.setattr(dry_run, name, lambda *args: nullcontext())
    with pytest.raises(RuntimeError, match='CUDA out.*dry_run=False'):
        dry_run.DryRunHook().before_train(SimpleNamespace(world_size=2))


def test_class_weights_at_ignored_pixels(refusal):
    loss = dict(type='CrossEntropyLoss', class_weight=[1.0, 1.0, 2.0])
    line = refusal(**{'model.decode_head.loss_decode': loss})
    assert 'dry run, first training step: index 255 is out of bounds' in line
    assert "loss_decode.type='WeightedCrossEntropyLoss'" in line
