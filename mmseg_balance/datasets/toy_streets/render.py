"""From the shapes of a toy street to an image and its label."""

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
from mmseg.datasets import CityscapesDataset

from .camera import Camera, Scene, Shape
from .domains import Look

CLASSES = CityscapesDataset.METAINFO['classes']
CLASS_IDS = {name: i for i, name in enumerate(CLASSES)}

_SUBPIXEL_BITS = 4
_REFERENCE_HEIGHT = 256


class Painting(NamedTuple):
    """A painted scene.

    Attributes:
        image: RGB, uint8 (H, W, 3).
        label: Train ids, uint8 (H, W).
        objects: What each pixel's label is of, int32 (H, W): the objects of
            the scene are numbered from 1 as they are painted, far ones
            before near ones; 0 is the sky.
    """

    image: np.ndarray
    label: np.ndarray
    objects: np.ndarray


def render(scene: Scene, look: Look, rng: np.random.Generator) -> Painting:
    """Paint a scene.

    Args:
        scene: Shapes in world order; what they leave free is sky.
        look: Light, air and camera of the domain.
        rng: Source of all draws.

    Returns:
        The image, and what is seen where.
    """
    camera = scene.camera
    textures = _textures(camera, look, rng)
    image, haze = sky_and_haze(camera, look, rng)
    label = np.full(image.shape[:2], CLASS_IDS['sky'], dtype=np.uint8)
    objects = np.zeros(label.shape, dtype=np.int32)
    visibility = rng.uniform(*look.visibility)
    for number, shapes in enumerate(scene.objects(), 1):
        for shape in shapes:
            window, seen = _paint(image, shape, textures, haze, visibility)
            if shape.label is not None:
                label[window][seen] = CLASS_IDS[shape.label]
                objects[window][seen] = number
    return Painting(expose(image, look, rng), label, objects)


def _paint(
    image: np.ndarray,
    shape: Shape,
    textures: dict[str, np.ndarray],
    haze: np.ndarray,
    visibility: float,
) -> tuple[tuple[slice, slice], np.ndarray]:
    """Paint one shape over an image (H, W, 3), in place.

    Returns:
        The rectangle that the shape is in, and which of its pixels are more
        than half covered, bool.
    """
    height, width = image.shape[:2]
    corners = np.concatenate(shape.polygons)
    x0, y0 = np.floor(corners.min(axis=0)).astype(int) - 1
    x1, y1 = np.ceil(corners.max(axis=0)).astype(int) + 2
    x0, y0, x1, y1 = max(x0, 0), max(y0, 0), min(x1, width), min(y1, height)
    if x0 >= x1 or y0 >= y1:
        return (slice(0), slice(0)), np.zeros((0, 0), dtype=bool)
    window = slice(y0, y1), slice(x0, x1)
    cover = coverage(shape.polygons, window, 20 * max(height, width))
    clear = np.exp(-max(shape.depth, 0) / visibility)
    texture = textures[shape.texture][window][..., None]
    colour = shape.colour * clear * (1 + texture) + haze * (1 - clear)
    alpha = (cover * (shape.opacity / 255))[..., None].astype(np.float32)
    image[window] += alpha * (colour.astype(np.float32) - image[window])
    return window, cover > 127


def coverage(
    polygons: Sequence[np.ndarray], window: tuple[slice, slice], limit: int
) -> np.ndarray:
    """How much polygons cover of the pixels of a window.

    Args:
        polygons: Each (N, 2), columns and rows in pixels of the image.
        window: Rows and columns of the image.
        limit: Coordinates are brought below it: far outside the image,
            fixed-point ones would overflow.

    Returns:
        uint8, 255 where a pixel is covered whole.
    """
    rows, columns = window
    shape = rows.stop - rows.start, columns.stop - columns.start
    cover = np.zeros(shape, dtype=np.uint8)
    for polygon in polygons:
        moved = np.clip(polygon, -limit, limit) - (columns.start, rows.start)
        points = np.round(moved * 2**_SUBPIXEL_BITS).astype(np.int32)
        cv2.fillPoly(cover, [points], 255, cv2.LINE_AA, _SUBPIXEL_BITS)
    return cover


def sky_and_haze(
    camera: Camera, look: Look, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Sky over the whole image (H, W, 3), and the colour of the haze."""
    top, low = (np.array(colours[0]) for colours in look.sky)
    rows = np.arange(camera.height) / max(camera.horizon, 1)
    share = np.clip(rows, 0, 1)[:, None, None]
    sky = np.broadcast_to(
        top + (low - top) * share, (camera.height, camera.width, 3)
    )
    clouds = _noise(rng, camera, cells=(5, 4)) + _noise(rng, camera, (12, 9))
    clouds = np.clip(0.6 * clouds + rng.uniform(*look.clouds) - 0.5, 0, 1)
    sky = sky + (0.93 - sky) * (0.8 * clouds[..., None])
    return sky.astype(np.float32), low


def _textures(
    camera: Camera, look: Look, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """Relative brightness of each kind of surface, (H, W) each."""
    spot = max(look.grain_size * camera.height / _REFERENCE_HEIGHT, 1)
    cells = (camera.height / spot, camera.width / spot)
    fine, broad = _noise(rng, camera, cells), _noise(rng, camera, (6, 12))
    leafy = _noise(rng, camera, (camera.height / 3, camera.width / 3))
    patches = 0.5 * fine + 0.8 * _on_ground(rng, camera)
    return dict(
        grain=look.grain * fine,
        mottle=look.grain * (0.8 * fine + 0.8 * broad),
        ground=look.grain * patches,
        leaf=(0.12 + 1.2 * look.grain) * (leafy + 0.3 * broad),
    )


def _on_ground(rng: np.random.Generator, camera: Camera) -> np.ndarray:
    """Noise that lies on the ground plane and shrinks with distance."""
    rows, columns = np.mgrid[: camera.height, : camera.width]
    below = np.maximum(rows - camera.horizon, 1.0)
    z = camera.focal * camera.eye / below
    x = (columns - camera.centre) * z / camera.focal
    tile = np.pad(rng.normal(0, 1, (256, 256)), 4, mode='wrap')
    tile = cv2.GaussianBlur(tile, (0, 0), 1.2)[4:-4, 4:-4]
    tile = (tile / tile.std()).astype(np.float32)
    return cv2.remap(
        tile,
        (3.0 * x).astype(np.float32) % 255,
        (1.5 * z).astype(np.float32) % 255,
        cv2.INTER_LINEAR,
    )


def _noise(
    rng: np.random.Generator, camera: Camera, cells: tuple[float, float]
) -> np.ndarray:
    """Smooth noise (H, W) with mean 0 and about unit deviation."""
    shape = [int(np.ceil(n)) + 1 for n in cells]
    coarse = rng.normal(0, 1, shape).astype(np.float32)
    size = (camera.width, camera.height)
    return cv2.resize(coarse, size, interpolation=cv2.INTER_CUBIC)


def expose(
    image: np.ndarray, look: Look, rng: np.random.Generator
) -> np.ndarray:
    """What the camera makes of the light: lens, sensor, colours."""
    height, width = image.shape[:2]
    sigma = rng.uniform(*look.blur) * height / _REFERENCE_HEIGHT
    if sigma > 0.1:
        image = cv2.GaussianBlur(image, (0, 0), sigma)
    rows = np.linspace(-1, 1, height, dtype=np.float32)[:, None, None]
    columns = np.linspace(-1, 1, width, dtype=np.float32)[:, None]
    light = 1 - look.vignette * (rows**2 + columns**2) / 2
    image = image * (rng.uniform(*look.exposure) * light)
    grey = image.mean(axis=2, keepdims=True)
    image = grey + look.saturation * (image - grey)
    image = np.clip(image * np.float32(look.tint), 0, 1)
    image = image ** rng.uniform(*look.gamma)
    noise = rng.standard_normal(image.shape, dtype=np.float32)
    image = image + rng.uniform(*look.noise) * noise
    return np.round(np.clip(image, 0, 1) * 255).astype(np.uint8)
