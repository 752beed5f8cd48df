"""The fast lookup against the same in a few plain lines."""

import pytest
import torch

from mmseg_balance.logits import GaussianMixtureBank, OffsetTable, host
from mmseg_balance.logits.offsets.tables import table_lookup, tabulation
from mmseg_balance.logits.offsets.tables.table_lookup import TableReader

CLASSES = 5


@pytest.fixture
def reader(monkeypatch) -> TableReader:
    """Reads a table of two domains; some pairs were never fitted."""
    monkeypatch.setattr(tabulation, 'TOLERANCE', -1.0)
    banks = [GaussianMixtureBank((CLASSES, CLASSES)) for _ in range(2)]
    for bank in banks:
        bank.means.normal_(0, 3)
        bank.variances.uniform_(0.2, 4)
        bank.variances[..., :2] = 1e-4
        bank.num_updates.copy_(torch.rand(CLASSES, CLASSES) < 0.7)
        bank.num_updates[4, 2] = 1
    anchors = GaussianMixtureBank((2,))
    anchors.means += torch.tensor([[6.0], [-2.0]])
    table = OffsetTable.build(banks, anchors, grid_size=64)
    scale = table.scale * table.fitted
    return TableReader(
        table.low, scale, table.starts, table.values, table.error
    )


def batch():
    """Logits that hit knots, leave the table, or are no numbers."""
    z = torch.randn(2, CLASSES, 3000) * 4
    z[0, :, :6] = torch.tensor([0.0, 1e4, -1e4, 1e38, torch.inf, -torch.inf])
    z[1, :, 0] = torch.nan
    row = torch.randint(2 * CLASSES + 1, (2, 3000), dtype=torch.int32)
    return z, row


@pytest.mark.parametrize('chunk', [2**21, 777])
@pytest.mark.parametrize('way', ['cpu', 'device'])
def test_equal_to_the_plain_lookup(reader, way, chunk, monkeypatch):
    monkeypatch.setattr(host, 'on_host', lambda _: way == 'cpu')
    for name in ('_CHUNK', '_DEVICE_CHUNK'):
        monkeypatch.setattr(table_lookup, name, chunk)
    z, row = batch()
    found, expected = reader.read(z, row), reader.read_plainly(z, row)
    torch.testing.assert_close(found, expected, rtol=0, atol=0, equal_nan=True)
    # refined cells, others, and pairs without an offset are all among them
    assert (found == 0).any() and found[:, :, 6:].isfinite().all()
    last = row == 2 * CLASSES
    assert (found[0].T[last[0]].nan_to_num() == 0).all()


def test_the_plain_lookup_goes_through_the_knots(reader):
    """At each knot z' is the knot's value; between two it is a line."""
    logit, row = 2, 4
    low, scale = (
        t.view(CLASSES, -1)[logit, row] for t in (reader.low, reader.scale)
    )
    pair = row * CLASSES + logit
    values = reader.values[pair * (reader.cells + 1) :]
    starts = reader.starts.view(-1, reader.cells)[pair]
    for cell in range(reader.cells):
        z = torch.zeros(1, CLASSES, 2)
        z[0, logit] = low + (cell + torch.tensor([0.25, 0.75])) / scale
        rows = torch.full((1, 2), row)
        aligned = (reader.read_plainly(z, rows) + z)[0, logit]
        if starts[cell] < 0:  # 8 of its 32 intervals are a quarter
            first = int(-starts[cell])
            expected = reader.values[[first + 8, first + 24]]
        else:
            left, right = values[cell], values[cell + 1]
            expected = torch.stack([left.lerp(right, s) for s in (0.25, 0.75)])
        torch.testing.assert_close(aligned, expected, rtol=0, atol=5e-3)
