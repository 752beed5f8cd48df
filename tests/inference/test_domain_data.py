"""Pipelines for whole images of a training."""

from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from mmengine.config import Config
from mmengine.registry import DefaultScope

from mmseg_balance.inference.domain_data import (
    build_domains,
    check_trained_classes,
    whole_image_pipeline,
)

IMAGE = dict(type='LoadImageFromFile', imdecode_backend='pillow')
LABEL = dict(type='LoadAnnotations', reduce_zero_label=True)
CROP = dict(type='RandomCrop', crop_size=(4, 4))
FLIP = dict(type='RandomFlip', prob=0.5)
PACK = dict(type='PackSegInputs')
LARGE = dict(type='Resize', scale=(1280, 720))
TEST_IMAGE = dict(type='LoadImageFromFile')
TEST_LABEL = dict(type='LoadAnnotations')
SMALL = dict(type='mmseg.Resize', scale=(1024, 512))
TEST = [TEST_IMAGE, SMALL, TEST_LABEL, PACK]


def test_source_keeps_how_it_loads_and_its_size():
    own = [IMAGE, LABEL, LARGE, CROP, dict(type='RandomFlip'), PACK]
    expected = [IMAGE, LARGE, LABEL, PACK]
    assert whole_image_pipeline(own, TEST, is_source=True) == expected
    # wherever the labels are loaded in the test, and without a Resize there
    other = [TEST_IMAGE, TEST_LABEL, PACK]
    assert whole_image_pipeline(own, other, is_source=True) == expected


def test_without_a_size_of_its_own_the_source_has_that_of_the_test():
    own = [IMAGE, LABEL, dict(type='RandomResize'), CROP, PACK]
    found = whole_image_pipeline(own, TEST, is_source=True)
    assert found == [IMAGE, SMALL, LABEL, PACK]


def test_target_is_as_in_the_test_without_labels():
    own = [IMAGE, LABEL, LARGE, CROP, PACK]
    found = whole_image_pipeline(own, TEST, is_source=False)
    assert found == [IMAGE, SMALL, PACK]
    clahe = dict(type='CLAHE')
    found = whole_image_pipeline(own, [TEST_IMAGE, clahe, PACK], False)
    assert found == [IMAGE, clahe, PACK]


def test_configs_are_copied():
    own = [IMAGE, LABEL, CROP, PACK]
    found = whole_image_pipeline(own, TEST, is_source=True)
    found[0]['imdecode_backend'] = 'cv2'
    assert IMAGE['imdecode_backend'] == 'pillow'


@pytest.mark.parametrize(
    'dataset, problem',
    [
        (None, 'no train_dataloader.dataset with labels'),
        (dict(type='UDADataset', source=None), 'dataset with labels'),
        (dict(type='GTADataset'), 'no test_dataloader.dataset.pipeline'),
    ],
)
def test_training_without_data(dataset, problem):
    cfg = Config(dict(train_dataloader=dict(dataset=dataset)))
    with pytest.raises(ValueError, match=problem):
        build_domains(cfg)


def test_no_test_pipeline():
    cfg = Config(
        dict(
            train_dataloader=dict(
                dataset=dict(source={'a': 1}, target={'a': 1})
            )
        )
    )
    with pytest.raises(ValueError, match='no test_dataloader.dataset.pipel'):
        build_domains(cfg)


def test_classes_of_the_training():
    dataset = SimpleNamespace(metainfo=dict(classes=('a', 'b')))
    source = SimpleNamespace(parts=[SimpleNamespace(dataset=dataset)])
    for names in (dict(classes=['a', 'b']), dict(classes=('a', 'b')), {}):
        model = SimpleNamespace(dataset_meta=names)
        assert check_trained_classes(source, model, 'x.pth') == ['a', 'b']
    model = SimpleNamespace(dataset_meta=dict(classes=('b', 'a')))
    with pytest.raises(ValueError, match='x.pth was trained .* b, a, .*a, b:'):
        check_trained_classes(source, model, 'x.pth')


def within(*steps):
    return dict(type='RandomApply', transforms=list(steps))


def fit_config(tmp_path, pipeline=None):
    """A training on two images of 8 x 6 pixels, with a test pipeline."""
    for i, folder in enumerate(('images', 'labels')):
        (tmp_path / folder).mkdir()
        for name in 'ab':
            pixels = np.full((6, 8, 3)[: 3 - i], 1, np.uint8)
            cv2.imwrite(str(tmp_path / folder / f'{name}.png'), pixels)
    source = dict(
        type='BaseSegDataset',
        data_root=str(tmp_path),
        data_prefix=dict(img_path='images', seg_map_path='labels'),
        img_suffix='.png',
        metainfo=dict(classes=('a', 'b')),
        pipeline=[IMAGE, TEST_LABEL, dict(type='RandomResize'), CROP, PACK],
    )
    cfg = dict(
        train_dataloader=dict(dataset=source),
        test_pipeline=TEST,
        source_test_pipeline=pipeline,
    )
    return Config(cfg)


@pytest.mark.parametrize('own', [True, False])
def test_a_pipeline_for_the_source_may_be_given(tmp_path, own):
    size = dict(type='Resize', scale=(16, 12))
    given = [TEST_IMAGE, size, TEST_LABEL, PACK] if own else None
    with DefaultScope.overwrite_default_scope('mmseg'):
        source = build_domains(fit_config(tmp_path, given))['source']
    # else that of the test, as its own size is drawn at random
    shape = (3, 12, 16) if own else (3, 512, 1024)
    assert source[0]['inputs'].shape == shape
    assert source[0]['data_samples'].gt_sem_seg.shape == (6, 8)


@pytest.mark.parametrize(
    'steps, problem',
    [
        ([TEST_IMAGE, PACK], r'\(LoadImageFromFile, Pack.* loads no labels'),
        ([TEST_IMAGE, TEST_LABEL, CROP, PACK], 'crops, and is for whole im'),
        ([TEST_IMAGE, TEST_LABEL, within(CROP), PACK], 'crops, and is for'),
        ([TEST_IMAGE, TEST_LABEL, FLIP, PACK], 'flips, and logits are turn'),
        ([TEST_IMAGE, TEST_LABEL, within(FLIP), PACK], 'flips, and logits'),
        (dict(type='LoadAnnotations'), 'expected a list of transforms, f'),
        ('LoadAnnotations', 'expected a list of transforms, found'),
    ],
)
def test_a_pipeline_for_the_source_is_checked(tmp_path, steps, problem):
    with (
        DefaultScope.overwrite_default_scope('mmseg'),
        pytest.raises(ValueError, match=f'source_test_pipeline.*{problem}'),
    ):
        build_domains(fit_config(tmp_path, steps))
