"""Flat surfaces in space, and the depth at which a pixel shows them.

Space is that of the camera: metres to the right, up from the ground and
forward along the street, which bends. A camera that drives along the bend
sees the same bend ahead, so that driving only takes from the last.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ..camera import NEAR, Camera, Shape

SAME_PLANE = 1e-6


@dataclass(frozen=True)
class RecordingCamera(Camera):
    """A camera that notes what it projects.

    Attributes:
        points: By the id of each projection the points (N, 3), and the
            projection itself, which keeps the id its own.
    """

    points: dict[int, tuple[np.ndarray, np.ndarray]] = field(
        default_factory=dict
    )

    def project(self, points: np.ndarray) -> np.ndarray:
        """Project points (N, 3) to columns and rows, (N, 2)."""
        projected = super().project(points)
        noted = np.array(points, dtype=np.float64)
        self.points[id(projected)] = noted, projected
        return projected


@dataclass(frozen=True)
class Surface:
    """Polygons of a shape that lie in one plane.

    Args:
        polygons: Their corners in space, (N, 3) each.
        normal: Of the plane, length 1.
        shape: The shape that they are of.
    """

    polygons: Sequence[np.ndarray]
    normal: np.ndarray
    shape: Shape

    def moved(self, step: np.ndarray) -> 'Surface':
        """The surface at another place.

        Args:
            step: How far it has moved, (3,).
        """
        moved = [polygon + step for polygon in self.polygons]
        return Surface(moved, self.normal, self.shape)


def surfaces_of(shape: Shape, camera: RecordingCamera) -> list[Surface]:
    """Divide a shape into surfaces.

    Args:
        shape: Made with the camera.
        camera: The camera.

    Returns:
        A surface for each plane.
    """
    planes: list[tuple[np.ndarray, float, list[np.ndarray]]] = []
    for polygon in shape.polygons:
        points = camera.points[id(polygon)][0]
        normal = _normal(points)
        if normal is None:
            continue
        offset = float(points.mean(axis=0) @ normal)
        for known, distance, members in planes:
            near = abs(distance - offset) < SAME_PLANE
            if near and np.abs(known - normal).max() < SAME_PLANE:
                members.append(points)
                break
        else:
            planes.append((normal, offset, [points]))
    return [Surface(members, normal, shape) for normal, _, members in planes]


def depth_at(
    surface: Surface, camera: Camera, columns: np.ndarray, rows: np.ndarray
) -> np.ndarray:
    """Depth at which pixels show the plane of a surface.

    With u and v the pixel's distance from vanishing point and horizon in
    focal lengths, a point is (u z - bend z^2, eye - v z, z): on a plane that
    is a quadratic equation of z, of which the root is taken that is left
    where the street is straight.

    Args:
        surface: The surface.
        camera: The camera.
        columns: Of the pixels, any shape.
        rows: Likewise.

    Returns:
        Metres, NaN where a pixel does not show the plane.
    """
    u = (columns - camera.centre) / camera.focal
    v = (rows - camera.horizon) / camera.focal
    nx, ny, nz = surface.normal
    offset = surface.polygons[0].mean(axis=0) @ surface.normal
    a = -nx * camera.bend
    b = nx * u - ny * v + nz
    c = ny * camera.eye - offset
    with np.errstate(divide='ignore', invalid='ignore'):
        root = np.sqrt(b**2 - 4 * a * c)
        return -2 * c / (b + np.where(b < 0, -root, root))


def points_at(
    camera: Camera, columns: np.ndarray, rows: np.ndarray, depth: np.ndarray
) -> np.ndarray:
    """Points that pixels show.

    Args:
        camera: The camera.
        columns: Of the pixels, any shape.
        rows: Likewise.
        depth: Metres.

    Returns:
        Points in space, (..., 3).
    """
    u = (columns - camera.centre) / camera.focal
    v = (rows - camera.horizon) / camera.focal
    x = u * depth - camera.bend * depth**2
    return np.stack([x, camera.eye - v * depth, depth], axis=-1)


def cut_near(points: np.ndarray, near: float = NEAR) -> np.ndarray:
    """The part of a polygon that is before the camera.

    Args:
        points: Corners (N, 3).
        near: What is closer is cut off, metres.

    Returns:
        Corners (M, 3), none where nothing is left.
    """
    inside = points[:, 2] >= near
    if inside.all():
        return points
    kept = []
    for i, point in enumerate(points):
        before = points[i - 1]
        if inside[i] != inside[i - 1]:
            share = (near - before[2]) / (point[2] - before[2])
            kept.append(before + share * (point - before))
        if inside[i]:
            kept.append(point)
    return np.array(kept).reshape(-1, 3)


def _normal(points: np.ndarray) -> np.ndarray | None:
    """Normal of a polygon (Newell), turned one way; None for a line."""
    normal = np.cross(points, np.roll(points, -1, axis=0)).sum(axis=0)
    length = np.linalg.norm(normal)
    if length < 1e-9:
        return None
    normal /= length
    return normal * np.sign(normal[np.abs(normal).argmax()])
