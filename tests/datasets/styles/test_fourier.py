import cv2
import numpy as np
import pytest

from mmseg_balance.datasets.styles.fourier import swap_low_frequencies


def street(size, seed, brightness=100):
    """An image with structure and noise, uint8 (H, W, 3)."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[: size[0], : size[1]]
    wave = np.sin(rows / 5 + seed)[..., None] + np.cos(columns / 3)[..., None]
    image = brightness + 30 * wave + rng.normal(0, 15, (*size, 3))
    return np.clip(image, 0, 255).astype(np.uint8)


def transform(image, sign):
    """Fourier transform by the sum that defines it, (H, W, C)."""
    k, n = np.arange(image.shape[0]), np.arange(image.shape[1])
    rows = np.exp(sign * 2j * np.pi * np.outer(k, k) / len(k))
    columns = np.exp(sign * 2j * np.pi * np.outer(n, n) / len(n))
    return np.einsum('kh,hwc,wn->knc', rows, image, columns)


def direct(source, target, beta):
    """What the paper says, frequency by frequency."""
    height, width = source.shape[:2]
    waves, theirs = transform(source, -1), transform(target, -1)
    reach = int(min(height, width) * beta)
    for k in range(height):
        for n in range(width):
            # negative frequencies are at the end
            if max(min(k, height - k), min(n, width - n)) <= reach:
                phase = np.exp(1j * np.angle(waves[k, n]))
                waves[k, n] = np.abs(theirs[k, n]) * phase
    return transform(waves, 1).real / (height * width)


@pytest.mark.parametrize('size', [(12, 16), (11, 15), (9, 14), (1, 7)])
@pytest.mark.parametrize('beta', [0, 0.1, 0.3, 0.5])
def test_it_is_the_swap_of_the_paper(size, beta):
    source, target = street(size, 1), street(size, 2, brightness=140)
    ours = swap_low_frequencies(source, target, beta)
    assert ours.dtype == np.float32
    np.testing.assert_allclose(ours, direct(source, target, beta), atol=2e-3)


def test_weak_waves_are_swapped_as_well():
    """A smooth image has hardly more of them than rounding leaves."""
    smooth = cv2.GaussianBlur(street((48, 65), 7), (0, 0), 3)
    target = street((48, 65), 8)
    ours = swap_low_frequencies(smooth, target, 0.5)
    np.testing.assert_allclose(ours, direct(smooth, target, 0.5), atol=2e-3)


def test_an_image_of_its_own_style_stays():
    image = street((21, 30), 3)
    ours = swap_low_frequencies(image, image, 0.2)
    np.testing.assert_allclose(ours, image, atol=1e-3)


def test_target_of_another_size_is_resized():
    """A target that is smooth is the same at twice the size."""
    rows, columns = np.mgrid[:40, :60]
    large = 120 + 50 * np.sin(rows / 40 * 2 * np.pi)[..., None]
    large = np.float32(large + 0 * columns[..., None] + np.zeros(3))
    source = street((20, 30), 4)
    ours = swap_low_frequencies(source, large, 0.1)
    same_size = large.reshape(20, 2, 30, 2, 3).mean((1, 3))
    np.testing.assert_allclose(ours, direct(source, same_size, 0.1), atol=2e-3)


def test_constant_channels_change_as_a_whole():
    source = street((16, 20), 5)
    source[..., 0], source[..., 1] = 0, 77
    target = street((16, 20), 6, brightness=160)
    ours = swap_low_frequencies(source, target, 0.2)
    wanted = target.reshape(-1, 3).mean(0)
    for channel in (0, 1):
        np.testing.assert_allclose(
            ours[..., channel], wanted[channel], atol=1e-3
        )
    np.testing.assert_allclose(ours.reshape(-1, 3).mean(0), wanted, atol=1e-3)


def test_black_target_takes_the_low_frequencies_away():
    source = street((16, 20), 5)
    ours = swap_low_frequencies(source, np.zeros_like(source), 0.1)
    low = np.abs(transform(ours, -1))[:2, :2]
    np.testing.assert_allclose(low, 0, atol=0.1)
