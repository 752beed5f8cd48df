"""Constants that follow a training, in runs that are cut and go on."""

import shutil

import pytest
import torch
from helpers.comparison import assert_equal, losses
from mmengine.config import Config

AUTO = """
model['alpha'] = 'auto'
model['segmentor']['decode_head']['loss_decode'] = dict(
    warmup='auto', min_samples='auto', momentum='auto')
default_hooks['checkpoint']['max_keep_ckpts'] = -1
"""
# of 16 iterations: 1500 x 16 / 40000 = 0.6; powers of 40000 / 16 = 2500; and
# crops of 64 x 64 have 100 / 64 = 1.6 pixels, fewer than two a component
NUMBERS = dict(warmup=1, momentum=0.0, min_samples=10)
ALPHA = 0.081982


def loss_of(cfg):
    return cfg.model.segmentor.decode_head.loss_decode


def test_a_run_that_goes_on_keeps_its_numbers(write_config, fork, tmp_path):
    config = write_config(16, 8, AUTO)
    whole, resumed = tmp_path / 'whole', tmp_path / 'resumed'
    process = fork('train.py', config, '--work-dir', whole)
    output = process.communicate()[0]
    assert process.returncode == 0, output
    assert f"model.alpha='auto' is {ALPHA}, for train_cfg.max_iters" in output
    # in what the run keeps of its config
    kept = Config.fromfile(whole / 'config.py')
    assert pytest.approx(0.999**2500, abs=1e-6) == kept.model.alpha == ALPHA
    assert {name: loss_of(kept)[name] for name in NUMBERS} == NUMBERS

    resumed.mkdir()
    shutil.copy(whole / 'iter_8.pth', resumed)
    process = fork('train.py', config, '--work-dir', resumed, '--resume')
    output = process.communicate()[0]
    assert process.returncode == 0, output
    assert 'the config counts' not in output
    first, again = losses(whole), losses(resumed)
    assert list(again) == list(range(9, 17))
    assert all(first[i] == again[i] for i in again)
    a, b = (
        torch.load(folder / 'iter_16.pth', weights_only=True)['state_dict']
        for folder in (whole, resumed)
    )
    assert_equal(a, b)

    # a longer one goes on with the same
    longer = tmp_path / 'longer'
    longer.mkdir()
    shutil.copy(whole / 'iter_16.pth', longer)
    words = '--resume', '--cfg-options', 'train_cfg.max_iters=17'
    process = fork('train.py', config, '--work-dir', longer, *words)
    output = process.communicate()[0]
    assert process.returncode == 0, output
    assert f"model.alpha='auto' stays {ALPHA}, as until" in output
    kept = Config.fromfile(longer / 'config.py')
    assert kept.model.alpha == ALPHA
