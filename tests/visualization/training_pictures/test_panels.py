"""Which panels there are, and what they look like."""

import numpy as np
import pytest
import torch
from mmseg.models import SegDataPreProcessor

from mmseg_balance.visualization.training_pictures.figure import (
    training_picture,
)
from mmseg_balance.visualization.training_pictures.images import original_image
from mmseg_balance.visualization.training_pictures.palette import class_palette
from mmseg_balance.visualization.training_pictures.panels import sample_rows

PALETTE = [(0, 0, 0), (255, 0, 0), (0, 0, 255)]
CLASSES = ('background', 'crop', 'weed')


def preprocessor(**kwargs):
    return SegDataPreProcessor(
        mean=[10.0, 20.0, 30.0], std=[2.0, 4.0, 8.0], **kwargs
    )


@pytest.mark.parametrize('to_rgb', [True, False])
def test_images_are_as_they_were(to_rgb):
    rgb = torch.randint(256, (3, 5, 4), generator=torch.Generator())
    given = rgb.flip(0)  # as files are read
    made = preprocessor(bgr_to_rgb=to_rgb)
    normalised = made(dict(inputs=[given.byte()], data_samples=None))
    image = original_image(normalised['inputs'][0], made)
    assert image.dtype == np.uint8
    assert (image == rgb.permute(1, 2, 0).numpy()).all()


@pytest.mark.parametrize('channels', [1, 2, 4])
def test_other_channels_are_grey(channels):
    image = torch.linspace(-2, 3, channels * 20).view(channels, 4, 5)
    found = original_image(image, None)
    assert found.shape == (4, 5, 3)
    assert (found == found[..., :1]).all()
    assert found.min() == 0 and found.max() == 255


def test_deep_colours_are_stretched():
    deep = torch.linspace(0, 65535, 60).view(3, 4, 5)
    found = original_image(deep, None)
    assert found.min() == 0 and found.max() == 255


def test_rows_and_columns():
    maps = torch.rand(2, 4, 4)
    recorded = {
        'mix': {
            'own': maps > 0.5,
            'weights': maps,
            'labels': torch.zeros(2, 4, 4).long(),
            'image': torch.rand(2, 3, 4, 4),
        },
        'target': {
            'confidence': torch.full((2, 4, 4), torch.nan),
            'own': torch.zeros(2, 4, 4),
        },
        'source': {'image': torch.rand(2, 3, 4, 4), 'offset': -maps},
        'short': {'image': torch.rand(1, 3, 4, 4)},
    }
    files = dict(source=['a.png', 'b.png'])
    rows = sample_rows(recorded, 1, None, files)
    found = {
        row.title: [(p.title, p.column) for p in row.panels] for row in rows
    }
    low, high = float(maps[1].min()), float(maps[1].max())
    assert list(found) == ['source', 'target', 'mix']
    assert found == dict(
        source=[
            ('b.png', 0),
            (f'BLDA offset of the label: {-high:.2f} to {-low:.2f}', 4),
        ],
        target=[('confidence: none', 3), ('own: 0.000', 5)],
        mix=[
            ('image', 0),
            ('labels', 1),
            (f'weights: {low:.3f} to {high:.3f}', 2),
            ('own', 5),
        ],
    )
    assert rows[0].panels[1].is_signed


def test_colours_of_the_picture():
    labels = torch.tensor([[0, 1], [2, 255]]).repeat_interleave(20, 0)
    labels = labels.repeat_interleave(20, 1)[None]
    numbers = torch.zeros(1, 40, 40)
    numbers[0, :20] = torch.nan
    recorded = dict(source=dict(labels=labels, weights=numbers))
    rows = sample_rows(recorded, 0, None)
    picture = training_picture(rows, CLASSES, PALETTE, 'iteration 7')
    assert picture.dtype == np.uint8 and picture.shape[-1] == 3

    def pixels(colour):
        return (picture == colour).all(-1).sum()

    quarter = pixels(PALETTE[1])
    assert abs(quarter - pixels(PALETTE[2])) < 0.05 * quarter
    # one without a label is not black here, which a class is
    for colour in (PALETTE[0], (255, 255, 255)):
        assert pixels(colour) > 0.9 * quarter
    # grey where there is no number, the lowest of the colours where it is 0
    assert pixels((191, 191, 191)) > 1.9 * quarter
    assert pixels((68, 1, 84)) > 1.9 * quarter


@pytest.mark.parametrize('count', [2, 19, 150])
def test_colours_for_classes_without(count):
    palette = class_palette(None, count)
    assert len(set(palette)) == len(palette) == count
    assert all(0 <= part <= 255 for colour in palette for part in colour)
    known = np.array([[1, 2, 3], [4, 5, 6]])
    filled = class_palette(known, count)
    assert filled[:2] == [(1, 2, 3), (4, 5, 6)] and len(filled) == count


def test_a_legend_of_150_classes_is_not_cut():
    labels = torch.arange(150).view(1, 10, 15)
    recorded = dict(source=dict(labels=labels))
    names = [f'a long name of class {i}' for i in range(150)]
    picture = training_picture(
        sample_rows(recorded, 0, None), names, class_palette(None, 150)
    )
    edges = (picture[:2], picture[-2:], picture[:, :2], picture[:, -2:])
    assert all((edge == 255).all() for edge in edges)


def test_names_of_files_and_classes_are_of_any_kind():
    """They are no formulas, and stay above their own panels."""
    labels = torch.arange(2).view(1, 1, 2)
    recorded = dict(source=dict(image=torch.rand(1, 3, 1, 2), labels=labels))

    def picture(file):
        rows = sample_rows(recorded, 0, None, dict(source=[file]))
        return training_picture(rows, ('$a_{b$', '_c'), PALETTE)

    assert not np.array_equal(picture('$_{$.png'), picture('.png'))
    long = [f'first-of-a-drive{"x" * n}_leftImg8bit.png' for n in (80, 90)]
    assert np.array_equal(*map(picture, long))
