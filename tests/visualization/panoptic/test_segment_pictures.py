import numpy as np
import pytest
import torch
from mmengine.structures import PixelData
from mmseg.registry import VISUALIZERS
from mmseg.structures import SegDataSample

from mmseg_balance.panoptic.ids import VOID_ID
from mmseg_balance.visualization.panoptic.names import write_names
from mmseg_balance.visualization.panoptic.panel import segment_panel
from mmseg_balance.visualization.panoptic.segments import (
    outlines,
    paint_segments,
    segment_colours,
)

PALETTE = [[100, 50, 200], [0, 0, 142]]
CLASSES = ['road', 'car']
META = dict(classes=CLASSES, palette=PALETTE)


def scene(height=60, width=120):
    """A road with two cars that touch, and void below."""
    ids = np.zeros((height, width), np.int32)
    ids[20:50, 10:60] = 1001
    ids[20:50, 60:110] = 1002
    ids[55:] = VOID_ID
    return ids


def test_things_have_shades_of_their_class():
    ids = np.array([0, 1000, 1001, 1002, 1003, 1004, 7001, VOID_ID])
    colours = segment_colours(ids, PALETTE)
    assert colours[:3].tolist() == [PALETTE[0], PALETTE[1], PALETTE[1]]
    assert colours[-2:].tolist() == [[0] * 3] * 2
    # of one hue: between black or white and the colour of the class
    for colour in colours[3:6].tolist():
        assert colour[0] == colour[1] < colour[2]
    distance = np.abs(np.diff(colours[2:6].astype(int), axis=0)).max(1)
    assert distance.min() > 25


def test_outlines_are_of_things_alone():
    ids = scene()
    edge = outlines(ids)
    inside = np.zeros_like(edge)
    inside[21:49, 11:59] = inside[21:49, 61:109] = True
    assert np.array_equal(edge, (ids % 1000 > 0) & ~inside)
    assert not outlines(np.where(ids % 1000 > 0, 1000, ids)).any()
    large = outlines(scene().repeat(20, 0).repeat(20, 1))
    # a side of 1200 pixels: three of outline
    assert large[400:1000, 200:210].sum(1)[300] == 3


def test_segments_are_mixed_with_the_image():
    image = np.full((60, 120, 3), 80, np.uint8)
    picture = paint_segments(image, scene(), PALETTE, opacity=0.25)
    assert picture[0, 0].tolist() == [85, 72, 110]
    assert picture[30, 30].tolist() == [60, 60, 96]
    assert picture[59, 0].tolist() == [60] * 3
    assert picture[20, 10].tolist() == picture[30, 60].tolist() == [255] * 3


def test_each_thing_that_has_room_has_its_name_and_number():
    ids = scene()
    ids[52:54, 0:3] = 1003
    blank = np.full((*ids.shape, 3), 128, np.uint8)
    written = (write_names(blank, ids, CLASSES) != blank).any(-1)
    assert (blank == 128).all()
    for columns in (slice(10, 60), slice(60, 110)):
        rows, found = np.nonzero(written[:, columns])
        assert found.size and abs(rows.mean() - 34.5) < 4
        assert abs(found.mean() - 24.5) < 6
    assert not written[50:].any()


def test_panels_have_room_for_names():
    panel = segment_panel(
        scene(), PALETTE, CLASSES, width=300, void=(255, 255, 0)
    )
    assert panel.shape == (150, 300, 3)
    assert panel[-1, 0].tolist() == [255, 255, 0]


@pytest.mark.parametrize('shape', [(1, 1), (1, 50), (50, 1), (3, 4000)])
@pytest.mark.parametrize('value', [0, 1001, 7003, VOID_ID])
def test_images_of_any_shape_and_one_segment(shape, value):
    ids = np.full(shape, value, np.int32)
    blank = np.zeros((*shape, 3), np.uint8)
    picture = write_names(paint_segments(blank, ids, PALETTE), ids, CLASSES)
    assert picture.shape == blank.shape
    panel = segment_panel(ids, PALETTE, CLASSES, width=300)
    assert panel.shape[1] == 300


@pytest.fixture
def drawn(monkeypatch):
    """What the visualizer shows of a sample."""

    def draw(sample):
        visualizer = VISUALIZERS.build(
            dict(type='PanopticLocalVisualizer', name='drawn', alpha=0.5)
        )
        visualizer.dataset_meta = META
        pictures = []
        monkeypatch.setattr(
            visualizer, 'add_image', lambda *args: pictures.append(args[1])
        )
        image = np.full((60, 120, 3), 80, np.uint8)
        visualizer.add_datasample('name', image, sample, with_labels=False)
        return image, pictures[0]

    return draw


def semantic_sample():
    labels = torch.from_numpy(scene() // 1000).long()[None]
    sample = SegDataSample()
    sample.gt_sem_seg = PixelData(data=labels)
    sample.pred_sem_seg = PixelData(data=labels)
    return sample


def test_the_visualizer_shows_segments_of_label_and_prediction(drawn):
    sample = semantic_sample()
    ids = scene()
    sample.pred_panoptic_seg = PixelData(data=torch.from_numpy(ids)[None])
    # in the file cars are 9 and 5, in the other order
    listed = np.select([ids == 1001, ids == 1002, ids == 0], [9, 5, 3], 0)
    sample.gt_panoptic_seg = PixelData(data=torch.from_numpy(listed)[None])
    segments = [(3, 0, False), (5, 1, True), (9, 1, True)]
    sample.set_metainfo(
        dict(
            segments_info=[
                dict(id=i, label=c, isthing=thing, iscrowd=False)
                for i, c, thing in segments
            ]
        )
    )
    image, picture = drawn(sample)
    swapped = np.select([ids == 1001, ids == 1002], [1002, 1001], ids)
    expected = [paint_segments(image, m, PALETTE) for m in (swapped, ids)]
    assert np.array_equal(picture, np.concatenate(expected, axis=1))
    assert 'segments' not in sample.gt_sem_seg


def test_the_visualizer_shows_classes_where_there_are_no_segments(drawn):
    _, picture = drawn(semantic_sample())
    assert picture[30, 30].tolist() == picture[20, 10].tolist()
