"""Fourier domain adaptation: the low frequencies' amplitudes of another image.

Yang and Soatto, "FDA: Fourier Domain Adaptation for Semantic Segmentation",
CVPR 2020, https://github.com/YanchaoYang/FDA (``FDA_source_to_target_np``).
"""

from math import floor, sqrt

import cv2
import numpy as np
from scipy import fft

# Of a coefficient, by the square root of the number of pixels: ten times what
# float32 leaves of one that is 0, a hundredth of what rounding of images adds
LEAST_AMPLITUDE = 2e-3


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
        image: (H, W, C), of up to 4 channels.
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
    mean, spectrum = _mean_and_spectrum(image)
    wanted_mean, wanted = _mean_and_spectrum(target)
    reach = floor(min(height, width) * beta)
    # a real image has negative columns equal to the positive ones
    low = np.ix_(np.arange(-reach, reach + 1), np.arange(reach + 1))
    spectrum[low] = _with_amplitude(
        spectrum[low],
        np.abs(wanted[low]),
        LEAST_AMPLITUDE * sqrt(height * width),
    )
    swapped = fft.irfft2(spectrum, s=(height, width), axes=(0, 1))
    # the mean is the wave of frequency 0, and its phase is its sign
    swapped += np.copysign(wanted_mean, mean)
    return swapped


def _mean_and_spectrum(image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean of each channel, and the waves around it."""
    mean = np.float32(cv2.mean(image)[: image.shape[2]])
    waves = fft.rfft2(image.astype(np.float32) - mean, axes=(0, 1))
    return mean, waves


def _with_amplitude(
    waves: np.ndarray, wanted: np.ndarray, least: float
) -> np.ndarray:
    """Waves with their own phase and another amplitude."""
    amplitude = np.abs(waves)
    is_there = amplitude > least
    scale = wanted / np.where(is_there, amplitude, 1)
    return np.where(is_there, waves * scale, waves)
