"""Accuracy of each class, its mean, spread and bias, over images."""

import math

import numpy as np
import pytest
import torch
from helpers.reference import reference, whole_files
from mmengine.structures import PixelData
from mmseg.registry import METRICS
from mmseg.structures import SegDataSample
from sklearn import metrics as sk

NAME = 'classification/eval'
MEAN_AND_STD = {
    # Table 10 of BLDA: MIC, and MIC with BLDA
    (
        86.9,
        11.3,
    ): '96.7 88.5 84.2 74.3 96.0 96.3 90.2 81.2 94.3 95.4 88.9 56.6',
    (89.1, 8.7): '96.2 90.3 82.8 81.2 95.7 96.7 93.4 86.5 95.7 94.3 91.0 65.7',
}


def build(classes='abcd', **settings):
    metric = METRICS.build(dict(type='ClassificationMetric', **settings))
    metric.dataset_meta = dict(classes=tuple(classes), labels_images=True)
    return metric


def sample(prediction, label, path='real/1.jpg'):
    found = SegDataSample(metainfo=dict(img_path=path))
    found.pred_sem_seg = PixelData(data=torch.full((1, 1, 1), prediction))
    if label is not None:
        found.gt_sem_seg = PixelData(
            data=torch.full((1, 1, 1), label, dtype=torch.uint8)
        )
    return found.to_dict()


def run(predictions, labels, metric=None, **settings):
    metric = metric or build(**settings)
    for i, pair in enumerate(zip(predictions, labels, strict=True)):
        metric.process({}, [sample(*map(int, pair), path=f'real/{i}.jpg')])
    return metric.evaluate(len(labels))


@pytest.mark.parametrize('name', [NAME, *whole_files(NAME)])
def test_scores_are_those_of_the_public_evaluation(name):
    numbers = reference(name)
    cases = sorted({k[:2] for k in numbers if k[0] == 'c' and k[1].isdigit()})
    assert len(cases) >= 2
    for case in cases:
        one = {k[3:]: v for k, v in numbers.items() if k.startswith(case)}
        count = one['logits'].shape[1]
        names = [f'class {i}' for i in range(count)]
        metric = build(names)
        scores = run(one['logits'].argmax(1), one['labels'], metric)
        assert torch.equal(metric.confusion, one['confusion'])
        assert scores['aAcc'] == pytest.approx(
            float(one['global_correct']), abs=1e-4
        )
        for c, expected in zip(names, one['per_class_acc'], strict=True):
            found = scores.get(f'Acc.{c}', math.nan)
            assert found == pytest.approx(
                float(expected), abs=1e-4, nan_ok=True
            )
        # theirs has no mean where a class has no image
        known = one['per_class_acc'][~one['per_class_acc'].isnan()].double()
        assert scores['mAcc'] == pytest.approx(float(known.mean()), abs=1e-4)
        if not one['mean_correct'].isnan():
            assert scores['mAcc'] == pytest.approx(
                float(one['mean_correct']), abs=1e-4
            )
            line = f'mean correct:{scores["mAcc"]:.1f}'
            assert line == str(one['printed_mean_line'])


def test_scores_agree_with_sklearn():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 4, 60)
    predictions = np.where(
        rng.random(60) < 0.5, labels, rng.integers(0, 4, 60)
    )
    scores = run(predictions, labels)
    recall = 100 * sk.recall_score(labels, predictions, average=None)
    assert list(scores)[:3] == ['mAcc', 'Acc_std', 'aAcc']
    assert scores['mAcc'] == pytest.approx(recall.mean())
    assert scores['Acc_std'] == pytest.approx(recall.std())
    assert scores['aAcc'] == pytest.approx(
        100 * sk.accuracy_score(labels, predictions)
    )
    rates = sk.confusion_matrix(labels, predictions, normalize='true')
    for c, acc, bias in zip(
        'abcd', recall, 100 * (rates.mean(0) - 1 / 4), strict=True
    ):
        assert scores[f'Acc.{c}'] == pytest.approx(acc)
        assert scores[f'Bias.{c}'] == pytest.approx(bias)
    assert not [k for k in scores if 'IoU' in k]


@pytest.mark.parametrize('printed', MEAN_AND_STD)
def test_mean_and_std_are_those_of_table_10(printed):
    values = [float(v) for v in MEAN_AND_STD[printed].split()]
    counts = [round(10 * v) for v in values]
    labels = np.repeat(np.arange(12), 1000)
    # what is wrong is taken for the next class
    predictions = labels.copy()
    for c, right in enumerate(counts):
        predictions[1000 * c + right : 1000 * (c + 1)] = (c + 1) % 12
    metric = build([f'class {i}' for i in range(12)])
    results = zip(labels.tolist(), predictions.tolist(), strict=True)
    scores = metric.compute_metrics([('', *pair) for pair in results])
    found = (round(scores['mAcc'], 1), round(scores['Acc_std'], 1))
    assert found == printed


def test_a_class_without_an_image_is_in_no_mean_and_named(capfd):
    from mmengine.logging import MMLogger

    MMLogger.get_instance('absent_images', logger_name='absent_images')
    scores = run([0, 1, 3, 2], [0, 0, 1, 2])
    assert scores['mAcc'] == pytest.approx((50 + 0 + 100) / 3)
    assert scores['aAcc'] == 50
    assert 'Acc.d' not in scores and 'Bias.d' not in scores
    assert not [k for k in scores if k.endswith('_labelled')]
    text = ''.join(capfd.readouterr())
    assert 'classes without a labelled image: d. They are in no mean' in text
    assert '|   d   |   -    |' in text


def test_images_that_are_ignored_do_not_count():
    assert run([0, 1, 1], [0, 255, 1], classes='ab')['aAcc'] == 100


def test_no_label_at_all_gives_no_score_and_a_warning(capfd):
    from mmengine.logging import MMLogger

    MMLogger.get_instance('no_labels', logger_name='no_labels')
    assert run([0, 1], [255, 255]) == {}
    assert 'no image of the evaluated set' in ''.join(capfd.readouterr())


def test_groups_and_headline():
    labels = np.repeat(np.arange(4), 4)
    predictions = labels.copy()
    predictions[[4, 5, 8]] = 0
    groups = dict(subsets=dict(some=['b', 'c']), headline='some')
    scores = run(predictions, labels, **groups)
    assert scores['mAcc'] == scores['mAcc_some'] == 62.5
    assert scores['mAcc_all'] == pytest.approx((100 + 50 + 75 + 100) / 4)
    assert scores['mAcc_under'] == 62.5  # a is over-predicted, and not in it
    assert 'mAcc_over' not in scores


def test_predictions_as_a_file(tmp_path):
    run([0, 1, 2], [0, 255, 1], output_dir=str(tmp_path))
    assert (tmp_path / 'predictions.csv').read_text().splitlines() == [
        'image,label,prediction',
        'real/0.jpg,a,a',
        'real/1.jpg,,b',
        'real/2.jpg,b,c',
    ]


@pytest.mark.parametrize(
    ('given', 'words'),
    [
        (sample(0, None), r'real/1.jpg has no label .*LoadClassLabel'),
        (sample(0, 4), r'real/1.jpg has the label 4, expected a class of 0 t'),
        (sample(7, 0), r'real/1.jpg has the prediction 7, expected a class'),
        (
            dict(sample(0, 0), gt_sem_seg=dict(data=torch.zeros(1, 4, 6))),
            r'a label of \(4, 6\) pixels, expected one an image',
        ),
    ],
)
def test_bad_input_is_named(given, words):
    with pytest.raises(ValueError, match=words):
        build().process({}, [given])


def test_metrics_of_the_other_task_are_refused():
    metric = METRICS.build(dict(type='ClassificationMetric'))
    with pytest.raises(ValueError, match='the data set labels pixels.*Balanc'):
        metric.dataset_meta = dict(classes=('a', 'b'))
    metric = METRICS.build(dict(type='BalancedIoUMetric'))
    with pytest.raises(ValueError, match='one label an image.*Classification'):
        metric.dataset_meta = dict(classes=('a', 'b'), labels_images=True)
