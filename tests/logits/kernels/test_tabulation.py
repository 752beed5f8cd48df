"""The kernels that make a table, interpreted, against PyTorch's tables."""

import pytest
import torch
from helpers.offset_tables import random_banks, random_pixels

from mmseg_balance.logits import GaussianMixtureBank, OffsetTable
from mmseg_balance.logits.kernels import choice
from mmseg_balance.logits.kernels.tabulation import (
    anchor_quantiles,
    offset_grids,
    refine_cells,
)
from mmseg_balance.logits.offsets.reference.alignment import inverse_cdf
from mmseg_balance.logits.offsets.tables import fused_tabulation, tabulation

pytest.importorskip('triton')
pytestmark = pytest.mark.filterwarnings('ignore:.*encountered in')

GRID, STEPS = 40, 31


@pytest.fixture(autouse=True)
def _small_and_refined_everywhere(monkeypatch):
    monkeypatch.setattr(tabulation, 'TOLERANCE', -1.0)
    for module in (tabulation, fused_tabulation):
        monkeypatch.setattr(module, 'QUANTILES', STEPS)


def built(banks, anchors, **kwargs):
    """The table by kernels, and by PyTorch."""
    return (
        OffsetTable.build(
            banks, anchors, grid_size=GRID, kernels=way, **kwargs
        )
        for way in ('triton', 'torch')
    )


def assert_close(found, expected, **kwargs):
    torch.testing.assert_close(found, expected, **kwargs, equal_nan=True)


def wide_banks(num_components=5):
    """Mixtures without narrow components: every knot is well-conditioned."""
    banks = [GaussianMixtureBank((2, 2), num_components) for _ in range(2)]
    anchors = GaussianMixtureBank((2,), num_components)
    for bank in (*banks, anchors):
        bank.weights.uniform_(0.1, 1)
        bank.weights.div_(bank.weights.sum(-1, keepdim=True))
        bank.means.normal_(0, 3)
        bank.variances.uniform_(0.3, 3)
        bank.num_updates.fill_(1)
    return banks, anchors


@pytest.mark.parametrize('num_components', [1, 2, 5])
def test_every_number_is_that_of_pytorch(num_components):
    found, expected = built(*wide_banks(num_components))
    for name in ('low', 'scale', 'fitted', 'error'):
        tolerance = dict(rtol=1e-5, atol=1e-5)
        assert_close(
            getattr(found, name), getattr(expected, name), **tolerance
        )
    assert_close(found.knots.grid, expected.knots.grid, rtol=1e-5, atol=1e-5)
    # of cells that are equally bad others may be refined
    both = (found.knots.starts < 0) & (expected.knots.starts < 0)
    assert both.float().mean() > 0.5 * (found.knots.starts < 0).float().mean()
    for table in (found, expected):
        per_pair = (table.knots.starts < 0).sum(1)
        assert (per_pair == table.knots.shape[2]).all()
    step = torch.arange(33)
    knots = [
        table.values[-table.knots.starts[both].long().unsqueeze(1) + step]
        for table in (found, expected)
    ]
    assert_close(*knots, rtol=1e-5, atol=2e-5)


@pytest.mark.parametrize('clip', [0.0, 0.01, 0.1])
def test_lookups_in_either_table(clip):
    """With collapsed components, and pairs that were never fitted."""
    banks, anchors = random_banks(2)
    found, expected = built(banks, anchors, clip=clip)
    batch = random_pixels(2, 40, 40)
    looked_up = [t.lookup(*batch) for t in (found, expected)]
    assert (looked_up[0] - looked_up[1]).abs().max() < 5e-3
    assert looked_up[0].abs().max() > 1
    assert torch.equal(found.fitted, expected.fitted)
    assert int((found.knots.starts < 0).sum()) == 8 * 24


@pytest.mark.parametrize('updates', [(0, 0), (0, 1), (1, 1)])
def test_anchors_that_are_not_fitted(updates):
    banks, anchors = wide_banks(1)
    anchors.num_updates.copy_(torch.tensor(updates))
    found, expected = built(banks, anchors, needs_anchors=True)
    assert torch.equal(found.fitted, expected.fitted)
    assert bool(found.fitted.any()) == all(updates)


def test_quantiles_are_those_of_the_inverse_cdf():
    mixtures = [
        torch.tensor([[0.5, 0.5], [0.2, 0.8], [0.5, 0.5]]),
        torch.tensor([[-1.0, 2.0], [0.0, 0.0], [-50.0, 50.0]]),
        torch.tensor([[1.0, 3.0], [1e-4, 1e-4], [1e-4, 1.0]]),
    ]
    for clip in (0.0, 0.01):
        p = torch.linspace(clip, 1 - clip, STEPS + 1).expand(3, -1)
        expected = inverse_cdf(p, *mixtures, clip)
        found = anchor_quantiles(*mixtures, clip, STEPS)
        # the third has a stretch without a density, around p = 0.5
        flat = torch.zeros_like(p, dtype=torch.bool)
        flat[2] = (p[2] - 0.5).abs() < 0.02
        difference = (found - expected).masked_fill(flat, 0)
        assert difference.abs().max() < 1e-4
        assert found[2].abs().max() < 54


def test_the_worst_cells_are_refined_first_of_equals():
    """A step of z' in cells 7 and 20; all else is flat."""
    grid = torch.zeros(1, GRID)
    grid[:, 8:] += 1.0
    grid[:, 21:] += 2.0
    values = torch.cat([grid.flatten(), torch.zeros(3 * 33)])
    one = torch.ones(1, 1)
    quantiles = torch.zeros(2, STEPS + 1)
    settings = (1, 0.01, 2.3, 1e-6, GRID, 3, 32, 8)
    starts, error = refine_cells(one, one, one, quantiles, values, *settings)
    refined = (starts[0] < 0).nonzero().flatten()
    assert refined.tolist() == [0, 7, 20]
    assert (-starts[0, [20, 7, 0]]).tolist() == [GRID, GRID + 33, GRID + 66]
    others = starts[0, starts[0] >= 0]
    assert torch.equal(others, (starts[0] >= 0).nonzero().flatten().int())
    assert error == 0 and not values[GRID:].any()


def test_a_whole_table_is_few_launches():
    """And nothing in it depends on data."""
    from step_launches import Launches

    banks, anchors = wide_banks()
    banks, anchors = [b.to('meta') for b in banks], anchors.to('meta')
    with Launches() as launches:
        table = OffsetTable.build(banks, anchors, needs_anchors=True)
    assert launches.names.total() <= 8, launches.names
    assert table.values.device.type == 'meta'
    expected = OffsetTable.build(banks, anchors, kernels='torch')
    for name in ('low', 'scale', 'fitted', 'starts', 'values', 'error'):
        found = getattr(table, name)
        assert found.shape == getattr(expected, name).shape, name
        assert found.dtype == getattr(expected, name).dtype, name


def test_settings_beyond_the_kernels():
    choice._say.cache_clear()
    banks, anchors = wide_banks(17)
    with pytest.warns(UserWarning, match='num_components up to 16, not 17'):
        table = OffsetTable.build(banks, anchors, kernels='triton')
    assert table._lazy is not None  # made by PyTorch
    banks, anchors = wide_banks(1)
    with pytest.warns(UserWarning, match='grid_size up to 4096, not 5000'):
        OffsetTable.build(banks, anchors, grid_size=5000, kernels='triton')


def test_the_operators_say_what_they_give():
    banks, anchors = wide_banks(2)
    mixtures = [p.flatten(0, 1) for p in banks[0].parameters_]
    quantiles = anchor_quantiles(*anchors.parameters_, 0.01, STEPS)
    updates = banks[0].num_updates.flatten(), anchors.num_updates
    shared = (2, 0.01, 2.3, 1e-6, GRID)
    arguments = (*mixtures, *updates, quantiles, *shared, 4 * 139, False)
    utils = ('test_schema', 'test_faketensor')
    torch.library.opcheck(offset_grids, arguments, test_utils=utils)
    values = offset_grids(*arguments)[3]
    torch.library.opcheck(
        refine_cells,
        (*mixtures, quantiles, values, *shared, 3, 32, 8),
        test_utils=utils,
    )
    torch.library.opcheck(
        anchor_quantiles,
        (*anchors.parameters_, 0.01, STEPS),
        test_utils=utils,
    )
