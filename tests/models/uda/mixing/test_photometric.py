"""Colour jitter and blur against scipy, kornia and their own draws."""

import kornia
import numpy as np
import pytest
import torch
from scipy.ndimage import correlate1d

from mmseg_balance.models.uda.mixing.photometric import (
    StrongAugmentation,
    gaussian_blur,
)

MEAN = torch.tensor([120.0, 110.0, 100.0])
STD = torch.tensor([60.0, 50.0, 40.0])


def bell(size, sigma):
    offsets = np.arange(size) - size // 2
    values = np.exp(-(offsets**2) / (2 * sigma**2))
    return values / values.sum()


@pytest.mark.parametrize(
    'size, kernel',
    # ceil(0.1 * side), and one less where that is even
    [((90, 40), (9, 3)), ((41, 61), (5, 7)), ((20, 110), (1, 11))],
)
def test_blur_is_that_of_scipy_over_a_tenth_of_each_side(size, kernel):
    images = torch.randn(2, 3, *size)
    expected = images.numpy()
    for axis, side in zip((2, 3), kernel):
        expected = correlate1d(
            expected, bell(side, 0.8), axis=axis, mode='mirror'
        )
    np.testing.assert_allclose(
        gaussian_blur(images, 0.8).numpy(), expected, atol=1e-5
    )


def colours(shape=(2, 3, 40, 40)):
    images = torch.rand(shape) * 255
    return (images - MEAN.view(1, 3, 1, 1)) / STD.view(1, 3, 1, 1)


def test_sigma_is_drawn_from_0_15_to_1_15():
    blur = StrongAugmentation(
        MEAN, STD, jitter_probability=0.0, blur_probability=1.0
    )
    images = colours()
    for seed in range(3):
        torch.manual_seed(seed)
        sigma = 0.15 + torch.rand(3)[2].item()
        torch.manual_seed(seed)
        assert torch.equal(blur(images), gaussian_blur(images, sigma))


def test_jitter_is_that_of_kornia_in_the_colours_of_the_image():
    jitter = StrongAugmentation(
        MEAN,
        STD,
        jitter_probability=1.0,
        jitter_strength=0.3,
        blur_probability=0.0,
    )
    images = colours()
    torch.manual_seed(1)
    torch.rand(3)  # the coins
    jiggle = kornia.augmentation.ColorJiggle(0.3, 0.3, 0.3, 0.3, p=1.0)
    mean, std = MEAN.view(1, 3, 1, 1), STD.view(1, 3, 1, 1)
    expected = (jiggle((images * std + mean) / 255) * 255 - mean) / std
    torch.manual_seed(1)
    found = jitter(images)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-5)
    # each image has a draw of its own
    same = jitter(images[:1].expand(2, -1, -1, -1))
    assert not torch.allclose(same[0], same[1], atol=1e-3)


def test_no_strength_changes_no_colour():
    jitter = StrongAugmentation(
        MEAN,
        STD,
        jitter_probability=1.0,
        jitter_strength=0,
        blur_probability=0.0,
    )
    images = colours()
    torch.testing.assert_close(jitter(images), images, rtol=0, atol=1e-3)


@pytest.mark.parametrize('coins', [(0.7, 0.6), (0.8, 0.3), (0.75, 0.5)])
def test_coins_fall_below_their_probabilities(monkeypatch, coins):
    both = StrongAugmentation(
        MEAN, STD, jitter_probability=0.75, blur_probability=0.5
    )
    monkeypatch.setattr(both, 'jitter', lambda images: images + 1)
    monkeypatch.setattr(torch, 'rand', lambda _: torch.tensor([*coins, 0.5]))
    images = colours((1, 3, 20, 20))
    expected = images + (coins[0] < 0.75)
    if coins[1] < 0.5:
        expected = gaussian_blur(expected, 0.65)
    torch.testing.assert_close(both(images), expected)


def test_each_image_has_coins_and_a_sigma_of_its_own():
    torch.manual_seed(0)
    both = StrongAugmentation(
        MEAN, STD, jitter_probability=0.5, blur_probability=0.5, drawn='image'
    )
    image = colours((1, 3, 40, 40))
    found = both(image.expand(40, -1, -1, -1))
    same = (found == image).flatten(1).all(1)
    assert 3 <= same.sum() <= 20  # a quarter is expected
    assert len({tuple(x.flatten().tolist()) for x in found[~same]}) >= 20
    blur = StrongAugmentation(
        MEAN, STD, jitter_probability=0.0, blur_probability=1.0, drawn='image'
    )
    images = colours((3, 3, 40, 40))
    torch.manual_seed(1)
    sigmas = 0.15 + torch.rand(3, 3, 1, 1, 1)[2].flatten()
    torch.manual_seed(1)
    for image, out, sigma in zip(images, blur(images), sigmas):
        torch.testing.assert_close(
            out[None], gaussian_blur(image[None], sigma.item())
        )
