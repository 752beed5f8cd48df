"""Scores of a run beside those that are published."""

from mmseg_balance.evaluation.published.row import PublishedRow
from mmseg_balance.runs.reproduction.named_row import comparison

SCORES = {
    'mIoU': 50.0,
    'mPQ': 40.0,
    'mPQ_synthia16': 40.0,
    'mPQ_void_apart': 41.5,
    'mPQ_void_as_road': 40.0,
}


def test_both_readings_of_void_are_beside_a_published_score():
    row = PublishedRow('synthia/x', ('G3',), 'x.py', dict(mPQ_synthia16=41.2))
    lines = [line.split() for line in comparison(row, SCORES).splitlines()]
    assert lines[1:] == [
        ['mPQ_synthia16', '40.0', '41.2'],
        ['mPQ_void_apart', '41.5'],
        ['mPQ_void_as_road', '40.0'],
    ]


def test_a_config_of_a_classifier_has_its_overall_accuracy():
    scores = dict(mAcc=70.0, Acc_std=9.0, aAcc=72.0, mAcc_over=80.0)
    lines = comparison(PublishedRow('x.py', (), 'x.py', {}), scores)
    found = dict(line.split() for line in lines.splitlines()[1:])
    assert found == dict(mAcc='70.0', Acc_std='9.0', aAcc='72.0')


def test_a_config_that_is_in_no_table():
    lines = comparison(PublishedRow('x.py', (), 'x.py', {}), SCORES)
    found = dict(line.split() for line in lines.splitlines()[1:])
    assert found == {
        k: f'{v:.1f}' for k, v in SCORES.items() if '_synthia' not in k
    }
