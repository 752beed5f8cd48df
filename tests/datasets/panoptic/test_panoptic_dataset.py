"""Panoptic data sets: what they read of their files, and what they refuse."""

import json
import pickle

import numpy as np
import pytest
from helpers.panoptic_files import (
    CATEGORIES,
    CLASSES,
    SKY,
    THINGS,
    segments_info,
    street,
    write_panoptic_set,
)
from mmseg.registry import DATASETS

from mmseg_balance.datasets.checks import check_evaluation_set
from mmseg_balance.datasets.files.label_images import write_png
from mmseg_balance.datasets.panoptic import panoptic_dataset
from mmseg_balance.errors import UserError
from mmseg_balance.panoptic.ids import file_colours

LOADING = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadPanopticAnnotations'),
    dict(type='PackPanopticInputs'),
]
SHAPE = (24, 32)


def one(root, ids=None, listed=None, categories=CATEGORIES, **kwargs):
    """Config of a data set of one image."""
    if ids is None:
        ids, found = street()
        listed = found if listed is None else listed
    listed = segments_info(ids) if listed is None else listed
    config = write_panoptic_set(root, {'a': (ids, listed)}, categories)
    return config | dict(pipeline=LOADING) | kwargs


def edit(root, change):
    """Change the JSON file of a data set."""
    path = root / 'panoptic.json'
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def checked(config):
    """Build a data set as a training does, its checks included."""
    dataset = DATASETS.build(config | dict(lazy_init=True))
    check_evaluation_set(dataset, 'val_dataloader.dataset')
    return dataset


def refused(config, *parts):
    with pytest.raises(UserError) as error:
        checked(config)
    for part in parts:
        assert str(part) in str(error.value)


# -- what is read ------------------------------------------------------------
def test_classes_and_segments_of_an_image(tmp_path):
    ids, listed = street()
    dataset = checked(one(tmp_path))
    assert dataset.things == (2, 3)
    sample = dataset[0]['data_samples']
    semantic = sample.gt_sem_seg.data.numpy()
    labels = {7: 0, 23: 1, 24: 255, 24000: 2, 26000: 3, 26001: 3, 0: 255}
    expected = np.vectorize(labels.get)(ids)
    np.testing.assert_array_equal(semantic, expected[None])
    np.testing.assert_array_equal(sample.gt_panoptic_seg.data, ids[None])
    assert sample.gt_panoptic_seg.data.dtype.itemsize == 4
    segments = sample.segments_info
    assert [s['id'] for s in segments] == [s['id'] for s in listed]
    person = next(s for s in segments if s['id'] == 24)
    assert person == dict(
        id=24,
        label=2,
        isthing=True,
        iscrowd=True,
        area=12,
        bbox=[24, 10, 6, 2],
    )
    assert not any(s['iscrowd'] for s in segments if s['id'] != 24)
    assert [s['isthing'] for s in segments] == [s['id'] >= 24 for s in listed]


def test_a_file_without_categories_has_labels(tmp_path):
    ids, listed = street()
    labels = {entry['id']: i for i, entry in enumerate(CATEGORIES)}
    of_edaps = [s | dict(category_id=labels[s['category_id']]) for s in listed]
    named = checked(one(tmp_path / 'named'))[0]['data_samples']
    found = checked(one(tmp_path / 'edaps', ids, of_edaps, None))[0]
    found = found['data_samples']
    assert (found.gt_sem_seg.data == named.gt_sem_seg.data).all()
    assert found.segments_info == named.segments_info
    refused(
        one(tmp_path / 'wrong', categories=None), 'category_id 7', '0 .. 3'
    )


def test_areas_and_boxes_that_are_not_listed(tmp_path):
    ids, listed = street()
    bare = [{k: s[k] for k in ('id', 'category_id')} for s in listed]
    dataset = checked(one(tmp_path, ids, bare))
    found = dataset[0]['data_samples'].segments_info
    for segment, expected in zip(found, listed, strict=True):
        assert segment['area'] == expected['area']
        assert segment['bbox'] == expected['bbox']
        assert segment['iscrowd'] is False
    # nothing that class statistics could be taken from
    assert dataset.class_pixels() is None


def test_pixels_of_classes_without_reading_labels(tmp_path):
    ids, listed = street()
    other = np.full_like(ids, SKY)
    config = write_panoptic_set(
        tmp_path, dict(b=(ids, listed), a=(other, segments_info(other)))
    )
    dataset = DATASETS.build(config)
    for counts, labels in zip(
        dataset.class_pixels(), [ids, other], strict=True
    ):
        expected = [
            np.isin(labels, own).sum()
            for own in ([7], [23], [24000], [26000, 26001])
        ]
        assert counts.tolist() == expected


def test_only_stuff_and_only_void(tmp_path):
    sky = np.full(SHAPE, SKY)
    sample = checked(one(tmp_path / 'sky', sky))[0]['data_samples']
    assert (sample.gt_sem_seg.data == 1).all()
    void = np.zeros(SHAPE, int)
    sample = checked(one(tmp_path / 'void', void))[0]['data_samples']
    assert (sample.gt_sem_seg.data == 255).all()
    assert sample.segments_info == []


def test_files_in_folders_that_are_not_named(tmp_path):
    """As Cityscapes' public tools write and unpack them."""
    ids, listed = street()
    name = 'ulm_000000_000019'
    image = f'leftImg8bit/val/ulm/{name}_leftImg8bit.png'
    label = f'{name}_gtFine_panoptic.png'
    write_png(tmp_path / image, np.zeros((*SHAPE, 3), np.uint8))
    write_png(tmp_path / 'gtFine' / label, file_colours(ids))
    names = dict(file_name=f'{name}_gtFine_leftImg8bit.png')
    annotation = dict(image_id=name, file_name=label, segments_info=listed)
    (tmp_path / 'gtFine/val.json').write_text(
        json.dumps(
            dict(
                images=[dict(id=name, width=32, height=24, **names)],
                annotations=[annotation],
                categories=CATEGORIES,
            )
        )
    )
    config = dict(
        type='CityscapesPanopticDataset',
        data_root=str(tmp_path),
        ann_file='gtFine/val.json',
        data_prefix=dict(img_path='leftImg8bit/val', seg_map_path='gtFine'),
        pipeline=LOADING,
    )
    dataset = checked(config)
    assert dataset.things == tuple(range(11, 19))
    info = dataset.get_data_info(0)
    assert info['img_path'] == str(tmp_path / image)
    assert {s['label'] for s in info['segments_info']} == {0, 10, 11, 13}
    # in a folder for the city
    city = tmp_path / 'gtFine/val/ulm'
    city.mkdir(parents=True)
    (tmp_path / 'gtFine' / label).rename(city / label)
    assert checked(config).get_data_info(0)['seg_map_path'] == str(
        city / label
    )
    other = tmp_path / 'gtFine/train/ulm'
    other.mkdir(parents=True)
    (other / label).write_bytes(b'')
    refused(config, '2 files of the name', label)


def test_a_part_of_the_classes_ignores_the_others(tmp_path):
    ids, listed = street()
    config = one(tmp_path, ids, listed) | dict(
        type='CityscapesPanopticDataset',
        img_suffix='.png',
        seg_map_suffix='.png',
        metainfo=dict(classes=['car', 'road']),
    )
    dataset = checked(config)
    assert dataset.things == (0,)
    assert dataset.metainfo['thing_classes'] == ('car',)
    sample = dataset[0]['data_samples']
    expected = np.where(ids == 7, 1, np.where(ids >= 26000, 0, 255))
    np.testing.assert_array_equal(sample.gt_sem_seg.data, expected[None])
    assert [s['id'] for s in sample.segments_info] == [7, 26000, 26001]
    # what is left out is void as well
    np.testing.assert_array_equal(
        sample.gt_panoptic_seg.data, np.where(expected < 255, ids, 0)[None]
    )


def test_images_of_a_folder_without_a_file(tmp_path):
    config = one(tmp_path, pipeline=[], ann_file='')
    dataset = DATASETS.build(config)
    assert len(dataset) == 1
    assert 'segments_info' not in dataset.get_data_info(0)


def test_images_that_a_file_lists_alone(tmp_path):
    config = one(tmp_path, pipeline=[])
    edit(tmp_path, lambda content: content.pop('annotations'))
    dataset = DATASETS.build(config)
    assert dataset.get_data_info(0)['img_path'].endswith('images/a.png')
    refused(config | dict(pipeline=LOADING), 'panoptic.json', 'no annotations')


def test_images_without_an_annotation(tmp_path, monkeypatch):
    config = one(tmp_path)
    edit(tmp_path, lambda c: c['images'].append(dict(id='b')))
    lines = []
    monkeypatch.setattr(
        panoptic_dataset, 'print_log', lambda text, *_: lines.append(text)
    )
    assert len(checked(config)) == 1
    assert 'panoptic.json (ann_file) has 1 images without' in lines[0]


def test_a_data_set_reaches_other_processes(tmp_path):
    dataset = checked(one(tmp_path))
    found = pickle.loads(pickle.dumps(dataset))[0]['data_samples']
    assert found.segments_info == dataset[0]['data_samples'].segments_info


# -- what is refused ---------------------------------------------------------
def test_annotations_without_segments(tmp_path):
    config = one(tmp_path)
    edit(tmp_path, lambda c: c['annotations'][0].pop('segments_info'))
    refused(config, 'panoptic.json', 'a.png', 'no segments_info', 'COCO')
    edit(tmp_path, lambda c: c['annotations'][0].update(segmentation=[]))
    refused(config, 'this one is of instances')


@pytest.mark.parametrize(
    ('content', 'part'),
    [
        ('{', 'is no JSON'),
        ('[1]', 'is a JSON list'),
        ('{}', 'has no annotations'),
        ('{"annotations": [3]}', 'its image_id (3)'),
        ('{"annotations": [{"image_id": 3}], "categories": [1]}', 'of dicts'),
        ('{"annotations": [{"image_id": 3, "file_name": 3}]}', 'no text'),
        ('{"images": [{"id": 3, "file_name": 3}]}', 'no text'),
    ],
)
def test_files_of_another_kind(tmp_path, content, part):
    config = one(tmp_path)
    (tmp_path / 'panoptic.json').write_text(content)
    refused(config, 'panoptic.json', part)


@pytest.mark.parametrize(
    ('changes', 'parts'),
    [
        (dict(category_id=99), ['category_id 99', 'none of the categories']),
        (dict(category_id=[24]), ['as its category_id', '[24]']),
        (dict(id=7), ['two segments of a.png', 'the id 7']),
        (dict(id=0), ['the id 0', 'from 1']),
        (dict(id=1 << 24), ['the id 16777216', 'to 16777215']),
        (dict(id='x'), ["the id 'x'"]),
        (dict(id=None), ['as its id', 'None']),
        (dict(id=26002), ['no pixel of id 26002', 'id 24000', 'a.png']),
        (dict(area='21'), ['24000 of a.png', "the area '21'", 'pixels']),
        (dict(area=-1), ['24000 of a.png', 'the area -1']),
    ],
)
def test_segments_that_cannot_be(tmp_path, changes, parts):
    config = one(tmp_path)

    def change(content):
        segments = content['annotations'][0]['segments_info']
        next(s for s in segments if s['id'] == 24000).update(changes)

    edit(tmp_path, change)
    refused(config, *parts)


def test_pixels_of_a_segment_that_is_not_listed(tmp_path):
    _, listed = street()
    config = one(tmp_path, listed=[s for s in listed if s['id'] != 26001])
    refused(config, 'panoptic/a.png', 'pixels of id 26001', 'not listed')
    dataset = DATASETS.build(config)
    with pytest.raises(ValueError, match='26001'):
        dataset[0]


def test_categories_that_are_no_classes(tmp_path):
    names = dict(classes=('road', 'sky', 'car'), thing_classes=('car',))
    config = one(tmp_path, metainfo=names)
    refused(config, "24 ('person')", 'metainfo.classes', 'label_classes')


def test_two_categories_of_one_id(tmp_path):
    config = one(tmp_path)
    edit(tmp_path, lambda c: c['categories'][1].update(id=7))
    refused(config, 'panoptic.json', "'road' and 'sky' have one id, 7")


def test_a_thing_that_the_file_takes_for_stuff(tmp_path):
    things = dict(classes=CLASSES, thing_classes=('car',))
    refused(one(tmp_path, metainfo=things), "'person' has isthing 1", 'not')


@pytest.mark.parametrize(
    ('things', 'parts'),
    [
        (None, ['thing_classes is None', "['person', 'car']"]),
        ('car', ["thing_classes is 'car'"]),
        (['tram'], ['has tram', ', '.join(CLASSES)]),
    ],
)
def test_things_that_are_not_named(tmp_path, things, parts):
    metainfo = dict(classes=CLASSES, thing_classes=things)
    refused(one(tmp_path, metainfo=metainfo), *parts)


def test_labels_of_another_kind(tmp_path):
    config = one(tmp_path)
    write_png(tmp_path / 'panoptic/a.png', np.zeros(SHAPE, np.uint8))
    refused(config, 'panoptic/a.png', 'uint8 of shape (24, 32)', '8 bits')
    write_png(tmp_path / 'panoptic/a.png', file_colours(street()[0])[:9])
    refused(config, 'a.png')


def test_another_size_than_the_image(tmp_path):
    config = one(tmp_path)
    write_png(tmp_path / 'images/a.png', np.zeros((12, 16, 3), np.uint8))
    refused(config, '32 x 24', '16 x 12', 'val_dataloader.dataset label')


def test_files_that_are_missing(tmp_path):
    config = one(tmp_path)
    (tmp_path / 'images/a.png').rename(tmp_path / 'images/b.png')
    refused(config, 'panoptic.json', 'images/a.png', '1 of the 1 images')
    (tmp_path / 'images/b.png').rename(tmp_path / 'images/a.png')
    (tmp_path / 'panoptic/a.png').rename(tmp_path / 'panoptic/b.png')
    refused(config, 'no label', 'panoptic/a.png')
    (tmp_path / 'panoptic.json').unlink()
    refused(config, 'ann_file', 'panoptic.json does not exist')


def test_labels_that_are_not_named(tmp_path):
    refused(one(tmp_path, ann_file=''), 'expected ann_file')
    images = dict(img_path='images')
    with pytest.raises(ValueError, match='seg_map_path'):
        DATASETS.build(one(tmp_path, data_prefix=images))


def test_the_transforms_of_other_labels(tmp_path):
    semantic = [dict(type='LoadAnnotations')]
    refused(one(tmp_path, pipeline=semantic), "type='LoadPanopticAnnotations'")
    config = dict(
        type='FolderDataset',
        data_root=str(tmp_path),
        img_suffix='.png',
        data_prefix=dict(img_path='images', seg_map_path='panoptic'),
        metainfo=dict(classes=CLASSES, thing_classes=THINGS),
        pipeline=LOADING,
    )
    refused(config, 'lists no segments', 'PanopticDataset', 'ann_file')
    with pytest.raises(ValueError, match='reduce_zero_label'):
        DATASETS.build(one(tmp_path, reduce_zero_label=True))
