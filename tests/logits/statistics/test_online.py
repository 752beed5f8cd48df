"""Sampling of logits, and the banks that follow it."""

import copy

import pytest
import torch

from mmseg_balance.logits import LogitStatistics
from mmseg_balance.logits.statistics.sampling import (
    sample_anchor_logits,
    sample_class_logits,
    sample_one_class_anchor,
)


def batch(counts, num_classes=4, ignored=10):
    """Logits that tell class, logit and pixel: c + l / 10 + pixel / 1e5."""
    labels = torch.cat(
        [torch.full((n,), c) for c, n in enumerate(counts)]
        + [torch.full((ignored,), 255)]
    )
    labels = labels[torch.randperm(len(labels))]
    logits = (
        labels.float()[None]
        + torch.arange(num_classes)[:, None] / 10
        + torch.arange(len(labels)) / 1e5
    )
    return logits[None], labels[None]


def test_each_class_gives_as_many_samples_as_the_smallest():
    logits, labels = batch([300, 120, 50, 0])
    samples, valid = sample_class_logits(logits, labels, min_samples=100)
    assert samples.shape[:2] == (4, 4)
    assert valid.sum(-1).tolist() == [120, 120, 0, 0]
    for c in (0, 1):
        for logit in range(4):
            drawn = samples[c, logit][valid[c]]
            pool = logits[0, logit][labels[0] == c]
            assert torch.isin(drawn, pool).all()
            assert len(drawn.unique()) == 120  # without replacement


def test_the_draw_of_a_class_is_uniform():
    logits, labels = batch([2000, 100, 0, 0])
    first = torch.zeros(2000)
    pool = logits[0, 0][labels[0] == 0]
    for _ in range(200):
        samples, valid = sample_class_logits(logits, labels)
        first += torch.isin(pool, samples[0, 0][valid[0]])
    # 200 draws of 100 from 2000: 10 each, standard deviation 3.1
    assert first.sum() == 200 * 100
    assert abs(first[:1000].sum() - 10000) < 5 * (20000 * 0.25) ** 0.5
    assert first.max() < 30


def test_the_cap_and_the_order_of_the_minimum():
    logits, labels = batch([300, 120, 100, 99])
    _, valid = sample_class_logits(logits, labels, 100, max_samples=110)
    assert valid.sum(-1).tolist() == [100, 100, 100, 0]
    _, valid = sample_class_logits(logits, labels, 110, max_samples=110)
    assert valid.sum(-1).tolist() == [110, 110, 0, 0]


def test_samples_are_of_no_graph():
    logits, labels = batch([300, 120, 100, 99])
    logits.requires_grad_()
    for sample in (sample_class_logits, sample_anchor_logits):
        samples, valid = sample(logits, labels)
        assert valid.any() and not samples.requires_grad


def test_no_class_has_enough():
    logits, labels = batch([20, 30, 0, 0])
    samples, valid = sample_class_logits(logits, labels)
    assert not valid.any() and samples.shape[:2] == (4, 4)


def test_anchor_samples_are_positive_and_negative():
    logits, labels = batch([30, 20, 10, 5])
    samples, valid = sample_anchor_logits(logits, labels)
    assert torch.equal(valid[0], labels[0] != 255)
    label = labels[0][valid[0]]
    logit = (
        (
            (samples[:, valid[0]] - label - torch.arange(75)[valid[0]] / 1e5)
            * 10
        )
        .round()
        .long()
    )
    assert torch.equal(logit[0], label)
    assert (logit[1] != label).all() and (logit[1] >= 0).all()
    assert (logit[1] < 4).all()


def test_many_pixels_are_drawn_up_to_a_cap():
    logits, labels = batch([300, 200, 100, 50])
    samples, valid = sample_anchor_logits(logits, labels, max_samples=64)
    assert samples.shape == valid.shape == (2, 64)


def statistics(**kwargs):
    return LogitStatistics(4, min_samples=20, **kwargs)


def test_the_source_feeds_its_bank_and_the_anchors():
    own = statistics()
    own.collect(*batch([60, 40, 10, 0]))
    own.update()
    assert own.source.num_updates.sum(-1).tolist() == [4, 4, 0, 0]
    assert own.anchors.num_updates.tolist() == [1, 1]
    assert own.target.num_updates.sum() == 0
    assert own.target.staleness.eq(2).all()
    # balanced samples of equal number: the mean of what was drawn
    mean = (own.source.weights * own.source.means).sum(-1)
    torch.testing.assert_close(
        mean[0], torch.arange(4) / 10, atol=2e-3, rtol=0
    )


def test_target_pixels_alone_feed_the_target():
    own = statistics()
    logits, labels = batch([60, 60, 60, 60])
    target = labels >= 2
    weight = torch.ones(labels.shape)
    weight[labels == 3] = 0  # margins, padding, a doubtful teacher
    own.collect(logits, labels, target_mask=target, weight=weight)
    own.update()
    assert own.target.num_updates.sum(-1).tolist() == [0, 0, 4, 0]
    assert own.source.num_updates.sum() == 0
    assert own.anchors.num_updates.sum() == 0


@pytest.mark.parametrize(
    'counts', [[0, 0, 0, 0], [3, 0, 0, 0], [500, 0, 0, 0]]
)
def test_odd_batches_leave_finite_banks(counts):
    own = statistics()
    logits, labels = batch(counts)
    for _ in range(3):
        own.collect(logits, labels)
        own.collect(logits, labels, target_mask=torch.ones_like(labels) > 0)
        own.update()
        offset = own.offset(logits, labels)
        assert offset.isfinite().all()
    for value in own.state_dict().values():
        assert value.isfinite().all()


def test_the_table_follows_updates_loads_and_moves():
    own = statistics()
    logits, labels = batch([60, 60, 60, 60])
    assert (own.offset(logits, labels) == 0).all()
    own.collect(logits, labels)
    own.update()
    offset = own.offset(logits, labels)
    assert (offset != 0).any()
    other = statistics()
    assert (other.offset(logits, labels) == 0).all()
    other.load_state_dict(own.state_dict())
    assert torch.equal(other.offset(logits, labels), offset)
    assert torch.equal(
        copy.deepcopy(own).to('cpu').offset(logits, labels), offset
    )


def test_state_is_saved_without_samples():
    own = statistics()
    own.collect(*batch([60, 60, 60, 60]))
    names = {key.split('.')[0] for key in own.state_dict()}
    assert names == {'source', 'target', 'anchors'}
    assert len(own.state_dict()) == 18


@pytest.mark.parametrize(
    'kwargs, word',
    [
        (dict(num_classes=1), 'num_classes'),
        (dict(em_loops=0), 'em_loops'),
        (dict(min_samples=0), 'min_samples'),
        (dict(max_samples=50), 'max_samples'),
        (dict(clip=0.5), 'clip'),
        (dict(momentum=1), 'momentum'),
        (dict(num_components=0), 'num_components'),
    ],
)
def test_settings_out_of_range(kwargs, word):
    with pytest.raises(ValueError, match=f'`{word}`'):
        LogitStatistics(**{'num_classes': 4, **kwargs})


def test_one_class_gives_its_own_logit_as_anchor():
    logits, labels = batch([60, 50, 40, 0])
    samples, valid = sample_one_class_anchor(logits, labels, 1, 20)
    assert valid.sum(-1).tolist() == [50, 50]
    own, other = logits[0, 1][labels[0] == 1], logits[0, 1][labels[0] != 1]
    known = logits[0, 1][labels[0] != 255]
    assert torch.equal(samples[0].sort().values, own.sort().values)
    assert torch.isin(samples[1], other).all()
    assert torch.isin(samples[1], known).all()
    assert len(samples[1].unique()) == 50


@pytest.mark.parametrize(
    'anchor, updates', [('source', 1), ('target', 1), (1, 1), (3, 0)]
)
def test_the_anchors_follow_what_they_are_told(anchor, updates):
    own = statistics(anchor=anchor)
    logits, labels = batch([60, 50, 40, 0])
    own.collect(logits, labels)
    mask = torch.ones_like(labels).bool()
    own.collect(logits + 100, labels, target_mask=mask)
    own.update()
    # class 3 has no pixels of its own, but other pixels have its logit
    assert own.anchors.num_updates.tolist() == [updates, 1]
    mean = (own.anchors.weights * own.anchors.means).sum(-1)
    if anchor == 1:  # class + logit / 10
        assert abs(mean[0] - 1.1) < 0.01 and 0 < mean[1] < 2.2
    else:
        assert (mean[1] > 50) == (anchor == 'target')


@pytest.mark.parametrize('anchor', ['both', 4, -1, 1.5, None])
def test_an_anchor_that_is_not_there(anchor):
    with pytest.raises(ValueError, match='`anchor`.*from 0 to 3'):
        statistics(anchor=anchor)


@pytest.mark.parametrize('grid_size', [None, 512])
def test_without_anchors_there_is_no_offset(grid_size):
    """The source is fitted before the teacher is confident of any target."""
    own = statistics(anchor='target', grid_size=grid_size)
    logits, labels = batch([60, 50, 40, 30])
    own.collect(logits, labels)
    own.update()
    assert (own.source.num_updates == 1).all()
    assert (own.offset(logits, labels) == 0).all()
    mask = torch.ones_like(labels).bool()
    own.collect(logits, labels, target_mask=mask)
    own.update()
    assert (own.offset(logits, labels) != 0).any()


def sparse_batch(labelled=400, pixels=100_000):
    """A batch in which four pixels in a thousand have a label."""
    labels = torch.full((pixels,), 255)
    labels[torch.randperm(pixels)[:labelled]] = torch.arange(labelled) % 2
    logits = torch.randn(2, pixels) + 6 * (labels == torch.arange(2)[:, None])
    return logits[None], labels[None]


def test_anchors_are_drawn_from_the_labelled_pixels():
    logits, labels = sparse_batch()
    labels = labels.masked_fill(labels == 255, -1)
    samples, valid = sample_anchor_logits(logits, labels, min_samples=400)
    assert valid.all() and samples.shape[1] == 16384
    positive = logits[0].gather(0, labels.clamp(min=0))[0, labels[0] >= 0]
    assert torch.isin(samples[0], positive).all()
    # every one of them is among as many draws with replacement
    assert len(samples[0].unique()) > 380
    _, valid = sample_anchor_logits(logits, labels, min_samples=401)
    assert not valid.any()


def test_few_labels_fit_the_anchors_along_with_the_classes():
    statistics = LogitStatistics(2)
    for _ in range(3):
        logits, labels = sparse_batch()
        statistics.collect(logits, labels)
        statistics.update()
    assert statistics.source.num_updates.tolist() == [[3, 3], [3, 3]]
    assert statistics.anchors.num_updates.tolist() == [3, 3]
    assert (statistics.anchors.means[0].mean() - 6).abs() < 0.5


def test_without_anchors_of_the_source_there_is_no_offset():
    statistics = LogitStatistics(2)
    statistics.source.num_updates += 1
    logits, labels = sparse_batch()
    assert not statistics.offset(logits, labels).any()


def test_no_table_without_knots():
    with pytest.raises(ValueError, match='`grid_size`.*set it to 512'):
        _ = LogitStatistics(2, grid_size=None).table
