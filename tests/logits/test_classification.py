"""Logits (N, C) of a classifier are those of images of one pixel."""

import pytest
import torch

from mmseg_balance.logits import (
    LogitReservoir,
    LogitStatistics,
    fit_statistics,
    positive_cdf,
    post_hoc_scores,
)

CLASSES = 4


def batch(num=300):
    labels = torch.randint(CLASSES, (num,))
    logits = torch.randn(num, CLASSES) * 2
    logits[torch.arange(num), labels] += 2
    labels[:7] = 255
    return logits, labels, torch.rand(num) < 0.5


def as_images(logits, labels, mask):
    return logits[..., None, None], labels[:, None, None], mask[:, None, None]


def trained(shaped, **settings):
    """Statistics after a few updates from source and target."""
    torch.manual_seed(0)
    own = LogitStatistics(CLASSES, min_samples=20, warmup=0, **settings)
    for _ in range(3):
        logits, labels, mask = shaped(*batch())
        weight = (labels != 1).float()
        own.collect(logits, labels)
        own.collect(logits, labels, mask, weight)
        own.update()
    return own


def plain(*tensors):
    return tensors


@pytest.mark.parametrize(
    'settings', [{}, dict(grid_size=None, anchor=2), dict(anchor='target')]
)
def test_training(settings):
    own, expected = (trained(s, **settings) for s in (plain, as_images))
    for key, value in expected.state_dict().items():
        assert torch.equal(own.state_dict()[key], value), key
    assert own.source.num_updates.eq(3).all()
    assert own.target.num_updates[1].eq(0).all()
    logits, labels, mask = batch()
    images = as_images(logits, labels, mask)
    for read in (own.offset, own.positive_cdf):
        found, wanted = read(logits, labels, mask), read(*images)
        if read == own.offset:
            found, wanted = (found,), (wanted,)
            assert found[0].shape == logits.shape and found[0].any()
        for one, other in zip(found, wanted):
            torch.testing.assert_close(
                one, other.flatten(1), rtol=0, atol=1e-6
            )


def test_post_hoc_scores_and_difficulty():
    own = trained(plain)
    logits, labels, mask = batch()
    images, image_labels, _ = as_images(logits, labels, mask)
    banks = own.target, own.anchors
    scores = post_hoc_scores(logits, *banks)
    expected = post_hoc_scores(images, *banks)
    assert scores.shape == logits.shape
    torch.testing.assert_close(scores, expected[..., 0, 0])
    difficulty, valid = positive_cdf(logits, labels, own.source)
    expected, expected_valid = positive_cdf(images, image_labels, own.source)
    assert torch.equal(difficulty, expected[..., 0, 0])
    assert torch.equal(valid, expected_valid[..., 0, 0])
    assert valid.sum() == 293


def test_a_pass_over_a_data_set():
    reservoirs = [LogitReservoir(CLASSES) for _ in range(2)]
    for index in range(3):
        logits, labels, _ = batch()
        reservoirs[0].add(logits.T, labels, index)
        reservoirs[1].add(logits.T[..., None], labels[:, None], index)
    own, expected = (fit_statistics(r, max_loops=3) for r in reservoirs)
    for key, value in expected.state_dict().items():
        assert torch.equal(own.state_dict()[key], value), key
    assert own.source.num_updates.all()
    with pytest.raises(ValueError, match=r'\(4, H, W\).*got \(300, 4\)'):
        reservoirs[0].add(logits, labels, 3)
