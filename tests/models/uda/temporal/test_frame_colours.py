"""Colours of frames against torchvision."""

import pytest
import torch
from torchvision.transforms import functional

from mmseg_balance.models.uda.temporal import (
    FrameColours,
    FrameColoursSettings,
)

MEAN, STD = torch.tensor([120.0, 110, 100]), torch.tensor([60.0, 50, 40])
OFF = dict(blur_probability=0, jitter_probability=0, grey_probability=0)


def colours(**settings):
    return FrameColours(MEAN, STD, FrameColoursSettings(**OFF | settings))


def plain(images):
    """Values of 0 to 1."""
    return (images * STD.view(3, 1, 1) + MEAN.view(3, 1, 1)) / 255


@pytest.fixture
def images():
    values = torch.rand(2, 3, 40, 60, generator=torch.manual_seed(1))
    return (values * 255 - MEAN.view(3, 1, 1)) / STD.view(3, 1, 1)


def test_nothing_changes_nothing(images):
    torch.testing.assert_close(colours()(images), images)


def test_the_blur_is_that_of_torchvision(images):
    found = colours(blur_probability=1, blur_sigma=(3.0,))(images)
    # of kernels of a tenth of the image, odd
    expected = functional.gaussian_blur(plain(images), [5, 3], [3.0, 3.0])
    torch.testing.assert_close(plain(found), expected, atol=1e-5, rtol=0)


def test_one_of_the_sigmas_is_drawn(images):
    torch.manual_seed(0)
    own = colours(blur_probability=1, blur_sigma=[0.5, 4.0])
    kinds = {round(float(own(images).std()), 5) for _ in range(20)}
    assert len(kinds) == 2


def test_grey_is_that_of_torchvision(images):
    found = plain(colours(grey_probability=1)(images))
    expected = functional.rgb_to_grayscale(plain(images), 3)
    torch.testing.assert_close(found, expected, atol=1e-3, rtol=0)
    assert found.std(1).max() < 1e-6


def test_the_jitter_multiplies_brightness(images):
    own = colours(jitter_probability=1, jitter=(0.8, 0, 0, 0))
    torch.manual_seed(2)
    found = plain(own(images))
    for image, before in zip(found, plain(images)):
        inside = (image > 0.01) & (image < 0.99) & (before > 0.05)
        factors = image[inside] / before[inside]
        assert factors.std() < 1e-4 and 0.2 <= factors.mean() <= 1.8
    ratio = found.mean((1, 2, 3)) / plain(images).mean((1, 2, 3))
    assert abs(ratio[0] - ratio[1]) > 0.01  # each image has its own


@pytest.mark.parametrize(
    'part', ['blur_probability', 'jitter_probability', 'grey_probability']
)
def test_both_frames_get_the_same_and_flow_stays(images, part):
    rest = torch.randn(2, 3, 40, 60)
    stacked = torch.cat([images, images, rest], 1)
    found = colours(**{part: 1})(stacked)
    assert torch.equal(found[:, :3], found[:, 3:6])
    assert torch.equal(found[:, 6:], rest)
    assert not torch.allclose(found[:, :3], images)


def test_draws_repeat(images):
    own = FrameColours(MEAN, STD, FrameColoursSettings())
    states = [torch.manual_seed(5) and own(images) for _ in range(2)]
    assert torch.equal(*states)


def test_they_are_no_coarser_under_autocast(images):
    own = colours(blur_probability=1, jitter_probability=1)
    torch.manual_seed(5)
    expected = own(images)
    torch.manual_seed(5)
    with torch.autocast('cpu', torch.bfloat16):
        found = own(images)
    assert torch.equal(found, expected)


@pytest.mark.parametrize(
    'settings, said',
    [
        (dict(blur_sigma=()), 'blur_sigma'),
        (dict(blur_sigma=5.0), 'blur_sigma'),
        (dict(blur_sigma=(0.0,)), 'above 0'),
        (dict(jitter=0.2), 'four numbers'),
        (dict(jitter=(0.1, 0.1, 0.1, 0.6)), 'at most 0.5'),
        (dict(grey_probability=1.5), 'grey_probability'),
    ],
)
def test_settings_out_of_range_are_named(settings, said):
    with pytest.raises(ValueError, match=said):
        FrameColoursSettings(**settings)
