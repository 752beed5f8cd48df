"""Classes without labelled pixels, and masks of 0 and 255."""

import numpy as np
import pytest
from mmengine.registry import DefaultScope
from mmseg.registry import DATASETS
from PIL import Image

from mmseg_balance.datasets.checks.absent_classes import (
    check_task,
    find_classes,
)
from mmseg_balance.datasets.loading.split_pipeline import SplitPipeline


@pytest.fixture
def part(tmp_path):
    """A data set whose labels have the given values."""

    def build(labels, classes=('a', 'b', 'c')) -> SplitPipeline:
        for folder in ('img', 'ann'):
            (tmp_path / folder).mkdir()
        for i, values in enumerate(labels):
            label = np.resize(np.array(values, np.uint8), (4, 5))
            Image.fromarray(label).save(tmp_path / f'ann/{i:03}.png')
            Image.fromarray(label).save(tmp_path / f'img/{i:03}.png')
        with DefaultScope.overwrite_default_scope('mmseg'):
            dataset = DATASETS.build(
                dict(
                    type='BaseSegDataset',
                    data_root=str(tmp_path),
                    data_prefix=dict(img_path='img', seg_map_path='ann'),
                    img_suffix='.png',
                    seg_map_suffix='.png',
                    metainfo=dict(classes=classes),
                    pipeline=[
                        dict(type='LoadImageFromFile'),
                        dict(type='LoadAnnotations'),
                    ],
                )
            )
        return SplitPipeline(dataset, 'source')

    return build


def test_all_classes_are_there(part):
    presence = find_classes([part([[0, 1], [2], [255]])])
    assert presence.absent == []


def test_absent_ones_are_named(part):
    data = part([[0, 2], [0], [255]])
    presence = find_classes([data])
    assert presence.absent == ['b']
    assert str(presence) == (
        '1 of 3 classes have no labelled pixel in all labels: b'
    )
    check_task(presence, data)


def test_reading_ends_with_the_last_class_or_the_last_file(part):
    data = part([[0]] * 20 + [[1]] + [[0]] * 39, ('a', 'b'))
    few = find_classes([data], max_files=3)
    # 32 are read by the checks before
    assert few.num_files == 60 and few.num_read <= 35
    everything = find_classes([data], max_files=60)
    assert everything.absent == []
    assert everything.num_read < 60


def test_masks_of_0_and_255_are_refused_with_the_way_to_map_them(part):
    data = part([[0, 255], [0, 255]], ('background', 'lane'))
    presence = find_classes([data])
    with pytest.raises(ValueError) as error:
        check_task(presence, data)
    message = str(error.value)
    assert message.startswith(
        'source: 1 of 2 classes have no labelled pixel in all labels: lane, '
        "and ['background'] is all there is to learn: "
    )
    assert 'has the values [0, 255], and 255 is ignored' in message
    assert message.endswith(
        'map it with mmseg-balance data map-labels LABEL_FOLDER '
        'NEW_FOLDER 255=1'
    )


def test_labels_of_one_value_are_shown(part):
    data = part([[1], [1]])
    with pytest.raises(ValueError, match=r"\['b'\] is all .*values \[1\]"):
        check_task(find_classes([data]), data)
