"""Histogram matching: the distribution of another image's values.

As scikit-image's ``match_histograms``, which TPS (Xing et al., ECCV 2022)
calls for source images.
"""

import numpy as np


def match_histograms(image: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Give each channel of an image the histogram of another image's.

    A value becomes the one below which as large a share of the target's
    pixels lies; between two of the target's values it is interpolated.

    Args:
        image: (H, W, C).
        target: (H', W', C).

    Returns:
        float32 (H, W, C), not rounded.
    """
    matched = np.empty(image.shape, dtype=np.float32)
    for channel in range(image.shape[2]):
        _, places, shares = _shares(image[..., channel])
        values, _, wanted = _shares(target[..., channel])
        matched[..., channel] = np.interp(shares, wanted, values)[places]
    return matched


def _shares(channel: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Values of a channel, which one each pixel has, and their shares.

    The share of a value is that of the pixels that are not larger.
    """
    if channel.dtype == np.uint8:  # without sorting the pixels
        counts = np.bincount(channel.ravel(), minlength=256)
        there = counts > 0
        place_of = np.cumsum(there) - 1
        values, places = np.flatnonzero(there), place_of[channel]
        counts = counts[there]
    else:
        values, places, counts = np.unique(
            channel, return_inverse=True, return_counts=True
        )
        places = places.reshape(channel.shape)
    return values, places, np.cumsum(counts) / channel.size
