import numpy as np
import pytest

from mmseg_balance.datasets import FourierStyle, HistogramStyle, LabStyle
from mmseg_balance.datasets.styles.fourier import swap_low_frequencies
from mmseg_balance.datasets.styles.histogram import match_histograms
from mmseg_balance.datasets.styles.lab import match_lab_statistics


def picture(seed, size=(20, 31)):
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (*size, 3), dtype=np.uint8)


def sample(**changes):
    label = np.zeros((20, 31), np.uint8)
    return dict(
        img=picture(0),
        gt_seg_map=label,
        img_shape=(20, 31),
        target_image=picture(1, (9, 40)),
        **changes,
    )


STYLES = {
    'fourier': (
        FourierStyle(beta=0.2),
        lambda image, target: swap_low_frequencies(image, target, 0.2),
    ),
    'lab': (LabStyle(), match_lab_statistics),
    'histogram': (HistogramStyle(), match_histograms),
}


@pytest.mark.parametrize('style, function', STYLES.values(), ids=STYLES)
def test_image_is_changed_rounded_and_within_the_range(style, function):
    results = sample()
    wanted = function(results['img'], results['target_image'])
    before = {k: v for k, v in results.items() if k != 'img'}
    styled = style(results)
    assert styled['img'].dtype == np.uint8
    np.testing.assert_array_equal(
        styled['img'], np.clip(wanted, 0, 255).round().astype(np.uint8)
    )
    assert all(styled[key] is value for key, value in before.items())


def test_the_frame_before_gets_what_the_image_gets():
    style = FourierStyle(beta=(0.0, 0.5))
    results = sample()
    results['prev_img'] = results['img'].copy()
    state = np.random.get_state()
    both = style(results)
    np.testing.assert_array_equal(both['img'], both['prev_img'])
    np.random.set_state(state)
    np.testing.assert_array_equal(style(sample())['img'], both['img'])


def test_fourier_style_leaves_the_range_before_it_is_clipped():
    results = sample()
    wanted = swap_low_frequencies(results['img'], results['target_image'], 0.2)
    assert wanted.min() < 0 and wanted.max() > 255


def test_float_image_stays_one():
    results = sample()
    results['img'] = results['img'].astype(np.float32)
    styled = LabStyle()(results)['img']
    assert styled.dtype == np.float32
    assert (styled != styled.round()).any()


def test_it_is_drawn_by_the_global_generator():
    images = []
    for _ in range(2):
        np.random.seed(3)
        style = FourierStyle(beta=(0.0, 0.4), prob=0.5)
        images.append([style(sample())['img'] for _ in range(8)])
    np.testing.assert_array_equal(*images)
    unchanged = [np.array_equal(i, picture(0)) for i in images[0]]
    assert 0 < sum(unchanged) < 8
    changed = [
        i for i, same in zip(images[0], unchanged, strict=True) if not same
    ]
    assert not np.array_equal(changed[0], changed[1])


def test_without_chance_nothing_is_drawn():
    np.random.seed(0)
    state = np.random.get_state()[2]
    FourierStyle(beta=0.1)(sample()), LabStyle()(sample())
    assert np.random.get_state()[2] == state


@pytest.mark.parametrize(
    'settings, message',
    [
        (dict(beta=0.6), r'FourierStyle.beta is 0.6, expected .* 0 to 0.5'),
        (dict(beta=(0.2, 0.1)), r'beta is \(0.2, 0.1\)'),
        (dict(beta='0.1'), "beta is '0.1'"),
        (dict(prob=1.5), '`prob` of FourierStyle .* 1.5'),
    ],
)
def test_settings_out_of_range_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        FourierStyle(**settings)


def test_images_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match='UDADataset that has a target'):
        LabStyle()(dict(img=picture(0)))
    grey = sample(img_path='a.png')
    grey['img'] = grey['img'][..., 0]
    with pytest.raises(ValueError, match=r"a.png is \(20, 31\).*'color'"):
        LabStyle()(grey)
