"""Curves as the page is given them, in what JSON can say."""

import math
from typing import Any

import numpy as np

from .curve import thinned


def series(name: str, steps: np.ndarray, values: np.ndarray) -> dict[str, Any]:
    """A curve to draw, with its latest value as it stands in the file.

    Args:
        name: Of the scalar.
        steps: Iterations (N, ), at least one.
        values: Values (N, ).
    """
    return dict(
        name=name, points=thinned(steps, values), **ends(steps, values)
    )


def ends(steps: np.ndarray, values: np.ndarray) -> dict[str, Any]:
    """First and latest value; 'nan' and 'inf' as text.

    Args:
        steps: Iterations (N, ), at least one.
        values: Values (N, ).
    """
    return dict(
        step=int(steps[-1]),
        value=_json(values[-1]),
        first_step=int(steps[0]),
        first=_json(values[0]),
    )


def _json(value: float) -> float | str:
    return float(value) if math.isfinite(value) else str(float(value))
