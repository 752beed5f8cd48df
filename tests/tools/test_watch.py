"""Trainings of MMSegmentation's own tool, as watch sees them."""

import json
import runpy
import sys
from pathlib import Path

import mmseg
import pytest

from mmseg_balance.runs.watching.run_list import RunList

TRAIN = Path(mmseg.__file__).parent / '.mim' / 'tools' / 'train.py'


@pytest.fixture
def stock_training(monkeypatch, tiny_config, tmp_path):
    """Train with tools/train.py of MMSegmentation's wheel."""

    def train(**changes):
        changes.setdefault('custom_imports', None)
        config = tiny_config(
            val_evaluator=dict(
                type='IoUMetric', iou_metrics=['mIoU'], _delete_=True
            ),
            **changes,
        )
        words = [str(TRAIN), str(config), '--work-dir', str(tmp_path / 'run')]
        monkeypatch.setattr(sys, 'argv', words)
        runpy.run_path(str(TRAIN), run_name='__main__')
        return tmp_path / 'run'

    return train


def shown(work_dir):
    """State of the run, and the latest value of each scalar."""
    state = RunList(work_dir).get('.').state()
    values = {
        series['name']: (series['step'], series['value'])
        for part in ('losses', 'scores', 'others')
        for chart in state['values'][part]
        for series in chart['series']
    }
    return state, values


def test_a_training_by_iterations(stock_training):
    work_dir = stock_training(
        **{
            'train_cfg.type': 'IterBasedTrainLoop',
            'default_hooks.visualization.draw': True,
            'default_hooks.visualization.interval': 1,
        }
    )
    state, values = shown(work_dir)
    assert (state['state'], state['done'], state['total']) == (
        'finished',
        6,
        6,
    )
    (file,) = work_dir.glob('*/vis_data/scalars.json')
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    *_, trained, validated = rows
    for name in ('loss', 'decode.loss_ce', 'decode.acc_seg', 'lr', 'time'):
        assert values[name] == (6, trained[name])
    assert values['mIoU'] == (6, validated['mIoU'])
    assert [chart['title'] for chart in state['values']['losses']] == [
        'sum',
        'decode',
    ]
    pictures = state['pictures']['shown']
    assert {picture['name'] for picture in pictures} == {
        f'val_{i}.png' for i in range(5)
    }


def test_a_training_by_epochs(stock_training):
    work_dir = stock_training(
        train_cfg=dict(
            type='EpochBasedTrainLoop', max_epochs=2, _delete_=True
        ),
        log_processor=dict(by_epoch=True),
        param_scheduler=None,
        **{
            'train_dataloader.sampler.type': 'DefaultSampler',
            'default_hooks.logger.interval': 1,
            'default_hooks.logger.log_metric_by_epoch': True,
            'default_hooks.checkpoint.by_epoch': True,
        },
    )
    state, values = shown(work_dir)
    assert (state['state'], state['done'], state['total']) == (
        'finished',
        6,
        6,
    )
    # the second of two, behind the last iteration
    assert values['mIoU'][0] == values['loss'][0] == 6
