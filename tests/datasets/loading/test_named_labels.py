from pathlib import Path

import cv2
import numpy as np
import pytest
from helpers.random_domains import CLASSES, LOAD, make_domain
from mmengine.config import Config

from mmseg_balance.datasets import UDADataset
from mmseg_balance.datasets.class_statistics.files import write_class_stats

# ids as another simulator may number them
IDS = np.array([[0, 1, 2], [3, 4, 4]], dtype=np.uint8)
NAMES = ('sky', None, 'car', 'car', 'road')


@pytest.fixture
def domain(tmp_path):
    config = make_domain(tmp_path, 1, size=IDS.shape)
    cv2.imwrite(str(tmp_path / 'labels/000.png'), IDS)
    config['pipeline'] = [*LOAD, dict(type='PackSegInputs')]
    return config


def label_of(dataset):
    sample = dataset[0]['source']['data_samples']
    return sample.gt_sem_seg.data[0].tolist()


@pytest.mark.parametrize('names', [NAMES, dict(enumerate(NAMES))])
def test_ids_become_the_classes_of_their_names(domain, names):
    dataset = UDADataset(dict(domain, label_classes=names))
    assert dataset.metainfo['classes'] == CLASSES
    assert label_of(dataset) == [[2, 255, 1], [1, 0, 0]]


def test_a_data_set_of_other_classes(domain):
    """GTA's train ids as the classes of another task."""
    classes = ('ground', 'thing')
    names = ['ground', 'ground', *['thing'] * 16, None]
    config = dict(domain, type='GTADataset', seg_map_suffix='.png')
    config.update(metainfo=dict(classes=classes), label_classes=names)
    dataset = UDADataset(config)
    assert dataset.metainfo['classes'] == classes
    assert len(dataset.metainfo['palette']) == 2
    assert label_of(dataset) == [[0, 0, 1], [1, 1, 1]]


def test_statistics_count_the_classes(domain):
    root = Path(domain['data_root'])
    counts = np.bincount(IDS.ravel(), minlength=5)[None]
    write_class_stats(root, ['labels/000.png'], counts)
    dataset = UDADataset(
        dict(domain, label_classes=NAMES),
        rare_class_sampling=dict(min_pixels=0),
    )
    counts = dataset.domains['source'].class_pixels('a test')
    assert counts.tolist() == [[2, 2, 1]]


def test_zero_is_reduced_first(domain):
    names = (None, 'sky', 'car', 'road')  # of the ids 1 to 4
    config = dict(domain, label_classes=names, reduce_zero_label=True)
    assert label_of(UDADataset(config)) == [[255, 255, 2], [1, 0, 0]]


def test_ids_that_are_not_named_are_refused(domain):
    message = (
        'labels/000.png has ids in 1 pixels that label_classes names no '
        r'class of \(found 254, where 254 stands for those below 3\)'
    )
    names = {0: 'sky', 1: None, 3: 'car', 4: 'road'}
    with pytest.raises(ValueError, match=message):
        UDADataset(dict(domain, label_classes=names))
    with pytest.raises(ValueError, match=r'in 2 pixels .*found 4, where'):
        UDADataset(dict(domain, label_classes=NAMES[:4]))


@pytest.mark.parametrize(
    'names, message',
    [
        (('road', 'human'), r"source.label_classes: 'human' is none of .*car"),
        ('road', "expected the names .* found 'road'"),
        ((), r'found \(\)'),
        ({'road': 0}, 'or a dict of ids'),
        ({300: 'road'}, 'below 254'),
        (('road', 3), 'expected the names'),
    ],
)
def test_names_that_are_none(domain, names, message):
    with pytest.raises(ValueError, match=message):
        UDADataset(dict(domain, label_classes=names))


def test_of_a_file_with_a_config(domain, tmp_path):
    names = dict(enumerate(NAMES))
    file = tmp_path / 'config.py'
    source = dict(domain, label_classes=names)
    Config(dict(data=dict(type='UDADataset', source=source))).dump(file)
    config = Config.fromfile(file).data
    config.pop('type')
    assert label_of(UDADataset(**config)) == [[2, 255, 1], [1, 0, 0]]


def test_synthia_of_16_classes_beside_gta(tmp_path):
    """Labels numbered by the 16 classes, and by Cityscapes' train ids."""
    gta = dict(make_domain(tmp_path / 'gta', 1), type='GTADataset')
    synthia = dict(make_domain(tmp_path / 'synthia', 1), type='SYNTHIADataset')
    for config in (gta, synthia):
        del config['metainfo']
        config.update(
            seg_map_suffix='.png', pipeline=[*LOAD, dict(type='PackSegInputs')]
        )
    dataset = UDADataset([gta, synthia])
    classes = dataset.metainfo['classes']
    assert len(classes) == 19
    absent = ('terrain', 'truck', 'train')
    sixteen = [name for name in classes if name not in absent]
    ids = np.tile(np.arange(16, dtype=np.uint8), (2, 1))
    cv2.imwrite(str(tmp_path / 'synthia/labels/000.png'), ids)
    cv2.imwrite(str(tmp_path / 'synthia/images/000.png'), ids)
    dataset = UDADataset([gta, dict(synthia, label_classes=sixteen)])
    label = dataset[1]['source']['data_samples'].gt_sem_seg.data[0, 0]
    assert [classes[c] for c in label] == sixteen
    # the other way round, by mmseg's own key, both have 16
    for config in (gta, synthia):
        config['metainfo'] = dict(classes=sixteen)
    with pytest.raises(ValueError, match='only the source.1. has terrain'):
        UDADataset([synthia, dict(gta, metainfo=None)])
    assert len(UDADataset([gta, synthia]).metainfo['classes']) == 16


def test_classes_that_the_class_of_a_data_set_has_not(domain):
    config = dict(domain, type='ADE20KDataset', reduce_zero_label=False)
    config['metainfo'] = dict(classes=('road', 'rider'))
    with pytest.raises(ValueError, match='ADE20KDataset .* label_classes'):
        UDADataset(config)
    names = ['road', None, 'rider', 'rider', 'road']
    assert label_of(UDADataset(dict(config, label_classes=names))) == [
        [0, 255, 1],
        [1, 0, 0],
    ]
