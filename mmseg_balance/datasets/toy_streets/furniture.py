"""Poles, traffic lights, traffic signs and trees."""

import numpy as np

from .camera import Shape, ellipse, rectangle, stroke
from .drawing import Drawing


def lamp(drawing: Drawing, x: float, z: float) -> list[Shape]:
    """A street lamp that leans over the road."""
    height = drawing.uniform((5.5, 8.5))
    steel, reach = drawing.colour('pole'), -np.sign(x) * 1.6
    outlines = [
        rectangle(-0.09, 0, 0.09, height),
        stroke(0, height, reach, height + 0.35, 0.12),
        ellipse(reach, height + 0.32, 0.38, 0.12),
    ]
    return [_flat(drawing, x, z, o, steel, 'pole') for o in outlines]


def traffic_light(drawing: Drawing, x: float, z: float) -> list[Shape]:
    """Three lamps in a box on a pole, one of them lit."""
    box, steel = drawing.colour('light_box'), drawing.colour('pole')
    top = drawing.uniform((3.3, 3.9))
    shapes = [
        _flat(drawing, x, z, rectangle(-0.08, 0, 0.08, top - 0.6), steel,
              'pole'),
        _flat(drawing, x, z, rectangle(-0.26, top - 1.15, 0.26, top), box,
              'traffic light'),
    ]  # fmt: skip
    lit = drawing.rng.integers(3)
    for i, lamp_colour in enumerate(('red', 'yellow', 'green')):
        name = f'lamp_{lamp_colour}' if i == lit else 'lamp_off'
        disc = ellipse(0, top - 0.22 - 0.35 * i, 0.15)
        shapes.append(
            _flat(drawing, x, z, disc, drawing.colour(name), 'traffic light')
        )
    return shapes


def traffic_sign(drawing: Drawing, x: float, z: float) -> list[Shape]:
    """A round, triangular, square or wide sign on a pole."""
    rim, face = drawing.colour('sign'), drawing.colour('sign_face')
    height = drawing.uniform((2.1, 2.9))
    outline = [
        ellipse(0, 0, 0.38),
        np.array([(-0.44, -0.34), (0.44, -0.34), (0, 0.44)]),
        rectangle(-0.36, -0.36, 0.36, 0.36),
        rectangle(-0.75, -0.32, 0.75, 0.32),
    ][drawing.rng.integers(4)]
    centre = np.array([0, height])
    post = rectangle(-0.05, 0, 0.05, height)
    return [
        _flat(drawing, x, z, post, drawing.colour('pole'), 'pole'),
        _flat(drawing, x, z, outline + centre, rim, 'traffic sign'),
        _flat(drawing, x, z, 0.62 * outline + centre, face, 'traffic sign'),
    ]


def tree(drawing: Drawing, x: float, z: float) -> list[Shape]:
    """A trunk and a crown of leafy discs, lighter at the top."""
    rng = drawing.rng
    height, radius = rng.uniform(4.0, 8.0), rng.uniform(1.2, 2.4)
    bark, leaf = drawing.colour('trunk'), drawing.colour('leaf')
    trunk = stroke(0, 0, rng.normal(0, 0.15), height - radius, 0.28)
    shapes = [
        drawing.ground_shadow(x, z, 1.6 * radius, 1.0),
        _flat(drawing, x, z, trunk, bark, 'vegetation'),
    ]
    for lift in np.sort(rng.uniform(-1, 1, 11)):
        reach = np.sqrt(1 - 0.9 * lift**2)
        disc = ellipse(
            rng.uniform(-0.75, 0.75) * radius * reach,
            height + 0.75 * lift * radius,
            radius * rng.uniform(0.32, 0.5),
        )
        disc += rng.normal(0, 0.07 * radius, disc.shape)
        shade = leaf * (0.95 + 0.25 * lift)
        shapes.append(_flat(drawing, x, z, disc, shade, 'vegetation', 'leaf'))
    return shapes


def _flat(
    drawing: Drawing,
    x: float,
    z: float,
    outline: np.ndarray,
    colour: np.ndarray,
    label: str,
    texture: str = 'grain',
) -> Shape:
    polygon = drawing.camera.facing(x, z, outline)
    return Shape([polygon], colour, label, z, texture)
