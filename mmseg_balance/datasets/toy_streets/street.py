"""Layout of a toy street: what stands where on it."""

from collections.abc import Callable, Collection

import numpy as np

from .borders import BORDERS, skyline
from .camera import NEAR, Camera, Scene, Shape
from .domains import Domain, Range
from .drawing import Drawing
from .furniture import lamp, traffic_light, traffic_sign, tree
from .ground import SIDES, Section, ground, markings
from .people import bicycle, motorcycle, person
from .vehicles import LENGTHS, VEHICLES

FAR = 130.0
"""Distance at which the street ends, metres."""

GROUND, BACKDROP, BORDER, OBJECT = range(4)
"""Layers of a scene, each painted over those before it."""

# middle of each lane as a share of half the road, and whether vehicles
# there show their front; the camera drives in the second
_LANES = ((-0.28, True), (0.28, False))
_PARKED = ((-1.0, True), (1.0, False))


def build_scene(
    height: int,
    width: int,
    domain: Domain,
    required: Collection[str],
    rng: np.random.Generator,
    camera_type: type[Camera] = Camera,
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
    builder = _StreetBuilder(drawing, section, required)
    builder.add_surroundings()
    builder.add_borders()
    builder.add_vehicles()
    builder.add_people()
    builder.add_furniture()
    return builder.scene


class _StreetBuilder:
    """Places objects along a street."""

    def __init__(
        self, drawing: Drawing, section: Section, required: Collection[str]
    ) -> None:
        self.drawing, self.section = drawing, section
        self.required = required
        self.rng, self.street = drawing.rng, drawing.domain.street
        self.scene = Scene(drawing.camera)
        # distances taken in each lane, so that nothing stands in another
        self.taken: dict[float, list[Range]] = {}

    def add_surroundings(self) -> None:
        """The ground, and what is seen at the street's end."""
        shapes = ground(self.drawing, self.section, 1.5 * FAR)
        shapes += markings(self.drawing, self.section)
        self.scene.add(GROUND, FAR, shapes)
        self.scene.add(BACKDROP, FAR, skyline(self.drawing, FAR))

    def add_borders(self) -> None:
        """Buildings on both sides, and what else there is."""
        names = list(self.street.border)
        share = np.array([self.street.border[name] for name in names])
        wanted = {
            SIDES[self.rng.integers(2)]: name
            for name in ('wall', 'fence')
            if name in self.required
        }
        for side in SIDES:
            z = self.rng.uniform(-6, 3)
            while z < FAR - 10:
                length = self.rng.uniform(8, 22)
                kind = self.rng.choice(names, p=share / share.sum())
                if side in wanted and z > 5:
                    kind = wanted.pop(side)
                if z + length > 2 * NEAR:
                    self._add_border(kind, side, (max(z, NEAR), z + length))
                z += length

    def _add_border(self, kind: str, side: int, span: Range) -> None:
        x = self.section.border(side)
        if kind in BORDERS:
            shapes = BORDERS[kind](self.drawing, x, span)
            self.scene.add(BORDER, span[0], shapes)
        if kind != 'building' and span[0] > 6:
            # something grows behind what is low
            for z in self.rng.uniform(*span, self.rng.poisson(1.5)):
                behind = x + side * self.rng.uniform(2.5, 9)
                shapes = tree(self.drawing, behind, z)
                self.scene.add(BORDER, z + 0.5, shapes)

    def add_vehicles(self) -> None:
        """Parked and moving ones; trams are far off, so they stay rare."""
        for name in VEHICLES:
            is_train = name == 'train'
            if name in self.required:
                near = (18, 32) if is_train else (8, 16)
                self._add_vehicle(name, near, tries=30)
            for _ in range(self._number_of(name)):
                near = (30, 60) if is_train else (6, 70)
                self._add_vehicle(name, near, tries=4)

    def _add_vehicle(self, name: str, near: Range, tries: int) -> None:
        lanes = _LANES + (_PARKED if name in ('car', 'truck') else ())
        for _ in range(tries):
            lane, front = lanes[self.rng.integers(len(lanes))]
            z = self._distance(near)
            if lane == _LANES[1][0]:
                # right before the camera it would hide the street
                z = max(z, 11.0)
            start, stop = z - 1.5, z + LENGTHS[name]
            taken = self.taken.setdefault(lane, [])
            if all(stop < a or b < start for a, b in taken):
                taken.append((start, stop))
                x = self.section.middle + lane * self.section.half_road
                if (lane, front) in _PARKED:
                    x -= 1.1 * lane
                shapes = VEHICLES[name](self.drawing, x, z, front)
                self.scene.add(OBJECT, z, shapes)
                return

    def add_people(self) -> None:
        """Persons on sidewalks and road, two-wheelers at the kerb."""
        if 'person' in self.required:
            self._add_person((6, 12), crosses=False)
        for _ in range(self._number_of('person')):
            self._add_person((6, 50), crosses=self.rng.random() < 0.12)
        ridden = 'rider' in self.required
        either = self.rng.choice(['bicycle', 'motorcycle'])
        for name, make in (('bicycle', bicycle), ('motorcycle', motorcycle)):
            if name in self.required or (ridden and name == either):
                self._add_two_wheeler(make, (6, 11), ridden)
            for _ in range(self._number_of(name)):
                self._add_two_wheeler(make, (8, 35), self.rng.random() < 0.6)

    def _add_person(self, near: Range, crosses: bool) -> None:
        side, z = self.rng.choice(SIDES), self.rng.uniform(*near)
        if crosses:
            z, half = max(z, 12.0), self.section.half_road
            x = self.section.middle + self.rng.uniform(-0.8, 0.8) * half
        else:
            width = self.section.sidewalk[int(side > 0)]
            offset = self.rng.uniform(0.4, width - 0.3)
            x = self.section.off_kerb(side, offset)
        self.scene.add(OBJECT, z, person(self.drawing, x, z))

    def _add_two_wheeler(
        self, make: Callable[..., list[Shape]], near: Range, ridden: bool
    ) -> None:
        side, z = self.rng.choice(SIDES), self.rng.uniform(*near)
        offset = self.rng.uniform(-2.6, -0.8) if ridden else 0.7
        x = self.section.off_kerb(side, offset)
        self.scene.add(OBJECT, z, make(self.drawing, x, z, ridden))

    def add_furniture(self) -> None:
        """Lamps, trees, lights and signs along the kerbs."""
        for name, label, make, near in (
            ('lamp', 'pole', lamp, (8, 80)),
            ('tree', 'vegetation', tree, (12, 80)),
            ('traffic light', 'traffic light', traffic_light, (7, 40)),
            ('traffic sign', 'traffic sign', traffic_sign, (6, 40)),
        ):
            if label in self.required:
                self._add_furniture(make, (near[0], 1.6 * near[0]))
            for _ in range(self._number_of(name)):
                self._add_furniture(make, near)

    def _add_furniture(
        self, make: Callable[..., list[Shape]], near: Range
    ) -> None:
        side, z = self.rng.choice(SIDES), self._distance(near)
        if make is tree:
            # trees grow away from the kerb, the rest stands at it
            border = self.section.border(side)
            x = (self.section.lawn(side) + border) / 2 - 0.3 * side
        else:
            x = self.section.off_kerb(side, 0.4)
        self.scene.add(OBJECT, z, make(self.drawing, x, z))

    def _distance(self, near: Range) -> float:
        """More are near the camera than an even draw would put there."""
        return float(np.exp(self.rng.uniform(*np.log(near))))

    def _number_of(self, name: str) -> int:
        return int(self.rng.poisson(self.street.rates[name]))
