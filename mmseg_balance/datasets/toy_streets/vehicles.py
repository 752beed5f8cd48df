"""Cars, trucks, buses and trams: boxes with an end and a side to see."""

from collections.abc import Sequence

import numpy as np

from .camera import Shape, ellipse, rectangle
from .drawing import Drawing


class _Box:
    """Draws on the end and on the visible side of a vehicle.

    Outlines are metres: on the end to the right of its middle and up, on
    the side from its near end forward and up.
    """

    def __init__(
        self,
        drawing: Drawing,
        label: str,
        x: float,
        z: float,
        size: tuple[float, float, float],
    ) -> None:
        self.drawing, self.label, self.x, self.z = drawing, label, x, z
        self.width, self.height, self.length = size
        # the side that the camera sees: -1 left, 1 right, 0 none
        self.inner = -np.sign(x) if abs(x) > self.width / 2 else 0
        self.shapes = [
            drawing.ground_shadow(x, z, 1.08 * self.width, self.length)
        ]

    def face(self, points: np.ndarray, colour: np.ndarray) -> None:
        """A face in space: right of the middle, up, behind the near end."""
        points = np.asarray(points) + (self.x, 0, self.z)
        polygon = self.drawing.camera.project(points)
        self.shapes.append(Shape([polygon], colour, self.label, self.z))

    def end(self, outline: np.ndarray, colour: np.ndarray) -> None:
        """A face towards the camera, right of the middle and up."""
        u, v = np.asarray(outline).T
        self.face(np.stack([u, v, 0 * u], axis=1), colour)

    def side(self, outline: np.ndarray, colour: np.ndarray) -> None:
        """A face along the street, behind the near end and up."""
        if self.inner == 0:
            return
        w, v = np.asarray(outline).T
        points = np.stack([self.inner * self.width / 2 + 0 * w, v, w], axis=1)
        self.face(points, colour * self.drawing.light_at(self.x))

    def wheels(self, radius: float, places: Sequence[float]) -> None:
        """Round on the side, and two dark strips below the end."""
        tyre = self.drawing.colour('tyre')
        for place in places:
            self.side(ellipse(place, radius, radius), tyre)
            self.side(ellipse(place, radius, 0.5 * radius), tyre + 0.3)
        half, strip = self.width / 2, 0.13 * self.width
        self.end(rectangle(-half, 0, -half + strip, radius), tyre)
        self.end(rectangle(half - strip, 0, half, radius), tyre)

    def lights(self, height: float, front: bool) -> None:
        colour = self.drawing.colour('head_light' if front else 'tail_light')
        half, size = self.width / 2, 0.16 * self.width
        for u in (-half + 0.04, half - 0.04 - size):
            self.end(rectangle(u, height, u + size, height + 0.14), colour)

    def windows(self, low: float, high: float, pane: float) -> None:
        """A row of panes on the side."""
        glass = self.drawing.colour('glass')
        for start in np.arange(0.3, self.length - pane, 1.15 * pane):
            self.side(rectangle(start, low, start + pane, high), glass)


def car(drawing: Drawing, x: float, z: float, front: bool) -> list[Shape]:
    """A car that shows its front or its rear."""
    width, height, length = drawing.rng.uniform(
        (1.7, 1.4, 3.9), (1.9, 1.65, 4.7)
    )
    box = _Box(drawing, 'car', x, z, (width, height, length))
    paint, half = drawing.colour('car'), width / 2
    belt = 0.62 * height
    box.side(rectangle(0, 0.18, length, belt), paint)
    box.wheels(0.32, (0.19 * length, 0.81 * length))
    box.end(rectangle(-half, 0.16 * height, half, belt), paint)
    deck = [(-half, belt, 0), (-half, belt, length),
            (half, belt, length), (half, belt, 0)]  # fmt: skip
    box.face(deck, paint * 1.08)
    box.end(rectangle(-half, 0.16 * height, half, 0.3), paint * 0.45)
    box.lights(0.42 * height, front)
    box.end(rectangle(-0.26, 0.38, 0.26, 0.5), drawing.colour('marking'))
    # the bonnet is longer than the boot
    start, stop = (0.27, 0.96) if front else (0.04, 0.73)
    _cabin(box, belt, (start * length, stop * length), paint)
    return box.shapes


def _cabin(box: _Box, belt: float, span, paint: np.ndarray) -> None:
    """Windows and roof of a car, narrower at the top."""
    glass = box.drawing.colour('glass')
    low, high = 0.46 * box.width, 0.36 * box.width
    near, far = span
    lean = 0.13 * box.length
    top = box.height
    if box.inner:
        light = box.drawing.light_at(box.x)
        low_x, high_x = box.inner * low, box.inner * high
        outline = np.array([
            (low_x, belt, near), (high_x, top, near + lean),
            (high_x, top, far - lean), (low_x, belt, far),
        ])  # fmt: skip
        box.face(outline, paint * light)
        box.face(_shrink(outline, 0.8), glass * light)
    roof = [(-high, top, near + lean), (-high, top, far - lean),
            (high, top, far - lean), (high, top, near + lean)]  # fmt: skip
    box.face(roof, paint * 1.1)
    screen = np.array([
        (-low, belt, near), (-high, top, near + lean),
        (high, top, near + lean), (low, belt, near),
    ])  # fmt: skip
    box.face(screen, paint * 0.9)
    box.face(_shrink(screen, 0.84), glass)


def _shrink(outline: np.ndarray, factor: float) -> np.ndarray:
    centre = outline.mean(axis=0)
    return centre + factor * (outline - centre)


def truck(drawing: Drawing, x: float, z: float, front: bool) -> list[Shape]:
    """A cab and a cargo box of its own colour."""
    width, height, length = drawing.rng.uniform((2.3, 2.9, 6), (2.5, 3.6, 9))
    box = _Box(drawing, 'truck', x, z, (width, height, length))
    paint, cargo = drawing.colour('truck'), drawing.colour('truck')
    half, floor = width / 2, 0.95
    cab = (0, 1.9) if front else (length - 1.9, length)
    load = (2.1, length) if front else (0, length - 2.1)
    box.side(rectangle(0, 0.45, length, floor), paint * 0.35)
    box.side(rectangle(load[0], floor, load[1], height), cargo)
    for post in np.arange(load[0], load[1], 1.1):
        box.side(rectangle(post, floor, post + 0.1, height), cargo * 0.75)
    box.side(rectangle(cab[0], 0.5, cab[1], 2.5), paint)
    box.side(rectangle(cab[0] + 0.4, 1.5, cab[1] - 0.5, 2.2), paint * 0.2)
    box.wheels(0.48, (1.0, length - 2.6, length - 1.2))
    box.end(rectangle(-half, floor, half, height), cargo * 0.92)
    box.end(rectangle(-half, 0.45, half, floor), paint * 0.35)
    if front:
        box.end(rectangle(-half, 0.5, half, 2.5), paint)
        glass = drawing.colour('glass')
        box.end(rectangle(-0.86 * half, 1.5, 0.86 * half, 2.3), glass)
        box.end(rectangle(-0.5 * half, 0.7, 0.5 * half, 1.2), paint * 0.5)
    else:
        box.end(rectangle(-0.04, floor, 0.04, height), cargo * 0.6)
        box.end(rectangle(-half, 0.5, half, 0.7), cargo * 0.3)
    box.lights(0.72, front)
    return box.shapes


def bus(drawing: Drawing, x: float, z: float, front: bool) -> list[Shape]:
    """A long box with a row of windows and a lit route sign."""
    width, height, length = drawing.rng.uniform((2.4, 2.9, 9), (2.6, 3.2, 12))
    box = _Box(drawing, 'bus', x, z, (width, height, length))
    paint, glass = drawing.colour('bus'), drawing.colour('glass')
    half = width / 2
    box.side(rectangle(0, 0.3, length, height), paint)
    box.side(rectangle(0, 0.3, length, 0.7), paint * 0.6)
    box.windows(1.35, 2.35, 1.3)
    box.wheels(0.45, (2.0, length - 2.4))
    box.end(rectangle(-half, 0.3, half, height), paint)
    box.end(rectangle(-half, 0.3, half, 0.6), paint * 0.5)
    low = 1.1 if front else 1.6
    box.end(rectangle(-0.9 * half, low, 0.9 * half, 2.4), glass)
    route = rectangle(-0.6 * half, 2.5, 0.6 * half, 2.78)
    box.end(route, drawing.colour('tyre'))
    box.end(route * (0.7, 1), drawing.colour('lamp_yellow'))
    box.lights(0.68, front)
    return box.shapes


def train(drawing: Drawing, x: float, z: float, front: bool) -> list[Shape]:
    """A tram: long, with a coloured band, a big windscreen and rails."""
    width, height, length = drawing.rng.uniform((2.3, 3.3, 20), (2.5, 3.6, 30))
    box = _Box(drawing, 'train', x, z, (width, height, length))
    paint, band = drawing.colour('train'), drawing.colour('sign')
    glass, half = drawing.colour('glass'), width / 2
    rails = [
        drawing.camera.ground((x + u - 0.04, x + u + 0.04), (4, 110))
        for u in (-0.72, 0.72)
    ]
    steel = drawing.colour('pole', 0.7)
    box.shapes.insert(0, Shape(rails, steel, None, z, opacity=0.7))
    box.side(rectangle(0, 0.25, length, height), paint)
    box.side(rectangle(0, 0.25, length, 1.2), band)
    box.windows(1.6, 2.6, 1.9)
    nose = np.array([
        (-half, 0.25), (-half, 2.2), (-0.8 * half, height),
        (0.8 * half, height), (half, 2.2), (half, 0.25),
    ])  # fmt: skip
    box.end(nose, paint)
    box.end(rectangle(-half, 0.25, half, 1.2), band)
    screen = rectangle(-0.8 * half, 1.45, 0.8 * half, 2.7)
    box.end(screen, glass)
    box.end(rectangle(-0.4 * half, 2.85, 0.4 * half, 3.1), glass * 0.6)
    box.lights(0.8, front)
    bow = height + 0.6
    box.end(rectangle(-0.6, bow, 0.6, bow + 0.12), steel)
    box.end(rectangle(-0.06, height, 0.06, bow), steel)
    return box.shapes


VEHICLES = dict(car=car, truck=truck, bus=bus, train=train)
LENGTHS = dict(car=5.0, truck=9.5, bus=12.5, train=31.0)
"""Room that a vehicle takes in its lane, metres."""
