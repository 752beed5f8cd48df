"""The kernels of d and of its regression, interpreted, against PyTorch."""

import pytest
import torch
import torch.nn.functional as F
from helpers.offset_tables import random_banks, random_pixels
from scipy.stats import norm as normal

from mmseg_balance.logits import positive_cdf
from mmseg_balance.logits.kernels import density as kernels
from mmseg_balance.models.uda.density.density_estimation import density_loss

pytest.importorskip('triton')
pytestmark = pytest.mark.filterwarnings('ignore:.*encountered')


def tensors(banks):
    """Banks as the kernels take them; one is told twice."""
    first, second = (*banks, *banks)[:2]
    return [
        t
        for bank in (first, second)
        for t in (*bank.parameters_, bank.num_updates)
    ]


@pytest.mark.parametrize('size', [(1, 1), (9, 13), (33, 40), (7,), ()])
@pytest.mark.parametrize('dtype', ['float32', 'bfloat16'])
def test_d_is_that_of_pytorch(size, dtype):
    banks, _ = random_banks(5)
    logits, labels, domain = random_pixels(5, *size)
    logits = logits.to(getattr(torch, dtype))
    for where in (domain, domain.long(), None):
        given = banks if where is not None else banks[:1]
        found = kernels.positive_cdf(
            logits, labels, where, tensors(given), 255
        )
        expected = positive_cdf(logits, labels, given, 255, where)
        for one, other in zip(found, expected, strict=True):
            torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-6)


def test_d_is_that_of_scipy():
    banks, _ = random_banks(3)
    logits, labels, _ = random_pixels(3, 4, 5)
    banks[0].num_updates.fill_(1)
    found, valid = kernels.positive_cdf(
        logits, labels, None, tensors(banks[:1]), 255
    )
    assert torch.equal(valid.squeeze(1), labels < 3)
    for n, h, w in torch.nonzero(labels < 3).tolist():
        c = int(labels[n, h, w])
        weights, means, variances = (
            p[c, c].double().numpy() for p in banks[0].parameters_
        )
        z = float(logits[n, c, h, w])
        d = (weights * normal.cdf(z, means, variances**0.5)).sum()
        assert float(found[n, 0, h, w]) == pytest.approx(d, abs=1e-5)


@pytest.mark.parametrize('norm', ['l1', 'l2'])
@pytest.mark.parametrize('dtype', ['float32', 'bfloat16'])
@pytest.mark.parametrize('weighted', [True, False])
def test_loss_and_gradient_are_those_of_pytorch(norm, dtype, weighted):
    banks, _ = random_banks(5)
    logits, labels, domain = random_pixels(5, 29, 41)
    quality = torch.rand(labels.shape) if weighted else None
    prediction = torch.rand(2, 1, 29, 41).to(getattr(torch, dtype))
    results = []
    for fused in (True, False):
        leaf = prediction.clone().requires_grad_()
        if fused:
            loss = kernels.density_loss(
                leaf,
                logits,
                labels,
                domain,
                quality,
                tensors(banks),
                255,
                norm,
            )
        else:
            d = positive_cdf(logits, labels, banks, 255, domain)
            loss = density_loss(leaf, *d, quality, norm)
        (3 * loss).backward()
        assert leaf.grad.dtype == leaf.dtype and leaf.grad.any()
        results.append((loss.detach(), leaf.grad))
    precise = 1e-5 if dtype == 'float32' else 1e-2
    for one, other in zip(*results, strict=True):
        torch.testing.assert_close(one, other, rtol=precise, atol=1e-8)


def test_any_strides_and_the_same_bits():
    banks, _ = random_banks(4)
    logits, labels, domain = random_pixels(4, 12, 10)
    prediction = torch.rand(2, 1, 12, 10)

    def loss(*args):
        return kernels.density_loss(*args, None, tensors(banks), 255, 'l2')

    expected = loss(prediction, logits, labels, domain)
    padded = F.pad(logits, (1, 2, 3, 0))[..., 3:, 1:-2]
    strided = (
        prediction.expand(2, 3, 12, 10)[:, 1:2],
        padded.contiguous(memory_format=torch.channels_last),
        labels.transpose(1, 2).contiguous().transpose(1, 2),
        domain.flip(0).flip(0),
    )
    assert torch.equal(loss(*strided), expected)
    assert torch.equal(loss(prediction, padded, labels, domain), expected)


@pytest.mark.parametrize('value', [torch.nan, torch.inf, -torch.inf])
def test_logits_that_are_no_numbers(value):
    banks, _ = random_banks(4)
    for bank in banks:
        bank.num_updates.fill_(1)
    logits, labels, domain = random_pixels(4, 6, 6)
    logits[:, :, 2] = value
    found, _ = kernels.positive_cdf(
        logits, labels, domain, tensors(banks), 255
    )
    expected, _ = positive_cdf(logits, labels, banks, 255, domain)
    torch.testing.assert_close(found, expected, equal_nan=True)


def test_a_weight_and_a_domain_of_each_image():
    banks, _ = random_banks(4)
    logits, labels, _ = random_pixels(4, 6, 5)
    prediction = torch.rand(2, 1, 6, 5)
    quality = torch.rand(2, 1, 1)
    domain = torch.tensor([False, True]).view(2, 1, 1)
    found = kernels.density_loss(
        prediction, logits, labels, domain, quality, tensors(banks), 255, 'l2'
    )
    expected = density_loss(
        prediction, *positive_cdf(logits, labels, banks, 255, domain), quality
    )
    torch.testing.assert_close(found, expected)


def test_banks_that_were_never_fitted_teach_nothing():
    banks, _ = random_banks(4)
    for bank in banks:
        bank.num_updates.zero_()
    logits, labels, domain = random_pixels(4, 6, 6)
    prediction = torch.rand(2, 1, 6, 6, requires_grad=True)
    loss = kernels.density_loss(
        prediction, logits, labels, domain, None, tensors(banks), 255, 'l2'
    )
    loss.backward()
    assert loss == 0 and not prediction.grad.any()


def test_the_operators_are_good_ones():
    banks, _ = random_banks(3)
    logits, labels, domain = random_pixels(3, 4, 4)
    given = tensors(banks)
    checks = 'test_schema', 'test_faketensor'
    torch.library.opcheck(
        kernels.positive_cdf,
        (logits, labels, domain, given, 255),
        test_utils=checks,
    )
    prediction = torch.rand(2, 1, 4, 4)
    torch.library.opcheck(
        kernels.density_errors,
        (prediction, logits, labels, domain, None, given, 255, 'l2'),
        test_utils=checks,
    )
