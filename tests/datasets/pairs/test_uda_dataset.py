import random
from functools import partial
from itertools import islice

import cv2
import numpy as np
import pytest
import torch
from helpers.random_domains import (
    AUGMENT,
    CLASSES,
    LOAD,
    assert_same,
    make_domain,
    stem,
)
from mmengine.dataset import ConcatDataset, pseudo_collate
from mmseg.models import SegDataPreProcessor
from mmseg.registry import DATASETS
from torch.utils.data import DataLoader

from mmseg_balance.datasets import Draw, ResumableInfiniteSampler, UDADataset


@pytest.fixture
def domains(tmp_path):
    return dict(
        source=make_domain(tmp_path / 'source', 5),
        target=make_domain(tmp_path / 'target', 7, labels=False),
    )


def test_pair_has_a_labelled_and_an_unlabelled_sample(domains):
    dataset = DATASETS.build(dict(type='UDADataset', **domains))
    assert len(dataset) == 5
    assert dataset.metainfo['classes'] == CLASSES
    pair = dataset[3]
    assert stem(pair['source']) == '003'
    for domain in ('source', 'target'):
        assert pair[domain]['inputs'].shape == (3, 16, 24)
    assert pair['source']['data_samples'].gt_sem_seg.shape == (16, 24)
    assert 'gt_sem_seg' not in pair['target']['data_samples']
    with pytest.raises(IndexError, match='source has 5 samples'):
        dataset[5]


def test_partner_is_uniform_and_independent_of_the_source_index(domains):
    dataset = UDADataset(**domains)
    np.random.seed(0)
    counts = np.zeros(7)
    for _ in range(700):
        counts[int(stem(dataset[2]['target']))] += 1
    # standard deviation of each count is 9.3
    assert (abs(counts - 100) < 40).all()


def test_draw_decides_everything(domains):
    dataset = UDADataset(**domains)
    first = dataset[Draw(1, seed=9)]
    dataset[4]
    torch.rand(3), np.random.rand(3), random.random()
    assert_same(first, dataset[Draw(1, seed=9)])
    other = dataset[Draw(1, seed=10)]
    assert not torch.equal(
        first['source']['inputs'], other['source']['inputs']
    )


def test_plain_index_uses_the_present_generators(domains):
    dataset = UDADataset(**domains)
    pairs = []
    for _ in range(2):
        random.seed(4), np.random.seed(4)
        pairs.append(dataset[1])
    assert_same(*pairs)


def loader_from(domains, num_workers, start, **kwargs):
    dataset = UDADataset(**domains, **kwargs)
    sampler = ResumableInfiniteSampler(dataset, seed=5)
    sampler.start_at(start)
    return DataLoader(
        dataset,
        batch_size=2,
        sampler=sampler,
        num_workers=num_workers,
        collate_fn=partial(pseudo_collate),
    )


@pytest.mark.parametrize('num_workers', [0, 2])
def test_resumed_data_equals_uninterrupted_data(domains, num_workers):
    whole = list(islice(loader_from(domains, 0, 0), 6))
    resumed = list(islice(loader_from(domains, num_workers, 6), 3))
    for a, b in zip(whole[3:], resumed, strict=True):
        assert_same(a, b)
    assert set(whole[0]) == {'source', 'target'}
    assert len(whole[0]['target']['inputs']) == 2
    assert len(whole[0]['source']['data_samples']) == 2


def test_small_image_comes_through_and_is_padded_with_ignore(tmp_path):
    dataset = UDADataset(
        source=make_domain(tmp_path / 's', 2, size=(10, 30)),
        target=make_domain(tmp_path / 't', 2, size=(20, 8), labels=False),
    )
    pair = dataset[Draw(0, seed=1)]
    assert pair['source']['inputs'].shape == (3, 10, 24)
    assert pair['target']['inputs'].shape == (3, 16, 8)
    preprocess = SegDataPreProcessor(size=(16, 24))
    batch = pseudo_collate([pair['source']])
    padded = preprocess(batch, training=True)
    label = padded['data_samples'][0].gt_sem_seg.data
    assert padded['inputs'].shape == (1, 3, 16, 24)
    assert (label[:, 10:] == 255).all()
    assert torch.equal(
        label[:, :10], pair['source']['data_samples'].gt_sem_seg.data[:, :10]
    )


def test_source_may_be_several_data_sets(tmp_path):
    children = [
        make_domain(tmp_path / name, count)
        for name, count in (('a', 2), ('b', 3))
    ]
    dataset = UDADataset(
        source=dict(type='ConcatDataset', datasets=children),
        target=make_domain(tmp_path / 't', 2, labels=False),
    )
    assert isinstance(dataset.source, ConcatDataset)
    paths = [dataset[i]['source']['data_samples'].img_path for i in range(5)]
    expected = [('a', 0), ('a', 1), ('b', 0), ('b', 1), ('b', 2)]
    assert paths == [
        str(tmp_path / f'{name}/images/{i:03}.png') for name, i in expected
    ]


@pytest.mark.parametrize('num_workers', [0, 1])
def test_without_target_there_are_source_samples_alone(domains, num_workers):
    pairs = next(iter(loader_from(domains, 0, 0)))
    domains['target'] = None
    dataset = UDADataset(**domains)
    assert dataset.target is None
    assert len(dataset) == 5
    assert dataset.metainfo['classes'] == CLASSES
    assert set(dataset[2]) == {'source'}
    batch = next(iter(loader_from(domains, num_workers, 0)))
    assert set(batch) == {'source'}
    assert [s.img_path for s in batch['source']['data_samples']] == [
        s.img_path for s in pairs['source']['data_samples']
    ]


def test_without_target_the_source_is_checked_as_ever(domains, tmp_path):
    source = domains['source']
    with pytest.raises(FileNotFoundError, match='data class-stats'):
        UDADataset(source, rare_class_sampling={})
    nameless = dict(source, metainfo=None)
    with pytest.raises(ValueError, match='source data set .* names no class'):
        UDADataset(nameless)
    with pytest.raises(ValueError, match='source.pipeline loads no labels'):
        UDADataset(dict(source, pipeline=LOAD[:1] + AUGMENT))
    (tmp_path / 'source/labels/004.png').unlink()
    with pytest.raises(FileNotFoundError, match='004.png'):
        UDADataset(source)


def test_lazy_children_are_listed_on_full_init(domains):
    domains['target']['lazy_init'] = True
    root = domains['target']['data_root']
    domains['target']['data_root'] = root + '_missing'
    dataset = UDADataset(**domains)
    with pytest.raises(FileNotFoundError, match='target_missing/images'):
        dataset.full_init()
    domains['target']['data_root'] = root
    dataset = UDADataset(**domains)
    assert len(dataset) == 5
    assert dataset[0]['target']['inputs'].shape == (3, 16, 24)


@pytest.mark.parametrize(
    ('names', 'message'),
    [
        (
            ('road', 'car', 'tree'),
            'only the source has sky; only the target has tree',
        ),
        (('road', 'car'), 'has 3 classes, the target 2; only the source has'),
        (
            ('road', 'sky', 'car'),
            'class 1 is car in the source, sky in the target. Set metainfo',
        ),
        (None, 'target data set .BaseSegDataset. names no classes'),
        ('road', "target.metainfo.classes is the text 'road', expected"),
    ],
)
def test_classes_that_differ(domains, names, message):
    domains['target']['metainfo'] = names and dict(classes=names)
    with pytest.raises(ValueError, match=message):
        UDADataset(**domains)


def test_source_pipeline_without_labels(domains):
    del domains['source']['pipeline'][1]
    with pytest.raises(ValueError, match='source.pipeline loads no labels'):
        UDADataset(**domains)


def test_wrapper_that_hides_its_files(domains):
    domains['source'] = dict(
        type='MultiImageMixDataset', pipeline=[], dataset=domains['source']
    )
    with pytest.raises(TypeError, match='source is a MultiImageMixDataset'):
        UDADataset(**domains)


def test_pipeline_that_gives_up_takes_another_sample(domains, tmp_path):
    (tmp_path / 'target/images/000.png').write_bytes(b'')
    domains['target']['pipeline'][0] = dict(
        type='LoadImageFromFile', ignore_empty=True
    )
    dataset = UDADataset(**domains)
    taken = {stem(dataset[Draw(0, seed)]['target']) for seed in range(30)}
    assert '000' not in taken
    assert len(taken) > 3


def test_pipeline_that_always_gives_up(domains):
    domains['target']['pipeline'] = [lambda results: None]
    domains['target']['max_refetch'] = 4
    dataset = UDADataset(**domains)
    with pytest.raises(RuntimeError, match='target pipeline returned None 5'):
        dataset[0]


@pytest.mark.parametrize('content', [b'', b'no image'])
@pytest.mark.parametrize(
    ('folder', 'named'),
    [
        ('source/images', 'source image'),
        ('target/images', 'target image'),
        ('source/labels', 'source label'),
    ],
)
def test_broken_file_is_named(domains, tmp_path, content, folder, named):
    dataset = UDADataset(**domains)
    for path in (tmp_path / folder).iterdir():
        path.write_bytes(content)
    with pytest.raises(OSError, match=f'{named} .*{folder}/00') as error:
        dataset[3]
    assert 'cannot be read or decoded' in str(error.value)


def test_broken_file_is_named_by_a_worker_process(domains, tmp_path):
    loader = loader_from(domains, 1, 0)
    for path in (tmp_path / 'target/images').iterdir():
        path.write_bytes(b'no image')
    with pytest.raises(OSError, match=r'target image .*target/images/00\d'):
        next(iter(loader))


def test_label_value_is_found_when_it_is_loaded(domains, tmp_path):
    dataset = UDADataset(**domains)
    cv2.imwrite(
        str(tmp_path / 'source/labels/002.png'), np.full((32, 48), 7, np.uint8)
    )
    with pytest.raises(ValueError, match=r'labels/002.png has the value 7 in'):
        dataset[2]


def test_camvid_day_and_dusk(camvid):
    names = ('sky', 'building', 'pole', 'road', 'sidewalk', 'tree', 'sign',
             'fence', 'car', 'pedestrian', 'bicyclist')  # fmt: skip
    common = dict(
        type='BaseSegDataset',
        metainfo=dict(classes=names),
        data_root=str(camvid),
    )
    crop = [dict(type='RandomCrop', crop_size=(256, 256)), *AUGMENT[1:]]
    dataset = UDADataset(
        source=dict(
            **common,
            data_prefix=dict(
                img_path='day/images/train', seg_map_path='day/labels/train'
            ),
            pipeline=LOAD + crop,
        ),
        target=dict(
            **common,
            data_prefix=dict(img_path='dusk/images/train'),
            pipeline=LOAD[:1] + crop,
        ),
    )
    assert (len(dataset), len(dataset.target)) == (406, 62)
    pair = dataset[Draw(11, seed=2)]
    assert pair['source']['inputs'].shape == (3, 256, 256)
    label = pair['source']['data_samples'].gt_sem_seg.data
    assert set(label.unique().tolist()) <= {*range(11), 255}
    assert (
        '/dusk/images/train/0001TP' in pair['target']['data_samples'].img_path
    )


def test_rare_class_sampling_is_a_dict(domains):
    with pytest.raises(TypeError, match='rare_class_sampling is True, exp'):
        UDADataset(**domains, rare_class_sampling=True)
