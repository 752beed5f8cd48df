"""Names beside curves: apart, in order, and near their curves."""

import numpy as np
import pytest
from scipy.optimize import minimize

from mmseg_balance.visualization.paper_figures.end_labels import spread


@pytest.mark.parametrize('seed', range(4))
@pytest.mark.parametrize('bounds', [(), (0.1, 1.1)])
def test_places_move_as_little_as_they_can(seed, bounds):
    rng = np.random.default_rng(seed)
    places, gap = rng.random(7) ** 3, 0.15
    found = spread(places, gap, *bounds)
    order = np.argsort(places)
    assert (np.diff(found[order]) > gap - 1e-9).all()
    # least squares under the same constraints, by SciPy
    constraints = [
        dict(type='ineq', fun=lambda x, a=a, b=b: x[b] - x[a] - gap)
        for a, b in zip(order, order[1:], strict=False)
    ]
    best = minimize(
        lambda x: ((x - places) ** 2).sum(),
        found,
        bounds=[bounds] * 7 if bounds else None,
        constraints=constraints,
    )
    np.testing.assert_allclose(found, best.x, atol=1e-4)


def test_places_far_apart_stay():
    places = np.array([0.9, 0.1, 0.5])
    np.testing.assert_allclose(spread(places, 0.1), places)
