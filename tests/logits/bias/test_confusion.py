import numpy as np
import pytest
import torch
from sklearn.metrics import confusion_matrix

from mmseg_balance.logits.bias.confusion import class_bias


def test_worked_example():
    # P(.|0) = (0.8, 0.2), P(.|1) = (0.75, 0.25), each less 1 / 2
    bias = class_bias(torch.tensor([[8, 2], [3, 1]]))
    assert bias.dtype == torch.float64
    torch.testing.assert_close(
        bias, torch.tensor([0.275, -0.275], dtype=torch.float64)
    )


def test_agrees_with_row_normalised_matrix_of_sklearn():
    rng = np.random.default_rng(0)
    label, prediction = rng.integers(0, 6, (2, 5000))
    prediction[label < 3] = label[label < 3]
    counts = confusion_matrix(label, prediction)
    rates = confusion_matrix(label, prediction, normalize='true')
    expected = rates.mean(axis=0) - 1 / 6
    np.testing.assert_allclose(
        class_bias(torch.from_numpy(counts)).numpy(), expected, atol=1e-12
    )


def test_does_not_depend_on_class_frequency():
    counts = torch.tensor([[90, 5, 5], [1, 8, 1], [0, 2, 2]])
    scaled = counts * torch.tensor([[1], [1000], [7]])
    torch.testing.assert_close(class_bias(counts), class_bias(scaled))


def test_sums_to_zero_and_perfect_prediction_has_none():
    counts = torch.randint(1, 50, (7, 7))
    assert class_bias(counts).sum().abs() < 1e-12
    assert (class_bias(torch.diag(torch.arange(1, 6))) == 0).all()


def test_class_without_labels_is_nan_and_not_counted():
    # class 1 never occurs, but one pixel in ten of class 0 is taken for it
    counts = torch.tensor([[9, 1, 0], [0, 0, 0], [0, 0, 4]])
    bias = class_bias(counts)
    assert bias[1].isnan()
    torch.testing.assert_close(
        bias[[0, 2]], torch.tensor([0.9 / 2 - 1 / 2, 0.0], dtype=torch.float64)
    )


def test_no_labels_at_all():
    assert class_bias(torch.zeros(3, 3, dtype=torch.int64)).isnan().all()


@pytest.mark.parametrize(
    'bad',
    [
        torch.zeros(3),
        torch.zeros(2, 3),
        torch.tensor([[1, -1], [0, 2]]),
        torch.tensor([[1.0, float('nan')], [0.0, 2.0]]),
    ],
)
def test_refuses_what_is_no_confusion_matrix(bad):
    with pytest.raises(ValueError, match='confusion'):
        class_bias(bad)
