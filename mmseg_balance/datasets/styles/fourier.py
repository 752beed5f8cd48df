"""Fourier domain adaptation: the low frequencies' amplitudes of another image.

Yang and Soatto, "FDA: Fourier Domain Adaptation for Semantic Segmentation",
CVPR 2020, https://github.com/YanchaoYang/FDA (``FDA_source_to_target_np``).
"""

from math import floor

import cv2
import numpy as np
from scipy import fft

# of a wave in an image of 0 to 255: what is below is rounding
LEAST_AMPLITUDE = 1e-3


def swap_low_frequencies(
    image: np.ndarray, target: np.ndarray, beta: float
) -> np.ndarray:
    """Give an image the low-frequency amplitudes of another one.

    The phases, and with them where things are, stay as they are. Swapped are
    the frequencies of up to floor(beta min(H, W)) periods along each side,
    as in the released code (the paper has beta H and beta W).

    A frequency that the image lacks has no phase that could be kept, and
    stays out; so an image of one colour changes as a whole.

    Args:
        image: (H, W, C), any numbers.
        target: (H', W', C); another size is brought to that of the image.
        beta: Share of the shorter side, 0 to 0.5; 0 swaps the mean alone.

    Returns:
        float32 (H, W, C), neither rounded nor clipped.
    """
    height, width = image.shape[:2]
    if target.shape[:2] != (height, width):
        target = cv2.resize(
            target, (width, height), interpolation=cv2.INTER_AREA
        )
    spectrum = _spectrum(image)
    reach = floor(min(height, width) * beta)
    # a real image has negative columns equal to the positive ones
    low = np.ix_(np.arange(-reach, reach + 1), np.arange(reach + 1))
    spectrum[low] = _with_amplitude(
        spectrum[low],
        np.abs(_spectrum(target)[low]),
        LEAST_AMPLITUDE * height * width,
    )
    return fft.irfft2(spectrum, s=(height, width), axes=(0, 1))


def _spectrum(image: np.ndarray) -> np.ndarray:
    return fft.rfft2(image.astype(np.float32), axes=(0, 1))


def _with_amplitude(
    waves: np.ndarray, wanted: np.ndarray, least: float
) -> np.ndarray:
    """Waves with their own phase and another amplitude."""
    amplitude = np.abs(waves)
    is_there = amplitude > least
    phase = waves / np.where(is_there, amplitude, 1)
    # the mean of an image that is all black is 0, and may still be raised
    mean = phase.shape[0] // 2, 0
    phase[mean] = np.where(is_there[mean], phase[mean], 1)
    is_there[mean] = True
    return np.where(is_there, wanted * phase, waves)
