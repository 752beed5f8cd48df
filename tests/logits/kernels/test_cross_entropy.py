"""The kernel of the adjusted cross entropy, interpreted, against PyTorch."""

import pytest
import torch
import torch.nn.functional as F
from helpers.offset_tables import random_banks, random_pixels, random_table

from mmseg_balance.logits import OffsetTable
from mmseg_balance.logits.kernels.cross_entropy import (
    adjusted_cross_entropy,
    adjusted_cross_entropy_backward,
)
from mmseg_balance.logits.offsets.tables.fused_lookup import fused_lookup
from mmseg_balance.logits.offsets.tables.knots import REFINEMENT

pytest.importorskip('triton')
pytestmark = pytest.mark.filterwarnings('ignore:.*encountered')


def fused(table, logits, labels, domain, weight=None, ignore=255, tau=0.3):
    loss, _, _ = adjusted_cross_entropy(
        logits, labels, domain, weight, *table.tensors, REFINEMENT, ignore, tau
    )
    return loss


def plain(table, logits, labels, domain, weight=None, ignore=255, tau=0.3):
    """In float64, from the offsets of float32."""
    offset = fused_lookup(table, logits, labels, domain, ignore)
    if weight is not None:
        weight = weight.double()
    return F.cross_entropy(
        logits.double() - tau * offset,
        labels.long(),
        weight,
        ignore_index=ignore,
        reduction='none',
    )


def assert_same(table, logits, labels, domain, **others):
    """Loss and gradient, of a slope that differs by pixel."""
    slope = torch.randn(labels.shape)
    results = []
    for way in (fused, plain):
        z = logits.detach().clone().requires_grad_()
        loss = way(table, z, labels, domain, **others)
        loss.backward(slope.to(loss.dtype))
        results.append((loss.detach(), z.grad))
    (loss, gradient), (expected, expected_gradient) = results
    assert loss.dtype == torch.float32 and gradient.dtype == logits.dtype
    torch.testing.assert_close(
        loss.double(), expected, rtol=1e-5, atol=1e-5, equal_nan=True
    )
    # as precise as the type of the logits
    precise = 1e-5 if logits.dtype == torch.float32 else None
    torch.testing.assert_close(
        gradient,
        expected_gradient,
        rtol=precise,
        atol=precise,
        equal_nan=True,
    )
    return loss, gradient


@pytest.mark.parametrize(
    'num_classes, size, dtype',
    [
        (2, (1, 1), 'float32'),
        (5, (9, 13), 'bfloat16'),
        (19, (3, 50), 'float32'),
        (19, (3, 50), 'float16'),
        (150, (2, 3), 'bfloat16'),
    ],
)
def test_loss_and_gradient_of_cross_entropy(num_classes, size, dtype):
    table = random_table(num_classes, grid_size=33)
    logits, labels, domain = random_pixels(num_classes, *size)
    logits = logits.to(getattr(torch, dtype))
    loss, gradient = assert_same(table, logits, labels, domain)
    ignored = labels == 255
    assert not loss[ignored].any()
    assert not gradient.movedim(1, -1)[ignored].any()
    assert gradient.movedim(1, -1)[~ignored].any() or size == (1, 1)


def test_class_weights_and_a_class_that_is_ignored():
    table = random_table(5)
    logits, labels, domain = random_pixels(5, 9, 13, ignore_index=3)
    weight = torch.tensor([1.0, 0.0, 2.5, 7.0, 0.1])
    assert_same(table, logits, labels, domain, weight=weight, ignore=3)
    labels[labels == 1] = -100
    assert_same(
        table, logits, labels.int(), None, weight=weight, ignore=-100, tau=2.0
    )


def test_large_logits_are_as_precise_as_in_pytorch():
    table = random_table(5)
    logits, labels, domain = random_pixels(5, 9, 13)
    assert_same(table, logits + 1000, labels, domain, tau=0.0)
    # and losses far below the last digit of the logits
    sure = 8 * F.one_hot(labels.clamp(max=4), 5).movedim(-1, 1) + 1000.0
    loss, _ = assert_same(table, sure, labels, domain, tau=0.0)
    assert 1e-3 < loss[labels < 5].max() < 2e-3


@pytest.mark.parametrize('classes', [2, 12])
def test_logits_that_are_no_numbers(classes):
    table = random_table(classes)
    logits, labels, domain = random_pixels(classes, 8, 9)
    logits[0, :, 0] = torch.nan
    logits[0, 1, 1] = torch.nan
    logits[0, 0, 2] = torch.inf
    logits[0, 0, 3] = -torch.inf
    logits[0, :, 4] = -torch.inf
    logits[0, -1, 5] = -torch.inf
    logits[0, :-1, 6] = -torch.inf
    loss, _ = assert_same(table, logits, labels, domain)
    assert loss[1].isfinite().all() and loss.isnan().any()


def test_labels_that_are_no_class_show_in_the_loss():
    """PyTorch ends the process; a kernel that asserts would have to wait."""
    table = random_table(3)
    logits, labels, domain = random_pixels(3, 4, 5)
    labels[0, 0, :3] = torch.tensor([-1, 3, 10**10])
    z = logits.clone().requires_grad_()
    loss = fused(table, z, labels, domain)
    loss.sum().backward()
    assert loss[0, 0, :3].isnan().all() and loss.isnan().sum() == 3
    assert z.grad[0, :, 0, :3].isnan().all() and z.grad.isnan().sum() == 9


@pytest.mark.parametrize('way', ['channels last', 'crop', 'vector', 'pixels'])
def test_other_strides_and_dimensions(way):
    table = random_table(3)
    size = dict(vector=(7,), pixels=()).get(way, (6, 7))
    logits, labels, domain = random_pixels(3, *size)
    if way == 'channels last':
        logits = logits.to(memory_format=torch.channels_last)
    if way == 'crop':
        wide = torch.zeros(2, 3, 12, 20)
        wide[:, :, ::2, 5:12] = logits
        logits = wide[:, :, ::2, 5:12]
        labels = labels.mT.contiguous().mT
    _, gradient = assert_same(table, logits, labels, domain)
    if way == 'channels last':
        assert gradient.is_contiguous(memory_format=torch.channels_last)


def test_an_empty_batch():
    logits, labels, domain = random_pixels(3, 0, 4)
    logits.requires_grad_()
    loss = fused(random_table(3), logits, labels, domain)
    loss.sum().backward()
    assert loss.shape == (2, 0, 4) and logits.grad.shape == logits.shape


def test_a_mean_whose_slope_is_one_number():
    table = random_table(3)
    logits, labels, domain = random_pixels(3, 5, 5)
    logits.requires_grad_()
    fused(table, logits, labels, domain).mean().backward()
    found, logits.grad = logits.grad, None
    plain(table, logits, labels, domain).mean().backward()
    torch.testing.assert_close(found, logits.grad, rtol=1e-5, atol=1e-7)


def test_the_operators_are_what_they_say():
    table = random_table(3)
    logits, labels, domain = random_pixels(3, 4, 4)
    weight = torch.ones(3)
    logits = logits.requires_grad_()
    given = logits, labels, domain, weight, *table.tensors, 32, 255, 0.1
    checks = ('test_schema', 'test_faketensor', 'test_autograd_registration')
    torch.library.opcheck(adjusted_cross_entropy, given, test_utils=checks)
    slope, top, log_sum = torch.rand(3, 2, 4, 4)
    torch.library.opcheck(
        adjusted_cross_entropy_backward,
        (slope, top, log_sum, logits.detach(), *given[1:]),
        test_utils=checks[:2],
    )


def test_each_is_one_launch_and_no_logit_is_copied():
    from step_launches import Launches

    banks, anchors = random_banks(3)
    banks = [bank.to('meta') for bank in banks]
    table = OffsetTable.build(banks, anchors.to('meta'))
    logits, labels, domain = (t.to('meta') for t in random_pixels(3, 4, 4))
    logits = logits.bfloat16().requires_grad_()
    with Launches() as launches:
        loss = fused(table, logits, labels, domain)
        loss.backward(torch.empty_like(loss))
    counted = launches.names
    operator = 'mmseg_balance::adjusted_cross_entropy'
    assert counted[operator] == counted[f'{operator}_backward'] == 1
