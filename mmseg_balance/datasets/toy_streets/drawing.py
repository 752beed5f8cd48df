"""What every object of a toy street is drawn with."""

from dataclasses import dataclass

import numpy as np

from .camera import Camera, Shape
from .domains import Domain

SHADOW = np.zeros(3)


@dataclass(frozen=True)
class Drawing:
    """Camera, colours and light of one scene.

    Args:
        camera: Where shapes are projected to.
        domain: Whose palette colours come from.
        rng: Source of all draws.
        side_light: Brightness of faces along the street on its left and
            its right; faces towards the camera have 1.
        shadow: Opacity of shadows on the ground.
    """

    camera: Camera
    domain: Domain
    rng: np.random.Generator
    side_light: tuple[float, float]
    shadow: float

    def colour(self, material: str, shade: float = 1.0) -> np.ndarray:
        """One of a material's colours, RGB (3,), slightly varied."""
        choices = self.domain.palette[material]
        base = np.array(choices[self.rng.integers(len(choices))])
        return base * (shade * self.rng.uniform(0.92, 1.08))

    def light_at(self, x: float) -> float:
        """Brightness of a face along the street that looks towards it."""
        return self.side_light[int(x > 0)]

    def uniform(self, limits: tuple[float, float]) -> float:
        """Draw a number from a range."""
        return float(self.rng.uniform(*limits))

    def ground_shadow(self, x: float, z: float, width: float, length: float):
        """The shadow of something that stands on the ground."""
        area = self.camera.ground(
            (x - width / 2, x + width / 2), (z - 0.15, z + length)
        )
        return Shape([area], SHADOW, None, z, opacity=self.shadow)
