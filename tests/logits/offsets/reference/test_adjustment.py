"""Adjusted logits against Eq. 9 written out, and in the offset's memory."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from mmseg_balance.logits import adjusted_logits
from mmseg_balance.logits.offsets.reference.adjustment import adjust_in_offset


@pytest.mark.parametrize('tau', [0.0, 0.1, 1.0])
def test_cross_entropy_of_eq_9_and_its_gradient(tau):
    logits = torch.randn(2, 5, 3, dtype=torch.float64, requires_grad=True)
    offset, labels = torch.randn(2, 5, 3).double(), torch.randint(5, (2, 3))
    moved = adjusted_logits(logits, offset, tau)
    loss = F.cross_entropy(moved, labels, reduction='sum')
    loss.backward()
    z = logits.detach().numpy() - tau * offset.numpy()
    p = np.exp(z) / np.exp(z).sum(1, keepdims=True)
    one_hot = np.eye(5)[labels.numpy()].transpose(0, 2, 1)
    np.testing.assert_allclose(
        loss.item(), -np.log((p * one_hot).sum(1)).sum()
    )
    # the offset is a constant: what is known of softmax is all there is
    np.testing.assert_allclose(logits.grad.numpy(), p - one_hot, atol=1e-12)


@pytest.mark.parametrize('tau', [0.1, 0.37, 1.0])
def test_the_faster_route_is_equal_bit_by_bit(tau):
    logits = (40 * torch.randn(2, 19, 64)).requires_grad_()
    offset, weight = 5 * torch.randn(2, 19, 64), torch.randn(2, 19, 64)
    expected = adjusted_logits(logits, offset, tau)
    (expected * weight).sum().backward()
    gradient, logits.grad = logits.grad, None
    found = adjust_in_offset(logits, offset, tau)
    assert found.data_ptr() == offset.data_ptr()
    (found * weight).sum().backward()
    assert torch.equal(found, expected)
    assert torch.equal(logits.grad, gradient)
