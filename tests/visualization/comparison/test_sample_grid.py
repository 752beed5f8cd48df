"""Images, labels, predictions, and where these differ."""

import base64
import dataclasses
import io

import numpy as np
import pytest
from PIL import Image

from mmseg_balance.visualization import Sample
from mmseg_balance.visualization.comparison.agreement import (
    ALIKE,
    CASES,
    DIFFERENT,
    FIRST,
    RIGHT,
    SECOND,
    UNLABELLED,
    agreement,
    errors,
)
from mmseg_balance.visualization.comparison.drawing.pictures import (
    figure,
    label_uri,
    photo_uri,
)

from .conftest import CLASSES, PALETTE


def picture(uri):
    kind, _, data = uri.partition(';base64,')
    image = Image.open(io.BytesIO(base64.b64decode(data)))
    assert kind == f'data:image/{image.format.lower()}'
    return np.array(image.convert('RGB'))


def captions(page):
    return [a['alt'] for t, a in page.tags if t == 'img'][:-1]


def test_each_case_of_two_predictions():
    label = np.array([0, 0, 0, 0, 0, 255, -1])
    first = np.array([0, 1, 0, 1, 1, 255, 0])
    second = np.array([0, 0, 1, 1, 2, 0, 0])
    cases = [RIGHT, SECOND, FIRST, ALIKE, DIFFERENT, UNLABELLED, UNLABELLED]
    assert agreement(label, first, second, 3).tolist() == cases
    wrong = [RIGHT, DIFFERENT, RIGHT, DIFFERENT, DIFFERENT]
    wrong += [UNLABELLED, UNLABELLED]
    assert errors(label, first, 3).tolist() == wrong


def test_two_methods_and_where_they_differ(full, page_of):
    page = page_of(full)
    names = ['street <1>.png', 'label', 'DACS', 'DACS + BLDA']
    assert captions(page) == [*names, 'where they differ']
    image, label, first, _, cases = [
        picture(a['src']) for t, a in page.tags if t == 'img'
    ][:5]
    np.testing.assert_array_equal(image, full.samples[0].image)
    black = [0, 0, 0]
    assert label.tolist() == [
        [PALETTE[0], PALETTE[1], PALETTE[1]],
        [PALETTE[2], PALETTE[2], black],
    ]
    assert first[0].tolist() == [PALETTE[0]] * 3
    expected = [[RIGHT, SECOND, ALIKE], [FIRST, DIFFERENT, UNLABELLED]]
    assert cases.tolist() == [
        [list(CASES[case][1]) for case in row] for row in expected
    ]
    for text in ('only DACS right', 'only DACS + BLDA right', CLASSES[1]):
        assert text in page.text


def test_one_method_has_its_errors(full, page_of):
    del full.samples[0].predictions['DACS']
    page = page_of(full)
    names = ['street <1>.png', 'label', 'DACS + BLDA', 'errors']
    assert captions(page) == names
    cases = picture([a for t, a in page.tags if t == 'img'][3]['src'])
    wrong = list(CASES[DIFFERENT][1])
    assert cases[0].tolist() == [list(CASES[RIGHT][1])] * 2 + [wrong]


def test_more_methods_are_compared_with_the_baseline(full, page_of):
    sample = full.samples[0]
    # not in the order of the methods
    sample.predictions = {
        'other': sample.label,
        'DACS + BLDA': sample.label,
        'DACS': sample.label,
    }
    page = page_of(full)
    assert captions(page)[2:] == [
        *('DACS', 'DACS + BLDA', 'other'),
        *('DACS + BLDA against DACS', 'other against DACS'),
    ]


def test_a_sample_without_predictions_is_shown(full, page_of):
    sample = dataclasses.replace(full.samples[0], predictions={})
    page = page_of(dataclasses.replace(full, samples=[sample]))
    assert captions(page) == ['street <1>.png', 'label']
    assert 'both right' not in page.text


def test_classes_that_do_not_occur_are_not_in_the_legend(full, page_of):
    ones = np.ones((2, 2), np.uint8)
    sample = Sample('x', np.zeros((2, 2, 3), np.uint8), ones, {'DACS': ones})
    page = page_of(dataclasses.replace(full, samples=[sample]))
    start = page.text.index('arrow keys')
    legend = page.text[start : page.text.index('Figures', start)]
    assert CLASSES[1] in legend
    assert 'road' not in legend and 'sky' not in legend


def test_large_pictures_become_small_and_keep_their_classes():
    labels = np.arange(150).repeat(20)[None].repeat(9, axis=0)
    palette = np.stack([np.arange(150), np.zeros(150), np.full(150, 9)], 1)
    shown = picture(label_uri(labels, palette))
    assert shown.shape == (3, 1000, 3)
    assert (shown[0, :, 0] == labels[0, ::3]).all()
    noise = np.random.default_rng(0).integers(0, 255, (40, 1500, 3), np.uint8)
    assert photo_uri(noise).startswith('data:image/jpeg')
    assert picture(photo_uri(noise)).shape == (27, 1024, 3)


def test_more_colours_than_a_palette_has():
    palette = np.stack([np.arange(300) % 256, np.arange(300) // 256] * 2, 1)
    labels = np.arange(300)[None]
    shown = picture(label_uri(labels, palette[:, :3]))
    assert shown[0].tolist() == palette[:, :3].tolist()


def test_a_figure_has_the_size_it_was_drawn_for():
    out = io.BytesIO()
    noise = np.random.default_rng(0).integers(0, 255, (300, 600, 3), np.uint8)
    Image.fromarray(noise).save(out, 'PNG', dpi=(192, 192))
    made = figure(out.getvalue(), 'noise')
    (image,) = made.iter('img')
    assert image.get('width') == '300'
    # noise is large: its palette is reduced
    assert len(image.get('src')) < len(out.getvalue())
    shown = picture(image.get('src')).astype(int)
    assert shown.shape == (300, 600, 3)
    with pytest.raises(OSError, match='cannot identify'):
        figure(b'no picture', 'x')


def test_a_thin_line_of_a_large_figure_keeps_its_colour():
    random = np.random.default_rng(0)
    grey = random.integers(0, 255, (500, 700, 1), np.uint8)
    drawn = grey.repeat(3, 2) // 4 + random.integers(0, 2, (500, 700, 3))
    drawn = drawn.astype(np.uint8)
    drawn[250, 100:140] = 213, 94, 0
    out = io.BytesIO()
    Image.fromarray(drawn).save(out, 'PNG')
    (image,) = figure(out.getvalue(), 'x').iter('img')
    assert len(image.get('src')) < len(out.getvalue())
    shown = picture(image.get('src')).astype(int)
    assert np.abs(shown - drawn).max() <= 16


def test_segments_in_place_of_classes(full, page_of):
    sample = full.samples[0]
    ids = np.full(sample.label.shape, 1000)
    ids[:, :2] = 2001
    first = next(iter(sample.predictions))
    sample = dataclasses.replace(
        sample, label_segments=ids, segments={first: ids}
    )
    page = page_of(dataclasses.replace(full, samples=[sample]))
    pictures = [picture(a['src']) for t, a in page.tags if t == 'img']
    for painted in pictures[1:3]:
        assert painted.shape[1] == 640
        # the outline of the thing, and colours of classes
        assert (painted == 255).all(-1).any()
        assert np.array_equal(painted[0, 0], PALETTE[2])
        assert np.array_equal(painted[-1, -1], PALETTE[1])
    # the other method has classes alone
    assert pictures[3].shape == (*sample.label.shape, 3)
