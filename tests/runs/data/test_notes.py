from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from mmengine.registry import DefaultScope
from mmseg.datasets import BaseSegDataset

from mmseg_balance.datasets import UDADataset
from mmseg_balance.runs.data.notes import data_notes


@pytest.fixture(autouse=True)
def _mmseg_scope():
    with DefaultScope.overwrite_default_scope('mmseg'):
        yield


@pytest.fixture
def build(tmp_path):
    """Data set of the images of a list, in one folder."""
    for name in 'abcd':
        for folder in ('images', 'labels'):
            path = tmp_path / folder / f'{name}.png'
            path.parent.mkdir(exist_ok=True)
            cv2.imwrite(str(path), np.zeros((4, 4), np.uint8))
    load = [dict(type='LoadImageFromFile'), dict(type='LoadAnnotations')]

    def make(names: str, classes=('road',)) -> BaseSegDataset:
        (tmp_path / f'{names}.txt').write_text('\n'.join(names))
        return BaseSegDataset(
            ann_file=f'{names}.txt',
            data_root=str(tmp_path),
            data_prefix=dict(img_path='images', seg_map_path='labels'),
            img_suffix='.png',
            serialize_data=False,
            metainfo=dict(classes=classes) if classes else None,
            pipeline=[*load, dict(type='PackSegInputs')],
        )

    return make


def loader(dataset, batch_size=2):
    return SimpleNamespace(dataset=dataset, batch_size=batch_size)


def test_target_smaller_than_a_batch(build):
    train = loader(UDADataset(build('ab'), build('cd')))
    assert data_notes(train, None) == []
    (line,) = data_notes(train, None, world_size=2)
    assert line.startswith('the target has 2 images, fewer than the 4 of a ba')
    assert 'drawn with replacement' in line
    train = loader(UDADataset(build('ab')))
    assert data_notes(train, None, world_size=9) == []


def test_absent_classes_beside_a_label_that_is_left_out(build, tmp_path):
    labels = tmp_path / 'labels'
    cv2.imwrite(str(labels / 'a.png'), np.eye(4, dtype=np.uint8))
    (labels / 'b.png').write_bytes(b'not a label')
    source = build('ab', ('road', 'sky', 'car'))
    train = loader(UDADataset(source, on_bad_image='skip'))
    (line,) = data_notes(train, None)
    assert line.startswith('source: 1 of 3 classes have no labelled pixel')
    assert line.endswith('car; they are not learnt')


def test_images_of_training_and_evaluation(build, tmp_path):
    train = loader(UDADataset(build('abc'), build('cd')))
    assert data_notes(train, loader(build('d')))[0].startswith(
        '1 images are in target (without their labels) and in '
        f'val_dataloader.dataset as well ({tmp_path}/images/d.png): scores'
    )
    source, target = data_notes(train, loader(build('bc')))
    assert source.startswith('2 images are in source and in')
    assert target.startswith('1 images are in target')
    train = loader(build('ab'))
    assert data_notes(train, loader(build('cd'))) == []
    (line,) = data_notes(train, loader(build('b')))
    assert line.startswith('1 images are in train_dataloader.dataset and in')
    assert data_notes(loader([1, 2]), loader([3])) == []


def test_a_validation_set_without_classes_is_compared_all_the_same(build):
    train = loader(UDADataset(build('ab'), build('cd')))
    (line,) = data_notes(train, loader(build('b', classes=None)))
    assert line.startswith('1 images are in source')
