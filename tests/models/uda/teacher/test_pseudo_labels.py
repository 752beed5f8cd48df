"""Labels and weights of the teacher, pixel by pixel."""

import pytest
import torch

from mmseg_balance.models.uda.teacher.pseudo_labels import (
    PseudoLabeler,
    pseudo_labels,
)


def logits_of(probabilities):
    """Logits (1, 2, H, W) whose softmax has these first probabilities."""
    first = torch.tensor(probabilities, dtype=torch.float64)
    return torch.stack([first, 1 - first]).log()[None].float() + 3


SURE = [[0.9, 0.6, 0.1], [0.8, 0.45, 0.7], [0.05, 0.2, 0.99]]


@pytest.mark.parametrize('top, bottom', [(0, 0), (1, 0), (0, 1), (1, 1)])
@pytest.mark.parametrize('weighting', ['batch', 'pixel'])
def test_weights_by_counting(top, bottom, weighting):
    logits = logits_of(SURE)
    valid = torch.ones(1, 3, 3, dtype=torch.bool)
    valid[0, 0, 0] = valid[0, 2, 2] = False
    found = PseudoLabeler(0.75, weighting, top, bottom)(logits, valid)
    reached = count = 0
    expected = torch.zeros(1, 3, 3)
    for row in range(3):
        for column in range(3):
            p = SURE[row][column]
            label = 0 if p > 0.5 else 1
            assert found.labels[0, row, column] == label
            if not valid[0, row, column]:
                continue
            count += 1
            sure = max(p, 1 - p) >= 0.75
            reached += sure
            if top <= row < 3 - bottom:
                one = float(sure) if weighting == 'pixel' else 1.0
                expected[0, row, column] = one
    if weighting == 'batch':
        expected *= reached / count
    # margins count for the share, padding does not
    assert float(found.confident) == pytest.approx(reached / count)
    assert reached / count == 4 / 7
    torch.testing.assert_close(found.weight, expected)


def test_a_pixel_at_the_threshold_reaches_it():
    """Of two equal logits each has a probability of a half."""
    logits = torch.zeros(1, 2, 1, 2)
    logits[0, 0, 0, 1] = 1
    assert pseudo_labels(logits, 0.5).confident == 1
    assert pseudo_labels(logits, 0.51).confident == 0.5
    assert pseudo_labels(logits, 0.0).weight.tolist() == [[[1, 1]]]


def test_scores_say_which_class_and_logits_how_sure():
    logits = logits_of([[0.9, 0.6]])
    found = pseudo_labels(logits, 0.7, scores=-logits)
    assert found.labels.tolist() == [[[1, 1]]]
    assert found.confident == 0.5


def test_half_precision_is_measured_in_float32():
    logits = torch.tensor([8.0, 0.0]).view(1, 2, 1, 1)
    exact = torch.tensor(8.0).sigmoid()
    half = pseudo_labels(logits.bfloat16(), float(exact) - 1e-6)
    assert half.confident == 1
    assert pseudo_labels(logits.half(), float(exact) + 1e-5).confident == 0


@pytest.mark.parametrize(
    'settings',
    [
        dict(threshold=-0.1),
        dict(threshold=1.1),
        dict(weighting='image'),
        dict(ignore_top=-1),
        dict(ignore_bottom=-1),
    ],
)
def test_settings_out_of_range(settings):
    (value,) = settings.values()
    with pytest.raises(ValueError, match=str(value)):
        PseudoLabeler(**settings)


def test_the_ends_of_the_range_are_taken():
    for threshold in (0, 1):
        assert PseudoLabeler(threshold).threshold == threshold
