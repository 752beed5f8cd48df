"""Documented switches of mmengine and MMSegmentation in a UDA training.

Each row of docs/switches.md goes through tools/train.py: it works, or ends
in the line that the table shows.
"""

import re
from pathlib import Path

import pytest
import torch
from helpers.paths import ROOT
from mmengine.config import Config

TABLE = ROOT / 'docs' / 'switches.md'
CROP = (32, 32)
ITERS = 2
MOSAIC = dict(type='MultiImageMixDataset')


@pytest.fixture
def uda_config(tiny_config):
    """DACS + BLDA on small streets, two iterations."""

    def write(changes: dict) -> Path:
        path = tiny_config()
        cfg = Config.fromfile(path)
        cfg.model.data_preprocessor.size = CROP
        cfg.model.decode_head.loss_decode = dict(
            type='BLDALoss', num_classes=3, min_samples=4
        )
        cfg.model = dict(
            type='DACS', segmentor=cfg.model, pseudo_threshold=0.0
        )
        source = cfg.train_dataloader.dataset
        load, annotations, pack = source.pipeline
        crop = dict(type='RandomCrop', crop_size=CROP)
        source.pipeline = [load, annotations, crop, pack]
        cfg.train_dataloader.dataset = dict(
            type='UDADataset',
            source=source,
            target=dict(source, pipeline=[load, crop, pack]),
        )
        cfg.train_dataloader.sampler = dict(type='ResumableInfiniteSampler')
        cfg.optim_wrapper.constructor = 'StudentOptimWrapperConstructor'
        cfg.train_cfg = dict(
            type='ResumableIterBasedTrainLoop',
            max_iters=ITERS,
            val_interval=ITERS,
        )
        cfg.param_scheduler[0].end = ITERS + 2  # a rate above 0 until the end
        cfg.default_hooks.checkpoint.interval = ITERS
        cfg.custom_hooks = [
            dict(type='IterationSeedHook'),
            dict(type='TeacherUpdateHook'),
            dict(type='GMMUpdateHook'),
        ]
        if changes is MOSAIC:
            cfg.train_dataloader.dataset.source = dict(
                type='MultiImageMixDataset', dataset=source, pipeline=[]
            )
        else:
            cfg.merge_from_dict(changes)
        cfg.dump(path)
        return path

    return write


def hook(**kwargs):
    # ours come from the model's needs
    return dict(custom_hooks=[kwargs])


def backend(name):
    return {'visualizer.vis_backends': [dict(type=name)]}


def scheduler(kind, **kwargs):
    part = dict(type=kind, by_epoch=False, **kwargs)
    return dict(param_scheduler=[part])


checkpoint = 'default_hooks.checkpoint'
source = 'train_dataloader.dataset.source'
WORKS = {
    'EMAHook': hook(type='EMAHook'),
    'EarlyStoppingHook': hook(type='EarlyStoppingHook', monitor='mIoU'),
    'EmptyCacheHook': hook(type='EmptyCacheHook', after_iter=True),
    'SyncBuffersHook': hook(type='SyncBuffersHook'),
    'ProfilerHook': hook(
        type='ProfilerHook',
        by_epoch=False,
        profile_times=1,
        activity_with_cpu=True,
    ),
    'SegVisualizationHook': {'default_hooks.visualization.draw': True},
    'save_best': {
        f'{checkpoint}.save_best': ['mIoU', 'Acc_std'],
        f'{checkpoint}.rule': ['greater', 'less'],
    },
    'published_keys': {f'{checkpoint}.published_keys': ['state_dict']},
    'max_keep_ckpts': {f'{checkpoint}.max_keep_ckpts': 1},
    'ResumableIterBasedTrainLoop': {},
    'IterBasedTrainLoop': {'train_cfg.type': 'IterBasedTrainLoop'},
    'EpochBasedTrainLoop': {
        'train_cfg': dict(_delete_=True, by_epoch=True, max_epochs=1),
        'train_dataloader.sampler': dict(
            _delete_=True, type='DefaultSampler', shuffle=True
        ),
        'log_processor.by_epoch': True,
        'default_hooks.logger.log_metric_by_epoch': True,
        checkpoint: dict(_delete_=True, type='CheckpointHook', interval=1),
        'param_scheduler': [],
    },
    'val_begin': {'train_cfg.val_begin': 2},
    'dynamic_intervals': {'train_cfg.dynamic_intervals': [(1, 1)]},
    'val_cfg.fp16': {'val_cfg.fp16': True},
    'no validation': dict(
        val_cfg=None, val_dataloader=None, val_evaluator=None
    ),
    'InfiniteSampler': {'train_dataloader.sampler.type': 'InfiniteSampler'},
    'drop_last': {'train_dataloader.drop_last': True},
    'pin_memory': {'train_dataloader.pin_memory': True},
    'indices': {f'{source}.indices': 3},
    'lazy_init': {f'{source}.lazy_init': True},
    'max_refetch': {f'{source}.max_refetch': 3},
    'serialize_data': {f'{source}.serialize_data': False},
    'accumulative_counts': {'optim_wrapper.accumulative_counts': 2},
    'clip_grad': {'optim_wrapper.clip_grad': dict(max_norm=1.0)},
    'paramwise_cfg': {
        'optim_wrapper.paramwise_cfg': dict(
            custom_keys=dict(head=dict(lr_mult=10.0))
        )
    },
    'DefaultOptimWrapperConstructor': {
        'optim_wrapper.constructor': 'DefaultOptimWrapperConstructor'
    },
    'AutocastOptimWrapper': {'optim_wrapper.type': 'AutocastOptimWrapper'},
    'SAMOptimWrapper': {'optim_wrapper.type': 'SAMOptimWrapper'},
    'SAMOptimWrapper in mixed precision': {
        'optim_wrapper.type': 'SAMOptimWrapper',
        'optim_wrapper.dtype': 'bfloat16',
    },
    'AdamW': {
        'optim_wrapper.optimizer': dict(_delete_=True, type='AdamW', lr=1e-3)
    },
    'OneCycleLR': scheduler('OneCycleLR', eta_max=0.1, total_steps=ITERS),
    'CosineAnnealingLR': scheduler('CosineAnnealingLR', T_max=ITERS),
    'InverseLR': scheduler('InverseLR', gamma=0.1),
    'MultiStepLR': scheduler('MultiStepLR', milestones=[1]),
    'ConstantMomentum': scheduler('ConstantMomentum', end=ITERS),
    'deterministic': dict(randomness=dict(deterministic=True)),
    'diff_rank_seed': dict(randomness=dict(diff_rank_seed=True)),
    'sync_bn': dict(sync_bn='torch'),
    'find_unused_parameters': dict(find_unused_parameters=True),
    'activation_checkpointing': dict(
        activation_checkpointing=['student.backbone']
    ),
    'efficient_conv_bn_eval': dict(
        efficient_conv_bn_eval=['student.decode_head']
    ),
    'auto_scale_lr': dict(auto_scale_lr=dict(enable=True, base_batch_size=2)),
    'log_level': dict(log_level='WARNING'),
    'experiment_name': dict(experiment_name='mine'),
    'cudnn_benchmark': {'env_cfg.cudnn_benchmark': True},
    'mp_start_method': {'env_cfg.mp_cfg.mp_start_method': 'spawn'},
    'model_wrapper_cfg': dict(model_wrapper_cfg=dict(type='UDAModelWrapper')),
    'compile': dict(compile=dict(backend='eager')),
    'runner_type': dict(runner_type='Runner'),
}


@pytest.mark.parametrize('name', WORKS)
def test_works(run_tool, uda_config, tmp_path, name):
    config = uda_config(WORKS[name])
    run_tool('train.py', config, '--work-dir', tmp_path / 'run')
    # an epoch of six images in batches of two has three iterations
    last = 'epoch_1' if name == 'EpochBasedTrainLoop' else f'iter_{ITERS}'
    state = torch.load(tmp_path / 'run' / f'{last}.pth')['state_dict']
    moved = [k for k in state if k.endswith('statistics.source.step')]
    assert moved
    assert all(state[k] == (3 if 'epoch' in last else ITERS) for k in moved)
    changed = {
        k: v
        for k, v in state.items()
        if k.startswith('student.') and v.is_floating_point()
    }
    assert all(v.isfinite().all() for v in changed.values())
    key = next(k for k in changed if 'decode_head' in k and 'conv' in k)
    assert not torch.equal(state[f'teacher{key[7:]}'], state[key])


# its other row, below, is of by_epoch=False
PLATEAU = dict(type='ReduceOnPlateauLR', monitor='mIoU')
WORKS['ReduceOnPlateauLR'] = dict(param_scheduler=[PLATEAU])

REFUSED = {
    'FlexibleRunner': (
        dict(runner_type='FlexibleRunner'),
        "runner_type is 'FlexibleRunner', expected a subclass of Runner",
    ),
    'strategy': (
        dict(strategy=dict(type='DeepSpeedStrategy')),
        'strategy is .*, which FlexibleRunner alone reads: remove it',
    ),
    'fullgraph': (
        dict(compile=dict(fullgraph=True)),
        r"compile has the options \['fullgraph'\], expected some of",
    ),
    'AmpOptimWrapper on a CPU': (
        {'optim_wrapper.type': 'AmpOptimWrapper'},
        'optim_wrapper.type is AmpOptimWrapper, which needs an accelerator',
    ),
    'SAMOptimWrapper with accumulative_counts': (
        {
            'optim_wrapper.type': 'SAMOptimWrapper',
            'optim_wrapper.accumulative_counts': 2,
        },
        'Expected optim_wrapper.accumulative_counts to be 1 with SAM',
    ),
    'SAMOptimWrapper with a loss scaler': (
        {
            'optim_wrapper.type': 'SAMOptimWrapper',
            'optim_wrapper.loss_scale': 'dynamic',
        },
        "no loss_scale, but got .*loss_scale='dynamic'",
    ),
    'ApexOptimWrapper': (
        {'optim_wrapper.type': 'ApexOptimWrapper'},
        'Apex is not installed',
    ),
    'a hook of ours twice': (
        dict(custom_hooks=[dict(type='TeacherUpdateHook')] * 2),
        r'custom_hooks\[0\] and custom_hooks\[1\] are both TeacherUpdateHook',
    ),
    'ReduceOnPlateauLR': (
        scheduler('ReduceOnPlateauLR', monitor='mIoU'),
        'Now ReduceOnPlateauLR only support by_epoch=True',
    ),
    'MultiImageMixDataset': (
        MOSAIC,
        'source is a MultiImageMixDataset, expected a data set of',
    ),
    'Albu': (
        {
            f'{source}.pipeline': [
                dict(type='LoadImageFromFile'),
                dict(type='LoadAnnotations'),
                dict(type='Albu', transforms=[]),
            ]
        },
        "'pip install albumentations'",
    ),
    'WandbVisBackend': (backend('WandbVisBackend'), 'pip install wandb'),
    'MLflowVisBackend': (backend('MLflowVisBackend'), 'pip install mlflow'),
    'a misspelt top-level key': (
        {'param_schedulers': [], 'train_cfg.max_iter': 1},
        'train_cfg.max_iter: .*did you mean max_iters',
    ),
}


@pytest.mark.parametrize('name', REFUSED)
def test_is_refused_in_a_line(run_tool, uda_config, tmp_path, name):
    changes, line = REFUSED[name]
    with pytest.raises(SystemExit) as error:
        run_tool('train.py', uda_config(changes), '--work-dir', tmp_path)
    assert re.search(f'^error: .*{line}', str(error.value))
    assert len(str(error.value).splitlines()) == 1


def test_the_order_of_our_hooks_changes_nothing(
    run_tool, uda_config, tmp_path
):
    kinds = ['IterationSeedHook', 'TeacherUpdateHook', 'GMMUpdateHook']
    states = []
    for i, order in enumerate((kinds, kinds[::-1], kinds[1:] + kinds[:1])):
        config = uda_config(dict(custom_hooks=[dict(type=k) for k in order]))
        run_tool('train.py', config, '--work-dir', tmp_path / str(i))
        path = tmp_path / str(i) / f'iter_{ITERS}.pth'
        states.append(torch.load(path)['state_dict'])
    for state in states[1:]:
        assert state.keys() == states[0].keys()
        assert all(torch.equal(v, states[0][k]) for k, v in state.items())


def test_each_row_is_in_the_table():
    rows = [
        line.split('|')[1:3]
        for line in TABLE.read_text().splitlines()
        if line.startswith('| `') or line.startswith('| no ')
    ]
    first = {cells[0].strip(' `') for cells in rows}
    missing = (WORKS.keys() | REFUSED.keys()) - first
    assert not missing
