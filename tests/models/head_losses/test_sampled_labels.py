"""Classes drawn from a teacher's probabilities."""

import numpy as np
import pytest
import torch
from scipy.special import softmax
from scipy.stats import chisquare

from mmseg_balance.models.head_losses.pixel_targets import PixelTargets
from mmseg_balance.models.head_losses.sampled_labels import (
    SampledLabels,
    sample_labels,
)
from mmseg_balance.models.head_losses.target_assignment import (
    TargetAssignment,
)
from mmseg_balance.models.windows import Box

IGNORED = 255


def test_classes_are_drawn_with_the_teachers_probabilities():
    pixel = np.array([2.0, 0.5, -1.0, 1.0, -3.0])
    logits = torch.tensor(pixel).float()[None, :, None, None]
    sampled = sample_labels(logits.expand(2, -1, 300, 200))
    expected = softmax(pixel)
    counts = np.bincount(sampled.classes.flatten(), minlength=5)
    assert chisquare(counts, expected * counts.sum()).pvalue > 1e-3
    np.testing.assert_allclose(sampled.confidence, expected.max(), rtol=1e-5)


def test_what_is_impossible_is_not_drawn():
    logits = torch.full((1, 4, 100, 100), -torch.inf)
    logits[:, 1] = 0
    logits[:, 2] = logits[:, 2].masked_fill(torch.rand(100, 100) < 0.5, 0)
    classes = sample_labels(logits).classes
    possible = logits.gather(1, classes[:, None]) == 0
    assert possible.all() and (classes == 2).any()
    # float16 of an autocast teacher
    assert sample_labels(logits.half()).confidence.dtype == torch.float32


def test_draws_are_of_a_stream_of_their_own():
    logits = torch.randn(1, 3, 40, 40)
    torch.manual_seed(1)
    first = sample_labels(logits).classes
    after = torch.rand(1600)
    torch.manual_seed(1)
    assert torch.equal(torch.rand(1600), after)
    torch.manual_seed(1)
    assert torch.equal(sample_labels(logits).classes, first)
    torch.manual_seed(2)
    assert not torch.equal(sample_labels(logits).classes, first)
    # a sampler that draws next has no part in which class was drawn
    flat = torch.zeros(1, 2, 40, 40)
    torch.manual_seed(3)
    drawn = sample_labels(flat).classes.flatten().double()
    both = torch.stack([drawn, torch.rand(1600).double()])
    assert abs(torch.corrcoef(both)[0, 1]) < 0.1


def test_weights_are_chances_to_be_counted():
    """Sums over what is counted, against a loop over pixels and classes."""
    torch.manual_seed(0)
    logits = 2 * torch.randn(1, 3, 6, 7)
    values = torch.randn(6, 7).double()
    probabilities = softmax(logits[0].double().numpy(), axis=0)
    labels = logits.argmax(1)
    labels[0, 0] = IGNORED
    weights = {name: np.zeros((3, 6, 7)) for name in ('soft', 'confidence')}
    for y in range(1, 6):
        for x in range(7):
            for c in range(3):
                p = probabilities[c, y, x]
                weights['soft'][c, y, x] = p
                if labels[0, y, x] == c:
                    weights['confidence'][c, y, x] = p
    draws = 4000
    many = sample_labels(logits.expand(draws, -1, -1, -1))
    for name, weight in weights.items():
        found = TargetAssignment(name).labels(
            labels.expand(draws, -1, -1), many, IGNORED
        )
        for c in range(3):
            sums = ((found == c) * values).sum((1, 2))
            counts = (found == c).sum((1, 2)).double()
            exact = (weight[c] * values.numpy()).sum(), weight[c].sum()
            for each, expected in zip((sums, counts), exact, strict=True):
                error = each.std() / draws**0.5
                assert abs(each.mean() - expected) < 4.5 * error + 1e-9
        assert (found[:, 0] == IGNORED).all()


@pytest.mark.parametrize('assignment', ['hard', 'soft', 'confidence'])
def test_a_threshold_leaves_pixels_out(assignment):
    logits = torch.randn(2, 4, 9, 8)
    sampled = sample_labels(logits)
    labels = logits.argmax(1)
    labels[1, 2:4] = IGNORED
    settings = TargetAssignment(assignment, 0.5)
    found = settings.labels(labels, sampled, IGNORED)
    sure = logits.softmax(1).amax(1)
    for i in np.ndindex(2, 9, 8):
        drawn, label = sampled.classes[i], labels[i]
        expected = drawn if assignment == 'soft' else label
        unlike = assignment == 'confidence' and drawn != label
        if label == IGNORED or sure[i] < 0.5 or unlike:
            expected = IGNORED
        assert found[i] == expected


def test_labels_of_no_teacher_count_as_they_are():
    labels = torch.randint(4, (2, 5, 5))
    labels[0, 0] = IGNORED
    for name in ('hard', 'soft', 'confidence'):
        found = TargetAssignment(name, 0.9).labels(
            labels, SampledLabels(labels), IGNORED
        )
        assert torch.equal(found, labels)


def test_parts_of_images():
    sampled = sample_labels(torch.randn(2, 3, 8, 8))
    labels = torch.zeros(2, 8, 8).long()
    targets = PixelTargets(labels, sampled=sampled)
    weighted = targets.weighted(torch.ones(2, 8, 8))
    assert weighted.sampled is sampled and weighted.weight is not None
    part = targets.crop(Box(2, 6, 1, 4)).sampled
    assert torch.equal(part.classes, sampled.classes[:, 2:6, 1:4])
    assert torch.equal(part.confidence, sampled.confidence[:, 2:6, 1:4])
    assert PixelTargets(labels).crop(Box(2, 6, 1, 4)).sampled is None
    certain = SampledLabels(labels).moved(Box(0, 1, 0, 1).of)
    assert certain.confidence is None
    both = sampled.behind(labels[:1] + 7)
    assert (both.classes[0] == 7).all() and (both.confidence[0] == 1).all()
    assert torch.equal(both.classes[1], sampled.classes[0])


def test_pixels_take_all_that_is_known_of_them_along():
    """As an objective of one's own flips its images."""
    labels = torch.randint(4, (2, 6, 8))
    sampled = sample_labels(torch.randn(2, 4, 6, 8))
    weight, mask = torch.rand(2, 6, 8), torch.rand(2, 6, 8) < 0.5
    moved = PixelTargets(labels, weight, mask, sampled).moved(
        lambda maps: maps.flip(-1)
    )
    for i in np.ndindex(2, 6, 8):
        j = (*i[:2], 7 - i[2])
        assert moved.labels[j] == labels[i]
        assert moved.weight[j] == weight[i]
        assert moved.target_mask[j] == mask[i]
        assert moved.sampled.classes[j] == sampled.classes[i]
        assert moved.sampled.confidence[j] == sampled.confidence[i]
    flipped = PixelTargets(labels).moved(lambda maps: maps.flip(-1))
    assert flipped.weight is flipped.target_mask is flipped.sampled is None


@pytest.mark.parametrize('assignment', ['soft', 'confidence'])
def test_classes_of_images_of_another_size_are_refused(assignment):
    """Of a crop, or transposed, which as many pixels would hide."""
    sampled = sample_labels(torch.randn(2, 4, 6, 8))
    settings = TargetAssignment(assignment)
    for shape in (2, 8, 6), (2, 4, 8), (1, 6, 8):
        with pytest.raises(ValueError, match=r'\(2, 6, 8\).*moved'):
            settings.labels(torch.zeros(shape).long(), sampled, IGNORED)


@pytest.mark.parametrize(
    'settings, line',
    [
        (('argmax',), "`target_assignment`.*'hard', 'soft'.*'argmax'"),
        (('soft', 1.0), r'`target_threshold`.*\[0, 1\), but got 1.0'),
        (('hard', -0.1), r'`target_threshold`.*-0.1'),
        (('hard', '0.5'), "`target_threshold`.*'0.5'"),
        (('hard', True), '`target_threshold`.*True'),
        (('hard', float('nan')), '`target_threshold`.*nan'),
    ],
)
def test_settings_out_of_range(settings, line):
    with pytest.raises(ValueError, match=line):
        TargetAssignment(*settings)
