"""A moving toy street at one moment: image, labels, depth."""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from ..camera import Camera, Scene
from ..domains import Look
from ..render import CLASS_IDS, coverage, expose, sky_and_haze
from .motions import Motion
from .surfaces import (
    RecordingCamera,
    Surface,
    cut_near,
    depth_at,
    points_at,
    surfaces_of,
)
from .textures import Textures

SKY = -1
FAR_AWAY = 1e6


class Frame(NamedTuple):
    """A moment.

    Attributes:
        image: RGB, uint8 (H, W, 3).
        label: Train ids, uint8 (H, W).
        objects: Which object of the scene a pixel shows, int32 (H, W), from
            0; ``SKY`` for the sky.
        depth: Metres, float64 (H, W).
    """

    image: np.ndarray
    label: np.ndarray
    objects: np.ndarray
    depth: np.ndarray


@dataclass(frozen=True)
class MovingStreet:
    """A toy street, and how it moves.

    Args:
        scene: Its shapes, made with a :class:`RecordingCamera`.
        motion: How it moves.
        look: Light and camera, with ranges of one value.
        visibility: Metres after which haze hides 63 % of a colour.
        textures: What is on its surfaces.
        seed: Of sky and sensor noise.
    """

    scene: Scene
    motion: Motion
    look: Look
    visibility: float
    textures: Textures
    seed: list[int]

    @property
    def camera(self) -> RecordingCamera:
        """The camera, which stays where it is: all else moves."""
        assert isinstance(self.scene.camera, RecordingCamera)
        return self.scene.camera

    @cached_property
    def surfaces(self) -> list[list[Surface]]:
        """The surfaces of each object, before anything moved."""
        return [
            [s for shape in shapes for s in surfaces_of(shape, self.camera)]
            for _, _, shapes in self.scene.items
        ]


def paint(street: MovingStreet, number: int) -> Frame:
    """Paint a frame.

    Args:
        street: The street.
        number: Frames that have passed.

    Returns:
        The frame.
    """
    camera, look = street.camera, street.look
    sky_rng = np.random.default_rng([*street.seed, 0])
    image, haze = sky_and_haze(camera, look, sky_rng)
    label = np.full(image.shape[:2], CLASS_IDS['sky'], dtype=np.uint8)
    frame = Frame(
        image,
        label,
        np.full(label.shape, SKY, dtype=np.int32),
        np.full(label.shape, FAR_AWAY),
    )
    moved = street.motion.seen(number)
    for i in _order(street, moved):
        for surface in street.surfaces[i]:
            _paint_surface(street, frame, i, (surface, moved[i]), haze)
    noise = np.random.default_rng([*street.seed, 1, number])
    return frame._replace(image=expose(frame.image, look, noise))


def first_labels(street: MovingStreet) -> np.ndarray:
    """Labels of the first frame, without painting it.

    Args:
        street: The street.

    Returns:
        Train ids, uint8 (H, W).
    """
    camera = street.camera
    size = camera.height, camera.width
    label = np.full(size, CLASS_IDS['sky'], dtype=np.uint8)
    for i in _order(street, street.motion.seen(0)):
        for surface in street.surfaces[i]:
            name = surface.shape.label
            covered = _cover(camera, surface, size) if name else None
            if name and covered:
                label[covered.window][covered.pixels > 127] = CLASS_IDS[name]
    return label


def _order(street: MovingStreet, moved: np.ndarray) -> list[int]:
    """Objects by layer, and from far to near within."""
    items = street.scene.items
    return sorted(
        range(len(items)),
        key=lambda i: (items[i][0], -(items[i][1] + moved[i, 2])),
    )


class _Cover(NamedTuple):
    """What a surface covers: a window, uint8 in it, and its depths."""

    window: tuple[slice, slice]
    pixels: np.ndarray
    nearest: float
    farthest: float


def _cover(
    camera: RecordingCamera, surface: Surface, size: tuple[int, int]
) -> _Cover | None:
    """What a surface covers of an image; None where it is not in it."""
    cut = [cut_near(polygon) for polygon in surface.polygons]
    cut = [polygon for polygon in cut if len(polygon) > 2]
    outlines = [Camera.project(camera, polygon) for polygon in cut]
    window = _window(outlines, size)
    if window is None:
        return None
    depths = np.concatenate(cut)[:, 2]
    pixels = coverage(outlines, window, 20 * max(size))
    return _Cover(window, pixels, depths.min(), depths.max())


def _paint_surface(
    street: MovingStreet,
    frame: Frame,
    number: int,
    placed: tuple[Surface, np.ndarray],
    haze: np.ndarray,
) -> None:
    """Paint one surface over a frame, in place."""
    original, step = placed
    camera, shape = street.camera, original.shape
    surface = original.moved(step)
    covered = _cover(camera, surface, frame.label.shape)
    if covered is None:
        return
    window, cover, nearest, farthest = covered
    rows, columns = np.mgrid[window]
    depth = depth_at(surface, camera, columns, rows)
    # at the rim a pixel's middle may miss the plane
    depth = np.clip(np.nan_to_num(depth, nan=farthest), nearest, farthest)
    points = points_at(camera, columns, rows, depth) - step
    texture = street.textures.on(
        shape.texture, original.normal, points, depth / camera.focal
    )
    distance = max(shape.depth + step[2], 0)
    clear = np.exp(-distance / street.visibility)
    colour = shape.colour * clear * (1 + texture[..., None])
    colour = (colour + haze * (1 - clear)).astype(np.float32)
    alpha = (cover * (shape.opacity / 255))[..., None].astype(np.float32)
    frame.image[window] += alpha * (colour - frame.image[window])
    if shape.label is None:
        return
    seen = cover > 127
    frame.label[window][seen] = CLASS_IDS[shape.label]
    frame.objects[window][seen] = number
    frame.depth[window][seen] = depth[seen]


def _window(
    outlines: list[np.ndarray], shape: tuple[int, int]
) -> tuple[slice, slice] | None:
    """Rows and columns that polygons reach; None where it is none."""
    if not outlines:
        return None
    corners = np.concatenate(outlines)
    x0, y0 = np.maximum(np.floor(corners.min(axis=0)).astype(int) - 1, 0)
    x1, y1 = np.minimum(
        np.ceil(corners.max(axis=0)).astype(int) + 2, shape[::-1]
    )
    if x0 >= x1 or y0 >= y1:
        return None
    return slice(int(y0), int(y1)), slice(int(x0), int(x1))
