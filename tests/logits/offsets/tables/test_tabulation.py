"""Knots of many pairs, and what is said of straight lines between them."""

import pytest
import torch

from mmseg_balance.logits import GaussianMixtureBank
from mmseg_balance.logits.offsets.reference.alignment import align
from mmseg_balance.logits.offsets.tables import tabulation
from mmseg_balance.logits.offsets.tables.tabulation import Tabulator, tabulate

PAIRS, GRID = 400, 64


def tabulator(narrow, anchor_sigma=1.0):
    """Mixtures as wide as many cells, or down to the variance floor."""
    sigma = torch.rand(PAIRS, 5) * 2 + 0.3
    if narrow:
        sigma *= 10 ** -(2 * torch.rand(PAIRS, 1))
    weights = torch.rand(PAIRS, 5)
    parameters = (
        weights / weights.sum(-1, keepdim=True),
        torch.randn(PAIRS, 5) * 2 * torch.rand(PAIRS, 1),
        sigma.square().clamp(min=1e-4),
    )
    anchors = GaussianMixtureBank((2,))
    anchors.means += torch.tensor([[6.0], [-2.0]])
    anchors.variances.fill_(anchor_sigma**2)
    positive = torch.rand(PAIRS) < 0.5
    return Tabulator(parameters, positive, anchors, 0.01, GRID), anchors


def error_between_knots(made, anchors, grid):
    """What lines between the knots are off of ``align``, (PAIRS,)."""
    share = torch.linspace(0, 1, 41)
    steps = torch.arange(GRID - 1).unsqueeze(1) + share
    z = made.low[:, None, None] + made.width[:, None, None] * steps
    positive = (made.begin == 0).unsqueeze(-1).squeeze(-1)
    direct = align(z.flatten(1), made.parameters, positive, anchors, 0.01)
    line = torch.lerp(grid[:, :-1, None], grid[:, 1:, None], share)
    return (line - direct.view_as(line)).abs().amax((1, 2))


@pytest.mark.parametrize('narrow', [False, True])
@pytest.mark.parametrize('anchor_sigma', [1.0, 0.01])
def test_the_bound_is_no_smaller_than_the_error(narrow, anchor_sigma):
    made, anchors = tabulator(narrow, anchor_sigma)
    every = slice(0, PAIRS)
    grid = made.grid(every)
    bound = made.line_bound(every, grid)
    cells, inner, error = made.refine(every, grid)
    # align inverts between 1000 points, the knots between other ones
    assert (error <= bound + 1e-3).all()
    assert (error_between_knots(made, anchors, grid) <= bound + 5e-3).all()
    # it spares pairs the finer cells, and only where they are smooth
    finite = bound.isfinite()
    if anchor_sigma == 0.01:
        assert not finite.any()
    else:
        assert finite.float().mean() > 0.8 or narrow
        assert finite.any() and (bound[finite] < 10 * error[finite]).any()
    assert inner.shape == (*cells.shape, 33)


def test_knots_of_some_pairs_are_those_of_all():
    made, _ = tabulator(narrow=True)
    grid = made.grid(slice(0, PAIRS))
    some = torch.tensor([3, 77, 399, 5])
    assert torch.equal(made.grid(some), grid[some])
    for found, expected in zip(
        made.refine(some, grid[some]),
        made.refine(slice(0, PAIRS), grid),
        strict=True,
    ):
        assert torch.equal(found, expected[some])


def test_a_whole_tabulation_is_that_of_its_pairs(monkeypatch):
    made, anchors = tabulator(narrow=True)
    monkeypatch.setattr(tabulation, '_CHUNK_CPU', 2000)
    low, width, knots, error = tabulate(
        made.parameters, (made.begin == 0).flatten(), anchors, 0.01, GRID
    )
    every = slice(0, PAIRS)
    assert torch.equal(low, made.low) and torch.equal(width, made.width)
    assert torch.equal(knots.grid, made.grid(every))
    cells, inner, off = made.refine(every, knots.grid)
    assert torch.equal(knots.fine, inner) and torch.equal(error, off)
    begin = knots.starts.gather(1, cells).neg().unsqueeze(-1)
    assert torch.equal(knots.values[begin + torch.arange(33)], inner)
