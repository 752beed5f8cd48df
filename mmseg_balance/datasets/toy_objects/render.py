"""From the parts of a toy object to an image."""

import cv2
import numpy as np

from .looks import Look, background, colours, expose, look_of, smooth_noise
from .settings import CLASSES, DOMAINS, ToyObjects
from .shapes import SHAPES, Part

_BITS = 4
_FREE_TURN = dict(knife=np.pi, aeroplane=0.6, skateboard=0.3)
"""Angles that objects have in both domains, beside those of the look."""


def draw_object(
    domain: str, name: str, index: int, settings: ToyObjects
) -> np.ndarray:
    """Draw one image.

    Args:
        domain: ``train`` (renderings) or ``validation`` ("photographs").
        name: The class.
        index: From 0.
        settings: Size and seed.

    Returns:
        RGB, uint8 (S, S, 3).
    """
    key = [DOMAINS.index(domain), CLASSES.index(name), index]
    rng = np.random.default_rng([settings.seed, *key])
    look, oddity = look_of(domain, name)
    size = settings.size
    parts = SHAPES[name](rng, oddity * rng.uniform(0.4, 1))
    matrix, middle = _pose(name, look, size, rng)
    image = background(look, size, rng)
    if domain == 'train':
        _shadow(image, parts, matrix, middle)
    paint = colours(look, rng)
    pattern = 1 + look.texture * smooth_noise(rng, size, size // 4)
    light = _light(size, rng)
    covered = np.zeros((size, size), dtype=bool)
    for part in parts:
        polygons = [p @ matrix.T + middle for p in part.polygons]
        cover = _cover(polygons, size)
        covered |= cover > 0.5
        colour = paint[part.tone] * (pattern * light)[..., None]
        image += cover[..., None] * (colour - image)
    _hide(image, covered, look, rng)
    return expose(image, look, rng)


def _pose(
    name: str, look: Look, size: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Where an object is: a matrix (2, 2) and its middle (2,), in pixels."""
    turn = rng.uniform(-1, 1) * (look.turned + _FREE_TURN.get(name, 0))
    flip = rng.choice([-1, 1])
    narrow = 1 - look.narrowed * rng.uniform()
    scale = rng.uniform(*look.scale) * size / 2
    c, s = np.cos(turn), np.sin(turn)
    shear = np.array([[flip * narrow, 0], [0.3 * (1 - narrow), 1]])
    middle = size / 2 + look.moved * size * rng.uniform(-1, 1, 2)
    return scale * np.array([[c, -s], [s, c]]) @ shear, middle


def _cover(polygons: list[np.ndarray], size: int) -> np.ndarray:
    """Share of each pixel that polygons cover, holes left out, (S, S)."""
    cover = np.zeros((size, size), dtype=np.uint8)
    points = [np.round(p * 2**_BITS).astype(np.int32) for p in polygons]
    cv2.fillPoly(cover, points, 255, cv2.LINE_AA, _BITS)
    return cover.astype(np.float32) / 255


def _light(size: int, rng: np.random.Generator) -> np.ndarray:
    """Light from a side, (S, S)."""
    angle = rng.uniform(0, 2 * np.pi)
    rows, columns = np.mgrid[:size, :size] / size - 0.5
    side = rows * np.sin(angle) + columns * np.cos(angle)
    return (1 + 0.5 * side).astype(np.float32)


def _shadow(
    image: np.ndarray,
    parts: list[Part],
    matrix: np.ndarray,
    middle: np.ndarray,
) -> None:
    """A soft shadow below an object, in place."""
    size = len(image)
    points = np.concatenate([p for part in parts for p in part.polygons])
    points = points @ matrix.T + middle
    low, wide = points[:, 1].max(), np.ptp(points[:, 0]) / 2
    cover = np.zeros((size, size), dtype=np.float32)
    x = (points[:, 0].max() + points[:, 0].min()) / 2
    axes = (max(int(wide), 1), max(int(size * 0.03), 1))
    cv2.ellipse(cover, (int(x), int(low)), axes, 0, 0, 360, 1.0, -1)
    cover = cv2.GaussianBlur(cover, (0, 0), size * 0.02)
    image *= 1 - 0.35 * cover[..., None]


def _hide(
    image: np.ndarray,
    covered: np.ndarray,
    look: Look,
    rng: np.random.Generator,
) -> None:
    """Put something in front of one side of an object, in place."""
    share = look.covered * rng.uniform()
    colour = rng.uniform(0.15, 0.8, 3).astype(np.float32)
    axis, from_end = int(rng.integers(2)), bool(rng.integers(2))
    places = np.nonzero(covered)[axis]
    if share < 0.03 or not len(places):
        return
    edge = int(np.quantile(places, 1 - share if from_end else share))
    band = slice(edge, None) if from_end else slice(None, edge)
    window = (band, slice(None)) if axis == 0 else (slice(None), band)
    pattern = 1 + 0.15 * smooth_noise(rng, len(image), 6)[window]
    image[window] = colour * pattern[..., None]
