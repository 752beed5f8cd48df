"""CDFs between points against CDFs at all of them."""

import pytest
import torch

from mmseg_balance.logits.mixtures.em import mixture_cdf
from mmseg_balance.logits.offsets.tables import wide_cdf
from mmseg_balance.logits.offsets.tables.wide_cdf import grid_cdf


def mixtures(sigma_in_cells, num=50):
    """With a component of that sigma; cells are 0.02 wide."""
    weights = torch.rand(num, 5)
    sigma = (1 + torch.rand(num, 5)) * 0.02 * sigma_in_cells
    sigma[:, 2] = 0.02 * sigma_in_cells
    return (
        weights / weights.sum(-1, keepdim=True),
        torch.randn(num, 5) * 3,
        sigma.square(),
    )


@pytest.mark.parametrize('num_knots', [33, 64, 510, 512])
@pytest.mark.parametrize('sigma', [24.01, 60, 2])
def test_equal_to_the_cdf_at_each_knot(num_knots, sigma):
    parameters = mixtures(sigma)
    if sigma == 60:  # wide and narrow ones
        parameters[2][::3, 1] = 1e-4
    base, step = -5 * torch.rand(50, 1), torch.full((50, 1), 0.02)
    found = grid_cdf(base, step, num_knots, parameters)
    knots = base + step * torch.arange(num_knots)
    expected = mixture_cdf(knots, *parameters)
    assert found.shape == expected.shape and found.is_contiguous()
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-6)
    narrow = parameters[2].amin(-1).sqrt() < 24 * 0.02
    assert torch.equal(found[narrow], expected[narrow])


def test_the_least_sigma_is_no_wider_than_it_has_to_be(monkeypatch):
    monkeypatch.setattr(wide_cdf, '_LEAST_SIGMA', 6)
    parameters = mixtures(6)
    base, step = torch.full((50, 1), -4.0), torch.full((50, 1), 0.02)
    knots = base + step * torch.arange(512)
    error = grid_cdf(base, step, 512, parameters)
    error = (error - mixture_cdf(knots, *parameters)).abs().max()
    assert error > 1e-5


def test_each_mixture_by_itself_bit_for_bit():
    parameters = mixtures(30)
    parameters[2][::3, 1] = 1e-4
    base, step = torch.full((50, 1), -4.0), torch.full((50, 1), 0.02)
    whole = grid_cdf(base, step, 512, parameters)
    for q in (0, 1, 17, 49):
        one = slice(q, q + 1)
        own = tuple(p[one] for p in parameters)
        found = grid_cdf(base[one], step[one], 512, own)
        assert torch.equal(found, whole[one])
