"""A small data set and config, and the tools as importable modules."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import cv2
import numpy as np
import pytest
import torch
from helpers.panoptic_files import street, write_panoptic_set
from helpers.paths import ROOT
from helpers.tiny_networks import (
    tiny_mit,
    tiny_panoptic,
    tiny_segformer_head,
)
from mmengine.config import Config
from mmengine.logging import MessageHub, MMLogger
from mmengine.registry import init_default_scope
from mmengine.visualization import Visualizer
from mmseg.registry import MODELS

TOOLS = ROOT / 'tools'
CLASSES = ('sky', 'road', 'car')
PALETTE = [[70, 130, 180], [128, 64, 128], [0, 0, 142]]


@pytest.fixture(scope='session')
def tools() -> Path:
    """Folder of the command line tools."""
    return TOOLS


@pytest.fixture
def run_tool(monkeypatch):
    """Run a tool in this process: ``run_tool('train.py', 'a.py', '--amp')``.

    Returns its module, for tests that look at its functions.
    """

    def load(name: str) -> ModuleType:
        path = TOOLS / name
        spec = importlib.util.spec_from_file_location(
            f'tool_{path.stem}', path
        )
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    def run(name: str, *args) -> ModuleType:
        module = load(name)
        # as in a process of its own: mmengine would give a second run of one
        # name in one second the log, and its file, of the first
        for kind in (MMLogger, MessageHub, Visualizer):
            kind._instance_dict.clear()
        monkeypatch.setattr(sys, 'argv', [name, *map(str, args)])
        module.main()
        return module

    run.load = load
    return run


@pytest.fixture(scope='session')
def street_data(tmp_path_factory) -> Path:
    """Six training and five test images of 40 x 48 pixels, three classes."""
    root = tmp_path_factory.mktemp('streets')
    rng = np.random.default_rng(0)
    for split, count in (('train', 6), ('val', 5)):
        for i in range(count):
            label = np.zeros((40, 48), np.uint8)
            label[20:] = 1
            left = rng.integers(0, 30)
            label[10:30, left : left + 12] = 2
            image = label[..., None] * 80 + rng.integers(0, 20, (40, 48, 3))
            label[:2] = 255
            for kind, array in (('img', image), ('ann', label)):
                folder = root / kind / split
                folder.mkdir(parents=True, exist_ok=True)
                cv2.imwrite(str(folder / f'{i}.png'), array.astype(np.uint8))
    return root


def segmentor(**kwargs) -> dict:
    """A segmentor of stock parts that trains in milliseconds."""
    return dict(
        type='EncoderDecoder',
        data_preprocessor=dict(
            type='SegDataPreProcessor',
            mean=[90.0] * 3,
            std=[60.0] * 3,
            bgr_to_rgb=True,
            pad_val=0,
            seg_pad_val=255,
            size=(40, 48),
        ),
        backbone=tiny_mit(),
        decode_head=tiny_segformer_head(
            dropout_ratio=0.0,
            loss_decode=dict(type='CrossEntropyLoss'),
            **kwargs,
        ),
        train_cfg=dict(),
        test_cfg=dict(mode='whole'),
    )


@pytest.fixture
def tiny_config(street_data, tmp_path):
    """Write a config of a plain segmentor; keywords change its keys.

    Each call gives a file of its own name: mmengine tells runs of one
    process apart by it.
    """
    count = 0

    def write(**changes) -> Path:
        nonlocal count
        count += 1
        load = [dict(type='LoadImageFromFile'), dict(type='LoadAnnotations')]
        pipeline = [*load, dict(type='PackSegInputs')]
        data = dict(
            type='BaseSegDataset',
            data_root=str(street_data),
            img_suffix='.png',
            seg_map_suffix='.png',
            pipeline=pipeline,
            metainfo=dict(classes=CLASSES, palette=PALETTE),
        )

        def loader(split: str, batch_size: int, sampler: str) -> dict:
            prefix = dict(img_path=f'img/{split}', seg_map_path=f'ann/{split}')
            return dict(
                batch_size=batch_size,
                num_workers=0,
                sampler=dict(type=sampler, shuffle=split == 'train'),
                dataset=dict(**data, data_prefix=prefix),
            )

        test = loader('val', 1, 'DefaultSampler')
        cfg = Config(
            dict(
                default_scope='mmseg',
                custom_imports=dict(imports=['mmseg_balance']),
                env_cfg=dict(mp_cfg=dict(mp_start_method='fork')),
                visualizer=dict(
                    type='SegLocalVisualizer',
                    name=f'{tmp_path.name}_{count}',
                    vis_backends=[dict(type='LocalVisBackend')],
                ),
                log_processor=dict(by_epoch=False),
                model=segmentor(),
                test_pipeline=pipeline,
                train_dataloader=loader('train', 2, 'InfiniteSampler'),
                val_dataloader=test,
                test_dataloader=test,
                val_evaluator=dict(type='BalancedIoUMetric'),
                test_evaluator=dict(type='BalancedIoUMetric'),
                optim_wrapper=dict(
                    type='OptimWrapper',
                    optimizer=dict(type='SGD', lr=0.05, momentum=0.9),
                ),
                param_scheduler=[dict(type='PolyLR', end=6, by_epoch=False)],
                train_cfg=dict(
                    type='ResumableIterBasedTrainLoop',
                    max_iters=6,
                    val_interval=6,
                ),
                val_cfg=dict(type='ValLoop'),
                test_cfg=dict(type='TestLoop'),
                default_hooks=dict(
                    timer=dict(type='IterTimerHook'),
                    logger=dict(
                        type='LoggerHook',
                        interval=2,
                        log_metric_by_epoch=False,
                    ),
                    param_scheduler=dict(type='ParamSchedulerHook'),
                    checkpoint=dict(
                        type='CheckpointHook', by_epoch=False, interval=3
                    ),
                    visualization=dict(type='SegVisualizationHook'),
                ),
            )
        )
        cfg.merge_from_dict(changes)
        path = tmp_path / f'{tmp_path.name}_{count}.py'
        cfg.dump(path)
        return path

    return write


@pytest.fixture
def uda_config(tiny_config, tmp_path):
    """Write the config of DACS with BLDA on the tiny data."""

    def write(name='uda', hooks=(), **changes):
        cfg = Config.fromfile(tiny_config())
        data = cfg.train_dataloader.dataset
        target = dict(data, data_prefix=dict(img_path='img/val'))
        target['pipeline'] = [data.pipeline[0], data.pipeline[-1]]
        cfg.train_dataloader.dataset = dict(
            type='UDADataset', source=data, target=target
        )
        cfg.train_dataloader.sampler = dict(type='ResumableInfiniteSampler')
        cfg.model.decode_head.loss_decode = dict(
            type='BLDALoss', num_classes=3, min_samples=5
        )
        cfg.model = dict(
            type='DACS', segmentor=cfg.model, pseudo_threshold=0.0
        )
        cfg.custom_hooks = list(hooks)
        cfg.val_dataloader = cfg.val_cfg = cfg.val_evaluator = None
        cfg.train_cfg = dict(type='ResumableIterBasedTrainLoop', max_iters=6)
        cfg.merge_from_dict(changes)
        path = tmp_path / f'{name}.py'
        cfg.dump(path)
        return path

    return write


@pytest.fixture
def panoptic(tiny_config, tmp_path):
    """Write a config of a panoptic segmentor, and random weights of it.

    ``panoptic(instance_head)`` gives both files; ``method`` puts the
    segmentor into a UDA model.
    """

    def write(head: dict, method: str | None = None) -> tuple[Path, Path]:
        root = tmp_path / 'streets'
        data = write_panoptic_set(root, {name: street() for name in 'abcd'})
        cfg = Config.fromfile(tiny_config())
        cfg.test_pipeline = [
            dict(type='LoadImageFromFile'),
            dict(type='LoadPanopticAnnotations'),
            dict(type='PackPanopticInputs'),
        ]
        data['pipeline'] = cfg.test_pipeline
        cfg.test_dataloader.dataset = cfg.val_dataloader.dataset = data
        cfg.test_evaluator = [
            dict(type='BalancedIoUMetric'),
            dict(type='PanopticQualityMetric'),
        ]
        cfg.model = tiny_panoptic(head)
        if method:
            cfg.model = dict(type=method, segmentor=cfg.model)
        config, path = tmp_path / 'panoptic.py', tmp_path / 'weights.pth'
        cfg.dump(config)
        init_default_scope('mmseg')
        torch.manual_seed(0)
        model = MODELS.build(cfg.model)
        meta = dict(dataset_meta=data['metainfo'])
        torch.save(dict(state_dict=model.state_dict(), meta=meta), path)
        return config, path

    return write
