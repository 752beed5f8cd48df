"""Refined pseudo-labels in a run, killed before they begin and after."""

import json

import pytest
from helpers.comparison import losses
from helpers.killed_runs import resumed_as_whole
from helpers.paths import ROOT

from mmseg_balance.datasets.toy_streets import (
    ToySequences,
    generate_toy_sequences,
)

NAME = 'mic_hrda_refined_blda_lite0_300_toy-viper2toy-seq-192x192'
START, LAST = 5, 8
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
    temporal_consistency=dict(),
    pseudo_refinement=dict(start={start}),
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
    few = dict(num_source=4, num_target=3, num_val=4, frames=2)
    settings = ToySequences(**few, height=64, width=128)
    generate_toy_sequences(tmp_path / 'data', settings)
    file = tmp_path / 'config.py'
    values = dict(root=ROOT, name=NAME, data=tmp_path / 'data')
    file.write_text(CONFIG.format(**values, start=START, last=LAST))
    return file


def test_a_run_is_resumed_across_the_start_and_behind_it(
    config, start, fork, tmp_path
):
    first, checkpoint = resumed_as_whole(
        config, tmp_path, LAST, 2, fork, start
    )
    for i in range(1, LAST):  # the last has its scores instead
        shares = {
            name.removeprefix('refined.'): value
            for name, value in first[i].items()
            if name.startswith('refined.')
        }
        if i <= START:  # iterations are counted from 0 there
            assert not shares
            continue
        assert shares['changed'] == 0
        assert 0 < shares['kept'] < shares['seen'] <= 1
        assert first[i]['itcr.decode.loss_temporal'] > 0
    state = checkpoint['state_dict']
    steps = [v for k, v in state.items() if k.endswith('.target.step')]
    assert steps and all(int(v) > 1 for v in steps)

    killed = tmp_path / 'killed'
    (killed / f'iter_{LAST}.pth').unlink()
    (killed / 'last_checkpoint').write_text(str(killed / 'iter_6.pth'))
    again = fork('train.py', config, '--work-dir', killed, '--resume')
    output = again.communicate()[0]
    assert again.returncode == 0, output
    assert losses(killed) == first

    tested = fork(
        'test.py', config, killed / f'iter_{LAST}.pth',
        *('--work-dir', tmp_path / 'tested'),
    )  # fmt: skip
    output = tested.communicate()[0]
    assert tested.returncode == 0, output
    (file,) = (tmp_path / 'tested').glob('*/*.json')
    scores = json.loads(file.read_text())
    expected = {k: v for k, v in first[LAST].items() if k in scores}
    assert 'mIoU_uvda' in expected
    assert {k: scores[k] for k in expected} == expected
