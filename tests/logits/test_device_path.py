"""What runs on a GPU, run on the CPU, and all chunks, against what it does.

The ways differ in what they skip and in the size of their chunks; see
``mmseg_balance.logits.host``.
"""

import pytest
import torch

from mmseg_balance.logits import LogitStatistics, host
from mmseg_balance.logits.mixtures import moments
from mmseg_balance.logits.mixtures.em import em_moments
from mmseg_balance.logits.offsets.tables import table_lookup, tabulation

CLASSES = 7


@pytest.fixture
def on_device(monkeypatch):
    """Take the ways of a GPU from here on."""
    return lambda: monkeypatch.setattr(host, 'on_host', lambda _: False)


@pytest.fixture
def small_chunks(monkeypatch):
    """Chunks that divide nothing evenly, from here on."""

    def set_chunks():
        monkeypatch.setattr(moments, '_LARGEST_CPU', 1111)
        monkeypatch.setattr(moments, '_LARGEST', 2222)
        monkeypatch.setattr(tabulation, '_CHUNK_CPU', 3333)
        monkeypatch.setattr(tabulation, '_CHUNK', 5555)
        monkeypatch.setattr(table_lookup, '_CHUNK', 77)
        monkeypatch.setattr(table_lookup, '_DEVICE_CHUNK', 999)

    return set_chunks


def trained(seed=0):
    """Statistics after a few updates, and a batch; one class is rare."""
    torch.manual_seed(seed)
    statistics = LogitStatistics(CLASSES, warmup=0, momentum=0.5)
    labels = torch.randint(CLASSES - 1, (2, 40, 40))
    labels[0, :5, 3:] = 255
    labels[1, :2, :20] = CLASSES - 1  # 40 pixels: too few
    mask = torch.rand(labels.shape) < 0.5
    logits = torch.randn(2, CLASSES, 40, 40) * 3
    for _ in range(3):
        statistics.collect(logits, labels)
        statistics.collect(logits, labels, mask)
        statistics.update()
        logits = logits + torch.randn_like(logits)
    return statistics, logits, labels, mask


def compare(found, expected):
    for key, value in expected.state_dict().items():
        torch.testing.assert_close(
            found.state_dict()[key], value, rtol=1e-4, atol=1e-4
        )


def test_both_ways_fit_the_same_banks(on_device):
    expected, *_ = trained()
    on_device()
    found, *_ = trained()
    compare(found, expected)
    # and the pixels that were too few stay unfitted on both
    assert not found.source.num_updates[-1].any()


def test_chunks_fit_the_same_banks(small_chunks):
    expected, *_ = trained()
    small_chunks()
    found, *_ = trained()
    compare(found, expected)


@pytest.mark.parametrize('way', ['device', 'chunks', 'both'])
def test_both_ways_read_the_same_offsets(
    way, on_device, small_chunks, monkeypatch
):
    statistics, *batch = trained()
    # the finer cells on a CPU too
    monkeypatch.setattr(tabulation, 'TOLERANCE', -1.0)
    expected = statistics.offset(*batch)
    if way != 'chunks':
        on_device()
    if way != 'device':
        small_chunks()
    statistics._table = None
    found = statistics.offset(*batch)
    torch.testing.assert_close(found, expected, rtol=0, atol=2e-5)
    assert float(expected.abs().max()) > 0.5


def test_a_cpu_leaves_finer_cells_out_where_they_hardly_matter(monkeypatch):
    statistics, logits, labels, mask = trained()
    # logit 2 gets components at the variance floor, for which they matter
    statistics.source.variances[:, 2, 3:] = 1e-4
    statistics.target.variances[:, 2, 3:] = 1e-4
    statistics._table = None
    error = statistics.table.error
    assert error[2] > 0.02 > error[[0, 1, 3, 4, 5]].max()
    found = statistics.offset(logits, labels, mask)
    monkeypatch.setattr(tabulation, 'TOLERANCE', -1.0)
    statistics._table = None
    expected = statistics.offset(logits, labels, mask)
    difference = (found - expected).abs().amax((0, 2, 3))
    assert difference[2] == 0
    # what the table says of its error holds for every logit
    others = [0, 1, 3, 4, 5]
    assert 0 < difference[others].max()
    assert (difference[others] <= error[others] + 2e-5).all()


def test_more_pixels_than_a_chunk_has():
    statistics, *_ = trained()
    pixels = table_lookup._CHUNK + 5
    logits = torch.randn(1, CLASSES, pixels)
    labels = torch.randint(CLASSES, (1, pixels))
    offset = statistics.offset(logits, labels)
    tail = slice(pixels - 10, pixels)
    torch.testing.assert_close(
        offset[..., tail],
        statistics.offset(logits[..., tail], labels[..., tail]),
        rtol=0,
        atol=0,
    )


def test_moments_add_up_over_parts_of_the_samples():
    torch.manual_seed(0)
    samples = torch.randn(3, 4, 50) * 4 + 100
    parameters = (
        torch.full((3, 4, 5), 0.2),
        100 + torch.randn(3, 4, 5),
        torch.rand(3, 4, 5) + 0.1,
    )
    valid = torch.rand(3, 4, 50) < 0.5
    valid[1, 2] = False
    whole = em_moments(samples, parameters, valid)
    parts = sum(
        em_moments(samples[..., p], parameters, valid[..., p])
        for p in (slice(0, 20), slice(20, 50))
    )
    torch.testing.assert_close(parts, whole, rtol=1e-5, atol=1e-5)
    assert not whole[:, 1, 2].any()
