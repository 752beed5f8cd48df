"""Means of a class's own logit, against sums over many draws."""

import numpy as np
import pytest
import torch

from mmseg_balance.logits import LogitStatistics
from mmseg_balance.logits.statistics.positive_logits import (
    positive_means,
    positive_offsets,
)

CLASSES = 3


@pytest.fixture
def statistics():
    """Fitted ones, but for the last class of the target."""
    torch.manual_seed(0)
    found = LogitStatistics(CLASSES, num_components=2)
    for bank in (found.source, found.target, found.anchors):
        bank.means.copy_(3 * torch.randn_like(bank.means))
        bank.variances.copy_(0.2 + torch.rand_like(bank.variances))
        bank.weights.copy_(torch.rand_like(bank.weights).softmax(-1))
        bank.num_updates += 1
    found.target.num_updates[2] = 0
    return found


def draws(bank, c, number=20000):
    """Of P_cc."""
    rng = np.random.default_rng(0)
    weights, means, variances = (p[c, c].numpy() for p in bank.parameters_)
    k = rng.choice(len(weights), number, p=weights / weights.sum())
    return rng.normal(means[k], variances[k] ** 0.5)


def test_means(statistics):
    for bank in (statistics.source, statistics.target):
        means = positive_means(bank)
        for c in range(CLASSES):
            if bank.num_updates[c, c]:
                assert abs(means[c] - draws(bank, c).mean()) < 0.05
            else:
                assert means[c].isnan()


@pytest.mark.parametrize('grid_size', [512, None])
def test_offsets(statistics, grid_size):
    statistics.grid_size = grid_size
    for of_target in (False, True):
        bank = statistics.target if of_target else statistics.source
        found = positive_offsets(statistics, of_target)
        for c in range(CLASSES):
            if not bank.num_updates[c, c]:
                assert found[c].isnan()
                continue
            z = draws(bank, c)
            logits = torch.zeros(len(z), CLASSES)
            logits[:, c] = torch.from_numpy(z)
            offset = statistics.offset(
                logits,
                torch.full((len(z),), c),
                torch.full((len(z),), of_target),
            )
            assert abs(found[c] - offset[:, c].mean()) < 0.08
