"""MIC on HRDA with BLDA on toy sequences, killed and resumed."""

import pytest
from helpers.killed_runs import resumed_as_whole
from helpers.paths import ROOT

from mmseg_balance.datasets.toy_streets import (
    ToySequences,
    generate_toy_sequences,
)

NAME = 'mic_hrda_blda_lite0_300_toy-viper2toy-seq-192x192'
# with the frame before each target image, and the exact flow to it
CONFIG = """
_base_ = ['{root}/configs/video/{name}.py']
crop = (64, 64)
model = dict(
    segmentor=dict(
        data_preprocessor=dict(size=crop),
        backbone=dict(init_cfg=None),
        detail_crop_size=(32, 32),
        test_cfg=dict(crop_size=crop, stride=(32, 32)),
        decode_head=dict(loss_decode=dict(min_samples=20))),
    masked_consistency=dict(block_size=16),
    pseudo_threshold=0.0)
load = dict(type='LoadImageFromFile')
cut = dict(type='RandomCrop', crop_size=crop)
source = '{data}/toy_viper'
target = '{data}/toy_cityscapes_seq'
train_dataloader = dict(
    num_workers=0,
    persistent_workers=False,
    dataset=dict(
        rare_class_sampling=dict(min_pixels=20),
        source=dict(
            data_root=source,
            pipeline=[
                load, dict(type='LoadAnnotations'), cut,
                dict(type='RandomFlip', prob=0.5),
                dict(type='PackSegInputs')]),
        target=dict(
            data_root=target,
            previous=1,
            data_prefix=dict(flow_path='flow/train'),
            pipeline=[
                load, dict(type='LoadPreviousFrame'),
                dict(type='LoadOpticalFlow'), cut,
                dict(type='RandomFlipFrames', prob=0.5),
                dict(type='PackFrameInputs')])))
val_dataloader = dict(
    num_workers=0, persistent_workers=False, dataset=dict(data_root=target))
test_dataloader = val_dataloader
train_cfg = dict(max_iters=10, val_interval=10)
default_hooks = dict(
    logger=dict(interval=1),
    checkpoint=dict(interval=2, max_keep_ckpts=-1))
"""


@pytest.fixture
def config(tmp_path):
    """Its config on sequences of two frames."""
    few = dict(num_source=4, num_target=3, num_val=4, frames=2)
    settings = ToySequences(**few, height=64, width=128)
    generate_toy_sequences(tmp_path / 'data', settings)
    file = tmp_path / 'config.py'
    values = dict(root=ROOT, name=NAME, data=tmp_path / 'data')
    file.write_text(CONFIG.format(**values))
    return file


def test_a_killed_run_goes_on_as_if_nothing_had_happened(
    config, start, fork, tmp_path
):
    first, checkpoint = resumed_as_whole(config, tmp_path, 10, 2, fork, start)
    assert 'mIoU_uvda' in first[10]
    state = checkpoint['state_dict']
    steps = [v for k, v in state.items() if k.endswith('.source.step')]
    assert steps and all(int(v) > 1 for v in steps)
    assert any(k.startswith('teacher.') for k in state)
