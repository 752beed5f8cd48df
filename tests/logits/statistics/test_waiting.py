"""Logits that wait until their class has enough: as one large batch."""

import copy

import pytest
import torch

from mmseg_balance.logits import (
    LogitStatistics,
    host,
    load_statistics,
    save_statistics,
)

CLASSES = 3


def images(labels, seed=0):
    """Logits (N, C) of classified images, and their labels."""
    torch.manual_seed(seed)
    labels = torch.tensor(labels)
    return torch.randn(len(labels), CLASSES) + labels[:, None], labels


def statistics(**settings):
    given = dict(min_samples=6, warmup=0, num_components=2) | settings
    return LogitStatistics(CLASSES, **given)


def collect(own, logits, labels):
    """Feed the source, and the target with what is left of each other."""
    own.collect(logits, labels)
    own.collect(logits + 1, labels, torch.ones_like(labels) > 0)


@pytest.mark.parametrize('anchor', ['source', 'target', 1])
def test_several_batches_are_one_large_batch(anchor):
    own, expected = (
        statistics(collect_over=n, anchor=anchor, min_samples=8)
        for n in (9, 1)
    )
    logits, labels = images([0, 1, 2, 1] * 8)  # 8, 16 and 8 of a class
    # the anchors of a batch draw another class for each sample
    if isinstance(anchor, int):
        logits[labels != 1] = 0.5
    # classes 0 and 2 have 8 in the last one, class 1 after four of them
    for part in range(8):
        rows = slice(4 * part, 4 * part + 4)
        collect(own, logits[rows], labels[rows])
        own.update()
    # so that of class 1 each half is a batch of its own
    half = labels.clone()
    half[16:][labels[16:] == 1] = 255
    for _ in range(3):
        expected.age()
    first = torch.where(labels == 1, half, 255)
    collect(expected, logits, first)
    expected.update()
    for _ in range(3):
        expected.age()
    second = torch.where((labels == 1) & (half == 1), 255, labels)
    collect(expected, logits, second)
    expected.update()
    for name in ('source', 'target'):
        found, wanted = getattr(own, name), getattr(expected, name)
        assert found.num_updates[:, 0].tolist() == [1, 2, 1]
        for key in ('num_updates', 'staleness'):
            assert torch.equal(getattr(found, key), getattr(wanted, key))
        for one, other in zip(found.parameters_, wanted.parameters_):
            torch.testing.assert_close(one, other, rtol=0, atol=1e-5)
    assert (own.anchors.num_updates > 0).all()
    assert not own.waiting.source.ages.ge(0).any()


def test_anchors_are_of_images_of_all_classes():
    own = statistics(collect_over=5, num_components=1)
    logits, labels = images([1, 0] * 3)
    for part in range(3):
        own.collect(*(t[2 * part : 2 * part + 2] for t in (logits, labels)))
        own.update()
        assert own.anchors.num_updates.eq(int(part == 2)).all()
    assert own.source.num_updates.sum() == 0
    mean = logits[torch.arange(6), labels].mean()
    torch.testing.assert_close(own.anchors.means[0, 0], mean)


def test_what_is_older_than_the_window_is_left_out():
    own = statistics(collect_over=3, min_samples=4)
    logits, labels = images([0, 0, 0])
    own.collect(logits, labels)
    own.update()
    for _ in range(2):  # ages 1 and 2 are within it
        own.collect(*images([1]))
        own.update()
    assert own.waiting.source.ages[0].tolist() == [2, 2, 2]
    own.collect(*images([0], seed=1))  # would be the fourth
    own.update()
    assert own.source.num_updates.sum() == 0
    assert own.waiting.source.ages[0].tolist() == [-1, -1, 0]
    assert own.waiting.source.ages[1].tolist() == [-1, 2, 1]


def test_each_gives_as_many_as_the_fewest_its_newest():
    own = statistics(collect_over=9, num_components=1)
    logits = torch.arange(20.0)[:, None].expand(-1, CLASSES)
    own.collect(logits[:5], torch.zeros(5))
    own.update()
    labels = torch.tensor([0] * 4 + [1] * 6)
    own.collect(logits[5:15], labels)
    own.update()
    assert own.source.num_updates[:, 0].tolist() == [1, 1, 0]
    # of class 0 there were nine, 0 to 8, of class 1 six, 9 to 14
    assert own.source.means[1].flatten().tolist() == [11.5] * 3
    newest = own.source.means[0]
    assert (newest > 5 - 0.5).all() and (newest <= 5.5).all()


def test_staleness_counts_iterations_and_the_ramp_all_updates():
    own = statistics(collect_over=9, min_samples=3)
    for step in range(1, 8):
        own.collect(*images([0, 255, 255], seed=step))
        own.update()
        since = step - 3 * (step // 3) + 1
        assert own.source.staleness[0].eq(since).all()
        assert own.source.staleness[1].eq(step + 1).all()
        assert own.source.step == max(step - 2, 0)
    assert own.source.num_updates[0].eq(2).all()
    assert own.target.step == 0


def test_the_table_holds_as_long_as_nothing_is_fitted():
    own = statistics(collect_over=9)
    collect(own, *images([0, 1, 2] * 6))
    own.update()
    table = own.table
    collect(own, *images([0, 1, 2]))
    own.update()
    assert own.table is table
    collect(own, *images([0, 1, 2] * 6))
    own.update()
    assert own.table is not table


def test_a_training_that_is_resumed_is_the_same():
    own = statistics(collect_over=9)
    other = statistics(collect_over=9)
    for step in range(5):
        if step == 2:
            other.load_state_dict(copy.deepcopy(own.state_dict()))
            assert (own.waiting.target.ages >= 0).any()
        for each in (own, other):
            collect(each, *images([0, 0, 1, 2], seed=step))
            each.update()
    assert own.source.num_updates.any()
    for key, value in own.state_dict().items():
        assert torch.equal(other.state_dict()[key], value), key
        assert value.isfinite().all()
    assert own.waiting.source.values.shape == (CLASSES, CLASSES, 5)


def test_a_checkpoint_fits_statistics_of_another_window(tmp_path):
    own, plain = statistics(collect_over=9), statistics()
    for seed in range(3):
        collect(own, *images([0, 1, 2, 2] * 2, seed=seed))
        own.update()
    assert own.waiting.source.ages.ge(0).any()
    plain.load_state_dict(own.state_dict())
    assert torch.equal(plain.source.means, own.source.means)
    later = statistics(collect_over=4)
    later.load_state_dict(plain.state_dict())
    assert not later.waiting.source.ages.ge(0).any()
    save_statistics(tmp_path / 'statistics.pth', own, {})
    loaded, _ = load_statistics(tmp_path / 'statistics.pth')
    assert torch.equal(loaded.target.means, own.target.means)


@pytest.mark.parametrize('bad', [torch.nan, torch.inf, -2e6])
def test_logits_that_are_none_are_no_samples(bad):
    own = statistics(collect_over=9)
    logits, labels = images([0] * 8)
    logits[:3, 1] = bad
    own.collect(logits, labels)
    own.update()
    assert own.waiting.source.ages[0].tolist() == [0] * 5
    assert own.source.num_updates.sum() == 0


def test_half_precision_leaves_them_single():
    own = statistics(collect_over=9)
    collect(own, *images([0, 1]))
    own.update()
    values = own.waiting.source.values.clone()
    assert torch.equal(own.half().waiting.source.values, values)


def test_ranks_need_samples_of_each_other():
    own = statistics(collect_over=9)
    collect(own, *images([0, 1, 2]))
    with pytest.raises(ValueError, match='`gather` beside .*collect_over=9'):
        own.update(lambda tensor: tensor)
    with pytest.raises(ValueError, match='`collect_over` to be at least 1'):
        statistics(collect_over=0)


def test_draws_of_a_run_do_not_depend_on_it():
    found = []
    for window in (1, 9):
        torch.manual_seed(3)
        own = statistics(collect_over=window)
        own.collect(*images([0, 1, 2] * 9, seed=4))
        own.update()
        found.append(torch.rand(3))
    assert torch.equal(*found)


def followed(steps=14, **settings):
    """Statistics after updates of which only some fit a class."""
    own = statistics(collect_over=7, **settings)
    for seed in range(steps):
        yield own
        collect(own, *images([0, 1, 1, 2, 255], seed=seed))


@pytest.mark.parametrize('anchor', ['source', 1])
def test_a_gpu_fits_the_same(monkeypatch, anchor):
    found = []
    for on_host in (True, False):
        with monkeypatch.context() as patched:
            if not on_host:
                patched.setattr(host, 'on_host', lambda _: False)
            for own in followed(anchor=anchor):
                own.update()
        found.append(own.state_dict())
    assert found[0]['source.num_updates'].gt(0).all()
    torch.testing.assert_close(*found, rtol=0, atol=1e-5)


def test_ranks_fit_what_all_of_them_have():
    """The other one has an empty batch, and gives the same moments."""
    found = []
    for ranks in (
        (),
        (lambda t: 2 * t, lambda t: [torch.full_like(t, torch.nan), t]),
    ):
        for own in followed():
            own.update(*ranks)
        found.append(own.state_dict())
    assert found[0]['source.num_updates'].gt(0).all()
    torch.testing.assert_close(*found, rtol=0, atol=1e-5)
