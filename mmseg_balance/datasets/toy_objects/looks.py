"""The two domains: renderings, and what stands in for photographs."""

from dataclasses import dataclass

import cv2
import numpy as np

Image = np.ndarray
"""float32 (S, S, 3), RGB from 0 to 1."""

# hue, saturation and value of what has a colour of its own
TONES = dict(
    dark=(0.6, 0.1, 0.12), glass=(0.56, 0.25, 0.7), metal=(0.6, 0.04, 0.66),
    skin=(0.07, 0.45, 0.82), leaf=(0.32, 0.7, 0.5), wood=(0.07, 0.55, 0.45),
)  # fmt: skip


@dataclass(frozen=True)
class Look:
    """How a domain differs from the other one.

    Args:
        clutter: Number of shapes behind an object.
        contrast: How much they and what is behind them stand out, 0 to 1.
        saturation: What that of colours is multiplied with.
        texture: Strength of the pattern on an object.
        noise: Standard deviation of the noise of the camera.
        blur: Standard deviation of its blur, in 64ths of the image.
        light: Least and greatest brightness.
        covered: Largest share of the object that something covers.
        turned: Largest angle that an object is turned by, in radians.
        narrowed: Largest share of its length that its view takes away.
        moved: Largest distance from the middle, in sides of the image.
        scale: Least and greatest size of an object, in sides of the image.
    """

    clutter: int
    contrast: float
    saturation: float
    texture: float
    noise: float
    blur: float
    light: tuple[float, float]
    covered: float
    turned: float
    narrowed: float
    moved: float
    scale: tuple[float, float]


SOURCE = Look(
    clutter=4, contrast=0.45, saturation=1.0, texture=0.06, noise=0.01,
    blur=0.3, light=(0.85, 1.1), covered=0.05, turned=0.2, narrowed=0.15,
    moved=0.04, scale=(0.7, 0.9),
)  # fmt: skip
TARGET = Look(
    clutter=7, contrast=0.9, saturation=0.75, texture=0.2, noise=0.035,
    blur=0.7, light=(0.65, 1.1), covered=0.25, turned=0.5, narrowed=0.35,
    moved=0.1, scale=(0.65, 0.9),
)  # fmt: skip

SHIFTS = dict(
    aeroplane=0.25, bicycle=0.6, bus=0.2, car=0.75, horse=0.35, knife=0.8,
    motorcycle=0.45, person=0.7, plant=0.15, skateboard=0.9, train=0.5,
    truck=1.0,
)  # fmt: skip
"""How far the target look of each class is from its source look, 0 to 1."""


def look_of(domain: str, name: str) -> tuple[Look, float]:
    """Look of a class in a domain, and how odd its objects are there.

    Args:
        domain: ``train`` or ``validation``.
        name: The class.

    Returns:
        The look, and the largest oddity of a shape.
    """
    if domain == 'train':
        return SOURCE, 0.1
    shift = SHIFTS[name]
    mix = dict(
        (key, _between(value, getattr(TARGET, key), shift))
        for key, value in vars(SOURCE).items()
        if key in ('covered', 'turned', 'narrowed', 'moved', 'texture')
    )
    return Look(**(vars(TARGET) | mix)), shift


def background(look: Look, size: int, rng: np.random.Generator) -> Image:
    """What is behind an object.

    Args:
        look: The domain's.
        size: S.
        rng: Source of all draws.
    """
    rows = np.linspace(0, 1, size, dtype=np.float32)[:, None, None]
    top, low = rng.uniform(0.75, 1.0), rng.uniform(0.55, 0.85)
    studio = (top + (low - top) * rows) * rng.uniform(0.96, 1.0, 3)
    image = np.stack(
        [0.5 + 0.16 * smooth_noise(rng, size, 4) for _ in range(3)], axis=-1
    )
    grey = image.mean(axis=-1, keepdims=True)
    image = grey + (image - grey) * 0.35
    for _ in range(look.clutter):
        corners = rng.uniform(-0.1, 1.1, (1, 2)) + rng.uniform(
            -0.3, 0.3, (int(rng.integers(3, 6)), 2)
        )
        colour = hsv(rng.uniform(), rng.uniform(0, 0.4), rng.uniform(0.2, 0.9))
        hull = cv2.convexHull((corners * size * 16).astype(np.int32))
        layer = image.astype(np.float32)
        cv2.fillPoly(layer, [hull], colour.tolist(), cv2.LINE_AA, 4)
        image += rng.uniform(0.4, 0.9) * (layer - image)
    mixed = studio + look.contrast * (image - studio)
    return mixed.astype(np.float32)


def colours(look: Look, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Colour of each tone, (3,).

    Args:
        look: The domain's.
        rng: Source of all draws.
    """
    tones = dict(
        TONES,
        body=(rng.uniform(), rng.uniform(0.6, 0.95), rng.uniform(0.5, 0.95)),
        second=(rng.uniform(), rng.uniform(0.1, 0.7), rng.uniform(0.4, 0.9)),
    )
    jitter = rng.uniform(-0.05, 0.05, (len(tones), 3))
    return {
        tone: hsv(h + 0.4 * dh, (s + ds) * look.saturation, v + dv)
        for (tone, (h, s, v)), (dh, ds, dv) in zip(
            tones.items(), jitter, strict=True
        )
    }


def expose(image: Image, look: Look, rng: np.random.Generator) -> np.ndarray:
    """Light, blur and noise of the camera.

    Args:
        image: The picture.
        look: The domain's.
        rng: Source of all draws.

    Returns:
        uint8 (S, S, 3).
    """
    size = len(image)
    image = image * rng.uniform(*look.light)
    cast = 1 + look.noise * rng.normal(0, 1.5, 3)
    blur = rng.uniform(0.3, 1) * look.blur * size / 64
    image = cv2.GaussianBlur((image * cast).astype(np.float32), (0, 0), blur)
    image = image + rng.normal(0, 1, image.shape) * look.noise
    return np.round(np.clip(image, 0, 1) * 255).astype(np.uint8)


def smooth_noise(
    rng: np.random.Generator, size: int, cells: int
) -> np.ndarray:
    """Noise with so many spots along a side, (S, S), deviation about 1."""
    coarse = rng.normal(0, 1, (cells, cells)).astype(np.float32)
    fine = cv2.resize(coarse, (size, size), interpolation=cv2.INTER_CUBIC)
    return fine * 1.3


def hsv(hue: float, saturation: float, value: float) -> np.ndarray:
    """RGB of a colour, float32 (3,); all of 0 to 1, the hue round a circle."""
    saturation, value = np.clip([saturation, value], 0, 1)
    offsets = np.array([5.0, 3.0, 1.0]) + 6 * hue
    k = offsets % 6
    wave = np.clip(np.minimum(k, 4 - k), 0, 1)
    return (value * (1 - saturation * wave)).astype(np.float32)


def _between(a: float, b: float, share: float) -> float:
    return a + (b - a) * share
