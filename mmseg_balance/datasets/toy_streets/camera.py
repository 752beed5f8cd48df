"""The pinhole camera of toy streets, and shapes in its image.

World coordinates are metres: x to the right, y up from the ground, z
forward from the camera. Image coordinates are pixels.
"""

from dataclasses import dataclass, field

import numpy as np

NEAR = 1.0
"""Nothing is drawn closer to the camera than this, in metres."""
FAR = 130.0
"""Distance at which the street ends, metres."""

GROUND, BACKDROP, BORDER, OBJECT = range(4)
"""Layers of a scene, each painted over those before it."""


@dataclass(frozen=True)
class Camera:
    """A camera above a street that bends slowly.

    Args:
        height: Rows of the image.
        width: Columns of the image.
        focal: Focal length in pixels.
        horizon: Row of the horizon.
        centre: Column of the vanishing point.
        eye: Height above the ground in metres.
        bend: The street's shift to the right is ``bend * z ** 2`` metres.
    """

    height: int
    width: int
    focal: float
    horizon: float
    centre: float
    eye: float
    bend: float

    def project(self, points: np.ndarray) -> np.ndarray:
        """Project points (N, 3) to columns and rows, (N, 2)."""
        x, y, z = np.asarray(points, dtype=np.float64).T
        z = np.maximum(z, NEAR)
        column = self.centre + self.focal * (x / z + self.bend * z)
        row = self.horizon + self.focal * (self.eye - y) / z
        return np.stack([column, row], axis=1)

    def facing(
        self, x: float, z: float, outline: np.ndarray, turn: float = 1.0
    ) -> np.ndarray:
        """Outline of something flat that faces the camera.

        Args:
            x: Where it stands, metres.
            z: Its distance, metres.
            outline: Points (N, 2) to the right of x and above the ground.
            turn: Factor on the width: 1 is seen from the front, smaller is
                turned away, negative is mirrored.

        Returns:
            Points in the image, (N, 2).
        """
        u, v = np.asarray(outline, dtype=np.float64).T
        return self.project(np.stack([x + turn * u, v, z + 0 * u], axis=1))

    def along(self, x: float, outline: np.ndarray) -> np.ndarray:
        """Outline of something flat that runs along the street.

        Args:
            x: Its distance from the middle, metres.
            outline: Points (N, 2) of distance z and height y.

        Returns:
            Points in the image, (N, 2).
        """
        z, y = np.asarray(outline, dtype=np.float64).T
        return self.project(np.stack([x + 0 * z, y, z], axis=1))

    def wall(
        self, x: float, z: tuple[float, float], y: tuple[float, float]
    ) -> np.ndarray:
        """Upright rectangle along the street that follows its bend."""
        steps = _distances(*z)
        low = [(s, y[0]) for s in steps]
        high = [(s, y[1]) for s in steps[::-1]]
        return self.along(x, np.array(low + high))

    def ground(
        self, x: tuple[float, float], z: tuple[float, float]
    ) -> np.ndarray:
        """Rectangle on the ground that follows the street's bend."""
        steps = _distances(*z)
        left = [(x[0], 0, s) for s in steps]
        right = [(x[1], 0, s) for s in steps[::-1]]
        return self.project(np.array(left + right))


@dataclass(frozen=True)
class Shape:
    """Polygons of one colour.

    Args:
        polygons: Each (N, 2), columns and rows in pixels.
        colour: RGB in 0 .. 1.
        label: Name of the class, or None to leave the label as it is.
        depth: Distance in metres, for the haze.
        texture: Name of the texture on it.
        opacity: 0 shows what is behind, 1 hides it.
    """

    polygons: list[np.ndarray]
    colour: np.ndarray
    label: str | None = None
    depth: float = 10.0
    texture: str = 'grain'
    opacity: float = 1.0


@dataclass
class Scene:
    """Shapes in painting order: by layer, and from far to near within."""

    camera: Camera
    items: list[tuple[int, float, list[Shape]]] = field(default_factory=list)

    def add(self, layer: int, depth: float, shapes: list[Shape]) -> None:
        """Add an object's shapes, which stay together in their order."""
        self.items.append((layer, depth, shapes))

    def objects(self) -> list[list[Shape]]:
        """The shapes of each object, first the one to paint first."""
        ordered = sorted(self.items, key=lambda item: (item[0], -item[1]))
        return [shapes for _, _, shapes in ordered]


def rectangle(u0: float, v0: float, u1: float, v1: float) -> np.ndarray:
    """Outline (4, 2) of a rectangle."""
    return np.array([(u0, v0), (u1, v0), (u1, v1), (u0, v1)])


def ellipse(
    u: float, v: float, ru: float, rv: float | None = None, corners: int = 16
) -> np.ndarray:
    """Outline (corners, 2) of an ellipse, a circle without ``rv``."""
    angle = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    rv = ru if rv is None else rv
    return np.stack([u + ru * np.cos(angle), v + rv * np.sin(angle)], axis=1)


def stroke(u0: float, v0: float, u1: float, v1: float, width: float):
    """Outline (4, 2) of a line from one point to another."""
    direction = np.array([u1 - u0, v1 - v0])
    side = np.array([-direction[1], direction[0]])
    side = side * (width / 2 / max(np.hypot(*direction), 1e-6))
    start, end = np.array([u0, v0]), np.array([u1, v1])
    return np.stack([start - side, end - side, end + side, start + side])


def _distances(near: float, far: float) -> np.ndarray:
    """Distances between which a bent line looks straight."""
    near = max(near, NEAR)
    far = max(far, 1.001 * near)
    ratio = np.log(far / near)
    return near * np.exp(np.linspace(0, ratio, 2 + int(5 * ratio)))
