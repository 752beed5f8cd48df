"""CDFs on a fine grid, of mixtures that are wide beside its cells.

Error functions are what tables cost a CPU. Between points of which a sigma
has six, the CDF is a polynomial to all that float32 has.
"""

import torch
from torch import Tensor

from ...mixtures.em import Parameters, mixture_cdf

# Knots from one that is computed to the next.
_STRIDE = 4
# Cells that the least sigma of a mixture has for that. Lines of six points
# are then off by 0.0113 (4 / 24)^6 = 2.4e-7 at most.
_LEAST_SIGMA = 24


def grid_cdf(
    base: Tensor, step: Tensor, num_knots: int, parameters: Parameters
) -> Tensor:
    """CDF of mixtures at the knots of their grids.

    Args:
        base, step: First knot and distance of the knots, (q, 1).
        num_knots: Knots G.
        parameters: Weights, means and variances, each (q, K).

    Returns:
        (q, G), to 1e-6 that of ``mixture_cdf``; tested in
        tests/logits/offsets/tables/test_wide_cdf.py.
    """
    narrowest = parameters[2].amin(-1).sqrt()
    wide = narrowest >= _LEAST_SIGMA * step.squeeze(1)
    if bool(wide.all()):
        return _between(base, step, num_knots, parameters)
    result = base.new_empty(len(base), num_knots)
    if bool(wide.any()):
        mixtures = tuple(p[wide] for p in parameters)
        result[wide] = _between(base[wide], step[wide], num_knots, mixtures)
    narrow = ~wide
    knots = base[narrow] + step[narrow] * torch.arange(num_knots)
    result[narrow] = mixture_cdf(knots, *(p[narrow] for p in parameters))
    return result


def _between(
    base: Tensor, step: Tensor, num_knots: int, parameters: Parameters
) -> Tensor:
    """The same, interpolated with polynomials of degree 5 (Lagrange)."""
    size = -(-num_knots // _STRIDE)
    # two points before the interval of a knot, and three behind
    places = torch.arange(-2, size + 3) * _STRIDE
    cdf = mixture_cdf(base + step * places, *parameters)
    result = base.new_empty(len(base), size, _STRIDE)
    result[..., 0] = cdf[:, 2 : size + 2]
    for phase in range(1, _STRIDE):
        first, *others = _lagrange(phase / _STRIDE)
        sums = cdf[:, :size] * first
        for point, weight in enumerate(others, 1):
            sums.add_(cdf[:, point : point + size], alpha=weight)
        result[..., phase] = sums
    return result.flatten(1)[:, :num_knots].contiguous()


def _lagrange(x: float) -> list[float]:
    """Weights of the points -2 .. 3 for the value at x."""
    points = range(-2, 4)
    weights = []
    for own in points:
        weight = 1.0
        for other in points:
            if other != own:
                weight *= (x - other) / (own - other)
        weights.append(weight)
    return weights
