"""Polygons that objects are made of.

Coordinates are x to the right and y down; an object fills about [-1, 1] in
both, seen from its side.
"""

from typing import NamedTuple

import numpy as np


class Part(NamedTuple):
    """A part of an object, painted over those before it.

    Attributes:
        polygons: (P, 2) each; where they overlap is a hole.
        tone: What it is made of: 'body', 'second' (another paint), 'dark',
            'glass', 'metal', 'skin', 'leaf' or 'wood'.
    """

    polygons: list[np.ndarray]
    tone: str


def ellipse(
    x: float, y: float, rx: float, ry: float | None = None, turn: float = 0.0
) -> np.ndarray:
    """An ellipse around (x, y), turned by an angle; a circle without ry."""
    t = np.linspace(0, 2 * np.pi, 28, endpoint=False)
    points = np.stack([rx * np.cos(t), (rx if ry is None else ry) * np.sin(t)])
    c, s = np.cos(turn), np.sin(turn)
    return (np.array([[c, -s], [s, c]]) @ points).T + (x, y)


def box(x0: float, y0: float, x1: float, y1: float) -> np.ndarray:
    """A rectangle."""
    return np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)])


def polygon(*points: tuple[float, float]) -> np.ndarray:
    """A polygon of these corners."""
    return np.array(points, dtype=float)


def bar(
    p: tuple[float, float], q: tuple[float, float], width: float
) -> np.ndarray:
    """A straight bar from one point to another."""
    p, q = np.array(p, dtype=float), np.array(q, dtype=float)
    along = (q - p) / max(float(np.hypot(*(q - p))), 1e-6)
    side = width / 2 * np.array([-along[1], along[0]])
    return np.stack([p + side, q + side, q - side, p - side])


def wheel(x: float, y: float, radius: float, tyre: float) -> list[Part]:
    """A wheel one can look through, with a tyre of some width."""
    ring = [ellipse(x, y, radius), ellipse(x, y, radius - tyre)]
    return [
        Part(ring, 'dark'),
        Part([ellipse(x, y, radius * 0.12)], 'metal'),
    ]


def disc(x: float, y: float, radius: float) -> list[Part]:
    """A wheel with a hub."""
    return [
        Part([ellipse(x, y, radius)], 'dark'),
        Part([ellipse(x, y, radius * 0.5)], 'metal'),
    ]


def windows(
    x0: float, x1: float, y0: float, y1: float, number: int
) -> list[Part]:
    """A row of windows."""
    edges = np.linspace(x0, x1, number + 1)
    gap = 0.12 * (x1 - x0) / number
    return [
        Part([box(left + gap, y0, right - gap, y1)], 'glass')
        for left, right in zip(edges[:-1], edges[1:], strict=True)
    ]
