"""Samples that wait, on the CPU: few rows, and memory that is used again."""

import pytest
import torch

from mmseg_balance.logits import LogitStatistics
from mmseg_balance.logits.statistics.sampling import sample_class_logits

CLASSES = 6


def batch(seed, present=(0, 2, 5), side=20):
    torch.manual_seed(seed)
    number = torch.randperm(2 * side * side) % len(present)
    labels = torch.tensor(present)[number].view(2, side, side)
    return torch.randn(2, CLASSES, side, side), labels


def waiting(statistics, name='source'):
    (samples,) = statistics._pending.of(name, getattr(statistics, name))
    return samples


def test_classes_without_samples_take_no_memory():
    statistics = LogitStatistics(CLASSES)
    logits, labels = batch(0)
    labels[0, :2] = 3  # 40 pixels: too few
    statistics.collect(logits, labels)
    values, rows = waiting(statistics)
    assert rows.tolist() == [0, 2, 5]
    assert values.shape[:2] == (3, CLASSES)
    for row, c in zip(values, rows):
        for logit in range(CLASSES):
            pool = logits[:, logit][labels == c]
            assert torch.isin(row[logit], pool).all()


def test_memory_of_samples_is_used_again():
    statistics, fresh = (LogitStatistics(CLASSES) for _ in range(2))
    places = set()
    for seed, present in enumerate([(0, 1, 2, 3), (0, 2, 5), (1, 4), (0, 1)]):
        for own in (statistics, fresh):
            torch.manual_seed(seed)
            own.collect(*batch(seed, present))
        places.add(waiting(statistics).values.data_ptr())
        torch.testing.assert_close(
            waiting(statistics), waiting(fresh), rtol=0, atol=0
        )
        for own in (statistics, fresh):
            own.update()
        fresh._pending.__init__()
    assert len(places) == 1
    statistics.collect(*batch(9, side=40))  # which takes more
    assert waiting(statistics).values.data_ptr() not in places
    for name, value in fresh.state_dict().items():
        assert torch.equal(statistics.state_dict()[name], value)


def test_samples_of_several_calls_do_not_share_memory():
    statistics = LogitStatistics(CLASSES)
    statistics.collect(*batch(0))
    statistics.update()
    statistics.collect(*batch(1))
    statistics.collect(*batch(2, present=(1, 3)))
    calls = statistics._pending.of('source', statistics.source)
    assert [c.rows.tolist() for c in calls] == [[0, 2, 5], [1, 3]]
    assert calls[0].values.data_ptr() != calls[1].values.data_ptr()
    statistics.update()
    assert statistics.source.num_updates[:, 0].tolist() == [2, 1, 2, 1, 0, 2]


@pytest.mark.parametrize('bad', [torch.nan, torch.inf, -2e6])
@pytest.mark.parametrize(
    'layout', [torch.contiguous_format, torch.channels_last]
)
def test_logits_that_are_none_are_no_samples(bad, layout):
    logits, labels = batch(0)
    logits[0, 1, :10] = bad
    samples, _ = sample_class_logits(
        logits.contiguous(memory_format=layout), labels
    )
    assert samples[:, 1].isnan().any()
    assert samples[:, [0, 2, 3, 4, 5]].isfinite().all()
    statistics = LogitStatistics(CLASSES)
    statistics.collect(logits, labels)
    statistics.update()
    assert all(v.isfinite().all() for v in statistics.state_dict().values())
    assert (statistics.source.num_updates[0] == 1).all()
    mean = (statistics.source.weights * statistics.source.means).sum(-1)
    assert mean.abs().max() < 1


@pytest.mark.parametrize('dtype', [torch.float16, torch.float64])
def test_logits_of_other_types_give_float32(dtype):
    statistics, expected = (LogitStatistics(CLASSES) for _ in range(2))
    logits, labels = batch(0)
    logits = logits.to(dtype)
    logits[0, 1, :10] = torch.inf
    for own, given in ((statistics, logits), (expected, logits.float())):
        torch.manual_seed(1)
        own.collect(given, labels)
    found = waiting(statistics).values
    assert found.dtype == torch.float32
    torch.testing.assert_close(
        found, waiting(expected).values, rtol=0, atol=0, equal_nan=True
    )
