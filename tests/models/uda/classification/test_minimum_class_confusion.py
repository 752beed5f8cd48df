"""MCC against the public code, and against its formula, sum by sum."""

import math

import pytest
import torch
from helpers.reference import cases, reference, whole_files

from mmseg_balance.models.uda.classification.minimum_class_confusion import (
    MCC,
    minimum_class_confusion,
)


def by_sums(logits, temperature):
    """Eqs. 2 to 5 of the paper, sample by sample and class by class."""
    samples, classes = len(logits), len(logits[0])
    p = []
    for row in logits:
        exps = [math.exp(z / temperature) for z in row]
        p.append([e / sum(exps) for e in exps])
    entropies = [-sum(q * math.log(q + 1e-5) for q in row) for row in p]
    sure = [1 + math.exp(-h) for h in entropies]
    weights = [samples * s / sum(sure) for s in sure]
    loss = 0.0
    for c in range(classes):
        row = [
            sum(weights[i] * p[i][c] * p[i][d] for i in range(samples))
            for d in range(classes)
        ]
        loss += sum(row[d] for d in range(classes) if d != c) / sum(row)
    return loss / classes


def test_is_the_formula():
    torch.manual_seed(0)
    for samples, classes, temperature in ((5, 3, 2.5), (1, 4, 1.0)):
        logits = 3 * torch.randn(samples, classes, dtype=torch.double)
        found = minimum_class_confusion(logits, temperature)
        expected = by_sums(logits.tolist(), temperature)
        assert float(found) == pytest.approx(expected, rel=1e-12)
    assert expected == pytest.approx(3 / 4)  # of one sample, whatever it is


@pytest.mark.parametrize(
    'name', ['classification/mcc', *whole_files('classification/mcc')]
)
def test_is_the_public_code(name):
    arrays = reference(name)
    for i, case in enumerate(cases(arrays)):
        logits = case['logits'].clone().requires_grad_()
        value = minimum_class_confusion(logits, float(case['temperature']))
        value.backward()
        assert abs(float(value.detach() - case['value'])) < 1e-10, i
        assert (logits.grad - case['grad']).abs().max() < 1e-10, i


def test_a_class_without_probability_is_no_nan():
    """Where the public code gives NaN: 0 / 0 of a row of the matrix."""
    logits = torch.tensor([[0.0, 900.0, 899.0], [0.0, 899.0, 900.0]])
    logits.requires_grad_()
    loss = minimum_class_confusion(logits, 2.0)
    loss.backward()
    assert loss.isfinite() and logits.grad.isfinite().all()
    # class 0 has nothing of its own: 1 / C of the loss
    expected = by_sums(logits[:, 1:].tolist(), 2.0) * 2 / 3 + 1 / 3
    assert float(loss.detach()) == pytest.approx(expected, rel=1e-4)


def test_half_precision_is_taken_as_float32():
    logits = torch.randn(4, 3).bfloat16()
    with torch.autocast('cpu', torch.bfloat16):
        found = minimum_class_confusion(logits, 2.5)
    assert found.dtype == torch.float32
    assert found == minimum_class_confusion(logits.float(), 2.5)


@pytest.mark.parametrize(
    ('settings', 'words'),
    [
        (dict(temperature=0), '`temperature` of MCC to be a number above 0'),
        (dict(loss_weight=-1), '`loss_weight` of MCC'),
        (dict(loss_weight=(1, 1, 1)), 'two for the two passes'),
        (dict(loss_weight='all'), '`loss_weight` of MCC'),
    ],
)
def test_settings_out_of_range(settings, words):
    with pytest.raises(ValueError, match=words):
        MCC(**settings)
