import numpy as np
import pytest
import torch
from kornia.color import lab_to_rgb, rgb_to_lab

from mmseg_balance.datasets.styles.lab import match_lab_statistics


def picture(seed, low, high, size=(30, 41)):
    rng = np.random.default_rng(seed)
    return rng.integers(low, high, (*size, 3), dtype=np.uint8)


def direct(image, target):
    """The formula on kornia's LAB, in float64."""

    def lab(bgr):
        rgb = torch.from_numpy(bgr[..., ::-1].copy()).permute(2, 0, 1)
        return rgb_to_lab(rgb.double() / 255)

    def statistics(x):
        return [
            f(x, dim=(1, 2), keepdim=True) for f in (torch.mean, biased_std)
        ]

    def biased_std(x, dim, keepdim):
        return x.std(dim, correction=0, keepdim=keepdim)

    ours, theirs = lab(image), lab(target)
    mean, std = statistics(ours)
    wanted_mean, wanted_std = statistics(theirs)
    styled = (ours - mean) / std * wanted_std + wanted_mean
    return lab_to_rgb(styled).permute(1, 2, 0).numpy()[..., ::-1] * 255


@pytest.mark.parametrize('size', [(30, 41), (7, 3)])
def test_it_is_the_formula(size):
    image, target = picture(0, 60, 200), picture(1, 90, 140, size)
    ours = match_lab_statistics(image, target)
    assert ours.dtype == np.float32
    assert ours.shape == image.shape
    difference = np.abs(ours - direct(image, target))
    # OpenCV's LAB is interpolated
    assert difference.max() < 3
    assert difference.mean() < 0.5


def test_grey_image_gets_the_tint_and_no_noise():
    grey = np.repeat(picture(2, 20, 230)[..., :1], 3, axis=2)
    target = picture(3, 60, 200)
    target[..., 0] //= 2
    ours = match_lab_statistics(grey, target)
    # pixels of one grey value stay of one colour
    for value in np.unique(grey)[::40]:
        assert np.ptp(ours[grey[..., 0] == value], axis=0).max() < 1
    # and the next grey value is the next colour
    order = np.argsort(grey[..., 1], axis=None)
    steps = np.diff(ours[..., 1].reshape(-1)[order])
    assert steps.min() > -1.5


@pytest.mark.parametrize('value', [0, 128, 255])
def test_constant_image_becomes_the_mean_of_the_target(value):
    constant = np.full((5, 6, 3), value, np.uint8)
    target = picture(4, 80, 160)
    ours = match_lab_statistics(constant, target)
    assert np.ptp(ours, axis=(0, 1)).max() < 0.5
    np.testing.assert_allclose(ours[0, 0], target.mean((0, 1)), atol=4)


def test_grey_target_takes_the_colour_away():
    grey = np.repeat(picture(2, 20, 230)[..., :1], 3, axis=2)
    ours = match_lab_statistics(picture(3, 60, 200), grey)
    assert np.ptp(ours, axis=2).max() < 2


def test_it_stays_within_the_range():
    image, target = picture(5, 0, 256), picture(6, 0, 2)
    target[::2] = 255
    ours = match_lab_statistics(image, target)
    assert 0 <= ours.min() and ours.max() <= 255
