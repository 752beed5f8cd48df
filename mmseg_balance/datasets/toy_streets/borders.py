"""What borders a street: buildings, walls, fences and hedges."""

from collections.abc import Collection

import numpy as np

from .camera import BORDER, FAR, NEAR, Scene, Shape, rectangle
from .drawing import Drawing
from .furniture import tree
from .ground import SIDES, Section

Span = tuple[float, float]


def building(drawing: Drawing, x: float, span: Span) -> list[Shape]:
    """A house front along the street, and its gable towards the camera."""
    camera, rng = drawing.camera, drawing.rng
    height = drawing.uniform(drawing.domain.street.building_height)
    front = drawing.colour('building', drawing.light_at(x))
    gable = drawing.colour('building', 0.9)
    depth, side = span[0], np.sign(x)
    eaves = (height - 0.5, height)
    shapes = [
        _plane(
            camera.facing(x, depth, _spread(0, 14 * side, 0, height)),
            gable, depth,
        ),
        _plane(camera.wall(x, span, (0, height)), front, depth),
        _plane(camera.wall(x, span, eaves), front * 0.7, depth),
    ]  # fmt: skip
    storey, pitch = rng.uniform(2.8, 3.6), rng.uniform(2.2, 3.4)
    pane = 0.55 * pitch
    floors = np.arange(1.0, height - 1.6, storey)
    columns = np.arange(span[0] + 0.6, span[1] - pane, pitch)
    # on the ground floor, some windows are doors
    entry = rng.random(len(columns)) < 0.4
    windows = [
        camera.wall(x, (z, z + pane), (y, y + 1.5))
        for z, is_door in zip(columns, entry, strict=True)
        for y in floors[int(is_door):]
    ] + [
        camera.facing(x, depth, _spread(u, u + pane * side, y, y + 1.5))
        for u in np.arange(1.2, 12, 1.4 * pitch) * side
        for y in floors
    ]  # fmt: skip
    doors = [
        camera.wall(x, (z, z + pane), (0.05, 2.4)) for z in columns[entry]
    ]
    for polygons, material in ((windows, 'window'), (doors, 'door')):
        if polygons:
            colour = drawing.colour(material)
            shapes.append(Shape(polygons, colour, 'building', depth))
    return shapes


def wall(drawing: Drawing, x: float, span: Span) -> list[Shape]:
    """A wall with courses of stones."""
    camera, height = drawing.camera, drawing.uniform((1.8, 3.2))
    stone = drawing.colour('wall', drawing.light_at(x))
    courses = [
        camera.wall(x, span, (y, y + 0.06))
        for y in np.arange(0.4, height - 0.2, 0.45)
    ]
    top = camera.wall(x, span, (height - 0.15, height))
    return [
        Shape([camera.wall(x, span, (0, height))], stone, 'wall', span[0]),
        Shape(courses, stone * 0.72, 'wall', span[0]),
        Shape([top], stone * 1.15, 'wall', span[0]),
    ]


def fence(drawing: Drawing, x: float, span: Span) -> list[Shape]:
    """Posts and rails; what shows through is labelled fence as well."""
    camera, height = drawing.camera, drawing.uniform((1.2, 2.0))
    paint = drawing.colour('fence')
    plane = camera.wall(x, span, (0, height))
    posts = [
        camera.wall(x, (z, z + 0.12), (0, height))
        for z in np.arange(span[0], span[1], 0.7)
    ]
    rails = [
        camera.wall(x, span, (y, y + 0.09))
        for y in (0.15, 0.5 * height, height - 0.09)
    ]
    return [
        Shape([plane], paint, 'fence', span[0], opacity=0.3),
        Shape(posts, paint, 'fence', span[0]),
        Shape(rails, paint, 'fence', span[0]),
    ]


def hedge(drawing: Drawing, x: float, span: Span) -> list[Shape]:
    """Bushes of uneven height, low ones in front of high ones."""
    rng, steps = drawing.rng, np.geomspace(*span, 40)
    leaf = drawing.colour('leaf')
    shapes = []
    for height, shade in ((rng.uniform(1.6, 4.0), 0.75), (1.3, 1.0)):
        tufts = np.interp(
            np.arange(40), np.arange(0, 48, 8), rng.uniform(0.6, 1.0, 6)
        )
        tops = height * (tufts + rng.uniform(0, 0.12, 40))
        outline = np.concatenate(
            [
                np.stack([steps, tops], axis=1),
                np.stack([steps[::-1], 0 * steps], axis=1),
            ]
        )
        polygon = drawing.camera.along(x, outline)
        shapes.append(
            Shape([polygon], leaf * shade, 'vegetation', span[0], 'leaf')
        )
    return shapes


def skyline(drawing: Drawing, distance: float) -> list[Shape]:
    """Houses and tree tops where the street ends."""
    rng, camera = drawing.rng, drawing.camera
    reach = 0.8 * camera.width / camera.focal * distance
    shapes = []
    left = -reach
    while left < reach:
        right = left + rng.uniform(8, 30)
        leafy = rng.random() < 0.4
        height = rng.uniform(4, 9) if leafy else rng.uniform(6, 18)
        u = np.linspace(left, right, 9)
        rough = 0.35 * height if leafy else 0.0
        tops = height - rough * rng.random(9)
        outline = np.concatenate(
            [np.stack([u, tops], axis=1), [(right, -0.3), (left, -0.3)]]
        )
        # placed around the vanishing point, where the bend leads
        polygon = camera.facing(0, distance, outline)
        if leafy:
            colour, label = drawing.colour('leaf'), 'vegetation'
        else:
            colour, label = drawing.colour('building', 0.9), 'building'
        texture = 'leaf' if leafy else 'grain'
        shapes.append(Shape([polygon], colour, label, distance, texture))
        left = right - (2 if leafy else 0)
    return shapes


BORDERS = dict(building=building, wall=wall, fence=fence, hedge=hedge)


def _spread(u0: float, u1: float, v0: float, v1: float) -> np.ndarray:
    """Rectangle whose sides may be given in either order."""
    return rectangle(min(u0, u1), v0, max(u0, u1), v1)


def _plane(polygon: np.ndarray, colour: np.ndarray, depth: float) -> Shape:
    return Shape([polygon], colour, 'building', depth, 'mottle')


def add_borders(
    scene: Scene,
    drawing: Drawing,
    section: Section,
    required: Collection[str],
) -> None:
    """Add buildings on both sides, and what else there is.

    Args:
        scene: Gets them.
        drawing: What they are drawn with.
        section: Where they stand.
        required: Classes of which one is placed where it is seen.
    """
    rng, border = drawing.rng, drawing.domain.street.border
    names = list(border)
    share = np.array([border[name] for name in names])
    wanted = {
        SIDES[rng.integers(2)]: name
        for name in ('wall', 'fence')
        if name in required
    }
    for side in SIDES:
        z = rng.uniform(-6, 3)
        while z < FAR - 10:
            length = rng.uniform(8, 22)
            kind = rng.choice(names, p=share / share.sum())
            if side in wanted and z > 5:
                kind = wanted.pop(side)
            if z + length > 2 * NEAR:
                span = max(z, NEAR), z + length
                _add_border(scene, drawing, kind, side, section, span)
            z += length


def _add_border(
    scene: Scene,
    drawing: Drawing,
    kind: str,
    side: int,
    section: Section,
    span: Span,
) -> None:
    rng, x = drawing.rng, section.border(side)
    if kind in BORDERS:
        shapes = BORDERS[kind](drawing, x, span)
        scene.add(BORDER, span[0], shapes)
    if kind != 'building' and span[0] > 6:
        # something grows behind what is low
        for z in rng.uniform(*span, rng.poisson(1.5)):
            behind = x + side * rng.uniform(2.5, 9)
            shapes = tree(drawing, behind, z)
            scene.add(BORDER, z + 0.5, shapes)
