"""Gradients and running statistics over ranks, without other ranks."""

import pytest
import torch
from torch import nn

from mmseg_balance.models.uda.optimization import (
    sequential_backward as optimization,
)
from mmseg_balance.models.uda.optimization.sequential_backward import (
    average_gradients,
    average_norm_statistics,
)


@pytest.fixture
def other_rank(monkeypatch):
    """A second rank, on which everything is 1."""

    def all_reduce(tensors, op):
        assert op == 'mean'
        for tensor in tensors:
            tensor.add_(1).div_(2)

    monkeypatch.setattr(optimization, 'get_world_size', lambda: 2)
    monkeypatch.setattr(optimization, 'all_reduce_params', all_reduce)


def test_gradients_are_averaged_and_missing_ones_are_zeros(other_rank):
    used, unused, frozen = (nn.Parameter(torch.ones(2)) for _ in range(3))
    used.grad = torch.tensor([3.0, -5.0])
    frozen.requires_grad_(False)
    average_gradients(iter([used, unused, frozen]))
    assert used.grad.tolist() == [2, -2]
    assert unused.grad.tolist() == [0.5, 0.5]
    assert frozen.grad is None


def test_a_gradient_that_no_rank_has_stays_away(monkeypatch):
    """Zeros would let an optimizer decay the parameter, and go on."""
    monkeypatch.setattr(optimization, 'get_world_size', lambda: 2)
    monkeypatch.setattr(
        optimization,
        'all_reduce_params',
        lambda tensors, op: [tensor.div_(2) for tensor in tensors],
    )
    used, unused = (nn.Parameter(torch.ones(2)) for _ in range(2))
    used.grad = torch.tensor([3.0, -5.0])
    average_gradients([used, unused])
    assert used.grad.tolist() == [1.5, -2.5] and unused.grad is None
    average_gradients([])


def test_one_rank_keeps_its_gradients():
    used, unused = (nn.Parameter(torch.ones(2)) for _ in range(2))
    used.grad = torch.tensor([3.0, -5.0])
    average_gradients([used, unused])
    assert used.grad.tolist() == [3, -5] and unused.grad is None


def test_means_and_variances_of_norms_are_averaged(other_rank):
    norms = nn.Sequential(
        nn.BatchNorm2d(1),
        nn.Sequential(nn.BatchNorm2d(1)),
        nn.BatchNorm2d(1, track_running_stats=False),
        nn.GroupNorm(1, 1),
    )
    for norm in (norms[0], norms[1][0]):
        norm.running_mean.fill_(4)
        norm.running_var.fill_(7)
    average_norm_statistics(norms)
    for norm in (norms[0], norms[1][0]):
        assert norm.running_mean == 2.5 and norm.running_var == 4
        assert norm.num_batches_tracked == 0


def test_without_norms_nothing_is_sent(monkeypatch):
    sent = []
    monkeypatch.setattr(optimization, 'all_reduce_params', sent.append)
    average_norm_statistics(nn.Linear(1, 1))
    assert sent == []
