"""One pass for all tau against a pass for each."""

import math

import numpy as np
import pytest
import torch
from sklearn.metrics import confusion_matrix as sklearn_confusion

from mmseg_balance.evaluation import BalancedIoUMetric
from mmseg_balance.evaluation.tau_sweep import (
    DEFAULT_TAUS,
    METRICS,
    TauSweep,
    best_taus,
    check_taus,
    sweep_text,
)
from mmseg_balance.logits import GaussianMixtureBank, OffsetTable
from mmseg_balance.logits.post_hoc.scores import post_hoc_scores
from mmseg_balance.visualization.paper_figures.tau import draw_tau
from mmseg_balance.visualization.tau_curve import tau_curves

CLASSES = ('sky', 'road', 'car', 'pole')


@pytest.fixture
def banks():
    made = []
    for shape in ((4, 4), (2,)):
        bank = GaussianMixtureBank(shape)
        bank.means.normal_(0, 2)
        bank.num_updates.fill_(1)
        made.append(bank)
    return made


@pytest.fixture
def data():
    """Logits and labels of three images; no pole, some pixels ignored."""
    images = []
    for height in (6, 9, 5):
        labels = torch.randint(0, 3, (height, 8))
        logits = torch.randn(4, height, 8)
        logits.scatter_add_(0, labels[None], torch.full((1, height, 8), 1.5))
        labels[0] = 255
        images.append((logits, labels))
    return images


def swept(banks, data, taus):
    sweep = TauSweep(taus, OffsetTable.build(banks[:1], banks[1]), 0)
    for logits, labels in data:
        sweep.add(logits, labels)
    return sweep


def test_scores_are_those_of_a_pass_for_each_tau(banks, data):
    taus = [0.0, 0.5, 1.0]
    scores = swept(banks, data, taus).scores(CLASSES)
    for tau, row in zip(taus, scores):
        pairs = [
            (y.numpy(), post_hoc_scores(z[None], *banks, tau)[0].argmax(0))
            for z, y in data
        ]
        truth, found = (
            np.concatenate([p[i].ravel() for p in pairs]) for i in (0, 1)
        )
        counted = truth != 255
        matrix = sklearn_confusion(
            truth[counted], found[counted], labels=range(4)
        )
        right, labelled = matrix.diagonal(), matrix.sum(1)
        # pole is predicted without being there
        iou = 100 * right / (labelled + matrix.sum(0) - right)
        acc = 100 * right[:3] / labelled[:3]
        assert matrix[:, 3].sum() > 0 and iou[3] == 0
        expected = dict(
            tau=tau,
            mIoU=iou.mean(),
            mAcc=acc.mean(),
            IoU_std=iou.std(),
            Acc_std=acc.std(),
            aAcc=100 * right.sum() / matrix.sum(),
            mIoU_labelled=iou[:3].mean(),
            mAcc_labelled=acc.mean(),
            IoU_std_labelled=iou[:3].std(),
            Acc_std_labelled=acc.std(),
        )
        by_class = {k: row.pop(k) for k in ('IoU', 'Acc')}
        assert row == pytest.approx(expected)
        assert by_class['Acc'].pop('pole') is None
        for values, wanted in zip(by_class.values(), (iou, acc)):
            assert list(values) == list(CLASSES[: len(wanted)])
            assert list(values.values()) == pytest.approx(wanted)
    text = sweep_text(swept(banks, data, taus).scores(CLASSES))
    assert 'mIoU_labelled: over classes with a labelled pixel alone' in text
    assert scores[0] != scores[1]


def test_of_classifiers_accuracies_alone(banks, data):
    both = swept(banks, data, [0.0, 1.0])
    images = TauSweep(both.taus, both.table, 0, ('Acc',))
    for logits, labels in data:
        for label, logit in zip(labels.flatten(), logits.flatten(1).T):
            images.add(logit.view(4, 1, 1), label.view(1, 1))
    expected = both.scores(CLASSES)
    scores = images.scores(CLASSES)
    assert [*scores[0]] == ['tau', 'mAcc', 'Acc_std', 'aAcc', 'Acc']
    for row, of_both in zip(scores, expected):
        assert row == {key: of_both[key] for key in row}
    assert [*best_taus(scores)] == ['mAcc', 'Acc_std']
    assert 'IoU' not in sweep_text(scores)
    drawn = draw_tau(scores, best_taus(scores))
    metrics = {row[1] for row in drawn.tables[''].rows}
    assert metrics == {'mAcc', 'Acc_std'}
    assert tau_curves(scores, best_taus(scores)) != tau_curves(
        expected, best_taus(expected)
    )


@pytest.mark.parametrize('meant', [None, ['sky', 'pole'], ['sky', 'road']])
def test_tau_0_gives_the_scores_of_the_metric(banks, data, meant):
    sweep = swept(banks, data, [0.0])
    names = {} if meant is None else dict(some=meant)
    metric = BalancedIoUMetric(names, headline='some' if meant else None)
    metric.dataset_meta = dict(classes=CLASSES)
    results = [
        metric.intersect_and_union(z.argmax(0), y, 4, 255) for z, y in data
    ]
    expected = metric.compute_metrics(results)
    (row,) = sweep.scores(CLASSES, meant)
    numbers = {k: v for k, v in row.items() if not isinstance(v, dict)}
    del numbers['tau']
    assert ('mIoU_labelled' in numbers) == ('pole' in (meant or CLASSES))
    for key, value in numbers.items():
        assert value == expected[key]
    assert row['IoU']['car'] == expected['IoU.car']


def test_the_grid():
    assert check_taus([1, 0.5, 0, 0.5, -0.0]) == [0.0, 0.5, 1.0]
    assert math.copysign(1, check_taus([-0.0])[0]) == 1
    assert check_taus(DEFAULT_TAUS) == list(DEFAULT_TAUS)
    assert len(DEFAULT_TAUS) == 11 and {0.0, 1.0} < set(DEFAULT_TAUS)


@pytest.mark.parametrize(
    'taus, shown',
    [
        ([], 'but got none'),
        ([0, -0.1], 'but got -0.1'),
        ([float('nan')], 'but got nan'),
        ([1, 11, float('inf')], 'but got 11, inf'),
    ],
)
def test_grids_out_of_range(taus, shown):
    with pytest.raises(ValueError, match=shown):
        check_taus(taus)


def rows(**columns):
    taus = columns.pop('tau')
    values = {m: columns.get(m, [1.0] * len(taus)) for m in METRICS}
    return [
        dict(tau=t, aAcc=50.0, **{m: v[i] for m, v in values.items()})
        for i, t in enumerate(taus)
    ]


def test_the_best_of_each_metric():
    scores = rows(
        tau=[0.0, 0.5, 1.0],
        mIoU=[30.0, 40.0, 35.0],
        mAcc=[1.0, 2.0, 3.0],
        IoU_std=[5.0, 4.0, 4.0],  # the smallest tau of equal ones
        Acc_std=[1.0, 2.0, 3.0],
    )
    assert best_taus(scores) == dict(
        mIoU=0.5, mAcc=1.0, IoU_std=0.5, Acc_std=0.0
    )
    text = sweep_text(scores)
    assert '40.00*' in text and '30.00 ' in text and text.count('*') == 5
    assert 'picked on the labels of the test set' in ' '.join(text.split())
    assert 'mAcc: best at the end of the grid' in text


def test_the_end_of_the_grid_is_named_where_it_matters():
    inside = rows(tau=[0.0, 0.5, 1.0], **{m: [1, 2, 1] for m in METRICS})
    for row in inside:
        row['IoU_std'] *= -1
        row['Acc_std'] *= -1
    assert 'end of the grid' not in sweep_text(inside)
    assert 'end of the grid' not in sweep_text(rows(tau=[1.0]))


def test_no_labelled_pixel(banks):
    ignored = torch.full((4, 4), 255)
    sweep = swept(banks, [(torch.randn(4, 4, 4), ignored)], [0.0])
    with pytest.raises(ValueError, match='no pixel of the test set'):
        sweep.scores(CLASSES)


def test_pixels_of_a_whole_set_are_counted_one_by_one(banks):
    """Beyond 2^24, where float32 has no odd numbers."""
    sweep = TauSweep([0.0], OffsetTable.build(banks[:1], banks[1]), 0)
    sweep.confusion += 2**24
    logits, labels = torch.zeros(4, 1, 1), torch.ones(1, 1, dtype=torch.long)
    logits[2] = 1
    sweep.add(logits, labels)
    expected = torch.full((1, 4, 4), 2**24)
    expected[0, 1, 2] += 1
    assert torch.equal(sweep.confusion, expected)


def test_the_ends_of_the_range_are_taken():
    assert check_taus([10, 0]) == [0, 10]
    text = sweep_text(rows(tau=[0.0, 10.0], mIoU=[1.0, 2.0]))
    assert 'end of the grid' not in text  # there is nothing beyond
