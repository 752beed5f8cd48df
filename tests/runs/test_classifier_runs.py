"""SAM, a teacher and BLDA on toy objects: killed, and on two ranks."""

import pytest
from helpers.killed_runs import resumed_as_whole
from helpers.paths import ROOT

from mmseg_balance.datasets.toy_objects import (
    ToyObjects,
    generate_toy_objects,
)

# everything that has a state: the count of CDAN's reversals, mixtures,
# density, teacher, momentum
CONFIG = """
_base_ = [
    '{root}/configs/_base_/models/classifier.py',
    '{root}/configs/_base_/schedules/sam_500_inverse.py',
    '{root}/configs/_base_/uda/classifier_mic_short.py',
    '{root}/configs/_base_/default_runtime.py',
]
model = dict(
    segmentor=dict(
        data_preprocessor=dict(size=(32, 32)),
        backbone=dict(
            type='ResNet', depth=18, base_channels=8, out_indices=(3,),
            strides=(1, 1, 2, 2)),
        decode_head=dict(
            in_channels=64, num_classes=12, bottleneck=8, dropout_ratio=0.1,
            loss_decode=dict(
                type='BLDALoss', num_classes=12, min_samples=2,
                collect_over=9)),
    ),
    density_estimation=dict(loss_weight=0.2),
    **_base_.pop('uda_model'))
model['cdan']['hidden'] = 16
packing = [
    dict(type='RandomFlip', prob=0.5),
    dict(type='LoadClassLabel'),
    dict(type='PackSegInputs')]
data = dict(
    type='VisDA2017Dataset', data_root='{data}',
    pipeline=[dict(type='LoadImageFromFile'), *packing])
train_dataloader = dict(
    batch_size=8, num_workers=0,
    sampler=dict(type='ResumableInfiniteSampler'),
    dataset=dict(
        type='UDADataset',
        source=dict(data, split='train'),
        target=dict(data, split='validation')))
train_cfg = dict(max_iters={iters}, val_interval=10000)
val_cfg = None
test_cfg = None
default_hooks = dict(
    logger=dict(interval=1),
    checkpoint=dict(interval={interval}, max_keep_ckpts=-1))
{extra}
"""
HOOKS = ['IterationSeedHook', 'TeacherUpdateHook', 'GMMUpdateHook']


@pytest.fixture
def write_classifier_config(tmp_path):
    """MIC + BLDA on a few toy objects."""
    few = ToyObjects(num_source=3, num_target=3, size=32)
    generate_toy_objects(tmp_path / 'data', few)

    def write(iters, interval, *hooks):
        extra = f'custom_hooks = [dict(type=t) for t in {[*HOOKS, *hooks]}]\n'
        if hooks:
            names = ['mmseg_balance', 'dump_rank']
            extra += f'custom_imports = dict(imports={names})\n'
        file = tmp_path / 'config.py'
        file.write_text(
            CONFIG.format(
                root=ROOT,
                data=tmp_path / 'data',
                iters=iters,
                interval=interval,
                extra=extra,
            )
        )
        return file

    return write


def test_a_killed_run_goes_on_as_if_nothing_had_happened(
    write_classifier_config, start, fork, tmp_path
):
    config = write_classifier_config(12, 2)
    checkpoint = resumed_as_whole(config, tmp_path, 12, 4, fork, start)[1]
    state = checkpoint['state_dict']
    calls = [v for k, v in state.items() if k.endswith('.calls')]
    assert calls == [12]  # once a step, in the second pass
    steps = [v for k, v in state.items() if k.endswith('.source.step')]
    assert steps and all(0 < int(v) <= 12 for v in steps)
    assert any(k.startswith('teacher.') for k in state)


def test_two_ranks_stay_equal(write_classifier_config, run_two_ranks):
    """Both move the weights by e of the gradient of both."""
    ranks = run_two_ranks(write_classifier_config(6, 6, 'DumpRank'))
    state = ranks[0]['state']
    assert [v for k, v in state.items() if k.endswith('.calls')] == [6]
