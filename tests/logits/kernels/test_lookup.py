"""The kernel that reads offsets, interpreted, against PyTorch's reading."""

import pytest
import torch
from helpers.offset_tables import random_banks, random_pixels, random_table

from mmseg_balance.logits import OffsetTable, host, logit_offset
from mmseg_balance.logits.kernels import choice
from mmseg_balance.logits.kernels.lookup import offset_lookup
from mmseg_balance.logits.offsets.tables.fused_lookup import (
    adjust_by_table,
    fused_lookup,
)
from mmseg_balance.logits.offsets.tables.table_lookup import TableReader

triton = pytest.importorskip('triton')
pytestmark = pytest.mark.filterwarnings('ignore:.*encountered in')


def read_plainly(table, logits, labels, domain=None, ignore_index=255):
    """The same in a few plain lines of PyTorch."""
    reader = TableReader(
        table.low,
        table.scale * table.fitted,
        table.starts,
        table.values,
        table.error,
    )
    row = table.rows(labels, domain, ignore_index)
    offset = reader.read_plainly(logits.flatten(2), row)
    return offset.view(logits.shape)


def assert_equal(found, expected):
    torch.testing.assert_close(
        found, expected, rtol=1e-5, atol=1e-5, equal_nan=True
    )


@pytest.mark.parametrize(
    'num_classes, size, dtype',
    [
        (2, (1, 1), 'float32'),
        (5, (9, 13), 'bfloat16'),
        (19, (3, 50), 'float32'),
        (19, (3, 50), 'float16'),
        (150, (2, 3), 'bfloat16'),
    ],
)
def test_equal_to_the_plain_lookup(num_classes, size, dtype):
    table = random_table(num_classes, grid_size=33)
    logits, labels, domain = random_pixels(num_classes, *size)
    logits = logits.to(getattr(torch, dtype))
    found = table.lookup(logits, labels, domain, kernels='triton')
    assert found.dtype == torch.float32
    assert_equal(found, read_plainly(table, logits, labels, domain))
    assert found.any() or size == (1, 1)


def test_logits_that_are_no_numbers_and_labels_of_no_class():
    table = random_table(5)
    logits, labels, domain = random_pixels(5, 7, 11)
    logits[0, :, 0, :6] = torch.tensor(
        [0.0, 1e4, -1e4, 1e38, torch.inf, -torch.inf]
    )
    logits[1, :, 0] = torch.nan
    labels[:, 1] = -1
    labels[:, 2] = 5
    found = table.lookup(logits, labels, domain, kernels='triton')
    expected = read_plainly(table, logits, labels, domain)
    assert_equal(found, expected)
    assert not found[:, :, 1:3].any()
    assert found[1, :, 0].isnan().all() and not found[:, :, 1:].isnan().any()
    # a class may be the one that is ignored
    found = table.lookup(logits, labels, domain, 2, kernels='triton')
    assert_equal(found, read_plainly(table, logits, labels, domain, 2))


def test_equal_to_the_direct_offset():
    banks, anchors = random_banks(4)
    for bank in banks:  # without narrow components: see test_table.py
        bank.variances.clamp_(min=0.2)
    logits, labels, domain = random_pixels(4, 20, 20)
    expected = logit_offset(
        logits, labels, banks, anchors, grid_size=None, domain=domain
    )
    table = OffsetTable.build(banks, anchors)
    found = table.lookup(logits, labels, domain, kernels='triton')
    difference = (found - expected).abs()
    assert difference.max() < 0.02 and difference.mean() < 5e-4


def strided(logits):
    """The same numbers, in other places of memory."""
    wide = torch.zeros(*logits.shape[:2], 3 * 7, 30)
    wide[:, :, ::3, 5:16] = logits
    return {
        'channels last': logits.to(memory_format=torch.channels_last),
        'crop': wide[:, :, ::3, 5:16],
        'transposed': logits.transpose(2, 3).contiguous().transpose(2, 3),
        'expanded': logits[:1].expand(2, -1, -1, -1),
        'by pixel': logits.permute(2, 3, 0, 1)
        .contiguous()
        .permute(2, 3, 0, 1),
    }


@pytest.mark.parametrize('way', [*strided(torch.zeros(2, 3, 7, 11))])
def test_logits_of_any_strides(way):
    table = random_table(3)
    logits, labels, domain = random_pixels(3, 7, 11)
    logits = strided(logits)[way]
    labels = labels.mT.contiguous().mT
    domain = domain.int().repeat(1, 2, 1)[:, ::2]
    expected = read_plainly(table, logits, labels, domain)
    found = table.lookup(logits, labels, domain, kernels='triton')
    assert_equal(found, expected)
    if way in ('channels last', 'transposed'):
        assert found.stride() == logits.stride()


@pytest.mark.parametrize('size', [(), (6,), (2, 3, 4)])
def test_pixels_of_other_dimensions(size):
    table = random_table(3)
    logits, labels, domain = random_pixels(3, *size)
    found = table.lookup(logits, labels, domain, kernels='triton')
    expected = table.lookup(logits, labels, domain, kernels='torch')
    torch.testing.assert_close(found, expected, rtol=0, atol=0.02)


@pytest.mark.parametrize('dtype', ['uint8', 'int16', 'int32', 'int64'])
def test_types_of_labels_and_starts(dtype):
    table = random_table(3)
    logits, labels, _ = random_pixels(3, 5, 5)
    expected = read_plainly(table, logits, labels)
    table.knots.starts = table.knots.starts.long()
    labels = labels.to(getattr(torch, dtype))
    assert_equal(table.lookup(logits, labels, kernels='triton'), expected)


@pytest.mark.parametrize('size', [(0, 4), (4, 0)])
def test_an_empty_batch(size):
    table = random_table(3)
    logits, labels, domain = random_pixels(3, *size)
    found = table.lookup(logits, labels, domain, kernels='triton')
    assert found.shape == logits.shape
    none = table.lookup(logits[:0], labels[:0], kernels='triton')
    assert none.shape == (0, 3, *size)


@pytest.mark.parametrize('dtype', ['float32', 'bfloat16'])
def test_adjusted_logits_and_their_gradient(dtype, monkeypatch):
    monkeypatch.setattr(host, 'on_host', lambda _: False)
    table = random_table(5)
    logits, labels, domain = random_pixels(5, 9, 13)
    logits = logits.to(getattr(torch, dtype))
    results = []
    for kernels in ('triton', 'torch'):
        z = logits.clone().requires_grad_()
        adjusted = adjust_by_table(
            table, z, labels, 0.3, domain, kernels=kernels
        )
        adjusted.square().sum().backward()
        results.append((adjusted.detach(), z.grad))
    for found, expected in zip(*results, strict=True):
        assert found.dtype == expected.dtype
        assert_equal(found, expected)
    assert (adjusted - logits).abs().max() > 0.5


def test_the_operator_is_one():
    table = random_table(3)
    logits, labels, domain = random_pixels(3, 4, 4)
    torch.library.opcheck(
        offset_lookup,
        (logits, labels, domain, *table.tensors, 32, 255, None),
        test_utils=('test_schema', 'test_faketensor'),
    )


def test_logits_that_kernels_do_not_read():
    """float64 keeps its way, and a line says so once."""
    choice._say.cache_clear()
    table = random_table(3)
    logits, labels, _ = random_pixels(3, 4, 4)
    with pytest.warns(UserWarning, match=r'read logits of torch\.float64'):
        found = table.lookup(logits.double(), labels, kernels='triton')
    expected = table.lookup(logits, labels, kernels='torch')
    torch.testing.assert_close(found, expected)


def test_the_shape_of_a_table_is_no_constant_of_the_program():
    """So that nothing is compiled again when its contents change."""
    from mmseg_balance.logits.kernels.programs import lookup

    constants = {
        name
        for name, kind in lookup.offset_lookup.fn.__annotations__.items()
        if kind is triton.language.constexpr
    }
    assert constants == {'ADJUST', 'REFINEMENT', 'BLOCK_C', 'BLOCK_P'}


def test_on_the_meta_device_it_is_one_launch():
    banks, anchors = random_banks(3)
    banks = [bank.to('meta') for bank in banks]
    table = OffsetTable.build(banks, anchors.to('meta'))
    logits, labels, domain = (t.to('meta') for t in random_pixels(3, 4, 4))
    from step_launches import Launches

    with Launches() as launches:
        fused_lookup(table, logits, labels, domain)
    assert launches.names.total() == 1
    assert launches.written == logits.numel() * 4
