"""How camera and objects of a toy street move."""

from dataclasses import dataclass

import numpy as np

from ..camera import Scene, Shape
from ..street import OBJECT
from .surfaces import RecordingCamera

VEHICLES = {'car', 'truck', 'bus', 'train'}
TWO_WHEELERS = {'bicycle', 'motorcycle'}
STANDS = 0.2
"""Probability that the camera stands."""
# metres a frame
EGO = (0.25, 0.7)
WALK = (0.05, 0.12)
RIDE = (0.15, 0.35)
SWAY = 0.02


@dataclass(frozen=True)
class Motion:
    """How everything moves between a frame and the next.

    Args:
        camera: Metres that the camera moves, (3,).
        objects: Those of each object of the scene, (O, 3), on the ground.
    """

    camera: np.ndarray
    objects: np.ndarray

    def seen(self, frames: int) -> np.ndarray:
        """How far objects are from where they were, seen from the camera.

        Args:
            frames: Number of frames that have passed.

        Returns:
            Metres, (O, 3).
        """
        return frames * (self.objects - self.camera)


def draw_motion(
    scene: Scene, camera: RecordingCamera, rng: np.random.Generator
) -> Motion:
    """Draw how a scene moves.

    All vehicles of one lane have one speed, so that none drives into
    another; what is parked, and all but vehicles and people, stands.

    Args:
        scene: The scene.
        camera: The camera that it was made with.
        rng: Source of all draws.

    Returns:
        The motion.
    """
    middle, half = _road(scene, camera)
    stands = rng.random() < STANDS
    ego = 0.0 if stands else rng.uniform(*EGO)
    drift = 0.0 if stands else rng.normal(0, SWAY)
    # those ahead drive about as fast as the camera, the others come
    ahead = rng.uniform(0.8, 1.3) * (ego or rng.uniform(*EGO))
    coming = -rng.uniform(*EGO)
    objects = np.zeros((len(scene.items), 3))
    for i, (layer, _, shapes) in enumerate(scene.items):
        labels = {shape.label for shape in shapes}
        if layer != OBJECT:
            continue
        x = _place(shapes, camera)
        # drawn in any case: what follows depends on how much was drawn
        walk, ride = rng.uniform(*WALK), rng.uniform(*RIDE)
        turn = rng.choice((-1, 1))
        crosses = abs(x - middle) < half
        if labels & VEHICLES and abs(x - middle) < 0.6 * half:
            objects[i, 2] = ahead if x > middle else coming
        elif 'rider' in labels:
            objects[i, 2] = ride if x > middle else -ride
        elif 'person' in labels:
            objects[i, 0 if crosses else 2] = turn * walk
    return Motion(np.array([drift, 0.0, ego]), objects)


def _place(shapes: list[Shape], camera: RecordingCamera) -> float:
    """Where an object stands across the street."""
    corners = [
        camera.points[id(polygon)][0]
        for shape in shapes
        if shape.label is not None
        for polygon in shape.polygons
    ]
    return float(np.concatenate(corners)[:, 0].mean())


def _road(scene: Scene, camera: RecordingCamera) -> tuple[float, float]:
    """Middle of the road, and half of its width."""
    roads = [
        shape
        for _, _, shapes in scene.items
        for shape in shapes
        if shape.label == 'road'
    ]
    # the lines on it come behind it
    x = camera.points[id(roads[0].polygons[0])][0][:, 0]
    return float(x.min() + x.max()) / 2, float(x.max() - x.min()) / 2
