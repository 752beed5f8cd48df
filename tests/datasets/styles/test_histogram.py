import numpy as np
import pytest
from scipy.stats import wasserstein_distance

from mmseg_balance.datasets.styles.histogram import match_histograms


def picture(seed, low, high, size=(30, 41)):
    rng = np.random.default_rng(seed)
    return rng.integers(low, high, (*size, 3), dtype=np.uint8)


def direct(image, target):
    """Pixel by pixel: where its share lies among those of the target."""
    matched = np.empty(image.shape)
    for y, x, c in np.ndindex(*image.shape):
        share = (image[..., c] <= image[y, x, c]).mean()
        values = np.unique(target[..., c])
        shares = [(target[..., c] <= value).mean() for value in values]
        above = np.searchsorted(shares, share - 1e-12)
        if above == 0:
            matched[y, x, c] = values[0]
            continue
        low, high = shares[above - 1], shares[above]
        part = (share - low) / (high - low)
        matched[y, x, c] = (1 - part) * values[above - 1] + part * values[
            above
        ]
    return matched


@pytest.mark.parametrize('kind', [np.uint8, np.float32])
def test_it_is_the_rule_pixel_by_pixel(kind):
    image, target = picture(0, 60, 200, (6, 9)), picture(1, 90, 140, (8, 5))
    image = image.astype(kind)
    ours = match_histograms(image, target)
    assert ours.dtype == np.float32
    np.testing.assert_allclose(ours, direct(image, target), atol=1e-4)


def test_histograms_become_those_of_the_target():
    image, target = picture(0, 0, 256, (90, 80)), picture(1, 30, 77)
    target[..., 1] //= 2
    ours = match_histograms(image, target)
    for c in range(3):
        before, after = (
            wasserstein_distance(x[..., c].ravel(), target[..., c].ravel())
            for x in (image, ours)
        )
        assert after < 0.5 < 20 < before


def test_an_image_is_matched_to_itself_as_it_is():
    image = picture(0, 10, 250)
    np.testing.assert_array_equal(match_histograms(image, image), image)


def test_one_colour_becomes_the_largest_value():
    # the whole image is not larger than its value
    image, target = np.full((4, 4, 3), 7, np.uint8), picture(1, 90, 140)
    expected = np.broadcast_to(target.max((0, 1)), image.shape)
    np.testing.assert_array_equal(match_histograms(image, target), expected)
