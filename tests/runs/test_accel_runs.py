"""MIC with BLDA on a network that fuses frames, killed, resumed, tested."""

import json

import pytest
import torch
from helpers.killed_runs import resumed_as_whole
from helpers.paths import ROOT
from helpers.sequence_runs import SMALL_HRDA, write_sequence_config
from mmengine.config import Config
from mmseg.apis import init_model
from mmseg.registry import MODELS

from mmseg_balance.checkpoints.export.segmentor import export_segmentor

NAME = 'mic_hrda_blda_accel-lite0_300_toy-viper2toy-seq-192x192'
# the source has frames as well, and labels of them
EXTRA = f"""
{SMALL_HRDA}
model['frame_masks'] = 'own'
change = [
    dict(type='LoadOpticalFlow'), cut,
    dict(type='RandomFlipFrames', prob=0.5), dict(type='PackFrameInputs')]
train_dataloader['dataset']['source']['pipeline'] = [
    load, dict(type='LoadAnnotations'),
    dict(type='LoadPreviousFrame', with_labels=True), *change]
"""


@pytest.fixture
def config(tmp_path):
    return write_sequence_config(tmp_path, NAME, 6, EXTRA)


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
