"""Thresholds of classes over a whole set, against BDL's and by sorting."""

import numpy as np
import pytest
from helpers.reference import reference

from mmseg_balance.inference.pseudo_labelling.thresholds import (
    ThresholdRule,
    class_thresholds,
    label,
    rank_of,
)


def thresholds_of(classes, confidences, rule, num_classes):
    """Thresholds of images, each an array of classes and of confidences."""
    counts = sum(
        np.bincount(c.ravel(), minlength=num_classes) for c in classes
    )

    def unsure():
        for own, confidence in zip(classes, confidences, strict=True):
            below = confidence < rule.sure
            yield own[below], confidence[below]

    return class_thresholds(unsure, counts, rule)


def by_sorting(classes, confidences, rule, num_classes):
    found = np.zeros(num_classes, np.float32)
    classes = np.concatenate([c.ravel() for c in classes])
    confidences = np.concatenate([c.ravel() for c in confidences])
    for k in range(num_classes):
        own = np.sort(confidences[classes == k])
        if len(own):
            # Python's round is half to even as well
            rank = min(int(round((1 - rule.share) * len(own))), len(own) - 1)
            found[k] = min(own[rank], np.float32(rule.cap))
    return found


@pytest.mark.parametrize('cap, key', [(0.9, ''), (1.0, '_median')])
def test_thresholds_and_labels_are_those_of_bdl(cap, key):
    arrays = reference('bdl_threshold')
    repeat = int(arrays['cell_repeat'])
    classes, confidences = (
        arrays[name].numpy().repeat(repeat, 1).repeat(repeat, 2)
        for name in ('argmax', 'max_prob')
    )
    rule = ThresholdRule(cap=cap)
    found = thresholds_of(classes, confidences, rule, 19)
    np.testing.assert_array_equal(found, arrays[f'threshold{key}'].numpy())
    if not key:
        labels = label(classes, confidences, found)[:, ::repeat, ::repeat]
        np.testing.assert_array_equal(labels, arrays['pseudo_label'].numpy())


@pytest.mark.parametrize('share', [0.0, 0.2, 0.5, 0.66, 1.0])
@pytest.mark.parametrize('cap', [0.9, 0.4, 1.0])
def test_thresholds_are_those_of_sorting(share, cap):
    rng = np.random.default_rng(0)
    classes = [rng.integers(0, 4, n) for n in (301, 1, 88)]
    # values that come often, neighbours in float32, and few of a class
    confidences = [
        rng.choice([0.25, 0.5, np.nextafter(0.5, 1), rng.random(), 1.0], n)
        for n in (301, 1, 88)
    ]
    confidences = [c.astype(np.float32) for c in confidences]
    classes[0][0] = 5
    rule = ThresholdRule(share, cap)
    found = thresholds_of(classes, confidences, rule, 7)
    expected = by_sorting(classes, confidences, rule, 7)
    np.testing.assert_array_equal(found, expected)
    assert found[4] == found[6] == 0  # never predicted


def test_ranks_are_rounded_half_to_even_as_in_bdl():
    counts = np.array([0, 1, 2, 3, 5, 6, 7])
    expected = [0, 0, 1, 2, 2, 3, 4]
    assert rank_of(counts, 0.5).tolist() == expected


def test_a_fixed_threshold_is_that_of_every_class_there_is():
    rule = ThresholdRule(fixed=0.75)
    found = class_thresholds(lambda: iter(()), np.array([3, 0, 9]), rule)
    assert found.tolist() == [0.75, 0, 0.75]


def test_equal_confidences_are_kept():
    thresholds = np.array([0.5, 0.9], np.float32)
    confidence = np.array([0.5, np.nextafter(np.float32(0.5), 0), 0.89, 0.9])
    labels = label(
        np.array([0, 0, 1, 1]), confidence.astype(np.float32), thresholds
    )
    assert labels.tolist() == [0, 255, 255, 1]


@pytest.mark.parametrize(
    'settings, key',
    [
        (dict(share=1.5), '--share.*1.5'),
        (dict(cap=-0.1), '--cap.*-0.1'),
        (dict(fixed='median'), "--threshold.*'median'"),
        (dict(share=None), '--share.*None'),
    ],
)
def test_settings_out_of_range(settings, key):
    with pytest.raises(ValueError, match=key):
        ThresholdRule(**settings)
