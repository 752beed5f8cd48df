"""Scores by the rules of the papers, on numbers of public code."""

import numpy as np
import pytest
import torch
from helpers.reference import reference
from mmseg.datasets import CityscapesDataset

from mmseg_balance.datasets.sets.video.shared_classes import SHARED_CLASSES
from mmseg_balance.evaluation import SharedClassesMetric, confusion_matrix
from mmseg_balance.evaluation.comparison.comparison import compare
from mmseg_balance.evaluation.comparison.report import report
from mmseg_balance.evaluation.comparison.runs import ScoredRun

CITYSCAPES = CityscapesDataset.METAINFO['classes']


@pytest.fixture
def numbers():
    return reference('video/eval_viper')


def scored(confusion, rule, **meta):
    metric = SharedClassesMetric(rule=rule)
    metric.dataset_meta = dict(classes=CITYSCAPES) | meta
    return metric.scores(confusion)


def test_uvda_drops_what_is_outside_by_label_or_prediction(numbers):
    confusion = confusion_matrix(numbers['pred'], numbers['label'], 19)
    scores = scored(confusion, 'uvda')
    shared = numbers['shared'].tolist()
    for c, iou in enumerate(numbers['iou_public'].tolist()):
        key = f'IoU.{CITYSCAPES[c]}'
        if c in shared:
            assert scores[key] == pytest.approx(100 * iou, abs=1e-4)
        else:
            assert key not in scores and np.isnan(iou)
    mean = 100 * float(numbers['miou_public'])
    assert scores['mIoU_uvda'] == pytest.approx(mean, abs=1e-4)
    assert scores['mIoU'] == scores['mIoU_uvda']


def test_plain_forgives_no_prediction(numbers):
    confusion = confusion_matrix(numbers['pred'], numbers['label'], 19)
    scores = scored(confusion, 'plain')
    shared = numbers['shared'].tolist()
    for c in shared:
        expected = 100 * float(numbers['iou_plain'][c])
        assert scores[f'IoU.{CITYSCAPES[c]}'] == pytest.approx(
            expected, abs=1e-4
        )
    mean = 100 * float(numbers['iou_plain'][shared].mean())
    assert scores['mIoU_plain'] == pytest.approx(mean, abs=1e-4)
    assert scores['mIoU_plain'] < 100 * float(numbers['miou_public'])


def test_labels_that_are_ignored_leave_wrong_predictions(numbers):
    """Fewer pixels than plain, more than UVDA: a third number."""
    label = numbers['label'].clone()
    outside = [c for c in range(19) if c not in numbers['shared'].tolist()]
    label[torch.isin(label, torch.tensor(outside))] = 255
    confusion = confusion_matrix(numbers['pred'], label, 19)
    scores = scored(confusion, 'plain')
    expected = 100 * float(numbers['miou_label_ignored'])
    assert scores['mIoU_plain'] == pytest.approx(expected, abs=1e-4)


def test_with_15_outputs_both_are_one():
    counts = torch.randint(
        0, 50, (15, 15), generator=torch.Generator().manual_seed(0)
    )
    meta = dict(classes=SHARED_CLASSES, riders='ignore')
    uvda, plain = (scored(counts, rule, **meta) for rule in ('uvda', 'plain'))
    assert uvda['mIoU_uvda'] == plain['mIoU_plain']
    assert 'mIoU_plain' not in uvda and 'mIoU_uvda' not in plain


@pytest.mark.parametrize(
    ('rule', 'riders', 'words'),
    [
        ('uvda', 'person', "riders='ignore'"),
        ('davsn', 'ignore', "riders='person'"),
        ('davsn', None, "riders='person'"),
    ],
)
def test_a_rule_and_its_riders_go_together(rule, riders, words):
    meta = dict(classes=SHARED_CLASSES)
    if riders:
        meta['riders'] = riders
    with pytest.raises(ValueError, match=f'rule={rule!r}') as error:
        SharedClassesMetric(rule=rule).dataset_meta = meta
    assert words in str(error.value)


def test_there_are_three_rules():
    with pytest.raises(ValueError, match="rule .* is 'kareer'"):
        SharedClassesMetric(rule='kareer')


# -- side by side ------------------------------------------------------------
def run(name, rule, value, seed=0):
    scores = {'mIoU': value, f'mIoU_{rule}': value, 'aAcc': 90.0}
    return ScoredRun(name, seed, scores, SHARED_CLASSES, origin=f'{name}.json')


def test_a_table_names_the_rule_of_its_columns():
    runs = [run('mic', 'uvda', 60.0), run('mic+blda', 'uvda', 62.0)]
    text = report(compare(runs), 'md')
    head = text.splitlines()[2]
    assert 'mIoU_uvda' in head and ' mIoU ' not in head
    assert '+2.0' in text and 'scores end with uvda' in text


def test_runs_of_two_rules_are_in_no_table():
    runs = [run('mic', 'uvda', 60.0), run('tps', 'davsn', 62.0)]
    with pytest.raises(ValueError, match="rule='uvda' and tps.json") as error:
        compare(runs)
    assert 'compare runs of one rule at a time' in str(error.value)
