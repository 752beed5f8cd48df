"""The kernel of Eq. 7, interpreted, against PyTorch's scores."""

import pytest
import torch
from helpers.offset_tables import random_banks, random_pixels

from mmseg_balance.logits import OffsetTable
from mmseg_balance.logits.kernels.post_hoc import post_hoc_scores
from mmseg_balance.logits.offsets.tables import tabulation
from mmseg_balance.logits.post_hoc.scores import table_scores, tau_scores

pytest.importorskip('triton')
pytestmark = pytest.mark.filterwarnings('ignore:.*encountered in')


@pytest.fixture
def table(monkeypatch):
    """Of ten classes, more than a block has; some pairs never fitted."""
    monkeypatch.setattr(tabulation, 'TOLERANCE', -1.0)
    banks, anchors = random_banks(10)
    return OffsetTable.build(banks, anchors, grid_size=64)


@pytest.mark.parametrize('domain, tau', [(0, 1.0), (1, 0.4)])
def test_scores_are_those_of_pytorch(table, domain, tau):
    logits, *_ = random_pixels(10, 9, 15)
    logits[0, 3, 0, 0], logits[1, 5, 2, 2] = torch.nan, -torch.inf
    found, expected = (
        table_scores(logits, table, tau, domain, kernels)
        for kernels in ('triton', 'torch')
    )
    torch.testing.assert_close(
        found, expected, rtol=1e-4, atol=2e-4, equal_nan=True
    )
    assert found[0, :, 0, 0].isnan().all()
    assert found.isfinite().float().mean() > 0.99


def test_a_sweep_takes_the_kernel(table):
    logits, *_ = random_pixels(10, 4, 15)
    taus = [0.0, 0.5, 1.0]
    found, expected = (
        tau_scores(logits, table, taus, 1, kernels)
        for kernels in ('triton', 'torch')
    )
    assert torch.equal(found[0], logits.argmax(1))
    assert (found == expected).float().mean() > 0.99


def test_one_launch_on_a_gpu(table):
    from step_launches import Launches

    banks, anchors = random_banks(3)
    banks = [bank.to('meta') for bank in banks]
    table = OffsetTable.build(banks, anchors.to('meta'))
    logits = torch.zeros(1, 3, 20, 30, device='meta')
    with Launches() as launches:
        scores = table_scores(logits, table, 1.0)
    assert launches.names.total() == 1, launches.names
    assert scores.shape == logits.shape
    empty = table_scores(logits[:0], table, 1.0)
    assert empty.shape == (0, 3, 20, 30)


def test_the_operator_says_what_it_gives(table):
    torch.library.opcheck(
        post_hoc_scores,
        (torch.randn(10, 5), *table.tensors, 32, 10, 1.0),
        test_utils=('test_schema', 'test_faketensor'),
    )
    none = post_hoc_scores(torch.randn(10, 0), *table.tensors, 32, 0, 1.0)
    assert none.shape == (10, 0)
