"""What a dry run leaves of the validation of a run."""

from pathlib import PurePath

import torch
from mmengine.evaluator import Evaluator
from mmseg.evaluation import IoUMetric

from mmseg_balance.inference.prediction_files import keep_apart
from mmseg_balance.runs.dry_run.validation import copied_evaluator


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
