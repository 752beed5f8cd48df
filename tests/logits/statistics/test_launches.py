"""What the statistics launch on a GPU, counted on the meta device.

There tensors have no values: whatever read one would raise.
"""

import pytest
import torch
from step_launches import Launches

from mmseg_balance.logits import LogitStatistics

SIDE = 512


def counted(function):
    with Launches() as launches:
        function()
    return launches


def make_statistics(num_classes, **settings):
    """After a first update, which makes what later ones find."""
    statistics = LogitStatistics(num_classes, **settings).to('meta')
    statistics.update()
    return statistics


def make_batch(num_classes):
    labels = torch.empty(2, SIDE, SIDE, dtype=torch.long, device='meta')
    return (
        torch.empty(2, num_classes, SIDE, SIDE, device='meta'),
        labels,
        labels.bool(),
        labels.float(),
    )


@pytest.mark.parametrize('num_classes', [19, 150])
def test_an_iteration_takes_few_launches_and_bytes(num_classes):
    statistics = make_statistics(num_classes)
    logits, labels, mask, weight = make_batch(num_classes)
    source = counted(lambda: statistics.collect(logits, labels))
    mixed = counted(lambda: statistics.collect(logits, labels, mask, weight))
    update = counted(statistics.update)
    assert source.names.total() <= 12
    assert mixed.names.total() <= 7
    assert update.names.total() <= 7
    # sorting takes 20 bytes a pixel, whatever C is; the rest are the samples
    samples = num_classes**2 * 1024 * 4
    for launches in (source, mixed):
        assert launches.written < samples + 26 * labels.numel() + 2**18
    # old and new parameters of both banks, twice each, and counters
    bank = num_classes**2 * (3 * 5 * 4 + 2 * 8)
    assert update.written < 8 * bank + 2**18


def test_several_calls_of_a_domain_are_laid_side_by_side_once():
    statistics = make_statistics(19)
    logits, labels, mask, weight = make_batch(19)
    for _ in range(3):
        statistics.collect(logits, labels, mask, weight)
    assert counted(statistics.update).names.total() <= 9


def test_ranks_take_a_launch_a_loop_for_the_samples_of_all_banks():
    statistics = make_statistics(19)
    logits, labels, mask, weight = make_batch(19)
    statistics.collect(logits, labels)
    statistics.collect(logits, labels, mask, weight)
    names = counted(lambda: statistics.update(lambda sums: sums)).names
    assert names['mmseg_balance::em_moments'] == statistics.em_loops
    assert names['mmseg_balance::sample_sums'] == 1
    assert names.total() <= 110


def test_an_update_writes_where_the_banks_are():
    """As a CUDA graph needs it: the same memory, and nothing is read."""
    statistics = LogitStatistics(5).to('meta')
    buffers = list(statistics.buffers())
    logits, labels, *_ = make_batch(5)
    statistics.collect(logits, labels)
    statistics.update()
    assert all(
        a is b for a, b in zip(buffers, statistics.buffers(), strict=True)
    )


def test_plain_pytorch_on_a_gpu_takes_fewer_than_it_did():
    statistics = make_statistics(19, kernels='torch')
    logits, labels, mask, weight = make_batch(19)
    statistics.collect(logits, labels)
    statistics.collect(logits, labels, mask, weight)
    assert counted(statistics.update).names.total() <= 300  # of 699
