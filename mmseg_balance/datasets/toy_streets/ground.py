"""Cross-section of a street, and what lies on its ground."""

from dataclasses import dataclass

import numpy as np

from .camera import NEAR, Shape
from .domains import Street
from .drawing import Drawing

SIDES = (-1, 1)


@dataclass(frozen=True)
class Section:
    """Widths across a street, in metres; the camera is at 0.

    Args:
        middle: Middle of the road.
        half_road: Half of its width.
        sidewalk: Width of the left and the right sidewalk.
        grass: Width of the strip of grass behind each, 0 for none.
    """

    middle: float
    half_road: float
    sidewalk: tuple[float, float]
    grass: tuple[float, float]

    @classmethod
    def draw(
        cls, street: Street, grassy: bool, rng: np.random.Generator
    ) -> 'Section':
        """Draw the widths; ``grassy`` asks for grass on one side."""
        half = rng.uniform(*street.half_road)
        grown = rng.random(2) < street.terrain
        grown[rng.integers(2)] |= grassy
        return cls(
            # the camera drives on the right
            middle=-rng.uniform(0.25, 0.45) * half,
            half_road=half,
            sidewalk=tuple(rng.uniform(*street.sidewalk, size=2)),
            grass=tuple(grown * rng.uniform(1.2, 3.5, size=2)),
        )

    def off_kerb(self, side: int, offset: float) -> float:
        """Place at a distance from the kerb, away from the road."""
        return self.middle + side * (self.half_road + offset)

    def lawn(self, side: int) -> float:
        """Place where the sidewalk ends."""
        return self.off_kerb(side, self.sidewalk[int(side > 0)])

    def border(self, side: int) -> float:
        """Place where the houses stand."""
        i = int(side > 0)
        return self.off_kerb(side, self.sidewalk[i] + self.grass[i])


def ground(drawing: Drawing, section: Section, far: float) -> list[Shape]:
    """Road, kerbs, sidewalks, grass, and the lots behind the border."""
    paving = drawing.colour('sidewalk')
    green = drawing.colour('terrain')
    kerb = drawing.colour('kerb')
    strips = []
    for side in SIDES:
        kerb_x, border_x = section.off_kerb(side, 0), section.border(side)
        # drawn in any case: all that follows depends on how much was drawn
        is_green = drawing.rng.random() < 0.5
        lot, colour = (
            ('terrain', green)
            if is_green and drawing.domain.street.terrain
            else ('sidewalk', paving)
        )
        strips += [
            (lot, 0.9 * colour, border_x, border_x + side * 60),
            ('terrain', green, section.lawn(side), border_x),
            ('sidewalk', paving, kerb_x, section.lawn(side)),
            ('sidewalk', kerb, kerb_x, kerb_x + side * 0.18),
        ]
    edges = section.off_kerb(-1, 0), section.off_kerb(1, 0)
    strips.append(('road', drawing.colour('road'), *edges))
    return [
        _strip(drawing, label, colour, (left, right), (NEAR, far))
        for label, colour, left, right in strips
        if left != right
    ]


def markings(drawing: Drawing, section: Section) -> list[Shape]:
    """Middle line, lines along parked cars, and a crossing at times."""
    rng, white = drawing.rng, drawing.colour('marking')
    lines = [(section.middle, rng.random() < 0.7)]
    lines += [
        (section.off_kerb(side, -2.1), False)
        for side in SIDES
        if rng.random() < 0.6
    ]
    areas = []
    for x, is_dashed in lines:
        starts = np.arange(rng.uniform(1, 7), 90, 7) if is_dashed else [NEAR]
        length = 3.5 if is_dashed else 119.0
        areas += [((x - 0.08, x + 0.08), (z, z + length)) for z in starts]
    if rng.random() < 0.4:
        near = rng.uniform(7, 30)
        bars = np.arange(
            section.off_kerb(-1, -0.4), section.off_kerb(1, -0.6), 1.0
        )
        areas += [((x, x + 0.5), (near, near + 2.6)) for x in bars]
    return [_strip(drawing, 'road', white, x, z) for x, z in areas]


def _strip(
    drawing: Drawing,
    label: str,
    colour: np.ndarray,
    x: tuple[float, float],
    z: tuple[float, float],
) -> Shape:
    area = drawing.camera.ground(x, z)
    return Shape([area], colour, label, z[0], 'ground')
