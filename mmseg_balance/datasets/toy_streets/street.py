"""Layout of a toy street: what stands where on it."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable
from typing import NamedTuple

import numpy as np

from .borders import add_borders, skyline
from .camera import BACKDROP, FAR, GROUND, OBJECT, Camera, Scene, Shape
from .domains import Domain, Range
from .drawing import Drawing
from .furniture import lamp, traffic_light, traffic_sign, tree
from .ground import SIDES, Section, ground, markings
from .people import bicycle, motorcycle, person
from .vehicles import LENGTHS, VEHICLES

# middle of each lane as a share of half the road, and whether vehicles
# there show their front; the camera drives in the second
_LANES = ((-0.28, True), (0.28, False))
_PARKED = ((-1.0, True), (1.0, False))


class Placed(NamedTuple):
    """An object that stands on a street.

    Attributes:
        kind: Its name among the rates of :class:`Street`.
        item: What it is in the scene's ``items``.
        required: Whether it is there because its class has to be shown.
        lane, span: The lane and the distances in it, in metres, that a
            vehicle takes.
    """

    kind: str
    item: tuple[int, float, list[Shape]]
    required: bool
    lane: float | None = None
    span: Range | None = None


def build_scene(
    height: int,
    width: int,
    domain: Domain,
    required: Collection[str],
    rng: np.random.Generator,
    camera_type: type[Camera] = Camera,
    recount: Callable[['StreetBuilder'], None] | None = None,
) -> Scene:
    """Lay out a street.

    Args:
        height: Rows of the image.
        width: Columns of the image.
        domain: What the street looks like and what occurs how often.
        required: Classes of which one more object is placed, where it is
            likely to be seen.
        rng: Source of all draws.
        camera_type: Class of the camera.
        recount: Changes how many objects there are, once all are placed.
            With draws of its own it changes nothing else: ``rng`` is where
            it was.

    Returns:
        The scene's shapes; what they leave free is sky.
    """
    street = domain.street
    camera = camera_type(
        height=height,
        width=width,
        focal=rng.uniform(0.60, 0.75) * width,
        horizon=rng.uniform(*street.horizon) * height,
        centre=(0.5 + rng.uniform(-0.07, 0.07)) * width,
        eye=rng.uniform(1.45, 1.9),
        bend=rng.normal(0, 3e-4),
    )
    sun = rng.uniform(*domain.look.sun)
    drawing = Drawing(
        camera,
        domain,
        rng,
        side_light=tuple(rng.permutation([1 - sun, 1.0])),
        shadow=min(1.5 * sun, 0.6),
    )
    section = Section.draw(street, 'terrain' in required, rng)
    builder = StreetBuilder(drawing, section, required)
    builder.add_surroundings()
    add_borders(builder.scene, drawing, section, required)
    builder.add_vehicles()
    builder.add_people()
    builder.add_furniture()
    if recount is not None:
        recount(builder)
    return builder.scene


class StreetBuilder:
    """Places objects along a street.

    Args:
        drawing: What they are drawn with.
        section: Where road, sidewalks and borders are.
        required: Classes of which one more object is placed, or more than
            one where a class is there more than once.
    """

    def __init__(
        self, drawing: Drawing, section: Section, required: Collection[str]
    ) -> None:
        self.drawing, self.section = drawing, section
        self.required = Counter(required)
        self.rng, self.street = drawing.rng, drawing.domain.street
        self.scene = Scene(drawing.camera)
        # distances taken in each lane, so that nothing stands in another
        self.taken: dict[float, list[Range]] = {}
        self.placed: list[Placed] = []

    def add_surroundings(self) -> None:
        """The ground, and what is seen at the street's end."""
        shapes = ground(self.drawing, self.section, 1.5 * FAR)
        shapes += markings(self.drawing, self.section)
        self.scene.add(GROUND, FAR, shapes)
        self.scene.add(BACKDROP, FAR, skyline(self.drawing, FAR))

    def add_vehicles(self, order: Iterable[str] = tuple(VEHICLES)) -> None:
        """Parked and moving ones; trams are far off, so they stay rare."""
        for name in order:
            is_train = name == 'train'
            for _ in range(self.required[name]):
                near = (18, 32) if is_train else (8, 16)
                self._add_vehicle(name, near, tries=30, required=True)
            for _ in range(self._number_of(name)):
                near = (30, 60) if is_train else (6, 70)
                self._add_vehicle(name, near, tries=4)

    def _add_vehicle(
        self, name: str, near: Range, tries: int, required: bool = False
    ) -> None:
        lanes = _LANES + (_PARKED if name in ('car', 'truck') else ())
        for _ in range(tries):
            lane, front = lanes[self.rng.integers(len(lanes))]
            z = self._distance(near)
            if lane == _LANES[1][0]:
                # right before the camera it would hide the street
                z = max(z, 11.0)
            span = start, stop = z - 1.5, z + LENGTHS[name]
            taken = self.taken.setdefault(lane, [])
            if all(stop < a or b < start for a, b in taken):
                taken.append(span)
                x = self.section.middle + lane * self.section.half_road
                if (lane, front) in _PARKED:
                    x -= 1.1 * lane
                shapes = VEHICLES[name](self.drawing, x, z, front)
                self._place(name, z, shapes, required, lane, span)
                return

    def add_people(self) -> None:
        """Persons on sidewalks and road, two-wheelers at the kerb."""
        for _ in range(self.required['person']):
            self._add_person((6, 12), crosses=False, required=True)
        for _ in range(self._number_of('person')):
            self._add_person((6, 50), crosses=self.rng.random() < 0.12)
        either = self.rng.choice(['bicycle', 'motorcycle'])
        for name, make in (('bicycle', bicycle), ('motorcycle', motorcycle)):
            riders = self.required['rider'] if name == either else 0
            for i in range(self.required[name] + riders):
                ridden = i < riders
                self._add_two_wheeler(name, make, (6, 11), ridden, True)
            for _ in range(self._number_of(name)):
                ridden = self.rng.random() < 0.6
                self._add_two_wheeler(name, make, (8, 35), ridden)

    def _add_person(
        self, near: Range, crosses: bool, required: bool = False
    ) -> None:
        side, z = self.rng.choice(SIDES), self.rng.uniform(*near)
        if crosses:
            z, half = max(z, 12.0), self.section.half_road
            x = self.section.middle + self.rng.uniform(-0.8, 0.8) * half
        else:
            width = self.section.sidewalk[int(side > 0)]
            offset = self.rng.uniform(0.4, width - 0.3)
            x = self.section.off_kerb(side, offset)
        self._place('person', z, person(self.drawing, x, z), required)

    def _add_two_wheeler(
        self,
        name: str,
        make: Callable[..., list[Shape]],
        near: Range,
        ridden: bool,
        required: bool = False,
    ) -> None:
        side, z = self.rng.choice(SIDES), self.rng.uniform(*near)
        offset = self.rng.uniform(-2.6, -0.8) if ridden else 0.7
        x = self.section.off_kerb(side, offset)
        shapes = make(self.drawing, x, z, ridden)
        self._place(name, z, shapes, required)

    def add_furniture(self) -> None:
        """Lamps, trees, lights and signs along the kerbs."""
        for name, label, make, near in (
            ('lamp', 'pole', lamp, (8, 80)),
            ('tree', 'vegetation', tree, (12, 80)),
            ('traffic light', 'traffic light', traffic_light, (7, 40)),
            ('traffic sign', 'traffic sign', traffic_sign, (6, 40)),
        ):
            for _ in range(self.required[label]):
                nearer = (near[0], 1.6 * near[0])
                self._add_furniture(name, make, nearer, required=True)
            for _ in range(self._number_of(name)):
                self._add_furniture(name, make, near)

    def _add_furniture(
        self,
        name: str,
        make: Callable[..., list[Shape]],
        near: Range,
        required: bool = False,
    ) -> None:
        side, z = self.rng.choice(SIDES), self._distance(near)
        if make is tree:
            # trees grow away from the kerb, the rest stands at it
            border = self.section.border(side)
            x = (self.section.lawn(side) + border) / 2 - 0.3 * side
        else:
            x = self.section.off_kerb(side, 0.4)
        self._place(name, z, make(self.drawing, x, z), required)

    def _place(
        self,
        kind: str,
        z: float,
        shapes: list[Shape],
        required: bool,
        lane: float | None = None,
        span: Range | None = None,
    ) -> None:
        self.scene.add(OBJECT, z, shapes)
        item = self.scene.items[-1]
        self.placed.append(Placed(kind, item, required, lane, span))

    def _distance(self, near: Range) -> float:
        """More are near the camera than an even draw would put there."""
        return float(np.exp(self.rng.uniform(*np.log(near))))

    def _number_of(self, name: str) -> int:
        return int(self.rng.poisson(self.street.rates[name]))
