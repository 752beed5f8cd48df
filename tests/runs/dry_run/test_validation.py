"""What a dry run leaves of the validation of a run."""

from pathlib import PurePath
from types import SimpleNamespace

import pytest
import torch
from mmengine.evaluator import Evaluator
from mmseg.evaluation import IoUMetric

from mmseg_balance.engine.hooks.checkpoint_hook import AtomicCheckpointHook
from mmseg_balance.evaluation import BalancedIoUMetric, PanopticQualityMetric
from mmseg_balance.inference.prediction_files import keep_apart
from mmseg_balance.runs.dry_run.validation import (
    check_scores,
    copied_evaluator,
)


def test_metrics_that_name_files_apart_keep_their_results(tmp_path):
    metric = IoUMetric(output_dir=str(tmp_path / 'own'))
    evaluator = Evaluator([metric])
    evaluator.dataset_meta = dict(classes=('road', 'sky'))
    names = {f'{f}/a.png': PurePath(f, 'a.png') for f in ('north', 'south')}
    keep_apart(metric, names)
    copied = copied_evaluator(evaluator)
    copied.metrics[0].output_dir = str(tmp_path / 'copied')
    (tmp_path / 'copied').mkdir()
    label = torch.zeros(1, 2, 2, dtype=torch.int64)
    sample = dict(
        img_path='north/a.png',
        pred_sem_seg=dict(data=label),
        gt_sem_seg=dict(data=label),
    )
    copied.process([sample])
    assert len(copied.metrics[0].results) == 1
    assert metric.results == []
    assert not list((tmp_path / 'own').rglob('*.png'))
    evaluator.process([sample])
    assert len(metric.results) == 1
    assert (tmp_path / 'own/north/a.png').is_file()


def panoptic_run(**save):
    """A runner whose validation scores classes and segments."""
    meta = dict(classes=('road', 'car'), thing_classes=('car',))
    metrics = [BalancedIoUMetric(), PanopticQualityMetric()]
    for metric in metrics:
        metric.dataset_meta = meta
    return SimpleNamespace(
        hooks=[AtomicCheckpointHook(interval=1, by_epoch=False, **save)],
        param_schedulers=[],
        val_loop=SimpleNamespace(evaluator=SimpleNamespace(metrics=metrics)),
    )


def test_names_of_panoptic_scores_are_known():
    for name in ('mPQ', 'mSQ_things', 'PQ.car', 'mPQ_void_as_road', 'mIoU'):
        runner = panoptic_run(save_best=name, rule='greater')
        check_scores(runner, {})
    runner = panoptic_run(save_best='mPq', rule='greater')
    with pytest.raises(ValueError, match="'mPq', which .* gives mPQ"):
        check_scores(runner, {})


def test_more_panoptic_quality_is_better():
    hook = panoptic_run(save_best=['mPQ', 'mIoU']).hooks[0]
    assert hook.rules == ['greater', 'greater']
