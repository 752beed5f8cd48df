"""Persons, riders and what they ride: flat figures that face the camera."""

import numpy as np

from .camera import Shape, ellipse, rectangle, stroke
from .drawing import Drawing


class _Figure:
    """Flat parts at one place, turned and scaled together."""

    def __init__(
        self,
        drawing: Drawing,
        x: float,
        z: float,
        turn: float = 1.0,
        scale: float = 1.0,
        shadow: float = 0.6,
    ) -> None:
        self.drawing, self.x, self.z = drawing, x, z
        self.turn, self.scale = turn * scale, scale
        self.shapes = [drawing.ground_shadow(x, z, shadow, 0.4)]

    def part(
        self,
        label: str,
        outline: np.ndarray,
        colour: np.ndarray,
        opacity: float = 1.0,
    ) -> None:
        outline = np.asarray(outline) * (1, self.scale)
        polygon = self.drawing.camera.facing(
            self.x, self.z, outline, self.turn
        )
        self.shapes.append(
            Shape([polygon], colour, label, self.z, opacity=opacity)
        )


def person(drawing: Drawing, x: float, z: float) -> list[Shape]:
    """Somebody who stands or walks."""
    rng = drawing.rng
    figure = _Figure(drawing, x, z, scale=rng.uniform(0.8, 1.08))
    step = rng.uniform(0.04, 0.28)
    shirt, trousers = drawing.colour('shirt'), drawing.colour('trousers')
    skin, hair = drawing.colour('skin'), drawing.colour('hair')
    for u in (-step, step):
        leg = stroke(0.4 * u, 0.9, u, 0.04, 0.17)
        figure.part('person', leg, trousers)
    swing = rng.uniform(0.0, 0.2)
    for u in (-0.2, 0.2):
        hand = u + np.copysign(swing, u)
        figure.part('person', stroke(u, 1.4, hand, 0.85, 0.11), shirt * 0.85)
    torso = [(-0.17, 0.82), (-0.23, 1.42), (-0.1, 1.5), (0.1, 1.5),
             (0.23, 1.42), (0.17, 0.82)]  # fmt: skip
    figure.part('person', np.array(torso), shirt)
    figure.part('person', ellipse(0, 1.64, 0.11, 0.14), skin)
    figure.part('person', ellipse(0, 1.71, 0.115, 0.08), hair)
    return figure.shapes


def bicycle(drawing: Drawing, x: float, z: float, ridden: bool) -> list[Shape]:
    """A bicycle, with a rider or parked."""
    figure = _Figure(drawing, x, z, _turn(drawing), shadow=1.2)
    paint, tyre = drawing.colour('bicycle'), drawing.colour('tyre')
    rear, front = (-0.52, 0.35), (0.52, 0.35)
    for u, v in (rear, front):
        # a wheel is labelled whole and seen through
        figure.part('bicycle', ellipse(u, v, 0.35), tyre, 0.75)
        figure.part('bicycle', ellipse(u, v, 0.26), tyre + 0.35, 0.5)
    seat, head, pedal = (-0.18, 0.88), (0.36, 0.92), (0.0, 0.33)
    frame = np.array([rear, pedal, head, seat])
    figure.part('bicycle', frame, paint, 0.35)
    for start, end in (
        (rear, pedal), (rear, seat), (seat, pedal), (seat, head),
        (pedal, head), (front, head),
    ):  # fmt: skip
        figure.part('bicycle', stroke(*start, *end, 0.08), paint)
    figure.part('bicycle', rectangle(-0.3, 0.88, -0.06, 0.96), tyre)
    figure.part('bicycle', stroke(0.34, 0.9, 0.5, 1.06, 0.08), tyre)
    if ridden:
        _rider(figure, hip=(-0.18, 1.0), hand=(0.46, 1.06), foot=(0.06, 0.3))
    return figure.shapes


def motorcycle(
    drawing: Drawing, x: float, z: float, ridden: bool
) -> list[Shape]:
    """A motorcycle, with a rider or parked."""
    figure = _Figure(drawing, x, z, _turn(drawing), shadow=1.6)
    paint, tyre = drawing.colour('motorcycle'), drawing.colour('tyre')
    for u in (-0.68, 0.68):
        figure.part('motorcycle', ellipse(u, 0.33, 0.33), tyre)
        figure.part('motorcycle', ellipse(u, 0.33, 0.16), tyre + 0.35)
    engine = rectangle(-0.38, 0.24, 0.36, 0.66)
    figure.part('motorcycle', engine, tyre + 0.16)
    body = [(-0.85, 0.78), (-0.72, 0.9), (-0.1, 0.84), (0.1, 1.02),
            (0.44, 0.98), (0.5, 0.66), (-0.3, 0.6)]  # fmt: skip
    figure.part('motorcycle', np.array(body), paint)
    figure.part('motorcycle', stroke(0.68, 0.33, 0.42, 1.1, 0.11), tyre + 0.2)
    figure.part('motorcycle', stroke(-0.9, 0.36, -0.2, 0.32, 0.13), tyre + 0.4)
    figure.part('motorcycle', stroke(0.3, 1.12, 0.5, 1.3, 0.12), paint * 0.6)
    light = drawing.colour('head_light')
    figure.part('motorcycle', ellipse(0.58, 0.96, 0.09), light)
    if ridden:
        _rider(figure, hip=(-0.28, 0.95), hand=(0.36, 1.1), foot=(0.05, 0.36))
    return figure.shapes


def _turn(drawing: Drawing) -> float:
    """Seen from the side or at an angle, heading left or right."""
    return drawing.rng.choice((-1, 1)) * drawing.rng.uniform(0.45, 1.0)


def _rider(figure: _Figure, hip, hand, foot) -> None:
    shirt = figure.drawing.colour('shirt')
    trousers = figure.drawing.colour('trousers')
    skin, helmet = (figure.drawing.colour(m) for m in ('skin', 'helmet'))
    knee = (0.5 * (hip[0] + foot[0]) + 0.28, 0.5 * (hip[1] + foot[1]) + 0.06)
    shoulder = (hip[0] + 0.22, hip[1] + 0.5)
    figure.part('rider', stroke(*hip, *knee, 0.2), trousers)
    figure.part('rider', stroke(*knee, *foot, 0.15), trousers)
    figure.part('rider', stroke(*hip, *shoulder, 0.34), shirt)
    figure.part('rider', ellipse(*hip, 0.17), trousers)
    figure.part('rider', ellipse(*shoulder, 0.16), shirt)
    figure.part('rider', stroke(*shoulder, *hand, 0.12), shirt * 0.85)
    head = (shoulder[0] + 0.08, shoulder[1] + 0.24)
    figure.part('rider', ellipse(*head, 0.12, 0.15), skin)
    figure.part('rider', ellipse(head[0], head[1] + 0.06, 0.14, 0.1), helmet)
