"""MIC with BLDA on a network that fuses frames, killed, resumed, tested."""

import json

import pytest
import torch
from helpers.killed_runs import resumed_as_whole
from helpers.paths import ROOT
from mmengine.config import Config
from mmseg.apis import init_model
from mmseg.registry import MODELS

from mmseg_balance.checkpoints.export.segmentor import export_segmentor
from mmseg_balance.datasets.toy_streets import (
    ToySequences,
    generate_toy_sequences,
)

NAME = 'mic_hrda_blda_accel-lite0_300_toy-viper2toy-seq-192x192'
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
    frame_masks='own',
    pseudo_threshold=0.0)
load = dict(type='LoadImageFromFile')
label = dict(type='LoadAnnotations')
flow = dict(type='LoadOpticalFlow')
change = [
    dict(type='RandomCrop', crop_size=crop),
    dict(type='RandomFlipFrames', prob=0.5),
    dict(type='PackFrameInputs')]
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
                load, label,
                dict(type='LoadPreviousFrame', with_labels=True),
                flow, *change]),
        target=dict(
            data_root=target,
            pipeline=[load, dict(type='LoadPreviousFrame'), flow, *change])))
val_dataloader = dict(
    num_workers=0, persistent_workers=False, dataset=dict(data_root=target))
test_dataloader = val_dataloader
train_cfg = dict(max_iters=6, val_interval=6)
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


def test_a_killed_run_goes_on_and_is_tested_with_frames(
    config, start, fork, tmp_path
):
    first, checkpoint = resumed_as_whole(config, tmp_path, 6, 2, fork, start)
    state = checkpoint['state_dict']
    classes = 15
    for part in ('student', 'teacher'):
        kernel = state[f'{part}.decode_head.fusion.weight']
        assert kernel.shape == (classes, 2 * classes, 1, 1)
        assert (kernel[:, classes:] != 0).any()
    steps = [v for k, v in state.items() if k.endswith('.source.step')]
    assert steps and all(int(v) > 1 for v in steps)

    trained = tmp_path / 'whole/iter_6.pth'
    work_dir = tmp_path / 'tested'
    test = ('python', ROOT / 'tools/test.py', config, trained)
    process = start(*test, '--work-dir', work_dir)
    output = process.communicate()[0]
    assert process.returncode == 0, output
    assert 'as if nothing had moved' not in output
    (file,) = work_dir.glob('*/*.json')
    found = json.loads(file.read_text())
    assert found['mIoU_uvda'] == pytest.approx(first[6]['mIoU_uvda'], abs=1e-3)

    cfg = Config.fromfile(config)
    files = export_segmentor(cfg, str(trained), tmp_path / 'exported')
    exported = init_model(*map(str, files), device='cpu')
    model = MODELS.build(cfg.model)
    model.load_state_dict(state)
    images = torch.randn(1, 9, 64, 64)
    with torch.no_grad():
        expected = model.eval().student._forward(images)
        assert torch.equal(exported._forward(images), expected)
    assert exported.data_preprocessor.in_tests
