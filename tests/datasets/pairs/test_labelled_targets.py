"""Targets that come with labels: those of a first stage."""

from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from mmengine.logging import MMLogger
from torch import nn

from mmseg_balance.datasets import UDADataset
from mmseg_balance.models.data_checks import check_target
from mmseg_balance.runs.records.provenance import (
    changed_provenance,
    provenance,
)

CLASSES = ('road', 'sidewalk')  # train ids 0 and 1
LOAD = [dict(type='LoadImageFromFile'), dict(type='LoadAnnotations')]
PACK = [dict(type='PackSegInputs')]


@pytest.fixture
def domains(tmp_path):
    """A source, and a target in the folders of Cityscapes."""
    rng = np.random.default_rng(0)
    names = dict(
        source=['a.png', 'b.png'],
        target=['bonn/x_leftImg8bit.png', 'ulm/y_leftImg8bit.png'],
    )
    for domain, files in names.items():
        for name in files:
            place = tmp_path / domain / 'images' / name
            place.parent.mkdir(parents=True, exist_ok=True)
            image = rng.integers(0, 256, (8, 12, 3), dtype=np.uint8)
            cv2.imwrite(str(place), image)
            label = rng.choice([0, 1, 255], (8, 12)).astype(np.uint8)
            ends = '_leftImg8bit.png', '_gtFine_labelTrainIds.png'
            place = tmp_path / domain / 'labels' / name.replace(*ends)
            place.parent.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(place), label)
    common = dict(
        data_prefix=dict(img_path='images', seg_map_path='labels'),
        metainfo=dict(classes=CLASSES),
        pipeline=[*LOAD, *PACK],
        serialize_data=False,
    )
    source = dict(
        common,
        type='BaseSegDataset',
        data_root=str(tmp_path / 'source'),
        img_suffix='.png',
    )
    target = dict(
        common, type='CityscapesDataset', data_root=str(tmp_path / 'target')
    )
    return dict(source=source, target=target)


def test_labels_of_the_target_are_loaded(domains, tmp_path):
    dataset = UDADataset(**domains)
    sample = dataset[0]['target']['data_samples']
    name = sample.seg_map_path
    assert name.startswith(str(tmp_path / 'target/labels'))
    assert name.endswith('_gtFine_labelTrainIds.png')
    assert sample.gt_sem_seg.shape == (8, 12)


def test_missing_labels_are_named_with_what_writes_them(domains, tmp_path):
    label = 'ulm/y_gtFine_labelTrainIds.png'
    (tmp_path / 'target/labels' / label).unlink()
    words = 'target: 1 of 2 images.*ulm/y_gtFine.*mmseg-balance pseudo-labels'
    with pytest.raises(FileNotFoundError, match=words):
        UDADataset(**domains)
    domains['target']['data_prefix'] = dict(
        img_path='images', seg_map_path='others'
    )
    words = r'target\.data_prefix\.seg_map_path.*pseudo-labels.*target/others'
    with pytest.raises(FileNotFoundError, match=words):
        UDADataset(**domains)


def test_models_and_targets_that_do_not_go_together(domains, capfd):
    model = nn.Module()
    model.needs_target, model.needs_target_labels = True, False
    MMLogger.get_instance('labelled', logger_name='labelled')
    loader = SimpleNamespace(dataset=UDADataset(**domains))
    check_target(model, loader)
    text = ''.join(capfd.readouterr())
    assert 'not learn: set model.labelled_target={}' in ' '.join(text.split())
    model.needs_target_labels = True
    check_target(model, loader)
    assert 'not learn' not in ''.join(capfd.readouterr())
    domains['target']['pipeline'] = [LOAD[0], *PACK]
    loader.dataset = UDADataset(**domains)
    with pytest.raises(ValueError, match='LoadAnnotations.*seg_map_path'):
        check_target(model, loader)


def test_few_shots_need_labels_of_their_own_alone(domains, tmp_path):
    label = 'ulm/y_gtFine_labelTrainIds.png'
    (tmp_path / 'target/labels' / label).unlink()
    dataset = UDADataset(**domains, few_shot=['bonn/x'])
    assert len(dataset.target) == 1
    with pytest.raises(FileNotFoundError, match='target: 1 of 1 images'):
        UDADataset(**domains, few_shot=['ulm/y'])


def test_a_run_notes_the_labels_of_its_target(domains, tmp_path):
    before = provenance(UDADataset(**domains))
    assert before['data']['target labels'].startswith('2 labels ')
    again = provenance(UDADataset(**domains))
    assert changed_provenance(before, again)['data'] == []
    place = tmp_path / 'target/labels/ulm/y_gtFine_labelTrainIds.png'
    cv2.imwrite(str(place), np.zeros((8, 12), np.uint8))
    (line,) = changed_provenance(before, provenance(UDADataset(**domains)))[
        'data'
    ]
    assert line.startswith('target labels was 2 labels ')
    domains['target']['pipeline'] = [LOAD[0], *PACK]
    assert 'target labels' not in provenance(UDADataset(**domains))['data']
