"""Colour transfer: mean and standard deviation of another image in LAB.

Reinhard et al., "Color Transfer between Images", IEEE CG&A 2001, in CIELAB,
as He et al., "Multi-Source Domain Adaptation with Collaborative Learning for
Semantic Segmentation", CVPR 2021, do it for source images.
"""

import cv2
import numpy as np

# about one grey value of 255: less is rounding, which is not scaled up
LEAST_STD = 0.5


def match_lab_statistics(image: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Give an image the mean and the deviation of another one in LAB.

    Each channel becomes (x - mean) std' / std + mean'. One that is constant,
    as the two of colour are in a grey image, is shifted alone.

    Args:
        image: BGR, (H, W, 3), 0 to 255.
        target: BGR, (H', W', 3), 0 to 255.

    Returns:
        BGR, float32 (H, W, 3), within 0 to 255, not rounded.
    """
    lab = _to_lab(image)
    mean, std = _statistics(lab)
    wanted_mean, wanted_std = _statistics(_to_lab(target))
    has_range = std >= LEAST_STD
    scale = np.where(has_range, wanted_std / np.where(has_range, std, 1), 1)
    # one multiplication and one addition a pixel
    lab *= scale.astype(np.float32)
    lab += (wanted_mean - mean * scale).astype(np.float32)
    bgr = cv2.cvtColor(lab, cv2.COLOR_Lab2BGR)
    return np.clip(bgr, 0, 1) * np.float32(255)


def _to_lab(image: np.ndarray) -> np.ndarray:
    """float32 LAB, L of 0 to 100, of BGR of 0 to 255."""
    return cv2.cvtColor(
        image.astype(np.float32) / np.float32(255), cv2.COLOR_BGR2Lab
    )


def _statistics(lab: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of each channel, float64 (3,)."""
    mean, std = cv2.meanStdDev(lab)
    return mean[:, 0], std[:, 0]
