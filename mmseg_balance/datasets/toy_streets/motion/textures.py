"""Textures that stay on their surfaces while these move."""

from dataclasses import dataclass

import cv2
import numpy as np

from ..domains import Look

SIDE = 256
# size of their spots, metres
FINE, LEAFY, BROAD = 0.08, 0.3, 1.6


@dataclass(frozen=True)
class Textures:
    """Noise that lies on surfaces.

    Args:
        tile: Periodic noise with mean 0 and deviation 1, (SIDE, SIDE).
        grain: Strength of surface textures.
    """

    tile: np.ndarray
    grain: float

    @classmethod
    def draw(cls, look: Look, rng: np.random.Generator) -> 'Textures':
        """Draw the noise."""
        tile = np.pad(rng.normal(0, 1, (SIDE, SIDE)), 4, mode='wrap')
        tile = cv2.GaussianBlur(tile, (0, 0), 1.0)[4:-4, 4:-4]
        return cls((tile / tile.std()).astype(np.float32), look.grain)

    def on(
        self,
        kind: str,
        normal: np.ndarray,
        points: np.ndarray,
        footprint: np.ndarray,
    ) -> np.ndarray:
        """Relative brightness at points of a surface.

        Args:
            kind: Name of the texture, of ``Shape.texture``.
            normal: Of the surface.
            points: Points on it, (H, W, 3), where they were before anything
                moved.
            footprint: Metres that a pixel is wide, (H, W). What is finer
                fades.

        Returns:
            Brightness (H, W), 0 on average.
        """
        # seen along the axis that the surface faces
        axes = np.delete(np.arange(3), np.abs(normal).argmax())
        places = points[..., axes]

        def noise(size: float) -> np.ndarray:
            at = (places / (0.5 * size)) % (SIDE - 1)
            values = cv2.remap(
                self.tile,
                at[..., 0].astype(np.float32),
                at[..., 1].astype(np.float32),
                cv2.INTER_LINEAR,
            )
            return values * np.clip(0.5 * size / footprint, 0, 1)

        if kind == 'leaf':
            strength = 0.12 + 1.2 * self.grain
            return strength * (noise(LEAFY) + 0.3 * noise(BROAD))
        if kind == 'grain':
            return self.grain * noise(FINE)
        return self.grain * (0.6 * noise(FINE) + 0.8 * noise(BROAD))
