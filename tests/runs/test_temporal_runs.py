"""TPS with BLDA on toy sequences, killed, resumed and tested."""

import json

import pytest
from helpers.killed_runs import resumed_as_whole
from helpers.paths import ROOT

from mmseg_balance.datasets.toy_streets import (
    ToySequences,
    generate_toy_sequences,
)

LAST = 6
NAME = 'tps_blda_lite0_300_toy-viper2toy-seq-192x192'
CONFIG = """
_base_ = ['{root}/configs/video/{name}.py']
crop = (64, 64)
model = dict(
    segmentor=dict(
        data_preprocessor=dict(size=crop),
        backbone=dict(init_cfg=None),
        decode_head=dict(loss_decode=dict(min_samples=20))))
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
                load, dict(type='LoadAnnotations'),
                dict(type='HistogramStyle'), cut,
                dict(type='RandomFlip', prob=0.5),
                dict(type='PackSegInputs')]),
        target=dict(
            data_root=target,
            pipeline=[
                load, dict(type='LoadPreviousFrame'),
                dict(type='LoadOpticalFlow'), cut,
                dict(type='RandomFlipFrames', prob=0.5),
                dict(type='PackFrameInputs')])))
val_dataloader = dict(
    num_workers=0, persistent_workers=False, dataset=dict(data_root=target))
test_dataloader = val_dataloader
train_cfg = dict(max_iters={last}, val_interval={last})
default_hooks = dict(
    logger=dict(interval=1),
    checkpoint=dict(interval=2, max_keep_ckpts=-1))
"""


@pytest.fixture
def config(tmp_path):
    """Its config on sequences of two frames."""
    few = dict(num_source=4, num_target=1, num_val=4, frames=2)
    settings = ToySequences(**few, height=64, width=128)
    generate_toy_sequences(tmp_path / 'data', settings)
    file = tmp_path / 'config.py'
    values = dict(root=ROOT, name=NAME, data=tmp_path / 'data')
    file.write_text(CONFIG.format(**values, last=LAST))
    return file


def test_a_killed_run_goes_on_and_is_tested(config, fork, tmp_path):
    first, checkpoint = resumed_as_whole(config, tmp_path, LAST, 2, fork)
    for i in range(1, LAST):  # the last has its scores instead
        assert 0 < first[i]['tps.labelled'] <= 1
        assert first[i]['tps.decode.loss_blda'] > 0
    state = checkpoint['state_dict']
    updates = {k: int(v) for k, v in state.items() if k.endswith('.step')}
    for domain in ('source', 'target'):
        assert any(v > 1 for k, v in updates.items() if domain in k), updates
    # published without teacher
    assert not any(k.startswith('teacher.') for k in state)

    tested = fork(
        'test.py', config, tmp_path / 'killed' / f'iter_{LAST}.pth',
        *('--work-dir', tmp_path / 'tested'),
    )  # fmt: skip
    output = tested.communicate()[0]
    assert tested.returncode == 0, output
    (file,) = (tmp_path / 'tested').glob('*/*.json')
    scores = json.loads(file.read_text())
    for key in ('mIoU_uvda', 'IoU_std_uvda', 'mAcc', 'IoU.building'):
        assert scores[key] == first[LAST][key]
