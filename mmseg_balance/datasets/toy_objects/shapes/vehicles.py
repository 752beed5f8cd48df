"""Vehicles, seen from their side; ``odd`` makes them like others.

Args of each function are the source of all draws, and how unusual the object
is for its class, from 0 to 1.
"""

import numpy as np

from .primitives import (
    Part,
    bar,
    box,
    disc,
    ellipse,
    polygon,
    wheel,
    windows,
)


def bicycle(rng: np.random.Generator, odd: float) -> list[Part]:
    """Thin wheels and a frame; an odd one has the tyres of a motorcycle."""
    r = rng.uniform(0.42, 0.5)
    tyre = rng.uniform(0.05, 0.08) + 0.1 * odd
    tube = rng.uniform(0.05, 0.08) + 0.08 * odd
    back, front, crank = (-0.52, 0.35), (0.52, 0.35), (-0.06, 0.35)
    saddle, neck = (-0.22, -0.3), (0.36, -0.35)
    tubes = [(back, saddle), (back, crank), (crank, neck), (saddle, neck),
             (crank, saddle), (front, neck)]  # fmt: skip
    bar_end = rng.uniform(0.1, 0.25)
    return [
        *wheel(*back, r, tyre),
        *wheel(*front, r, tyre),
        *(Part([bar(p, q, tube)], 'body') for p, q in tubes),
        Part([bar((-0.38, -0.36), (-0.1, -0.36), 0.09)], 'dark'),
        Part([bar(neck, (0.36 - bar_end, -0.5), 0.06)], 'metal'),
    ]


def motorcycle(rng: np.random.Generator, odd: float) -> list[Part]:
    """Thick wheels, tank and engine; an odd one is slim as a bicycle."""
    r = rng.uniform(0.36, 0.42) + 0.06 * odd
    tyre = rng.uniform(0.15, 0.19) - 0.09 * odd
    full = 1 - 0.55 * odd
    back, front = (-0.56, 0.4), (0.58, 0.4)
    return [
        *wheel(*back, r, tyre),
        *wheel(*front, r, tyre),
        Part([ellipse(0.0, 0.3, 0.3 * full, 0.24 * full)], 'metal'),
        Part([bar(back, (0.1, 0.25), 0.12 * full)], 'metal'),
        Part([bar(front, (0.34, -0.3), 0.09)], 'metal'),
        Part([ellipse(0.12, -0.08, 0.34, 0.2 * full, -0.15)], 'body'),
        Part(
            [polygon((-0.7, -0.1), (-0.1, 0.0), (-0.12, 0.16), (-0.6, 0.06))],
            'dark',
        ),
        Part([bar((0.34, -0.3), (0.14, -0.48), 0.07)], 'metal'),
    ]


def car(rng: np.random.Generator, odd: float) -> list[Part]:
    """A low body with a cabin; an odd one is as high as a bus."""
    roof = -0.38 - 0.4 * odd + rng.uniform(-0.05, 0.05)
    left = rng.uniform(-0.62, -0.45) - 0.25 * odd
    right = rng.uniform(0.3, 0.42) + 0.2 * odd
    slope = rng.uniform(0.2, 0.3) * (1 - 0.6 * odd)
    cabin = polygon(
        (left - slope / 2, 0), (left, roof), (right - slope, roof), (right, 0)
    )
    glass = cabin * (0.86, 0.8) + (0.0, 0.02)
    middle = (left + right - slope) / 2
    wheels = rng.uniform(0.2, 0.25)
    return [
        Part([cabin], 'body'),
        Part([glass], 'glass'),
        Part([box(middle - 0.03, roof, middle + 0.03, 0)], 'body'),
        Part([box(-0.95, -0.02, 0.95, 0.38)], 'body'),
        Part([box(0.86, 0.06, 0.95, 0.18)], 'metal'),
        *disc(-0.55, 0.4, wheels),
        *disc(0.55, 0.4, wheels),
    ]


def bus(rng: np.random.Generator, odd: float) -> list[Part]:
    """A long box full of windows."""
    top = rng.uniform(-0.62, -0.5) + 0.1 * odd
    number = int(rng.integers(4, 7))
    wheels = rng.uniform(0.16, 0.2)
    return [
        Part([box(-1, top, 1, 0.4)], 'body'),
        Part([box(-1, 0.12, 1, 0.22)], 'second'),
        *windows(-0.96, 0.72, top + 0.12, -0.05, number),
        Part([box(0.76, top + 0.1, 0.96, 0.34)], 'glass'),
        *disc(-0.6, 0.42, wheels),
        *disc(0.55, 0.42, wheels),
    ]


def truck(rng: np.random.Generator, odd: float) -> list[Part]:
    """A cab and a load apart from it; an odd one is closed, as a bus."""
    top = rng.uniform(-0.7, -0.5)
    cab = rng.uniform(0.4, 0.5)
    gap = 0.1 * (1 - odd)
    cab_top = -0.3 + (top + 0.3) * odd + rng.uniform(-0.05, 0.05)
    wheels = rng.uniform(0.17, 0.21)
    parts = [
        Part([box(-1, top, cab - gap, 0.3)], 'second'),
        Part([box(-1, 0.3, 0.95, 0.38)], 'dark'),
        Part(
            [polygon((cab, cab_top), (0.82 + 0.12 * odd, cab_top),
                     (0.95, 0.0), (0.95, 0.36), (cab, 0.36))],
            'body',
        ),
        Part(
            [polygon((cab + 0.1, cab_top + 0.08), (0.8, cab_top + 0.08),
                     (0.9, 0.0), (cab + 0.1, 0.0))],
            'glass',
        ),
    ]  # fmt: skip
    if odd > 0.5:  # letters on it, in the place of windows
        parts += windows(-0.9, cab - 0.1, top + 0.15, top + 0.4, 3)
    for x in (-0.72, -0.36, 0.68):
        parts += disc(x, 0.42, wheels)
    return parts


def train(rng: np.random.Generator, odd: float) -> list[Part]:
    """A nose, small wheels and a rail; an odd one has no nose."""
    top = rng.uniform(-0.45, -0.35) - 0.1 * odd
    nose = rng.uniform(0.4, 0.55) * (1 - 0.8 * odd)
    side = polygon(
        (-1.1, top), (1.05 - nose, top), (1.05, 0.1), (1.05, 0.28),
        (-1.1, 0.28),
    )  # fmt: skip
    wheels = rng.uniform(0.08, 0.1)
    parts = [
        Part([box(-1.2, 0.44, 1.2, 0.5)], 'metal'),
        Part([side], 'body'),
        Part([box(-1.1, 0.1, 1.0, 0.18)], 'second'),
        *windows(
            -1.0, 0.85 - nose, top + 0.12, top + 0.32, int(rng.integers(4, 6))
        ),
        Part(
            [polygon((1.0 - nose, top + 0.1), (1.06 - nose, top + 0.1),
                     (1.0, 0.04), (0.94 - nose / 2, 0.04))],
            'glass',
        ),
    ]  # fmt: skip
    for x in np.linspace(-0.95, 0.85, 6):
        parts.append(Part([ellipse(x, 0.36, wheels)], 'dark'))
    return parts
