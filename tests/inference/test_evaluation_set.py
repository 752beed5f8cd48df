"""The labelled test set of a config."""

import cv2
import numpy as np
import pytest
from mmengine.config import Config

from mmseg_balance.datasets.sets.video.shared_classes import SHARED_CLASSES
from mmseg_balance.inference.evaluation_set import (
    build_labelled_test_set,
    headline_classes,
)


@pytest.fixture
def cfg(tmp_path):
    for kind in ('img', 'ann'):
        (tmp_path / kind).mkdir()
        label = np.ones((4, 6), np.uint8)
        cv2.imwrite(str(tmp_path / kind / 'a.png'), label)
    load = [dict(type='LoadImageFromFile'), dict(type='LoadAnnotations')]
    return Config(
        dict(
            test_dataloader=dict(
                dataset=dict(
                    type='BaseSegDataset',
                    data_root=str(tmp_path),
                    data_prefix=dict(img_path='img', seg_map_path='ann'),
                    img_suffix='.png',
                    seg_map_suffix='.png',
                    metainfo=dict(classes=['sky', 'road']),
                    pipeline=[*load, dict(type='PackSegInputs')],
                )
            )
        )
    )


def test_a_labelled_set(cfg):
    before = cfg.to_dict()
    dataset = build_labelled_test_set(cfg)
    assert len(dataset) == 1
    assert dataset[0]['data_samples'].gt_sem_seg.data.shape == (1, 4, 6)
    assert cfg.to_dict() == before


def test_what_is_no_labelled_set(cfg, tmp_path):
    with pytest.raises(ValueError, match='no test_dataloader.dataset'):
        build_labelled_test_set(Config(dict()))
    dataset = cfg.test_dataloader.dataset
    loaded = dataset.pipeline
    dataset.pipeline = [loaded[0], loaded[2]]
    with pytest.raises(ValueError, match='LoadAnnotations'):
        build_labelled_test_set(cfg)
    dataset.pipeline = loaded
    cv2.imwrite(str(tmp_path / 'ann' / 'a.png'), np.full((4, 6), 7, np.uint8))
    with pytest.raises(ValueError, match='a.png'):
        build_labelled_test_set(cfg)
    dataset.data_prefix.img_path = 'none'
    with pytest.raises(FileNotFoundError, match='data_prefix.img_path'):
        build_labelled_test_set(cfg)


def test_means_are_over_the_classes_of_the_metric():
    shared = dict(type='SharedClassesMetric', rule='uvda')
    named = dict(type='BalancedIoUMetric', headline='a', subsets=dict(a=['x']))
    for metric, classes in (
        (named, ['x']),
        (shared, list(SHARED_CLASSES)),
        ([dict(shared, shared=('road', 'car'))], ['road', 'car']),
        (dict(type='BalancedIoUMetric'), None),
    ):
        cfg = Config(dict(test_evaluator=metric))
        assert headline_classes(cfg) == classes
