"""Shares and means of classes, counted one by one."""

import numpy as np
import torch

from mmseg_balance.models.uda.teacher.class_shares import (
    class_means,
    class_shares,
)


def test_shares_and_means():
    rng = np.random.default_rng(0)
    labels = rng.choice([0, 1, 3, 255, -1], (2, 7, 5)).astype(np.int64)
    values = rng.random((2, 7, 5)).astype(np.float32)
    values[0, 0] = np.nan
    shares = class_shares(torch.from_numpy(labels), 4)
    means = class_means(torch.from_numpy(values), torch.from_numpy(labels), 4)
    known = np.isin(labels, range(4))
    for c in range(4):
        of_class = labels == c
        assert shares[c] == of_class.sum() / known.sum()
        mean = values[of_class & ~np.isnan(values)]
        if c == 2:
            assert shares[c] == 0 and means[c].isnan()
        else:
            np.testing.assert_allclose(means[c], mean.mean(), rtol=1e-6)


def test_no_label_at_all():
    labels = torch.full((1, 3, 3), 255, dtype=torch.uint8)
    assert class_shares(labels, 2).tolist() == [0, 0]
    assert class_means(torch.ones(1, 3, 3), labels, 2).isnan().all()
