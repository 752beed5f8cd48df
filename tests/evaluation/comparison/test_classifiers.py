"""Runs whose scores are accuracies alone."""

import json

import pytest

from mmseg_balance.evaluation.comparison.comparison import compare
from mmseg_balance.evaluation.comparison.report import report
from mmseg_balance.evaluation.comparison.runs import (
    CLASSIFICATION,
    HEADLINES,
    PANOPTIC,
    ScoredRun,
    compared_scores,
    headlines,
)


def run(method, seed, *accuracies, **scores):
    mean = sum(accuracies) / len(accuracies)
    scores = dict(mAcc=mean, Acc_std=seed + 1.0, aAcc=mean + 1, **scores)
    own = zip('ab', accuracies, strict=True)
    scores |= {f'Acc.{c}': v for c, v in own}
    return ScoredRun(method, seed, scores, ('a', 'b'))


RUNS = [
    run('MIC', 0, 80.0, 60.0),
    run('MIC', 1, 82.0, 60.0),
    run('MIC + BLDA', 0, 81.0, 70.0),
    run('MIC + BLDA', 1, 85.0, 70.0),
]


def test_the_table_has_accuracies_alone():
    text = report(compare(RUNS), 'md', ['Acc'])
    (head, *rows) = [
        [cell.strip() for cell in line.split('|')[1:-1]]
        for line in text.split('\n\n')[1].splitlines()
    ]
    assert head == ['Method', *CLASSIFICATION, 'Seeds']
    assert rows[1] == [
        'MIC', '70.5 +- 0.7', '1.5 +- 0.7', '71.5 +- 0.7', '2',
    ]  # fmt: skip
    assert 'in percent; Acc_std is over classes, in points' in text
    assert 'no number for' not in text
    # of a class, and pair by pair: seeds 0 and 1
    assert '| a     | 81.0 +- 1.4 | 83.0 +- 2.8 |' in text
    lines = [line for line in text.splitlines() if 'BLDA - MIC' in line]
    assert [line.split('|')[2].strip() for line in lines] == [*CLASSIFICATION]
    assert lines[0].split('|')[3].strip() == '+6.0'
    assert 'IoU' not in text


def test_differences_of_classes_are_those_of_accuracies():
    found = json.loads(report(compare(RUNS), 'json'))['differences']
    assert [d['score'] for d in found] == [*CLASSIFICATION, 'Acc.a', 'Acc.b']
    assert {tuple(d['seeds']) for d in found} == {(0, 1)}
    assert found[-1]['values'] == [10.0, 10.0]


def test_a_class_that_one_seed_lacks_is_noted():
    runs = [*RUNS]
    del runs[1].scores['Acc.b']
    notes = compare(runs).notes
    runs[1].scores['Acc.b'] = 60.0
    assert any('MIC: no number for Acc.b in 1 of 2' in n for n in notes)


@pytest.mark.parametrize(
    ('extra', 'keys', 'classes'),
    [
        ({}, CLASSIFICATION, ('Acc',)),
        (dict(mIoU=1.0), HEADLINES, ('IoU',)),
        (dict(mIoU=1.0, mPQ=1.0), (*HEADLINES, *PANOPTIC), ('IoU', 'PQ')),
    ],
)
def test_what_is_shown_of_runs(extra, keys, classes):
    runs = [run('a', 0, 1.0, 2.0, **extra)]
    assert headlines(runs) == keys
    assert compared_scores(runs) == classes
