"""One domain, also of data sets in mmengine's wrappers."""

import json
import math

import cv2
import numpy as np
import pytest
from mmengine.config import Config
from mmengine.dataset import Compose
from mmseg.datasets import BaseSegDataset
from mmseg.registry import DATASETS

from mmseg_balance.datasets import Draw, UDADataset
from mmseg_balance.engine.hooks.class_statistics_hook import (
    source_class_counts,
)
from mmseg_balance.inference.domain_data import build_domains

CLASSES = ('road', 'car', 'train')
# columns of 10 pixels of each class
FILES = {
    'a': {0: 8},
    'b': {0: 6, 1: 2},
    'c': {0: 7, 1: 1},
    'd': {0: 4, 2: 4},
}


def make(root, names, labels=True, stats=True):
    """Write images of 10 x 8 pixels; the config of a data set of them."""
    entries = []
    for name in names:
        columns = FILES[name]
        row = np.repeat(list(columns), list(columns.values()))
        label = np.tile(row.astype(np.uint8), (10, 1))
        for folder in ('images', 'labels'):
            path = root / folder / f'{name}.png'
            path.parent.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(path), label)
        counts = {str(c): 10 * n for c, n in columns.items()}
        entries.append(counts | dict(file=f'labels/{name}.png'))
    if stats:
        (root / 'sample_class_stats.json').write_text(json.dumps(entries))
    load = [dict(type='LoadImageFromFile'), dict(type='LoadAnnotations')]
    return dict(
        type='BaseSegDataset',
        data_root=str(root),
        data_prefix=dict(img_path='images', seg_map_path='labels'),
        img_suffix='.png',
        metainfo=dict(classes=CLASSES),
        serialize_data=False,
        pipeline=[*load[: 1 + labels], dict(type='PackSegInputs')],
    )


def repeat(dataset, times=2):
    return dict(type='RepeatDataset', times=times, dataset=dataset)


def balance(dataset, threshold):
    return dict(
        type='ClassBalancedDataset', oversample_thr=threshold, dataset=dataset
    )


def concat(*datasets):
    return dict(type='ConcatDataset', datasets=list(datasets))


def stems(dataset, key='source'):
    return ''.join(
        dataset[i][key]['data_samples'].img_path[-5]
        for i in range(len(dataset))
    )


def test_repeated_source_and_target(tmp_path):
    source = repeat(make(tmp_path / 's', 'abc'))
    target = repeat(make(tmp_path / 't', 'd', labels=False), 3)
    dataset = UDADataset(source, target)
    assert len(dataset.target) == 3
    assert stems(dataset) == 'abcabc'
    assert stems(dataset, 'target') == 'd' * 6
    assert dataset[-2]['source']['data_samples'].img_path[-5] == 'b'


def test_images_of_rare_classes_are_repeated(tmp_path):
    source = make(tmp_path / 's', 'abcd')
    # car is in 2 of 4 images, train in 1
    assert stems(UDADataset(balance(source, 1.0), source)) == 'abbccdd'
    factor = math.sqrt(2.5 / 0.25)
    assert math.ceil(factor) == 4
    expected = 'aa' + 'bbb' + 'ccc' + 'dddd'
    assert stems(UDADataset(balance(source, 2.5), source)) == expected
    # above the threshold nothing is repeated
    assert stems(UDADataset(balance(source, 0.2), source)) == 'abcd'


def test_wrappers_in_wrappers(tmp_path):
    first, second = make(tmp_path / '1', 'ab'), make(tmp_path / '2', 'cd')
    source = concat(repeat(first), balance(second, 1.0))
    assert stems(UDADataset(source, first)) == 'abab' + 'ccdd'
    source = repeat(balance(concat(first, second), 1.0))
    assert stems(UDADataset(source, first)) == 'abbccdd' * 2


def test_a_domain_counts_and_crops_what_it_draws(tmp_path):
    source = repeat(concat(make(tmp_path / 'one', 'ab'), make(tmp_path, 'd')))
    domain = UDADataset(source).domains['source']
    expected = [[80, 0, 0], [60, 20, 0], [40, 0, 40]] * 2
    assert [domain.count(i).tolist() for i in range(6)] == expected
    assert domain.class_pixels('a test').tolist() == expected
    assert domain.count(-1).tolist() == expected[-1]
    with pytest.raises(IndexError, match='source has 6 samples, found index'):
        domain.count(6)
    packed = domain.crop(1, class_id=2, min_pixels=9, max_more=2)
    assert packed['data_samples'].img_path.endswith('b.png')


def test_rare_class_sampling_counts_repeated_files_as_often(tmp_path):
    first, second = make(tmp_path / '1', 'bd'), make(tmp_path / '2', 'c')
    source = concat(first, repeat(second, 3))
    dataset = UDADataset(
        source,
        first,
        dict(class_temp=10.0, min_pixels=5, min_crop_ratio=0),
    )
    sampling = dataset.rare_class_sampling
    # 20 pixels of car in b, 10 in c; 40 of train in d
    assert sampling.classes.tolist() == [2, 1, 0]
    assert sampling._files[1].tolist() == [0, 2, 3, 4]
    assert sampling._files[2].tolist() == [1]
    drawn = [
        dataset[Draw(0, seed)]['source']['data_samples'].img_path[-5]
        for seed in range(600)
    ]
    # train from d alone; car from b or three times c; road from all
    train, car, road = sampling.probs
    share = drawn.count('c') / 600
    expected = car * 3 / 4 + road * 3 / 5
    assert abs(share - expected) < 4 * math.sqrt(expected / 600)
    assert source_class_counts(dataset).sum(0).tolist() == [310, 50, 40]


def test_logit_statistics_see_each_image_once(tmp_path):
    source = make(tmp_path / 's', 'abcd')
    target = make(tmp_path / 't', 'ab', labels=False)
    data = dict(
        type='UDADataset',
        source=concat(repeat(source), balance(source, 1.0)),
        target=repeat(target, 3),
    )
    cfg = Config(
        dict(
            train_dataloader=dict(dataset=data),
            test_pipeline=target['pipeline'],
        )
    )
    domains = build_domains(cfg)
    assert len(domains['source']) == 8
    assert len(domains['target']) == 2
    # of several sources, in a list or not
    data = cfg.train_dataloader.dataset
    data.source = (data.source, data.source)
    assert len(build_domains(cfg)['source']) == 16


def test_statistics_of_a_balanced_set_are_checked(tmp_path):
    source = make(tmp_path, 'ab', stats=False)
    with pytest.raises(
        FileNotFoundError,
        match='ClassBalancedDataset needs .*sample_class_stats.json, which '
        'does not exist; make it',
    ):
        UDADataset(balance(source, 1.0), source)


def test_unlabelled_target_cannot_be_balanced(tmp_path):
    source = make(tmp_path / 's', 'ab')
    target = make(tmp_path / 't', 'ab', labels=False)
    with pytest.raises(
        ValueError, match='target: ClassBalancedDataset .* loads none: take Re'
    ):
        UDADataset(source, balance(target, 1.0))


def test_files_of_repeated_sets_are_checked(tmp_path):
    source = make(tmp_path, 'ab')
    (tmp_path / 'labels/b.png').unlink()
    with pytest.raises(FileNotFoundError, match='source: 1 of 2 images have'):
        UDADataset(repeat(source), source)


@DATASETS.register_module()
class IgnoresNine(BaseSegDataset):
    """Knows the label of ignored pixels when its files are listed."""

    def load_data_list(self):
        self.ignore_index = 9
        return super().load_data_list()


def test_a_data_set_counts_as_it_is_when_its_files_are_listed(tmp_path):
    source = make(tmp_path, 'a') | dict(type='IgnoresNine', lazy_init=True)
    label = cv2.imread(str(tmp_path / 'labels/a.png'), 0)
    label[0, 0] = 9
    cv2.imwrite(str(tmp_path / 'labels/a.png'), label)
    pair = UDADataset(source)
    small = dict(type='Resize', scale=(4, 5))
    load, annotations, pack = source['pipeline']
    pair.source.pipeline = Compose([load, annotations, small, pack])
    packed = pair[0]['source']
    assert packed['inputs'].shape == (3, 5, 4)
    assert pair.domains['source'].parts[0].labels.ignore_index == 9
