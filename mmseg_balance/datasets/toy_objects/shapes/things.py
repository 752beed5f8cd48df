"""Living things and tools; ``odd`` makes them unlike their class.

Args of each function are the source of all draws, and how unusual the object
is for its class, from 0 to 1.
"""

import numpy as np

from .primitives import Part, bar, box, ellipse, polygon


def aeroplane(rng: np.random.Generator, odd: float) -> list[Part]:
    """Fuselage, swept wings and a tail, from the side and above."""
    span = rng.uniform(0.75, 0.95) * (1 - 0.3 * odd)
    chord, sweep = rng.uniform(0.25, 0.35), rng.uniform(0.3, 0.45)
    thick = rng.uniform(0.12, 0.16) + 0.05 * odd
    far = polygon((0.2, 0), (0.2 - chord, 0), (-sweep, -span),
                  (-sweep + 0.12, -span))  # fmt: skip
    near = far * (1, -1)
    return [
        Part([far], 'second'),
        Part([ellipse(0, 0, 1, thick)], 'body'),
        Part([near], 'second'),
        Part([polygon((-0.7, 0), (-0.98, -0.42), (-0.84, -0.42),
                      (-0.45, 0))], 'body'),
        Part([polygon((-0.75, 0.02), (-1, 0.25), (-0.86, 0.25),
                      (-0.55, 0.02))], 'second'),
        Part([ellipse(0.78, -0.03, 0.1, 0.05)], 'glass'),
    ]  # fmt: skip


def horse(rng: np.random.Generator, odd: float) -> list[Part]:
    """Body, neck and four legs; the head of an odd one is down."""
    lift = rng.uniform(-0.6, -0.5) + 0.75 * odd
    head = (rng.uniform(0.75, 0.85), lift)
    nose = (head[0] + 0.22, lift + 0.2)
    swing = rng.uniform(-0.12, 0.12, 4)
    hips = ((-0.5, 0.1), (-0.38, 0.1), (0.3, 0.1), (0.42, 0.1))
    return [
        *(
            Part([bar(hip, (hip[0] + s, 0.85), 0.11)], 'wood')
            for hip, s in zip(hips, swing, strict=True)
        ),
        Part([bar((-0.55, -0.15), (-0.85, 0.4), 0.12)], 'dark'),
        Part([ellipse(0, 0, 0.62, 0.3)], 'wood'),
        Part([bar((0.42, -0.05), head, 0.26)], 'wood'),
        Part([bar(head, nose, 0.2)], 'wood'),
        Part([bar((0.3, -0.2), (head[0] - 0.12, lift - 0.05), 0.1)], 'dark'),
    ]


def knife(rng: np.random.Generator, odd: float) -> list[Part]:
    """A blade and a handle; the blade of an odd one is short."""
    wide = rng.uniform(0.13, 0.2)
    tip = 0.98 - 0.5 * odd
    edge = rng.uniform(0.5, 0.8) * tip
    return [
        Part([polygon((-0.2, -wide), (tip, -wide), (edge, wide),
                      (-0.2, wide))], 'metal'),
        Part([box(-0.24, -wide - 0.04, -0.16, wide + 0.04)], 'metal'),
        Part([box(-0.95, -0.12, -0.2, 0.12)], 'dark'),
    ]  # fmt: skip


def person(rng: np.random.Generator, odd: float) -> list[Part]:
    """Head, trunk and limbs; an odd one sits."""
    arm = rng.uniform(0.2, 0.5)
    step = rng.uniform(0.08, 0.25)
    hips = [(-0.1, 0.2), (0.1, 0.2)]
    knee = 0.55 - 0.25 * odd
    knees = [(-step + 0.35 * odd, knee), (step + 0.4 * odd, knee)]
    feet = [(-step + 0.35 * odd, 0.95), (step + 0.42 * odd, 0.95)]
    parts = []
    for hip, bend, foot in zip(hips, knees, feet, strict=True):
        parts += [
            Part([bar(hip, bend, 0.18)], 'second'),
            Part([bar(bend, foot, 0.16)], 'second'),
        ]
    for side in (-1, 1):
        hand = (side * arm, rng.uniform(0.0, 0.2))
        parts.append(Part([bar((side * 0.2, -0.42), hand, 0.13)], 'body'))
        parts.append(Part([ellipse(*hand, 0.08)], 'skin'))
    return [
        *parts,
        Part([polygon((-0.26, -0.5), (0.26, -0.5), (0.18, 0.28),
                      (-0.18, 0.28))], 'body'),
        Part([ellipse(0, -0.72, 0.18, 0.21)], 'skin'),
        Part([ellipse(0, -0.82, 0.18, 0.12)], 'dark'),
    ]  # fmt: skip


def plant(rng: np.random.Generator, odd: float) -> list[Part]:
    """Leaves around a stem in a pot; the leaves of an odd one hang."""
    parts = [Part([bar((0, 0.5), (0, -0.2), 0.06)], 'leaf')]
    for angle in np.linspace(-1.4, 1.4, int(rng.integers(6, 10))):
        angle = angle * (1 + 0.5 * odd) + rng.uniform(-0.15, 0.15)
        far = rng.uniform(0.45, 0.65)
        x, y = far * np.sin(angle), -0.15 - far * np.cos(angle)
        leaf = ellipse(x, y, 0.36, rng.uniform(0.09, 0.15), angle - np.pi / 2)
        parts.append(Part([leaf], 'leaf'))
    pot = polygon((-0.36, 0.45), (0.36, 0.45), (0.24, 0.98), (-0.24, 0.98))
    return [*parts, Part([pot], 'body')]


def skateboard(rng: np.random.Generator, odd: float) -> list[Part]:
    """A board with turned-up ends; an odd one is straight, as a blade."""
    lift = rng.uniform(0.12, 0.2) * (1 - odd)
    thick = rng.uniform(0.1, 0.14)
    wheels = rng.uniform(0.11, 0.14) * (1 - 0.35 * odd)
    parts = []
    for side in (-1, 1):
        x = side * 0.5
        parts += [
            Part([bar((x, 0), (x, 0.22), 0.12)], 'metal'),
            Part([ellipse(x - 0.08, 0.26, wheels)], 'dark'),
            Part([ellipse(x + 0.08, 0.26, wheels)], 'dark'),
            Part([bar((side * 0.7, 0), (side * 1.0, -lift), thick)], 'body'),
        ]
    return [*parts, Part([bar((-0.72, 0), (0.72, 0), thick)], 'body')]
