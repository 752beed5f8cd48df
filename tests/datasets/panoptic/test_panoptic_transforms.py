"""Segments on their way through a pipeline, and into a pair."""

import json

import numpy as np
import pytest
import torch
from helpers.panoptic_files import (
    CATEGORIES,
    SKY,
    segments_info,
    street,
    write_panoptic_set,
)
from mmengine.registry import DefaultScope
from mmseg.registry import DATASETS, TRANSFORMS

from mmseg_balance.datasets import UDADataset
from mmseg_balance.datasets.class_statistics.files import write_class_stats
from mmseg_balance.datasets.files.label_images import write_png
from mmseg_balance.datasets.sampling.samplers import Draw
from mmseg_balance.errors import UserError
from mmseg_balance.panoptic.segments import segment_places
from mmseg_balance.panoptic.targets import center_targets, instance_targets

LOAD = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadPanopticAnnotations'),
]
TARGETS = dict(type='PanopticTargets', centers=True, sigma=2)
PACK = dict(type='PackPanopticInputs')
CROP = [dict(type='RandomCrop', crop_size=(16, 16))]
TARGET = [LOAD[0], *CROP, dict(type='PackSegInputs')]


def packed(root, *transforms, maps=None):
    config = write_panoptic_set(root, maps or dict(a=street()))
    pipeline = [*LOAD, *transforms, TARGETS, PACK]
    return DATASETS.build(config | dict(pipeline=pipeline))[0]['data_samples']


def check_targets(sample, things=(2, 3)):
    """Targets are those of the map that is packed with them."""
    ids = sample.gt_panoptic_seg.data[0].numpy()
    places = segment_places(ids, sample.segments_info)
    instances = instance_targets(places, sample.segments_info, things)
    for name, expected in instances._asdict().items():
        np.testing.assert_array_equal(sample.gt_instances[name], expected)
    centers = center_targets(places, sample.segments_info, 2)
    for name, expected in centers._asdict().items():
        np.testing.assert_array_equal(sample.gt_centers.get(name), expected)
    labels = {s['id']: s['label'] for s in sample.segments_info}
    labels |= {s['id']: 255 for s in sample.segments_info if s['iscrowd']}
    semantic = np.vectorize(lambda i: labels.get(i, 255))(ids)
    np.testing.assert_array_equal(sample.gt_sem_seg.data[0], semantic)


def test_targets_of_a_whole_image(tmp_path):
    sample = packed(tmp_path)
    check_targets(sample)
    instances = sample.gt_instances
    assert instances.bboxes.dtype == torch.float32
    assert instances.labels.tolist() == [0, 1, 1]
    assert instances.masks.dtype == torch.bool
    # the last pixel counts in
    assert instances.bboxes[0].tolist() == [18, 8, 20, 14]
    assert {v.dtype for v in sample.gt_centers.values()} == {torch.float32}


@pytest.mark.parametrize(
    'transform',
    [
        dict(type='Resize', scale_factor=0.5, keep_ratio=True),
        dict(type='RandomFlip', prob=1.0),
        dict(type='RandomCrop', crop_size=(13, 17), cat_max_ratio=0.75),
        dict(type='Pad', size=(30, 40)),
        dict(type='RandomRotate', prob=1.0, degree=20, seg_pad_val=255),
        dict(type='PhotoMetricDistortion'),
    ],
    ids=lambda transform: transform['type'],
)
def test_segments_move_with_labels(tmp_path, transform):
    np.random.seed(1)
    check_targets(packed(tmp_path, transform))


def test_margins_are_no_part_of_the_segment_of_their_number(tmp_path):
    """Ids of COCO's segments are any, 255 as well, which fills margins."""
    ids = np.full((24, 32), SKY)
    ids[10:16, 10:16] = 24000
    listed = segments_info(ids)
    ids[ids == 24000] = 255
    next(s for s in listed if s['id'] == 24000)['id'] = 255
    np.random.seed(0)
    turn = dict(type='RandomRotate', prob=1.0, degree=(30, 31))
    for transform in (dict(type='Pad', size=(30, 40)), turn):
        sample = packed(tmp_path, transform, maps=dict(a=(ids, listed)))
        check_targets(sample)
        assert 30 < sample.gt_instances.masks.sum() <= 36
        found = sample.gt_panoptic_seg.data
        assert (found == 255).sum() == sample.gt_instances.masks.sum()
        assert (found == 0).sum() > 100


@pytest.mark.parametrize(
    'transform',
    [
        dict(type='mmcv.RandomFlip', prob=1.0),
        dict(type='mmcv.CenterCrop', crop_size=(16, 16)),
    ],
    ids=lambda transform: transform['type'],
)
def test_labels_that_move_without_their_segments(tmp_path, transform):
    with pytest.raises(UserError, match='images/a.png are not where'):
        packed(tmp_path, transform)


@pytest.mark.parametrize(
    'transform',
    [
        dict(type='RandomFlip', prob=1.0),
        dict(type='RandomCrop', crop_size=(13, 17)),
        dict(type='Resize', scale_factor=2.0),
        dict(
            type='RandomCutOut', prob=1.0, n_holes=1, cutout_shape=(9, 9),
            seg_fill_in=255,
        ),
    ],
    ids=lambda transform: transform['type'],
)  # fmt: skip
def test_segments_that_move_behind_their_targets(tmp_path, transform):
    config = write_panoptic_set(tmp_path, dict(a=street()))
    pipeline = [*LOAD, TARGETS, transform, PACK]
    dataset = DATASETS.build(config | dict(pipeline=pipeline))
    with pytest.raises(UserError, match=r'a.png.*PanopticTargets right befo'):
        dataset[0]


def test_what_leaves_segments_may_stand_behind_targets(tmp_path):
    config = write_panoptic_set(tmp_path, dict(a=street()))
    pipeline = [*LOAD, TARGETS, dict(type='PhotoMetricDistortion'), PACK]
    dataset = DATASETS.build(config | dict(pipeline=pipeline))
    check_targets(dataset[0]['data_samples'])


def test_a_crop_without_instances(tmp_path):
    sky = np.full((24, 32), SKY)
    sample = packed(tmp_path, maps=dict(a=(sky, segments_info(sky))))
    assert sample.gt_instances.bboxes.shape == (0, 4)
    assert sample.gt_instances.masks.shape == (0, 24, 32)
    assert not sample.gt_centers.heatmap.any()


def test_what_is_not_asked_for_is_not_made(tmp_path):
    config = write_panoptic_set(tmp_path, dict(a=street()))
    for targets, names in (
        (dict(instances=False, centers=True), {'gt_centers'}),
        (dict(instances=True), {'gt_instances'}),
        (None, set()),
    ):
        steps = [dict(type='PanopticTargets', **targets)] if targets else []
        dataset = DATASETS.build(config | dict(pipeline=[*LOAD, *steps, PACK]))
        found = set(dataset[0]['data_samples'].keys())
        assert found == {'gt_sem_seg', 'gt_panoptic_seg'} | names


@pytest.mark.parametrize(
    ('settings', 'part'),
    [
        (dict(instances=False), 'both False'),
        (dict(sigma=0), 'sigma is 0'),
        (dict(sigma=2.5), 'sigma is 2.5'),
    ],
)
def test_settings_that_cannot_be(settings, part):
    with pytest.raises(UserError, match=part):
        TRANSFORMS.build(dict(type='PanopticTargets', **settings))


def test_targets_need_segments():
    targets = TRANSFORMS.build(dict(type='PanopticTargets'))
    with pytest.raises(UserError, match="type='LoadPanopticAnnotations'"):
        targets(dict(img_path='a.png'))


# -- pairs -------------------------------------------------------------------
@pytest.fixture
def pair(tmp_path):
    """Config of a pair; the second image alone shows a person."""
    ids, listed = street()
    without = ids.copy()
    without[np.isin(ids, (24, 24000))] = SKY
    maps = dict(a=(without, segments_info(without)), b=(ids, listed))
    source = write_panoptic_set(tmp_path / 'source', maps)
    target = write_panoptic_set(tmp_path / 'target', maps)
    # labels of a target are not read, nor what lists them
    for path in (tmp_path / 'target/panoptic').iterdir():
        path.unlink()
    path = tmp_path / 'target/panoptic.json'
    content = json.loads(path.read_text())
    for annotation in content['annotations']:
        annotation['segments_info'] = 'not for you'
    path.write_text(json.dumps(content), encoding='utf-8-sig')
    return dict(
        source=source | dict(pipeline=[*LOAD, *CROP, TARGETS, PACK]),
        target=target | dict(pipeline=TARGET),
    )


@pytest.mark.parametrize('listed', [True, False], ids=['file', 'folder'])
def test_a_pair(pair, listed):
    if not listed:
        pair['target'] |= dict(ann_file='')
        pair['target']['data_prefix'] = dict(img_path='images')
    dataset = UDADataset(**pair)
    for index in range(2):
        sample = dataset[Draw(index, 7)]
        check_targets(sample['source']['data_samples'])
        assert not sample['target']['data_samples'].keys()
        assert sample['target']['inputs'].shape == (3, 16, 16)
        assert 'segments_info' not in sample['target']['data_samples']
    again = dataset[Draw(1, 7)]['source']['data_samples']
    assert torch.equal(
        again.gt_panoptic_seg.data,
        sample['source']['data_samples'].gt_panoptic_seg.data,
    )


def test_a_target_with_labels_of_classes(pair, tmp_path):
    """As a second stage has them, which pseudo-labels are written for."""
    ids, _ = street()
    for name in 'ab':
        label = np.where(ids == 7, 0, 255).astype(np.uint8)
        write_png(tmp_path / f'target/pseudo/{name}.png', label)
    pair['target'] |= dict(
        ann_file='',
        data_prefix=dict(img_path='images', seg_map_path='pseudo'),
        pipeline=[LOAD[0], dict(type='LoadAnnotations'), PACK],
    )
    sample = UDADataset(**pair)[0]['target']['data_samples']
    np.testing.assert_array_equal(sample.gt_sem_seg.data[0], label)
    assert set(sample.keys()) == {'gt_sem_seg'}


def test_rare_classes_are_drawn_by_listed_areas(pair, tmp_path):
    sampling = dict(class_temp=0.05, min_pixels=10, min_crop_ratio=0.5)
    dataset = UDADataset(**pair, rare_class_sampling=sampling)
    ids, _ = street()
    persons = (ids == 24000).sum()
    counts = dataset.domains['source'].class_pixels('rare_class_sampling')
    assert counts[:, 2].tolist() == [0, persons]
    # the rarest is wanted in the crop, of the image that has it
    assert dataset.rare_class_sampling.classes[0] == 2
    dataset.rare_class_sampling.probs[:] = [1, 0, 0, 0]
    for seed in range(4):
        sample = dataset[Draw(0, seed)]['source']['data_samples']
        assert sample.img_path.endswith('b.png')
        assert (sample.gt_sem_seg.data == 2).sum() > 5
        check_targets(sample)


def test_areas_that_are_not_those_of_the_labels(pair, tmp_path):
    path = tmp_path / 'source/panoptic.json'
    content = json.loads(path.read_text())
    content['annotations'][1]['segments_info'][0]['area'] += 1
    path.write_text(json.dumps(content))
    with pytest.raises(UserError, match=r'panoptic.json.*class 0 in .*b.png'):
        UDADataset(**pair, rare_class_sampling=dict(min_pixels=1))


def test_statistics_of_files_where_areas_are_not_listed(pair, tmp_path):
    path = tmp_path / 'source/panoptic.json'
    content = json.loads(path.read_text())
    for annotation in content['annotations']:
        for segment in annotation['segments_info']:
            del segment['area']
    path.write_text(json.dumps(content))
    sampling = dict(min_pixels=1)
    with pytest.raises(UserError, match='_stats.json.*json .*area of each'):
        UDADataset(**pair, rare_class_sampling=sampling)
    dataset = UDADataset(**pair)
    counts = np.stack([dataset.domains['source'].count(i) for i in range(2)])
    names = ['panoptic/a.png', 'panoptic/b.png']
    write_class_stats(tmp_path / 'source', names, counts)
    dataset = UDADataset(**pair, rare_class_sampling=sampling)
    found = dataset.domains['source'].class_pixels('rare_class_sampling')
    np.testing.assert_array_equal(found, counts)


def test_categories_of_other_names(pair, tmp_path):
    """label_classes names the class of each category_id of the source."""
    path = tmp_path / 'source/panoptic.json'
    content = json.loads(path.read_text())
    content['categories'] = [
        entry | dict(name=entry['name'].upper()) for entry in CATEGORIES
    ]
    path.write_text(json.dumps(content))
    with pytest.raises(UserError, match=r"'ROAD'.*label_classes"):
        UDADataset(**pair)
    names = {7: 'road', 23: None, 24: 'person', 26: 'car'}
    pair['source']['label_classes'] = names
    sample = UDADataset(**pair)[1]['source']['data_samples']
    check_targets(sample)
    assert set(sample.gt_sem_seg.data.unique().tolist()) <= {0, 2, 3, 255}
    assert 23 not in sample.gt_panoptic_seg.data


def test_targets_that_packing_would_drop(pair):
    pair['source']['pipeline'][-1] = dict(type='PackUDAInputs')
    match = r"source.pipeline has PanopticTargets and PackUDAInputs.*'PackPan"
    with pytest.raises(UserError, match=match):
        UDADataset(**pair)


def test_bad_labels_are_left_out(pair, tmp_path):
    path = tmp_path / 'source/panoptic/a.png'
    path.write_bytes((tmp_path / 'source/panoptic/b.png').read_bytes())
    with pytest.raises(UserError, match='source label .*a.png has pixels of'):
        UDADataset(**pair)
    dataset = UDADataset(**pair, on_bad_image='skip')
    for seed in range(3):
        sample = dataset[Draw(0, seed)]['source']['data_samples']
        assert sample.img_path.endswith('b.png')
        assert 'a.png has pixels of id 24' in sample.left_out_images[0]


def test_configs_of_the_repository():
    """Their data sets are built, wherever the data lies."""
    from helpers.paths import ROOT
    from mmengine.config import Config

    folder = ROOT / 'configs/_base_/datasets'
    files = sorted(folder.glob('*2*_panoptic.py'))
    files = [f for f in files if not f.name.startswith(('pair_', 'pipe'))]
    assert len(files) >= 2
    with DefaultScope.overwrite_default_scope('mmseg'):
        for file in [*files, folder / 'cityscapes_panoptic.py']:
            cfg = Config.fromfile(file)
            dataset = cfg.train_dataloader.dataset
            for part in (
                dataset.source,
                dataset.target,
                cfg.val_dataloader.dataset,
            ):
                if part is not None:
                    built = DATASETS.build(dict(part, lazy_init=True))
                    assert built.things == tuple(range(11, 19))
