"""Data sets of a folder for each class."""

import re

import numpy as np
import pytest

from mmseg_balance.datasets import LoadClassLabel
from mmseg_balance.datasets.checks.left_out import left_out


@pytest.fixture
def folder(tmp_path, write_images):
    write_images(
        tmp_path / 'train',
        ['cat/a.png', 'cat/deep/b.JPG', 'dog/a.jpeg', 'ant/c.png'],
    )
    (tmp_path / 'train/cat/notes.txt').touch()
    (tmp_path / 'train/.cache').mkdir()
    return tmp_path


@pytest.fixture
def build(build):
    def build_train(folder, **kwargs):
        prefix = dict(img_path='train')
        return build(
            'ClassFolderDataset', folder, data_prefix=prefix, **kwargs
        )

    return build_train


def test_classes_are_the_folders(folder, build):
    dataset = build(folder)
    assert dataset.metainfo['classes'] == ('ant', 'cat', 'dog')
    assert dataset.metainfo['labels_images'] is True
    assert len(dataset.metainfo['palette']) == 3
    assert dataset.labels().tolist() == [0, 1, 1, 2]
    assert dataset.class_pixels().sum(0).tolist() == [1, 2, 1]
    assert dataset.get_cat_ids(3) == [2]
    sample = dataset[3]
    label = sample['data_samples'].gt_sem_seg.data
    assert label.shape == (1, 1, 1) and label.item() == 2
    assert sample['inputs'].shape == (3, 6, 8)


def test_classes_in_a_given_order(folder, build):
    dataset = build(folder, metainfo=dict(classes=('dog', 'cat', 'ant')))
    assert dataset.labels().tolist() == [0, 1, 1, 2]
    assert dataset.get_data_info(0)['img_path'].endswith('dog/a.jpeg')


def test_other_folders(folder, build):
    with pytest.raises(ValueError, match="folder 'ant', which is none of"):
        build(folder, metainfo=dict(classes=('dog', 'cat')))
    dataset = build(
        folder, metainfo=dict(classes=('dog', 'cat')), skipped=['ant']
    )
    assert len(dataset) == 3


def test_no_folder(tmp_path, build):
    there = re.escape(str(tmp_path / 'train'))
    with pytest.raises(FileNotFoundError, match=f'{there} does not exist'):
        build(tmp_path)
    (tmp_path / 'train').mkdir()
    with pytest.raises(ValueError, match='has no folders, expected one for'):
        build(tmp_path)


def test_labels_of_8_bits(folder, build):
    many = (*map(str, range(252)), 'ant', 'cat', 'dog')
    with pytest.raises(ValueError, match='255 classes, expected at'):
        build(folder, metainfo=dict(classes=many))


def test_label_of_a_set_that_has_none():
    with pytest.raises(ValueError, match='a.png tells no class of an image'):
        LoadClassLabel().transform(dict(img_path='a.png'))


def test_label_map():
    results = LoadClassLabel().transform(dict(label=3, label_map={3: 255}))
    assert results['gt_seg_map'].dtype == np.uint8
    assert results['gt_seg_map'].tolist() == [[255]]
    assert results['seg_fields'] == ['gt_seg_map']


def test_images_of_other_kinds_are_named(folder, build):
    assert left_out(build(folder), 'target', True) == []
    for name in ('cat/x.GIF', 'dog/y.gif', '.cache/z.gif'):
        (folder / 'train' / name).touch()
    (line,) = left_out(build(folder), 'target', True)
    assert '2 of the 6 images' in line and '(cat/x.GIF)' in line
    assert "set img_suffix=('.jpg'," in line and 'FolderDataset' not in line
