"""Names of classes above images, and the visualizer that writes them."""

import numpy as np
import pytest
import torch
from mmengine.structures import PixelData
from mmseg.registry import VISUALIZERS
from mmseg.structures import SegDataSample

from mmseg_balance.visualization.classification.names import (
    BLACK,
    SMALLEST,
    WHITE,
    legible_on,
    write_class_name,
)

RED, YELLOW, BLUE = (200, 0, 0), (255, 255, 0), (0, 0, 150)


def strip_of(picture, height):
    return picture[: picture.shape[0] - height]


@pytest.mark.parametrize('size', [(32, 32), (20, 50), (224, 300)])
@pytest.mark.parametrize('text', ['bus 0.93', 'ein recht langer Name: ä, ß'])
def test_a_name_stands_in_a_strip_above_the_image(size, text):
    image = np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)
    picture = write_class_name(image, text, BLUE)
    factor = max(-(-SMALLEST // min(size)), 1)
    below = picture[-size[0] * factor :]
    assert np.array_equal(below[::factor, ::factor], image)
    strip = strip_of(picture, size[0] * factor)
    assert strip.shape[0] % 2 == 0
    colours = strip.reshape(-1, 3)
    is_own = (colours == BLUE).all(1)
    assert 0.5 < is_own.mean() < 0.98
    # letters are white, and none is cut off
    assert (colours[~is_own] >= BLUE).all()
    assert (strip[:, -2:] == BLUE).all()
    assert (strip[:2] == BLUE).all() and (strip[-2:] == BLUE).all()


def test_letters_are_black_on_light_colours():
    assert [legible_on(c) for c in (RED, YELLOW, BLUE)] == [
        WHITE,
        BLACK,
        WHITE,
    ]


def test_all_images_of_a_size_give_pictures_of_a_size():
    image = np.zeros((50, 70, 3), np.uint8)
    shapes = {
        write_class_name(image, text, RED).shape for text in ('a', 'b' * 99)
    }
    assert len(shapes) == 1


@pytest.fixture
def drawn(monkeypatch):
    """Draws a sample: what is written, and the picture."""
    from mmseg_balance.visualization.classification import visualizer

    texts = []
    write = visualizer.write_class_name

    def noted(image, text, colour):
        texts.append((text, tuple(colour)))
        return write(image, text, colour)

    monkeypatch.setattr(visualizer, 'write_class_name', noted)
    own = VISUALIZERS.build(
        dict(type='ClassLocalVisualizer', name='test_classes')
    )
    own.dataset_meta = dict(classes=('bus', 'car'), palette=[RED, BLUE])

    def draw(**labels):
        texts.clear()
        sample = SegDataSample()
        for key, value in labels.items():
            sample.set_data({key: PixelData(data=torch.tensor(value))})
        given = []
        own.add_image = lambda name, image, step: given.append(image)
        own.add_datasample(
            'a', np.zeros((40, 60, 3), np.uint8), sample, show=False
        )
        return list(texts), given[0]

    return draw


def test_label_and_prediction_stand_side_by_side(drawn):
    logits = [[[0.0]], [[2.0]]]
    texts, picture = drawn(
        gt_sem_seg=[[[0]]], pred_sem_seg=[[[1]]], seg_logits=logits
    )
    # e^2 / (1 + e^2)
    assert texts == [('label: bus', RED), ('prediction: car 0.88', BLUE)]
    wide = picture.shape[1] // 2
    assert picture[0, 0].tolist() == list(RED)
    assert picture[0, wide + 1].tolist() == list(BLUE)


def test_an_image_without_a_label(drawn):
    assert drawn(gt_sem_seg=[[[255]]])[0][0][0] == 'label: no label'
